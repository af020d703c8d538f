// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Logarithm and exponential with the same bits from every compiler: libm's differ, and noise must agree between parties.
#ifndef ASSAY_RANDOM_ELEMENTARY_HPP
#define ASSAY_RANDOM_ELEMENTARY_HPP

#include <bit>
#include <cstdint>

#include <assay/core/fp.hpp>

namespace assay::inline v0::fp {

namespace detail {
inline constexpr double ln2_high =
    0x1.62e42fefa3800p-1;  ///< 42 significant bits: its product with an exponent is exact
inline constexpr double ln2_low = 0x1.ef35793c76730p-45;
inline constexpr std::uint64_t sqrt_half_bits = 0x3fe6a09e667f3bcdu;
inline constexpr double round_to_integer = 0x1.8p52;
/// 2 / (2 i + 1) for i = 9 … 1: the series of 2 artanh(s) / s - 2 in s^2, highest power first.
inline constexpr double log_series[] = {2.0 / 19, 2.0 / 17, 2.0 / 15, 2.0 / 13, 2.0 / 11,
                                        2.0 / 9,  2.0 / 7,  2.0 / 5,  2.0 / 3};
/// 1 / i! for i = 12 … 0.
inline constexpr double exp_series[] = {
    1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040, 1.0 / 720,
    1.0 / 120,       1.0 / 24,       1.0 / 6,       1.0 / 2,      1.0,         1.0};
}  // namespace detail

/// Natural logarithm. @pre x is positive, finite and not subnormal
/// Determinism: exact on every IEEE 754 machine; within 3 ulp of the true value, also next to x = 1.
[[nodiscard]] inline double log(double x) noexcept {
  // x = 2^k m with m in [sqrt(1/2), sqrt(2)); ln m = 2 artanh(s), s = (m - 1) / (m + 1), |s| <= 0.172.
  const auto bits = std::bit_cast<std::uint64_t>(x);
  const auto k = static_cast<std::int64_t>(bits - detail::sqrt_half_bits) >> 52;
  const double m = std::bit_cast<double>(bits - (static_cast<std::uint64_t>(k) << 52));
  const double f = sub(m, 1.0);
  const double s = div(f, add(m, 1.0));
  const double z = mul(s, s);
  double p = detail::log_series[0];
  for (int i = 1; i < 9; ++i) p = add(mul(p, z), detail::log_series[i]);
  const double ln_m = add(add(s, s), mul(s, mul(p, z)));
  const auto kd = static_cast<double>(k);
  return add(mul(kd, detail::ln2_high), add(mul(kd, detail::ln2_low), ln_m));
}

/// e^x. @pre -700 <= x <= 700
/// Determinism: exact on every IEEE 754 machine; within 3 ulp of the true value.
[[nodiscard]] inline double exp(double x) noexcept {
  // x = k ln 2 + r with |r| <= 0.347; the sum with 1.5 * 2^52 rounds to the nearest integer and leaves k in its low bits.
  const double shifted = add(mul(x, 0x1.71547652b82fep0), detail::round_to_integer);
  const double kd = sub(shifted, detail::round_to_integer);
  const double r = sub(sub(x, mul(kd, detail::ln2_high)), mul(kd, detail::ln2_low));
  double p = detail::exp_series[0];
  for (int i = 1; i < 13; ++i) p = add(mul(p, r), detail::exp_series[i]);
  return std::bit_cast<double>(std::bit_cast<std::uint64_t>(p) + (std::bit_cast<std::uint64_t>(shifted) << 52));
}

}  // namespace assay::inline v0::fp

#endif
