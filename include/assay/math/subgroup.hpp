// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Membership in the groups of prime order, by endomorphisms instead of multiplication by the order.
#ifndef ASSAY_MATH_SUBGROUP_HPP
#define ASSAY_MATH_SUBGROUP_HPP

#include <cstdint>
#include <type_traits>

#include <assay/math/point.hpp>
#include <assay/math/tower.hpp>

namespace assay::inline v0 {

namespace detail {

/// x P for the curve's parameter x, with its sign. `Point` is p's type, affine or not.
template <class Point, class G = typename Point::group>
[[nodiscard]] constexpr xyzz_point<G> times_x(const Point& p) noexcept {
  using C = typename G::curve;
  // Digits -1, 0, 1 without neighbours on BN curves: (3x - x) / 2 digit by digit; plain bits where x is sparse.
  constexpr bool is_signed = C::family == curve_family::bn;
  constexpr uint128 plus = is_signed ? (uint128{3} * C::x & ~uint128{C::x}) >> 1 : uint128{C::x};
  constexpr uint128 minus = is_signed ? (C::x & ~(uint128{3} * C::x)) >> 1 : uint128{0};
  static_assert(plus - minus == C::x);
  const Point negated = -p;
  xyzz_point<G> r;
  for (unsigned i = 66; i-- > 0;) {
    r = r.doubled();
    if ((plus >> i & 1) != 0) r += p;
    if ((minus >> i & 1) != 0) r += negated;
  }
  return C::x_is_negative ? -r : r;
}

/// (x, y) -> (beta x, y) on G1, with beta^3 = 1. Costs one product.
template <class G>
[[nodiscard]] constexpr xyzz_point<G> g1_endomorphism(xyzz_point<G> p) noexcept {
  p.x *= frobenius_power<typename G::curve>.twice[2];
  return p;
}

/// psi = untwist, Frobenius, twist: multiplies G2 by p.
template <class G>
struct twisted_frobenius {
  using C = typename G::curve;
  using fp2 = typename C::fp2;
  static constexpr bool divided = C::twist == twist_type::divided;
  static constexpr fp2 u{{}, C::fp::one()};
  /// g^2 and g^3 for a divided twist, their inverses for a multiplied one, where xi = 1 + u and g^6 = conj(xi) / xi = -u.
  static constexpr fp2 factor_x = divided ? frobenius_power<C>.once[2] : frobenius_power<C>.once[4] * u;
  static constexpr fp2 factor_y = divided ? frobenius_power<C>.once[3] : frobenius_power<C>.once[3] * u;

  [[nodiscard]] static constexpr xyzz_point<G> apply(const xyzz_point<G>& p) noexcept {
    xyzz_point<G> r;
    r.x = p.x.conjugate() * factor_x;
    r.y = p.y.conjugate() * factor_y;
    r.zz = p.zz.conjugate();
    r.zzz = p.zzz.conjugate();
    return r;
  }
  [[nodiscard]] static constexpr affine_point<G> apply(const affine_point<G>& p) noexcept {
    return {p.x.conjugate() * factor_x, p.y.conjugate() * factor_y};
  }
};

}  // namespace detail

/// True iff a point of the curve is in the group of prime order r; infinity is.
/// G1 of BN254: every point. G1 of BLS12-381: phi(P) = -x^2 P; G2: psi(P) = x P (Scott, eprint 2021/1130).
/// G2 of BN254: (x + 1) P + psi(x P) + psi^2(x P) = psi^3(2 x P) (Dai, Lin, Zhao and Zhou, eprint 2022/348).
/// @pre p.is_on_curve()
template <class G>
[[nodiscard]] constexpr bool is_in_subgroup(const affine_point<G>& p) noexcept {
  using C = typename G::curve;
  if (p.is_infinity()) return true;
  const xyzz_point<G> q{p};
  if constexpr (std::is_same_v<G, typename C::g1>) {
    if constexpr (C::family == curve_family::bn) return true;
    else return detail::g1_endomorphism(q) == -detail::times_x(detail::times_x(p));
  } else {
    using psi = detail::twisted_frobenius<G>;
    const xyzz_point<G> xq = detail::times_x(p);
    if constexpr (C::family == curve_family::bls12) {
      return psi::apply(q) == xq;
    } else {
      const xyzz_point<G> once = psi::apply(xq), twice = psi::apply(once);
      return xq + p + once + twice == psi::apply(twice).doubled();
    }
  }
}

}  // namespace assay::inline v0

#endif
