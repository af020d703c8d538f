// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Verkle trees: the tree's own laws, with KZG nodes and one aggregate per opening.
#include "support/catch.hpp"
#include "support/trees.hpp"

#include <assay/commit/terkle.hpp>
#include <assay/math/bls12_381.hpp>
#include <assay/math/bn254.hpp>
#include <assay/polycommit/kzg_commitment.hpp>

using namespace assay;
using namespace assay_tests;

namespace {

template <class C>
kzg_commitment<C> scheme_of(std::uint32_t width, const kzg_options& options = {}) {
  const auto srs = insecure_srs_for_tests<C>::make(grid_shape::of({width}), 3);
  return kzg_commitment<C>{kzg_key<C>::make_insecure_for_tests(srs, options).value()};
}

static_assert(aggregating_commitment<kzg_commitment<bn254>> && aggregating_commitment<kzg_commitment<bls12_381>>);
static_assert(!recomputing_commitment<kzg_commitment<bn254>>);

template <class C>
void check_tree(const kzg_commitment<C>& scheme, const tree_shape& shape, std::uint64_t seed) {
  const auto bytes = tree_bytes(shape);
  const auto tree = commit_tree(scheme, shape, tree_context(), bytes).value();
  lcg draw{seed};
  for (int round = 0; round < 2; ++round) {
    const auto requested = some_rows(shape, draw);
    const auto opening = tree.open(requested).value();
    CHECK(opening.nodes.empty());
    const auto encoded = encode(opening, shape);
    CHECK(encoded.size() == tree_opening_size<kzg_commitment<C>>(shape, requested).value());
    const auto parsed = parse_tree_opening(scheme, tree.statement(), requested, encoded);
    REQUIRE(parsed);
    CHECK(*parsed == opening);
    const auto rows = verify_tree_opening(scheme, tree.statement(), requested, *parsed);
    REQUIRE(rows);
    for (std::size_t i = 0; i < requested.size(); ++i) {
      const byte_view expected = tree.row(requested[i]), got = (*rows)[i];
      CHECK(std::equal(got.begin(), got.end(), expected.begin(), expected.end()));
    }
    auto forged = *parsed;
    forged.rows[0] ^= std::byte{1};
    CHECK(verify_tree_opening(scheme, tree.statement(), requested, forged).error().code == errc::invalid_proof);
  }
}

template <class C>
void check_trees() {
  const auto scheme = scheme_of<C>(16);
  check_tree(scheme, row_tree_shape(1, dtype::i8, 3, 2), 1);
  check_tree(scheme, row_tree_shape(13, dtype::i8, 4, 4), 2);
  check_tree(scheme, tree_of(dtype::f16, 2, {5, 3}, {{2, 2}, {2, 2}}), 3);
  check_tree(scheme, position_tree_shape(6, 3, dtype::i32, 2, 3), 4);
  check_tree(scheme, row_tree_shape(5, dtype::opaque, 40, 4), 5);
  check_tree(scheme, row_tree_shape(5, dtype::opaque, 32, 4), 6);
  check_tree(scheme, row_tree_shape(5, dtype::f64, 2, 4), 7);
}

// A node's opening on its own, as the concept has it without a tree.
template <class C>
void check_single_nodes() {
  using scheme_type = kzg_commitment<C>;
  const auto scheme = scheme_of<C>(12);
  const auto bytes = tree_bytes(3 * 12 * 2);
  node_shape shape;
  shape.type = dtype::i16, shape.width = 3, shape.arity[0] = 4, shape.present[0] = 4;
  std::vector<node_view> nodes;
  for (std::uint64_t k = 0; k < 3; ++k)
    nodes.push_back({{tree_context(), 0, k}, shape, byte_view{bytes}.subspan(24 * k, 24)});
  std::vector<typename scheme_type::commitment> commitments(3);
  REQUIRE(scheme.commit(nodes, commitments));
  const std::vector<std::uint32_t> slots = {1, 3};
  std::vector<std::vector<std::byte>> values(3);
  std::vector<typename scheme_type::opening> openings;
  std::vector<node_claim<scheme_type>> claims;
  for (std::size_t k = 0; k < 3; ++k) {
    openings.push_back(scheme.open(nodes[k], slots).value());
    for (const std::uint32_t s : slots)
      values[k].insert(values[k].end(), nodes[k].values.begin() + 6 * s, nodes[k].values.begin() + 6 * (s + 1));
  }
  for (std::size_t k = 0; k < 3; ++k)
    claims.push_back({nodes[k].where, shape, slots, values[k], &commitments[k], &openings[k]});
  CHECK(scheme.verify(claims));
  values[1][5] ^= std::byte{16};
  const auto bad = scheme.verify(claims);
  REQUIRE_FALSE(bad);
  CHECK(bad.error() == fail(errc::invalid_proof, "", 1));
  CHECK(scheme.verify({}));
}

}  // namespace

TEST_CASE("kzg_commitment: trees on BN254", "[polycommit]") { check_trees<bn254>(); }
TEST_CASE("kzg_commitment: trees on BLS12-381", "[polycommit]") { check_trees<bls12_381>(); }
TEST_CASE("kzg_commitment: claims with an opening each name the false one", "[polycommit]") {
  check_single_nodes<bn254>();
  check_single_nodes<bls12_381>();
}

TEST_CASE("kzg_commitment: the whole audit is proven by one aggregate", "[polycommit]") {
  const auto scheme = scheme_of<bn254>(8);
  const tree_shape shape = row_tree_shape(64, dtype::i8, 2, 4);
  const auto tree = commit_tree(scheme, shape, tree_context(), tree_bytes(shape)).value();
  const std::vector<coordinates> few = {{5}}, many = {{5}, {17}, {40}, {41}, {63}};
  const auto size = [&](const auto& requested) {
    const auto o = tree.open(requested).value();
    return encode(o, shape).size() - 40 - requested.size() * 2 - o.commitments.size() * 32;
  };
  CHECK(size(few) == 64);
  CHECK(size(many) == 64);
}

TEST_CASE("kzg_commitment: tables change nothing", "[polycommit]") {
  const auto plain = scheme_of<bn254>(8), small = scheme_of<bn254>(8, {16}),
             full = scheme_of<bn254>(8, {bn254::fr::bits});
  const tree_shape shape = row_tree_shape(30, dtype::i16, 2, 4);
  const auto root = commit_tree(plain, shape, tree_context(), tree_bytes(shape))->root();
  CHECK(commit_tree(small, shape, tree_context(), tree_bytes(shape))->root() == root);
  CHECK(commit_tree(full, shape, tree_context(), tree_bytes(shape))->root() == root);
}

TEST_CASE("kzg_commitment: nodes that do not fit are refused", "[polycommit]") {
  const auto scheme = scheme_of<bn254>(8);
  node_shape shape;
  shape.type = dtype::i8, shape.width = 3, shape.arity[0] = 3, shape.present[0] = 3;
  CHECK(scheme.supports(shape).error().code == errc::shape_mismatch);
  shape.arity[0] = shape.present[0] = 2;
  CHECK(scheme.supports(shape));
  CHECK(terkle_builder<kzg_commitment<bn254>>::start(scheme, row_tree_shape(0, dtype::i8, 3, 3), {}).error().code ==
        errc::shape_mismatch);
  // Opaque rows of 32 bytes take two scalars where they are the caller's, one where they are digests.
  CHECK(commit_tree(scheme, row_tree_shape(8, dtype::opaque, 32, 8), {}, tree_bytes(8 * 32)).error().code ==
        errc::shape_mismatch);
  CHECK(commit_tree(scheme, row_tree_shape(64, dtype::i8, 1, 8), {}, tree_bytes(64)));
}

TEST_CASE("kzg_commitment: place and shape are bound by the digest", "[polycommit]") {
  using scheme = kzg_commitment<bn254>;
  node_shape shape;
  shape.type = dtype::i8, shape.width = 2, shape.arity[0] = 4, shape.present[0] = 4;
  const node_header where{tree_context(), 1, 5};
  const auto base = scheme::digest_of(where, shape, bn254::g1::generator());
  CHECK((base.bytes[31] & std::byte{0xe0}) == std::byte{0});
  CHECK(scheme::digest_of(where, shape, -bn254::g1::generator()) != base);
  CHECK(scheme::digest_of({tree_context(1), 1, 5}, shape, bn254::g1::generator()) != base);
  CHECK(scheme::digest_of({tree_context(), 2, 5}, shape, bn254::g1::generator()) != base);
  CHECK(scheme::digest_of({tree_context(), 1, 6}, shape, bn254::g1::generator()) != base);
  node_shape other = shape;
  other.present[0] = 3;
  CHECK(scheme::digest_of(where, other, bn254::g1::generator()) != base);
  other = shape, other.type = dtype::u8;
  CHECK(scheme::digest_of(where, other, bn254::g1::generator()) != base);
}
