// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Arithmetic modulo 65497 = 2^16 - 39: single numbers, and as many at a time as a vector holds.
#ifndef ASSAY_FINGERPRINT_TOPLOC_FIELD_HPP
#define ASSAY_FINGERPRINT_TOPLOC_FIELD_HPP

#include <cstddef>
#include <cstdint>

#include <assay/core/expects.hpp>
#include <assay/fingerprint/toploc_settings.hpp>

namespace assay::inline v0::toploc {

namespace detail {

// Because 2^16 = 39 mod 65497, x and 39 * (x >> 16) + (x & 0xffff) are congruent. From any 32-bit x, two such steps
// lead below 39 * 39 + 2^16, less than two primes.
static_assert(prime == 0x10000 - 39);

[[nodiscard]] constexpr std::uint32_t fold(std::uint32_t x) noexcept { return (x >> 16) * 39 + (x & 0xffff); }

}  // namespace detail

/// x mod 65497.
[[nodiscard]] constexpr std::uint32_t reduce(std::uint32_t x) noexcept {
  const std::uint32_t y = detail::fold(detail::fold(x));
  return y >= prime ? y - prime : y;
}

/// @pre a, b < 65497 (for all of the following)
[[nodiscard]] constexpr std::uint32_t multiply(std::uint32_t a, std::uint32_t b) noexcept { return reduce(a * b); }

[[nodiscard]] constexpr std::uint32_t subtract(std::uint32_t a, std::uint32_t b) noexcept {
  return a >= b ? a - b : a + prime - b;
}

/// 1 / a by Fermat: 1 / 0 is 0.
[[nodiscard]] constexpr std::uint32_t invert(std::uint32_t a) noexcept {
  std::uint32_t power = 1;
  for (std::uint32_t e = prime - 2; e != 0; e >>= 1) {
    if (e & 1) power = multiply(power, a);
    a = multiply(a, a);
  }
  return power;
}

namespace detail {

template <std::size_t Lanes>
struct field_lanes {
  using words [[gnu::vector_size(Lanes * 4)]] = std::uint32_t;
  using ints [[gnu::vector_size(Lanes * 4)]] = std::int32_t;
};

/// Replaces every lane by its residue. By reference: vectors in registers are no part of the ABI that all targets
/// share.
template <std::size_t Lanes>
[[gnu::always_inline]] inline void reduce_lanes(typename field_lanes<Lanes>::words& x) noexcept {
  using words = typename field_lanes<Lanes>::words;
  using ints = typename field_lanes<Lanes>::ints;
  for (int step = 0; step < 2; ++step) {
    const words high = x >> 16;
    x = (x & 0xffffu) + (high << 5) + (high << 3) - high;
  }
  x -= prime;
  x += reinterpret_cast<words>(reinterpret_cast<ints>(x) >> 31) & prime;
}

}  // namespace detail

}  // namespace assay::inline v0::toploc

#endif
