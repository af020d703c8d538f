// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the demo found, as a table for the terminal, as JSON, and as a page.
#ifndef ASSAY_DEMO_RESULTS_HPP
#define ASSAY_DEMO_RESULTS_HPP

#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

#include "campaign.hpp"

namespace demo {

/// All results in the form the report page reads.
nlohmann::json to_json(const setting& with, const campaign_result& found, const std::string& command, double elapsed_seconds);

/// Prints the verdicts, the false alarms and the costs.
void print(const nlohmann::json& results);

/// Writes the page with the results inside. Returns false if the file cannot be written.
bool write_report(const std::filesystem::path& path, const nlohmann::json& results);

}  // namespace demo

#endif
