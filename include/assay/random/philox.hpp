// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Philox4x32-10: a counter-based generator, so that any single draw can be recomputed without the ones before it.
#ifndef ASSAY_RANDOM_PHILOX_HPP
#define ASSAY_RANDOM_PHILOX_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <assay/core/config.hpp>

namespace assay::inline v0 {

using philox_counter = std::array<std::uint32_t, 4>;
using philox_key = std::array<std::uint32_t, 2>;

namespace detail {
inline constexpr std::uint32_t philox_mul_0 = 0xD2511F53u, philox_mul_1 = 0xCD9E8D57u;
inline constexpr std::uint32_t philox_weyl_0 = 0x9E3779B9u, philox_weyl_1 = 0xBB67AE85u;
inline constexpr int philox_rounds = 10;
}  // namespace detail

/// The four words that `counter` yields under `key`. Not a cryptographic function: derive the key with a hash.
/// Determinism: exact. Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
[[nodiscard]] constexpr philox_counter philox4x32(philox_counter counter, philox_key key) noexcept {
  for (int round = 0; round < detail::philox_rounds; ++round) {
    const std::uint64_t a = std::uint64_t{detail::philox_mul_0} * counter[0];
    const std::uint64_t b = std::uint64_t{detail::philox_mul_1} * counter[2];
    counter = {static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(b),
               static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(a)};
    key[0] += detail::philox_weyl_0;
    key[1] += detail::philox_weyl_1;
  }
  return counter;
}

namespace detail {

/// Words 0 and 1 of the block at (first[i], c1, c2, c3) as one integer, word 0 low, for every i.
inline void philox_pairs_ref(const std::uint32_t* first, std::size_t n, philox_counter rest, philox_key key,
                             std::uint64_t* out) noexcept {
  for (std::size_t i = 0; i < n; ++i) {
    const philox_counter w = philox4x32({first[i], rest[1], rest[2], rest[3]}, key);
    out[i] = std::uint64_t{w[1]} << 32 | w[0];
  }
}

#if ASSAY_X86_64
/// Eight counters at a time; the same bits as `philox_pairs_ref`. @pre n is a multiple of 8
__attribute__((target("avx2"), noinline)) inline void philox_pairs_avx2(const std::uint32_t* first, std::size_t n,
                                                                        philox_counter rest, philox_key key,
                                                                        std::uint64_t* out) noexcept {
  using words [[gnu::vector_size(32)]] = std::uint64_t;
  using factors [[gnu::vector_size(32)]] = int;  // the multiplier reads the low half of each 64 bits
  const factors m0 = factors{} + static_cast<int>(philox_mul_0), m1 = factors{} + static_cast<int>(philox_mul_1);
  const words low = words{} + 0xffffffffu;
  for (std::size_t i = 0; i < n; i += 8) {
    // Even and odd lanes live in separate registers, each word in the low half of 64 bits, as the multiplier wants it.
    words c;
    std::memcpy(&c, first + i, sizeof c);
    words c0[2] = {c & low, c >> 32}, c1[2], c2[2], c3[2];
#pragma GCC unroll 2
    for (int h = 0; h < 2; ++h) {
      c1[h] = words{} + rest[1];
      c2[h] = words{} + rest[2];
      c3[h] = words{} + rest[3];
    }
    std::uint32_t k0 = key[0], k1 = key[1];
#pragma GCC unroll 10
    for (int round = 0; round < philox_rounds; ++round) {
      const words key0 = words{} + k0, key1 = words{} + k1;
#pragma GCC unroll 2
      for (int h = 0; h < 2; ++h) {
        const words a = reinterpret_cast<words>(__builtin_ia32_pmuludq256(reinterpret_cast<factors>(c0[h]), m0));
        const words b = reinterpret_cast<words>(__builtin_ia32_pmuludq256(reinterpret_cast<factors>(c2[h]), m1));
        c0[h] = (b >> 32) ^ c1[h] ^ key0;
        c2[h] = (a >> 32) ^ c3[h] ^ key1;
        c1[h] = b & low;
        c3[h] = a & low;
      }
      k0 += philox_weyl_0;
      k1 += philox_weyl_1;
    }
    const words even = (c0[0] & low) | (c1[0] << 32), odd = (c0[1] & low) | (c1[1] << 32);
    const words front = __builtin_shufflevector(even, odd, 0, 4, 1, 5);
    const words back = __builtin_shufflevector(even, odd, 2, 6, 3, 7);
    std::memcpy(out + i, &front, sizeof front);
    std::memcpy(out + i + 4, &back, sizeof back);
  }
}
#endif

[[nodiscard]] inline bool cpu_has_avx2() noexcept {
#if ASSAY_X86_64
  static const bool yes = __builtin_cpu_supports("avx2") != 0;
  return yes;
#else
  return false;
#endif
}

/// As `philox_pairs_ref`, with the widest kernel this processor has.
inline void philox_pairs(const std::uint32_t* first, std::size_t n, philox_counter rest, philox_key key,
                         std::uint64_t* out) noexcept {
  std::size_t done = 0;
#if ASSAY_X86_64
  if (cpu_has_avx2()) {
    done = n - n % 8;
    philox_pairs_avx2(first, done, rest, key, out);
    if (done < n && n - done > 2) {
      std::uint32_t padded[8] = {};
      std::uint64_t words[8];
      for (std::size_t i = done; i < n; ++i) padded[i - done] = first[i];
      philox_pairs_avx2(padded, 8, rest, key, words);
      for (std::size_t i = done; i < n; ++i) out[i] = words[i - done];
      return;
    }
  }
#endif
  philox_pairs_ref(first + done, n - done, rest, key, out + done);
}

}  // namespace detail

}  // namespace assay::inline v0

#endif
