// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the checks cost in time, on rows as wide as a large model's.
#ifndef ASSAY_FINGERPRINT_STUDY_COST_HPP
#define ASSAY_FINGERPRINT_STUDY_COST_HPP

#include <cstdint>
#include <string>
#include <vector>

#include <assay/core/result.hpp>

namespace study {

inline constexpr std::uint32_t timed_width = 4096, timed_rows = 32;

/// Microseconds per token of one checkpoint on one thread, forward passes apart: the median of several runs.
struct time_cost {
  std::string check, setting;
  double provider = 0, verifier = 0;
};

assay::result<std::vector<time_cost>> measure_times();

}  // namespace study

#endif
