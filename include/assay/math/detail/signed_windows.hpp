// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Signed digits of integers, each read from its own bits alone (Booth's recoding): no carries and no stored digits.
#ifndef ASSAY_MATH_DETAIL_SIGNED_WINDOWS_HPP
#define ASSAY_MATH_DETAIL_SIGNED_WINDOWS_HPP

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include <assay/math/glv.hpp>
#include <assay/math/limbs.hpp>

namespace assay::inline v0 {

/// An integer type of 8 to 64 bits that can be the value of a tensor.
template <class T>
concept small_integer = std::integral<T> && !std::same_as<T, bool> && sizeof(T) <= 8;

/// One sum among many over shared bases: of values[i] times base number bases[i], or number i if `bases` is empty.
template <class V>
struct node_values {
  std::span<const V> values;
  std::span<const std::uint32_t> bases = {};
};

namespace detail {

template <small_integer Int>
[[nodiscard]] constexpr auto widened(Int v) noexcept {
  return static_cast<std::conditional_t<std::is_signed_v<Int>, std::int64_t, std::uint64_t>>(v);
}

/// A digit d as 2 |d| + (d < 0); 0 for zero.
[[nodiscard]] constexpr std::uint32_t digit_code(std::int32_t d) noexcept {
  const std::uint32_t sign = static_cast<std::uint32_t>(d) >> 31;
  return ((static_cast<std::uint32_t>(d) ^ (0u - sign)) + sign) * 2 + sign;
}

/// From the c + 1 bits that end at a window's top, the lowest belonging to the window below.
[[nodiscard]] constexpr std::int32_t booth_digit(std::uint32_t bits, unsigned c) noexcept {
  const std::int32_t wrap = static_cast<std::int32_t>((bits >> c) << c);
  return static_cast<std::int32_t>((bits + 1) >> 1) - wrap;
}

/// Code of digit number q of v = sum of digits times 2^(c q), |digit| <= 2^(c-1).
template <std::integral Wide>
[[nodiscard]] constexpr std::uint32_t window_code(Wide v, unsigned q, unsigned c) noexcept {
  const std::uint32_t mask = (2u << c) - 1;
  const Wide shifted =
      q == 0 ? static_cast<Wide>(static_cast<std::uint64_t>(v) << 1) : static_cast<Wide>(v >> (q * c - 1));
  return digit_code(booth_digit(static_cast<std::uint32_t>(shifted) & mask, c));
}
template <std::size_t N>
[[nodiscard]] constexpr std::uint32_t window_code(const limbs<N>& v, unsigned q, unsigned c) noexcept {
  const std::uint32_t bits = q == 0 ? bits_of(v, 0, c) << 1 : bits_of(v, q * c - 1, c + 1);
  return digit_code(booth_digit(bits, c));
}
[[nodiscard]] constexpr std::uint32_t window_code(const glv_half& v, unsigned q, unsigned c) noexcept {
  const std::uint32_t code = window_code(v.magnitude, q, c);
  return code == 0 ? 0 : code ^ static_cast<std::uint32_t>(v.negative);
}

/// Bits of a two's-complement number that holds every value: what windows must cover. 0 if all are zero.
template <small_integer Int>
[[nodiscard]] constexpr unsigned signed_bits(std::span<const Int> values) noexcept {
  std::uint64_t any = 0;
  bool nonzero = false;
  for (const Int value : values) {
    const auto v = widened(value);
    any |= static_cast<std::uint64_t>(v < 0 ? ~v : v);
    nonzero |= v != 0;
  }
  return nonzero ? bit_length(limbs<1>{any}) + 1 : 0;
}
template <std::size_t N>
[[nodiscard]] constexpr unsigned signed_bits(std::span<const limbs<N>> values) noexcept {
  limbs<N> any{};
  for (const limbs<N>& v : values)
    for (std::size_t i = 0; i < N; ++i) any[i] |= v[i];
  return is_zero(any) ? 0 : bit_length(any) + 1;
}
[[nodiscard]] constexpr unsigned signed_bits(std::span<const glv_half> values) noexcept {
  limbs<2> any{};
  for (const glv_half& v : values) any[0] |= v.magnitude[0], any[1] |= v.magnitude[1];
  return is_zero(any) ? 0 : bit_length(any) + 1;
}

}  // namespace detail

}  // namespace assay::inline v0

#endif
