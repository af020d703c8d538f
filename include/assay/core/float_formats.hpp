// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Conversions between float and the narrow formats of language models, on bit patterns: the same result on every
// machine, whatever its rounding mode, and without a host type for the format.
#ifndef ASSAY_CORE_FLOAT_FORMATS_HPP
#define ASSAY_CORE_FLOAT_FORMATS_HPP

#include <bit>
#include <cstdint>

#include <assay/core/config.hpp>

namespace assay::inline v0 {

namespace detail {

inline constexpr std::uint32_t float_infinity_bits = 0x7f800000u;

/// Rounds a finite magnitude (bits of a float without sign) to a format of `Exponent` and `Mantissa` bits, to nearest,
/// ties to even. The result may lie beyond the format's largest code; the caller decides what overflow means.
template <unsigned Exponent, unsigned Mantissa>
[[nodiscard]] constexpr std::uint32_t round_magnitude(std::uint32_t magnitude) noexcept {
  constexpr unsigned bias = (1u << (Exponent - 1)) - 1;
  constexpr unsigned drop = 23 - Mantissa;
  constexpr std::uint32_t least_normal = (128 - bias) << 23;
  if (magnitude >= least_normal) {
    const std::uint32_t even = (magnitude >> drop) & 1;
    return ((magnitude + ((1u << (drop - 1)) - 1) + even) >> drop) - ((127 - bias) << Mantissa);
  }
  const unsigned shift = drop + (128 - bias) - (magnitude >> 23);
  if (shift > 25) return 0;  // below half of the least subnormal
  const std::uint32_t significand = (magnitude & 0x7fffffu) | 0x800000u;
  const std::uint32_t even = (significand >> shift) & 1;
  return (significand + ((1u << (shift - 1)) - 1) + even) >> shift;
}

/// Widens a finite magnitude of a format with gradual underflow.
template <unsigned Exponent, unsigned Mantissa>
[[nodiscard]] constexpr std::uint32_t widen_magnitude(std::uint32_t code) noexcept {
  constexpr unsigned bias = (1u << (Exponent - 1)) - 1;
  const std::uint32_t normal = (code << (23 - Mantissa)) + ((127 - bias) << 23);
  // A subnormal is an integer below 2^Mantissa times a power of two: conversion and product are exact.
  constexpr float unit = std::bit_cast<float>((128 - bias - Mantissa) << 23);
  const auto subnormal = std::bit_cast<std::uint32_t>(static_cast<float>(static_cast<std::int32_t>(code)) * unit);
  return code >> Mantissa ? normal : subnormal;
}

[[nodiscard]] constexpr bool is_nan_magnitude(std::uint32_t magnitude) noexcept {
  return magnitude > float_infinity_bits;
}

template <bool Saturate>
[[nodiscard]] constexpr std::uint8_t encode_e4m3fn(float value) noexcept {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = (bits >> 24) & 0x80u, magnitude = bits & 0x7fffffffu;
  if (is_nan_magnitude(magnitude)) return static_cast<std::uint8_t>(sign | 0x7f);
  const std::uint32_t code = magnitude == float_infinity_bits ? 0x7fu : round_magnitude<4, 3>(magnitude);
  return static_cast<std::uint8_t>(sign | (code > 0x7e ? (Saturate ? 0x7eu : 0x7fu) : code));
}

template <bool Saturate>
[[nodiscard]] constexpr std::uint8_t encode_e5m2(float value) noexcept {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = (bits >> 24) & 0x80u, magnitude = bits & 0x7fffffffu;
  if (is_nan_magnitude(magnitude)) return static_cast<std::uint8_t>(sign | 0x7e | ((magnitude >> 21) & 3));
  const std::uint32_t code = magnitude == float_infinity_bits ? 0x7cu : round_magnitude<5, 2>(magnitude);
  return static_cast<std::uint8_t>(sign | (code > 0x7b ? (Saturate ? 0x7bu : 0x7cu) : code));
}

}  // namespace detail

/// Exact; signalling NaNs become quiet.
[[nodiscard]] constexpr float bf16_to_float(std::uint16_t code) noexcept {
  const std::uint32_t bits = static_cast<std::uint32_t>(code) << 16;
  return std::bit_cast<float>(bits | (detail::is_nan_magnitude(bits & 0x7fffffffu) ? 0x400000u : 0u));
}

/// Round to nearest, ties to even; overflow gives infinity; NaNs become quiet and keep sign and leading payload.
[[nodiscard]] constexpr std::uint16_t float_to_bf16(float value) noexcept {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1)) >> 16;
  return static_cast<std::uint16_t>(detail::is_nan_magnitude(bits & 0x7fffffffu) ? (bits >> 16) | 0x40u : rounded);
}

/// Exact; signalling NaNs become quiet.
[[nodiscard]] constexpr float f16_to_float(std::uint16_t code) noexcept {
  const std::uint32_t sign = static_cast<std::uint32_t>(code & 0x8000u) << 16, magnitude = code & 0x7fffu;
  const std::uint32_t special = detail::float_infinity_bits | (magnitude << 13) | (magnitude > 0x7c00 ? 0x400000u : 0u);
  return std::bit_cast<float>(sign | (magnitude >= 0x7c00 ? special : detail::widen_magnitude<5, 10>(magnitude)));
}

/// Round to nearest, ties to even; overflow gives infinity; NaNs become quiet and keep sign and leading payload.
[[nodiscard]] constexpr std::uint16_t float_to_f16(float value) noexcept {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = (bits >> 16) & 0x8000u, magnitude = bits & 0x7fffffffu;
  if (detail::is_nan_magnitude(magnitude))
    return static_cast<std::uint16_t>(sign | 0x7e00u | ((magnitude >> 13) & 0x3ffu));
  const std::uint32_t code =
      magnitude == detail::float_infinity_bits ? 0x7c00u : detail::round_magnitude<5, 10>(magnitude);
  return static_cast<std::uint16_t>(sign | (code > 0x7c00 ? 0x7c00u : code));
}

/// Exact.
[[nodiscard]] constexpr float f8_e4m3fn_to_float(std::uint8_t code) noexcept {
  const std::uint32_t sign = static_cast<std::uint32_t>(code & 0x80u) << 24, magnitude = code & 0x7fu;
  return std::bit_cast<float>(sign | (magnitude == 0x7f ? 0x7fc00000u : detail::widen_magnitude<4, 3>(magnitude)));
}

/// Round to nearest, ties to even; the format has no infinity, so overflow and infinities give NaN (OCP, non-saturating).
[[nodiscard]] constexpr std::uint8_t float_to_f8_e4m3fn(float value) noexcept {
  return detail::encode_e4m3fn<false>(value);
}

/// As float_to_f8_e4m3fn, but overflow and infinities give the largest number, 448, with their sign (OCP, saturating).
[[nodiscard]] constexpr std::uint8_t float_to_f8_e4m3fn_saturating(float value) noexcept {
  return detail::encode_e4m3fn<true>(value);
}

/// Exact; signalling NaNs become quiet.
[[nodiscard]] constexpr float f8_e5m2_to_float(std::uint8_t code) noexcept {
  return f16_to_float(static_cast<std::uint16_t>(code << 8));  // the upper half of an f16
}

/// Round to nearest, ties to even; overflow gives infinity (OCP, non-saturating).
[[nodiscard]] constexpr std::uint8_t float_to_f8_e5m2(float value) noexcept {
  return detail::encode_e5m2<false>(value);
}

/// As float_to_f8_e5m2, but overflow and infinities give the largest number, 57344, with their sign (OCP, saturating).
[[nodiscard]] constexpr std::uint8_t float_to_f8_e5m2_saturating(float value) noexcept {
  return detail::encode_e5m2<true>(value);
}

}  // namespace assay::inline v0

#endif
