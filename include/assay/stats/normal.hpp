// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The normal distribution's tails, far out and with the same bits everywhere: libm's erfc underflows, and libms differ.
#ifndef ASSAY_STATS_NORMAL_HPP
#define ASSAY_STATS_NORMAL_HPP

#include <limits>

#include <assay/core/fp.hpp>
#include <assay/random/elementary.hpp>

namespace assay::inline v0::stats {

namespace detail {

/// e^(t^2) erfc(t). @pre 0 <= t. Relative error below 1e-12.
[[nodiscard]] inline double scaled_erfc(double t) noexcept {
  constexpr double inverse_root_pi = 0.56418958354775628695;
  if (t < 2) {
    // erf(t) e^(t^2) = 2 / sqrt(pi) * (t + 2 t^3 / 3 + 4 t^5 / (3 * 5) + …), all terms positive.
    const double twice_square = fp::mul(2.0, fp::mul(t, t));
    double term = t, sum = t;
    for (double odd = 3; term > 1e-18 * sum; odd += 2) {
      term = fp::mul(term, fp::div(twice_square, odd));
      sum = fp::add(sum, term);
    }
    return fp::sub(fp::exp(fp::mul(t, t)), fp::mul(fp::mul(2.0, inverse_root_pi), sum));
  }
  // Laplace's continued fraction 1 / (t + (1/2) / (t + (2/2) / (t + …))), from a depth at which the rest is lost.
  double tail = t;
  for (int k = t < 4 ? 60 : 20; k > 0; --k) tail = fp::add(t, fp::div(0.5 * k, tail));
  return fp::div(inverse_root_pi, tail);
}

inline constexpr double root_half = 0.70710678118654752440;

}  // namespace detail

/// P(Z > x) of a standard normal Z. @pre not NaN. Relative error below 1e-10 while the result is above 1e-300, then 0.
/// Determinism: exact.
[[nodiscard]] inline double normal_tail(double x) noexcept {
  const double t = fp::mul(x < 0 ? -x : x, detail::root_half);
  const double square = t < 40 ? fp::mul(t, t) : 1600.0;
  const double upper = square > 690 ? 0.0 : fp::mul(0.5, fp::mul(detail::scaled_erfc(t), fp::exp(-square)));
  return x < 0 ? fp::sub(1.0, upper) : upper;
}

/// P(low < Z <= high), without cancellation in the tails. @pre low <= high, neither NaN. Determinism: exact.
[[nodiscard]] inline double normal_interval(double low, double high) noexcept {
  if (low >= 0) return fp::sub(normal_tail(low), normal_tail(high));
  if (high <= 0) return fp::sub(normal_tail(-high), normal_tail(-low));
  return fp::sub(fp::sub(1.0, normal_tail(high)), normal_tail(-low));
}

/// ln P(Z <= x). @pre not NaN. Relative error below 1e-10 for every x down to -1e150. Determinism: exact.
[[nodiscard]] inline double log_normal_cdf(double x) noexcept {
  if (x > 0) {
    const double tail = normal_tail(x), rest = fp::sub(1.0, tail);
    // ln(1 - tail) with the rounding of 1 - tail made good: ln(r) / (r - 1) varies slowly.
    return rest == 1.0 ? -tail : fp::mul(fp::log(rest), fp::div(tail, fp::sub(1.0, rest)));
  }
  if (x < -1e150) return -std::numeric_limits<double>::infinity();
  const double t = fp::mul(-x, detail::root_half);
  return fp::sub(fp::log(fp::mul(0.5, detail::scaled_erfc(t))), fp::mul(t, t));
}

}  // namespace assay::inline v0::stats

#endif
