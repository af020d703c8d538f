// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Unsigned integers of a fixed number of 64-bit limbs, least significant first: what field elements are made of.
#ifndef ASSAY_MATH_LIMBS_HPP
#define ASSAY_MATH_LIMBS_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <assay/core/config.hpp>

namespace assay::inline v0 {

/// An unsigned integer below 2^(64 N), least significant limb first.
template <std::size_t N>
using limbs = std::array<std::uint64_t, N>;

namespace detail {

__extension__ using uint128 = unsigned __int128;
__extension__ using int128 = __int128;

/// a += b; returns the carry.
template <std::size_t N>
constexpr std::uint64_t add_to(limbs<N>& a, const limbs<N>& b) noexcept {
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i < N; ++i) {
    const uint128 t = uint128{a[i]} + b[i] + carry;
    a[i] = static_cast<std::uint64_t>(t);
    carry = static_cast<std::uint64_t>(t >> 64);
  }
  return carry;
}

/// a -= b; returns the borrow.
template <std::size_t N>
constexpr std::uint64_t subtract_from(limbs<N>& a, const limbs<N>& b) noexcept {
  std::uint64_t borrow = 0;
  for (std::size_t i = 0; i < N; ++i) {
    const uint128 t = uint128{a[i]} - b[i] - borrow;
    a[i] = static_cast<std::uint64_t>(t);
    borrow = static_cast<std::uint64_t>(t >> 64) & 1;
  }
  return borrow;
}

template <std::size_t N>
[[nodiscard]] constexpr bool less(const limbs<N>& a, const limbs<N>& b) noexcept {
  for (std::size_t i = N; i-- > 0;)
    if (a[i] != b[i]) return a[i] < b[i];
  return false;
}

template <std::size_t N>
[[nodiscard]] constexpr bool is_zero(const limbs<N>& a) noexcept {
  std::uint64_t any = 0;
  for (std::uint64_t limb : a) any |= limb;
  return any == 0;
}

/// Bits up to the highest one that is set; 0 for zero.
template <std::size_t N>
[[nodiscard]] constexpr unsigned bit_length(const limbs<N>& a) noexcept {
  for (std::size_t i = N; i-- > 0;)
    if (a[i] != 0) return static_cast<unsigned>(64 * i) + 64u - static_cast<unsigned>(__builtin_clzll(a[i]));
  return 0;
}

/// `count` bits (at most 32) from bit `from` on; bits beyond the top are zero.
template <std::size_t N>
[[nodiscard]] constexpr std::uint32_t bits_of(const limbs<N>& a, unsigned from, unsigned count) noexcept {
  const std::size_t limb = from / 64;
  const unsigned shift = from % 64;
  if (limb >= N) return 0;
  std::uint64_t v = a[limb] >> shift;
  if (shift != 0 && limb + 1 < N) v |= a[limb + 1] << (64 - shift);
  return static_cast<std::uint32_t>(v & ((std::uint64_t{1} << count) - 1));
}

/// a >> count. @pre count < 64
template <std::size_t N>
[[nodiscard]] constexpr limbs<N> shifted_right(limbs<N> a, unsigned count) noexcept {
  if (count == 0) return a;
  for (std::size_t i = 0; i < N; ++i) a[i] = (a[i] >> count) | (i + 1 < N ? a[i + 1] << (64 - count) : 0);
  return a;
}

// Never defined: a call to it in a constant expression is the compiler's error message.
void a_constant_must_be_lower_case_hexadecimal_digits_that_fit();

/// Hexadecimal digits, most significant first, for constants.
template <std::size_t N>
[[nodiscard]] consteval limbs<N> limbs_from_hex(std::string_view hex) {
  limbs<N> out{};
  if (hex.size() > 16 * N) a_constant_must_be_lower_case_hexadecimal_digits_that_fit();
  for (std::size_t i = 0; i < hex.size(); ++i) {
    const char c = hex[hex.size() - 1 - i];
    const bool decimal = c >= '0' && c <= '9', letter = c >= 'a' && c <= 'f';
    if (!decimal && !letter) a_constant_must_be_lower_case_hexadecimal_digits_that_fit();
    out[i / 16] |= static_cast<std::uint64_t>(decimal ? c - '0' : c - 'a' + 10) << (4 * (i % 16));
  }
  return out;
}

}  // namespace detail

}  // namespace assay::inline v0

#endif
