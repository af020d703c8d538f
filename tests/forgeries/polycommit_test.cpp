// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attempts to open PST commitments, and trees of them, to something that was not committed. All but the last are
// against a reference string whose trapdoor the attacker does not use.
#include <algorithm>
#include <type_traits>
#include <vector>

#include <assay/commit/terkle.hpp>
#include <assay/polycommit/pst_commitment.hpp>
#include <assay/polycommit/pst_point.hpp>

#include "support/catch.hpp"
#include "support/pst.hpp"
#include "support/trees.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

using scheme = pst_commitment<bn254>;
using g1 = bn254::g1;
using fr = bn254::fr;
using point_list = std::vector<affine_point<g1>>;

const grid_shape grid = grid_shape::of({4, 4, 4});

scheme scheme_for(const tree_shape& s, const pst_settings& settings = {}) {
  return scheme::make_prover_insecure_for_tests(srs_of<bn254>(grid), std::span{&s, 1}, settings).value();
}

// Says what the verifier expects to hear about its own statement, whatever was made of the rest.
bool accepted(const scheme& verifier, const tree_statement& tree, const std::vector<coordinates>& requested,
              tree_opening<scheme> opening) {
  const auto frame = detail::opening_frame<scheme>::derive(verifier, tree, requested).value();
  opening.statement = frame.statement;
  return verify_tree_opening(verifier, tree, requested, opening).has_value();
}

// Rows of the size of a digest, two levels.
struct digest_rows {
  tree_shape shape = row_tree_shape(16, dtype::opaque, 32, 4);
  scheme prover = scheme_for(shape);
  terkle_tree<scheme> tree = commit_tree(prover, shape, tree_context(), tree_bytes(shape)).value();
};

template <class Srs, class = void>
struct makes_keys : std::false_type {};
template <class Srs>
struct makes_keys<
    Srs, std::void_t<decltype(pst_key<bn254>::make(std::declval<const Srs&>(), std::span<const std::uint32_t>{}))>>
    : std::true_type {};

static_assert(makes_keys<verified_srs<bn254>>::value);
static_assert(!makes_keys<insecure_srs_for_tests<bn254>>::value &&
              !makes_keys<structured_reference_string<bn254>>::value);
static_assert(!makes_keys<verified_srs<bls12_381>>::value);

}  // namespace

TEST_CASE("forgery: an inner node is no leaf, so a child's digest is no row", "[polycommit]") {
  const digest_rows honest;
  const std::vector<coordinates> requested = {{5}};  // slot 1 of leaf 1
  auto forged = honest.tree.open(requested).value();
  REQUIRE(accepted(honest.prover, honest.tree.statement(), requested, forged));
  // The top node is shown in place of the leaf: "row 5 is the digest of child 1".
  const auto frame = detail::opening_frame<scheme>::derive(honest.prover, honest.tree.statement(), requested).value();
  const digest child =
      scheme::digest_of(frame.header(frame.plan.nodes[0]), frame.plan.nodes[0].shape, forged.commitments[0]);
  forged.rows.assign(child.bytes.begin(), child.bytes.end());
  forged.commitments[0] = forged.commitments[1];
  forged.nodes[0] = forged.nodes[1];
  CHECK_FALSE(accepted(honest.prover, honest.tree.statement(), requested, forged));
  // Nodes cannot be left out either.
  forged.commitments.erase(forged.commitments.begin());
  forged.nodes.erase(forged.nodes.begin());
  CHECK_FALSE(accepted(honest.prover, honest.tree.statement(), requested, forged));
}

TEST_CASE("forgery: a row that is a point's digest does not become that point's node", "[polycommit]") {
  // The committer puts the digest of a child P = G into a node, and then wants to show any rows of that child.
  const tree_shape shape = row_tree_shape(16, dtype::opaque, 31, 4);
  const scheme prover = scheme_for(shape);
  const auto tree = commit_tree(prover, shape, tree_context(), tree_bytes(shape)).value();
  const std::vector<coordinates> requested = {{0}};
  auto opening = tree.open(requested).value();
  const auto frame = detail::opening_frame<scheme>::derive(prover, tree.statement(), requested).value();
  const auto child = g1::generator();
  const digest of_child = scheme::digest_of(frame.header(frame.plan.nodes[0]), frame.plan.nodes[0].shape, child);
  std::vector<std::byte> slots(4 * 32);
  std::copy(of_child.bytes.begin(), of_child.bytes.end(), slots.begin());
  const node_view top{frame.header(frame.plan.nodes[1]), frame.plan.nodes[1].shape, slots};
  affine_point<g1> commitment;
  REQUIRE(prover.commit({&top, 1}, {&commitment, 1}));
  tree_statement malicious = tree.statement();
  malicious.root = detail::root_of<scheme>(frame.context, tree_geometry{shape}, commitment);
  opening.commitments = {child, commitment};
  opening.nodes[1] = prover.open(top, std::vector<std::uint32_t>{0}).value();
  std::size_t opened = 0;
  for (int value = 0; value < 4; ++value)
    for (const auto& quotient :
         {affine_point<g1>{}, g1::generator(), -g1::generator(), opening.nodes[1].quotients[0]}) {
      opening.rows.assign(31, std::byte{0});
      opening.rows[0] = static_cast<std::byte>(value);
      opening.nodes[0].quotients = {quotient};
      if (!accepted(prover, malicious, requested, opening)) continue;
      CHECK(value == 1);  // G commits to ones, with a constant's quotient: that, and only that, is what it opens to
      CHECK(quotient.is_infinity());
      ++opened;
    }
  CHECK(opened == 1);

  // A tree whose rows are digests, told as a tree with a level more.
  const digest_rows flat;
  tree_statement deeper = flat.tree.statement();
  deeper.shape.extents[0] = 64;
  const auto honest = flat.tree.open(std::vector<coordinates>{{5}}).value();
  auto stretched = honest;
  stretched.nodes.push_back(honest.nodes[1]);
  stretched.commitments.push_back(honest.commitments[1]);
  CHECK_FALSE(accepted(flat.prover, deeper, {{5}}, stretched));
}

TEST_CASE("forgery: one bad claim among a thousand", "[polycommit]") {
  const auto key = key_of<bn254>(grid, {4, 4, 4});
  const pst_verifier_key<bn254> verifier{pst_pairing_key<bn254>::make_insecure_for_tests(srs_of<bn254>(grid)), key, 3};
  const auto values = tensor_values(64);
  const auto c = committed(key, values);
  pst_opener<bn254, std::int16_t> opener{key, values};
  std::vector<std::vector<std::uint32_t>> places(64);
  std::vector<point_list> proofs(64);
  for (std::uint32_t i = 0; i < 64; ++i) {
    places[i] = {i / 16, i / 4 % 4, i % 4};
    proofs[i] = opener.open(places[i], 3);
  }
  std::vector<pst_claim<bn254>> claims(1000);
  for (std::size_t i = 0; i < 1000; ++i) {
    claims[i].key = &verifier, claims[i].commitment = c, claims[i].fixed = 3;
    claims[i].places = places[i % 64], claims[i].proof = proofs[i % 64];
    claims[i].values = std::span<const std::int16_t>{values}.subspan(i % 64, 1);
  }
  REQUIRE(verify_claims<bn254>(std::span<const pst_claim<bn254>>{claims}));
  const std::int16_t wrong = static_cast<std::int16_t>(values[617 % 64] + 1);
  claims[617].values = std::span{&wrong, 1};
  const auto refused = verify_claims<bn254>(std::span<const pst_claim<bn254>>{claims});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::invalid_proof);
  CHECK(refused.error().where == 617);
}

TEST_CASE("forgery: cut and padded proofs of anything", "[polycommit]") {
  // A verifier that pairs proofs with powers of tau until one list ends accepts an empty proof: nothing is checked.
  const auto key = key_of<bn254>(grid, {4, 4, 4});
  const pst_verifier_key<bn254> verifier{pst_pairing_key<bn254>::make_insecure_for_tests(srs_of<bn254>(grid)), key, 0};
  const std::vector<std::uint32_t> at = {1, 2, 3};
  const std::int16_t value = 1234;
  for (std::size_t n = 0; n < 6; ++n)
    for (const auto& filler : {affine_point<g1>{}, g1::generator()}) {
      const point_list proof(n, filler);
      pst_claim<bn254> claim;
      claim.key = &verifier, claim.commitment = g1::generator(), claim.fixed = 3, claim.places = at;
      claim.values = std::span{&value, 1}, claim.proof = proof;
      const auto refused = verify_claims<bn254>(std::span<const pst_claim<bn254>>{&claim, 1});
      REQUIRE_FALSE(refused);
      CHECK(refused.error().code == (n == 3 ? errc::invalid_proof : errc::length_mismatch));
    }
}

TEST_CASE("forgery: quotients of different places must not be merged", "[polycommit]") {
  // The tempting shortcut: publish for each axis and coordinate only the sum of all claims' quotients, and check
  //   sum_q rho_q (C_q - y_q) = sum_{j,a} (tau_j - a) Q_{j,a}.
  // With two coordinates 0 and 1 on one axis any error E is (tau - 0) E - (tau - 1) E, so everything passes.
  const auto& srs = srs_of<bn254>(grid_shape::of({4}));
  const auto key = key_of<bn254>(grid_shape::of({4}), {4});
  const std::vector<std::int16_t> values = {10, 20, 30, 40}, claimed = {-7, 99};  // false at 0 and at 1
  const auto c = committed(key, values);
  using extended = xyzz_point<g1>;
  const fr rho = fr::from_u64(0x123456789abcdef);
  extended error;
  for (std::size_t q = 0; q < 2; ++q) {
    const fr k = q == 0 ? fr::one() : rho;
    error += multiply(extended{c}, k) + -times_generator<bn254>(k * fr::from_i64(claimed[q]));
  }
  const affine_point<g1> at_0 = error.to_affine(), at_1 = -at_0;  // E / (1 - 0), and its opposite
  const prepared_g2<bn254> one{-bn254::g2::generator()}, tau{srs.get().tau_g2[0]};
  const std::vector<pairing_term<bn254>> shortcut = {{(error + multiply(extended{at_1}, fr::one())).to_affine(), &one},
                                                     {(extended{at_0} + at_1).to_affine(), &tau}};
  CHECK(pairing_product_is_one<bn254>(std::span<const pairing_term<bn254>>{shortcut}));  // the shortcut believes it

  const pst_verifier_key<bn254> verifier{pst_pairing_key<bn254>::make_insecure_for_tests(srs), key, 1};
  const std::vector<std::uint32_t> places = {0, 1};
  const point_list proof = {at_0, at_1};
  pst_claim<bn254> claim;
  claim.key = &verifier, claim.commitment = c, claim.fixed = 1, claim.places = places;
  claim.values = std::span{claimed}, claim.proof = proof;
  CHECK(verify_claims<bn254>(std::span<const pst_claim<bn254>>{&claim, 1}).error().code == errc::invalid_proof);
}

TEST_CASE("forgery: statements are not interchangeable", "[polycommit]") {
  const tree_shape s = tree_of(dtype::f16, 4, {8}, {{4}});
  std::vector<std::byte> rows(8 * 8);
  for (std::size_t i = 0; i < rows.size(); i += 2) rows[i] = static_cast<std::byte>(i);  // finite in f16
  const scheme raw = scheme_for(s), fix = scheme_for(s, {value_encoding::fix, {}});
  const auto tree = commit_tree(raw, s, tree_context(), rows).value();
  const std::vector<coordinates> requested = {{3}};
  const auto opening = tree.open(requested).value();
  REQUIRE(accepted(raw, tree.statement(), requested, opening));
  // Another encoding, another reference string, another context: refused as a statement, and retagged as a proof.
  const auto other_srs = insecure_srs_for_tests<bn254>::make(grid, 8);
  const auto elsewhere = scheme::make_verifier_insecure_for_tests(other_srs, std::span{&s, 1}).value();
  for (const scheme* other : {&fix, &elsewhere}) {
    CHECK(verify_tree_opening(*other, tree.statement(), requested, opening).error().code == errc::wrong_statement);
    CHECK_FALSE(accepted(*other, tree.statement(), requested, opening));
  }
  auto about = tree.statement();
  about.context = tree_context(9);
  CHECK(verify_tree_opening(raw, about, requested, opening).error().code == errc::wrong_statement);
  CHECK_FALSE(accepted(raw, about, requested, opening));
  auto type = tree.statement();
  type.shape.type = dtype::bf16;  // the same integers
  CHECK_FALSE(accepted(raw, type, requested, opening));
  // Another curve: not even points.
  const auto bls =
      pst_commitment<bls12_381>::make_verifier_insecure_for_tests(srs_of<bls12_381>(grid), std::span{&s, 1}).value();
  CHECK_FALSE(parse_tree_opening(bls, tree.statement(), requested, encode(opening, s)));
}

TEST_CASE("forgery: a proof of one slot proves no other", "[polycommit]") {
  const tree_shape s = position_tree_shape(12, 4, dtype::i16, 3, 4);
  const scheme prover = scheme_for(s);
  std::vector<std::byte> bytes = tree_bytes(s);
  const auto tree = commit_tree(prover, s, tree_context(), bytes).value();
  const std::vector<coordinates> here = {{5, 2}}, pair = {{5, 2}, {9, 1}};
  const auto honest = tree.open(here).value();
  for (const coordinates& there : {coordinates{5, 1}, coordinates{5, 3}, coordinates{4, 2}, coordinates{9, 2}}) {
    CHECK(verify_tree_opening(prover, tree.statement(), std::vector{there}, honest).error().code ==
          errc::wrong_statement);
    CHECK_FALSE(accepted(prover, tree.statement(), {there}, honest));
    CHECK_FALSE(accepted(prover, tree.statement(), here, tree.open(std::vector{there}).value()));
  }
  CHECK_FALSE(accepted(prover, tree.statement(), pair, honest));
  auto swapped = tree.open(pair).value();
  REQUIRE(accepted(prover, tree.statement(), pair, swapped));
  std::swap_ranges(swapped.rows.begin(), swapped.rows.begin() + 6, swapped.rows.begin() + 6);
  CHECK_FALSE(accepted(prover, tree.statement(), pair, swapped));
}

TEST_CASE("forgery: whoever knows the trapdoor opens anything, which is why only verified strings make keys",
          "[polycommit]") {
  const auto& srs = srs_of<bn254>(grid);
  const auto tau = srs.trapdoor_insecure_for_tests();
  const auto key = key_of<bn254>(grid, {4, 4, 4});
  const pst_verifier_key<bn254> verifier{pst_pairing_key<bn254>::make_insecure_for_tests(srs), key, 0};
  const auto c = committed(key, tensor_values(64));
  const std::vector<std::uint32_t> at = {1, 2, 3};
  const std::int16_t lie = -4321;
  const auto error = xyzz_point<g1>{c} + -times_generator<bn254>(fr::from_i64(lie));
  const point_list proof = {{}, {}, multiply(error, (tau[2] - fr::from_u64(3)).inverse()).to_affine()};
  pst_claim<bn254> claim;
  claim.key = &verifier, claim.commitment = c, claim.fixed = 3, claim.places = at;
  claim.values = std::span{&lie, 1}, claim.proof = proof;
  CHECK(verify_claims<bn254>(std::span<const pst_claim<bn254>>{&claim, 1}));
}
