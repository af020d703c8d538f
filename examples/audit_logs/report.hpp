// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Scores per request and pooled, what a calibration says of them, and how they are shown.
#ifndef ASSAY_AUDIT_LOGS_REPORT_HPP
#define ASSAY_AUDIT_LOGS_REPORT_HPP

#include <assay/core/result.hpp>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "scoring.hpp"

namespace audit_logs {

/// Means over the tokens of a request, or of all of them.
struct summary {
  std::uint64_t tokens = 0, exact = 0, filtered = 0;
  double margin = 0;  ///< mean, each cut at the cap
  double cross_entropy = 0, likelihood = 0;
};

/// What honest runs say: a cap from one half of them, a ranking and a bound on the mean from the other.
struct calibrated {
  double cap = 0;
  std::vector<double> ranked;  ///< mean capped margins of honest requests
  double honest_mean = 0;      ///< upper confidence bound for them, divided by the cap
};

struct audited_request {
  const scored_request* request = nullptr;
  summary means;
  std::optional<double> p_value;
};

struct audit_report {
  std::vector<audited_request> requests;
  summary pooled;
  double cap = 0;
  double alpha = 0;
  std::optional<assay::noise_level> noise;
  std::optional<calibrated> honest;
  std::uint64_t outliers = 0;         ///< requests with a p-value of at most alpha / 2
  std::optional<double> log_evidence; ///< largest ln e-value of the session
  bool rejected = false;              ///< it reached 2 / alpha
  std::size_t short_rows = 0, incomparable = 0;
  bool is_logprob = true;
};

/// @errors insufficient_data (too few honest requests)
assay::result<calibrated> calibrate(const std::vector<scored_request>& honest, double alpha, std::optional<double> cap);

audit_report make_report(const std::vector<scored_request>& requests, std::optional<calibrated> honest, double cap,
                         double alpha);

void print(const audit_report& report, const sampling_options& how, std::size_t rows);
nlohmann::json to_json(const audit_report& report, const sampling_options& how, const std::string& command);

}  // namespace audit_logs

#endif
