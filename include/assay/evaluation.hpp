// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// All of the evaluation module: attacks, sweeps over attacks and checks, tables of what they found.
#ifndef ASSAY_EVALUATION_HPP
#define ASSAY_EVALUATION_HPP

#include <assay/evaluation/attack_registry.hpp>
#include <assay/evaluation/sweep.hpp>
#include <assay/evaluation/sweep_table.hpp>
#include <assay/evaluation/tidy_csv.hpp>

#endif
