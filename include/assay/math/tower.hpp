// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The extensions of degree 6 and 12 in which pairings take their values, with the Frobenius map.
#ifndef ASSAY_MATH_TOWER_HPP
#define ASSAY_MATH_TOWER_HPP

#include <array>
#include <cstddef>

#include <assay/math/curve.hpp>
#include <assay/math/quadratic.hpp>

namespace assay::inline v0 {

namespace detail {

template <class C>
struct compressed_cyclotomic;

/// g^i and (g conj(g))^i with g = xi^((p-1)/6): what w^i is multiplied by under x -> x^p and x -> x^(p^2).
template <class C>
struct frobenius_powers {
  std::array<typename C::fp2, 6> once;
  std::array<typename C::fp, 6> twice;
};

template <class C>
inline constexpr frobenius_powers<C> frobenius_power = [] {
  frobenius_powers<C> t;
  t.once[0] = C::fp2::one();
  for (std::size_t i = 1; i < 6; ++i) t.once[i] = t.once[i - 1] * C::frobenius_root;
  for (std::size_t i = 0; i < 6; ++i) t.twice[i] = t.once[i].c0.squared() + t.once[i].c1.squared();
  return t;
}();

}  // namespace detail

/// c0 + c1 v + c2 v^2 over Fp2 with v^3 = xi.
template <class C>
struct fp6 {
  using base = typename C::fp2;
  base c0, c1, c2;

  [[nodiscard]] static constexpr fp6 zero() noexcept { return {}; }
  [[nodiscard]] static constexpr fp6 one() noexcept { return {base::one(), {}, {}}; }
  [[nodiscard]] constexpr bool is_zero() const noexcept { return c0.is_zero() && c1.is_zero() && c2.is_zero(); }

  friend constexpr bool operator==(const fp6&, const fp6&) = default;
  friend constexpr fp6 operator+(const fp6& a, const fp6& b) noexcept {
    return {a.c0 + b.c0, a.c1 + b.c1, a.c2 + b.c2};
  }
  friend constexpr fp6 operator-(const fp6& a, const fp6& b) noexcept {
    return {a.c0 - b.c0, a.c1 - b.c1, a.c2 - b.c2};
  }
  friend constexpr fp6 operator*(const fp6& a, const fp6& b) noexcept {  // Karatsuba: six products
    const base v0 = a.c0 * b.c0, v1 = a.c1 * b.c1, v2 = a.c2 * b.c2;
    return {v0 + C::times_xi((a.c1 + a.c2) * (b.c1 + b.c2) - v1 - v2),
            (a.c0 + a.c1) * (b.c0 + b.c1) - v0 - v1 + C::times_xi(v2),
            (a.c0 + a.c2) * (b.c0 + b.c2) - v0 - v2 + v1};
  }
  constexpr fp6 operator-() const noexcept { return {-c0, -c1, -c2}; }

  /// *this (b0 + b1 v): five products.
  [[nodiscard]] constexpr fp6 times_sparse(const base& b0, const base& b1) const noexcept {
    const base v0 = c0 * b0, v1 = c1 * b1;
    return {v0 + C::times_xi(c2 * b1), (c0 + c1) * (b0 + b1) - v0 - v1, c2 * b0 + v1};
  }
  [[nodiscard]] constexpr fp6 times_v() const noexcept { return {C::times_xi(c2), c0, c1}; }
  [[nodiscard]] constexpr fp6 doubled() const noexcept { return *this + *this; }
  /// 1 / *this; zero for zero.
  [[nodiscard]] constexpr fp6 inverse() const noexcept {
    const base a = c0.squared() - C::times_xi(c1 * c2), b = C::times_xi(c2.squared()) - c0 * c1;
    const base c = c1.squared() - c0 * c2;
    const base n = (c0 * a + C::times_xi(c2 * b + c1 * c)).inverse();
    return {a * n, b * n, c * n};
  }
};

/// c0 + c1 w over Fp6 with w^2 = v. Coefficients of w^0 .. w^5 over Fp2: c0.c0, c1.c0, c0.c1, c1.c1, c0.c2, c1.c2.
template <class C>
struct fp12 {
  using base = typename C::fp2;
  fp6<C> c0, c1;

  [[nodiscard]] static constexpr fp12 one() noexcept { return {fp6<C>::one(), {}}; }
  [[nodiscard]] constexpr bool is_zero() const noexcept { return c0.is_zero() && c1.is_zero(); }
  [[nodiscard]] constexpr bool is_one() const noexcept { return *this == one(); }

  friend constexpr bool operator==(const fp12&, const fp12&) = default;
  friend constexpr fp12 operator*(const fp12& a, const fp12& b) noexcept {
    const fp6<C> v0 = a.c0 * b.c0, v1 = a.c1 * b.c1;
    return {v0 + v1.times_v(), (a.c0 + a.c1) * (b.c0 + b.c1) - v0 - v1};
  }
  constexpr fp12& operator*=(const fp12& b) noexcept { return *this = *this * b; }

  [[nodiscard]] constexpr fp12 squared() const noexcept {
    const fp6<C> product = c0 * c1;
    return {(c0 + c1) * (c0 + c1.times_v()) - product - product.times_v(), product.doubled()};
  }
  /// x^(p^6); the inverse of elements of the cyclotomic subgroup.
  [[nodiscard]] constexpr fp12 conjugate() const noexcept { return {c0, -c1}; }
  /// 1 / *this; zero for zero.
  [[nodiscard]] constexpr fp12 inverse() const noexcept {
    const fp6<C> n = (c0 * c0 - (c1 * c1).times_v()).inverse();
    return {c0 * n, -(c1 * n)};
  }

  /// *this (1 + a w + b w^3): ten products. The line of a divided twist.
  [[nodiscard]] constexpr fp12 times_line_divided(const base& a, const base& b) const noexcept {
    return {c0 + c1.times_sparse(a, b).times_v(), c1 + c0.times_sparse(a, b)};
  }
  /// *this (1 + a w^5 + b w^3): ten products. The line of a multiplied twist.
  [[nodiscard]] constexpr fp12 times_line_multiplied(const base& a, const base& b) const noexcept {
    return {c0 + c1.times_sparse(b, a).times_v().times_v(), c1 + c0.times_sparse(b, a).times_v()};
  }

  /// x^p
  [[nodiscard]] constexpr fp12 frobenius() const noexcept {
    const auto& g = detail::frobenius_power<C>.once;
    return {{c0.c0.conjugate(), c0.c1.conjugate() * g[2], c0.c2.conjugate() * g[4]},
            {c1.c0.conjugate() * g[1], c1.c1.conjugate() * g[3], c1.c2.conjugate() * g[5]}};
  }
  /// x^(p^2)
  [[nodiscard]] constexpr fp12 frobenius_twice() const noexcept {
    const auto& g = detail::frobenius_power<C>.twice;
    return {{c0.c0, c0.c1 * g[2], c0.c2 * g[4]}, {c1.c0 * g[1], c1.c1 * g[3], c1.c2 * g[5]}};
  }

  /// *this squared, nine squarings of Fp2 (Granger and Scott, eprint 2009/565).
  /// @pre x^(p^4 - p^2 + 1) = 1, as after the easy part of the last exponentiation
  [[nodiscard]] constexpr fp12 cyclotomic_squared() const noexcept {
    const auto [t0, t1] = fp4_squared(c0.c0, c1.c1);
    const auto [t2, t3] = fp4_squared(c1.c0, c0.c2);
    const auto [t4, t5] = fp4_squared(c0.c1, c1.c2);
    return {{thrice_less_twice(t0, c0.c0), thrice_less_twice(t2, c0.c1), thrice_less_twice(t4, c0.c2)},
            {thrice_and_twice(C::times_xi(t5), c1.c0), thrice_and_twice(t1, c1.c1), thrice_and_twice(t3, c1.c2)}};
  }

 private:
  friend detail::compressed_cyclotomic<C>;
  /// (a + b s)^2 with s^2 = xi.
  static constexpr std::array<base, 2> fp4_squared(const base& a, const base& b) noexcept {
    const base a2 = a.squared(), b2 = b.squared();
    return {a2 + C::times_xi(b2), (a + b).squared() - a2 - b2};
  }
  static constexpr base thrice_less_twice(const base& t, const base& z) noexcept { return (t - z).doubled() + t; }
  static constexpr base thrice_and_twice(const base& t, const base& z) noexcept { return (t + z).doubled() + t; }
};

}  // namespace assay::inline v0

#endif
