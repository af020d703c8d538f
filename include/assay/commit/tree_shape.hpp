// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The shape of a Terkle tree, and everything about its nodes that follows from the shape alone.
#ifndef ASSAY_COMMIT_TREE_SHAPE_HPP
#define ASSAY_COMMIT_TREE_SHAPE_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <assay/commit/node.hpp>
#include <assay/core/dtype.hpp>
#include <assay/core/expects.hpp>
#include <assay/core/result.hpp>

namespace assay::inline v0 {

/// Which row of a tree: one index per axis, 0 beyond the rank. `coordinates{position, layer}`. Ordered as rows are
/// stored.
using coordinates = tree_axes;

/// Bounds of a shape, checked before anything is computed from it.
struct tree_limits {
  static constexpr std::size_t arities = 8;
  static constexpr std::uint64_t node_slots = 1u << 16;
  static constexpr std::uint64_t row_bytes = 1u << 24;
  static constexpr std::uint64_t rows = std::uint64_t{1} << 48;
};

/// A tensor of rows with `extents`, and how a tree is laid over it. A node of level l holds a box of arity[l] slots;
/// the last arity repeats, levels are added until one node is left, and nodes at the far edges hold only the slots that
/// exist.
struct tree_shape {
  dtype type = dtype::i8;  ///< opaque: `width` counts bytes
  std::uint32_t width = 0;  ///< elements per row
  std::uint8_t rank = 1;
  std::uint8_t arities = 1;  ///< entries of `arity` in use
  tree_axes extents{};  ///< rows per axis; axis 0 grows while the tree is built
  std::array<tree_axes, tree_limits::arities> arity{};

  /// Slots of a full node of a level, per axis.
  [[nodiscard]] constexpr const tree_axes& arity_at(std::size_t level) const noexcept {
    return arity[std::min<std::size_t>(level, arities - std::size_t{1})];
  }
  [[nodiscard]] constexpr std::size_t row_bytes() const noexcept {
    return width * (type == dtype::opaque ? std::size_t{1} : size_of(type));
  }
  /// Rows that share an index of axis 0.
  [[nodiscard]] constexpr std::uint64_t slice_rows() const noexcept {
    std::uint64_t n = 1;
    for (std::size_t i = 1; i < rank; ++i) n *= extents[i];
    return n;
  }

  friend bool operator==(const tree_shape&, const tree_shape&) = default;
};

/// Shape of `rows` x `width` elements, one axis: `fan_out` slots in every node. @pre validate() decides
[[nodiscard]] constexpr tree_shape row_tree_shape(std::uint32_t rows, dtype type, std::uint32_t width,
                                                  std::uint32_t fan_out) noexcept {
  tree_shape s;
  s.type = type, s.width = width, s.rank = 1, s.arities = 1;
  s.extents[0] = rows, s.arity[0][0] = fan_out;
  return s;
}

/// Shape for (position, layer): a leaf node holds all layers of one position, so it is complete with the token.
[[nodiscard]] constexpr tree_shape position_tree_shape(std::uint32_t positions, std::uint32_t layers, dtype type,
                                                       std::uint32_t width, std::uint32_t fan_out) noexcept {
  tree_shape s;
  s.type = type, s.width = width, s.rank = 2, s.arities = 2;
  s.extents[0] = positions, s.extents[1] = layers;
  s.arity[0] = {1, layers}, s.arity[1] = {fan_out, 1};
  return s;
}

/// Checks everything but the extent of axis 0, which a builder counts itself.
/// @errors out_of_range, unsupported (element type), invalid_settings (a layout that never narrows to one node)
[[nodiscard]] inline result<void> validate_layout(const tree_shape& s) {
  if (s.rank < 1 || s.rank > max_tree_axes) return fail(errc::out_of_range, "tree: 1 to 6 axes", s.rank);
  if (s.arities < 1 || s.arities > tree_limits::arities)
    return fail(errc::out_of_range, "tree: 1 to 8 arities", s.arities);
  if (s.type != dtype::opaque && size_of(s.type) == 0) return fail(errc::unsupported, "tree: unknown element type");
  const std::uint64_t element = s.type == dtype::opaque ? 1 : size_of(s.type);
  if (s.width == 0 || s.width * element > tree_limits::row_bytes)
    return fail(errc::out_of_range, "tree: row width out of range", s.width);
  std::uint64_t slice = 1;
  for (std::size_t i = 0; i < max_tree_axes; ++i) {
    if (i >= s.rank && s.extents[i] != 0) return fail(errc::invalid_settings, "tree: an extent beyond the rank", i);
    if (i == 0 || i >= s.rank) continue;
    if (s.extents[i] == 0) return fail(errc::out_of_range, "tree: an extent is zero", i);
    slice *= s.extents[i];  // below 2^64: the product so far is at most 2^32
    if (slice > (tree_limits::rows >> 16)) return fail(errc::out_of_range, "tree: too many rows in a slice", i);
  }
  tree_axes left = s.extents;
  for (std::size_t l = 0; l < tree_limits::arities; ++l) {
    std::uint64_t slots = 1;
    for (std::size_t i = 0; i < max_tree_axes; ++i) {
      const std::uint32_t a = s.arity[l][i];
      const bool used = l < s.arities && i < s.rank;
      if (used ? a == 0 : a != 0)
        return fail(errc::invalid_settings, "tree: an arity is zero, or beyond the rank or levels", l);
      if (!used) continue;
      slots *= a;
      if (slots > tree_limits::node_slots) return fail(errc::out_of_range, "tree: a node has too many slots", l);
      left[i] = left[i] / a + (left[i] % a != 0 ? 1 : 0);
    }
  }
  const tree_axes& last = s.arity_at(tree_limits::arities);
  for (std::size_t i = 0; i < s.rank; ++i)
    if (last[i] < 2 && (i == 0 || left[i] > 1))
      return fail(errc::invalid_settings, "tree: the last arity does not narrow an axis", i);
  return {};
}

/// Checks a whole shape, which may come from another party. @errors as validate_layout, empty (no row)
[[nodiscard]] inline result<void> validate(const tree_shape& s) {
  if (auto layout = validate_layout(s); !layout) return layout;
  if (s.extents[0] == 0) return fail(errc::empty, "tree: it has no row");
  if (s.slice_rows() > tree_limits::rows / s.extents[0])
    return fail(errc::out_of_range, "tree: too many rows", s.extents[0]);
  return {};
}

/// The levels of a tree. Slots of level 0 are rows; slots of level l + 1 are the nodes of level l. Exact.
class tree_geometry {
 public:
  /// @pre validate(shape)
  explicit tree_geometry(const tree_shape& shape) : shape_(shape) {
    tree_axes slots = shape.extents;
    do {
      slots_.push_back(slots);
      const tree_axes& a = shape.arity_at(slots_.size() - 1);
      for (std::size_t i = 0; i < shape.rank; ++i) slots[i] = slots[i] / a[i] + (slots[i] % a[i] != 0 ? 1 : 0);
    } while (std::any_of(slots.begin(), slots.begin() + shape.rank, [](std::uint32_t n) { return n > 1; }));
    slots_.push_back(slots);
  }

  [[nodiscard]] const tree_shape& shape() const noexcept { return shape_; }
  [[nodiscard]] std::size_t levels() const noexcept { return slots_.size() - 1; }
  /// Slots of a level per axis. @pre level <= levels(): the last one is the root alone
  [[nodiscard]] const tree_axes& slots(std::size_t level) const noexcept { return slots_[level]; }

  /// Row-major index of a slot among all of its level, axis 0 slowest.
  [[nodiscard]] std::uint64_t index(std::size_t level, const tree_axes& slot) const noexcept {
    std::uint64_t n = 0;
    for (std::size_t i = 0; i < shape_.rank; ++i) n = n * slots_[level][i] + slot[i];
    return n;
  }
  /// The node of a level that holds a slot of that level.
  [[nodiscard]] tree_axes node_of(std::size_t level, const tree_axes& slot) const noexcept {
    tree_axes node{};
    for (std::size_t i = 0; i < shape_.rank; ++i) node[i] = slot[i] / shape_.arity_at(level)[i];
    return node;
  }
  /// The first slot that a node of a level holds.
  [[nodiscard]] tree_axes first_slot(std::size_t level, const tree_axes& node) const noexcept {
    tree_axes slot{};
    for (std::size_t i = 0; i < shape_.rank; ++i) slot[i] = node[i] * shape_.arity_at(level)[i];
    return slot;
  }
  /// What a node of a level holds.
  [[nodiscard]] node_shape shape_of(std::size_t level, const tree_axes& node) const noexcept {
    node_shape s;
    s.type = level == 0 ? shape_.type : dtype::opaque;
    s.width = level == 0 ? shape_.width : static_cast<std::uint32_t>(sizeof(digest));
    s.rank = shape_.rank;
    s.arity = shape_.arity_at(level);
    const tree_axes first = first_slot(level, node);
    for (std::size_t i = 0; i < shape_.rank; ++i) s.present[i] = std::min(s.arity[i], slots_[level][i] - first[i]);
    return s;
  }
  /// Number of a slot inside its node, row-major over the slots that are present.
  [[nodiscard]] std::uint32_t slot_in_node(std::size_t level, const tree_axes& slot) const noexcept {
    const tree_axes node = node_of(level, slot), first = first_slot(level, node);
    const node_shape s = shape_of(level, node);
    std::uint32_t n = 0;
    for (std::size_t i = 0; i < shape_.rank; ++i) n = n * s.present[i] + (slot[i] - first[i]);
    return n;
  }

 private:
  tree_shape shape_;
  std::vector<tree_axes> slots_;
};

}  // namespace assay::inline v0

#endif
