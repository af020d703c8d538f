// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/polycommit/pst_commitment.hpp>

#include <algorithm>
#include <vector>

#include <assay/commit/terkle.hpp>

#include "support/catch.hpp"
#include "support/pst.hpp"
#include "support/trees.hpp"

using namespace assay;
using namespace assay_tests;

static_assert(vector_commitment<pst_commitment<bn254>> && vector_commitment<pst_commitment<bls12_381>>);
static_assert(!recomputing_commitment<pst_commitment<bn254>>);

namespace {

const grid_shape grid = grid_shape::of({4, 4, 3, 4});

template <class C>
pst_commitment<C> prover_for(const tree_shape& s, const pst_settings& settings = {}) {
  return pst_commitment<C>::make_prover_insecure_for_tests(srs_of<C>(grid), std::span{&s, 1}, settings).value();
}
template <class C>
pst_commitment<C> verifier_for(const tree_shape& s, const pst_settings& settings = {}) {
  return pst_commitment<C>::make_verifier_insecure_for_tests(srs_of<C>(grid), std::span{&s, 1}, settings).value();
}

template <class C>
void check_laws() {
  const tree_shape s = tree_of(dtype::i16, 2, {3, 4}, {{4, 4}});
  const auto scheme = prover_for<C>(s);
  const auto values = tree_bytes(4 * 12);
  const node_view node{{tree_context(), 1, 5}, {dtype::i16, 2, 2, {4, 4}, {3, 4}}, values};
  REQUIRE(scheme.supports(node.shape));
  affine_point<typename C::g1> c;
  REQUIRE(scheme.commit({&node, 1}, {&c, 1}));
  const std::vector<std::uint32_t> slots = {0, 7, 11};
  std::vector<std::byte> rows;
  for (std::uint32_t slot : slots) rows.insert(rows.end(), values.begin() + 4 * slot, values.begin() + 4 * slot + 4);
  const auto opening = scheme.open(node, slots);
  REQUIRE(opening);
  CHECK(opening->quotients.size() == 6);  // coordinates (0,0), (1,3), (2,3)

  using scheme_type = pst_commitment<C>;
  const node_claim<scheme_type> claim{node.where, node.shape, slots, rows, &c, &*opening};
  CHECK(scheme.verify({&claim, 1}));
  CHECK(verifier_for<C>(s).verify({&claim, 1}));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto wrong = rows;
    wrong[i] ^= std::byte{1};
    auto bad = claim;
    bad.values = wrong;
    CHECK(scheme.verify({&bad, 1}).error().code == errc::invalid_proof);
  }
  const std::vector<std::uint32_t> others = {0, 8, 11};
  auto moved = claim;
  moved.slots = others;
  CHECK_FALSE(scheme.verify({&moved, 1}));
  auto cut = *opening;
  cut.quotients.pop_back();
  auto shorter = claim;
  shorter.opening = &cut;
  CHECK(scheme.verify({&shorter, 1}).error().code == errc::length_mismatch);

  std::vector<std::byte> bytes;
  writer w{bytes};
  scheme_type::encode(c, w);
  CHECK(bytes.size() == scheme_type::commitment_size());
  scheme_type::encode(*opening, w);
  CHECK(bytes.size() == scheme_type::commitment_size() + scheme_type::opening_size(node.shape, slots));
  reader r{bytes};
  CHECK(scheme_type::parse_commitment(r).value() == c);
  CHECK(scheme_type::parse_opening(r, node.shape, slots).value() == *opening);
  CHECK(r.finish());
  reader short_input{byte_view{bytes}.first(bytes.size() - 1)};
  REQUIRE(scheme_type::parse_commitment(short_input));
  CHECK(scheme_type::parse_opening(short_input, node.shape, slots).error().code == errc::truncated);

  affine_point<typename C::g1> ignored;
  CHECK(verifier_for<C>(s).commit({&node, 1}, {&ignored, 1}).error().code == errc::wrong_state);
  node_shape unknown = node.shape;
  unknown.width = 3;
  CHECK(scheme.supports(unknown).error().code == errc::unsupported);
}

template <class C>
void round_trip(const pst_commitment<C>& scheme, const tree_shape& s, std::span<const coordinates> requested) {
  const auto light = verifier_for<C>(s);
  const auto tree = commit_tree(scheme, s, tree_context(), tree_bytes(s));
  REQUIRE(tree);
  const auto opening = tree->open(requested);
  REQUIRE(opening);
  const auto bytes = encode(*opening, s);
  REQUIRE(bytes.size() == tree_opening_size<pst_commitment<C>>(s, requested).value());
  const auto parsed = parse_tree_opening(light, tree->statement(), requested, bytes);
  REQUIRE(parsed);
  REQUIRE(*parsed == *opening);
  const auto rows = verify_tree_opening(light, tree->statement(), requested, *parsed);
  REQUIRE(rows);
  for (std::size_t i = 0; i < requested.size(); ++i) REQUIRE(equal_bytes_vartime((*rows)[i], tree->row(requested[i])));

  auto growing = s;
  growing.extents[0] = 0;
  auto builder = terkle_builder<pst_commitment<C>>::start(scheme, growing, tree_context());
  REQUIRE(builder);
  const auto all = tree_bytes(s);
  for (std::size_t at = 0; at < all.size(); at += builder->slice_bytes())
    REQUIRE(builder->append(byte_view{all}.subspan(at, builder->slice_bytes())));
  REQUIRE(std::move(*builder).finish()->root() == tree->root());
}

template <class C>
void check_trees(std::uint32_t most) {
  lcg draw{11};
  const auto check = [&](const tree_shape& s) { round_trip<C>(prover_for<C>(s), s, some_rows(s, draw)); };
  for (std::uint32_t n = 1; n <= most; ++n) {
    check(row_tree_shape(n, dtype::i8, 2, 4));
    check(position_tree_shape(n, 3, dtype::i16, 1, 3));
    check(tree_of(dtype::f16, 3, {n, 3}, {{2, 2}, {4, 2}}));
    check(tree_of(dtype::opaque, 33, {n, 2, 2}, {{1, 1, 2}, {2, 2, 1}}));
  }
  check(tree_of(dtype::f32, 1, {3, 2, 2, 1}, {{2, 1, 2, 1}, {2, 2, 2, 2}}));
  check(tree_of(dtype::i64, 2, {3, 2}, {{2, 2}}));
  check(tree_of(dtype::u8, 3, {3, 2}, {{2, 2}}));
}

template <class C>
void check_tampering(std::size_t stride) {
  const tree_shape s = position_tree_shape(7, 3, dtype::i16, 2, 3);
  const auto scheme = prover_for<C>(s);
  const auto tree = commit_tree(scheme, s, tree_context(), tree_bytes(s)).value();
  const std::vector<coordinates> requested = {{0, 2}, {4, 1}};
  const auto honest = tree.open(requested).value();
  const auto rejected = [&](const tree_opening<pst_commitment<C>>& o) {
    return !verify_tree_opening(scheme, tree.statement(), requested, o).has_value();
  };
  REQUIRE_FALSE(rejected(honest));
  for (std::size_t i = 0; i < honest.rows.size(); ++i) {
    auto bad = honest;
    bad.rows[i] ^= std::byte{4};
    CHECK(rejected(bad));
  }
  for (std::size_t n = 0; n < honest.nodes.size(); ++n) {
    for (std::size_t q = 0; q < honest.nodes[n].quotients.size(); ++q) {
      auto bad = honest;
      bad.nodes[n].quotients[q] = -bad.nodes[n].quotients[q];
      CHECK(rejected(bad));
      bad.nodes[n].quotients[q] = C::g1::generator();
      CHECK(rejected(bad));
      bad.nodes[n].quotients.erase(bad.nodes[n].quotients.begin() + static_cast<std::ptrdiff_t>(q));
      CHECK(rejected(bad));
    }
    auto bad = honest;
    bad.commitments[n] = -bad.commitments[n];
    CHECK(rejected(bad));
    bad.commitments[n] = {};
    CHECK(rejected(bad));
    bad = honest;
    bad.nodes[n].quotients.push_back({});
    CHECK(rejected(bad));
  }
  auto bad = honest;
  std::swap(bad.nodes[0], bad.nodes[1]);
  CHECK(rejected(bad));
  bad = honest;
  std::swap(bad.commitments[0], bad.commitments[1]);
  CHECK(rejected(bad));

  const auto bytes = encode(honest, s);
  for (std::size_t bit = 0; bit < 8 * bytes.size(); bit += stride) {
    auto forged = bytes;
    forged[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
    const auto parsed = parse_tree_opening(scheme, tree.statement(), requested, forged);
    if (parsed) CHECK(rejected(*parsed));
  }
}

template <class C>
void check_updates() {
  const tree_shape s = tree_of(dtype::f16, 3, {4, 4}, {{4, 4}, {2, 2}});
  for (const value_encoding f16 : {value_encoding::raw16, value_encoding::fix}) {
    const auto scheme = prover_for<C>(s, {f16, {}});
    std::vector<std::byte> rows = tree_bytes(6 * 16);
    for (std::size_t i = 1; i < rows.size(); i += 2) rows[i] &= std::byte{0xbb};  // finite
    const auto commit = [&] {
      const node_view node{{tree_context(), 0, 0}, detail::full_node(s, 0), rows};
      affine_point<typename C::g1> c;
      REQUIRE(scheme.commit({&node, 1}, {&c, 1}));
      return c;
    };
    const auto before = commit();
    const std::vector<std::byte> old_row(rows.begin() + 54, rows.begin() + 60);
    for (std::size_t i = 54; i < 60; ++i) rows[i] = static_cast<std::byte>(i);
    const auto after = scheme.updated(before, 0, detail::full_node(s, 0), 9, old_row, byte_view{rows}.subspan(54, 6));
    CHECK(after.value() == commit());
  }
  // A digest above level 0, into a slot that was absent.
  const auto scheme = prover_for<C>(s);
  node_shape upper = detail::full_node(s, 1);
  const auto digests = tree_bytes(96);
  std::vector<std::byte> bytes(digests);
  for (std::size_t i = 31; i < 96; i += 32) bytes[i] &= std::byte{0x1f};
  upper.present = {1, 2};
  const node_view two{{tree_context(), 1, 0}, upper, byte_view{bytes}.first(64)};
  affine_point<typename C::g1> c, more;
  REQUIRE(scheme.commit({&two, 1}, {&c, 1}));
  upper.present = {2, 2};
  const std::vector<std::byte> none(32);
  const auto added = scheme.updated(c, 1, upper, 2, none, byte_view{bytes}.subspan(64));
  auto four = bytes;
  four.resize(128);
  const node_view full{{tree_context(), 1, 0}, upper, four};
  REQUIRE(scheme.commit({&full, 1}, {&more, 1}));
  CHECK(added.value() == more);
}

template <class C>
void check_updated_trees() {
  static_assert(updatable_commitment<pst_commitment<C>>);
  const tree_shape s = tree_of(dtype::i16, 3, {7, 5}, {{3, 2}, {2, 2}});  // far edges on both axes, at every level
  const auto scheme = prover_for<C>(s);
  auto rows = tree_bytes(6 * 35);
  auto tree = commit_tree(scheme, s, tree_context(), rows);
  REQUIRE(tree);
  for (const coordinates at : {coordinates{0, 0}, coordinates{6, 4}, coordinates{3, 1}, coordinates{6, 0}}) {
    const std::size_t place = (at[0] * 5 + at[1]) * 6;
    for (std::size_t i = 0; i < 6; ++i) rows[place + i] ^= std::byte{0x5a};
    auto changed = tree->updated(at, byte_view{rows}.subspan(place, 6));
    REQUIRE(changed);
    CHECK(changed->root() == commit_tree(scheme, s, tree_context(), rows)->root());
    tree = std::move(changed);
  }
}

}  // namespace

TEST_CASE("pst_commitment: laws of every scheme", "[polycommit]") {
  check_laws<bn254>();
  check_laws<bls12_381>();
}

TEST_CASE("pst_commitment: trees of many shapes, bulk and streamed, open and verify", "[polycommit]") {
  check_trees<bn254>(6);
  check_trees<bls12_381>(2);
}

TEST_CASE("pst_commitment: whatever is changed in an opening is noticed", "[polycommit]") {
  check_tampering<bn254>(13);
  check_tampering<bls12_381>(67);
}

TEST_CASE("pst_commitment: a tree with a row replaced is the tree built anew", "[polycommit]") {
  check_updated_trees<bn254>();
  check_updated_trees<bls12_381>();
}

TEST_CASE("pst_commitment: an updated node is the node committed anew", "[polycommit]") {
  check_updates<bn254>();
  check_updates<bls12_381>();
}

TEST_CASE("pst_commitment: digests bind place, shape and curve, and tell apart what x mod r does not", "[polycommit]") {
  using scheme = pst_commitment<bn254>;
  const node_header where{tree_context(), 2, 9};
  const node_shape shape{dtype::opaque, 32, 2, {4, 4}, {3, 4}};
  const auto g = bn254::g1::generator();
  const digest d = scheme::digest_of(where, shape, g);
  CHECK(scheme::digest_of({tree_context(1), 2, 9}, shape, g) != d);
  CHECK(scheme::digest_of({tree_context(), 1, 9}, shape, g) != d);
  CHECK(scheme::digest_of({tree_context(), 2, 8}, shape, g) != d);
  CHECK(scheme::digest_of(where, {dtype::opaque, 32, 2, {4, 4}, {4, 4}}, g) != d);
  CHECK(scheme::digest_of(where, {dtype::opaque, 32, 2, {4, 5}, {3, 4}}, g) != d);
  CHECK(scheme::digest_of(where, {dtype::opaque, 31, 2, {4, 4}, {3, 4}}, g) != d);
  CHECK(scheme::digest_of(where, shape, -g) != d);
  CHECK((d.bytes[31] & std::byte{0xe0}) == std::byte{0});

  // Two points whose encodings are the same number modulo r: 4 G, and one with the sign bit set.
  std::array<std::byte, 32> other_bytes;
  REQUIRE(from_hex("791a14b9ea4d501836eb915b5de4f413a42929a27e16e0e739f5889ca3a1d497", other_bytes));
  const auto other = parse_compressed<bn254::g1>(other_bytes);
  REQUIRE(other);
  const auto four = times_generator<bn254>(bn254::fr::from_u64(4));
  bool twins = false;
  for (const auto& p : {four, -four}) {
    twins = twins || bn254::fr::reduce_le(encode_compressed(p)) == bn254::fr::reduce_le(other_bytes);
    CHECK(scheme::digest_of(where, shape, p) != scheme::digest_of(where, shape, *other));
  }
  CHECK(twins);
}

TEST_CASE("pst_commitment: parameters bind curve, reference string and encoding", "[polycommit]") {
  const tree_shape s = tree_of(dtype::f16, 3, {4, 4}, {{4, 4}, {2, 2}});
  const auto a = prover_for<bn254>(s), b = prover_for<bn254>(s, {value_encoding::fix, {}});
  CHECK(a.parameters() == verifier_for<bn254>(s).parameters());
  CHECK(a.parameters() != b.parameters());
  CHECK(a.parameters() != prover_for<bls12_381>(s).parameters());
  const auto other = insecure_srs_for_tests<bn254>::make(grid, 8);
  CHECK(a.parameters() !=
        pst_commitment<bn254>::make_verifier_insecure_for_tests(other, std::span{&s, 1})->parameters());
  CHECK(pst_commitment<bn254>::make_verifier_insecure_for_tests(other, std::span{&s, 1}, {value_encoding::i8, {}})
            .error()
            .code == errc::invalid_settings);
  const tree_shape large = row_tree_shape(9, dtype::i8, 2, 5);
  CHECK(pst_commitment<bn254>::make_verifier_insecure_for_tests(other, std::span{&large, 1}).error().code ==
        errc::shape_mismatch);
}

TEST_CASE("pst_commitment: fix has no NaN, and slots no number above 253 bits", "[polycommit]") {
  const tree_shape s = row_tree_shape(3, dtype::f16, 2, 4);
  const auto scheme = prover_for<bn254>(s, {value_encoding::fix, {}});
  std::vector<std::byte> rows(12);
  rows[5] = std::byte{0x7c};  // infinity
  CHECK(commit_tree(scheme, s, tree_context(), rows).error().code == errc::non_finite);
  CHECK(commit_tree(prover_for<bn254>(s), s, tree_context(), rows));

  // The same scalar spelled v + r is refused, not equal.
  std::vector<std::byte> digests(64);
  digests[0] = std::byte{5};
  node_shape upper = detail::full_node(s, 1);
  upper.present[0] = 2;
  const node_view node{{tree_context(), 1, 0}, upper, digests};
  affine_point<bn254::g1> c;
  REQUIRE(scheme.commit({&node, 1}, {&c, 1}));
  const std::vector<std::uint32_t> first = {0};
  const auto opening = scheme.open(node, first).value();
  node_claim<pst_commitment<bn254>> claim{node.where, upper, first, byte_view{digests}.first(32), &c, &opening};
  CHECK(scheme.verify({&claim, 1}));
  limbs<4> larger{5};
  detail::add_to(larger, bn254::fr::modulus());
  std::array<std::byte, 32> spelled;
  for (std::size_t i = 0; i < 4; ++i) store_le(spelled.data() + 8 * i, larger[i]);
  CHECK(bn254::fr::reduce_le(spelled) == bn254::fr::from_u64(5));
  claim.values = spelled;
  CHECK(scheme.verify({&claim, 1}).error().code == errc::non_canonical);
}
