// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// All of the token module: sampler settings, filters, seeded sampling, Token-DiFR scores.
#ifndef ASSAY_TOKEN_HPP
#define ASSAY_TOKEN_HPP

#include <assay/token/filter.hpp>
#include <assay/token/logits.hpp>
#include <assay/token/race.hpp>
#include <assay/token/reference.hpp>
#include <assay/token/row_scan.hpp>
#include <assay/token/sample.hpp>
#include <assay/token/score.hpp>
#include <assay/token/settings.hpp>
#include <assay/token/softmax.hpp>
#include <assay/token/workspace.hpp>

#endif
