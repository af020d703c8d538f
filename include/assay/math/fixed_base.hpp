// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tables of multiples of fixed bases: a sum is a choice of entries and one tree, shared by all sums of a call.
#ifndef ASSAY_MATH_FIXED_BASE_HPP
#define ASSAY_MATH_FIXED_BASE_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <assay/core/executor.hpp>
#include <assay/core/expects.hpp>
#include <assay/math/detail/scratch.hpp>
#include <assay/math/detail/signed_windows.hpp>
#include <assay/math/msm.hpp>
#include <assay/math/point.hpp>
#include <assay/math/tree_sum.hpp>

namespace assay::inline v0 {

/// For every base P and every window w the multiples d 2^(c w) P, d = 1..2^(c-1). Immutable; share it between threads.
///
/// With 8-bit windows a base costs 8 KB (64-byte points) per byte of the values: 8 KB for int8, 256 KB for full width.
template <class G>
class fixed_base_table {
 public:
  fixed_base_table() = default;

  /// Multiples for values v with |v| <= 2^(value_bits - 1), or for all scalars if value_bits is G::scalar::bits.
  /// About one affine addition per entry. Exact.
  /// @pre 1 <= value_bits <= 64 or value_bits == G::scalar::bits; 2 <= window_bits <= 16; fewer than 2^31 entries
  [[nodiscard]] static fixed_base_table build(std::span<const affine_point<G>> bases, unsigned value_bits,
                                              unsigned window_bits = 8) {
    ASSAY_EXPECTS((value_bits >= 1 && value_bits <= 64) || value_bits == G::scalar::bits);
    ASSAY_EXPECTS(window_bits >= 2 && window_bits <= 16);
    fixed_base_table table;
    table.bases_ = bases.size();
    table.value_bits_ = value_bits;
    if (window_bits > value_bits) window_bits = value_bits < 2 ? 2 : value_bits;
    // A scalar is no two's-complement number: one bit more keeps its sign clear.
    const unsigned covered = value_bits == G::scalar::bits ? value_bits + 1 : value_bits;
    table.plan_ = {window_bits, (covered + window_bits - 1) / window_bits};
    const std::size_t row = table.plan_.buckets();
    ASSAY_EXPECTS(bases.size() < (std::size_t{1} << 31) / (row * table.plan_.count));
    table.multiples_.resize(bases.size() * table.plan_.count * row);
    batch_add_workspace<G> work;
    constexpr std::size_t chunk = 256;
    for (std::size_t first = 0; first < bases.size(); first += chunk)
      table.build_chunk(bases.subspan(first, bases.size() - first < chunk ? bases.size() - first : chunk), first, work);
    return table;
  }

  /// Number of bases.
  [[nodiscard]] std::size_t size() const noexcept { return bases_; }
  [[nodiscard]] unsigned value_bits() const noexcept { return value_bits_; }
  [[nodiscard]] unsigned window_bits() const noexcept { return plan_.width; }
  [[nodiscard]] unsigned windows() const noexcept { return plan_.count; }
  [[nodiscard]] std::size_t byte_size() const noexcept { return multiples_.size() * sizeof(affine_point<G>); }
  /// Entry ((base windows() + window) 2^(c-1) + d - 1) is d 2^(c window) times the base.
  [[nodiscard]] const affine_point<G>* multiples() const noexcept { return multiples_.data(); }
  [[nodiscard]] const affine_point<G>& base(std::size_t i) const noexcept {
    return multiples_[i * plan_.count * plan_.buckets()];
  }

 private:
  /// Window by window; in a window multiples m + 1..2m are multiple m plus multiples 1..m, for all bases together.
  void build_chunk(std::span<const affine_point<G>> bases, std::size_t first, batch_add_workspace<G>& work) {
    const std::size_t row = plan_.buckets(), count = bases.size();
    std::vector<affine_point<G>> rows(count * row), sums(count * row / 2);
    std::vector<std::uint32_t> left(count * row / 2), right(left.size()), out(left.size());
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint32_t>(i);
    for (std::size_t b = 0; b < count; ++b) rows[b] = bases[b];  // multiple d of base b is rows[(d - 1) count + b]
    for (unsigned w = 0; w < plan_.count; ++w) {
      if (w != 0) {
        for (std::size_t b = 0; b < count; ++b) left[b] = static_cast<std::uint32_t>(2 * ((row - 1) * count + b));
        batch_add<G>(rows.data(), left.data(), left.data(), out.data(), sums.data(), count, work);
        for (std::size_t b = 0; b < count; ++b) rows[b] = sums[b];
      }
      for (std::size_t m = 1; m < row; m *= 2) {
        for (std::size_t i = 0; i < m * count; ++i) {
          left[i] = static_cast<std::uint32_t>(2 * ((m - 1) * count + i % count));
          right[i] = static_cast<std::uint32_t>(2 * i);
        }
        batch_add<G>(rows.data(), left.data(), right.data(), out.data(), sums.data(), m * count, work);
        for (std::size_t i = 0; i < m * count; ++i) rows[m * count + i] = sums[i];
      }
      for (std::size_t b = 0; b < count; ++b)
        for (std::size_t d = 0; d < row; ++d)
          multiples_[((first + b) * plan_.count + w) * row + d] = rows[d * count + b];
    }
  }

  std::vector<affine_point<G>, detail::table_allocator<affine_point<G>>> multiples_;
  std::size_t bases_ = 0;
  detail::window_plan plan_;
  unsigned value_bits_ = 0;
};

namespace detail {

/// The code of digit q, the top one taking all bits that are left: no window for a carry.
template <std::integral Wide>
[[nodiscard]] constexpr std::uint32_t top_window_code(Wide v, unsigned q, unsigned c) noexcept {
  if (q == 0) return digit_code(static_cast<std::int32_t>(v));
  const Wide halves = static_cast<Wide>(v >> (q * c - 1));
  return digit_code(static_cast<std::int32_t>((halves >> 1) + (halves & 1)));
}

/// Writes the table entries that add up to node's sum; returns how many.
template <class G, class V>
std::size_t choose_entries(const fixed_base_table<G>& table, const node_values<V>& node, std::uint32_t* entries) {
  const unsigned c = table.window_bits(), windows = table.windows();
  const std::uint32_t row = 1u << (c - 1);
  std::uint32_t* to = entries;
  const auto put = [&](std::uint32_t code, std::uint32_t start) {
    *to = (start - 1) * 2 + code;
    to += code != 0;
  };
  for (std::size_t i = 0; i < node.values.size(); ++i) {
    std::uint32_t start = (node.bases.empty() ? static_cast<std::uint32_t>(i) : node.bases[i]) * windows * row;
    if constexpr (small_integer<V>) {
      const auto v = widened(node.values[i]);
      const unsigned used =
          windows < (8 * sizeof(V) + c) / c ? windows : static_cast<unsigned>((8 * sizeof(V) + c) / c);
      for (unsigned q = 0; q + 1 < used; ++q, start += row) put(window_code(v, q, c), start);
      put(top_window_code(v, used - 1, c), start);
    } else {
      const auto v = node.values[i].to_limbs();
      for (unsigned q = 0; q < windows; ++q, start += row) put(window_code(v, q, c), start);
    }
  }
  return static_cast<std::size_t>(to - entries);
}

/// Checks that the table covers every value.
template <class G, class V>
void expect_values(const fixed_base_table<G>& table, const node_values<V>& node) {
  expect_node(node, table.size());
  if (node.values.empty()) return;
  if constexpr (small_integer<V>) {
    if (8 * sizeof(V) + (std::is_signed_v<V> ? 0 : 1) <= table.value_bits()) return;
    const std::uint64_t most = std::uint64_t{1} << (table.value_bits() - 1);
    std::uint64_t largest = 0;
    for (const V value : node.values) {
      const auto v = widened(value);
      const std::uint64_t magnitude = v < 0 ? 0 - static_cast<std::uint64_t>(v) : static_cast<std::uint64_t>(v);
      largest = magnitude > largest ? magnitude : largest;
    }
    ASSAY_EXPECTS(largest <= most);
  } else {
    ASSAY_EXPECTS(table.value_bits() == G::scalar::bits);
  }
}

}  // namespace detail

/// out[k] = sum of node k's values times its bases, all nodes in the same batches: about one addition per nonzero
/// digit, however small the nodes are. V is an integer type or G::scalar. Exact. Variable time.
/// @pre out.size() == nodes.size(); base numbers are below table.size(); the table's width covers every value; no node
/// needs 2^32 entries
template <class G, class V>
void sum_many(const fixed_base_table<G>& table, std::span<const node_values<V>> nodes, std::span<affine_point<G>> out,
              msm_workspace<G>& work) {
  ASSAY_EXPECTS(out.size() == nodes.size());
  const std::size_t most_values = tree_sum_workspace<G>::block / (table.windows() == 0 ? 1 : table.windows()) + 1;
  for (std::size_t begin = 0; begin < nodes.size();) {
    const std::size_t end = detail::chunk_end(nodes, begin, most_values);
    std::size_t values = 0;
    for (std::size_t k = begin; k < end; ++k) {
      detail::expect_values(table, nodes[k]);
      values += nodes[k].values.size();
    }
    ASSAY_EXPECTS(values < (std::size_t{1} << 32) / (table.windows() + 1));
    std::uint32_t* const entries = work.left.room(values * table.windows() + 1);
    std::uint32_t* const offsets = work.right.room(end - begin + 1);
    std::size_t used = 0;
    offsets[0] = 0;
    for (std::size_t k = begin; k < end; ++k) {
      used += detail::choose_entries(table, nodes[k], entries + used);
      offsets[k - begin + 1] = static_cast<std::uint32_t>(used);
    }
    tree_sums<G>(table.multiples(), entries, {offsets, end - begin + 1}, out.subspan(begin, end - begin), work.trees);
    begin = end;
  }
}

/// The same on several threads: piece t of the nodes is summed with workspaces[t]. @pre !workspaces.empty()
template <class G, class V, executor Executor>
void sum_many(const fixed_base_table<G>& table, std::span<const node_values<V>> nodes, std::span<affine_point<G>> out,
              Executor& ex, std::span<msm_workspace<G>> workspaces) {
  ASSAY_EXPECTS(out.size() == nodes.size() && !workspaces.empty());
  const std::size_t pieces = workspaces.size();
  ex.for_each(pieces, [&](std::size_t t) {
    const std::size_t begin = nodes.size() * t / pieces, end = nodes.size() * (t + 1) / pieces;
    sum_many<G, V>(table, nodes.subspan(begin, end - begin), out.subspan(begin, end - begin), workspaces[t]);
  });
}

}  // namespace assay::inline v0

#endif
