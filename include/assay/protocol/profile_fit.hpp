// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Fits a calibration profile on honest sequences, or says how many more it needs.
#ifndef ASSAY_PROTOCOL_PROFILE_FIT_HPP
#define ASSAY_PROTOCOL_PROFILE_FIT_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <assay/protocol/profile.hpp>

namespace assay::inline v0 {

/// Collects honest sequences and fits.
///
/// Guarantee: a decision on new honest sequences, in the same scope, is beyond any threshold with the probability that
/// `settings.bound` states. It rests on two things that only the owner can see to: the sequences were honest, up to
/// `distrusted` of them, and new honest requests are like them (prompts, lengths, load). Tokens within a sequence may
/// depend on each other in any way.
class profiler {
 public:
  /// @errors those of the validations
  [[nodiscard]] static result<profiler> make(profile_scope scope, std::vector<profile_statistic> statistics,
                                             const profile_settings& settings) {
    if (auto valid = validate(scope); !valid) return valid.error();
    if (auto valid = validate(settings); !valid) return valid.error();
    if (auto valid = detail::validate_statistics(statistics); !valid) return valid.error();
    profiler made;
    made.scope_ = std::move(scope), made.statistics_ = std::move(statistics), made.settings_ = settings;
    return made;
  }

  /// Takes an honest sequence. @errors length_mismatch (values), out_of_range (tokens), non_finite (a value that is
  /// negative, infinite or NaN; `where`: which), too_large. On an error nothing is taken.
  result<void> add(measured_sequence sequence) {
    if (sequence.values.size() != statistics_.size())
      return fail(errc::length_mismatch, "profile: one value per statistic", sequence.values.size());
    if (sequence.tokens < settings_.least_tokens || sequence.tokens > settings_.most_tokens)
      return fail(errc::out_of_range, "profile: a sequence of another length than the settings say", sequence.tokens);
    for (std::size_t s = 0; s < sequence.values.size(); ++s)
      if (!(sequence.values[s] >= 0) || std::isinf(sequence.values[s]))
        return fail(errc::non_finite, "profile: an honest value is negative or not finite", s);
    if (sequences_.size() == profile_limits::sequences ||
        (sequences_.size() + 1) * statistics_.size() > profile_limits::values)
      return fail(errc::too_large, "profile: too many honest sequences", sequences_.size());
    sequences_.push_back(std::move(sequence));
    return {};
  }

  [[nodiscard]] std::size_t size() const noexcept { return sequences_.size(); }

  /// The profile; the order in which sequences came does not matter.
  /// @errors insufficient_data (`where`: how many more honest sequences are needed), duplicate (a sequence came twice)
  [[nodiscard]] result<calibration_profile> fit() const {
    std::vector<const measured_sequence*> sorted;
    for (const measured_sequence& each : sequences_) sorted.push_back(&each);
    std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->origin < b->origin; });
    calibration_profile p{scope_, settings_, 0, 0, {}, {}};
    for (const profile_statistic& each : statistics_) p.statistics.push_back({each, 0, {}});
    for (const measured_sequence* each : sorted) {
      p.origins.push_back(each->origin);
      p.pool_tokens += each->tokens;
      for (std::size_t s = 0; s < statistics_.size(); ++s) p.statistics[s].values.push_back(each->values[s]);
    }
    if (auto sound = detail::validate_data(p); !sound) return sound.error();
    const auto order = stats::cut_order::make(detail::decision_values(p));
    if (!order) return order.error();
    p.cuts = stats::allowed_cuts(settings_.bound, p.decisions(), settings_.distrusted);
    const std::vector<double> thresholds = order->thresholds(p.cuts);
    for (std::size_t s = 0; s < thresholds.size(); ++s) p.statistics[s].threshold = thresholds[s];
    return p;
  }

 private:
  profiler() = default;

  profile_scope scope_;
  std::vector<profile_statistic> statistics_;
  profile_settings settings_;
  std::vector<measured_sequence> sequences_;
};

}  // namespace assay::inline v0

#endif
