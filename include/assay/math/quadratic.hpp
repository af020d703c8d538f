// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The quadratic extension F[u] / (u^2 + 1): coordinates of G2 on both curves.
#ifndef ASSAY_MATH_QUADRATIC_HPP
#define ASSAY_MATH_QUADRATIC_HPP

#include <array>
#include <optional>
#include <type_traits>

#include <assay/math/detail/quadratic_x86.hpp>
#include <assay/math/field.hpp>

namespace assay::inline v0 {

namespace detail {

/// Products of pairs c0 + c1 u with u^2 = -1 by the ADX kernels. Elements are passed as pointers to two limbs_type.
/// One function each per field: a call costs less than inlined copies do.
template <class F>
struct quadratic_kernel {
  using mont = montgomery<typename F::parameters>;
  using limbs_type = typename mont::limbs_type;
  static constexpr bool available = ASSAY_FAST_SUMS != 0 && mont::accelerated && mont::redundant;
  /// With 8p < R a product of operands below 4p and 2p, or a sum of two products, is below 2p.
  static constexpr bool roomy = mont::bits + 3 <= 64 * mont::n;

#if ASSAY_FAST_SUMS
  using pair = std::array<limbs_type, 2>;
  [[gnu::always_inline]] static void settle(limbs_type& a) noexcept {
    if constexpr (!roomy) a = add_modulo(a, mont::zero_or_bound[0], mont::bound);
  }

  /// out = a b with four products and two reductions. @pre out is neither a nor b; the CPU has ADX
  [[gnu::noinline]] static void multiply_adx(pair& out, const limbs_type* a, const limbs_type* b) noexcept {
    const pair conjugate{read_narrow(a[0]), subtract_unreduced(mont::bound, a[1])};
    multiply_straight_adx(out[0], conjugate.data(), b, mont::constants);
    multiply_crossed_adx(out[1], a, b, mont::constants);
    settle(out[0]);
    settle(out[1]);
  }
  /// out = a^2 = (c0 + c1) (c0 - c1) + 2 c0 c1 u. @pre out is not a; the CPU has ADX
  [[gnu::noinline]] static void square_adx(pair& out, const limbs_type* a) noexcept {
    const limbs_type sum = add_unreduced(a[0], a[1]), twice = add_unreduced(a[0], a[0]);  // below 4p
    const limbs_type difference = mont::subtract(a[0], a[1]);
    detail::multiply_adx(out[0], difference, sum, mont::constants);
    detail::multiply_adx(out[1], a[1], twice, mont::constants);
    settle(out[0]);
    settle(out[1]);
  }
#endif
};

}  // namespace detail

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
    if constexpr (kernel::available) {
      if (!std::is_constant_evaluated() && active_kernel >= math_kernel::adx) {
        std::array<limbs_type, 2> r;
        kernel::multiply_adx(r, a.data(), b.data());
        return from_kernel(r);
      }
    }
    const F v0 = a.c0 * b.c0, v1 = a.c1 * b.c1;
    return {v0 - v1, (a.c0 + a.c1) * (b.c0 + b.c1) - v0 - v1};
  }
  friend constexpr quadratic operator*(const quadratic& a, const F& b) noexcept { return {a.c0 * b, a.c1 * b}; }
  constexpr quadratic operator-() const noexcept { return {-c0, -c1}; }
  constexpr quadratic& operator+=(const quadratic& b) noexcept { return *this = *this + b; }
  constexpr quadratic& operator-=(const quadratic& b) noexcept { return *this = *this - b; }
  constexpr quadratic& operator*=(const quadratic& b) noexcept { return *this = *this * b; }

  [[nodiscard]] constexpr quadratic squared() const noexcept {
    if constexpr (kernel::available) {
      if (!std::is_constant_evaluated() && active_kernel >= math_kernel::adx) {
        std::array<limbs_type, 2> r;
        kernel::square_adx(r, data());
        return from_kernel(r);
      }
    }
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

 private:
  using kernel = detail::quadratic_kernel<F>;
  using limbs_type = typename F::limbs_type;
  /// Both coefficients in Montgomery form.
  [[nodiscard]] const limbs_type* data() const noexcept {
    static_assert(std::is_standard_layout_v<quadratic> && sizeof(quadratic) == 2 * sizeof(limbs_type));
    return reinterpret_cast<const limbs_type*>(this);
  }
  [[nodiscard, gnu::always_inline]] static quadratic from_kernel(const std::array<limbs_type, 2>& r) noexcept {
#if ASSAY_FAST_SUMS
    return {F::from_montgomery(detail::read_narrow(r[0])), F::from_montgomery(detail::read_narrow(r[1]))};
#else
    return {F::from_montgomery(r[0]), F::from_montgomery(r[1])};
#endif
  }
};

}  // namespace assay::inline v0

#endif
