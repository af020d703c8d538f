// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Exact confidence limits for a rate: what k events in n trials allow one to claim.
#ifndef ASSAY_STATS_BINOMIAL_HPP
#define ASSAY_STATS_BINOMIAL_HPP

#include <cmath>
#include <cstdint>

#include <assay/core/expects.hpp>
#include <assay/core/result.hpp>

namespace assay::inline v0::stats {

struct interval {
  double low = 0, high = 1;
};

namespace detail {

/// ln Gamma(x) for x > 0, to about 1e-14. std::lgamma writes a global.
[[nodiscard]] inline double log_gamma(double x) noexcept {
  double shift = 0;
  for (; x < 12; x += 1) shift += std::log(x);
  const double y = 1 / (x * x);
  const double series =
      (1.0 / 12 - y * (1.0 / 360 - y * (1.0 / 1260 - y * (1.0 / 1680 - y * (1.0 / 1188 - y * (691.0 / 360360)))))) / x;
  return (x - 0.5) * std::log(x) - x + 0.91893853320467274178 + series - shift;
}

/// The continued fraction of the incomplete beta function, by Lentz's method.
[[nodiscard]] inline double beta_fraction(double a, double b, double x) noexcept {
  constexpr double tiny = 1e-300;
  const auto away_from_zero = [](double v) { return std::abs(v) < tiny ? tiny : v; };
  double c = 1, d = 1 / away_from_zero(1 - (a + b) * x / (a + 1)), value = d;
  for (int m = 1; m <= 100000; ++m) {
    const double k = m;
    for (double term : {k * (b - k) * x / ((a + 2 * k - 1) * (a + 2 * k)),
                        -(a + k) * (a + b + k) * x / ((a + 2 * k) * (a + 2 * k + 1))}) {
      d = 1 / away_from_zero(1 + term * d);
      c = away_from_zero(1 + term / c);
      value *= c * d;
    }
    if (std::abs(c * d - 1) < 1e-15) break;
  }
  return value;
}

}  // namespace detail

/// The regularised incomplete beta function I_x(a, b). @pre a > 0, b > 0, 0 <= x <= 1. Relative error below 1e-11.
[[nodiscard]] inline double incomplete_beta(double a, double b, double x) {
  ASSAY_EXPECTS(a > 0 && b > 0 && x >= 0 && x <= 1);
  if (x == 0 || x == 1) return x;
  const double front = std::exp(detail::log_gamma(a + b) - detail::log_gamma(a) - detail::log_gamma(b) +
                                a * std::log(x) + b * std::log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * detail::beta_fraction(a, b, x) / a;
  return 1 - front * detail::beta_fraction(b, a, 1 - x) / b;
}

namespace detail {

/// The x with I_x(a, b) = p, by bisection.
[[nodiscard]] inline double beta_quantile(double a, double b, double p) {
  double low = 0, high = 1;
  for (int i = 0; i < 200 && low < high; ++i) {
    const double middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) break;
    (incomplete_beta(a, b, middle) < p ? low : high) = middle;
  }
  return high;
}

[[nodiscard]] inline result<void> check_counts(std::uint64_t successes, std::uint64_t trials, double confidence) {
  if (trials == 0) return fail(errc::insufficient_data, "a rate from no trials");
  if (successes > trials) return fail(errc::out_of_range, "more events than trials", successes);
  if (!(confidence > 0 && confidence < 1)) return fail(errc::out_of_range, "a confidence level is not in (0, 1)");
  return {};
}

}  // namespace detail

/// One-sided: the rate is at most this with the stated confidence. @errors insufficient_data (no trials), out_of_range
[[nodiscard]] inline result<double> binomial_upper_bound(std::uint64_t successes, std::uint64_t trials,
                                                         double confidence) {
  if (auto ok = detail::check_counts(successes, trials, confidence); !ok) return ok.error();
  if (successes == trials) return 1.0;
  return detail::beta_quantile(static_cast<double>(successes) + 1, static_cast<double>(trials - successes), confidence);
}

/// One-sided: the rate is at least this with the stated confidence. @errors insufficient_data (no trials), out_of_range
[[nodiscard]] inline result<double> binomial_lower_bound(std::uint64_t successes, std::uint64_t trials,
                                                         double confidence) {
  if (auto ok = detail::check_counts(successes, trials, confidence); !ok) return ok.error();
  if (successes == 0) return 0.0;
  return detail::beta_quantile(static_cast<double>(successes), static_cast<double>(trials - successes) + 1,
                               1 - confidence);
}

/// Two-sided exact interval: covers the true rate with at least the stated confidence, whatever it is.
/// @errors insufficient_data (no trials), out_of_range. Source: Clopper and Pearson, 1934.
[[nodiscard]] inline result<interval> clopper_pearson(std::uint64_t successes, std::uint64_t trials,
                                                      double confidence) {
  if (auto ok = detail::check_counts(successes, trials, confidence); !ok) return ok.error();
  const double each = 0.5 + confidence / 2;
  return interval{*binomial_lower_bound(successes, trials, each), *binomial_upper_bound(successes, trials, each)};
}

}  // namespace assay::inline v0::stats

#endif
