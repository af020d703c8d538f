// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sine and cosine with the same bits from every compiler, for normal draws by Box and Muller.
#ifndef ASSAY_RANDOM_SIN_COS_HPP
#define ASSAY_RANDOM_SIN_COS_HPP

#include <bit>
#include <cstdint>

#include <assay/core/fp.hpp>
#include <assay/random/elementary.hpp>

namespace assay::inline v0::fp {

namespace detail {
inline constexpr double half_pi_high = 0x1.921fb544p+0;  ///< 33 significant bits: its product with a quadrant is exact
inline constexpr double half_pi_low = 0x1.0b4611a626331p-34;
/// 1 / (2 i + 1)! with alternating signs for i = 8 … 1: the series of sin(r) / r - 1 in r^2, highest power first.
inline constexpr double sin_series[] = {1.0 / 355687428096000, -1.0 / 1307674368000, 1.0 / 6227020800, -1.0 / 39916800,
                                        1.0 / 362880,          -1.0 / 5040,          1.0 / 120,        -1.0 / 6};
/// 1 / (2 i)! with alternating signs for i = 9 … 2: the series of (cos(r) - 1 + r^2 / 2) / r^4, highest power first.
inline constexpr double cos_series[] = {-1.0 / 6402373705728000, 1.0 / 20922789888000, -1.0 / 87178291200,
                                        1.0 / 479001600,         -1.0 / 3628800,       1.0 / 40320,
                                        -1.0 / 720,              1.0 / 24};
}  // namespace detail

struct sin_cos_pair {
  double sin, cos;
};

/// Sine and cosine. @pre |x| <= 2^19
/// Determinism: exact on every IEEE 754 machine in the default rounding mode; within 2^-52 of the true value.
[[nodiscard]] inline sin_cos_pair sin_cos(double x) noexcept {
  // x = k pi / 2 + r with |r| <= 0.786; the sum with 1.5 * 2^52 rounds to the nearest integer, in its low bits.
  const double shifted = add(mul(x, 0x1.45f306dc9c883p-1), detail::round_to_integer);
  const double k = sub(shifted, detail::round_to_integer);
  const double r = sub(sub(x, mul(k, detail::half_pi_high)), mul(k, detail::half_pi_low));
  const double z = mul(r, r);
  double p = detail::sin_series[0], q = detail::cos_series[0];
  for (int i = 1; i < 8; ++i) {
    p = add(mul(p, z), detail::sin_series[i]);
    q = add(mul(q, z), detail::cos_series[i]);
  }
  const double s = add(r, mul(r, mul(z, p)));
  const double half_z = mul(0.5, z), w = sub(1.0, half_z);
  const double c = add(w, add(sub(sub(1.0, w), half_z), mul(mul(z, z), q)));
  const auto quadrant = std::bit_cast<std::uint64_t>(shifted) & 3;
  const double sine = quadrant % 2 == 0 ? s : c, cosine = quadrant % 2 == 0 ? c : s;
  return {quadrant >= 2 ? -sine : sine, quadrant == 1 || quadrant == 2 ? -cosine : cosine};
}

}  // namespace assay::inline v0::fp

#endif
