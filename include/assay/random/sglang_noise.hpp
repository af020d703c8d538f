// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The noise of SGLang's deterministic sampler: a 32-bit Murmur hash of seed, position and column.
#ifndef ASSAY_RANDOM_SGLANG_NOISE_HPP
#define ASSAY_RANDOM_SGLANG_NOISE_HPP

#include <array>
#include <cstdint>

#include <assay/core/ids.hpp>
#include <assay/random/elementary.hpp>
#include <assay/random/noise.hpp>
#include <assay/random/word_screen.hpp>

namespace assay::inline v0 {

/// Key: the request's 64-bit seed. Step: the position of the last token that the model has read, from 0. The "token" is
/// the *column* of the probability row that the kernel sees: the token id if no filter is on, else the token's rank in
/// the descending list, so that a benign swap of two neighbours swaps their noise too.
/// SGLang sorts a whole batch as soon as one of its requests filters: an unfiltered request is keyed by ids only if it
/// does not share batches with filtered ones. Versions: since the end of 2025; before, a linear hash modulo 2^24, which
/// this is not. Read from source and a port of it, not checked against a running server.
struct sglang_noise {
  static constexpr double gumbel_max = 22.18071;  // 32 ln 2, rounded up
  /// Samplers and scores that know the filters put ranks for tokens then.
  [[nodiscard]] static constexpr bool keyed_by_rank() noexcept { return true; }

  [[nodiscard]] static constexpr std::uint32_t hash(noise_key key, std::uint32_t step, std::uint32_t column) noexcept {
    std::uint32_t h = 0;
    for (const std::uint32_t word : {key.k0, key.k1, step, column}) {
      h ^= rotate(word * 0xcc9e2d51u, 15) * 0x1b873593u;
      h = rotate(h, 13) * 5u + 0xe6546b64u;
    }
    h ^= 16u;  // bytes hashed
    h = (h ^ h >> 16) * 0x85ebca6bu;
    h = (h ^ h >> 13) * 0xc2b2ae35u;
    return h ^ h >> 16;
  }
  [[nodiscard]] double gumbel(noise_key key, std::uint32_t step, token_id column) const noexcept {
    const double u = static_cast<double>(hash(key, step, column.value)) / 4294967295.0;
    const double e = u > 0 ? -fp::log(u) : 745.0;  // -ln of zero is clamped by double's range; such a token cannot win
    return -fp::log(e > 0x1p-32 ? e : 0x1p-32);
  }

  /// The hash: a column whose Gumbel value is at least `gumbel` has it in `screened_range`.
  [[nodiscard]] static constexpr std::uint32_t raw_word(noise_key key, std::uint32_t step, token_id column) noexcept {
    return hash(key, step, column.value);
  }
  [[nodiscard]] static word_range screened_range(double gumbel) noexcept { return words_from_one(gumbel, 2); }

 private:
  [[nodiscard]] static constexpr std::uint32_t rotate(std::uint32_t x, int by) noexcept { return x << by | x >> (32 - by); }
};

}  // namespace assay::inline v0

#endif
