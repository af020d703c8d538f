// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Passes over a whole row of logits: the only work of token scoring that grows with the vocabulary.
#ifndef ASSAY_TOKEN_ROW_SCAN_HPP
#define ASSAY_TOKEN_ROW_SCAN_HPP

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <vector>

#include <assay/core/fp.hpp>
#include <assay/core/result.hpp>
#include <assay/random/philox.hpp>

#if ASSAY_X86_64
#include <immintrin.h>
#endif

namespace assay::inline v0::detail {

inline constexpr float largest_float = std::numeric_limits<float>::max();
inline constexpr float minus_infinity = -std::numeric_limits<float>::infinity();
inline constexpr float no_claim = std::numeric_limits<float>::infinity();

/// Maps floats to integers of the same order; both zeros map to one value.
[[nodiscard]] inline std::uint32_t ordered(float v) noexcept {
  const auto bits = std::bit_cast<std::uint32_t>(v + 0.0f);
  return bits ^ ((bits >> 31) != 0 ? 0xffffffffu : 0x80000000u);
}

[[nodiscard]] inline float from_ordered(std::uint32_t key) noexcept {
  return std::bit_cast<float>(key ^ ((key >> 31) != 0 ? 0x80000000u : 0xffffffffu));
}

/// Sorts by value, then by id.
[[nodiscard]] inline std::uint64_t sort_key(float value, std::uint32_t id) noexcept {
  return std::uint64_t{ordered(value)} << 32 | id;
}

[[nodiscard]] inline float key_value(std::uint64_t key) noexcept {
  return from_ordered(static_cast<std::uint32_t>(key >> 32));
}

[[nodiscard]] inline error non_finite_logit(std::span<const float> row) noexcept {
  std::uint64_t at = 0;
  while (at < row.size() && row[at] <= largest_float) ++at;
  return fail(errc::non_finite, "a logit is NaN or +infinity", at);
}

/// How many keys a collection holds.
struct row_collection {
  std::size_t size = 0;
};

struct row_maximum {
  float value = minus_infinity;
  std::uint64_t greater = 0;
  bool bad = false;
  std::size_t block = 0;  ///< the first block that holds the value
};

/// Entries per block of the scan that precedes every use of a whole row.
inline constexpr std::size_t scan_block = 256;

/// One stretch of the collecting pass: stops at the row's end, or when fewer than 32 places are free.
struct row_stretch {
  std::span<const float> row;
  float threshold;
  std::uint64_t* keys;
  std::size_t room;
};

inline std::size_t collect_stretch_ref(const row_stretch& s, std::size_t at, std::size_t end,
                                       row_collection& found) noexcept {
  for (; at < end && found.size < s.room; ++at) {
    const float v = s.row[at];
    if (v >= s.threshold) s.keys[found.size++] = sort_key(v, static_cast<std::uint32_t>(at));
  }
  return at;
}

inline row_maximum maximum_ref(std::span<const float> row, float claim) noexcept {
  row_maximum m;
  for (float v : row) {
    if (v > m.value) m.value = v;
    m.greater += v > claim;
    m.bad |= !(v <= largest_float);
  }
  return m;
}

#if ASSAY_X86_64
__attribute__((target("avx2"), noinline)) inline std::size_t
collect_stretch_avx2(const row_stretch& s, std::size_t at, std::size_t end, row_collection& found) noexcept {
  const __m256 threshold = _mm256_set1_ps(s.threshold);
  for (; at + 32 <= end && found.size + 32 <= s.room; at += 32) {
    __m256 hit[4];
    for (std::size_t j = 0; j < 4; ++j)
      hit[j] = _mm256_cmp_ps(_mm256_loadu_ps(s.row.data() + at + 8 * j), threshold, _CMP_GE_OQ);
    const __m256 any = _mm256_or_ps(_mm256_or_ps(hit[0], hit[1]), _mm256_or_ps(hit[2], hit[3]));
    if (_mm256_movemask_ps(any) == 0) continue;
    for (std::size_t j = 0; j < 4; ++j)
      for (auto m = static_cast<unsigned>(_mm256_movemask_ps(hit[j])); m != 0; m &= m - 1) {
        const std::size_t i = at + 8 * j + static_cast<std::size_t>(std::countr_zero(m));
        s.keys[found.size++] = sort_key(s.row[i], static_cast<std::uint32_t>(i));
      }
  }
  return at;
}

/// Scans full blocks; the largest entry of each goes to `maxima`.
__attribute__((target("avx2"), noinline)) inline void
scan_blocks_avx2(const float* row, std::size_t blocks, float claim, float* maxima, row_maximum& m) noexcept {
  const __m256 limit = _mm256_set1_ps(claim), top = _mm256_set1_ps(largest_float);
  __m256 bad = _mm256_setzero_ps();
  for (std::size_t b = 0; b < blocks; ++b) {
    __m256 best[4];
    __m256i greater = _mm256_setzero_si256();
    for (__m256& v : best) v = _mm256_set1_ps(minus_infinity);
    for (const float *at = row + b * scan_block, *end = at + scan_block; at != end; at += 32)
      for (int j = 0; j < 4; ++j) {
        const __m256 v = _mm256_loadu_ps(at + 8 * j);
        best[j] = _mm256_max_ps(best[j], v);
        greater = _mm256_sub_epi32(greater, _mm256_castps_si256(_mm256_cmp_ps(v, limit, _CMP_GT_OQ)));
        bad = _mm256_or_ps(bad, _mm256_cmp_ps(v, top, _CMP_NLE_UQ));
      }
    const __m256 most = _mm256_max_ps(_mm256_max_ps(best[0], best[1]), _mm256_max_ps(best[2], best[3]));
    __m128 four = _mm_max_ps(_mm256_castps256_ps128(most), _mm256_extractf128_ps(most, 1));
    four = _mm_max_ps(four, _mm_movehl_ps(four, four));
    maxima[b] = _mm_cvtss_f32(_mm_max_ss(four, _mm_shuffle_ps(four, four, 1)));
    __m128i count = _mm_add_epi32(_mm256_castsi256_si128(greater), _mm256_extracti128_si256(greater, 1));
    count = _mm_add_epi32(count, _mm_srli_si128(count, 8));
    m.greater += static_cast<std::uint32_t>(_mm_cvtsi128_si32(_mm_add_epi32(count, _mm_srli_si128(count, 4))));
  }
  m.bad |= _mm256_movemask_ps(bad) != 0;
}
#endif

/// Largest entry, number of entries above `claim`, whether all are usable, and the largest entry of each block.
/// `maxima` only grows. Complexity: the one pass over the row that every function needs.
[[nodiscard]] inline row_maximum scan_blocks(std::span<const float> row, float claim, std::vector<float>& maxima) {
  const std::size_t blocks = (row.size() + scan_block - 1) / scan_block;
  if (maxima.size() < 2 * blocks) maxima.resize(2 * blocks);  // the upper half is for a copy
  row_maximum m;
  std::size_t done = 0;
#if ASSAY_X86_64
  if (cpu_has_avx2()) {
    done = row.size() / scan_block;
    scan_blocks_avx2(row.data(), done, claim, maxima.data(), m);
  }
#endif
  for (; done < blocks; ++done) {
    const std::size_t from = done * scan_block;
    const row_maximum one = maximum_ref(row.subspan(from, std::min(scan_block, row.size() - from)), claim);
    maxima[done] = one.value;
    m.greater += one.greater;
    m.bad |= one.bad;
  }
  for (std::size_t b = 0; b < blocks; ++b)
    if (maxima[b] > m.value) {
      m.value = maxima[b];
      m.block = b;
    }
  return m;
}

/// Index of the first largest entry. @pre `m` is the scan of this row
[[nodiscard]] inline std::uint32_t first_largest(std::span<const float> row, const row_maximum& m) noexcept {
  std::size_t at = m.block * scan_block;
  while (at + 1 < row.size() && row[at] != m.value) ++at;
  return static_cast<std::uint32_t>(at);
}

/// Goes on collecting from `at` up to `end`; returns where it stopped.
inline std::size_t collect_stretch(const row_stretch& s, std::size_t at, std::size_t end,
                                   row_collection& found) noexcept {
#if ASSAY_X86_64
  if (cpu_has_avx2()) {
    at = collect_stretch_avx2(s, at, end, found);
    if (at + 32 <= end) return at;
  }
#endif
  return collect_stretch_ref(s, at, end, found);
}

/// The smallest logit that divided by the temperature still reaches `quotient`, itself such a quotient:
/// rounding can merge different logits, and merged ones tie.
[[nodiscard]] inline float lowest_logit_reaching(float quotient, float logit, float temperature) noexcept {
  if (temperature == 1.0f) return logit;
  // Gallop down in the order of floats, then bisect: low fails, high reaches.
  std::uint32_t high = ordered(logit), step = 1;
  const std::uint32_t floor = ordered(-largest_float);
  const auto reaches = [&](std::uint32_t key) { return fp::div(from_ordered(key), temperature) >= quotient; };
  std::uint32_t low = high;
  for (;;) {
    if (high - floor < step) {
      if (reaches(floor)) return from_ordered(floor);
      low = floor;
      break;
    }
    low = high - step;
    if (!reaches(low)) break;
    high = low;
    step *= 2;
  }
  while (high - low > 1) {
    const std::uint32_t middle = low + (high - low) / 2;
    (reaches(middle) ? high : low) = middle;
  }
  return from_ordered(high);
}

/// Cuts a collection back to the `k` largest quotients and their ties, and raises the threshold to them. @pre k < found.size
inline void keep_largest(std::size_t k, float temperature, std::vector<std::uint64_t>& keys, row_stretch& s,
                         row_collection& found) noexcept {
  const auto begin = keys.begin(), end = begin + static_cast<std::ptrdiff_t>(found.size);
  const auto kth = begin + static_cast<std::ptrdiff_t>(k) - 1;
  std::nth_element(begin, kth, end, std::greater<>{});
  const float logit = key_value(*kth);
  s.threshold = lowest_logit_reaching(fp::div(logit, temperature), logit, temperature);
  const std::uint64_t cut = sort_key(s.threshold, 0);
  found.size =
      static_cast<std::size_t>(std::partition(kth, end, [cut](std::uint64_t key) { return key >= cut; }) - begin);
}

/// Collects the keys of the `k` entries with the largest quotients by `temperature`, and of all that tie with the k-th;
/// -infinity is left out. `keys` only grows.
/// The k-th largest of the block maxima bounds the k-th largest entry from below: only blocks that reach it are visited.
/// @pre `maxima` holds the scan of this row, without bad entries; k > 0
[[nodiscard]] inline row_collection collect_largest(std::span<const float> row, std::size_t k, float temperature,
                                                    std::vector<float>& maxima, std::vector<std::uint64_t>& keys) {
  const std::size_t blocks = (row.size() + scan_block - 1) / scan_block;
  std::size_t room = std::max<std::size_t>(256, 2 * std::min(k, row.size())) + 32;
  row_collection found;
  row_stretch s{row, -largest_float, nullptr, 0};
  if (k <= blocks) {
    const auto copy = maxima.begin() + static_cast<std::ptrdiff_t>(blocks),
               kth = copy + static_cast<std::ptrdiff_t>(k) - 1;
    std::copy(maxima.begin(), copy, copy);
    std::nth_element(copy, kth, copy + static_cast<std::ptrdiff_t>(blocks), std::greater<>{});
    if (*kth > minus_infinity) s.threshold = lowest_logit_reaching(fp::div(*kth, temperature), *kth, temperature);
  }
  for (std::size_t at = 0; at < row.size();) {
    if (at % scan_block == 0 && maxima[at / scan_block] < s.threshold) {
      at += scan_block;
      continue;
    }
    if (keys.size() < room) keys.resize(room);
    s.keys = keys.data();
    s.room = room;
    const std::size_t end = std::min(row.size(), (at / scan_block + 1) * scan_block);
    at = collect_stretch(s, at, end, found);
    if (at == end) continue;
    if (found.size > k) keep_largest(k, temperature, keys, s, found);
    if (found.size > room / 2) room = std::min(2 * room, row.size() + 32);
  }
  if (found.size > k) keep_largest(k, temperature, keys, s, found);
  return found;
}

/// Collects the keys of all entries that are at least `threshold`. `keys` only grows. Complexity: one pass.
[[nodiscard]] inline row_collection collect_from(std::span<const float> row, float threshold,
                                                 std::vector<std::uint64_t>& keys) {
  if (keys.size() < row.size() + 32) keys.resize(row.size() + 32);
  row_collection found;
  collect_stretch({row, threshold, keys.data(), row.size() + 32}, 0, row.size(), found);
  return found;
}

}  // namespace assay::inline v0::detail

#endif
