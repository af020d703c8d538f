// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Finds the ids whose noise could be large enough to matter, at the price of most of a Philox block or of a hash each.
#ifndef ASSAY_TOKEN_NOISE_SCREEN_HPP
#define ASSAY_TOKEN_NOISE_SCREEN_HPP

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>

#include <assay/core/ids.hpp>
#include <assay/random/noise.hpp>
#include <assay/random/philox.hpp>
#include <assay/random/word_screen.hpp>
#include <assay/token/softmax.hpp>

namespace assay::inline v0::detail {

/// Lists the ids in [first, first + n) whose word is in the range, ascending.
template <unsigned IdAt, unsigned Word>
std::size_t philox_in_range_ref(std::uint32_t first, std::size_t n, const philox_word<IdAt, Word>& block,
                                word_range range, std::uint32_t* ids) noexcept {
  std::size_t found = 0;
  philox_counter counter = block.counter;
  for (std::size_t i = 0; i < n; ++i) {
    const auto id = static_cast<std::uint32_t>(first + i);
    counter[IdAt] = id;
    ids[found] = id;
    found += range.holds(philox4x32(counter, block.key)[Word]);
  }
  return found;
}

#if ASSAY_X86_64
/// What of the first two rounds is the same for all ids, and the keys. The id takes part in one product of each.
/// Either half of a counter may hold it; the other half gives the constants.
struct screen_plan {
  std::uint64_t k0[philox_rounds], k1[philox_rounds];
  std::uint64_t first_key, from_other, from_own, second_word;

  screen_plan(philox_counter c, philox_key key, unsigned id_at) noexcept {
    for (std::uint32_t r = 0; r < philox_rounds; ++r) {
      k0[r] = static_cast<std::uint32_t>(key[0] + r * philox_weyl_0);
      k1[r] = static_cast<std::uint32_t>(key[1] + r * philox_weyl_1);
    }
    // Of the half without the id: its two words, its multiplier, and the keys that its products meet.
    const unsigned at = 2 - id_at;
    const std::uint64_t own = id_at == 0 ? philox_mul_0 : philox_mul_1;
    const std::uint64_t other = id_at == 0 ? philox_mul_1 : philox_mul_0;
    const std::uint64_t* const met = id_at == 0 ? k0 : k1;
    const std::uint64_t* const kept = id_at == 0 ? k1 : k0;
    const std::uint64_t first = other * c[at];
    const std::uint64_t second = own * static_cast<std::uint32_t>((first >> 32) ^ c[id_at + 1] ^ met[0]);
    first_key = c[at + 1] ^ kept[0];
    from_other = (first & 0xffffffffu) ^ met[1];
    from_own = (second >> 32) ^ kept[1];
    second_word = second & 0xffffffffu;
  }
};

using screen_words [[gnu::vector_size(32)]] = std::uint64_t;
using screen_ints [[gnu::vector_size(32)]] = int;
using screen_units [[gnu::vector_size(32)]] = std::uint32_t;
using screen_floats [[gnu::vector_size(32)]] = float;
using wide_words [[gnu::vector_size(64)]] = std::uint64_t;
using wide_ints [[gnu::vector_size(64)]] = int;
using wide_units [[gnu::vector_size(64)]] = std::uint32_t;

struct screen_avx2 {
  using words = screen_words;
  static constexpr std::size_t lanes = 4;
  __attribute__((target("avx2"), always_inline)) static inline words product(const words& c, std::uint32_t m) noexcept {
    return reinterpret_cast<words>(
        __builtin_ia32_pmuludq256(reinterpret_cast<screen_ints>(c), screen_ints{} + static_cast<int>(m)));
  }
  __attribute__((target("avx2"), always_inline)) static inline unsigned inside(const words& v,
                                                                               word_range range) noexcept {
    const screen_ints hit = reinterpret_cast<screen_units>(v) - range.from <= screen_units{} + range.span;
    return static_cast<unsigned>(__builtin_ia32_movmskps256(reinterpret_cast<screen_floats>(hit)));
  }
};

struct screen_avx512 {
  using words = wide_words;
  static constexpr std::size_t lanes = 8;
  __attribute__((target("avx512f"), always_inline)) static inline words product(const words& c,
                                                                                std::uint32_t m) noexcept {
    const wide_ints a = reinterpret_cast<wide_ints>(c), b = wide_ints{} + static_cast<int>(m);
#if defined(__clang__)
    return reinterpret_cast<words>(__builtin_ia32_pmuludq512(a, b));
#else
    using signed_words [[gnu::vector_size(64)]] = long long;
    return reinterpret_cast<words>(__builtin_ia32_pmuludq512_mask(a, b, signed_words{}, 0xff));
#endif
  }
  __attribute__((target("avx512f"), always_inline)) static inline unsigned inside(const words& v,
                                                                                  word_range range) noexcept {
    const wide_units from_here = reinterpret_cast<wide_units>(v) - range.from;
    return __builtin_ia32_ucmpd512_mask(reinterpret_cast<wide_ints>(from_here),
                                        wide_ints{} + static_cast<int>(range.span), 2, 0xffff);
  }
};

// Without being told, GCC does not unroll such loops at -O2, and an array that is indexed by a variable lives in
// memory.
#define ASSAY_UNROLL _Pragma("GCC unroll 8")

/// Twice `lanes` ids at a time, even and odd ones in separate registers. Words live in the low halves of 64 bits; what
/// is in the high halves never matters, as the multiplier does not read it. A macro, because a template takes no
/// target. One product of two is spared in rounds 1, 2 and 10, and for word 1 in round 9 too.
#define ASSAY_PHILOX_IN_RANGE(name, isa, feature, id_at, word)                                                         \
  __attribute__((target(feature), noinline)) inline std::size_t name(std::uint32_t first, std::size_t n,               \
                                                                     const screen_plan& plan, word_range range,        \
                                                                     std::uint32_t* ids) noexcept {                    \
    using words = isa::words;                                                                                          \
    words even{};                                                                                                      \
    for (std::size_t j = 0; j < isa::lanes; ++j) even[j] = first + 2 * j;                                              \
    std::size_t found = 0;                                                                                             \
    for (std::size_t i = 0; i < n; i += 2 * isa::lanes) {                                                              \
      words x0[2] = {even + i, even + (i + 1)}, x1[2], x2[2], x3[2];                                                   \
      ASSAY_UNROLL for (int h = 0; h < 2; ++h) {                                                                       \
        constexpr std::uint32_t own = id_at == 0 ? philox_mul_0 : philox_mul_1;                                        \
        constexpr std::uint32_t other = id_at == 0 ? philox_mul_1 : philox_mul_0;                                      \
        const words a = isa::product(x0[h], own), b = isa::product((a >> 32) ^ plan.first_key, other);                 \
        const words turned = (b >> 32) ^ plan.from_other, passed = a ^ plan.from_own;                                  \
        const words fixed = words{} + plan.second_word;                                                                \
        x0[h] = id_at == 0 ? turned : passed;                                                                          \
        x1[h] = id_at == 0 ? b : fixed;                                                                                \
        x2[h] = id_at == 0 ? passed : turned;                                                                          \
        x3[h] = id_at == 0 ? fixed : b;                                                                                \
      }                                                                                                                \
      ASSAY_UNROLL for (int r = 2; r < 8; ++r) ASSAY_UNROLL for (int h = 0; h < 2; ++h) {                              \
        const words a = isa::product(x0[h], philox_mul_0), b = isa::product(x2[h], philox_mul_1);                      \
        x0[h] = (b >> 32) ^ x1[h] ^ plan.k0[r];                                                                        \
        x2[h] = (a >> 32) ^ x3[h] ^ plan.k1[r];                                                                        \
        x1[h] = b;                                                                                                     \
        x3[h] = a;                                                                                                     \
      }                                                                                                                \
      ASSAY_UNROLL for (int h = 0; h < 2; ++h) {                                                                       \
        const words b =                                                                                                \
            isa::product((isa::product(x0[h], philox_mul_0) >> 32) ^ x3[h] ^ plan.k1[8], philox_mul_1);                \
        x0[h] = word == 1 ? b : (b >> 32) ^ isa::product(x2[h], philox_mul_1) ^ plan.k0[9];                            \
      }                                                                                                                \
      for (unsigned m = isa::inside((x0[0] & 0xffffffffu) | (x0[1] << 32), range); m != 0; m &= m - 1)                 \
        ids[found++] = first + static_cast<std::uint32_t>(i) + static_cast<std::uint32_t>(std::countr_zero(m));        \
    }                                                                                                                  \
    return found;                                                                                                      \
  }
/// @pre n is a multiple of 8
ASSAY_PHILOX_IN_RANGE(philox_in_range_0_0_avx2, screen_avx2, "avx2", 0, 0)
ASSAY_PHILOX_IN_RANGE(philox_in_range_0_1_avx2, screen_avx2, "avx2", 0, 1)
ASSAY_PHILOX_IN_RANGE(philox_in_range_2_0_avx2, screen_avx2, "avx2", 2, 0)
ASSAY_PHILOX_IN_RANGE(philox_in_range_2_1_avx2, screen_avx2, "avx2", 2, 1)
/// @pre n is a multiple of 16
ASSAY_PHILOX_IN_RANGE(philox_in_range_0_0_avx512, screen_avx512, "avx512f", 0, 0)
ASSAY_PHILOX_IN_RANGE(philox_in_range_0_1_avx512, screen_avx512, "avx512f", 0, 1)
ASSAY_PHILOX_IN_RANGE(philox_in_range_2_0_avx512, screen_avx512, "avx512f", 2, 0)
ASSAY_PHILOX_IN_RANGE(philox_in_range_2_1_avx512, screen_avx512, "avx512f", 2, 1)
#undef ASSAY_PHILOX_IN_RANGE
#undef ASSAY_UNROLL

using screen_kernel = std::size_t (*)(std::uint32_t, std::size_t, const screen_plan&, word_range,
                                      std::uint32_t*) noexcept;
struct screen_kernels {
  screen_kernel avx2, avx512;
};
template <unsigned IdAt, unsigned Word>
[[nodiscard]] constexpr screen_kernels kernels_of(const philox_word<IdAt, Word>&) noexcept {
  if constexpr (IdAt == 0 && Word == 0) return {philox_in_range_0_0_avx2, philox_in_range_0_0_avx512};
  else if constexpr (IdAt == 0) return {philox_in_range_0_1_avx2, philox_in_range_0_1_avx512};
  else if constexpr (Word == 0) return {philox_in_range_2_0_avx2, philox_in_range_2_0_avx512};
  else return {philox_in_range_2_1_avx2, philox_in_range_2_1_avx512};
}
#endif

/// As `philox_in_range_ref`. @pre `ids` has room for n
template <unsigned IdAt, unsigned Word>
std::size_t philox_in_range(std::uint32_t first, std::size_t n, const philox_word<IdAt, Word>& block, word_range range,
                            std::uint32_t* ids) noexcept {
  std::size_t done = 0, found = 0;
#if ASSAY_X86_64
  const screen_kernels kernels = kernels_of(block);
  const screen_plan plan(block.counter, block.key, IdAt);
  if (cpu_has_avx512f()) {
    done = n - n % 16;
    found = kernels.avx512(first, done, plan, range, ids);
  }
  if (cpu_has_avx2()) {
    const std::size_t more = (n - done) / 8 * 8;
    found += kernels.avx2(static_cast<std::uint32_t>(first + done), more, plan, range, ids + found);
    done += more;
  }
#endif
  return found + philox_in_range_ref(static_cast<std::uint32_t>(first + done), n - done, block, range, ids + found);
}

/// A profile whose Gumbel value is bounded by one word of a Philox block.
template <class Noise>
concept philox_screened_profile = noise_profile<Noise> && requires(const Noise& noise, noise_key key) {
  { noise.screened_range(0.0) } -> std::same_as<word_range>;
  noise.screened_word(key, 0u).counter;
};

/// A profile whose Gumbel value is bounded by a word that is cheap to hash.
template <class Noise>
concept hash_screened_profile = noise_profile<Noise> && requires(const Noise& noise, noise_key key, token_id id) {
  { noise.screened_range(0.0) } -> std::same_as<word_range>;
  { noise.raw_word(key, 0u, id) } -> std::same_as<std::uint32_t>;
};

template <class Noise>
concept screened_noise_profile = philox_screened_profile<Noise> || hash_screened_profile<Noise>;

/// Lists the ids whose word is in the range, ascending. @pre `ids` has room for n
template <screened_noise_profile Noise>
std::size_t list_in_range(const Noise& noise, noise_key key, std::uint32_t step, std::uint32_t first, std::size_t n,
                          word_range range, std::uint32_t* ids) noexcept {
  if constexpr (philox_screened_profile<Noise>) {
    return philox_in_range(first, n, noise.screened_word(key, step), range, ids);
  } else {
    std::size_t found = 0;
    for (std::size_t i = 0; i < n; ++i) {
      ids[found] = static_cast<std::uint32_t>(first + i);
      found += range.holds(noise.raw_word(key, step, token_id{ids[found]}));
    }
    return found;
  }
}

}  // namespace assay::inline v0::detail

#endif
