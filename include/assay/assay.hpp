// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// All that proving and verifying takes and needs no third-party package. By themselves: <assay/protocol.hpp> (also profiles,
// ledgers, late sketches), <assay/fingerprint.hpp> (TOPLOC, statistics of states), <assay/token.hpp> (further scores),
// <assay/stats.hpp>, <assay/layers.hpp>, <assay/evaluation.hpp>, <assay/io.hpp> (model files), <assay/polycommit.hpp> and
// <assay/math.hpp> (pairings).
#ifndef ASSAY_ASSAY_HPP
#define ASSAY_ASSAY_HPP

#include <assay/version.hpp>

#include <assay/commit.hpp>
#include <assay/core.hpp>
#include <assay/hash.hpp>
#include <assay/random.hpp>

#include <assay/protocol/audit.hpp>
#include <assay/protocol/calibration.hpp>
#include <assay/protocol/challenge.hpp>
#include <assay/protocol/evidence.hpp>
#include <assay/protocol/openings.hpp>
#include <assay/protocol/policy.hpp>
#include <assay/protocol/prover.hpp>
#include <assay/protocol/receipt.hpp>
#include <assay/protocol/recheck.hpp>
#include <assay/protocol/request.hpp>
#include <assay/protocol/row_encoder.hpp>
#include <assay/protocol/run.hpp>
#include <assay/protocol/state_store.hpp>
#include <assay/protocol/verdict.hpp>
#include <assay/protocol/verifier.hpp>
#include <assay/protocol/wire.hpp>

#endif
