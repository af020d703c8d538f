// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Uniform draws that depend on the tokens so far: torch.rand of a generator seeded with the xxHash64 of their ids.
#ifndef ASSAY_TOKEN_PREFIX_UNIFORM_HPP
#define ASSAY_TOKEN_PREFIX_UNIFORM_HPP

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include <assay/core/ids.hpp>
#include <assay/random/mt19937.hpp>
#include <assay/random/philox.hpp>

namespace assay::inline v0 {

/// XXH64 of a growing list of token ids, each as 4 little-endian bytes: a token costs the same however many came
/// before. Not a cryptographic hash. Determinism: exact, equal to XXH64 over the bytes.
class token_prefix_hash {
 public:
  explicit token_prefix_hash(std::uint64_t seed = 0) noexcept
      : seed_(seed), lanes_{seed + p1 + p2, seed + p2, seed, seed - p1} {}

  void append(token_id id) noexcept {
    words_[count_++ % 8] = id.value;
    if (count_ % 8 != 0) return;
    for (std::size_t i = 0; i < 4; ++i) lanes_[i] = round(lanes_[i], pair(2 * i));
  }

  /// The digest of what was appended so far. Complexity: constant.
  [[nodiscard]] std::uint64_t value() const noexcept {
    std::uint64_t h = seed_ + p5;
    if (count_ >= 8) {
      h = std::rotl(lanes_[0], 1) + std::rotl(lanes_[1], 7) + std::rotl(lanes_[2], 12) + std::rotl(lanes_[3], 18);
      for (std::uint64_t lane : lanes_) h = (h ^ round(0, lane)) * p1 + p4;
    }
    h += 4 * count_;
    const std::size_t left = count_ % 8;
    std::size_t i = 0;
    for (; i + 2 <= left; i += 2) h = std::rotl(h ^ round(0, pair(i)), 27) * p1 + p4;
    if (i < left) h = std::rotl(h ^ words_[i] * p1, 23) * p2 + p3;
    h = (h ^ h >> 33) * p2;
    h = (h ^ h >> 29) * p3;
    return h ^ h >> 32;
  }

 private:
  static constexpr std::uint64_t p1 = 0x9E3779B185EBCA87u, p2 = 0xC2B2AE3D27D4EB4Fu, p3 = 0x165667B19E3779F9u,
                                 p4 = 0x85EBCA77C2B2AE63u, p5 = 0x27D4EB2F165667C5u;

  [[nodiscard]] static std::uint64_t round(std::uint64_t lane, std::uint64_t input) noexcept {
    return std::rotl(lane + input * p2, 31) * p1;
  }
  [[nodiscard]] std::uint64_t pair(std::size_t i) const noexcept {
    return words_[i] | std::uint64_t{words_[i + 1]} << 32;
  }

  std::uint64_t seed_, count_ = 0;
  std::array<std::uint64_t, 4> lanes_;
  std::array<std::uint32_t, 8> words_{};
};

/// The float that `torch.rand(1, generator=g)` yields right after `g.manual_seed(seed)`, on the CPU: 24 bits of a
/// Mersenne Twister of which only the seed's low half counts. Determinism: exact. Complexity: some 2 microseconds, for
/// the seeding.
[[nodiscard]] inline double first_torch_cpu_uniform(std::uint64_t seed) noexcept {
  return static_cast<double>(mt19937{static_cast<std::uint32_t>(seed)}.next_u32() & 0xffffffu) * 0x1p-24;
}

/// The same of a CUDA generator: the first word of Philox, its range turned from (0, 1] to [0, 1). Determinism: exact.
[[nodiscard]] inline double first_torch_cuda_uniform(std::uint64_t seed) noexcept {
  const philox_counter w =
      philox4x32({0, 0, 0, 0}, {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
  const float u = static_cast<float>(w[0]) * 0x1p-32f + 0x1p-33f;  // an exact product and one rounding
  return u == 1.0f ? 0.0 : static_cast<double>(u);
}

}  // namespace assay::inline v0

#endif
