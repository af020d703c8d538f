// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Openings of rows of a Terkle tree: their bytes, and the verifier's side.
#ifndef ASSAY_COMMIT_TREE_OPENING_HPP
#define ASSAY_COMMIT_TREE_OPENING_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <assay/commit/tree_plan.hpp>
#include <assay/commit/tree_shape.hpp>
#include <assay/commit/vector_commitment.hpp>
#include <assay/core/bytes.hpp>
#include <assay/core/expects.hpp>
#include <assay/core/result.hpp>
#include <assay/hash/domain.hpp>
#include <assay/hash/transcript.hpp>
#include <assay/io/reader.hpp>
#include <assay/io/writer.hpp>

namespace assay::inline v0 {

/// Binds all rows of a tree, its shape, its scheme and its context.
using tree_root = typed_digest<struct tree_root_tag>;

/// What a verifier knows of a tree before it sees an opening.
struct tree_statement {
  tree_root root;
  tree_shape shape;
  digest context;  ///< what the rows are about: the caller's digest, bound into every node

  friend bool operator==(const tree_statement&, const tree_statement&) = default;
};

namespace detail {
struct no_aggregate {
  friend bool operator==(no_aggregate, no_aggregate) = default;
};
template <class Scheme>
struct aggregate_of {
  using type = no_aggregate;
};
template <aggregating_commitment Scheme>
struct aggregate_of<Scheme> {
  using type = typename Scheme::aggregate;
};
}  // namespace detail

/// Opened rows with what proves them. Carries no coordinates and no lengths: they follow from the statement and the
/// request.
template <vector_commitment Scheme>
struct tree_opening {
  digest statement;  ///< statement_digest() of what this is an opening of
  std::vector<std::byte> rows;  ///< the requested rows, in order
  std::vector<typename Scheme::opening> nodes;  ///< one per visited node, in the plan's order; none if aggregated
  std::vector<typename Scheme::commitment> commitments;  ///< likewise; empty if the scheme recomputes them
  [[no_unique_address]] typename detail::aggregate_of<Scheme>::type aggregate{};  ///< of a scheme that aggregates

  friend bool operator==(const tree_opening&, const tree_opening&) = default;
};

/// Rows that were proven, in the order of the request.
class opened_rows {
 public:
  opened_rows(std::vector<std::byte> bytes, std::size_t row_bytes) : bytes_(std::move(bytes)), row_bytes_(row_bytes) {
    ASSAY_EXPECTS(row_bytes_ != 0 && bytes_.size() % row_bytes_ == 0);
  }
  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size() / row_bytes_; }
  /// Bytes of the i-th requested row. @pre i < size()
  [[nodiscard]] byte_view operator[](std::size_t i) const {
    ASSAY_EXPECTS(i < size());
    return byte_view{bytes_}.subspan(i * row_bytes_, row_bytes_);
  }

 private:
  std::vector<std::byte> bytes_;
  std::size_t row_bytes_;
};

namespace detail {

/// Binds scheme and layout, all but the extent of axis 0, which is not known while a tree grows.
template <vector_commitment Scheme>
[[nodiscard]] digest node_context(const Scheme& scheme, const tree_shape& s, const digest& context) {
  transcript t{domains::tree_context};
  t.u64("scheme", static_cast<std::uint64_t>(commitment_scheme{Scheme::id})).digest("parameters", scheme.parameters());
  t.digest("context", context).u64("dtype", static_cast<std::uint64_t>(s.type)).u64("width", s.width);
  t.u64("rank", s.rank).u64("arities", s.arities);
  for (std::size_t i = 1; i < s.rank; ++i) t.u64("extent", s.extents[i]);
  for (std::size_t l = 0; l < s.arities; ++l)
    for (std::size_t i = 0; i < s.rank; ++i) t.u64("arity", s.arity[l][i]);
  return t.finish();
}

/// Adds what only the finished tree knows: the extent of axis 0 and the topmost node.
template <vector_commitment Scheme>
[[nodiscard]] tree_root root_of(const digest& node_context, const tree_geometry& tree,
                                const typename Scheme::commitment& top) {
  const std::size_t level = tree.levels() - 1;
  const node_header where{node_context, static_cast<std::uint32_t>(level), 0};
  transcript t{domains::tree_root};
  t.digest("tree", node_context).u64("extent", tree.shape().extents[0]);
  t.digest("top", Scheme::digest_of(where, tree.shape_of(level, {}), top));
  return tree_root{t.finish()};
}

[[nodiscard]] inline digest statement_digest(const digest& node_context, const tree_statement& tree,
                                             std::span<const coordinates> requested) {
  std::vector<std::byte> places;
  places.reserve(4 * tree.shape.rank * requested.size());
  writer out{places};
  for (const coordinates& at : requested)
    for (std::size_t i = 0; i < tree.shape.rank; ++i) out.u32(at[i]);
  transcript t{domains::tree_opening};
  t.digest("tree", node_context)
      .u64("extent", tree.shape.extents[0])
      .digest("root", tree.root.value)
      .bytes("requested", places);
  return t.finish();
}

inline constexpr std::array<std::byte, 4> tree_opening_magic = {std::byte{'A'}, std::byte{'S'}, std::byte{'T'},
                                                                std::byte{'O'}};
inline constexpr std::uint16_t tree_opening_version = 0;

/// Everything that both sides derive from statement and request before they touch an opening.
template <vector_commitment Scheme>
struct opening_frame {
  digest context;  ///< of every node
  digest statement;
  opening_plan plan;

  static result<opening_frame> derive(const Scheme& scheme, const tree_statement& tree,
                                      std::span<const coordinates> requested) {
    if (auto valid = validate(tree.shape); !valid) return valid.error();
    if (auto valid = validate_request(tree.shape, requested); !valid) return valid.error();
    opening_frame f;
    f.context = node_context(scheme, tree.shape, tree.context);
    f.statement = statement_digest(f.context, tree, requested);
    f.plan = plan_opening(tree_geometry{tree.shape}, requested);
    return f;
  }
  [[nodiscard]] node_header header(const planned_node& n) const noexcept { return {context, n.level, n.index}; }
};

/// The rows that an opening shows in a node, in slot order: opened rows, or digests of the children's commitments.
template <vector_commitment Scheme>
void gather_values(const opening_frame<Scheme>& frame, const planned_node& node, byte_view rows,
                   std::span<const typename Scheme::commitment> commitments, std::vector<std::byte>& out) {
  writer values{out};
  const std::size_t bytes = node.shape.row_bytes();
  for (const std::size_t source : frame.plan.sources_of(node)) {
    if (node.level == 0) {
      values.bytes(rows.subspan(source * bytes, bytes));
      continue;
    }
    const planned_node& child = frame.plan.nodes[source];
    values.bytes(Scheme::digest_of(frame.header(child), child.shape, commitments[source]).bytes);
  }
}

// Bottom up: rows and hashes lead to the only root they can belong to.
template <recomputing_commitment Scheme>
result<typename Scheme::commitment> recompute_top(const Scheme& scheme, const opening_frame<Scheme>& frame,
                                                  const tree_opening<Scheme>& opening) {
  const auto& nodes = frame.plan.nodes;
  std::vector<typename Scheme::commitment> commitments(nodes.size());
  std::vector<std::byte> values;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    values.clear();
    gather_values<Scheme>(frame, nodes[i], opening.rows, commitments, values);
    auto c = scheme.recompute(frame.header(nodes[i]), nodes[i].shape, frame.plan.slots_of(nodes[i]), values,
                              opening.nodes[i]);
    if (!c) return fail(c.error().code, c.error().message, i);
    commitments[i] = *std::move(c);
  }
  return std::move(commitments.back());
}

// All claims at once: every node holds the digests of its children's stated commitments.
template <vector_commitment Scheme>
result<void> verify_all_nodes(const Scheme& scheme, const opening_frame<Scheme>& frame,
                              const tree_opening<Scheme>& opening) {
  const auto& nodes = frame.plan.nodes;
  std::vector<std::byte> values;
  for (const planned_node& n : nodes) gather_values<Scheme>(frame, n, opening.rows, opening.commitments, values);
  std::vector<node_claim<Scheme>> claims(nodes.size());
  std::size_t at = 0;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const std::size_t bytes = nodes[i].count * nodes[i].shape.row_bytes();
    claims[i] = {frame.header(nodes[i]),        nodes[i].shape,
                 frame.plan.slots_of(nodes[i]), byte_view{values}.subspan(at, bytes),
                 &opening.commitments[i],       nullptr};
    if constexpr (!aggregating_commitment<Scheme>) claims[i].opening = &opening.nodes[i];
    at += bytes;
  }
  if constexpr (aggregating_commitment<Scheme>) return scheme.verify_all(claims, opening.aggregate);
  else return scheme.verify(claims);
}

template <vector_commitment Scheme>
result<void> verify_nodes(const Scheme& scheme, const tree_statement& tree, const opening_frame<Scheme>& frame,
                          const tree_opening<Scheme>& opening) {
  const auto leads_to_root = [&](const typename Scheme::commitment& top) -> result<void> {
    if (root_of<Scheme>(frame.context, tree_geometry{tree.shape}, top) == tree.root) return {};
    return fail(errc::commitment_mismatch, "tree opening: it does not lead to the root");
  };
  if constexpr (recomputing_commitment<Scheme>) {
    const auto top = recompute_top(scheme, frame, opening);
    return top ? leads_to_root(*top) : result<void>{top.error()};
  } else {
    if (auto bound = leads_to_root(opening.commitments.back()); !bound) return bound;
    return verify_all_nodes(scheme, frame, opening);
  }
}

}  // namespace detail

/// Verifies an opening of exactly the requested rows and returns them. Exact.
/// Work and memory are bounded by the request and the shape, never by the opening.
/// @errors wrong_statement (of another tree or other rows), length_mismatch (`where`: the node in the plan),
///   commitment_mismatch, and those of validate() and validate_request()
template <vector_commitment Scheme>
[[nodiscard]] result<opened_rows> verify_tree_opening(const Scheme& scheme, const tree_statement& tree,
                                                      std::span<const coordinates> requested,
                                                      const tree_opening<Scheme>& opening) {
  const auto frame = detail::opening_frame<Scheme>::derive(scheme, tree, requested);
  if (!frame) return frame.error();
  if (opening.statement != frame->statement)
    return fail(errc::wrong_statement, "tree opening: it is of another tree or of other rows");
  const std::size_t nodes = frame->plan.nodes.size();
  if (opening.rows.size() != requested.size() * tree.shape.row_bytes() ||
      opening.nodes.size() != (aggregating_commitment<Scheme> ? 0 : nodes) ||
      opening.commitments.size() != (recomputing_commitment<Scheme> ? 0 : nodes))
    return fail(errc::length_mismatch, "tree opening: rows or nodes are missing or too many");
  if (auto verified = detail::verify_nodes(scheme, tree, *frame, opening); !verified) return verified.error();
  return opened_rows{opening.rows, tree.shape.row_bytes()};
}

/// Encodes an opening; the only encoding it has.
///
///     "ASTO"  version:u16 = 0  scheme:u8  dtype:u8  statement:32 bytes  rows  (commitment? opening?) per node
///     aggregate?
template <vector_commitment Scheme>
[[nodiscard]] std::vector<std::byte> encode(const tree_opening<Scheme>& opening, const tree_shape& shape) {
  std::vector<std::byte> bytes;
  writer out{bytes};
  out.bytes(detail::tree_opening_magic).u16(detail::tree_opening_version);
  out.u8(static_cast<std::uint8_t>(commitment_scheme{Scheme::id})).u8(static_cast<std::uint8_t>(shape.type));
  out.bytes(opening.statement.bytes).bytes(opening.rows);
  const std::size_t nodes = aggregating_commitment<Scheme> ? opening.commitments.size() : opening.nodes.size();
  for (std::size_t i = 0; i < nodes; ++i) {
    if constexpr (!recomputing_commitment<Scheme>) Scheme::encode(opening.commitments[i], out);
    if constexpr (!aggregating_commitment<Scheme>) Scheme::encode(opening.nodes[i], out);
  }
  if constexpr (aggregating_commitment<Scheme>) Scheme::encode(opening.aggregate, out);
  return bytes;
}

namespace detail {
template <vector_commitment Scheme>
result<void> parse_opening_header(reader& in, const tree_shape& shape) {
  if (auto magic = in.expect(tree_opening_magic); !magic) return magic;
  const auto version = in.u16();
  if (!version) return version.error();
  if (*version != tree_opening_version) return fail(errc::unsupported_version, "tree opening: unknown version", 4);
  const auto scheme = in.u8(), type = in.u8();
  if (!scheme || !type) return fail(errc::truncated, "the input ends inside a field", in.offset());
  if (*scheme != static_cast<std::uint8_t>(commitment_scheme{Scheme::id}))
    return fail(errc::wrong_type, "tree opening: another scheme", 6);
  if (*type != static_cast<std::uint8_t>(shape.type))
    return fail(errc::dtype_mismatch, "tree opening: another element type", 7);
  return {};
}
}  // namespace detail

/// Reads an opening of exactly the requested rows; does not verify it.
/// @errors truncated, trailing_bytes, bad_magic, unsupported_version, wrong_type, dtype_mismatch, wrong_statement,
///   those of the scheme's parsers, of validate() and of validate_request()
template <vector_commitment Scheme>
[[nodiscard]] result<tree_opening<Scheme>> parse_tree_opening(const Scheme& scheme, const tree_statement& tree,
                                                              std::span<const coordinates> requested, byte_view bytes) {
  const auto frame = detail::opening_frame<Scheme>::derive(scheme, tree, requested);
  if (!frame) return frame.error();
  reader in{bytes};
  if (auto header = detail::parse_opening_header<Scheme>(in, tree.shape); !header) return header.error();
  tree_opening<Scheme> opening;
  const auto statement = in.array<32>();
  if (!statement) return statement.error();
  opening.statement = digest{*statement};
  if (opening.statement != frame->statement)
    return fail(errc::wrong_statement, "tree opening: it is of another tree or of other rows", in.offset() - 32);
  const auto rows = in.bytes(requested.size() * tree.shape.row_bytes());
  if (!rows) return rows.error();
  opening.rows.assign(rows->begin(), rows->end());
  for (const planned_node& n : frame->plan.nodes) {
    if constexpr (!recomputing_commitment<Scheme>) {
      auto c = Scheme::parse_commitment(in);
      if (!c) return c.error();
      opening.commitments.push_back(*std::move(c));
    }
    if constexpr (!aggregating_commitment<Scheme>) {
      auto o = Scheme::parse_opening(in, n.shape, frame->plan.slots_of(n));
      if (!o) return o.error();
      opening.nodes.push_back(*std::move(o));
    }
  }
  if constexpr (aggregating_commitment<Scheme>) {
    auto a = Scheme::parse_aggregate(in);
    if (!a) return a.error();
    opening.aggregate = *std::move(a);
  }
  if (auto end = in.finish(); !end) return end.error();
  return opening;
}

/// Encoded bytes of an opening of these rows, before anything is opened: for planning a challenge.
/// @errors those of validate() and validate_request()
template <vector_commitment Scheme>
[[nodiscard]] result<std::uint64_t> tree_opening_size(const tree_shape& shape, std::span<const coordinates> requested) {
  if (auto valid = validate(shape); !valid) return valid.error();
  if (auto valid = validate_request(shape, requested); !valid) return valid.error();
  const opening_plan plan = plan_opening(tree_geometry{shape}, requested);
  std::uint64_t bytes = 40 + requested.size() * shape.row_bytes();
  for (const planned_node& n : plan.nodes) {
    if constexpr (!aggregating_commitment<Scheme>) bytes += Scheme::opening_size(n.shape, plan.slots_of(n));
    if constexpr (!recomputing_commitment<Scheme>) bytes += Scheme::commitment_size();
  }
  if constexpr (aggregating_commitment<Scheme>) bytes += Scheme::aggregate_size();
  return bytes;
}

}  // namespace assay::inline v0

#endif
