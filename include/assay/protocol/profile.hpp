// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Calibration profiles: thresholds of any check's statistics with what they were fitted on, and how sure they are.
#ifndef ASSAY_PROTOCOL_PROFILE_HPP
#define ASSAY_PROTOCOL_PROFILE_HPP

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <assay/core/ids.hpp>
#include <assay/protocol/profile_scope.hpp>
#include <assay/stats/block.hpp>
#include <assay/stats/joint_threshold.hpp>
#include <assay/stats/threshold.hpp>

namespace assay::inline v0 {

/// Names a sequence, so that none is used twice: see `derive_origin`.
using origin_digest = typed_digest<struct origin_digest_tag>;
using profile_digest = typed_digest<struct profile_digest_tag>;

/// A sequence's origin is its prompt: answers to one prompt depend on each other, so they are one sequence to a
/// profile.
[[nodiscard]] inline origin_digest derive_origin(std::span<const token_id> prompt) {
  transcript t{domains::calibration_origin};
  t.u64("tokens", prompt.size());
  for (token_id each : prompt) t.u64("token", each.value);
  return origin_digest{t.finish()};
}

/// One number per sequence, larger being worse; what is good when large is passed as its distance from the best.
struct profile_statistic {
  profile_text name;  ///< "margin-mean", "exponent-mismatches", ...
  stats::block_rule rule;

  friend bool operator==(const profile_statistic&, const profile_statistic&) = default;
};

/// One sequence, reduced.
struct measured_sequence {
  origin_digest origin;
  std::uint32_t tokens = 0;  ///< that were scored
  std::vector<double> values;  ///< one per statistic
};

/// Reduces the scores of one sequence, a list per statistic. What is one number already is a list of one.
/// @errors length_mismatch, and those of stats::reduce
[[nodiscard]] inline result<measured_sequence> measure(std::span<const profile_statistic> statistics,
                                                       origin_digest origin, std::uint32_t tokens,
                                                       std::span<const std::span<const double>> scores) {
  if (scores.size() != statistics.size())
    return fail(errc::length_mismatch, "profile: one list of scores per statistic", scores.size());
  measured_sequence made{origin, tokens, {}};
  for (std::size_t s = 0; s < scores.size(); ++s) {
    const auto value = stats::reduce(statistics[s].rule, scores[s]);
    if (!value) return value.error();
    made.values.push_back(*value);
  }
  return made;
}

struct profile_settings {
  stats::alarm_bound bound;  ///< of a decision, over all statistics together
  std::uint32_t least_tokens = 1;  ///< of a sequence. Short ones are noisier: best is one length, longer ones cut to it
  std::uint32_t most_tokens = 1;
  std::uint32_t sequences_per_decision = 1;  ///< more: more power, and as many times more honest sequences
  std::uint32_t distrusted = 0;  ///< so many of the honest sequences may be poisoned; needs one sequence per decision
  double most_pool_share = stats::most_pool_share;  ///< tokens of a decision over tokens of the honest pool

  friend bool operator==(const profile_settings&, const profile_settings&) = default;
};

struct fitted_statistic {
  profile_statistic what;
  double threshold = 0;  ///< a decision is beyond it if its value is larger
  std::vector<double> values;  ///< of the honest sequences, in the order of their origins

  friend bool operator==(const fitted_statistic&, const fitted_statistic&) = default;
};

/// Thresholds, and all that they follow from: who holds a profile can fit it again.
struct calibration_profile {
  profile_scope scope;
  profile_settings settings;
  std::uint64_t pool_tokens = 0;  ///< of all honest sequences
  std::uint64_t cuts = 0;  ///< honest decisions that were cut off as the worst
  std::vector<origin_digest> origins;  ///< of the honest sequences, ascending
  std::vector<fitted_statistic> statistics;

  friend bool operator==(const calibration_profile&, const calibration_profile&) = default;

  /// Honest decisions that the thresholds rest on. @pre validated
  [[nodiscard]] std::uint64_t decisions() const noexcept { return origins.size() / settings.sequences_per_decision; }
};

/// Bounds that every reader applies.
struct profile_limits {
  static constexpr std::size_t statistics = 16;
  static constexpr std::size_t sequences = std::size_t{1} << 16;
  static constexpr std::size_t values = std::size_t{1} << 18;  ///< statistics times sequences
};

/// @errors those of the bound, and out_of_range, invalid_settings
[[nodiscard]] inline result<void> validate(const profile_settings& s) {
  if (auto valid = stats::validate(s.bound); !valid) return valid;
  if (s.least_tokens < 1 || s.least_tokens > s.most_tokens || s.most_tokens > run_limits::tokens)
    return fail(errc::out_of_range, "profile: the range of tokens per sequence is empty or too long", s.most_tokens);
  if (s.sequences_per_decision < 1 || s.sequences_per_decision > profile_limits::sequences)
    return fail(errc::out_of_range, "profile: sequences per decision out of range", s.sequences_per_decision);
  if (s.distrusted >= profile_limits::sequences)
    return fail(errc::out_of_range, "profile: too many distrusted sequences", s.distrusted);
  if (s.distrusted > 0 && s.sequences_per_decision > 1)
    return fail(errc::invalid_settings, "profile: poisoned sequences are bounded for decisions of one sequence only");
  if (!(s.most_pool_share > 0 && s.most_pool_share <= 1))
    return fail(errc::out_of_range, "profile: the largest share of the pool is not in (0, 1]");
  return {};
}

/// Honest sequences without which no fit is attempted: each statistic gets one cut more than sequences are distrusted.
/// @errors out_of_range, and validate's
[[nodiscard]] inline result<std::uint64_t> needed_sequences(const profile_settings& s, std::size_t statistics) {
  if (auto valid = validate(s); !valid) return valid.error();
  const auto decisions = stats::needed_blocks(s.bound, statistics * (std::uint64_t{s.distrusted} + 1), s.distrusted);
  if (!decisions) return decisions.error();
  return *decisions * s.sequences_per_decision;  // at most 2^41 * 2^16
}

namespace detail {

/// Values of decisions: neighbours in the order of origins, which says nothing about their scores.
[[nodiscard]] inline std::vector<std::vector<double>> decision_values(const calibration_profile& p) {
  const std::size_t together = p.settings.sequences_per_decision, count = p.origins.size() / together;
  std::vector<std::vector<double>> columns;
  for (const fitted_statistic& each : p.statistics) {
    std::vector<double>& column = columns.emplace_back(count);
    for (std::size_t i = 0; i < count; ++i)
      column[i] = stats::reduce_blocks(each.what.rule.by, std::span{each.values}.subspan(i * together, together));
  }
  return columns;
}

[[nodiscard]] inline result<void> check_sample_size(const calibration_profile& p) {
  const auto needed = needed_sequences(p.settings, p.statistics.size());
  if (!needed) return needed.error();
  if (p.origins.size() < *needed)
    return fail(errc::insufficient_data, "profile: too few honest sequences; `where` says how many more are needed",
                *needed - p.origins.size());
  const std::uint64_t asked = std::uint64_t{p.settings.sequences_per_decision} * p.settings.most_tokens;
  if (auto ok = stats::check_pool_share(asked, p.pool_tokens, p.settings.most_pool_share); !ok) {
    if (ok.error().code != errc::insufficient_data) return ok;
    const double mean = static_cast<double>(p.pool_tokens) / static_cast<double>(p.origins.size());
    return fail(errc::insufficient_data,
                "profile: one decision asks for too large a share of the honest pool; `where` says how many more "
                "honest sequences are needed",
                static_cast<std::uint64_t>(std::ceil(static_cast<double>(ok.error().where) / mean)));
  }
  return {};
}

[[nodiscard]] inline result<void> validate_statistics(std::span<const profile_statistic> statistics) {
  if (statistics.empty()) return fail(errc::empty, "profile: no statistics");
  if (statistics.size() > profile_limits::statistics)
    return fail(errc::too_large, "profile: too many statistics", statistics.size());
  for (std::size_t s = 0; s < statistics.size(); ++s) {
    if (statistics[s].name.empty()) return fail(errc::empty, "profile: a statistic without a name", s);
    if (auto valid = stats::validate(statistics[s].rule); !valid) return valid;
    for (std::size_t other = 0; other < s; ++other)
      if (statistics[other].name == statistics[s].name)
        return fail(errc::duplicate, "profile: two statistics share a name", s);
  }
  return {};
}

/// Everything about a profile but that its thresholds follow from its values.
[[nodiscard]] inline result<void> validate_data(const calibration_profile& p) {
  if (auto valid = validate(p.scope); !valid) return valid;
  if (auto valid = validate(p.settings); !valid) return valid;
  std::vector<profile_statistic> names;
  for (const fitted_statistic& each : p.statistics) names.push_back(each.what);
  if (auto valid = validate_statistics(names); !valid) return valid;
  const std::size_t n = p.origins.size();
  if (n > profile_limits::sequences || n * p.statistics.size() > profile_limits::values)
    return fail(errc::too_large, "profile: too many honest sequences", n);
  for (std::size_t i = 1; i < n; ++i) {
    if (p.origins[i] == p.origins[i - 1])
      return fail(errc::duplicate, "profile: an honest sequence is counted twice", i);
    if (p.origins[i] < p.origins[i - 1]) return fail(errc::wrong_order, "profile: origins must ascend", i);
  }
  if (p.pool_tokens < n * std::uint64_t{p.settings.least_tokens} ||
      p.pool_tokens > n * std::uint64_t{p.settings.most_tokens})
    return fail(errc::out_of_range, "profile: the pool's tokens contradict the number of sequences", p.pool_tokens);
  for (const fitted_statistic& each : p.statistics) {
    if (each.values.size() != n)
      return fail(errc::length_mismatch, "profile: one value per honest sequence", each.values.size());
    for (std::size_t i = 0; i < n; ++i)
      if (!(each.values[i] >= 0) || std::isinf(each.values[i]))
        return fail(errc::non_finite, "profile: an honest value is negative or not finite", i);
  }
  return check_sample_size(p);
}

}  // namespace detail

/// Checks a profile that may come from another party: bounds, sample sizes, and that its thresholds follow from its
/// values with a number of cuts that its guarantee allows. Whether the values are honest it cannot see.
/// @errors insufficient_data, invalid_settings (thresholds or cuts that do not follow), and of every kind of broken
/// field
[[nodiscard]] inline result<void> validate(const calibration_profile& p) {
  if (auto valid = detail::validate_data(p); !valid) return valid;
  const std::uint64_t trusted = p.decisions() - p.settings.distrusted;
  if (p.cuts < p.statistics.size() * (std::uint64_t{p.settings.distrusted} + 1) ||
      !stats::detail::keeps(p.settings.bound, trusted, p.cuts, 1e-9))
    return fail(errc::invalid_settings, "profile: its guarantee does not allow so many cuts", p.cuts);
  const auto order = stats::cut_order::make(detail::decision_values(p));
  if (!order) return order.error();
  const std::vector<double> thresholds = order->thresholds(p.cuts);
  for (std::size_t s = 0; s < thresholds.size(); ++s)
    if (p.statistics[s].threshold != thresholds[s])
      return fail(errc::invalid_settings, "profile: a threshold does not follow from the honest values", s);
  return {};
}

/// Digest of every field, floats as bit patterns: names a profile in reports and verdicts.
[[nodiscard]] inline profile_digest digest_of(const calibration_profile& p) {
  const auto pattern = [](double x) { return std::bit_cast<std::uint64_t>(x); };
  transcript t{domains::calibration_profile};
  detail::absorb_scope(t, p.scope);
  const profile_settings& s = p.settings;
  t.u64("guarantee", static_cast<std::uint64_t>(s.bound.kind))
      .u64("alpha", pattern(s.bound.alpha))
      .u64("confidence", pattern(s.bound.confidence));
  t.u64("least-tokens", s.least_tokens)
      .u64("most-tokens", s.most_tokens)
      .u64("sequences-per-decision", s.sequences_per_decision);
  t.u64("distrusted", s.distrusted).u64("most-pool-share", pattern(s.most_pool_share));
  t.u64("pool-tokens", p.pool_tokens).u64("cuts", p.cuts).u64("origins", p.origins.size());
  for (const origin_digest& each : p.origins) t.digest("origin", each.value);
  t.u64("statistics", p.statistics.size());
  for (const fitted_statistic& each : p.statistics) {
    const stats::block_rule& rule = each.what.rule;
    t.text("name", each.what.name.view()).u64("reduction", static_cast<std::uint64_t>(rule.by));
    t.u64("cap", pattern(rule.cap)).u64("limit", pattern(rule.limit)).u64("threshold", pattern(each.threshold));
    t.u64("values", each.values.size());
    for (double v : each.values) t.u64("value", pattern(v));
  }
  return profile_digest{t.finish()};
}

/// Whether a profile speaks for these circumstances. @errors calibration_mismatch; the message says which field differs
[[nodiscard]] inline result<void> applies_to(const calibration_profile& profile, const profile_scope& now,
                                             software_rule software = software_rule::must_match) {
  return check_scope(profile.scope, now, software);
}

}  // namespace assay::inline v0

#endif
