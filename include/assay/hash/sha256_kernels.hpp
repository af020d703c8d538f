// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// SHA-256's compression function: portable, and with the x86 SHA extensions; the choice is made at run time.
#ifndef ASSAY_HASH_SHA256_KERNELS_HPP
#define ASSAY_HASH_SHA256_KERNELS_HPP

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <assay/core/endian.hpp>

#if ASSAY_X86_64
#include <cpuid.h>
#endif

namespace assay::inline v0::detail {

using sha256_state = std::array<std::uint32_t, 8>;

inline constexpr sha256_state sha256_initial = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                                0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

alignas(16) inline constexpr std::array<std::uint32_t, 64> sha256_constants = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

/// Absorbs `count` blocks of 64 bytes (FIPS 180-4, section 6.2.2).
inline void sha256_compress_ref(sha256_state& state, const std::byte* blocks, std::size_t count) noexcept {
  for (; count != 0; --count, blocks += 64) {
    std::array<std::uint32_t, 64> w;
    for (std::size_t t = 0; t < 16; ++t) w[t] = load_be<std::uint32_t>(blocks + 4 * t);
    for (std::size_t t = 16; t < 64; ++t) {
      const std::uint32_t s0 = std::rotr(w[t - 15], 7) ^ std::rotr(w[t - 15], 18) ^ (w[t - 15] >> 3);
      const std::uint32_t s1 = std::rotr(w[t - 2], 17) ^ std::rotr(w[t - 2], 19) ^ (w[t - 2] >> 10);
      w[t] = w[t - 16] + s0 + w[t - 7] + s1;
    }
    auto [a, b, c, d, e, f, g, h] = state;
    for (std::size_t t = 0; t < 64; ++t) {
      const std::uint32_t sum1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
      const std::uint32_t t1 = h + sum1 + ((e & f) ^ (~e & g)) + sha256_constants[t] + w[t];
      const std::uint32_t sum0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
      const std::uint32_t t2 = sum0 + ((a & b) ^ (a & c) ^ (b & c));
      h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
    }
    const sha256_state added = {a, b, c, d, e, f, g, h};
    for (std::size_t i = 0; i < 8; ++i) state[i] += added[i];
  }
}

#if ASSAY_X86_64

// Compiler vectors and builtins instead of <immintrin.h>, which would cost every includer a third of a second.
#define ASSAY_DETAIL_SHA __attribute__((target("sha,sse4.1")))
#define ASSAY_DETAIL_SHA_INLINE __attribute__((target("sha,sse4.1"), always_inline)) inline

using sha_vec [[gnu::vector_size(16)]] = int;
using sha_bytes [[gnu::vector_size(16)]] = char;

ASSAY_DETAIL_SHA_INLINE sha_vec sha256_load_words(const std::byte* from) noexcept {
  sha_bytes raw;
  std::memcpy(&raw, from, sizeof raw);
  return reinterpret_cast<sha_vec>(
      __builtin_shufflevector(raw, raw, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12));
}

/// Four rounds; `state0` holds {f, e, b, a} and `state1` {h, g, d, c}, lowest lane first.
ASSAY_DETAIL_SHA_INLINE void sha256_quad(sha_vec& state0, sha_vec& state1, sha_vec words,
                                         const std::uint32_t* k) noexcept {
  sha_vec constants;
  std::memcpy(&constants, k, sizeof constants);
  using lanes [[gnu::vector_size(16)]] = unsigned;
  const sha_vec sum = reinterpret_cast<sha_vec>(reinterpret_cast<lanes>(words) + reinterpret_cast<lanes>(constants));
  state1 = __builtin_ia32_sha256rnds2(state1, state0, sum);
  state0 = __builtin_ia32_sha256rnds2(state0, state1, __builtin_shufflevector(sum, sum, 2, 3, 2, 3));
}

/// Words t..t+3 of the schedule from the sixteen words before them.
ASSAY_DETAIL_SHA_INLINE sha_vec sha256_schedule(sha_vec w0, sha_vec w1, sha_vec w2, sha_vec w3) noexcept {
  using lanes [[gnu::vector_size(16)]] = unsigned;
  const sha_vec partial = __builtin_ia32_sha256msg1(w0, w1);
  const sha_vec middle = __builtin_shufflevector(w2, w3, 1, 2, 3, 4);
  return __builtin_ia32_sha256msg2(
      reinterpret_cast<sha_vec>(reinterpret_cast<lanes>(partial) + reinterpret_cast<lanes>(middle)), w3);
}

/// The same as `sha256_compress_ref`. @pre the CPU has SHA and SSE4.1
ASSAY_DETAIL_SHA inline void sha256_compress_sha_ni(sha256_state& state, const std::byte* blocks,
                                                    std::size_t count) noexcept {
  using lanes [[gnu::vector_size(16)]] = unsigned;
  sha_vec low, high;
  std::memcpy(&low, state.data(), sizeof low);
  std::memcpy(&high, state.data() + 4, sizeof high);
  sha_vec s0 = __builtin_shufflevector(low, high, 5, 4, 1, 0), s1 = __builtin_shufflevector(low, high, 7, 6, 3, 2);
  for (; count != 0; --count, blocks += 64) {
    const sha_vec before0 = s0, before1 = s1;
    const std::uint32_t* k = sha256_constants.data();
    sha_vec w0 = sha256_load_words(blocks), w1 = sha256_load_words(blocks + 16);
    sha_vec w2 = sha256_load_words(blocks + 32), w3 = sha256_load_words(blocks + 48);
    for (int group = 0; group < 3; ++group, k += 16) {
      sha256_quad(s0, s1, w0, k);
      w0 = sha256_schedule(w0, w1, w2, w3);
      sha256_quad(s0, s1, w1, k + 4);
      w1 = sha256_schedule(w1, w2, w3, w0);
      sha256_quad(s0, s1, w2, k + 8);
      w2 = sha256_schedule(w2, w3, w0, w1);
      sha256_quad(s0, s1, w3, k + 12);
      w3 = sha256_schedule(w3, w0, w1, w2);
    }
    sha256_quad(s0, s1, w0, k);
    sha256_quad(s0, s1, w1, k + 4);
    sha256_quad(s0, s1, w2, k + 8);
    sha256_quad(s0, s1, w3, k + 12);
    s0 = reinterpret_cast<sha_vec>(reinterpret_cast<lanes>(s0) + reinterpret_cast<lanes>(before0));
    s1 = reinterpret_cast<sha_vec>(reinterpret_cast<lanes>(s1) + reinterpret_cast<lanes>(before1));
  }
  low = __builtin_shufflevector(s0, s1, 3, 2, 7, 6);
  high = __builtin_shufflevector(s0, s1, 1, 0, 5, 4);
  std::memcpy(state.data(), &low, sizeof low);
  std::memcpy(state.data() + 4, &high, sizeof high);
}

#undef ASSAY_DETAIL_SHA
#undef ASSAY_DETAIL_SHA_INLINE

/// Asks CPUID directly: older compilers do not know the name "sha" in __builtin_cpu_supports.
[[nodiscard]] inline bool cpu_has_sha256() noexcept {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d) || (c & (1u << 19)) == 0 || (c & (1u << 9)) == 0) return false;  // SSE4.1, SSSE3
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & (1u << 29)) != 0;  // SHA
}

#endif  // ASSAY_X86_64

/// Always the portable kernel: the reference that every other kernel is tested against.
struct sha256_portable_kernel {
  static void compress(sha256_state& state, const std::byte* blocks, std::size_t count) noexcept {
    sha256_compress_ref(state, blocks, count);
  }
};

/// The fastest kernel that this CPU has.
struct sha256_best_kernel {
  static void compress(sha256_state& state, const std::byte* blocks, std::size_t count) noexcept {
#if ASSAY_X86_64
    static const bool accelerated = cpu_has_sha256();
    if (accelerated) return sha256_compress_sha_ni(state, blocks, count);
#endif
    sha256_compress_ref(state, blocks, count);
  }
};

}  // namespace assay::inline v0::detail

#endif
