// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An exact sum of floats: a wide fixed-point integer, so that neither order nor partition of the terms can change it.
#ifndef ASSAY_FINGERPRINT_STATE_SUM_HPP
#define ASSAY_FINGERPRINT_STATE_SUM_HPP

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include <assay/core/expects.hpp>
#include <assay/core/fp.hpp>

namespace assay::inline v0 {

/// A 384-bit integer of units 2^-149, the least subnormal of f32. Every finite f16, bf16 and f32 number is a multiple
/// of the unit, and the sum of 2^60 such numbers fits. Determinism: exact, every member.
/// Source: Kulisch, "Computer Arithmetic and Validity", 2008 (long accumulators).
class exact_sum {
 public:
  static constexpr int unit_exponent = -149;

  /// Adds count * 2^shift units. @pre shift < 320
  void add(std::int64_t count, unsigned shift) {
    ASSAY_EXPECTS(shift < 320);
    __extension__ typedef __int128 wide;
    const wide shifted = static_cast<wide>(count) << (shift % 64);
    const std::uint64_t sign = count < 0 ? ~std::uint64_t{0} : 0;
    std::array<std::uint64_t, limbs> term{};
    const std::size_t at = shift / 64;
    term[at] = static_cast<std::uint64_t>(shifted);
    if (at + 1 < limbs) term[at + 1] = static_cast<std::uint64_t>(shifted >> 64);
    for (std::size_t i = at + 2; i < limbs; ++i) term[i] = sign;
    add_limbs(term);
  }

  /// Adds one number. @pre x is finite
  void add(float x) {
    ASSAY_EXPECTS(fp::is_finite(x));
    const auto bits = std::bit_cast<std::uint32_t>(x);
    const std::uint32_t exponent = (bits >> 23) & 0xff;
    const auto significand = static_cast<std::int64_t>((bits & 0x7fffffu) | (exponent ? 0x800000u : 0u));
    add(bits >> 31 ? -significand : significand, exponent ? exponent - 1 : 0);
  }

  /// Adds another sum: associative and commutative.
  void merge(const exact_sum& other) noexcept { add_limbs(other.words_); }

  void negate() noexcept {
    std::uint64_t carry = 1;
    for (std::uint64_t& word : words_) {
      word = ~word + carry;
      carry = carry & std::uint64_t{word == 0};
    }
  }

  [[nodiscard]] bool is_zero() const noexcept { return words_ == std::array<std::uint64_t, limbs>{}; }

  /// The nearest double, ties to even (in the default rounding mode).
  [[nodiscard]] double value() const noexcept {
    const bool negative = words_[limbs - 1] >> 63;
    exact_sum magnitude = *this;
    if (negative) magnitude.negate();
    const auto& w = magnitude.words_;
    std::size_t top = limbs - 1;
    while (top > 0 && w[top] == 0) --top;
    // 64 leading bits, the last one set too if anything below is: what a rounding to 53 bits has to know.
    const auto spare = static_cast<unsigned>(std::countl_zero(w[top] | 1));
    std::uint64_t lead = w[top], rest = 0;
    int exponent = unit_exponent;
    if (top > 0) {
      lead = spare ? (w[top] << spare) | (w[top - 1] >> (64 - spare)) : w[top];
      rest = w[top - 1] << spare;
      for (std::size_t i = 0; i + 1 < top; ++i) rest |= w[i];
      exponent += static_cast<int>(64 * top) - static_cast<int>(spare);
    }
    const auto scale = std::bit_cast<double>(static_cast<std::uint64_t>(1023 + exponent) << 52);
    const double rounded = static_cast<double>(lead | std::uint64_t{rest != 0}) * scale;
    return negative ? -rounded : rounded;
  }

  friend bool operator==(const exact_sum&, const exact_sum&) noexcept = default;

 private:
  static constexpr std::size_t limbs = 6;

  void add_limbs(const std::array<std::uint64_t, limbs>& term) noexcept {
    bool carry = false;
    for (std::size_t i = 0; i < limbs; ++i) {
      const bool first = __builtin_add_overflow(words_[i], term[i], &words_[i]);
      const bool second = __builtin_add_overflow(words_[i], std::uint64_t{carry}, &words_[i]);
      carry = first || second;
    }
  }

  std::array<std::uint64_t, limbs> words_{};  ///< two's complement, least significant first
};

}  // namespace assay::inline v0

#endif
