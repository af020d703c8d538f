// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The protocol: runs, requests, receipts, challenges, provers, audits, verdicts.
#ifndef ASSAY_PROTOCOL_HPP
#define ASSAY_PROTOCOL_HPP

#include <assay/protocol/audit.hpp>
#include <assay/protocol/calibration.hpp>
#include <assay/protocol/challenge.hpp>
#include <assay/protocol/depth_audit.hpp>
#include <assay/protocol/evidence.hpp>
#include <assay/protocol/late_audit.hpp>
#include <assay/protocol/late_prover.hpp>
#include <assay/protocol/late_sketch.hpp>
#include <assay/protocol/late_wire.hpp>
#include <assay/protocol/ledger.hpp>
#include <assay/protocol/ledger_checks.hpp>
#include <assay/protocol/ledger_entry.hpp>
#include <assay/protocol/openings.hpp>
#include <assay/protocol/policy.hpp>
#include <assay/protocol/profile.hpp>
#include <assay/protocol/profile_drift.hpp>
#include <assay/protocol/profile_fit.hpp>
#include <assay/protocol/profile_judge.hpp>
#include <assay/protocol/profile_scope.hpp>
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
