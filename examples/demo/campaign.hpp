// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The demo's experiment: calibrate on honest requests, measure false alarms on fresh ones, try every dishonest provider.
#ifndef ASSAY_DEMO_CAMPAIGN_HPP
#define ASSAY_DEMO_CAMPAIGN_HPP

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "inspection.hpp"
#include "recheck.hpp"
#include "setting.hpp"

namespace demo {

/// Evidence of a session after each request: tokens examined, log10 of the e-value.
using evidence_series = std::vector<std::array<double, 2>>;

/// How one verifier's session with one provider went.
struct session_outcome {
  bool caught = false;            ///< an exact breach, or the session's evidence; never a mere request outlier
  assay::verdict decisive{};      ///< the verdict that caught it, or the last one
  std::uint32_t requests = 0;     ///< until the decision, or all
  std::uint32_t flagged = 0;      ///< requests rejected one by one
  std::uint32_t first_flagged = 0;///< 1-based; 0: none
  evidence_series series;
  std::vector<double> deviations; ///< of every request without an exact breach
};

struct provider_result {
  std::string id, name, description;
  session_outcome with_model;
  session_outcome with_head;
};

struct honest_result {
  std::uint32_t requests = 0;
  std::uint32_t flagged = 0;
  std::uint32_t breached = 0;                 ///< exact breaches of honest providers: must be 0
  std::vector<session_outcome> sessions;      ///< the fresh requests, cut into sessions
  std::vector<double> deviations;
};

/// Sums over all honest requests of the campaign.
struct cost_totals {
  provider_times provider;
  verifier_times verifier;
  std::uint64_t requests = 0, output_tokens = 0, opened_bytes = 0;
};

struct campaign_result {
  assay::calibration with_model, with_head;
  double request_threshold = 0, session_threshold = 0;
  honest_result honest, honest_head;
  std::vector<std::uint32_t> profile_requests, profile_flagged;
  std::vector<provider_result> providers;
  std::optional<recheck_result> rechecks;     ///< the verifier of single blocks, if it was asked for
  cost_totals costs;
};

/// Requests of one session when fresh honest requests are cut into sessions.
inline constexpr std::uint32_t session_length = 20;

/// Runs everything; tells progress on standard error.
assay::result<campaign_result> run_campaign(const setting& with);

}  // namespace demo

#endif
