// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Before buying tokens: how many steps a cheat of a given size takes to find, and what a given number would have found.
#ifndef ASSAY_STATS_SAMPLE_SIZE_HPP
#define ASSAY_STATS_SAMPLE_SIZE_HPP

#include <cmath>
#include <limits>

#include <assay/core/result.hpp>

namespace assay::inline v0::stats {

/// kl(p, q) = p ln(p/q) + (1 - p) ln((1 - p)/(1 - q)), in nats. @pre p in [0, 1], q in (0, 1)
/// What the best bet against "mean at most q" wins per score of mean p in [0, 1], at least: scores of 0 and 1 only are
/// the worst case, and all others win more.
[[nodiscard]] inline double binary_divergence(double p, double q) noexcept {
  const double up = p > 0 ? p * std::log(p / q) : 0.0;
  return up + (p < 1 ? (1 - p) * std::log((1 - p) / (1 - q)) : 0.0);
}

/// Scores in [0, 1] that the best bet needs on average, at most, to reject a provider of mean `cheat_mean` at false-alarm
/// rate alpha: ln(1/alpha) / kl(cheat mean, honest mean). A mixture of bets needs ln(number of bets) nats more at most,
/// and up to one score's winnings overshoot. An upper bound: scores that vary less than zeros and ones are quicker.
/// @errors out_of_range (not 0 < honest_mean < cheat_mean <= 1, alpha not in (0, 1))
[[nodiscard]] inline result<double> steps_to_detect(double honest_mean, double cheat_mean, double alpha) {
  if (!(honest_mean > 0 && cheat_mean > honest_mean && cheat_mean <= 1))
    return fail(errc::out_of_range, "means must be 0 < honest < cheat <= 1");
  if (!(alpha > 0 && alpha < 1)) return fail(errc::out_of_range, "an error rate is not in (0, 1)");
  return -std::log(alpha) / binary_divergence(cheat_mean, honest_mean);
}

/// The smallest cheat's mean that `steps` scores suffice for, by `steps_to_detect`: a statement of power for a provider
/// that was not rejected. 1 if even a mean of 1 would not have been found. @errors out_of_range
[[nodiscard]] inline result<double> detectable_mean(double honest_mean, double steps, double alpha) {
  if (!(honest_mean > 0 && honest_mean < 1)) return fail(errc::out_of_range, "the honest mean is not in (0, 1)");
  if (!(alpha > 0 && alpha < 1)) return fail(errc::out_of_range, "an error rate is not in (0, 1)");
  if (!(steps >= 0)) return fail(errc::out_of_range, "a number of steps is negative");
  const double wanted = steps > 0 ? -std::log(alpha) / steps : std::numeric_limits<double>::infinity();
  if (binary_divergence(1, honest_mean) <= wanted) return 1.0;
  double low = honest_mean, high = 1;
  for (int i = 0; i < 100 && high - low > 1e-12 * high; ++i) {
    const double middle = low + (high - low) / 2;
    (binary_divergence(middle, honest_mean) < wanted ? low : high) = middle;
  }
  return high;
}

/// Standardised scores that the test which knows the shift needs on average: 2 ln(1/alpha) / shift^2.
/// @errors out_of_range (shift not positive, alpha not in (0, 1))
[[nodiscard]] inline result<double> steps_to_detect_shift(double shift, double alpha) {
  if (!(shift > 0)) return fail(errc::out_of_range, "a shift is not positive");
  if (!(alpha > 0 && alpha < 1)) return fail(errc::out_of_range, "an error rate is not in (0, 1)");
  return -2 * std::log(alpha) / (shift * shift);
}

/// The smallest shift that `steps` standardised scores suffice for. @errors out_of_range (steps not positive, alpha)
[[nodiscard]] inline result<double> detectable_shift(double steps, double alpha) {
  if (!(steps > 0)) return fail(errc::out_of_range, "a number of steps is not positive");
  if (!(alpha > 0 && alpha < 1)) return fail(errc::out_of_range, "an error rate is not in (0, 1)");
  return std::sqrt(-2 * std::log(alpha) / steps);
}

}  // namespace assay::inline v0::stats

#endif
