// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A node of a tree as a commitment scheme sees it: a small tensor of rows of integers, and its place.
#ifndef ASSAY_COMMIT_NODE_HPP
#define ASSAY_COMMIT_NODE_HPP

#include <array>
#include <cstddef>
#include <cstdint>

#include <assay/core/bytes.hpp>
#include <assay/core/dtype.hpp>
#include <assay/hash/digest.hpp>

namespace assay::inline v0 {

/// Axes a tree can have.
inline constexpr std::size_t max_tree_axes = 6;

/// One number per axis; entries beyond the rank are 0.
using tree_axes = std::array<std::uint32_t, max_tree_axes>;

/// Where a node is. Every scheme binds all of it into the node's commitment.
struct node_header {
  digest context;           ///< binds the tree: scheme, layout, and what the caller says it is about
  std::uint32_t level = 0;  ///< 0: slots are rows of the caller; above: slots are digests of child commitments
  std::uint64_t index = 0;  ///< row-major place among the nodes of this level, axis 0 slowest

  friend bool operator==(const node_header&, const node_header&) = default;
};

/// How a node's slots lie and what each holds. Slots are counted row-major over `present`, axis 0 slowest.
struct node_shape {
  dtype type = dtype::opaque;  ///< opaque: `width` counts bytes
  std::uint32_t width = 0;     ///< elements per row
  std::uint8_t rank = 1;
  tree_axes arity{};           ///< slots a full node has, per axis
  tree_axes present{};         ///< slots this node has: fewer than `arity` at the tensor's far edges

  [[nodiscard]] constexpr std::size_t row_bytes() const noexcept {
    return width * (type == dtype::opaque ? std::size_t{1} : size_of(type));
  }
  [[nodiscard]] constexpr std::uint32_t slots() const noexcept { return product(present); }
  [[nodiscard]] constexpr std::uint32_t capacity() const noexcept { return product(arity); }

  friend bool operator==(const node_shape&, const node_shape&) = default;

 private:
  [[nodiscard]] constexpr std::uint32_t product(const tree_axes& axes) const noexcept {
    std::uint32_t n = 1;
    for (std::size_t i = 0; i < max_tree_axes; ++i) n *= i < rank ? axes[i] : 1u;
    return n;
  }
};

/// A node with all its rows: `shape.slots()` rows of `shape.row_bytes()` bytes, little-endian elements.
struct node_view {
  node_header where;
  node_shape shape;
  byte_view values;
};

}  // namespace assay::inline v0

#endif
