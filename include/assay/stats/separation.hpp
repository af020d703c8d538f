// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How far two samples of scores are apart, in units of their spread.
#ifndef ASSAY_STATS_SEPARATION_HPP
#define ASSAY_STATS_SEPARATION_HPP

#include <cmath>
#include <span>

#include <assay/core/result.hpp>
#include <assay/stats/normal.hpp>
#include <assay/stats/quantile.hpp>

namespace assay::inline v0::stats {

/// d': the difference of the means over the root of the mean variance. Positive where positives score higher.
/// @errors insufficient_data (fewer than two values, or neither sample varies), non_finite
/// Source: Green and Swets, "Signal detection theory and psychophysics", 1966; unequal variances averaged.
[[nodiscard]] inline result<double> d_prime(std::span<const double> negatives, std::span<const double> positives) {
  const auto n = variance(negatives), p = variance(positives);
  if (!n) return n.error();
  if (!p) return p.error();
  const double spread = std::sqrt((*n + *p) / 2);
  if (!(spread > 0)) return fail(errc::insufficient_data, "neither sample varies");
  return (*mean(positives) - *mean(negatives)) / spread;
}

/// The AUC of two normal samples that are d' apart: Phi(d' / sqrt 2).
[[nodiscard]] inline double normal_auc(double d_prime) noexcept { return normal_tail(-d_prime * detail::root_half); }

}  // namespace assay::inline v0::stats

#endif
