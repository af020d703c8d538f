// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The last step of a pairing: raising to k (p^12 - 1) / r.
#ifndef ASSAY_MATH_DETAIL_FINAL_EXPONENTIATION_HPP
#define ASSAY_MATH_DETAIL_FINAL_EXPONENTIATION_HPP

#include <array>
#include <cstddef>
#include <cstdint>

#include <assay/math/detail/compressed_cyclotomic.hpp>
#include <assay/math/tower.hpp>

namespace assay::inline v0::detail {

/// x in odd digits below 8 in absolute value, least significant first; most are zero.
template <class C>
inline constexpr std::array<std::int8_t, 66> windowed_x = [] {
  std::array<std::int8_t, 66> digits{};
  uint128 n = C::x;
  for (std::size_t i = 0; n != 0; ++i, n >>= 1) {
    if (n % 2 == 0) continue;
    const int digit = static_cast<int>(n % 16) - (n % 16 >= 8 ? 16 : 0);
    digits[i] = static_cast<std::int8_t>(digit);
    n = digit > 0 ? n - static_cast<unsigned>(digit) : n + static_cast<unsigned>(-digit);
  }
  return digits;
}();

/// f^|x| by windows. @pre f is in the cyclotomic subgroup
template <class C>
[[nodiscard]] fp12<C> to_the_dense_x(const fp12<C>& f) noexcept {
  constexpr const auto& digits = windowed_x<C>;
  std::array<fp12<C>, 4> odd{f};  // f, f^3, f^5, f^7
  const fp12<C> square = f.cyclotomic_squared();
  for (std::size_t i = 1; i < odd.size(); ++i) odd[i] = odd[i - 1] * square;
  std::size_t i = digits.size();
  while (digits[i - 1] == 0) --i;
  fp12<C> r = odd[static_cast<std::size_t>(digits[--i]) / 2];
  while (i-- > 0) {
    r = r.cyclotomic_squared();
    if (const int d = digits[i]; d > 0) r *= odd[static_cast<std::size_t>(d) / 2];
    else if (d < 0) r *= odd[static_cast<std::size_t>(-d) / 2].conjugate();
  }
  return r;
}

/// f^|x| for an x of few bits: the squarings up to the third bit work on compressed elements.
/// @pre f is in the cyclotomic subgroup
template <class C>
[[nodiscard]] fp12<C> to_the_sparse_x(const fp12<C>& f) noexcept {
  std::array<compressed_cyclotomic<C>, 3> powers;
  compressed_cyclotomic<C> power{f};
  std::uint64_t left = C::x;
  for (auto& p : powers) {
    for (; (left & 1) == 0; left >>= 1) power = power.squared();
    p = power;
    left ^= 1;
  }
  std::array<fp12<C>, 3> decompressed;
  if (!compressed_cyclotomic<C>::decompress(powers, decompressed)) return to_the_dense_x(f);
  fp12<C> high = decompressed[2], r = high * decompressed[1] * decompressed[0];
  while (left != 0) {
    high = high.cyclotomic_squared();
    left >>= 1;
    if ((left & 1) != 0) r *= high;
  }
  return r;
}

/// f^x for the curve's x, with its sign. @pre f is in the cyclotomic subgroup
template <class C>
[[nodiscard]] fp12<C> to_the_x(const fp12<C>& f) noexcept {
  fp12<C> r;
  if constexpr (C::family == curve_family::bn) r = to_the_dense_x(f);
  else r = to_the_sparse_x(f);
  return C::x_is_negative ? r.conjugate() : r;
}

/// f^(2x (6x^2 + 3x + 1) (p^4 - p^2 + 1) / r) on BN curves
/// (Fuentes-Castaneda, Knapp and Rodriguez-Henriquez, SAC 2011).
template <class C>
[[nodiscard]] fp12<C> hard_part_bn(const fp12<C>& f) noexcept {
  const fp12<C> x2 = to_the_x(f).conjugate().cyclotomic_squared();             // -2x
  const fp12<C> x6 = x2.cyclotomic_squared() * x2;                             // -6x
  const fp12<C> xx6 = to_the_x(x6).conjugate();                                // 6x^2
  const fp12<C> xxx12 = to_the_x(xx6.cyclotomic_squared());                    // 12x^3
  const fp12<C> a = xxx12 * xx6 * x6.conjugate();                              // 12x^3 + 6x^2 + 6x
  const fp12<C> b = a * x2;                                                    // 12x^3 + 6x^2 + 4x
  return a * xx6 * f * b.frobenius() * a.frobenius_twice() * (b * f.conjugate()).frobenius_twice().frobenius();
}

/// f^(3 (p^4 - p^2 + 1) / r) = f^((x - 1)^2 (x + p) (x^2 + p^2 - 1) + 3) on BLS12 curves (Hayashida, Hayasaka and
/// Teruya, eprint 2020/875).
template <class C>
[[nodiscard]] fp12<C> hard_part_bls12(const fp12<C>& f) noexcept {
  const fp12<C> a = to_the_x(f) * f.conjugate();
  const fp12<C> b = to_the_x(a) * a.conjugate();
  const fp12<C> c = to_the_x(b) * b.frobenius();
  return to_the_x(to_the_x(c)) * c.frobenius_twice() * c.conjugate() * f.cyclotomic_squared() * f;
}

/// f^(k (p^12 - 1) / r); zero for zero.
template <class C>
[[nodiscard]] fp12<C> final_exponentiation(const fp12<C>& f) noexcept {
  const fp12<C> easy = f.conjugate() * f.inverse();
  const fp12<C> g = easy.frobenius_twice() * easy;
  if constexpr (C::family == curve_family::bn) return hard_part_bn(g);
  else return hard_part_bls12(g);
}

}  // namespace assay::inline v0::detail

#endif
