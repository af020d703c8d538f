// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Terkle tree: a tensor-shaped tree of commitments that grows along axis 0 while tokens are decoded.
#ifndef ASSAY_COMMIT_TERKLE_HPP
#define ASSAY_COMMIT_TERKLE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <assay/commit/merkle.hpp>
#include <assay/commit/tree_opening.hpp>
#include <assay/commit/tree_shape.hpp>
#include <assay/commit/vector_commitment.hpp>

namespace assay::inline v0 {

template <vector_commitment Scheme>
class terkle_builder;

namespace detail {

/// All rows of a tree and the commitments of its complete nodes, level by level in row-major order.
template <vector_commitment Scheme>
struct tree_store {
  tree_geometry geometry;
  digest context;  // of every node
  std::vector<std::byte> rows;
  std::vector<std::vector<typename Scheme::commitment>> nodes;  // nodes[l]: commitments of level l

  /// Slots of a level that exist so far, counted along axis 0.
  [[nodiscard]] std::uint64_t slices(std::size_t level) const noexcept {
    const std::size_t have = level == 0 ? rows.size() / geometry.shape().row_bytes() : nodes[level - 1].size();
    return have / slots_per_slice(level);
  }
  [[nodiscard]] std::uint64_t slots_per_slice(std::size_t level) const noexcept {
    std::uint64_t n = 1;
    for (std::size_t i = 1; i < geometry.shape().rank; ++i) n *= geometry.slots(level)[i];
    return n;
  }

  /// Appends the values of a node's slots: runs along the last axis, all other axes counted like an odometer.
  void gather(std::size_t level, const tree_axes& node, const node_shape& shape, std::vector<std::byte>& out) const {
    const std::size_t last = shape.rank - std::size_t{1};
    const tree_axes first = geometry.first_slot(level, node);
    tree_axes at{};
    for (std::uint32_t run = shape.slots() / shape.present[last]; run > 0; --run) {
      tree_axes slot{};
      for (std::size_t i = 0; i <= last; ++i) slot[i] = first[i] + at[i];
      append_run(level, geometry.index(level, slot), shape.present[last], out);
      for (std::size_t i = last; i-- > 0;) {
        if (++at[i] < shape.present[i]) break;
        at[i] = 0;
      }
    }
  }

  /// The values of a level-0 node without a copy, if its rows are contiguous; else gathered into `scratch`.
  [[nodiscard]] byte_view values(std::size_t level, const tree_axes& node, const node_shape& shape,
                                 std::vector<std::byte>& scratch) const {
    if (level == 0 && rows_contiguous())
      return byte_view{rows}.subspan(geometry.index(0, geometry.first_slot(0, node)) * shape.row_bytes(),
                                     shape.slots() * shape.row_bytes());
    scratch.clear();
    gather(level, node, shape, scratch);
    return scratch;
  }

  /// The slot of a level with this row-major index.
  [[nodiscard]] tree_axes axes_of(std::size_t level, std::uint64_t index) const noexcept {
    tree_axes at{};
    for (std::size_t i = geometry.shape().rank; i-- > 1;) {
      at[i] = static_cast<std::uint32_t>(index % geometry.slots(level)[i]);
      index /= geometry.slots(level)[i];
    }
    at[0] = static_cast<std::uint32_t>(index);
    return at;
  }

  /// True iff every leaf node covers all axes but the first.
  [[nodiscard]] bool rows_contiguous() const noexcept { return slots_per_slice(1) == 1; }

 private:
  void append_run(std::size_t level, std::uint64_t index, std::uint32_t count, std::vector<std::byte>& out) const {
    writer w{out};
    if (level == 0) {
      const std::size_t bytes = geometry.shape().row_bytes();
      w.bytes(byte_view{rows}.subspan(index * bytes, count * bytes));
      return;
    }
    for (std::uint32_t i = 0; i < count; ++i) {
      const node_header where{context, static_cast<std::uint32_t>(level - 1), index + i};
      const node_shape shape = geometry.shape_of(level - 1, axes_of(level, index + i));
      w.bytes(Scheme::digest_of(where, shape, nodes[level - 1][static_cast<std::size_t>(index + i)]).bytes);
    }
  }
};

}  // namespace detail

/// A finished tree with its rows: answers challenges. Immutable; `open` may run concurrently.
template <vector_commitment Scheme>
class terkle_tree {
 public:
  [[nodiscard]] const tree_statement& statement() const noexcept { return statement_; }
  [[nodiscard]] const tree_root& root() const noexcept { return statement_.root; }
  [[nodiscard]] const tree_shape& shape() const noexcept { return statement_.shape; }

  /// The bytes of one row. @pre the row exists
  [[nodiscard]] byte_view row(const coordinates& at) const {
    ASSAY_EXPECTS(validate_request(shape(), std::span{&at, 1}));
    const std::size_t bytes = shape().row_bytes();
    return byte_view{store_.rows}.subspan(store_.geometry.index(0, at) * bytes, bytes);
  }

  /// Opens rows, which must ascend strictly. Exact. @errors those of validate_request() and of the scheme
  /// Complexity: every visited node is recommitted once.
  [[nodiscard]] result<tree_opening<Scheme>> open(std::span<const coordinates> requested) const {
    const auto frame = detail::opening_frame<Scheme>::derive(scheme_, statement_, requested);
    if (!frame) return frame.error();
    tree_opening<Scheme> out;
    out.statement = frame->statement;
    writer rows{out.rows};
    for (const coordinates& at : requested) rows.bytes(row(at));
    if constexpr (aggregating_commitment<Scheme>) {
      auto aggregate = open_together(*frame, out.commitments);
      if (!aggregate) return aggregate.error();
      out.aggregate = *std::move(aggregate);
      return out;
    }
    std::vector<std::byte> scratch;
    for (const planned_node& n : frame->plan.nodes) {
      const node_view view{frame->header(n), n.shape, store_.values(n.level, n.at, n.shape, scratch)};
      auto opening = scheme_.open(view, frame->plan.slots_of(n));
      if (!opening) return opening.error();
      out.nodes.push_back(*std::move(opening));
      if constexpr (!recomputing_commitment<Scheme>) out.commitments.push_back(store_.nodes[n.level][n.index]);
    }
    return out;
  }

  /// This tree with one row replaced: equal to a tree built anew, at the price of one path instead of all nodes, of one
  /// slot per node if the scheme is updatable. @pre the row exists, `new_row` fills it
  /// @errors those of the scheme
  [[nodiscard]] result<terkle_tree> updated(const coordinates& at, byte_view new_row) const {
    ASSAY_EXPECTS(validate_request(shape(), std::span{&at, 1}) && new_row.size() == shape().row_bytes());
    terkle_tree changed = *this;
    const std::size_t place = store_.geometry.index(0, at) * new_row.size();
    std::copy(new_row.begin(), new_row.end(), changed.store_.rows.begin() + static_cast<std::ptrdiff_t>(place));
    std::vector<std::byte> before(row(at).begin(), row(at).end()), after(new_row.begin(), new_row.end());
    tree_axes slot = at;
    for (std::size_t level = 0; level < store_.geometry.levels(); ++level)
      if (auto done = changed.update_node(level, slot, before, after); !done) return done.error();
    changed.statement_.root = detail::root_of<Scheme>(store_.context, store_.geometry, changed.store_.nodes.back().front());
    return changed;
  }

 private:
  friend class terkle_builder<Scheme>;
  // Commits to the node that holds `slot` after its row went from `before` to `after`, and makes all three those of the
  // node's own slot in the level above.
  result<void> update_node(std::size_t level, tree_axes& slot, std::vector<std::byte>& before, std::vector<std::byte>& after) {
    const tree_axes node = store_.geometry.node_of(level, slot);
    const node_header where{store_.context, static_cast<std::uint32_t>(level), store_.geometry.index(level + 1, node)};
    const node_shape shape = store_.geometry.shape_of(level, node);
    auto& kept = store_.nodes[level][static_cast<std::size_t>(where.index)];
    const digest old = Scheme::digest_of(where, shape, kept);
    if constexpr (updatable_commitment<Scheme>) {
      auto c = scheme_.updated(kept, where.level, shape, store_.geometry.slot_in_node(level, slot), before, after);
      if (!c) return c.error();
      kept = *std::move(c);
    } else {
      std::vector<std::byte> scratch;
      const node_view view{where, shape, store_.values(level, node, shape, scratch)};
      if (auto done = scheme_.commit({&view, 1}, {&kept, 1}); !done) return done;
    }
    const digest now = Scheme::digest_of(where, shape, kept);
    before.assign(old.bytes.begin(), old.bytes.end()), after.assign(now.bytes.begin(), now.bytes.end());
    slot = node;
    return {};
  }

  terkle_tree(Scheme scheme, tree_statement statement, detail::tree_store<Scheme> store)
      : scheme_(std::move(scheme)), statement_(std::move(statement)), store_(std::move(store)) {}

  // All visited nodes in one opening; their values are in memory at once.
  [[nodiscard]] result<typename detail::aggregate_of<Scheme>::type>
  open_together(const detail::opening_frame<Scheme>& frame, std::vector<typename Scheme::commitment>& commitments) const
    requires aggregating_commitment<Scheme>
  {
    std::vector<node_view> views;
    std::vector<std::span<const std::uint32_t>> slots;
    std::vector<std::vector<std::byte>> gathered(frame.plan.nodes.size());
    for (const planned_node& n : frame.plan.nodes) {
      const byte_view values = store_.values(n.level, n.at, n.shape, gathered[views.size()]);
      views.push_back({frame.header(n), n.shape, values});
      slots.push_back(frame.plan.slots_of(n));
      commitments.push_back(store_.nodes[n.level][n.index]);
    }
    return scheme_.open_all(views, slots, commitments);
  }

  Scheme scheme_;
  tree_statement statement_;
  detail::tree_store<Scheme> store_;
};

/// Builds a tree slice by slice along axis 0. A node is committed as soon as it is complete, so sealing costs one path.
/// The root depends on the rows only, never on how they were split over calls. Exact.
template <vector_commitment Scheme>
class terkle_builder {
 public:
  /// Starts an empty tree. `shape.extents[0]` must be 0: the builder counts it.
  /// @errors invalid_settings, those of validate_layout() and of the scheme's supports()
  [[nodiscard]] static result<terkle_builder> start(Scheme scheme, tree_shape shape, const digest& context) {
    if (shape.extents[0] != 0)
      return fail(errc::invalid_settings, "tree: the builder counts axis 0 itself", shape.extents[0]);
    if (auto valid = validate_layout(shape); !valid) return valid.error();
    shape.extents[0] = ~std::uint32_t{0};  // while growing: no far edge on axis 0
    terkle_builder b{std::move(scheme), shape, context};
    for (std::size_t l = 0; l < b.store_.geometry.levels(); ++l)
      if (auto ok = b.scheme_.supports(b.store_.geometry.shape_of(l, {})); !ok) return ok.error();
    return b;
  }

  /// Slices so far: the extent of axis 0.
  [[nodiscard]] std::uint32_t slices() const noexcept { return static_cast<std::uint32_t>(store_.slices(0)); }
  /// Bytes of one slice: all rows with one index of axis 0, row-major.
  [[nodiscard]] std::size_t slice_bytes() const noexcept {
    return store_.slots_per_slice(0) * store_.geometry.shape().row_bytes();
  }
  /// Prepares memory for that many slices in total.
  void reserve(std::uint32_t slices) { store_.rows.reserve(slices * slice_bytes()); }

  /// Appends any number of slices and commits to every node they complete.
  /// @errors length_mismatch (not whole slices), too_large: nothing was appended; those of the scheme: the rows are
  /// kept,
  ///   and a later call commits to them
  result<void> append(byte_view slices) {
    const std::size_t bytes = slice_bytes();
    if (slices.size() % bytes != 0)
      return fail(errc::length_mismatch, "tree: not a whole number of slices", slices.size());
    const std::uint64_t total = store_.slices(0) + slices.size() / bytes;
    if (total >= ~std::uint32_t{0} || total > tree_limits::rows / store_.slots_per_slice(0))
      return fail(errc::too_large, "tree: too many slices", total);
    store_.rows.insert(store_.rows.end(), slices.begin(), slices.end());
    for (std::size_t l = 0; l < store_.geometry.levels(); ++l) {
      const std::uint64_t have = store_.slices(l + 1),
                          complete = store_.slices(l) / store_.geometry.shape().arity_at(l)[0];
      if (complete == have) break;
      if (auto done = commit_slabs(l, have, complete); !done) return done;
    }
    return {};
  }

  /// Commits to what is left and seals the tree. @errors empty (no slice), those of the scheme
  [[nodiscard]] result<terkle_tree<Scheme>> finish() && {
    tree_statement s{{}, store_.geometry.shape(), context_};
    s.shape.extents[0] = slices();
    if (auto valid = validate(s.shape); !valid) return valid.error();
    store_.geometry = tree_geometry{s.shape};
    const std::size_t levels = store_.geometry.levels();
    for (std::size_t l = 0; l < levels; ++l)
      if (auto done = commit_slabs(l, store_.slices(l + 1), store_.geometry.slots(l + 1)[0]); !done)
        return done.error();
    store_.nodes.resize(levels);
    s.root = detail::root_of<Scheme>(store_.context, store_.geometry, store_.nodes.back().front());
    return terkle_tree<Scheme>{std::move(scheme_), std::move(s), std::move(store_)};
  }

 private:
  static constexpr std::uint64_t nodes_per_batch = 1024;

  terkle_builder(Scheme scheme, const tree_shape& shape, const digest& context)
      : scheme_(std::move(scheme)), context_(context),
        store_{tree_geometry{shape}, detail::node_context(scheme_, shape, context), {}, {}} {
    store_.nodes.resize(store_.geometry.levels());
  }

  // Commits to all nodes of a level whose index on axis 0 is in [first, end), in batches.
  result<void> commit_slabs(std::size_t level, std::uint64_t first, std::uint64_t end) {
    const std::uint64_t per_slab = store_.slots_per_slice(level + 1), stop = end * per_slab;
    for (std::uint64_t from = first * per_slab; from < stop; from += nodes_per_batch)
      if (auto done = commit_nodes(level, from, std::min(stop, from + nodes_per_batch)); !done) return done;
    return {};
  }

  // Commits to the nodes of a level with indices in [from, to), which follow those that are committed.
  result<void> commit_nodes(std::size_t level, std::uint64_t from, std::uint64_t to) {
    const bool in_place = level == 0 && store_.rows_contiguous();
    views_.clear(), scratch_.clear();
    for (std::uint64_t index = from; index < to; ++index) {
      const tree_axes node = store_.axes_of(level + 1, index);
      const node_shape shape = store_.geometry.shape_of(level, node);
      views_.push_back({{store_.context, static_cast<std::uint32_t>(level), index}, shape, {}});
      if (!in_place) store_.gather(level, node, shape, scratch_);
    }
    std::size_t at = 0;  // in place: a node's rows follow those of the node before it
    if (in_place) {
      const tree_axes first = store_.geometry.first_slot(0, store_.axes_of(1, from));
      at = store_.geometry.index(0, first) * store_.geometry.shape().row_bytes();
    }
    for (node_view& v : views_) {
      const std::size_t bytes = v.shape.slots() * v.shape.row_bytes();
      v.values = byte_view{in_place ? store_.rows : scratch_}.subspan(at, bytes);
      at += bytes;
    }
    auto& out = store_.nodes[level];
    out.resize(static_cast<std::size_t>(to));
    auto done = scheme_.commit(views_, std::span{out}.subspan(static_cast<std::size_t>(from)));
    if (!done) out.resize(static_cast<std::size_t>(from));
    return done;
  }

  Scheme scheme_;
  digest context_;
  detail::tree_store<Scheme> store_;
  std::vector<node_view> views_;
  std::vector<std::byte> scratch_;
};

/// Commits to a whole tensor of rows at once: `rows` holds them row-major, and `shape` its full extents.
/// @errors length_mismatch, those of validate() and of the scheme
template <vector_commitment Scheme>
[[nodiscard]] result<terkle_tree<Scheme>> commit_tree(Scheme scheme, tree_shape shape, const digest& context,
                                                      byte_view rows) {
  if (auto valid = validate(shape); !valid) return valid.error();
  const std::uint32_t extent = std::exchange(shape.extents[0], 0u);
  auto builder = terkle_builder<Scheme>::start(std::move(scheme), shape, context);
  if (!builder) return builder.error();
  if (rows.size() != extent * builder->slice_bytes())
    return fail(errc::length_mismatch, "tree: rows do not fill the shape", rows.size());
  if (auto appended = builder->append(rows); !appended) return appended.error();
  return std::move(*builder).finish();
}

}  // namespace assay::inline v0

#endif
