// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A tree node's slots as places in a grid: what follows from the node's shape alone.
#ifndef ASSAY_POLYCOMMIT_DETAIL_NODE_LAYOUT_HPP
#define ASSAY_POLYCOMMIT_DETAIL_NODE_LAYOUT_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <assay/commit/node.hpp>
#include <assay/commit/tree_shape.hpp>
#include <assay/core/expects.hpp>

namespace assay::inline v0::detail {

/// A node of a level with all its slots. @pre validate_layout(tree)
[[nodiscard]] inline node_shape full_node(const tree_shape& tree, std::uint32_t level) noexcept {
  node_shape s;
  s.type = level == 0 ? tree.type : dtype::opaque;
  s.width = level == 0 ? tree.width : static_cast<std::uint32_t>(sizeof(digest));
  s.rank = tree.rank;
  s.arity = s.present = tree.arity_at(level);
  return s;
}

/// Axes of a node along which there can be more than one slot.
[[nodiscard]] inline std::size_t slot_axes(const node_shape& shape) noexcept {
  std::size_t n = 0;
  for (std::size_t i = 0; i < shape.rank; ++i) n += shape.arity[i] > 1 ? 1u : 0u;
  return n;
}
[[nodiscard]] inline std::vector<std::uint32_t> slot_extents(const node_shape& shape) {
  std::vector<std::uint32_t> extents;
  for (std::size_t i = 0; i < shape.rank; ++i)
    if (shape.arity[i] > 1) extents.push_back(shape.arity[i]);
  return extents;
}

/// Coordinates of slots on these axes, slot by slot. @pre slots are below shape.slots()
[[nodiscard]] inline std::vector<std::uint32_t> slot_coordinates(const node_shape& shape,
                                                                 std::span<const std::uint32_t> slots) {
  const std::size_t axes = slot_axes(shape);
  std::vector<std::uint32_t> places(axes * slots.size());
  for (std::size_t k = 0; k < slots.size(); ++k) {
    ASSAY_EXPECTS(slots[k] < shape.slots() && (k == 0 || slots[k] > slots[k - 1]));
    std::uint32_t rest = slots[k];
    std::size_t at = axes * (k + 1);
    for (std::size_t i = shape.rank; i-- > 0; rest /= shape.present[i])
      if (shape.arity[i] > 1) places[--at] = rest % shape.present[i];
  }
  return places;
}

/// The number that a slot has in a full node. @pre slot < shape.slots()
[[nodiscard]] inline std::uint32_t place_in_full_node(const node_shape& shape, std::uint32_t slot) noexcept {
  std::uint32_t place = 0, stride = 1;
  for (std::size_t i = shape.rank; i-- > 0; slot /= shape.present[i], stride *= shape.arity[i])
    place += slot % shape.present[i] * stride;
  return place;
}

/// The rows of the slots that are present, at their places among those of a full node; the others are zero.
template <class V>
[[nodiscard]] std::vector<V> spread_rows(const node_shape& shape, const std::vector<V>& rows) {
  const std::size_t row = rows.size() / shape.slots();
  std::vector<V> out(row * shape.capacity());
  for (std::uint32_t slot = 0; slot < shape.slots(); ++slot) {
    std::copy_n(rows.begin() + static_cast<std::ptrdiff_t>(slot * row), row,
                out.begin() + static_cast<std::ptrdiff_t>(place_in_full_node(shape, slot) * row));
  }
  return out;
}

}  // namespace assay::inline v0::detail

#endif
