// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part two: how often honest providers are accused, for every pair of the engine's arithmetics and two verifiers.
#ifndef ASSAY_TOKEN_STUDY_HONEST_NULL_HPP
#define ASSAY_TOKEN_STUDY_HONEST_NULL_HPP

#include <cstdint>
#include <string>
#include <vector>

#include "detection.hpp"

namespace study {

struct alarms {
  std::uint64_t count = 0, requests = 0;
  assay::stats::interval interval;  ///< 95 %, Clopper-Pearson
};

/// One provider's arithmetic under one verifier's. A request alarms if its mean capped margin exceeds the threshold.
struct null_pair {
  std::string provider;
  double mismatches = 0, mean_margin = 0, sigma = 0;
  alarms own;         ///< threshold from other requests of this arithmetic
  alarms every;       ///< from all arithmetics together, the largest of their thresholds
  alarms verifiers;   ///< from arithmetics of the verifier's precision only
};

struct null_result {
  std::string verifier;
  double alpha = 0;
  std::uint64_t calibration_requests = 0;  ///< per arithmetic
  double cap = 0;
  std::vector<null_pair> pairs;
  alarms own, every;  ///< over all providers
};

/// Serves each request once and verifies it with every verifier: f32 and bf16.
assay::result<std::vector<null_result>> run_honest_null(const world& with, assay::thread_pool& threads,
                                                        demo::progress& shown);

/// Requests that it will serve.
std::uint32_t null_request_count(const options& chosen);

}  // namespace study

#endif
