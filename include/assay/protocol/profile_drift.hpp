// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Whether a calibration profile still fits: later honest runs against those it was fitted on.
#ifndef ASSAY_PROTOCOL_PROFILE_DRIFT_HPP
#define ASSAY_PROTOCOL_PROFILE_DRIFT_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <assay/protocol/profile_judge.hpp>
#include <assay/stats/binomial.hpp>
#include <assay/stats/drift.hpp>
#include <assay/stats/exceedance.hpp>

namespace assay::inline v0 {

struct profile_drift_settings {
  stats::drift_settings runs;   ///< alpha and confidence are of both checks together
  double tolerated_rate = 0.05; ///< largest rate of honest decisions beyond a threshold that is still `fine`
};

struct profile_drift_report {
  stats::drift_status status = stats::drift_status::insufficient;
  double log_peak = 0;          ///< ln of the largest e-value so far against "nothing has changed"
  stats::drift_report runs;     ///< of the values, sequence by sequence
  std::uint64_t decisions = 0;  ///< made of the new runs, and how many were beyond a threshold
  std::uint64_t beyond = 0;
  double rate_bound = 1;  ///< upper confidence bound of the present rate of honest decisions beyond a threshold
  std::uint64_t need =
      0;  ///< more honest runs for `fine`, if they stay like these; `drift_monitor::never` if none suffice
};

/// Compares later runs that are known to be honest with those of a profile: after a driver, engine or firmware changed,
/// and every now and then. Two e-processes with equal weight: ranks of values (stats::drift_monitor), and decisions
/// beyond the thresholds (stats::exceedance_monitor), which sees a few far-off runs sooner. `drifting`: fit again.
class profile_drift {
 public:
  /// @errors those of validate(profile), out_of_range (a setting)
  [[nodiscard]] static result<profile_drift> make(calibration_profile profile,
                                                  const profile_drift_settings& settings = {}) {
    if (!(settings.tolerated_rate > 0 && settings.tolerated_rate < 1))
      return fail(errc::out_of_range, "a tolerated rate is not in (0, 1)");
    auto judge = profile_judge::make(std::move(profile));
    if (!judge) return judge.error();
    const calibration_profile& p = judge->profile();
    std::vector<std::vector<double>> columns;
    for (const fitted_statistic& each : p.statistics) columns.push_back(each.values);
    stats::drift_settings half = settings.runs;  // two bounds share the risk
    half.confidence = 1 - (1 - half.confidence) / 2;
    auto ranks = stats::drift_monitor::make(columns, half);
    if (!ranks) return ranks.error();
    auto tail = stats::exceedance_monitor::make(p.decisions() - p.settings.distrusted, p.cuts);
    if (!tail) return tail.error();
    return profile_drift{*std::move(judge), *std::move(ranks), *tail, settings, half.confidence};
  }

  /// Takes a later run that is known to be honest. Other software is allowed: whether it matters is the question here.
  /// @errors calibration_mismatch, length_mismatch, out_of_range (tokens), duplicate (in-sample, or twice), non_finite
  result<void> add(const profile_scope& now, const measured_sequence& sequence) {
    if (auto same = applies_to(judge_.profile(), now, software_rule::may_differ); !same) return same;
    if (auto fresh = detail::check_fresh(judge_.profile(), sequence, seen_, seen_.size()); !fresh) return fresh;
    if (auto taken = ranks_.update(sequence.values); !taken) return taken;
    seen_.push_back(sequence.origin);
    waiting_.push_back(sequence);
    if (waiting_.size() == judge_.profile().settings.sequences_per_decision) {
      const auto decided = judge_.decide(now, waiting_, software_rule::may_differ);
      if (!decided) return decided.error();
      tail_.update(decided->beyond);
      waiting_.clear();
    }
    peak_ = std::max(peak_, log_e_value());
    return {};
  }

  /// ln of the present e-value.
  [[nodiscard]] double log_e_value() const {
    const std::array both{ranks_.log_e_value(), tail_.log_e_value()};
    return stats::log_mean_e(both).value_or(0);
  }

  [[nodiscard]] profile_drift_report report() const {
    profile_drift_report r;
    r.runs = ranks_.report(), r.log_peak = peak_;
    r.decisions = tail_.blocks(), r.beyond = tail_.beyond();
    r.rate_bound = stats::binomial_upper_bound(r.beyond, r.decisions, confidence_).value_or(1);
    const bool close = r.runs.distance_bound <= settings_.runs.tolerated && r.rate_bound <= settings_.tolerated_rate;
    r.status = peak_ >= -std::log(settings_.runs.alpha) ? stats::drift_status::drifting
               : close                                  ? stats::drift_status::fine
                                                        : stats::drift_status::insufficient;
    if (r.status == stats::drift_status::insufficient)
      r.need = std::max(r.runs.need, missing_decisions() * judge_.profile().settings.sequences_per_decision);
    return r;
  }

 private:
  profile_drift(profile_judge judge, stats::drift_monitor ranks, stats::exceedance_monitor tail,
                const profile_drift_settings& settings, double confidence)
      : judge_(std::move(judge)), ranks_(std::move(ranks)), tail_(std::move(tail)), settings_(settings),
        confidence_(confidence) {}

  /// Decisions until the rate is bounded well enough if no more lie beyond.
  [[nodiscard]] std::uint64_t missing_decisions() const {
    const auto enough = [&](std::uint64_t decisions) {
      return decisions > 0 &&
             *stats::binomial_upper_bound(tail_.beyond(), decisions, confidence_) <= settings_.tolerated_rate;
    };
    std::uint64_t few = tail_.blocks(), many = few;
    if (enough(many)) return 0;
    for (many = few + 1; !enough(many); many *= 2) few = many;
    while (many - few > 1) {
      const std::uint64_t middle = few + (many - few) / 2;
      (enough(middle) ? many : few) = middle;
    }
    return many - tail_.blocks();
  }

  profile_judge judge_;
  stats::drift_monitor ranks_;
  stats::exceedance_monitor tail_;
  profile_drift_settings settings_;
  double confidence_;
  std::vector<origin_digest> seen_;
  std::vector<measured_sequence> waiting_;
  double peak_ = 0;
};

}  // namespace assay::inline v0

#endif
