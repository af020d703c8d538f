// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Softmax over a whole row and the border of its nucleus, with the bits of the entry-by-entry rule.
#ifndef ASSAY_TOKEN_ROW_SOFTMAX_HPP
#define ASSAY_TOKEN_ROW_SOFTMAX_HPP

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include <assay/core/fp.hpp>
#include <assay/random/philox.hpp>
#include <assay/token/row_scan.hpp>
#include <assay/token/softmax.hpp>
#include <assay/token/workspace.hpp>

namespace assay::inline v0::detail {

#if ASSAY_X86_64
using lane_floats [[gnu::vector_size(32)]] = float;
using lane_ints [[gnu::vector_size(32)]] = int;
using lane_words [[gnu::vector_size(32)]] = std::uint64_t;

/// @pre n is a multiple of 8
__attribute__((target("avx2"), noinline)) inline void divide_avx2(const float* x, std::size_t n, float divisor,
                                                                  float* out) noexcept {
  for (std::size_t i = 0; i < n; i += 8) {
    lane_floats v;
    std::memcpy(&v, x + i, sizeof v);
    v = v / (lane_floats{} + divisor);
    std::memcpy(out + i, &v, sizeof v);
  }
}

/// Terms as multiples of 2^-60, cut: sums of their upper and lower 30 bits. Every step is exact.
/// @pre n is a multiple of 8, the terms lie in [0, 1]
__attribute__((target("avx2"), noinline)) inline void
sum_terms_avx2(const float* terms, std::size_t n, std::uint64_t& upper, std::uint64_t& lower) noexcept {
  lane_words high{}, low{};
  for (std::size_t i = 0; i < n; i += 8) {
    lane_floats v;
    std::memcpy(&v, terms + i, sizeof v);
    v = v * 0x1p30f;
    const lane_ints front = __builtin_convertvector(v, lane_ints);
    v = (v - __builtin_convertvector(front, lane_floats)) * 0x1p30f;
    const lane_words a = reinterpret_cast<lane_words>(front);
    const lane_words b = reinterpret_cast<lane_words>(__builtin_convertvector(v, lane_ints));
    high += (a & 0xffffffffu) + (a >> 32);
    low += (b & 0xffffffffu) + (b >> 32);
  }
  for (int j = 0; j < 4; ++j) {
    upper += high[j];
    lower += low[j];
  }
}

/// Sum of the rounded multiples of 1/`scale` nearest to the values; false if one lies halfway. @pre as above, n <= 2^10
__attribute__((target("avx2"), noinline)) inline bool sum_rounded_avx2(const float* values, std::size_t n, float scale,
                                                                       std::uint64_t& sum) noexcept {
  lane_words total{};
  lane_ints halfway{};
  for (std::size_t i = 0; i < n; i += 8) {
    lane_floats v;
    std::memcpy(&v, values + i, sizeof v);
    v = v * scale;
    const lane_ints nearest = __builtin_ia32_cvtps2dq256(v);
    const lane_floats off = v - __builtin_convertvector(nearest, lane_floats);
    halfway |= (off == 0.5f) | (off == -0.5f);
    const lane_words w = reinterpret_cast<lane_words>(nearest);
    total += (w & 0xffffffffu) + (w >> 32);
  }
  sum += total[0] + total[1] + total[2] + total[3];
  return lane_bits(halfway) == 0;
}
#endif

/// out[i] = x[i] / divisor, each rounded once.
inline void divide_all(const float* x, std::size_t n, float divisor, float* out) noexcept {
  std::size_t done = 0;
#if ASSAY_X86_64
  if (cpu_has_avx2()) {
    done = n - n % 8;
    divide_avx2(x, done, divisor, out);
  }
#endif
  for (; done < n; ++done) out[done] = fp::div(x[done], divisor);
}

/// As `sum.add(terms, n)`. Determinism: exact.
inline void add_terms(term_sum& sum, const float* terms, std::size_t n) noexcept {
  std::size_t done = 0;
#if ASSAY_X86_64
  if (cpu_has_avx2()) {
    done = n - n % 8;
    std::uint64_t upper = 0, lower = 0;
    sum_terms_avx2(terms, done, upper, lower);
    sum.add_halves(upper, lower);
  }
#endif
  sum.add(terms + done, n - done);
}

/// Terms of entries this far below the largest are cut to zero by `term_sum`.
inline constexpr float lowest_summed_exponent = -42.0f;

/// The sum of all softmax terms of a row; with `out`, the terms too.
/// @pre `maxima` holds the scan of this row. Complexity: an exponential per entry, but none in blocks far below the
/// top.
inline term_sum row_terms(std::span<const float> row, float temperature, float scaled_max, const float* maxima,
                          float* out = nullptr) {
  float scaled[scan_block], stretch[scan_block];
  term_sum sum;
  for (std::size_t at = 0; at < row.size(); at += scan_block) {
    const std::size_t n = std::min(scan_block, row.size() - at);
    float* terms = out != nullptr ? out + at : stretch;
    const float top = fp::sub(fp::div(maxima[at / scan_block], temperature), scaled_max);
    if (top < (out != nullptr ? lowest_exponent : lowest_summed_exponent)) {
      if (out != nullptr) std::fill(terms, terms + n, 0.0f);
      continue;
    }
    const float* x = row.data() + at;
    if (temperature != 1.0f) {
      divide_all(x, n, temperature, scaled);
      x = scaled;
    }
    softmax_terms(x, n, scaled_max, terms);
    add_terms(sum, terms, n);
  }
  return sum;
}

/// Where ascending float32 sums of probabilities first exceed a limit.
struct nucleus_border {
  float probability = 0;  ///< that of the first kept entry
  std::size_t dropped_equals = 0;  ///< entries of the same probability that are dropped, the first in order
  bool crossed = false;  ///< false: the limit is never exceeded
};

/// Adds values to a running float32 sum as if one by one in ascending order, without needing that order.
/// While the sum stays in one binade, each addition adds a multiple of its ulp that depends on the value alone, unless
/// the value lies halfway between two. @returns false, and changes nothing, where the order could matter or the limit
/// is passed
inline bool add_unordered(const float* values, std::size_t n, float top, float limit, float& sum) noexcept {
  if (!(sum >= 0x1p-100f) || !(top < sum)) return false;
  const auto bits = std::bit_cast<std::uint32_t>(sum);
  const float scale = std::bit_cast<float>((277u - (bits >> 23)) << 23);  // 1 / ulp(sum)
  std::uint64_t steps = (bits & 0x7fffffu) | 0x800000u;
  std::size_t done = 0;
#if ASSAY_X86_64
  for (const bool wide = cpu_has_avx2(); wide && n - done >= 8;) {
    const std::size_t part = std::min<std::size_t>(1024, (n - done) / 8 * 8);
    if (!sum_rounded_avx2(values + done, part, scale, steps) || steps >= 0x1000000u) return false;
    done += part;
  }
#endif
  for (; done < n; ++done) {
    const float v = fp::mul(values[done], scale);  // below 2^24, exact
    const auto whole = static_cast<std::uint32_t>(v);
    const float rest = fp::sub(v, static_cast<float>(whole));
    if (rest == 0.5f) return false;
    steps += whole + (rest > 0.5f ? 1u : 0u);
  }
  if (steps >= 0x1000000u) return false;
  const float next = std::bit_cast<float>((bits & 0xff800000u) | (static_cast<std::uint32_t>(steps) & 0x7fffffu));
  if (next > limit) return false;
  sum = next;
  return true;
}

/// Values of one bucket share all bits above these.
inline constexpr int bucket_shift = 17;
inline constexpr std::size_t bucket_count = (0x3f800000u >> bucket_shift) + 1;

/// Finds the border of probabilities in [0, 1] summed in ascending order. `space` has room for n floats, `counts` for
/// `bucket_count` + 1 numbers. Determinism: that of adding one by one. Complexity: two passes and, where order matters,
/// sorts of single buckets.
inline nucleus_border find_border(const float* p, std::size_t n, float limit, float* space,
                                  std::uint64_t* counts) noexcept {
  const auto bucket = [](float v) { return std::bit_cast<std::uint32_t>(v) >> bucket_shift; };
  std::fill(counts, counts + bucket_count + 1, 0);
  for (std::size_t i = 0; i < n; ++i) counts[bucket(p[i]) + 1] += p[i] > 0;
  for (std::size_t b = 0; b < bucket_count; ++b) counts[b + 1] += counts[b];
  for (std::size_t i = 0; i < n; ++i)
    if (p[i] > 0) space[counts[bucket(p[i])]++] = p[i];
  float sum = 0;  // bucket b now ends at counts[b], where the next one begins
  for (std::size_t b = 0; b < bucket_count; ++b) {
    float *from = space + (b == 0 ? 0 : counts[b - 1]), *end = space + counts[b];
    if (from == end) continue;
    const float top = std::bit_cast<float>(static_cast<std::uint32_t>(b + 1) << bucket_shift);
    if (add_unordered(from, static_cast<std::size_t>(end - from), top, limit, sum)) continue;
    std::sort(from, end);
    for (float* v = from; v != end; ++v) {
      sum = fp::add(sum, *v);
      if (sum > limit) return {*v, static_cast<std::size_t>(v - std::lower_bound(from, v, *v)), true};
    }
  }
  return {};
}

}  // namespace assay::inline v0::detail

#endif
