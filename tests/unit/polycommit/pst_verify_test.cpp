// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/polycommit/pst_verify.hpp>

#include <memory>

#include <assay/polycommit/pst_merge.hpp>
#include <assay/polycommit/pst_point.hpp>

#include "support/catch.hpp"
#include "support/pst.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

const grid_shape cube = grid_shape::of({3, 4, 5});

// A committed tensor and claims about it that own what they point to.
template <class C>
struct opened_tensor {
  using g1 = typename C::g1;
  using fr = typename C::fr;

  std::shared_ptr<const pst_pairing_key<C>> pairing;
  pst_key<C> key;
  pst_verifier_key<C> verifier;
  std::vector<std::int16_t> values;
  affine_point<g1> commitment;
  std::uint32_t fixed = 0;
  std::vector<std::uint32_t> places;
  std::vector<std::int16_t> shown;
  std::vector<affine_point<g1>> proof;

  opened_tensor(std::vector<std::uint32_t> extents, std::vector<std::uint32_t> at, std::uint32_t fixed_,
                std::uint64_t seed = 1)
      : pairing(pst_pairing_key<C>::make_insecure_for_tests(srs_of<C>(cube))), key(key_of<C>(cube, extents)),
        verifier(pairing, key, 0), values(tensor_values(key.grid().size(), seed)), commitment(committed(key, values)),
        fixed(fixed_), places(std::move(at)) {
    const std::size_t size = key.grid().tile_size(fixed);
    for (std::size_t t = 0; t < (fixed == 0 ? 1 : places.size() / fixed); ++t) {
      std::size_t index = 0;
      for (std::size_t j = 0; j < fixed; ++j) index = index * extents[j] + places[t * fixed + j];
      for (std::size_t i = 0; i < size; ++i) shown.push_back(values[index * size + i]);
    }
    proof = pst_opener<C, std::int16_t>{key, values}.open(places, fixed);
  }

  pst_claim<C> claim() const {
    pst_claim<C> c;
    c.key = &verifier, c.commitment = commitment, c.fixed = fixed, c.places = places;
    c.values = std::span<const std::int16_t>{shown}, c.proof = proof;
    return c;
  }
  result<void> verify() const {
    const auto c = claim();
    return verify_claims<C>(std::span{&c, 1});
  }
};

template <class C>
void check_tiles() {
  const std::vector<std::pair<std::uint32_t, std::vector<std::uint32_t>>> cases = {
      {3, {1, 2, 3}},
      {3, {0, 0, 0}},
      {3, {0, 1, 2, 0, 1, 4, 0, 2, 0, 2, 1, 2}},
      {2, {2, 3}},
      {2, {0, 1, 0, 3, 1, 1}},
      {1, {1}},
      {1, {0, 1, 2}},
      {0, {}}};
  for (const auto& [fixed, places] : cases) {
    const opened_tensor<C> good{{3, 4, 5}, places, fixed};
    REQUIRE(good.verify());
    for (std::size_t i = 0; i < good.shown.size(); i += 7) {
      auto bad = good;
      bad.shown[i] = static_cast<std::int16_t>(bad.shown[i] + 1);
      CHECK(bad.verify().error().code == errc::invalid_proof);
    }
    for (std::size_t i = 0; i < good.proof.size(); ++i) {
      auto bad = good;
      bad.proof[i] = -bad.proof[i];
      CHECK(bad.verify().error().code == errc::invalid_proof);
      bad.proof[i] = affine_point<typename C::g1>::infinity();
      CHECK(bad.verify().error().code == errc::invalid_proof);
    }
    auto bad = good;
    bad.commitment = (xyzz_point<typename C::g1>{bad.commitment} + C::g1::generator()).to_affine();
    CHECK_FALSE(bad.verify());
  }
}

// Not one term too few or too many, whatever the points.
template <class C>
void check_counts() {
  const opened_tensor<C> good{{3, 4, 5}, {0, 1, 2, 0, 2, 4}, 3};
  for (int padded = 0; padded < 3; ++padded) {
    auto bad = good;
    if (padded == 0) bad.proof.pop_back();
    if (padded == 1) bad.proof.push_back({});  // infinity
    if (padded == 2) bad.proof.clear();
    CHECK(bad.verify().error().code == errc::length_mismatch);
  }
  auto bad = good;
  bad.shown.pop_back();
  CHECK(bad.verify().error().code == errc::length_mismatch);
  bad = good, bad.shown.push_back(0);
  CHECK(bad.verify().error().code == errc::length_mismatch);
  bad = good, bad.places.pop_back();
  CHECK(bad.verify().error().code == errc::length_mismatch);
  bad = good, bad.places[4] = 4;
  CHECK(bad.verify().error().code == errc::out_of_range);
  bad = good, std::swap_ranges(bad.places.begin(), bad.places.begin() + 3, bad.places.begin() + 3);
  CHECK(bad.verify().error().code == errc::wrong_order);
  bad = good, bad.places = {0, 1, 2, 0, 1, 2};
  CHECK(bad.verify().error().code == errc::wrong_order);
  bad = good, bad.fixed = 4;
  CHECK(bad.verify().error().code == errc::shape_mismatch);
  auto claim = good.claim();
  const pst_verifier_key<C> rows_only{good.pairing, good.key, 2};
  claim.key = &rows_only;
  CHECK(verify_claims<C>(std::span<const pst_claim<C>>{&claim, 1}));
  const opened_tensor<C> slab{{3, 4, 5}, {1}, 1};
  claim = slab.claim();
  claim.key = &rows_only;
  CHECK(verify_claims<C>(std::span<const pst_claim<C>>{&claim, 1}).error().code == errc::shape_mismatch);
  CHECK(verify_claims<C>(std::span<const pst_claim<C>>{}).error().code == errc::empty);
}

template <class C>
void check_points() {
  using fr = typename C::fr;
  const opened_tensor<C> t{{3, 4, 5}, {0, 0, 0}, 3};
  for (const std::vector<fr>& z : {std::vector<fr>{-fr::from_u64(7), fr::from_u64(3).inverse(), fr::from_u64(1000)},
                                   {fr::from_u64(1), fr::from_u64(9), fr::from_u64(4)}}) {
    const auto opened = open_at<C, std::int16_t>(t.key, t.values, z);
    pst_claim<C> claim;
    claim.key = &t.verifier, claim.commitment = t.commitment, claim.point = z;
    claim.values = std::span<const fr>{&opened.value, 1}, claim.proof = opened.proof;
    const std::span<const pst_claim<C>> claims{&claim, 1};
    CHECK(verify_claims<C>(claims));
    const fr other = opened.value + fr::one();
    claim.values = std::span<const fr>{&other, 1};
    CHECK(verify_claims<C>(claims).error().code == errc::invalid_proof);
    claim.values = std::span<const fr>{&opened.value, 1};
    claim.proof = claim.proof.first(2);
    CHECK(verify_claims<C>(claims).error().code == errc::length_mismatch);
    claim.proof = opened.proof;
    claim.point = std::span{z}.first(2);
    CHECK(verify_claims<C>(claims).error().code == errc::shape_mismatch);
  }
}

// Tensors of several shapes on one reference string, all in one product; the first bad one is found.
template <class C>
void check_batches() {
  std::vector<opened_tensor<C>> tensors;
  tensors.emplace_back(std::vector<std::uint32_t>{3, 4, 5}, std::vector<std::uint32_t>{1, 2}, 2u, 11u);
  tensors.emplace_back(std::vector<std::uint32_t>{4, 5}, std::vector<std::uint32_t>{3}, 1u, 12u);
  tensors.emplace_back(std::vector<std::uint32_t>{3, 5}, std::vector<std::uint32_t>{0, 4, 2, 2}, 2u, 13u);
  tensors.emplace_back(std::vector<std::uint32_t>{2}, std::vector<std::uint32_t>{1}, 1u, 14u);
  tensors.emplace_back(std::vector<std::uint32_t>{}, std::vector<std::uint32_t>{}, 0u, 15u);
  tensors.emplace_back(std::vector<std::uint32_t>{5}, std::vector<std::uint32_t>{}, 0u, 16u);
  for (std::uint64_t seed = 20; seed < 27; ++seed)
    tensors.emplace_back(std::vector<std::uint32_t>{3, 4, 5}, std::vector<std::uint32_t>{2, 0}, 2u, seed);
  const auto verify = [&] {
    std::vector<pst_claim<C>> claims;
    for (const auto& t : tensors) claims.push_back(t.claim());
    return verify_claims<C>(std::span<const pst_claim<C>>{claims}, as_bytes("salt"));
  };
  REQUIRE(verify());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    tensors[i].shown.back() ^= 64;
    const auto one_bad = verify();
    REQUIRE_FALSE(one_bad);
    CHECK(one_bad.error().code == errc::invalid_proof);
    CHECK(one_bad.error().where == i);
    if (i + 2 < tensors.size()) {
      tensors[i + 2].shown.front() ^= 1;
      CHECK(verify().error().where == i);
      tensors[i + 2].shown.front() ^= 1;
    }
    tensors[i].shown.back() ^= 64;
  }
  // Errors of one equation that another one's make up for.
  std::swap(tensors[6].commitment, tensors[7].commitment);
  CHECK(verify().error().where == 6);
}

template <class C>
void check_malleability() {
  using fr = typename C::fr;
  using extended = xyzz_point<typename C::g1>;
  opened_tensor<C> t{{3, 4, 5}, {1, 2, 3}, 3};
  const auto tau = srs_of<C>(cube).trapdoor_insecure_for_tests();
  // k ((tau_1 - a_1) [.] (tau_0 - a_0) - (tau_0 - a_0) [.] (tau_1 - a_1)) = 0. Points (tau_j - a_j) G are public.
  const fr k = fr::from_u64(99);
  const auto before = t.proof;
  t.proof[0] = (extended{t.proof[0]} + times_generator<C>(k * (tau[1] - fr::from_u64(2)))).to_affine();
  t.proof[1] = (extended{t.proof[1]} + -times_generator<C>(k * (tau[0] - fr::from_u64(1)))).to_affine();
  CHECK(t.verify());
  CHECK(t.proof != before);  // so a proof is never an identifier
}

template <class C>
void check_merging() {
  using fr = typename C::fr;
  const auto key = key_of<C>(cube, {3, 4, 5});
  const pst_verifier_key<C> verifier{pst_pairing_key<C>::make_insecure_for_tests(srs_of<C>(cube)), key, 0};
  std::vector<std::vector<fr>> tensors;
  std::vector<affine_point<typename C::g1>> commitments;
  for (std::uint64_t seed = 1; seed < 6; ++seed) {
    tensors.emplace_back();
    for (auto v : tensor_values(60, seed)) tensors.back().push_back(fr::from_i64(v));
    commitments.push_back(committed(key, tensors.back()));
  }
  const std::vector<std::uint32_t> places = {0, 3, 2, 1};
  const same_place<C> place{key.grid(), key.reference_id(), 2, places, commitments};
  std::vector<std::vector<fr>> shown;
  for (const auto& t : tensors) {
    shown.emplace_back(t.begin() + 15, t.begin() + 20);
    shown.back().insert(shown.back().end(), t.begin() + 45, t.begin() + 50);
  }
  const auto proof = open_merged<C>(key, place, tensors);
  CHECK(proof.size() == 4);  // as for one tensor
  CHECK(verify_merged<C>(verifier, place, shown, proof));
  for (std::size_t k = 0; k < 5; ++k) {
    auto bad = shown;
    bad[k][9] += fr::one();
    CHECK(verify_merged<C>(verifier, place, bad, proof).error().code == errc::invalid_proof);
  }
  auto crossed = shown;  // errors that cancel for equal coefficients
  crossed[0][0] += fr::one(), crossed[1][0] -= fr::one();
  CHECK_FALSE(verify_merged<C>(verifier, place, crossed, proof));
  auto fewer = shown;
  fewer.pop_back();
  CHECK(verify_merged<C>(verifier, place, fewer, proof).error().code == errc::length_mismatch);
  CHECK(verify_merged<C>(verifier, place, shown, std::span{proof}.first(3)).error().code == errc::length_mismatch);
}

}  // namespace

TEST_CASE("pst_verify: points, tiles and whole tensors", "[polycommit]") {
  check_tiles<bn254>();
  check_tiles<bls12_381>();
}

TEST_CASE("pst_verify: forms of claims are checked before anything else", "[polycommit]") { check_counts<bn254>(); }

TEST_CASE("pst_verify: openings off the grid", "[polycommit]") {
  check_points<bn254>();
  check_points<bls12_381>();
}

TEST_CASE("pst_verify: a batch names its first bad claim", "[polycommit]") {
  check_batches<bn254>();
  check_batches<bls12_381>();
}

TEST_CASE("pst_verify: zeros, constants and infinity are ordinary", "[polycommit]") {
  opened_tensor<bn254> t{{3, 4, 5}, {1, 2, 3}, 3};
  std::fill(t.values.begin(), t.values.end(), std::int16_t{0});
  t.commitment = committed(t.key, t.values), t.shown = {0};
  t.proof = pst_opener<bn254, std::int16_t>{t.key, t.values}.open(t.places, 3);
  CHECK(t.commitment.is_infinity());
  CHECK(t.proof == std::vector<affine_point<bn254::g1>>(3));
  CHECK(t.verify());
  t.shown = {1};
  CHECK_FALSE(t.verify());
}

TEST_CASE("pst_verify: a proof can be changed into another valid one", "[polycommit]") {
  check_malleability<bn254>();
  check_malleability<bls12_381>();
}

TEST_CASE("pst_verify: many tiles, combined with whole scalars", "[polycommit]") {
  // Twelve tiles of 2 bytes each reach the other way of summing tiles; so do scalars.
  std::vector<opened_tensor<bn254>> tensors;
  for (std::uint64_t seed = 0; seed < 30; ++seed)
    tensors.emplace_back(std::vector<std::uint32_t>{3, 4, 5}, std::vector<std::uint32_t>{1, 1}, 2u, seed + 1);
  std::vector<pst_claim<bn254>> claims;
  for (const auto& t : tensors) claims.push_back(t.claim()), claims.back().key = &tensors[0].verifier;
  CHECK(verify_claims<bn254>(std::span<const pst_claim<bn254>>{claims}));
  tensors[29].shown[4] ^= 1;
  CHECK(verify_claims<bn254>(std::span<const pst_claim<bn254>>{claims}).error().where == 29);
}

TEST_CASE("pst_merge: several tensors at one place with one proof", "[polycommit]") {
  check_merging<bn254>();
  check_merging<bls12_381>();
}
