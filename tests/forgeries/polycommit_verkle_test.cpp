// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attempts to prove values that were not committed with a Verkle multiproof, bare and in a tree.
#include "support/catch.hpp"
#include "support/trees.hpp"
#include "support/verkle.hpp"

#include <assay/commit/terkle.hpp>
#include <assay/polycommit/kzg_commitment.hpp>

using namespace assay;
using namespace assay_tests;

namespace {

template <class C>
void check_statements() {
  using fr = typename C::fr;
  using list = std::vector<verkle_claim<C>>;
  const verkle_case<C> c{8, 4, 1};
  const list honest = {c.claim(0, 1), c.claim(0, 5), c.claim(2, 5), c.claim(3, 0)};
  const auto proof = c.open(honest);
  REQUIRE(c.verify(honest, proof));
  const auto refused = [&](const list& claims, const verkle_proof<C>& p) {
    const auto verdict = c.verify(claims, p);
    return !verdict && verdict.error().code == errc::invalid_proof;
  };
  for (std::size_t q = 0; q < honest.size(); ++q) {
    list wrong = honest;
    wrong[q].value += fr::one();
    CHECK(refused(wrong, proof));
    CHECK(refused(wrong, c.open(wrong)));  // whoever proves it honestly proves something false
    wrong = honest;
    wrong[q].node ^= 2;
    CHECK(refused(wrong, proof));
    wrong = honest;
    wrong[q].commitment ^= 1;
    CHECK(refused(wrong, proof));
  }
  list swapped = honest;
  std::swap(swapped[0].value, swapped[1].value);
  CHECK(refused(swapped, proof));
  CHECK(refused(swapped, c.open(swapped)));
  list reordered = honest;
  std::swap(reordered[0], reordered[1]);
  CHECK(refused(reordered, proof));  // true, but another statement
  CHECK(c.verify(reordered, c.open(reordered)));
  CHECK(refused({honest[0]}, proof));
  list more = honest;
  more.push_back(c.claim(1, 1));
  CHECK(refused(more, proof));
}

template <class C>
void check_context_and_parameters() {
  verkle_case<C> c{8, 2, 1};
  const std::vector claims = {c.claim(0, 1), c.claim(1, 7)};
  const auto proof = c.open(claims);
  c.context.bytes[31] ^= std::byte{1};
  CHECK(c.verify(claims, proof).error().code == errc::invalid_proof);
  c.context = {};
  CHECK(c.verify(claims, proof));
  const verkle_case<C> other_secret{8, 2, 2}, wider{9, 2, 1};
  for (const auto* other : {&other_secret, &wider}) {
    msm_workspace<typename C::g1> work;
    CHECK(verify_multiproof<C>(other->key, c.statement(claims), proof, work).error().code == errc::invalid_proof);
  }
  auto commitments = c.commitments;
  std::swap(commitments[0], commitments[1]);
  msm_workspace<typename C::g1> work;
  CHECK_FALSE(verify_multiproof<C>(c.key, {c.context, commitments, claims}, proof, work));
  commitments = c.commitments;
  commitments.push_back(C::g1::generator());  // one that no claim names
  CHECK_FALSE(verify_multiproof<C>(c.key, {c.context, commitments, claims}, proof, work));
}

template <class C>
void check_points() {
  const verkle_case<C> c{8, 2, 1};
  const std::vector claims = {c.claim(0, 1), c.claim(1, 7)};
  const auto proof = c.open(claims);
  using point = affine_point<typename C::g1>;
  for (point verkle_proof<C>::*part : {&verkle_proof<C>::quotients, &verkle_proof<C>::opening})
    for (const point& p : {point{}, -(proof.*part), C::g1::generator(), c.commitments[0]}) {
      auto forged = proof;
      forged.*part = p;
      CHECK(c.verify(claims, forged).error().code == errc::invalid_proof);
    }
  CHECK_FALSE(c.verify(claims, verkle_proof<C>{}));
  CHECK_FALSE(c.verify(claims, {proof.opening, proof.quotients}));
}

template <class C>
errc parse_error(std::vector<std::byte> bytes) {
  reader in{bytes};
  const auto parsed = verkle_proof<C>::parse(in);
  return parsed ? errc{} : parsed.error().code;
}

template <class C>
void check_bytes() {
  const verkle_case<C> c{8, 2, 1};
  const std::vector claims = {c.claim(0, 1), c.claim(1, 7)};
  std::vector<std::byte> bytes;
  writer out{bytes};
  c.open(claims).encode(out);
  REQUIRE(parse_error<C>(bytes) == errc{});
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    auto flipped = bytes;
    flipped[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
    reader in{flipped};
    const auto parsed = verkle_proof<C>::parse(in);
    if (parsed) CHECK_FALSE(c.verify(claims, *parsed));
  }
  auto shorter = bytes;
  shorter.pop_back();
  CHECK(parse_error<C>(shorter) == errc::truncated);
  const std::size_t half = bytes.size() / 2;
  auto beyond = bytes;  // x = p - 1 + something not below p: all bits of a coordinate set
  constexpr bool little = C::id == curve_id::bn254;
  for (std::size_t i = 0; i < half; ++i) beyond[i] = std::byte{0xff};
  beyond[little ? half - 1 : 0] = std::byte{little ? 0x3f : 0x9f};
  CHECK(parse_error<C>(beyond) == errc::non_canonical);
  auto infinite = bytes;  // infinity with other bits set
  infinite[little ? half - 1 : 0] = std::byte{little ? 0x40 : 0xc0};
  CHECK(parse_error<C>(infinite) == errc::non_canonical);
}

}  // namespace

TEST_CASE("forgery: a multiproof of other claims is refused", "[forgeries][polycommit]") {
  check_statements<bn254>();
  check_statements<bls12_381>();
}
TEST_CASE("forgery: a multiproof in another context or under other parameters is refused", "[forgeries][polycommit]") {
  check_context_and_parameters<bn254>();
  check_context_and_parameters<bls12_381>();
}
TEST_CASE("forgery: multiproofs with exchanged, negated or identity points are refused", "[forgeries][polycommit]") {
  check_points<bn254>();
  check_points<bls12_381>();
}
TEST_CASE("forgery: multiproofs with flipped bits or non-canonical bytes are refused", "[forgeries][polycommit]") {
  check_bytes<bn254>();
  check_bytes<bls12_381>();
}

TEST_CASE("forgery: a multiproof's points outside the subgroup are refused when parsed", "[forgeries][polycommit]") {
  using g1 = bls12_381::g1;
  affine_point<g1> p;  // the curve, but not the group
  for (std::uint64_t x = 1; p.is_infinity() || is_in_subgroup(p); ++x) {
    const auto px = bls12_381::fp::from_u64(x);
    if (const auto y = (px.squared() * px + g1::b()).sqrt()) p = {px, *y};
  }
  std::vector<std::byte> bytes;
  writer out{bytes};
  verkle_proof<bls12_381>{g1::generator(), p}.encode(out);
  CHECK(parse_error<bls12_381>(bytes) == errc::not_in_subgroup);
}

TEST_CASE("forgery: one false claim among a thousand", "[forgeries][polycommit]") {
  const verkle_case<bn254> c{64, 20, 5};
  std::vector<verkle_claim<bn254>> claims;
  for (std::uint32_t i = 0; i < 1000; ++i) claims.push_back(c.claim(i * 7 % 20, (i * 13 + i / 20) % 64));
  REQUIRE(c.verify(claims, c.open(claims)));
  for (const std::size_t bad : {std::size_t{0}, std::size_t{499}, std::size_t{999}}) {
    auto forged = claims;
    forged[bad].value += bn254::fr::one();
    CHECK(c.verify(forged, c.open(forged)).error().code == errc::invalid_proof);
    CHECK(c.verify(forged, c.open(claims)).error().code == errc::invalid_proof);
  }
}

TEST_CASE("forgery: errors of opposite sign do not cancel", "[forgeries][polycommit]") {
  const verkle_case<bn254> c{8, 2, 1};
  std::vector claims = {c.claim(0, 3), c.claim(1, 3)};
  claims[0].value += bn254::fr::one();
  claims[1].value -= bn254::fr::one();
  CHECK_FALSE(c.verify(claims, c.open(claims)));
  claims = {c.claim(0, 3), c.claim(0, 3)};  // two values for one place
  claims[1].value += bn254::fr::one();
  CHECK_FALSE(c.verify(claims, c.open(claims)));
}

TEST_CASE("forgery: Verkle trees refuse other rows, nodes and aggregates", "[forgeries][polycommit]") {
  using scheme_type = kzg_commitment<bn254>;
  const auto srs = insecure_srs_for_tests<bn254>::make(grid_shape::of({8}), 3);
  const scheme_type scheme{kzg_key<bn254>::make_insecure_for_tests(srs).value()};
  const tree_shape shape = row_tree_shape(20, dtype::i16, 2, 4);
  const auto tree = commit_tree(scheme, shape, tree_context(), tree_bytes(shape)).value();
  const std::vector<coordinates> requested = {{3}, {9}}, elsewhere = {{3}, {10}};
  const auto honest = tree.open(requested).value();
  const auto code = [&](const std::vector<coordinates>& rows, const tree_opening<scheme_type>& o) {
    auto tagged = o;
    tagged.statement = tree.open(rows)->statement;
    const auto verdict = verify_tree_opening(scheme, tree.statement(), rows, tagged);
    return verdict ? errc{} : verdict.error().code;
  };
  REQUIRE(code(requested, honest) == errc{});
  CHECK(code(elsewhere, honest) == errc::invalid_proof);
  for (std::size_t n = 0; n < honest.commitments.size(); ++n) {
    auto forged = honest;
    forged.commitments[n] = -forged.commitments[n];
    const bool top = n + 1 == honest.commitments.size();
    CHECK(code(requested, forged) == (top ? errc::commitment_mismatch : errc::invalid_proof));
  }
  auto forged = honest;
  forged.aggregate = tree.open(elsewhere)->aggregate;
  CHECK(code(requested, forged) == errc::invalid_proof);
  forged = honest;
  forged.aggregate = {};
  CHECK(code(requested, forged) == errc::invalid_proof);
  forged = honest;
  forged.nodes.push_back(honest.aggregate);  // an opening that nothing asks for
  CHECK(code(requested, forged) == errc::length_mismatch);
  forged = honest;
  forged.commitments.pop_back();
  CHECK(code(requested, forged) == errc::length_mismatch);
  const auto bytes = encode(honest, shape);
  for (std::size_t bit = 0; bit < 8 * bytes.size(); bit += 5) {
    auto flipped = bytes;
    flipped[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
    const auto parsed = parse_tree_opening(scheme, tree.statement(), requested, flipped);
    if (parsed) CHECK_FALSE(verify_tree_opening(scheme, tree.statement(), requested, *parsed));
  }
  auto longer = bytes;
  longer.push_back(std::byte{});
  CHECK(parse_tree_opening(scheme, tree.statement(), requested, longer).error().code == errc::trailing_bytes);
}
