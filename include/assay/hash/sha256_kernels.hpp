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

ASSAY_DETAIL_SHA_INLINE sha_vec sha256_add(sha_vec x, sha_vec y) noexcept {
  using unsigned_lanes [[gnu::vector_size(16)]] = unsigned;  // signed lanes must not overflow
  return reinterpret_cast<sha_vec>(reinterpret_cast<unsigned_lanes>(x) + reinterpret_cast<unsigned_lanes>(y));
}

/// Four rounds; `state0` holds {f, e, b, a} and `state1` {h, g, d, c}, lowest lane first.
ASSAY_DETAIL_SHA_INLINE void sha256_quad(sha_vec& state0, sha_vec& state1, sha_vec words,
                                         const std::uint32_t* k) noexcept {
  sha_vec constants;
  std::memcpy(&constants, k, sizeof constants);
  const sha_vec sum = sha256_add(words, constants);
  state1 = __builtin_ia32_sha256rnds2(state1, state0, sum);
  state0 = __builtin_ia32_sha256rnds2(state0, state1, __builtin_shufflevector(sum, sum, 2, 3, 2, 3));
}

/// Words t..t+3 of the schedule from the sixteen words before them.
ASSAY_DETAIL_SHA_INLINE sha_vec sha256_schedule(sha_vec w0, sha_vec w1, sha_vec w2, sha_vec w3) noexcept {
  const sha_vec middle = __builtin_shufflevector(w2, w3, 1, 2, 3, 4);
  return __builtin_ia32_sha256msg2(sha256_add(__builtin_ia32_sha256msg1(w0, w1), middle), w3);
}

/// One message in registers: its state as `sha256_quad` wants it, and sixteen words of its schedule.
struct sha256_lane {
  sha_vec s0, s1, w0, w1, w2, w3;
};

ASSAY_DETAIL_SHA_INLINE void sha256_enter(sha256_lane& m, const sha256_state& state) noexcept {
  sha_vec low, high;
  std::memcpy(&low, state.data(), sizeof low);
  std::memcpy(&high, state.data() + 4, sizeof high);
  m.s0 = __builtin_shufflevector(low, high, 5, 4, 1, 0);
  m.s1 = __builtin_shufflevector(low, high, 7, 6, 3, 2);
}

ASSAY_DETAIL_SHA_INLINE void sha256_leave(const sha256_lane& m, sha256_state& state) noexcept {
  const sha_vec low = __builtin_shufflevector(m.s0, m.s1, 3, 2, 7, 6);
  const sha_vec high = __builtin_shufflevector(m.s0, m.s1, 1, 0, 5, 4);
  std::memcpy(state.data(), &low, sizeof low);
  std::memcpy(state.data() + 4, &high, sizeof high);
}

ASSAY_DETAIL_SHA_INLINE void sha256_load_block(sha256_lane& m, const std::byte* block) noexcept {
  m.w0 = sha256_load_words(block), m.w1 = sha256_load_words(block + 16);
  m.w2 = sha256_load_words(block + 32), m.w3 = sha256_load_words(block + 48);
}

/// Sixteen rounds, and the schedule's next sixteen words.
ASSAY_DETAIL_SHA_INLINE void sha256_sixteen(sha256_lane& m, const std::uint32_t* k) noexcept {
  sha256_quad(m.s0, m.s1, m.w0, k);
  m.w0 = sha256_schedule(m.w0, m.w1, m.w2, m.w3);
  sha256_quad(m.s0, m.s1, m.w1, k + 4);
  m.w1 = sha256_schedule(m.w1, m.w2, m.w3, m.w0);
  sha256_quad(m.s0, m.s1, m.w2, k + 8);
  m.w2 = sha256_schedule(m.w2, m.w3, m.w0, m.w1);
  sha256_quad(m.s0, m.s1, m.w3, k + 12);
  m.w3 = sha256_schedule(m.w3, m.w0, m.w1, m.w2);
}

/// The last sixteen rounds, which need no further words.
ASSAY_DETAIL_SHA_INLINE void sha256_last_sixteen(sha256_lane& m, const std::uint32_t* k) noexcept {
  sha256_quad(m.s0, m.s1, m.w0, k);
  sha256_quad(m.s0, m.s1, m.w1, k + 4);
  sha256_quad(m.s0, m.s1, m.w2, k + 8);
  sha256_quad(m.s0, m.s1, m.w3, k + 12);
}

/// The same as `sha256_compress_ref`. @pre the CPU has SHA and SSE4.1
ASSAY_DETAIL_SHA inline void sha256_compress_sha_ni(sha256_state& state, const std::byte* blocks,
                                                    std::size_t count) noexcept {
  sha256_lane m;
  sha256_enter(m, state);
  for (; count != 0; --count, blocks += 64) {
    const sha_vec before0 = m.s0, before1 = m.s1;
    const std::uint32_t* k = sha256_constants.data();
    sha256_load_block(m, blocks);
    for (int group = 0; group < 3; ++group, k += 16) sha256_sixteen(m, k);
    sha256_last_sixteen(m, k);
    m.s0 = sha256_add(m.s0, before0), m.s1 = sha256_add(m.s1, before1);
  }
  sha256_leave(m, state);
}

/// Two messages' `sha256_compress_sha_ni` side by side. Each round waits for the one before, so one message leaves
/// the SHA unit idle half of the time and the second costs little. @pre the CPU has SHA and SSE4.1
ASSAY_DETAIL_SHA inline void sha256_compress_two_sha_ni(sha256_state& state_a, const std::byte* a,
                                                        sha256_state& state_b, const std::byte* b,
                                                        std::size_t count) noexcept {
  sha256_lane m, n;
  sha256_enter(m, state_a), sha256_enter(n, state_b);
  for (; count != 0; --count, a += 64, b += 64) {
    const sha_vec m0 = m.s0, m1 = m.s1, n0 = n.s0, n1 = n.s1;
    const std::uint32_t* k = sha256_constants.data();
    sha256_load_block(m, a), sha256_load_block(n, b);
    for (int group = 0; group < 3; ++group, k += 16) sha256_sixteen(m, k), sha256_sixteen(n, k);
    sha256_last_sixteen(m, k), sha256_last_sixteen(n, k);
    m.s0 = sha256_add(m.s0, m0), m.s1 = sha256_add(m.s1, m1);
    n.s0 = sha256_add(n.s0, n0), n.s1 = sha256_add(n.s1, n1);
  }
  sha256_leave(m, state_a), sha256_leave(n, state_b);
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
  /// Two messages, `count` blocks each.
  static void compress_two(sha256_state& state_a, const std::byte* a, sha256_state& state_b, const std::byte* b,
                           std::size_t count) noexcept {
    sha256_compress_ref(state_a, a, count);
    sha256_compress_ref(state_b, b, count);
  }
};

/// The fastest kernel that this CPU has.
struct sha256_best_kernel {
  static void compress(sha256_state& state, const std::byte* blocks, std::size_t count) noexcept {
#if ASSAY_X86_64
    if (accelerated()) return sha256_compress_sha_ni(state, blocks, count);
#endif
    sha256_portable_kernel::compress(state, blocks, count);
  }
  static void compress_two(sha256_state& state_a, const std::byte* a, sha256_state& state_b, const std::byte* b,
                           std::size_t count) noexcept {
#if ASSAY_X86_64
    if (accelerated()) return sha256_compress_two_sha_ni(state_a, a, state_b, b, count);
#endif
    sha256_portable_kernel::compress_two(state_a, a, state_b, b, count);
  }

#if ASSAY_X86_64
 private:
  static bool accelerated() noexcept {
    static const bool has = cpu_has_sha256();
    return has;
  }
#endif
};

}  // namespace assay::inline v0::detail

#endif
