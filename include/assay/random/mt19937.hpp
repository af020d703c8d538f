// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The Mersenne Twister MT19937 as PyTorch's CPU generator and llama.cpp use it: a stream that must be run from its start.
#ifndef ASSAY_RANDOM_MT19937_HPP
#define ASSAY_RANDOM_MT19937_HPP

#include <array>
#include <cstddef>
#include <cstdint>

#include <assay/core/config.hpp>

namespace assay::inline v0 {

/// MT19937 with the usual 32-bit seeding. Not a cryptographic function. Determinism: exact.
/// Source: Matsumoto, Nishimura, "Mersenne Twister", ACM TOMACS 1998.
class mt19937 {
 public:
  explicit mt19937(std::uint32_t seed) noexcept {
    state_[0] = seed;
    for (std::size_t i = 1; i < size; ++i)
      state_[i] = 1812433253u * (state_[i - 1] ^ state_[i - 1] >> 30) + static_cast<std::uint32_t>(i);
  }

  [[nodiscard]] std::uint32_t next_u32() noexcept {
    if (at_ == size) refill();
    std::uint32_t y = state_[at_++];
    y ^= y >> 11;
    y ^= y << 7 & 0x9d2c5680u;
    y ^= y << 15 & 0xefc60000u;
    return y ^ y >> 18;
  }

  /// Passes over outputs. Complexity: O(count), about a nanosecond each.
  void discard(std::uint64_t count) noexcept {
    while (count > 0) {
      if (at_ == size) refill();
      const std::uint64_t left = size - at_, step = count < left ? count : left;
      at_ += static_cast<std::size_t>(step);
      count -= step;
    }
  }

  friend bool operator==(const mt19937&, const mt19937&) = default;

 private:
  static constexpr std::size_t size = 624, shift = 397;

  void refill() noexcept {
    const auto twist = [](std::uint32_t high, std::uint32_t low) noexcept {
      return ((high & 0x80000000u) | (low & 0x7fffffffu)) >> 1 ^ ((0u - (low & 1u)) & 0x9908b0dfu);
    };
    for (std::size_t i = 0; i < size - shift; ++i) state_[i] = state_[i + shift] ^ twist(state_[i], state_[i + 1]);
    for (std::size_t i = size - shift; i + 1 < size; ++i)
      state_[i] = state_[i + shift - size] ^ twist(state_[i], state_[i + 1]);
    state_[size - 1] = state_[shift - 1] ^ twist(state_[size - 1], state_[0]);
    at_ = 0;
  }

  std::array<std::uint32_t, size> state_;
  std::size_t at_ = size;
};

}  // namespace assay::inline v0

#endif
