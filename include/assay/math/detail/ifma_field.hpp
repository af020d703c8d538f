// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Eight field elements at a time in the lanes of AVX-512 registers, as digits of 52 bits for the IFMA multiplier.
#ifndef ASSAY_MATH_DETAIL_IFMA_FIELD_HPP
#define ASSAY_MATH_DETAIL_IFMA_FIELD_HPP

#include <array>
#include <cstddef>
#include <cstdint>

#include <assay/math/field.hpp>

#if ASSAY_X86_64

namespace assay::inline v0::detail {

// Compiler vectors and builtins instead of <immintrin.h>, which would cost every includer a third of a second.
// Clang takes minutes to instrument the kernel for its sanitizers; GCC takes no time, and checks it.
#if defined(__clang__)
#define ASSAY_DETAIL_IFMA                                                                                              \
  __attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,avx512ifma"), no_sanitize("address", "undefined")))
#else
#define ASSAY_DETAIL_IFMA __attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,avx512ifma")))
#endif
#define ASSAY_DETAIL_IFMA_INLINE ASSAY_DETAIL_IFMA __attribute__((always_inline)) inline

using ifma_lanes [[gnu::vector_size(64)]] = std::uint64_t;
using signed_lanes [[gnu::vector_size(64)]] = long long;
using half_lanes [[gnu::vector_size(32), gnu::aligned(8), gnu::may_alias]] = std::uint64_t;
using lane_indices [[gnu::vector_size(32), gnu::aligned(4), gnu::may_alias]] = std::uint32_t;
using lane_set = unsigned;  // bit k: lane k

inline constexpr std::uint64_t low52 = (std::uint64_t{1} << 52) - 1;

/// The modulus for the IFMA multiplier: L digits of 52 bits hold the N limbs of a value and `excess` bits more.
template <class P>
struct radix52 {
  using mont = montgomery<P>;
  static_assert(mont::redundant);
  static constexpr std::size_t words = mont::n;
  static constexpr std::size_t digits = (64 * words + 51) / 52;
  static constexpr unsigned excess = 52 * digits - 64 * words;
  static_assert(excess % 2 == 0);
  static constexpr std::uint64_t negated_inverse = mont::negated_inverse & low52;
  using digit_array = std::array<std::uint64_t, digits>;

  /// k p in digits below 2^52, the last one excepted.
  static constexpr digit_array multiple(std::uint64_t k) {
    digit_array r{};
    std::uint64_t carry = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      const std::size_t word = 52 * i / 64;
      const unsigned shift = static_cast<unsigned>(52 * i % 64);
      std::uint64_t digit = P::modulus[word] >> shift;
      if (shift > 12 && word + 1 < words) digit |= P::modulus[word + 1] << (64 - shift);
      const uint128 t = uint128{digit & low52} * k + carry;
      r[i] = static_cast<std::uint64_t>(t) & low52;
      carry = static_cast<std::uint64_t>(t >> 52);
    }
    return r;
  }
  static constexpr digit_array modulus = multiple(1), twice = multiple(2);

  /// For `below_bound`, which finds v + 4p as a number i of units of 3/4 p from the last digit alone: unit_inverse is
  /// 2^52 by the unit in terms of that digit; `bias` adds 4p, and 4 for what the lower digits may still owe it.
  static constexpr std::uint64_t unit_inverse =
      static_cast<std::uint64_t>((uint128{1} << 54) / (3 * uint128{modulus[digits - 1]}));
  static constexpr std::uint64_t bias = multiple(4)[digits - 1] + 4;
  static_assert(unit_inverse >= 64 && modulus[digits - 1] >= 1024,
                "a unit is 3/4 p to 2%, 8 of the last digit to 1% of p");
  /// Entry i of digit j is digit j of (4 - q_i) p. The quotients q_i leave i to i + 1 units with p/4 to 7/4 p, roughly,
  /// and 0 to 1 units with themselves.
  struct alignas(64) table_type {
    std::array<std::array<std::uint64_t, 8>, digits> entries;
  };
  static constexpr table_type corrections = [] {
    table_type t{};
    for (std::uint64_t i = 0; i < 8; ++i) {
      const std::uint64_t q = i == 0 ? 0 : (3 * i - 1) / 4;
      const digit_array m = multiple(q < 4 ? 4 - q : q - 4);
      for (std::size_t j = 0; j < digits; ++j) t.entries[j][i] = q <= 4 ? m[j] : ~m[j] + 1;
    }
    return t;
  }();
};

/// Eight numbers, digit by digit; "carried" if every digit is in [0, 2^52). The multiplier reads the low 52 bits only.
template <class P>
struct wide {
  static constexpr std::size_t digits = radix52<P>::digits;
  ifma_lanes digit[digits];
};

ASSAY_DETAIL_IFMA_INLINE ifma_lanes broadcast(std::uint64_t v) noexcept { return ifma_lanes{v, v, v, v, v, v, v, v}; }
ASSAY_DETAIL_IFMA_INLINE ifma_lanes arithmetic_shift(ifma_lanes v, int count) noexcept {
  return reinterpret_cast<ifma_lanes>(reinterpret_cast<signed_lanes>(v) >> count);
}

/// sum + the low (high) 52 bits of the product of 52-bit digits
ASSAY_DETAIL_IFMA_INLINE ifma_lanes add_low(ifma_lanes sum, ifma_lanes a, ifma_lanes b) noexcept {
  const signed_lanes s = reinterpret_cast<signed_lanes>(sum), x = reinterpret_cast<signed_lanes>(a),
                     y = reinterpret_cast<signed_lanes>(b);
#if defined(__clang__)
  return reinterpret_cast<ifma_lanes>(__builtin_ia32_vpmadd52luq512(s, x, y));
#else
  return reinterpret_cast<ifma_lanes>(__builtin_ia32_vpmadd52luq512_mask(s, x, y, 0xff));
#endif
}
ASSAY_DETAIL_IFMA_INLINE ifma_lanes add_high(ifma_lanes sum, ifma_lanes a, ifma_lanes b) noexcept {
  const signed_lanes s = reinterpret_cast<signed_lanes>(sum), x = reinterpret_cast<signed_lanes>(a),
                     y = reinterpret_cast<signed_lanes>(b);
#if defined(__clang__)
  return reinterpret_cast<ifma_lanes>(__builtin_ia32_vpmadd52huq512(s, x, y));
#else
  return reinterpret_cast<ifma_lanes>(__builtin_ia32_vpmadd52huq512_mask(s, x, y, 0xff));
#endif
}
/// Lane k of the result is table[index[k] mod 8].
ASSAY_DETAIL_IFMA_INLINE ifma_lanes look_up(ifma_lanes table, ifma_lanes index) noexcept {
  const signed_lanes t = reinterpret_cast<signed_lanes>(table), i = reinterpret_cast<signed_lanes>(index);
#if defined(__clang__)
  return reinterpret_cast<ifma_lanes>(__builtin_ia32_permvardi512(t, i));
#else
  return reinterpret_cast<ifma_lanes>(__builtin_ia32_permvardi512_mask(t, i, t, 0xff));
#endif
}
ASSAY_DETAIL_IFMA_INLINE lane_set equal_lanes(ifma_lanes a, ifma_lanes b) noexcept {
  return static_cast<unsigned char>(
      __builtin_ia32_cmpq512_mask(reinterpret_cast<signed_lanes>(a), reinterpret_cast<signed_lanes>(b), 0, 0xff));
}
/// a in the lanes of `set`, b elsewhere
ASSAY_DETAIL_IFMA_INLINE ifma_lanes select(lane_set set, ifma_lanes a, ifma_lanes b) noexcept {
  return (broadcast(set) & ifma_lanes{1, 2, 4, 8, 16, 32, 64, 128}) != 0 ? a : b;
}

/// Moves carries up; digits may be negative (two's complement) unless the value is. The last digit keeps the sign.
template <class P>
ASSAY_DETAIL_IFMA_INLINE void carry(wide<P>& a) noexcept {
#pragma GCC unroll 16
  for (std::size_t i = 0; i + 1 < wide<P>::digits; ++i) {
    a.digit[i + 1] += arithmetic_shift(a.digit[i], 52);
    a.digit[i] &= broadcast(low52);
  }
}
/// a 2^count, carried. @pre 0 <= a 2^count < 2^(52 L), digits below 2^55
template <class P, unsigned Count>
ASSAY_DETAIL_IFMA_INLINE wide<P> carried_and_shifted(wide<P> a) noexcept {
  constexpr std::size_t digits = wide<P>::digits;
  static_assert(Count > 0 && Count < 52);
  if constexpr (Count <= 8) {
#pragma GCC unroll 16
    for (std::size_t i = 0; i < digits; ++i) a.digit[i] <<= Count;
    carry(a);
    return a;
  } else {
    carry(a);
    wide<P> r;
    r.digit[0] = (a.digit[0] << Count) & broadcast(low52);
#pragma GCC unroll 16
    for (std::size_t i = 1; i < digits; ++i)
      r.digit[i] = ((a.digit[i] << Count) & broadcast(low52)) | (a.digit[i - 1] >> (52 - Count));
    return r;
  }
}
/// Adds the multiple of p that brings v into [0, 2p), and carries. @pre -4p < v < 1.9p, digits between -2^54 and 2^54
template <class P>
ASSAY_DETAIL_IFMA_INLINE void below_bound(wide<P>& v) noexcept {
  using radix = radix52<P>;
  constexpr std::size_t digits = wide<P>::digits;
  const ifma_lanes units = add_high(ifma_lanes{}, v.digit[digits - 1] + broadcast(radix::bias), broadcast(radix::unit_inverse));
#pragma GCC unroll 16
  for (std::size_t i = 0; i < digits; ++i) {
    const auto& e = radix::corrections.entries[i];
    v.digit[i] += look_up(ifma_lanes{e[0], e[1], e[2], e[3], e[4], e[5], e[6], e[7]}, units);
  }
  carry(v);
}

/// t = (t + m p) / 2^52 with the m that makes it an integer.
template <class P>
ASSAY_DETAIL_IFMA_INLINE void reduction_step(ifma_lanes* t) noexcept {
  using radix = radix52<P>;
  constexpr std::size_t digits = wide<P>::digits;
  const ifma_lanes m = add_low(ifma_lanes{}, t[0], broadcast(radix::negated_inverse));
#pragma GCC unroll 16
  for (std::size_t j = 1; j < digits; ++j) t[j] = add_low(t[j], m, broadcast(radix::modulus[j]));
#pragma GCC unroll 16
  for (std::size_t j = 1; j <= digits; ++j) t[j] = add_high(t[j], m, broadcast(radix::modulus[j - 1]));
  // t[0] + low52(m p[0]) is a multiple of 2^52: one carry unless t[0] is one already.
  t[1] += (t[0] + broadcast(low52)) >> 52;
}
/// One step of a product, digit by digit of a: t = (t + x b + m p) / 2^52.
template <class P>
ASSAY_DETAIL_IFMA_INLINE void multiply_step(ifma_lanes* t, ifma_lanes x, const wide<P>& b) noexcept {
  constexpr std::size_t digits = wide<P>::digits;
#pragma GCC unroll 16
  for (std::size_t j = 0; j < digits; ++j) t[j] = add_low(t[j], x, b.digit[j]);
#pragma GCC unroll 16
  for (std::size_t j = 1; j <= digits; ++j) t[j] = add_high(j < digits ? t[j] : ifma_lanes{}, x, b.digit[j - 1]);
  reduction_step<P>(t);
#pragma GCC unroll 16
  for (std::size_t j = 0; j < digits; ++j) t[j] = t[j + 1];
}

/// a b / 2^(52 L) mod p for K independent pairs, carried, below p (1 + (a/p) (b/p) p / 2^(52 L)). @pre a and b carried
/// The columns of t stay below 4 L 2^52 + L < 2^58.
template <std::size_t K, class P>
ASSAY_DETAIL_IFMA_INLINE void multiply_each(const wide<P>* a, const wide<P>* b, wide<P>* r) noexcept {
  constexpr std::size_t digits = wide<P>::digits;
  ifma_lanes t[K][digits + 1] = {};
#pragma GCC unroll 16
  for (std::size_t i = 0; i < digits; ++i) {
#pragma GCC unroll 16
    for (std::size_t k = 0; k < K; ++k) multiply_step(t[k], a[k].digit[i], b[k]);
  }
#pragma GCC unroll 16
  for (std::size_t k = 0; k < K; ++k) {
#pragma GCC unroll 16
    for (std::size_t j = 0; j < digits; ++j) r[k].digit[j] = t[k][j];
    carry(r[k]);
  }
}
template <class P>
ASSAY_DETAIL_IFMA_INLINE wide<P> multiply(const wide<P>& a, const wide<P>& b) noexcept {
  wide<P> r;
  multiply_each<1>(&a, &b, &r);
  return r;
}

/// Digits out of 64-bit words, and back. @pre for words: carried, below 2^(64 N)
template <class P>
ASSAY_DETAIL_IFMA_INLINE wide<P> digits_of(const ifma_lanes* w) noexcept {
  constexpr std::size_t words = radix52<P>::words;
  wide<P> r;
#pragma GCC unroll 16
  for (std::size_t i = 0; i < wide<P>::digits; ++i) {
    const std::size_t word = 52 * i / 64;
    const int shift = static_cast<int>(52 * i % 64);
    if (shift <= 12) r.digit[i] = (w[word] >> shift) & broadcast(low52);
    else if (word + 1 < words) r.digit[i] = ((w[word] >> shift) | (w[word + 1] << (64 - shift))) & broadcast(low52);
    else r.digit[i] = w[word] >> shift;
  }
  return r;
}
template <class P>
ASSAY_DETAIL_IFMA_INLINE void words_of(const wide<P>& a, ifma_lanes* w) noexcept {
#pragma GCC unroll 16
  for (std::size_t j = 0; j < radix52<P>::words; ++j) {
    const std::size_t i = 64 * j / 52;
    const int shift = static_cast<int>(64 * j % 52);
    w[j] = (a.digit[i] >> shift) | (a.digit[i + 1] << (52 - shift));
    if (shift > 40 && i + 2 < wide<P>::digits) w[j] |= a.digit[i + 2] << (104 - shift);
  }
}

/// Words 0 to 3 behind eight addresses, one address per lane.
ASSAY_DETAIL_IFMA_INLINE void load_four_words(const std::uint64_t* const* from, ifma_lanes* w) noexcept {
  half_lanes p[8];
#pragma GCC unroll 16
  for (std::size_t k = 0; k < 8; ++k) p[k] = *reinterpret_cast<const half_lanes*>(from[k]);
  const ifma_lanes r0 = __builtin_shufflevector(p[0], p[2], 0, 1, 2, 3, 4, 5, 6, 7);
  const ifma_lanes r1 = __builtin_shufflevector(p[1], p[3], 0, 1, 2, 3, 4, 5, 6, 7);
  const ifma_lanes r2 = __builtin_shufflevector(p[4], p[6], 0, 1, 2, 3, 4, 5, 6, 7);
  const ifma_lanes r3 = __builtin_shufflevector(p[5], p[7], 0, 1, 2, 3, 4, 5, 6, 7);
  const ifma_lanes even0 = __builtin_shufflevector(r0, r1, 0, 8, 2, 10, 4, 12, 6, 14);
  const ifma_lanes odd0 = __builtin_shufflevector(r0, r1, 1, 9, 3, 11, 5, 13, 7, 15);
  const ifma_lanes even1 = __builtin_shufflevector(r2, r3, 0, 8, 2, 10, 4, 12, 6, 14);
  const ifma_lanes odd1 = __builtin_shufflevector(r2, r3, 1, 9, 3, 11, 5, 13, 7, 15);
  w[0] = __builtin_shufflevector(even0, even1, 0, 1, 4, 5, 8, 9, 12, 13);
  w[1] = __builtin_shufflevector(odd0, odd1, 0, 1, 4, 5, 8, 9, 12, 13);
  w[2] = __builtin_shufflevector(even0, even1, 2, 3, 6, 7, 10, 11, 14, 15);
  w[3] = __builtin_shufflevector(odd0, odd1, 2, 3, 6, 7, 10, 11, 14, 15);
}
/// The inverse: lane k goes to words 0 to 3 behind address k.
ASSAY_DETAIL_IFMA_INLINE void store_four_words(const ifma_lanes* w, std::uint64_t* const* to) noexcept {
  const ifma_lanes even0 = __builtin_shufflevector(w[0], w[1], 0, 8, 2, 10, 4, 12, 6, 14);
  const ifma_lanes odd0 = __builtin_shufflevector(w[0], w[1], 1, 9, 3, 11, 5, 13, 7, 15);
  const ifma_lanes even1 = __builtin_shufflevector(w[2], w[3], 0, 8, 2, 10, 4, 12, 6, 14);
  const ifma_lanes odd1 = __builtin_shufflevector(w[2], w[3], 1, 9, 3, 11, 5, 13, 7, 15);
  const ifma_lanes r[4] = {__builtin_shufflevector(even0, even1, 0, 1, 8, 9, 2, 3, 10, 11),
                      __builtin_shufflevector(odd0, odd1, 0, 1, 8, 9, 2, 3, 10, 11),
                      __builtin_shufflevector(even0, even1, 4, 5, 12, 13, 6, 7, 14, 15),
                      __builtin_shufflevector(odd0, odd1, 4, 5, 12, 13, 6, 7, 14, 15)};
#pragma GCC unroll 16
  for (std::size_t k = 0; k < 4; ++k) {
    const std::size_t lane = k % 2 + 4 * (k / 2);
    *reinterpret_cast<half_lanes*>(to[lane]) = __builtin_shufflevector(r[k], r[k], 0, 1, 2, 3);
    *reinterpret_cast<half_lanes*>(to[lane + 2]) = __builtin_shufflevector(r[k], r[k], 4, 5, 6, 7);
  }
}

}  // namespace assay::inline v0::detail

#endif

#endif
