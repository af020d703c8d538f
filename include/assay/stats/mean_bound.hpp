// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Upper confidence bounds for the mean of scores in [0, 1]: from a calibration run to the honest mean a test may assume.
#ifndef ASSAY_STATS_MEAN_BOUND_HPP
#define ASSAY_STATS_MEAN_BOUND_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>

#include <assay/core/result.hpp>
#include <assay/stats/betting.hpp>
#include <assay/stats/evidence.hpp>
#include <assay/stats/quantile.hpp>

namespace assay::inline v0::stats {

namespace detail {

[[nodiscard]] inline result<void> check_unit_sample(std::span<const double> x, std::size_t least, double confidence) {
  if (!(confidence > 0 && confidence < 1)) return fail(errc::out_of_range, "a confidence level is not in (0, 1)");
  if (auto ok = check_sample(x, least); !ok) return ok.error();
  for (std::size_t i = 0; i < x.size(); ++i)
    if (!(x[i] >= 0 && x[i] <= 1)) return fail(errc::out_of_range, "a score is not in [0, 1]", i);
  return {};
}

/// ln of the e-value against "the mean is at least m": bets on scores below m, a mixture of the default shares.
[[nodiscard]] inline double log_e_below(std::span<const double> x, double m) {
  std::array<double, default_bets.size()> log_wealth{};
  for (std::size_t b = 0; b < default_bets.size(); ++b) {
    const double stake = default_bets[b] / (1 - m);
    double product = 1, sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      product *= 1 - stake * (x[i] - m);  // between 1/4 and 1 + m f / (1 - m)
      if (product < 1e-200 || product > 1e200) {
        sum += std::log(product);
        product = 1;
      }
    }
    log_wealth[b] = sum + std::log(product);
  }
  return log_mean_e(log_wealth).value_or(0);
}

}  // namespace detail

/// By betting: the largest mean that a mixture of bets has not refuted. Tight for scores that are mostly zero.
/// Valid if the scores' means given the past are equal (independent tokens, or one score per sequence).
/// @errors insufficient_data (no scores), out_of_range (a score not in [0, 1], the confidence not in (0, 1)), non_finite
/// Complexity: some 500 passes over the scores.
[[nodiscard]] inline result<double> mean_upper_bound(std::span<const double> x, double confidence) {
  if (auto ok = detail::check_unit_sample(x, 1, confidence); !ok) return ok.error();
  const double refuted = -std::log1p(-confidence);
  double low = *mean(x), high = 1 - 1e-9;  // the wealth grows with the hypothetical mean
  if (low >= high || detail::log_e_below(x, high) < refuted) return 1.0;
  for (int i = 0; i < 50 && high - low > 1e-9 * high; ++i) {
    const double middle = low + (high - low) / 2;
    (detail::log_e_below(x, middle) < refuted ? low : high) = middle;
  }
  return high;
}

/// By the empirical Bernstein inequality: mean + sqrt(2 V ln(2/d) / n) + 7 ln(2/d) / (3 (n - 1)), at most 1, d = 1 -
/// confidence, V the sample variance. One formula, wider than `mean_upper_bound`; for independent scores.
/// @errors as `mean_upper_bound`, insufficient_data (fewer than two). Source: Maurer and Pontil, 2009, theorem 4.
[[nodiscard]] inline result<double> mean_upper_bound_bernstein(std::span<const double> x, double confidence) {
  if (auto ok = detail::check_unit_sample(x, 2, confidence); !ok) return ok.error();
  const double n = static_cast<double>(x.size()), log_term = std::log(2 / (1 - confidence));
  return std::min(1.0, *mean(x) + std::sqrt(2 * *variance(x) * log_term / n) + 7 * log_term / (3 * (n - 1)));
}

}  // namespace assay::inline v0::stats

#endif
