// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// All that proving and verifying takes and needs no third-party package. By themselves: <assay/io.hpp> (model files),
// <assay/token.hpp> (other samplers, processors, further scores), <assay/polycommit.hpp> and <assay/math.hpp> (pairings).
#ifndef ASSAY_ASSAY_HPP
#define ASSAY_ASSAY_HPP

#include <assay/version.hpp>

#include <assay/commit.hpp>
#include <assay/core.hpp>
#include <assay/fingerprint.hpp>
#include <assay/hash.hpp>
#include <assay/protocol.hpp>
#include <assay/random.hpp>
#include <assay/stats.hpp>

#endif
