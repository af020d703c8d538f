// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Thresholds whose false-alarm rate is guaranteed at the sample size at hand, whatever the scores' distribution.
#ifndef ASSAY_STATS_THRESHOLD_HPP
#define ASSAY_STATS_THRESHOLD_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <assay/core/result.hpp>
#include <assay/stats/binomial.hpp>
#include <assay/stats/quantile.hpp>

namespace assay::inline v0::stats {

/// What is promised of thresholds fitted on n honest blocks. Numbers are stable.
enum class guarantee : std::uint8_t {
  /// A new honest block lies beyond with probability at most alpha, averaged over the honest samples one might have
  /// drawn. Needs exchangeable blocks, and some 1 / alpha of them. One unlucky sample may have a rate well above alpha.
  conformal = 1,
  /// With the stated confidence the sample at hand is one whose rate is at most alpha. For thresholds that are fitted
  /// once and used often. Needs independent blocks of one distribution, and some ln(1 / (1 - confidence)) / alpha of
  /// them.
  tolerance = 2,
};

struct alarm_bound {
  guarantee kind = guarantee::tolerance;
  double alpha = 0.01;  ///< bound of the false-alarm rate per decision, in [1e-6, 1)
  double confidence = 0.95;  ///< for `tolerance`, in (0, 1); a conformal bound does not use it

  friend bool operator==(const alarm_bound&, const alarm_bound&) = default;
};

/// @errors unsupported (an unknown kind), out_of_range (NaN too)
[[nodiscard]] inline result<void> validate(const alarm_bound& bound) {
  if (bound.kind != guarantee::conformal && bound.kind != guarantee::tolerance)
    return fail(errc::unsupported, "a bound of an unknown kind", static_cast<std::uint64_t>(bound.kind));
  if (!(bound.alpha >= 1e-6 && bound.alpha < 1))
    return fail(errc::out_of_range, "a false-alarm rate is not in [1e-6, 1)");
  if (!(bound.confidence > 0 && bound.confidence < 1))
    return fail(errc::out_of_range, "a confidence level is not in (0, 1)");
  return {};
}

namespace detail {

/// P(at most k of n events of probability p), 0 <= k < n.
[[nodiscard]] inline double binomial_cdf(std::uint64_t k, std::uint64_t n, double p) {
  return incomplete_beta(static_cast<double>(n - k), static_cast<double>(k) + 1, 1 - p);
}

/// Whether cutting off the `cuts` worst of n blocks keeps the bound; `slack` relative, for another machine's libm.
[[nodiscard]] inline bool keeps(const alarm_bound& bound, std::uint64_t n, std::uint64_t cuts, double slack = 0) {
  if (cuts == 0) return true;
  if (cuts > n) return false;
  // Products like 100 * 0.29 must count as whole: alpha is kept up to 1e-12 of itself.
  if (bound.kind == guarantee::conformal)
    return static_cast<double>(cuts) <= static_cast<double>(n + 1) * bound.alpha * (1 + 1e-12);
  return binomial_cdf(cuts - 1, n, bound.alpha) <= (1 - bound.confidence) * (1 + slack);
}

inline constexpr std::uint64_t largest_sample = std::uint64_t{1} << 40;

}  // namespace detail

/// How many of n blocks may be cut off, one after the other, as the worst of those that are left; 0: none, n is too
/// small. If `distrusted` of the n may be poisoned, the bound holds whatever those are.
///
/// Why it holds: a threshold at the r-th largest of n honest values is passed by a new one with probability at most r /
/// (n + 1), and its true exceedance is at most a Beta(r, n + 1 - r) variable, with equality unless values tie. The same
/// is true of r cuts by several statistics in turn (`cut_order`). Poisoned blocks can only raise thresholds that the
/// others would have set.
/// Source: Wilks 1941, Tukey 1947 (tolerance regions); Vovk, Gammerman and Shafer 2005 (conformal).
/// @pre validate(bound)
[[nodiscard]] inline std::uint64_t allowed_cuts(const alarm_bound& bound, std::uint64_t n,
                                                std::uint64_t distrusted = 0) {
  if (distrusted >= n || n > detail::largest_sample) return 0;
  std::uint64_t most = 0, beyond = n - distrusted + 1;  // most is allowed, beyond is not
  while (beyond - most > 1) {
    const std::uint64_t middle = most + (beyond - most) / 2;
    (detail::keeps(bound, n - distrusted, middle) ? most : beyond) = middle;
  }
  return most;
}

/// Fewest blocks that allow `cuts` cuts: one per statistic for thresholds that are finite, and as many more per
/// statistic as blocks are distrusted for thresholds that these cannot lift at will.
/// @errors out_of_range (beyond 2^40), and validate's
[[nodiscard]] inline result<std::uint64_t> needed_blocks(const alarm_bound& bound, std::uint64_t cuts,
                                                         std::uint64_t distrusted = 0) {
  if (auto valid = validate(bound); !valid) return valid.error();
  std::uint64_t few = 0, enough = 1;
  for (; !detail::keeps(bound, enough, cuts); enough *= 2) {
    few = enough;
    if (enough >= detail::largest_sample) return fail(errc::out_of_range, "a bound needs more blocks than anybody has");
  }
  while (enough - few > 1) {
    const std::uint64_t middle = few + (enough - few) / 2;
    (detail::keeps(bound, middle, cuts) ? enough : few) = middle;
  }
  if (distrusted > detail::largest_sample)
    return fail(errc::out_of_range, "a bound needs more blocks than anybody has");
  return enough + distrusted;
}

/// One statistic's threshold: a block is beyond it if its value is *larger*.
struct threshold {
  double value = 0;
  std::uint64_t cuts = 0;  ///< it is the cuts-th largest value
  std::uint64_t blocks = 0;  ///< of this many
};

/// The smallest threshold that keeps the bound. Smaller alpha, larger threshold.
/// @errors insufficient_data (`where`: how many more blocks are needed), non_finite, and those of validate
[[nodiscard]] inline result<threshold> fit_threshold(const alarm_bound& bound, std::span<const double> blocks) {
  const auto needed = needed_blocks(bound, 1);
  if (!needed) return needed.error();
  if (blocks.size() < *needed)
    return fail(errc::insufficient_data, "threshold: too few honest blocks; `where` says how many more are needed",
                *needed - blocks.size());
  if (auto ok = detail::check_sample(blocks, 1); !ok) return ok.error();
  const std::uint64_t cuts = allowed_cuts(bound, blocks.size());
  std::vector<double> v(blocks.begin(), blocks.end());
  const auto at = v.end() - static_cast<std::ptrdiff_t>(cuts);
  std::nth_element(v.begin(), at, v.end());
  return threshold{*at, cuts, blocks.size()};
}

/// Bounds of a false-alarm rate when some blocks were not honest.
struct poisoned_rate {
  double least = 0, most = 1;
};

/// What `poisoned` of n blocks can do to one statistic's threshold that was set by its own `cuts` cuts. The others are
/// honest: n - poisoned of them. The threshold lies between their (cuts - poisoned)-th and their cuts-th largest value,
/// so a new honest block is beyond with probability at least `least` (that much power is left; 0: the poisoners can
/// lift the threshold at will) and at most `most` (for continuous values; with ties both can only be smaller). @pre
/// poisoned < n, cuts <= n
[[nodiscard]] inline poisoned_rate poisoning_effect(std::uint64_t n, std::uint64_t cuts, std::uint64_t poisoned) {
  ASSAY_EXPECTS(poisoned < n && cuts <= n);
  const double honest = static_cast<double>(n - poisoned + 1);
  return {static_cast<double>(cuts > poisoned ? cuts - poisoned : 0) / honest,
          std::min(1.0, static_cast<double>(cuts) / honest)};
}

/// Tokens of one decision over tokens of the honest pool: above this, a threshold rests on a handful of decisions'
/// worth of honest data, and resampled batches share most of their tokens.
inline constexpr double most_pool_share = 0.1;

/// @errors insufficient_data (`where`: how many more honest tokens are needed), out_of_range (a share not in (0, 1])
[[nodiscard]] inline result<void> check_pool_share(std::uint64_t asked_tokens, std::uint64_t pool_tokens,
                                                   double most = most_pool_share) {
  if (!(most > 0 && most <= 1)) return fail(errc::out_of_range, "a share of the honest pool is not in (0, 1]");
  const double needed = std::ceil(static_cast<double>(asked_tokens) / most * (1 - 1e-12));
  if (static_cast<double>(pool_tokens) >= needed) return {};
  return fail(
      errc::insufficient_data,
      "one decision asks for too large a share of the honest pool; `where` says how many more tokens are needed",
      static_cast<std::uint64_t>(std::min(needed - static_cast<double>(pool_tokens), 1e18)));
}

}  // namespace assay::inline v0::stats

#endif
