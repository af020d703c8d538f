// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The study from end to end: pools of all providers, the sweep over checks, costs, and their tables.
#ifndef ASSAY_FINGERPRINT_STUDY_STUDY_HPP
#define ASSAY_FINGERPRINT_STUDY_STUDY_HPP

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <assay/evaluation/sweep.hpp>

#include "cost.hpp"
#include "wire.hpp"
#include "world.hpp"

namespace study {

inline constexpr std::uint32_t fitting_requests = 64;  ///< honest, for quantisation steps and for what forgers learn

struct study_results {
  assay::evaluation::sweep_plan plan;
  assay::evaluation::sweep_result found;
  std::vector<wire_cost> wire;
  std::vector<time_cost> times;
};

assay::result<study_results> run_study(const options& chosen);

/// File names and contents.
assay::result<std::vector<std::pair<std::string, std::string>>> tables_of(const options& chosen,
                                                                          const study_results& results,
                                                                          const std::string& command, double seconds);

/// Prints tokens to AUC .999 by check and attack.
void print(const study_results& results);

/// Whether int4 weights are seen and honest runs are not: what even the quick run must find.
bool plausible(const study_results& results);

}  // namespace study

#endif
