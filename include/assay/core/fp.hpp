// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Arithmetic that no compiler fuses: GCC contracts a*b+c across statements under -mfma, even at -std=c++20, and two
// parties that must agree on every bit may not be compiled with the same flags.
#ifndef ASSAY_CORE_FP_HPP
#define ASSAY_CORE_FP_HPP

#include <bit>
#include <concepts>
#include <cstdint>

#include <assay/core/config.hpp>

#if defined(__FLT_EVAL_METHOD__) && __FLT_EVAL_METHOD__ != 0
#error                                                                                                                 \
    "assay: float and double must be evaluated in their own precision (use SSE2 instead of x87: -msse2 -mfpmath=sse)."
#endif

namespace assay::inline v0::fp {

/// Hides from the compiler how a value came about, so that it cannot become part of a fused operation. Costs nothing.
template <std::floating_point T>
[[nodiscard, gnu::always_inline]] constexpr T opaque_value(T value) noexcept {
  if (!__builtin_is_constant_evaluated()) {
#if ASSAY_X86_64
    __asm__("" : "+x"(value));
#elif defined(__aarch64__)
    __asm__("" : "+w"(value));
#else
    __asm__("" : "+m"(value));
#endif
  }
  return value;
}

/// One correctly rounded operation each (in the thread's rounding mode). Determinism: exact.
template <std::floating_point T>
[[nodiscard, gnu::always_inline]] constexpr T add(T a, T b) noexcept {
  return opaque_value<T>(a + b);
}
template <std::floating_point T>
[[nodiscard, gnu::always_inline]] constexpr T sub(T a, T b) noexcept {
  return opaque_value<T>(a - b);
}
template <std::floating_point T>
[[nodiscard, gnu::always_inline]] constexpr T mul(T a, T b) noexcept {
  return opaque_value<T>(a * b);
}
template <std::floating_point T>
[[nodiscard, gnu::always_inline]] constexpr T div(T a, T b) noexcept {
  return opaque_value<T>(a / b);
}

/// Tests the bits, so no compiler flag can remove it.
[[nodiscard]] constexpr bool is_finite(float x) noexcept {
  return (std::bit_cast<std::uint32_t>(x) & 0x7f800000u) != 0x7f800000u;
}
[[nodiscard]] constexpr bool is_finite(double x) noexcept {
  return (std::bit_cast<std::uint64_t>(x) & 0x7ff0000000000000u) != 0x7ff0000000000000u;
}
[[nodiscard]] constexpr bool is_nan(float x) noexcept {
  return (std::bit_cast<std::uint32_t>(x) & 0x7fffffffu) > 0x7f800000u;
}
[[nodiscard]] constexpr bool is_nan(double x) noexcept {
  return (std::bit_cast<std::uint64_t>(x) & 0x7fffffffffffffffu) > 0x7ff0000000000000u;
}

}  // namespace assay::inline v0::fp

#endif
