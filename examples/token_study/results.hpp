// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the study found, as JSON and as a table on the terminal.
#ifndef ASSAY_TOKEN_STUDY_RESULTS_HPP
#define ASSAY_TOKEN_STUDY_RESULTS_HPP

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine_study.hpp"
#include "honest_null.hpp"
#include "simulation.hpp"

namespace study {

struct study_results {
  std::vector<arrangement_result> arrangements;
  std::vector<null_result> null;
  std::vector<simulation_result> simulations;
};

nlohmann::ordered_json to_json(const options& chosen, const study_results& results, const std::string& command,
                               double seconds);

/// Prints tokens to AUC .999 by cheat and statistic.
void print(const study_results& results);

}  // namespace study

#endif
