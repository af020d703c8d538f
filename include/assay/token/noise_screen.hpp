// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Finds the ids whose noise could be large enough to matter, at the price of most of a Philox block each.
#ifndef ASSAY_TOKEN_NOISE_SCREEN_HPP
#define ASSAY_TOKEN_NOISE_SCREEN_HPP

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>

#include <assay/random/elementary.hpp>
#include <assay/random/noise.hpp>
#include <assay/random/philox.hpp>
#include <assay/token/softmax.hpp>

namespace assay::inline v0::detail {

/// Lists the ids in [first, first + n) whose block at (id, c1, c2, c3) has a word 1 of at least `threshold`, ascending.
inline std::size_t philox_at_least_ref(std::uint32_t first, std::size_t n, philox_counter rest, philox_key key,
                                       std::uint32_t threshold, std::uint32_t* ids) noexcept {
  std::size_t found = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const auto id = static_cast<std::uint32_t>(first + i);
    ids[found] = id;
    found += philox4x32({id, rest[1], rest[2], rest[3]}, key)[1] >= threshold;
  }
  return found;
}

#if ASSAY_X86_64
/// What of the ten rounds is the same for all ids, and the keys. Word 1 needs one product of two in rounds 1, 2, 9 and
/// 10.
struct screen_plan {
  std::uint64_t k0[philox_rounds], k1[philox_rounds];
  std::uint64_t first_key, from_b1, from_a2, third_word;

  screen_plan(philox_counter rest, philox_key key) noexcept {
    for (std::uint32_t r = 0; r < philox_rounds; ++r) {
      k0[r] = static_cast<std::uint32_t>(key[0] + r * philox_weyl_0);
      k1[r] = static_cast<std::uint32_t>(key[1] + r * philox_weyl_1);
    }
    const std::uint64_t b1 = std::uint64_t{philox_mul_1} * rest[2];
    const std::uint64_t a2 = std::uint64_t{philox_mul_0} * static_cast<std::uint32_t>((b1 >> 32) ^ rest[1] ^ k0[0]);
    first_key = rest[3] ^ k1[0];
    from_b1 = (b1 & 0xffffffffu) ^ k0[1];
    from_a2 = (a2 >> 32) ^ k1[1];
    third_word = a2 & 0xffffffffu;
  }
};

using screen_words [[gnu::vector_size(32)]] = std::uint64_t;
using screen_ints [[gnu::vector_size(32)]] = int;
using screen_units [[gnu::vector_size(32)]] = std::uint32_t;
using screen_floats [[gnu::vector_size(32)]] = float;
using wide_words [[gnu::vector_size(64)]] = std::uint64_t;
using wide_ints [[gnu::vector_size(64)]] = int;

struct screen_avx2 {
  using words = screen_words;
  static constexpr std::size_t lanes = 4;
  __attribute__((target("avx2"), always_inline)) static inline words product(const words& c, std::uint32_t m) noexcept {
    return reinterpret_cast<words>(
        __builtin_ia32_pmuludq256(reinterpret_cast<screen_ints>(c), screen_ints{} + static_cast<int>(m)));
  }
  __attribute__((target("avx2"), always_inline)) static inline unsigned at_least(const words& v,
                                                                                 std::uint32_t limit) noexcept {
    const screen_ints hit = reinterpret_cast<screen_units>(v) >= screen_units{} + limit;
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
  __attribute__((target("avx512f"), always_inline)) static inline unsigned at_least(const words& v,
                                                                                    std::uint32_t limit) noexcept {
    return __builtin_ia32_ucmpd512_mask(reinterpret_cast<wide_ints>(v), wide_ints{} + static_cast<int>(limit), 5,
                                        0xffff);
  }
};

// Without being told, GCC does not unroll such loops at -O2, and an array that is indexed by a variable lives in
// memory.
#define ASSAY_UNROLL _Pragma("GCC unroll 8")

/// Twice `lanes` ids at a time, even and odd ones in separate registers. Words live in the low halves of 64 bits; what
/// is in the high halves never matters, as the multiplier does not read it. A macro, because a template takes no
/// target.
#define ASSAY_PHILOX_AT_LEAST(name, isa, feature)                                                                      \
  __attribute__((target(feature), noinline)) inline std::size_t name(std::uint32_t first, std::size_t n,               \
                                                                     const screen_plan& plan, std::uint32_t threshold, \
                                                                     std::uint32_t* ids) noexcept {                    \
    using words = isa::words;                                                                                          \
    words even{};                                                                                                      \
    for (std::size_t j = 0; j < isa::lanes; ++j) even[j] = first + 2 * j;                                              \
    std::size_t found = 0;                                                                                             \
    for (std::size_t i = 0; i < n; i += 2 * isa::lanes) {                                                              \
      words x0[2] = {even + i, even + (i + 1)}, x1[2], x2[2], x3[2];                                                   \
      ASSAY_UNROLL for (int h = 0; h < 2; ++h) {                                                                       \
        const words a = isa::product(x0[h], philox_mul_0);                                                             \
        const words b = isa::product((a >> 32) ^ plan.first_key, philox_mul_1);                                        \
        x0[h] = (b >> 32) ^ plan.from_b1;                                                                              \
        x1[h] = b;                                                                                                     \
        x2[h] = a ^ plan.from_a2;                                                                                      \
        x3[h] = words{} + plan.third_word;                                                                             \
      }                                                                                                                \
      ASSAY_UNROLL for (int r = 2; r < 8; ++r) ASSAY_UNROLL for (int h = 0; h < 2; ++h) {                              \
        const words a = isa::product(x0[h], philox_mul_0), b = isa::product(x2[h], philox_mul_1);                      \
        x0[h] = (b >> 32) ^ x1[h] ^ plan.k0[r];                                                                        \
        x2[h] = (a >> 32) ^ x3[h] ^ plan.k1[r];                                                                        \
        x1[h] = b;                                                                                                     \
        x3[h] = a;                                                                                                     \
      }                                                                                                                \
      ASSAY_UNROLL for (int h = 0; h < 2; ++h) x0[h] =                                                                 \
          isa::product((isa::product(x0[h], philox_mul_0) >> 32) ^ x3[h] ^ plan.k1[8], philox_mul_1);                  \
      for (unsigned m = isa::at_least((x0[0] & 0xffffffffu) | (x0[1] << 32), threshold); m != 0; m &= m - 1)           \
        ids[found++] = first + static_cast<std::uint32_t>(i) + static_cast<std::uint32_t>(std::countr_zero(m));        \
    }                                                                                                                  \
    return found;                                                                                                      \
  }
/// @pre n is a multiple of 8
ASSAY_PHILOX_AT_LEAST(philox_at_least_avx2, screen_avx2, "avx2")
/// @pre n is a multiple of 16
ASSAY_PHILOX_AT_LEAST(philox_at_least_avx512, screen_avx512, "avx512f")
#undef ASSAY_PHILOX_AT_LEAST
#undef ASSAY_UNROLL
#endif

/// As `philox_at_least_ref`. @pre `ids` has room for n
inline std::size_t philox_at_least(std::uint32_t first, std::size_t n, philox_counter rest, philox_key key,
                                   std::uint32_t threshold, std::uint32_t* ids) noexcept {
  std::size_t done = 0, found = 0;
#if ASSAY_X86_64
  const screen_plan plan(rest, key);
  if (cpu_has_avx512f()) {
    done = n - n % 16;
    found = philox_at_least_avx512(first, done, plan, threshold, ids);
  }
  if (cpu_has_avx2()) {
    const std::size_t more = (n - done) / 8 * 8;
    found += philox_at_least_avx2(static_cast<std::uint32_t>(first + done), more, plan, threshold, ids + found);
    done += more;
  }
#endif
  return found +
         philox_at_least_ref(static_cast<std::uint32_t>(first + done), n - done, rest, key, threshold, ids + found);
}

/// How a noise profile screens ids; a specialisation offers `least_word(gumbel)` and `list`.
template <class Noise>
struct noise_screen {};

/// u = (b + 1/2) 2^-52 with word 1 as the top bits of b; g >= x means u >= exp(-exp(-x)) >= 1 - exp(-x).
template <>
struct noise_screen<philox_noise> {
  /// Ids whose Gumbel value is at least `gumbel` have at least this word 1.
  [[nodiscard]] static std::uint32_t least_word(double gumbel) noexcept {
    if (!(gumbel > 0)) return 0;
    const double rest = fp::exp(gumbel < 40 ? -gumbel : -40.0) * (1 + 1e-9);
    const double word = (1 - rest) * 0x1p32 - 2;
    return word > 0 ? static_cast<std::uint32_t>(word) : 0;
  }
  [[nodiscard]] static std::size_t list(noise_key key, std::uint32_t step, std::uint32_t first, std::size_t n,
                                        std::uint32_t least, std::uint32_t* ids) noexcept {
    return philox_at_least(first, n, {0, step, philox_noise::purpose, 0}, {key.k0, key.k1}, least, ids);
  }
};

template <class Noise>
concept screened_noise_profile = bounded_noise_profile<Noise> && requires {
  { noise_screen<Noise>::least_word(0.0) } -> std::same_as<std::uint32_t>;
};

}  // namespace assay::inline v0::detail

#endif
