// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a tree asks of a commitment scheme: hash-based and pairing-based schemes alike.
#ifndef ASSAY_COMMIT_VECTOR_COMMITMENT_HPP
#define ASSAY_COMMIT_VECTOR_COMMITMENT_HPP

#include <concepts>
#include <cstdint>
#include <span>

#include <assay/commit/node.hpp>
#include <assay/core/result.hpp>
#include <assay/io/reader.hpp>
#include <assay/io/writer.hpp>

namespace assay::inline v0 {

/// Schemes by their number in statements. Stable: never renumbered, never reused.
enum class commitment_scheme : std::uint8_t {
  merkle_sha256 = 1,
  pst = 2,  ///< multivariate polynomials over pairings
  kzg = 3,  ///< univariate polynomials over pairings, with a multiproof
};

/// The claim that some rows are those of a committed node. Slots strictly ascend; `values` holds their rows in that
/// order.
template <class Scheme>
struct node_claim {
  node_header where;
  node_shape shape;
  std::span<const std::uint32_t> slots;
  byte_view values;
  const typename Scheme::commitment* commitment = nullptr;
  const typename Scheme::opening* opening = nullptr;
};

/// A binding commitment to nodes of rows of integers. Opening a slot reveals its whole row (a tile), so a scheme may
/// spend one group element on it. Commitments of many nodes are made at once and all claims of an audit are verified at
/// once, so a scheme can share inversions, tables and pairings.
///
/// - `parameters()`: digest of public parameters (an SRS); all zeros if there are none
/// - `supports(shape)`: whether the parameters suffice for such nodes
/// - `commit(nodes, out)`: one commitment per node, equal nodes at equal places get equal commitments
/// - `open(node, slots)`: one opening for all these slots
/// - `verify(claims)`: success iff all hold; an error's `where` is the index of a claim that does not
/// - `digest_of(where, shape, commitment)`: collision-resistant in all three; this is what the parent's slot holds, so a
///   node's place is bound even where commitments themselves are homomorphic
/// - `encode`, `parse_...`: unique encodings; a parser reads no length from the wire but follows shape and slots
/// - `commitment_size()`, `opening_size(shape, slots)`: encoded bytes
template <class S>
concept vector_commitment =
    std::copyable<S> && std::copyable<typename S::commitment> && std::equality_comparable<typename S::commitment> &&
    std::default_initializable<typename S::commitment> && std::copyable<typename S::opening> &&
    std::equality_comparable<typename S::opening> &&
    requires(const S& s, const node_header& where, const node_shape& shape, const node_view& node, std::span<const node_view> nodes,
             std::span<const std::uint32_t> slots, std::span<typename S::commitment> commitments,
             const typename S::commitment& c, const typename S::opening& o, std::span<const node_claim<S>> claims,
             reader& in, writer& out) {
      { S::id } -> std::convertible_to<commitment_scheme>;
      { s.parameters() } -> std::same_as<digest>;
      { s.supports(shape) } -> std::same_as<result<void>>;
      { s.commit(nodes, commitments) } -> std::same_as<result<void>>;
      { s.open(node, slots) } -> std::same_as<result<typename S::opening>>;
      { s.verify(claims) } -> std::same_as<result<void>>;
      { S::digest_of(where, shape, c) } -> std::same_as<digest>;
      { S::encode(c, out) };
      { S::encode(o, out) };
      { S::parse_commitment(in) } -> std::same_as<result<typename S::commitment>>;
      { S::parse_opening(in, shape, slots) } -> std::same_as<result<typename S::opening>>;
      { S::commitment_size() } -> std::convertible_to<std::size_t>;
      { S::opening_size(shape, slots) } -> std::convertible_to<std::size_t>;
    };

/// A scheme whose opening and opened rows determine the commitment, as hash paths do: then nodes' commitments need not
/// be sent, and a tree is verified by computing its root. `recompute(where, shape, slots, values, opening)` fails only
/// if the opening has the wrong form for the shape.
template <class S>
concept recomputing_commitment =
    vector_commitment<S> &&
    requires(const S& s, const node_header& where, const node_shape& shape, std::span<const std::uint32_t> slots,
             byte_view values, const typename S::opening& o) {
      { s.recompute(where, shape, slots, values, o) } -> std::same_as<result<typename S::commitment>>;
    };

/// A scheme that proves the visited nodes of a tree together, in a constant number of bytes: then a tree's opening
/// carries one aggregate and no opening per node. `open_all(nodes, slots, commitments)` opens slots[i] of nodes[i],
/// committed to by commitments[i]; in `verify_all(claims, aggregate)` the claims have no opening, and an error names no
/// single claim.
template <class S>
concept aggregating_commitment =
    vector_commitment<S> && std::copyable<typename S::aggregate> && std::equality_comparable<typename S::aggregate> &&
    std::default_initializable<typename S::aggregate> &&
    requires(const S& s, std::span<const node_view> nodes, std::span<const std::span<const std::uint32_t>> slots,
             std::span<const typename S::commitment> commitments, std::span<const node_claim<S>> claims,
             const typename S::aggregate& a, reader& in, writer& out) {
      { s.open_all(nodes, slots, commitments) } -> std::same_as<result<typename S::aggregate>>;
      { s.verify_all(claims, a) } -> std::same_as<result<void>>;
      { S::encode(a, out) };
      { S::parse_aggregate(in) } -> std::same_as<result<typename S::aggregate>>;
      { S::aggregate_size() } -> std::convertible_to<std::size_t>;
    };

/// A scheme in which a slot can be changed without the node's other rows, as homomorphic ones allow.
/// `updated(commitment, level, shape, slot, old_row, new_row)`: what `commit` gives for the node with that slot replaced.
/// Only the node's owner may use it: it does not check that the slot held `old_row`.
template <class S>
concept updatable_commitment =
    vector_commitment<S> && requires(const S& s, const typename S::commitment& c, std::uint32_t level, const node_shape& shape,
                                     std::uint32_t slot, byte_view old_row, byte_view new_row) {
      { s.updated(c, level, shape, slot, old_row, new_row) } -> std::same_as<result<typename S::commitment>>;
    };

}  // namespace assay::inline v0

#endif
