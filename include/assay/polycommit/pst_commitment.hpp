// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// PST commitments as the nodes of a Terkle tree: a slot is a tile, so one group element per axis opens a whole row.
#ifndef ASSAY_POLYCOMMIT_PST_COMMITMENT_HPP
#define ASSAY_POLYCOMMIT_PST_COMMITMENT_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <assay/commit/tree_shape.hpp>
#include <assay/commit/vector_commitment.hpp>
#include <assay/core/expects.hpp>
#include <assay/hash/transcript.hpp>
#include <assay/math/point_encoding.hpp>
#include <assay/polycommit/detail/node_layout.hpp>
#include <assay/polycommit/encoding.hpp>
#include <assay/polycommit/node_digest.hpp>
#include <assay/polycommit/pst_open.hpp>
#include <assay/polycommit/pst_verify.hpp>

namespace assay::inline v0 {

/// Quotients of the opened slots, laid out as `count_quotients` says.
template <class C>
struct pst_opening {
  std::vector<affine_point<typename C::g1>> quotients;

  friend bool operator==(const pst_opening&, const pst_opening&) = default;
};

/// What both sides agree on beside the reference string, and what a prover spends for speed.
struct pst_settings {
  value_encoding f16 = value_encoding::raw16;  ///< or `fix`
  pst_options tables{};                        ///< `table_bits` is ignored: it follows from the rows
};

/// PST commitments to nodes of trees whose shapes are known in advance. A node's grid has an axis for every arity above
/// 1, and last one for a row's values if there are several; slots that are not present are zero. Rows are integers by
/// their type's encoding; above level 0 a slot is a child's digest, one scalar.
///
/// A commitment binds the values at their places in a full node. Level, index, shape, curve and context are bound by
/// `digest_of`, which is what a parent holds; reference string and encodings by `parameters`, which the context holds.
/// Immutable and cheap to copy; may be used from several threads.
template <class C>
class pst_commitment {
 public:
  using g1 = typename C::g1;
  using fr = typename C::fr;
  using commitment = affine_point<g1>;
  using opening = pst_opening<C>;
  static constexpr commitment_scheme id = commitment_scheme::pst;

  /// For those who commit and open, and for verifying. @errors shape_mismatch (the reference string's grid is too small
  /// for a node), invalid_settings; `where`: the tree
  [[nodiscard]] static result<pst_commitment> make_prover(const verified_srs<C>& srs, std::span<const tree_shape> trees,
                                                          const pst_settings& settings = {}) {
    return make(srs, pst_pairing_key<C>::make(srs), trees, settings, true);
  }
  /// For verifying alone: keeps no basis but that of a row. @errors as make_prover
  [[nodiscard]] static result<pst_commitment>
  make_verifier(const verified_srs<C>& srs, std::span<const tree_shape> trees, const pst_settings& settings = {}) {
    return make(srs, pst_pairing_key<C>::make(srs), trees, settings, false);
  }
  [[nodiscard]] static result<pst_commitment> make_prover_insecure_for_tests(const insecure_srs_for_tests<C>& srs,
                                                                             std::span<const tree_shape> trees,
                                                                             const pst_settings& settings = {}) {
    return make(srs, pst_pairing_key<C>::make_insecure_for_tests(srs), trees, settings, true);
  }
  [[nodiscard]] static result<pst_commitment> make_verifier_insecure_for_tests(const insecure_srs_for_tests<C>& srs,
                                                                               std::span<const tree_shape> trees,
                                                                               const pst_settings& settings = {}) {
    return make(srs, pst_pairing_key<C>::make_insecure_for_tests(srs), trees, settings, false);
  }

  /// Binds curve, reference string and the encoding of f16.
  [[nodiscard]] digest parameters() const noexcept { return parts_->parameters; }

  /// @errors unsupported (no tree with such nodes was named)
  [[nodiscard]] result<void> supports(const node_shape& shape) const {
    if (find(0, shape) != nullptr || find(1, shape) != nullptr) return {};
    return fail(errc::unsupported, "pst: no key for nodes of this shape", shape.capacity());
  }

  /// Commits to each node. Exact. @pre out.size() == nodes.size(), every node has all its values
  /// @errors unsupported, wrong_state (made for verifying alone), non_finite (`fix`), non_canonical (a digest of 254
  ///   bits or more); `where`: the node
  result<void> commit(std::span<const node_view> nodes, std::span<commitment> out) const {
    ASSAY_EXPECTS(nodes.size() == out.size());
    msm_workspace<g1> work;
    for (std::size_t begin = 0; begin < nodes.size();) {
      const node_kind* kind = find(nodes[begin].where.level, nodes[begin].shape);
      std::size_t end = begin + 1;
      while (end < nodes.size() && find(nodes[end].where.level, nodes[end].shape) == kind) ++end;
      if (auto done = commit_alike(kind, nodes.subspan(begin, end - begin), out.subspan(begin, end - begin), work);
          !done)
        return fail(done.error().code, done.error().message, begin + done.error().where);
      begin = end;
    }
    return {};
  }

  /// Opens slots of a node. @pre slots strictly ascend, at least one, all present. @errors as commit
  [[nodiscard]] result<opening> open(const node_view& node, std::span<const std::uint32_t> slots) const {
    const node_kind* kind = find(node.where.level, node.shape);
    encoded_values<fr> values;
    if (auto read = read_node(kind, node, values); !read) return read.error();
    const auto places = detail::slot_coordinates(node.shape, slots);
    return std::visit(
        [&](const auto& v) {
          using V = typename std::remove_cvref_t<decltype(v)>::value_type;
          pst_opener<C, V> opener{*kind->prover, v};
          return opening{opener.open(places, kind->slot_axes)};
        },
        values);
  }

  /// Checks every claim, all of them in one product of pairings. @pre values have the slots' length
  /// @errors length_mismatch, unsupported, non_finite, non_canonical, invalid_proof; `where`: the first bad claim
  [[nodiscard]] result<void> verify(std::span<const node_claim<pst_commitment>> claims) const {
    std::vector<std::vector<std::uint32_t>> places(claims.size());
    std::vector<encoded_values<fr>> values(claims.size());
    std::vector<pst_claim<C>> all(claims.size());
    for (std::size_t i = 0; i < claims.size(); ++i) {
      const auto& c = claims[i];
      ASSAY_EXPECTS(!c.slots.empty() && c.values.size() == c.slots.size() * c.shape.row_bytes());
      const node_kind* kind = find(c.where.level, c.shape);
      if (kind == nullptr) return fail(errc::unsupported, "pst: no key for nodes of this shape", i);
      const auto encoding = encoding_of(c.where.level, c.shape, parts_->f16);
      if (auto read = encode_values<fr>(encoding, c.shape.row_bytes(), c.values, values[i]); !read)
        return fail(read.error().code, read.error().message, i);
      places[i] = detail::slot_coordinates(c.shape, c.slots);
      all[i].key = kind->verifier.get(), all[i].commitment = *c.commitment;
      all[i].fixed = kind->slot_axes, all[i].places = places[i];
      all[i].values = view_of<fr>(values[i]), all[i].proof = c.opening->quotients;
    }
    return verify_claims<C>(all);
  }

  /// The commitment after one slot's row has changed: costs a sum over the row alone. An absent slot's row is zeros.
  /// @pre both rows have row_bytes() bytes; the slot is present
  /// @errors as commit, but for `where`
  [[nodiscard]] result<commitment> updated(const commitment& c, std::uint32_t level, const node_shape& shape,
                                           std::uint32_t slot, byte_view old_row, byte_view new_row) const {
    ASSAY_EXPECTS(slot < shape.slots() && old_row.size() == shape.row_bytes() &&
                  new_row.size() == shape.row_bytes());
    const node_kind* kind = find(level, shape);
    if (auto usable = expect_prover(kind); !usable) return usable.error();
    const auto encoding = encoding_of(level, shape, parts_->f16);
    encoded_values<fr> before, after;
    for (auto [row, values] : {std::pair{old_row, &before}, std::pair{new_row, &after}})
      if (auto read = encode_values<fr>(encoding, shape.row_bytes(), row, *values); !read) return read.error();
    msm_workspace<g1> work;
    return std::visit(
        [&](const auto& v) -> commitment {
          using values_type = std::remove_cvref_t<decltype(v)>;
          using difference = typename detail::difference_of<typename values_type::value_type>::type;
          const auto& from = std::get<values_type>(before);
          std::vector<difference> differences(v.size());
          for (std::size_t i = 0; i < v.size(); ++i)
            differences[i] = static_cast<difference>(difference{v[i]} - difference{from[i]});
          const std::size_t place = detail::place_in_full_node(shape, slot);
          return assay::updated<C, difference>(*kind->prover, c, place * v.size(), differences, work);
        },
        after);
  }

  /// What a parent's slot holds: SHA-256, cut to a scalar, over everything about the node.
  [[nodiscard]] static digest digest_of(const node_header& where, const node_shape& shape, const commitment& c) {
    return node_digest(id, C::id, where, shape, encode_compressed<g1>(c));
  }

  static void encode(const commitment& c, writer& out) { out.bytes(encode_compressed<g1>(c)); }
  static void encode(const opening& o, writer& out) {
    for (const auto& q : o.quotients) out.bytes(encode_compressed<g1>(q));
  }
  /// @errors truncated, and those of parse_compressed; `where`: offset of the point
  [[nodiscard]] static result<commitment> parse_commitment(reader& in) {
    const std::size_t at = in.offset();
    const auto bytes = in.bytes(compressed_size<g1>);
    if (!bytes) return bytes.error();
    auto p = parse_compressed<g1>(*bytes);
    if (!p) return fail(p.error().code, p.error().message, at);
    return p;
  }
  /// @pre slots as in `open`; the number of points follows from them. @errors as parse_commitment
  [[nodiscard]] static result<opening> parse_opening(reader& in, const node_shape& shape,
                                                     std::span<const std::uint32_t> slots) {
    const std::size_t size = opening_size(shape, slots);
    if (in.remaining() < size) return fail(errc::truncated, "the input ends inside a field", in.offset());
    opening o;
    o.quotients.reserve(size / compressed_size<g1>);
    while (o.quotients.size() < size / compressed_size<g1>) {
      auto p = parse_commitment(in);
      if (!p) return p.error();
      o.quotients.push_back(*p);
    }
    return o;
  }

  [[nodiscard]] static constexpr std::size_t commitment_size() noexcept { return compressed_size<g1>; }
  [[nodiscard]] static std::size_t opening_size(const node_shape& shape, std::span<const std::uint32_t> slots) {
    return compressed_size<g1> * count_quotients(detail::slot_coordinates(shape, slots), detail::slot_axes(shape));
  }

 private:
  /// Nodes with the same grid and the same type of values.
  struct node_kind {
    std::vector<std::uint32_t> extents;
    std::uint32_t slot_axes = 0;
    unsigned bits = 0;  ///< of the values' type
    std::shared_ptr<const pst_key<C>> prover;  ///< may be absent
    std::shared_ptr<const pst_verifier_key<C>> verifier;

    [[nodiscard]] bool same_as(const node_kind& o) const noexcept {
      return extents == o.extents && slot_axes == o.slot_axes && bits == o.bits;
    }
  };
  struct parts {
    digest parameters;
    value_encoding f16 = value_encoding::raw16;
    std::vector<node_kind> kinds;
  };

  explicit pst_commitment(std::shared_ptr<const parts> p) : parts_(std::move(p)) {}

  static node_kind kind_of(std::uint32_t level, const node_shape& shape, value_encoding f16) {
    const auto encoding = encoding_of(level, shape, f16);
    const unsigned bits = value_bits(encoding);
    node_kind k;
    k.extents = detail::slot_extents(shape);
    k.slot_axes = static_cast<std::uint32_t>(k.extents.size());
    if (const std::uint32_t n = values_per_row(encoding, shape); n > 1) k.extents.push_back(n);
    k.bits = bits == 0 ? fr::bits : bits <= 8 ? 8 : bits <= 16 ? 16 : bits <= 32 ? 32 : 64;
    return k;
  }

  template <class Srs>
  static result<pst_commitment> make(const Srs& srs, std::shared_ptr<const pst_pairing_key<C>> pairing,
                                     std::span<const tree_shape> trees, const pst_settings& settings, bool proves) {
    if (settings.f16 != value_encoding::raw16 && settings.f16 != value_encoding::fix)
      return fail(errc::invalid_settings, "pst: f16 is raw16 or fix");
    auto p = std::make_shared<parts>();
    p->f16 = settings.f16;
    transcript t{domains::scheme_parameters};
    t.text("scheme", "pst").u64("curve", static_cast<std::uint64_t>(C::id)).digest("reference", srs.id());
    p->parameters = t.u64("f16", static_cast<std::uint64_t>(settings.f16)).finish();
    for (std::size_t i = 0; i < trees.size(); ++i)
      for (std::uint32_t level = 0; level < 2u || level < trees[i].arities; ++level) {
        node_kind kind = kind_of(level, detail::full_node(trees[i], level), settings.f16);
        bool known = false;
        for (const node_kind& k : p->kinds) known = known || k.same_as(kind);
        if (known) continue;
        if (auto made = add_keys(srs, pairing, settings.tables, proves, kind); !made)
          return fail(made.error().code, made.error().message, i);
        p->kinds.push_back(std::move(kind));
      }
    return pst_commitment{std::move(p)};
  }

  template <class Srs>
  static result<void> add_keys(const Srs& srs, const std::shared_ptr<const pst_pairing_key<C>>& pairing,
                               pst_options options, bool proves, node_kind& kind) {
    options.table_bits = kind.bits;
    if (!proves) options = {0, 0, 0};
    auto key = make_key(srs, kind.extents, options);
    if (!key) return key.error();
    const auto shared = std::make_shared<const pst_key<C>>(*std::move(key));
    kind.verifier = std::make_shared<const pst_verifier_key<C>>(pairing, *shared, kind.slot_axes);
    if (proves) kind.prover = shared;
    return {};
  }
  static auto make_key(const verified_srs<C>& srs, std::span<const std::uint32_t> extents, const pst_options& options) {
    return pst_key<C>::make(srs, extents, options);
  }
  static auto make_key(const insecure_srs_for_tests<C>& srs, std::span<const std::uint32_t> extents,
                       const pst_options& options) {
    return pst_key<C>::make_insecure_for_tests(srs, extents, options);
  }

  [[nodiscard]] const node_kind* find(std::uint32_t level, const node_shape& shape) const {
    const node_kind wanted = kind_of(level, shape, parts_->f16);
    for (const node_kind& k : parts_->kinds)
      if (k.same_as(wanted)) return &k;
    return nullptr;
  }

  static result<void> expect_prover(const node_kind* kind) {
    if (kind == nullptr) return fail(errc::unsupported, "pst: no key for nodes of this shape");
    if (kind->prover == nullptr) return fail(errc::wrong_state, "pst: made for verifying alone");
    return {};
  }

  /// A node's values in a full node's layout, absent slots zero.
  result<void> read_node(const node_kind* kind, const node_view& node, encoded_values<fr>& out) const {
    if (auto usable = expect_prover(kind); !usable) return usable;
    ASSAY_EXPECTS(node.values.size() == node.shape.slots() * node.shape.row_bytes());
    const auto encoding = encoding_of(node.where.level, node.shape, parts_->f16);
    if (auto read = encode_values<fr>(encoding, node.shape.row_bytes(), node.values, out); !read) return read;
    if (node.shape.present != node.shape.arity)
      std::visit([&](auto& v) { v = detail::spread_rows(node.shape, v); }, out);
    return {};
  }

  result<void> commit_alike(const node_kind* kind, std::span<const node_view> nodes, std::span<commitment> out,
                            msm_workspace<g1>& work) const {
    encoded_values<fr> all, one;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (auto read = read_node(kind, nodes[i], i == 0 ? all : one); !read)
        return fail(read.error().code, read.error().message, i);
      if (i == 0) continue;
      std::visit(
          [&](const auto& v) {
            auto& to = std::get<std::remove_cvref_t<decltype(v)>>(all);
            to.insert(to.end(), v.begin(), v.end());
          },
          one);
    }
    std::visit(
        [&](const auto& v) {
          using V = typename std::remove_cvref_t<decltype(v)>::value_type;
          commit_many<C, V>(*kind->prover, v, out, work);
        },
        all);
    return {};
  }

  std::shared_ptr<const parts> parts_;
};

}  // namespace assay::inline v0

#endif
