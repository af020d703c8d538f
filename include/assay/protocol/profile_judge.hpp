// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Decides by a calibration profile.
#ifndef ASSAY_PROTOCOL_PROFILE_JUDGE_HPP
#define ASSAY_PROTOCOL_PROFILE_JUDGE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <assay/protocol/profile.hpp>

namespace assay::inline v0 {

struct profile_decision {
  bool beyond = false;        ///< some value exceeds its threshold
  std::size_t statistic = 0;  ///< the one that is farthest off, by rank
  double value = 0;           ///< its value, and its threshold
  double threshold = 0;
  /// Valid for all statistics together, and for any level, not only the profile's: P(p <= x) <= x under the profile's
  /// assumptions. Several decisions by one profile share its honest sequences, so their p-values depend on each other:
  /// average their e-values, do not multiply them.
  double p_value = 1;
};

namespace detail {

/// @errors length_mismatch, out_of_range, duplicate (a sequence the profile was fitted on, or that came before)
[[nodiscard]] inline result<void> check_fresh(const calibration_profile& p, const measured_sequence& sequence,
                                              std::span<const origin_digest> before, std::size_t index) {
  if (sequence.values.size() != p.statistics.size())
    return fail(errc::length_mismatch, "profile: one value per statistic", index);
  if (sequence.tokens < p.settings.least_tokens || sequence.tokens > p.settings.most_tokens)
    return fail(errc::out_of_range, "profile: a sequence of another length than those it was fitted on", index);
  if (std::binary_search(p.origins.begin(), p.origins.end(), sequence.origin))
    return fail(errc::duplicate, "profile: it was fitted on this sequence, so it cannot judge it", index);
  if (std::find(before.begin(), before.end(), sequence.origin) != before.end())
    return fail(errc::duplicate, "profile: a sequence is shown twice", index);
  return {};
}

}  // namespace detail

/// A validated profile, ready to decide.
class profile_judge {
 public:
  /// @errors those of validate(profile)
  [[nodiscard]] static result<profile_judge> make(calibration_profile profile) {
    if (auto valid = validate(profile); !valid) return valid.error();
    auto order = stats::cut_order::make(detail::decision_values(profile));
    if (!order) return order.error();
    return profile_judge{std::move(profile), *std::move(order)};
  }

  [[nodiscard]] const calibration_profile& profile() const noexcept { return profile_; }

  /// Decides on `settings.sequences_per_decision` sequences. A value that is NaN or infinite counts as the worst:
  /// nobody escapes by broken numbers. All errors are the caller's trouble, never a reason to reject.
  /// @errors calibration_mismatch (another scope), length_mismatch, out_of_range (tokens), duplicate (in-sample, or
  /// twice)
  [[nodiscard]] result<profile_decision> decide(const profile_scope& now, std::span<const measured_sequence> sequences,
                                                software_rule software = software_rule::must_match) const {
    if (auto same = applies_to(profile_, now, software); !same) return same.error();
    if (sequences.size() != profile_.settings.sequences_per_decision)
      return fail(errc::length_mismatch, "profile: decides on another number of sequences", sequences.size());
    std::vector<origin_digest> before;
    for (std::size_t i = 0; i < sequences.size(); ++i) {
      if (auto fresh = detail::check_fresh(profile_, sequences[i], before, i); !fresh) return fresh.error();
      before.push_back(sequences[i].origin);
    }
    std::vector<double> values, each(sequences.size());
    for (std::size_t s = 0; s < profile_.statistics.size(); ++s) {
      for (std::size_t i = 0; i < sequences.size(); ++i) each[i] = sequences[i].values[s];
      values.push_back(stats::reduce_blocks(profile_.statistics[s].what.rule.by, each));
    }
    return conclude(values);
  }

 private:
  profile_judge(calibration_profile profile, stats::cut_order order)
      : profile_(std::move(profile)), order_(std::move(order)) {}

  [[nodiscard]] profile_decision conclude(std::span<const double> values) const {
    const std::size_t turn = order_.turn_of(values);
    profile_decision d;
    d.beyond = turn < profile_.cuts;
    d.statistic = turn < order_.blocks() ? turn % values.size() : 0;
    d.value = values[d.statistic], d.threshold = profile_.statistics[d.statistic].threshold;
    const double trusted = static_cast<double>(order_.blocks() - profile_.settings.distrusted) + 1;
    d.p_value = std::min(1.0, static_cast<double>(turn + 1) / trusted);
    return d;
  }

  calibration_profile profile_;
  stats::cut_order order_;
};

}  // namespace assay::inline v0

#endif
