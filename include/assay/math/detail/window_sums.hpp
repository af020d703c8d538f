// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Multi-scalar multiplication by signed windows in which every sum, of buckets and over buckets, is a batched tree.
#ifndef ASSAY_MATH_DETAIL_WINDOW_SUMS_HPP
#define ASSAY_MATH_DETAIL_WINDOW_SUMS_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include <assay/math/detail/scratch.hpp>
#include <assay/math/detail/signed_windows.hpp>
#include <assay/math/point.hpp>
#include <assay/math/tree_sum.hpp>

namespace assay::inline v0::detail {

/// `count` windows of `width` bits; bucket k of 1..2^(width-1) collects the points with digit k or -k.
struct window_plan {
  unsigned width = 1, count = 0;
  [[nodiscard]] constexpr std::uint32_t buckets() const noexcept { return 1u << (width - 1); }
  [[nodiscard]] constexpr unsigned bits() const noexcept { return width * count; }
};

template <class Int>
[[nodiscard]] constexpr decltype(auto) digits_of(const Int& v) noexcept {
  if constexpr (small_integer<Int>) return widened(v);
  else return (v);
}

/// Turns (node, window) tasks into `plan.width` affine sums each: of the points whose digit has bit j, signs applied.
/// The result of a node is then sum over windows q and bits j of 2^(q width + j) times its sums.
template <class G>
class window_summer {
 public:
  /// bit_sums[(node count + window) width + j]; grown here, valid until the next call.
  template <class Value>
  const affine_point<G>* run(const affine_point<G>* bases, std::span<const node_values<Value>> nodes,
                             const window_plan& plan, tree_sum_workspace<G>& trees) {
    const std::size_t tasks = nodes.size() * plan.count;
    affine_point<G>* const bit_sums = bit_sums_.room(tasks * plan.width);
    for (std::size_t begin = 0; begin < tasks;) {
      const std::size_t end = group_end(nodes, plan, begin);
      sort(nodes, plan, begin, end);
      const std::size_t segments = (end - begin) * plan.buckets();
      affine_point<G>* const buckets = buckets_.room(segments);
      tree_sums<G>(bases, entries_.data(), {offsets_.data(), segments + 1}, {buckets, segments}, trees);
      sum_bits(plan, end - begin, bit_sums + begin * plan.width, trees);
      begin = end;
    }
    return bit_sums;
  }

 private:
  /// As many tasks as keep codes, entries and buckets in the caches; at least one.
  template <class Value>
  static std::size_t group_end(std::span<const node_values<Value>> nodes, const window_plan& plan,
                               std::size_t begin) noexcept {
    constexpr std::size_t most_entries = std::size_t{1} << 16, most_buckets = std::size_t{1} << 12;
    std::size_t entries = 0, end = begin;
    while (end < nodes.size() * plan.count) {
      entries += nodes[end / plan.count].values.size();
      if (end > begin && (entries > most_entries || (end - begin) * plan.buckets() >= most_buckets)) break;
      ++end;
    }
    return end;
  }

  /// Counting sort of all nonzero digits by (task, bucket) into entries_ and offsets_.
  template <class Value>
  void sort(std::span<const node_values<Value>> nodes, const window_plan& plan, std::size_t begin, std::size_t end) {
    const std::size_t buckets = plan.buckets(), segments = (end - begin) * buckets;
    std::uint32_t* const starts = offsets_.room(segments + 2);
    for (std::size_t s = 0; s < segments + 2; ++s) starts[s] = 0;
    std::size_t total = 0;
    for (std::size_t t = begin; t < end; ++t) total += nodes[t / plan.count].values.size();
    std::uint32_t* const codes = codes_.room(total);
    std::uint32_t* code = codes;
    for (std::size_t t = begin; t < end; ++t) {
      const node_values<Value>& node = nodes[t / plan.count];
      const unsigned q = static_cast<unsigned>(t % plan.count);
      std::uint32_t* const counts = starts + (t - begin) * buckets + 1;  // bucket k counts at segment + 2, k from 1
      for (std::size_t i = 0; i < node.values.size(); ++i) {
        *code = window_code(digits_of(node.values[i]), q, plan.width);
        if (*code != 0) ++counts[*code >> 1];
        ++code;
      }
    }
    for (std::size_t s = 2; s < segments + 2; ++s) starts[s] += starts[s - 1];
    std::uint32_t* const entries = entries_.room(total + 1);
    code = codes;
    for (std::size_t t = begin; t < end; ++t) {
      const node_values<Value>& node = nodes[t / plan.count];
      std::uint32_t* const ends = starts + (t - begin) * buckets;
      for (std::size_t i = 0; i < node.values.size(); ++i, ++code) {
        if (*code == 0) continue;
        const std::uint32_t base = node.bases.empty() ? static_cast<std::uint32_t>(i) : node.bases[i];
        entries[ends[*code >> 1]++] = base << 1 | (*code & 1);
      }
    }
  }

  void close_segment() { offsets_.data()[++segment_count_] = entry_count_; }
  void add_entry(const affine_point<G>* points, std::size_t index) {
    if (!points[index].is_infinity()) entries_.data()[entry_count_++] = static_cast<std::uint32_t>(index << 1);
  }
  void start_segments(std::size_t segments, std::size_t entries) {
    offsets_.room(segments + 1)[0] = 0;
    entries_.room(entries + 1);
    segment_count_ = 0, entry_count_ = 0;
  }

  /// Buckets of `tasks` tasks into their sums by bits of the bucket number k. With many buckets first k = high L + low:
  /// rows and columns are summed, and bits of `high` and `low` are taken over those.
  [[gnu::noinline]] void sum_bits(const window_plan& plan, std::size_t tasks, affine_point<G>* out,
                                  tree_sum_workspace<G>& trees) {
    const std::size_t count = plan.buckets();
    const affine_point<G>* const buckets = buckets_.data();
    if (plan.width <= 5) {
      start_segments(tasks * plan.width, tasks * count * plan.width);
      for (std::size_t t = 0; t < tasks; ++t) add_bit_segments(buckets, t * count, count, plan.width);
    } else {
      const unsigned low_bits = (plan.width - 1) / 2, high_bits = plan.width - low_bits;
      const std::size_t lows = std::size_t{1} << low_bits, highs = count >> low_bits, lines = highs + lows - 1;
      start_segments(tasks * lines, 2 * tasks * count);
      for (std::size_t t = 0; t < tasks; ++t) add_line_segments(buckets, t * count, lows, highs);
      affine_point<G>* const sums = lines_.room(tasks * lines);
      sum_segments(buckets, sums, trees);
      start_segments(tasks * plan.width, tasks * lines * plan.width);
      for (std::size_t t = 0; t < tasks; ++t) {
        add_bit_segments(sums, t * lines + highs, lows - 1, low_bits);
        add_bit_segments(sums, t * lines, highs, high_bits);
      }
    }
    sum_segments(plan.width <= 5 ? buckets : lines_.data(), out, trees);
  }
  void sum_segments(const affine_point<G>* points, affine_point<G>* sums, tree_sum_workspace<G>& trees) {
    tree_sums<G>(points, entries_.data(), {offsets_.data(), segment_count_ + 1}, {sums, segment_count_}, trees);
  }
  /// points[first + k - 1] for k = 1..count: one segment per bit of k.
  void add_bit_segments(const affine_point<G>* points, std::size_t first, std::size_t count, unsigned bits) {
    for (unsigned j = 0; j < bits; ++j) {
      for (std::size_t k = std::size_t{1} << j; k <= count; k = (k + 1) | std::size_t{1} << j)
        add_entry(points, first + k - 1);
      close_segment();
    }
  }
  /// Rows high = 1..highs, then columns low = 1..lows - 1, of buckets k = high lows + low.
  void add_line_segments(const affine_point<G>* buckets, std::size_t first, std::size_t lows, std::size_t highs) {
    const std::size_t count = lows * highs;
    for (std::size_t high = 1; high <= highs; ++high) {
      for (std::size_t k = high * lows; k < (high + 1) * lows && k <= count; ++k) add_entry(buckets, first + k - 1);
      close_segment();
    }
    for (std::size_t low = 1; low < lows; ++low) {
      for (std::size_t k = low; k <= count; k += lows) add_entry(buckets, first + k - 1);
      close_segment();
    }
  }

  scratch<std::uint32_t> offsets_, codes_, entries_;
  scratch<affine_point<G>> buckets_, lines_, bit_sums_;
  std::size_t segment_count_ = 0;
  std::uint32_t entry_count_ = 0;
};

/// sum over i of 2^i sums[i]
template <class G>
[[nodiscard]] xyzz_point<G> sum_of_powers(const affine_point<G>* sums, std::size_t count) noexcept {
  xyzz_point<G> total;
  while (count > 0) {
    total = total.doubled();
    total += sums[--count];
  }
  return total;
}

}  // namespace assay::inline v0::detail

#endif
