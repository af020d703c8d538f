// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The demo's level-2 verifier: it holds one block at a time, and recomputes it between opened rows.
#ifndef ASSAY_DEMO_RECHECK_HPP
#define ASSAY_DEMO_RECHECK_HPP

#include <cstdint>
#include <string>
#include <vector>

#include <assay/core/thread_pool.hpp>

#include "provider.hpp"
#include "setting.hpp"

namespace demo {

/// How the session of a verifier of single blocks went with one provider.
struct recheck_outcome {
  std::string name;
  bool caught = false;         ///< by an exact breach or the session's evidence
  assay::verdict decisive{};   ///< the verdict that caught it, or the last one
  std::uint32_t requests = 0;  ///< until the decision, or all
  std::uint32_t flagged = 0;   ///< requests rejected one by one, of `looked_at`
  std::uint32_t looked_at = 0;
};

struct recheck_result {
  std::uint32_t calibration_requests = 0;
  recheck_outcome honest;                  ///< fresh requests; `flagged` are false alarms
  std::vector<recheck_outcome> providers;
  double verifier_us = 0;                  ///< per request: openings, head and block
  double inference_us = 0;                 ///< per request
  double prover_us_per_token = 0;          ///< hooks and sealing, all rows between blocks committed
  double opened_bytes = 0;                 ///< per request
  std::uint32_t committed_bytes = 0;       ///< per position
};

/// Calibrates on honest requests and tries every provider that breaks what a block computes or where it starts.
assay::result<recheck_result> run_recheck(const setting& with, const std::vector<conduct>& providers, assay::thread_pool& threads);

}  // namespace demo

#endif
