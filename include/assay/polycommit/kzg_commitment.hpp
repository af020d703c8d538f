// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// KZG nodes for trees: a Verkle tree, whose openings are two group elements however many rows they show.
#ifndef ASSAY_POLYCOMMIT_KZG_COMMITMENT_HPP
#define ASSAY_POLYCOMMIT_KZG_COMMITMENT_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <assay/commit/vector_commitment.hpp>
#include <assay/core/expects.hpp>
#include <assay/core/result.hpp>
#include <assay/hash/transcript.hpp>
#include <assay/polycommit/encoding.hpp>
#include <assay/polycommit/kzg.hpp>
#include <assay/polycommit/node_digest.hpp>
#include <assay/polycommit/verkle.hpp>

namespace assay::inline v0 {

/// Univariate polynomials over a node's elements: slot s and element e are the value at node s * (values per row) + e.
/// Every element of an opened row is a claim of the multiproof, so wide rows cost the prover time, never bytes.
template <class C>
class kzg_commitment {
 public:
  using commitment = affine_point<typename C::g1>;
  using opening = verkle_proof<C>;
  using aggregate = verkle_proof<C>;
  static constexpr commitment_scheme id = commitment_scheme::kzg;

  explicit kzg_commitment(kzg_key<C> key) : key_(std::move(key)) {}

  [[nodiscard]] const kzg_key<C>& key() const noexcept { return key_; }
  [[nodiscard]] digest parameters() const noexcept { return key_.reference_id(); }

  /// @errors shape_mismatch: more elements than the reference string has nodes
  [[nodiscard]] result<void> supports(const node_shape& shape) const {
    // Opaque rows of 32 bytes are digests above level 0 and two limbs at it: the smaller is what can be said here.
    const bool may_be_digests = shape.type == dtype::opaque && shape.width == sizeof(digest);
    return fits(shape, encoding_of(may_be_digests ? 1 : 0, shape), shape.capacity());
  }

  /// Commits to each node. Exact. @pre out.size() == nodes.size(), every node has all its values
  /// @errors shape_mismatch, non_canonical (a digest of more than 253 bits); `where`: the node
  result<void> commit(std::span<const node_view> nodes, std::span<commitment> out) const {
    ASSAY_EXPECTS(nodes.size() == out.size());
    msm_workspace<g1> work;
    std::vector<encoded_values<fr>> encoded(nodes.size());
    for (std::size_t i = 0; i < nodes.size(); ++i)
      if (auto done = encode_node(nodes[i], encoded[i]); !done) return fail(done.error().code, done.error().message, i);
    for (std::size_t begin = 0, end = 0; begin < nodes.size(); begin = end) {
      while (end < nodes.size() && encoded[end].index() == encoded[begin].index()) ++end;
      const auto run = std::span<const encoded_values<fr>>{encoded}.subspan(begin, end - begin);
      const auto results = out.subspan(begin, end - begin);
      std::visit([&]<class V>(const std::vector<V>&) { commit_run<V>(run, results, work); }, run[0]);
    }
    return {};
  }

  /// Opens slots of a node. @pre slots strictly ascend, at least one, all present @errors as `commit`
  [[nodiscard]] result<opening> open(const node_view& node, std::span<const std::uint32_t> slots) const {
    commitment c;
    if (auto done = commit({&node, 1}, {&c, 1}); !done) return done.error();
    return open_all({&node, 1}, {&slots, 1}, {&c, 1});
  }

  /// Opens slots of many nodes at once. @pre sizes agree; slots as `open` @errors as `commit`
  [[nodiscard]] result<aggregate> open_all(std::span<const node_view> nodes,
                                           std::span<const std::span<const std::uint32_t>> slots,
                                           std::span<const commitment> commitments) const {
    ASSAY_EXPECTS(!nodes.empty() && nodes.size() == slots.size() && nodes.size() == commitments.size());
    std::vector<encoded_values<fr>> encoded(nodes.size());
    std::vector<value_span<fr>> vectors;
    std::vector<verkle_claim<C>> claims;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (auto done = encode_node(nodes[i], encoded[i]); !done) return fail(done.error().code, done.error().message, i);
      vectors.push_back(view_of<fr>(encoded[i]));
      const std::uint32_t per_row = values_per_row(encoding_of(nodes[i].where.level, nodes[i].shape), nodes[i].shape);
      for (const std::uint32_t slot : slots[i])
        append_claims(part_of<fr>(vectors[i], slot * std::size_t{per_row}, per_row), i, slot * per_row, claims);
    }
    msm_workspace<g1> work;
    return open_multiproof<C>(key_, vectors, {nodes[0].where.context, commitments, claims}, work);
  }

  /// Checks claims that one aggregate proves. @errors empty, shape_mismatch and non_canonical (`where`: the claim),
  ///   invalid_proof (`where`: 0, whichever is false)
  [[nodiscard]] result<void> verify_all(std::span<const node_claim<kzg_commitment>> claims,
                                        const aggregate& proof) const {
    statement s;
    if (auto done = s.assemble(*this, claims); !done) return done;
    msm_workspace<g1> work;
    return verify_multiproof<C>(key_, s.view(), proof, work);
  }

  /// Checks claims with an opening each, all in two pairings. @errors as `verify_all`; `where` is a false claim
  [[nodiscard]] result<void> verify(std::span<const node_claim<kzg_commitment>> claims) const {
    msm_workspace<g1> work;
    std::vector<affine_point<g1>> left, right;
    transcript t{domains::pairing_batch};
    for (std::size_t i = 0; i < claims.size(); ++i) {
      statement s;
      if (auto done = s.assemble(*this, claims.subspan(i, 1)); !done)
        return fail(done.error().code, done.error().message, i);
      left.push_back(detail::verkle_left_side<C>(key_, s.view(), *claims[i].opening, work));
      right.push_back(-claims[i].opening->opening);
      t.bytes("left", encode_compressed(left[i])).bytes("right", encode_compressed(right[i]));
    }
    if (claims.empty() || holds(combined(left, t, work), combined(right, t, work))) return {};
    for (std::size_t i = 0; i < claims.size(); ++i)
      if (!holds(left[i], right[i])) return fail(errc::invalid_proof, "kzg: the rows are not proven", i);
    return fail(errc::invalid_proof, "kzg: the rows are not proven");
  }

  [[nodiscard]] static digest digest_of(const node_header& where, const node_shape& shape, const commitment& c) {
    return node_digest(id, C::id, where, shape, encode_compressed(c));
  }

  static void encode(const commitment& c, writer& out) { out.bytes(encode_compressed(c)); }
  static void encode(const opening& o, writer& out) { o.encode(out); }
  /// @errors truncated, and those of parse_compressed; `where`: offset of the point (all parsers)
  [[nodiscard]] static result<commitment> parse_commitment(reader& in) {
    return detail::parse_point<g1>(in);
  }
  [[nodiscard]] static result<opening> parse_opening(reader& in, const node_shape&, std::span<const std::uint32_t>) {
    return opening::parse(in);
  }
  [[nodiscard]] static result<aggregate> parse_aggregate(reader& in) { return aggregate::parse(in); }

  [[nodiscard]] static constexpr std::size_t commitment_size() noexcept { return compressed_size<g1>; }
  [[nodiscard]] static constexpr std::size_t opening_size(const node_shape&, std::span<const std::uint32_t>) noexcept {
    return opening::size;
  }
  [[nodiscard]] static constexpr std::size_t aggregate_size() noexcept { return aggregate::size; }

 private:
  using g1 = typename C::g1;
  using fr = typename C::fr;

  // Claims about nodes, element by element.
  struct statement {
    digest context;
    std::vector<commitment> commitments;
    std::vector<verkle_claim<C>> claims;

    result<void> assemble(const kzg_commitment& scheme, std::span<const node_claim<kzg_commitment>> nodes) {
      if (nodes.empty()) return fail(errc::empty, "kzg: no claim");
      context = nodes[0].where.context;
      encoded_values<fr> values;
      for (std::size_t i = 0; i < nodes.size(); ++i) {
        const auto& n = nodes[i];
        const value_encoding e = encoding_of(n.where.level, n.shape);
        const std::uint32_t per_row = values_per_row(e, n.shape);
        ASSAY_EXPECTS(n.values.size() == n.slots.size() * n.shape.row_bytes());
        if (auto fit = scheme.fits(n.shape, e, n.shape.slots()); !fit)
          return fail(fit.error().code, fit.error().message, i);
        if (auto done = encode_values<fr>(e, n.shape.row_bytes(), n.values, values); !done)
          return fail(done.error().code, done.error().message, i);
        for (std::size_t k = 0; k < n.slots.size(); ++k)
          append_claims(part_of<fr>(view_of<fr>(values), k * per_row, per_row), i, n.slots[k] * per_row, claims);
        commitments.push_back(*n.commitment);
      }
      return {};
    }
    [[nodiscard]] verkle_statement<C> view() const noexcept { return {context, commitments, claims}; }
  };

  [[nodiscard]] result<void> fits(const node_shape& shape, value_encoding e, std::uint64_t slots) const {
    const std::uint64_t values = slots * values_per_row(e, shape);
    if (values <= key_.width()) return {};
    return fail(errc::shape_mismatch, "kzg: a node has more values than the reference string has nodes", values);
  }

  [[nodiscard]] result<void> encode_node(const node_view& node, encoded_values<fr>& out) const {
    const value_encoding e = encoding_of(node.where.level, node.shape);
    ASSAY_EXPECTS(node.values.size() == node.shape.slots() * node.shape.row_bytes());
    if (auto fit = fits(node.shape, e, node.shape.slots()); !fit) return fit;
    return encode_values<fr>(e, node.shape.row_bytes(), node.values, out);
  }

  static void append_claims(const value_span<fr>& values, std::size_t commitment, std::uint32_t first,
                            std::vector<verkle_claim<C>>& out) {
    const auto append = [&]<class V>(std::span<const V> row) {
      for (std::uint32_t i = 0; i < row.size(); ++i) {
        fr value;
        if constexpr (std::is_same_v<V, fr>) value = row[i];
        else value = fr::from_i64(row[i]);
        out.push_back({static_cast<std::uint32_t>(commitment), first + i, value});
      }
    };
    std::visit(append, values);
  }

  // Nodes whose values have one type, in shared batches.
  template <class V>
  void commit_run(std::span<const encoded_values<fr>> nodes, std::span<commitment> out, msm_workspace<g1>& work) const {
    std::vector<node_values<V>> views;
    for (const auto& n : nodes) views.push_back({std::get<std::vector<V>>(n)});
    constexpr unsigned bits = std::is_same_v<V, fr> ? fr::bits : 8 * sizeof(V);
    if (const auto* table = key_.table(bits)) {
      sum_many<g1, V>(*table, views, out, work);
    } else if constexpr (std::is_same_v<V, fr>) {
      for (std::size_t i = 0; i < views.size(); ++i) out[i] = kzg_commit<C, fr>(key_, views[i].values, work);
    } else {
      msm_many<g1, V>(key_.basis(), views, out, work);
    }
  }

  [[nodiscard]] bool holds(const commitment& left, const commitment& right) const {
    const std::array<pairing_term<C>, 2> terms{{{left, &key_.generator_g2()}, {right, &key_.tau_g2()}}};
    return pairing_product_is_one<C>(terms);
  }

  // Sum of points with 128-bit coefficients drawn from all of them.
  [[nodiscard]] static commitment combined(std::span<const commitment> points, transcript t, msm_workspace<g1>& work) {
    std::vector<limbs<2>> coefficients(points.size());
    for (limbs<2>& c : coefficients) {
      const digest d = t.challenge("coefficient");
      c = {load_le<std::uint64_t>(d.bytes.data()), load_le<std::uint64_t>(d.bytes.data() + 8)};
    }
    return msm<g1>(points, std::span<const limbs<2>>{coefficients}, work).to_affine();
  }

  kzg_key<C> key_;
};

}  // namespace assay::inline v0

#endif
