// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which nodes and slots an opening visits: it follows from shape and request, so none of it is sent or believed.
#ifndef ASSAY_COMMIT_TREE_PLAN_HPP
#define ASSAY_COMMIT_TREE_PLAN_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <assay/commit/tree_shape.hpp>
#include <assay/core/result.hpp>

namespace assay::inline v0 {

/// One node on the way from the requested rows to the root.
struct planned_node {
  std::uint32_t level = 0;
  tree_axes at{};
  std::uint64_t index = 0;
  node_shape shape;
  std::size_t first = 0, count = 0;  ///< its part of `opening_plan::slots` and `sources`
};

/// All nodes an opening visits, children before parents: by level, then by index. The root's node is last.
struct opening_plan {
  std::vector<planned_node> nodes;
  std::vector<std::uint32_t> slots;   ///< ascending within a node
  std::vector<std::size_t>
      sources;   ///< what fills the slot: level 0, index of the request; above, index of the child node

  [[nodiscard]] std::span<const std::uint32_t> slots_of(const planned_node& n) const noexcept {
    return std::span{slots}.subspan(n.first, n.count);
  }
  [[nodiscard]] std::span<const std::size_t> sources_of(const planned_node& n) const noexcept {
    return std::span{sources}.subspan(n.first, n.count);
  }
};

/// Checks a list of requested rows. It must ascend strictly, so that equal requests are spelled equally.
/// @errors empty, out_of_range, duplicate, wrong_order; `where` is the index in the list
[[nodiscard]] inline result<void> validate_request(const tree_shape& shape, std::span<const coordinates> requested) {
  if (requested.empty()) return fail(errc::empty, "tree: no row is requested");
  for (std::size_t i = 0; i < requested.size(); ++i) {
    for (std::size_t axis = 0; axis < max_tree_axes; ++axis)
      if (axis < shape.rank ? requested[i][axis] >= shape.extents[axis] : requested[i][axis] != 0)
        return fail(errc::out_of_range, "tree: a requested row does not exist", i);
    if (i == 0 || requested[i - 1] < requested[i]) continue;
    if (requested[i - 1] == requested[i]) return fail(errc::duplicate, "tree: a row is requested twice", i);
    return fail(errc::wrong_order, "tree: requested rows must ascend", i);
  }
  return {};
}

namespace detail {

struct planned_slot {
  std::uint64_t node;
  std::uint32_t slot;
  std::size_t source;
  tree_axes node_at;
};

// Groups one level's slots by node and appends the nodes.
inline void plan_level(const tree_geometry& tree, std::uint32_t level, std::vector<planned_slot>& slots,
                       opening_plan& plan) {
  std::sort(slots.begin(), slots.end(), [](const planned_slot& a, const planned_slot& b) {
    return a.node != b.node ? a.node < b.node : a.slot < b.slot;
  });
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (i == 0 || slots[i].node != slots[i - 1].node)
      plan.nodes.push_back(
          {level, slots[i].node_at, slots[i].node, tree.shape_of(level, slots[i].node_at), plan.slots.size(), 0});
    ++plan.nodes.back().count;
    plan.slots.push_back(slots[i].slot);
    plan.sources.push_back(slots[i].source);
  }
}

}  // namespace detail

/// Plans the opening of rows. Exact. @pre validate_request(tree.shape(), requested)
/// Complexity: O(r log r) time and memory for r rows, times the number of levels.
[[nodiscard]] inline opening_plan plan_opening(const tree_geometry& tree, std::span<const coordinates> requested) {
  opening_plan plan;
  std::vector<detail::planned_slot> slots;
  std::size_t children = 0;  // first node of the level below
  for (std::uint32_t level = 0; level < tree.levels(); ++level) {
    const std::size_t end = plan.nodes.size();
    const std::size_t count = level == 0 ? requested.size() : end - children;
    slots.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      const tree_axes& at = level == 0 ? requested[i] : plan.nodes[children + i].at;
      const tree_axes node = tree.node_of(level, at);
      slots[i] = {tree.index(level + 1, node), tree.slot_in_node(level, at), level == 0 ? i : children + i, node};
    }
    children = end;
    detail::plan_level(tree, level, slots, plan);
  }
  return plan;
}

}  // namespace assay::inline v0

#endif
