// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Passes over a whole row of logits: the only work of token scoring that grows with the vocabulary.
#ifndef ASSAY_TOKEN_ROW_SCAN_HPP
#define ASSAY_TOKEN_ROW_SCAN_HPP

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <vector>

#include <assay/core/fp.hpp>
#include <assay/core/result.hpp>
#include <assay/random/philox.hpp>

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
using scan_floats [[gnu::vector_size(32)]] = float;
using scan_masks [[gnu::vector_size(32)]] = int;

/// One bit per lane of a comparison.
__attribute__((target("avx2"), always_inline)) inline unsigned lane_bits(const scan_masks& masks) noexcept {
  return static_cast<unsigned>(__builtin_ia32_movmskps256(reinterpret_cast<scan_floats>(masks)));
}

__attribute__((target("avx2"), noinline)) inline std::size_t
collect_stretch_avx2(const row_stretch& s, std::size_t at, std::size_t end, row_collection& found) noexcept {
  const scan_floats threshold = scan_floats{} + s.threshold;
  for (; at + 32 <= end && found.size + 32 <= s.room; at += 32) {
    scan_masks hit[4];
    for (std::size_t j = 0; j < 4; ++j) {
      scan_floats v;
      std::memcpy(&v, s.row.data() + at + 8 * j, sizeof v);
      hit[j] = v >= threshold;
    }
    if (lane_bits((hit[0] | hit[1]) | (hit[2] | hit[3])) == 0) continue;
    for (std::size_t j = 0; j < 4; ++j)
      for (unsigned m = lane_bits(hit[j]); m != 0; m &= m - 1) {
        const std::size_t i = at + 8 * j + static_cast<std::size_t>(std::countr_zero(m));
        s.keys[found.size++] = sort_key(s.row[i], static_cast<std::uint32_t>(i));
      }
  }
  return at;
}

/// Scans full blocks; the largest entry of each goes to `maxima`.
__attribute__((target("avx2"), noinline)) inline void
scan_blocks_avx2(const float* row, std::size_t blocks, float claim, float* maxima, row_maximum& m) noexcept {
  const scan_floats limit = scan_floats{} + claim, top = scan_floats{} + largest_float;
  scan_masks good = ~scan_masks{};
  for (std::size_t b = 0; b < blocks; ++b) {
    scan_floats best[4];
    scan_masks above{};  // minus the number of entries above the claim
    for (scan_floats& v : best) v = scan_floats{} + minus_infinity;
    for (const float *at = row + b * scan_block, *end = at + scan_block; at != end; at += 32)
      for (int j = 0; j < 4; ++j) {
        scan_floats v;
        std::memcpy(&v, at + 8 * j, sizeof v);
        best[j] = __builtin_ia32_maxps256(best[j], v);
        above += v > limit;
        good &= v <= top;
      }
    scan_floats most =
        __builtin_ia32_maxps256(__builtin_ia32_maxps256(best[0], best[1]), __builtin_ia32_maxps256(best[2], best[3]));
    most = __builtin_ia32_maxps256(most, __builtin_shufflevector(most, most, 4, 5, 6, 7, 0, 1, 2, 3));
    most = __builtin_ia32_maxps256(most, __builtin_shufflevector(most, most, 2, 3, 0, 1, 6, 7, 4, 5));
    most = __builtin_ia32_maxps256(most, __builtin_shufflevector(most, most, 1, 0, 3, 2, 5, 4, 7, 6));
    maxima[b] = most[0];
    above += __builtin_shufflevector(above, above, 4, 5, 6, 7, 0, 1, 2, 3);
    above += __builtin_shufflevector(above, above, 2, 3, 0, 1, 6, 7, 4, 5);
    m.greater += static_cast<std::uint32_t>(-(above[0] + above[1]));
  }
  m.bad |= lane_bits(good) != 0xff;
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
  std::nth_element(begin, kth, end, [](auto a, auto b) { return a > b; });
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
    std::nth_element(copy, kth, copy + static_cast<std::ptrdiff_t>(blocks), [](auto a, auto b) { return a > b; });
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
