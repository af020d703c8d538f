// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The quadratic extension F[u] / (u^2 + 1): coordinates of G2 on both curves.
#ifndef ASSAY_MATH_QUADRATIC_HPP
#define ASSAY_MATH_QUADRATIC_HPP

#include <optional>

#include <assay/math/field.hpp>

namespace assay::inline v0 {

/// c0 + c1 u with u^2 = -1. @pre -1 is not a square in F (modulus = 3 mod 4)
template <class F>
struct quadratic {
  using base = F;
  F c0, c1;

  [[nodiscard]] static constexpr quadratic zero() noexcept { return {}; }
  [[nodiscard]] static constexpr quadratic one() noexcept { return {F::one(), F::zero()}; }
  [[nodiscard]] constexpr bool is_zero() const noexcept { return c0.is_zero() && c1.is_zero(); }
  [[nodiscard]] constexpr bool is_one() const noexcept { return c0.is_one() && c1.is_zero(); }

  friend constexpr bool operator==(const quadratic&, const quadratic&) = default;
  friend constexpr quadratic operator+(const quadratic& a, const quadratic& b) noexcept { return {a.c0 + b.c0, a.c1 + b.c1}; }
  friend constexpr quadratic operator-(const quadratic& a, const quadratic& b) noexcept { return {a.c0 - b.c0, a.c1 - b.c1}; }
  friend constexpr quadratic operator*(const quadratic& a, const quadratic& b) noexcept {
    const F v0 = a.c0 * b.c0, v1 = a.c1 * b.c1;
    return {v0 - v1, (a.c0 + a.c1) * (b.c0 + b.c1) - v0 - v1};
  }
  friend constexpr quadratic operator*(const quadratic& a, const F& b) noexcept { return {a.c0 * b, a.c1 * b}; }
  constexpr quadratic operator-() const noexcept { return {-c0, -c1}; }
  constexpr quadratic& operator+=(const quadratic& b) noexcept { return *this = *this + b; }
  constexpr quadratic& operator-=(const quadratic& b) noexcept { return *this = *this - b; }
  constexpr quadratic& operator*=(const quadratic& b) noexcept { return *this = *this * b; }

  [[nodiscard]] constexpr quadratic squared() const noexcept {
    const F product = c0 * c1;
    return {(c0 + c1) * (c0 - c1), product.doubled()};
  }
  [[nodiscard]] constexpr quadratic doubled() const noexcept { return *this + *this; }
  [[nodiscard]] constexpr quadratic conjugate() const noexcept { return {c0, -c1}; }
  /// 1 / *this; zero for zero.
  [[nodiscard]] constexpr quadratic inverse() const noexcept {
    const F n = (c0.squared() + c1.squared()).inverse();
    return {c0 * n, -(c1 * n)};
  }
  /// A square root if there is one (complex method).
  [[nodiscard]] constexpr std::optional<quadratic> sqrt() const noexcept {
    if (c1.is_zero()) {
      if (const auto root = c0.sqrt()) return quadratic{*root, F::zero()};
      if (const auto root = (-c0).sqrt()) return quadratic{F::zero(), *root};
      return std::nullopt;
    }
    const auto norm = (c0.squared() + c1.squared()).sqrt();
    if (!norm) return std::nullopt;
    const F half = F::from_u64(2).inverse();
    auto real = ((c0 + *norm) * half).sqrt();
    if (!real) real = ((c0 - *norm) * half).sqrt();
    if (!real) return std::nullopt;
    const quadratic root{*real, c1 * half * real->inverse()};
    if (root.squared() == *this) return root;
    return std::nullopt;
  }
};

}  // namespace assay::inline v0

#endif
