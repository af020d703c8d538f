// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/polycommit/pst.hpp>

#include <fstream>
#include <string>

#include <assay/math/point_encoding.hpp>
#include <assay/polycommit/pst_point.hpp>
#include <nlohmann/json.hpp>

#include "support/catch.hpp"
#include "support/pst.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

template <class G>
std::string hex(const affine_point<G>& p) {
  const auto bytes = encode_compressed(p);
  std::string text(2 * bytes.size(), '0');
  to_hex(bytes, text);
  return text;
}

bn254::fr scalar(std::string_view text) {
  if (text.starts_with("0x")) text.remove_prefix(2);
  std::array<std::byte, 32> bytes;
  REQUIRE(from_hex(text, bytes));
  return bn254::fr::parse_be(bytes).value();
}

bn254::fp coordinate(std::string_view text) {
  std::array<std::byte, 32> bytes;
  REQUIRE(from_hex(text.substr(2), bytes));
  return bn254::fp::parse_be(bytes).value();
}

affine_point<bn254::g1> point(const nlohmann::json& p) {
  return {coordinate(p.at("x").get<std::string>()), coordinate(p.at("y").get<std::string>())};
}

template <class C>
void check_commitments() {
  using fr = typename C::fr;
  const grid_shape shape = grid_shape::of({3, 4, 5});
  const auto& srs = srs_of<C>(shape);
  const auto tau = srs.trapdoor_insecure_for_tests();
  const auto values = tensor_values(60);
  const auto key = key_of<C>(shape, {3, 4, 5});
  // Lagrange commit == monomial commit: the same group element.
  const auto c = committed(key, values);
  CHECK(c == times_generator<C>(interpolated<fr>({3, 4, 5}, values).at(tau)));
  // Zeros commit to infinity, a constant k to k G.
  CHECK(committed(key, std::vector<std::int16_t>(60)).is_infinity());
  CHECK(committed(key, std::vector<std::int16_t>(60, -9)) == times_generator<C>(fr::from_i64(-9)));

  // Every type of values, with and without tables.
  std::vector<std::int32_t> i32(values.begin(), values.end());
  std::vector<std::int64_t> i64(values.begin(), values.end());
  std::vector<fr> scalars;
  for (auto v : values) scalars.push_back(fr::from_i64(v));
  CHECK(committed(key, i32) == c);
  CHECK(committed(key, i64) == c);
  CHECK(committed(key, scalars) == c);
  CHECK(committed(key_of<C>(shape, {3, 4, 5}, {0, 16}), values) == c);
  CHECK(committed(key_of<C>(shape, {3, 4, 5}, {0, fr::bits}), scalars) == c);
  CHECK(committed(key_of<C>(shape, {3, 4, 5}, {0, 16, 100}), values) == c);  // no memory for the table

  // Many at once.
  const auto many = tensor_values(60 * 7, 3);
  std::vector<affine_point<typename C::g1>> out(7);
  msm_workspace<typename C::g1> work;
  for (const pst_options& options : {pst_options{}, pst_options{0, 16}}) {
    commit_many<C, std::int16_t>(key_of<C>(shape, {3, 4, 5}, options), many, out, work);
    for (std::size_t i = 0; i < 7; ++i)
      CHECK(out[i] ==
            committed(key, std::vector<std::int16_t>(many.begin() + static_cast<std::ptrdiff_t>(60 * i),
                                                     many.begin() + static_cast<std::ptrdiff_t>(60 * (i + 1)))));
  }
}

// Fewer axes: constant along those left out. Shorter axes: zero beyond.
template <class C>
void check_sub_grids() {
  using fr = typename C::fr;
  const grid_shape shape = grid_shape::of({3, 4, 5});
  const auto tau = srs_of<C>(shape).trapdoor_insecure_for_tests();
  const auto whole = key_of<C>(shape, {3, 4, 5});
  for (const std::vector<std::uint32_t>& extents : std::vector<std::vector<std::uint32_t>>{
           {}, {2}, {3}, {4}, {5}, {1}, {2, 3}, {3, 5}, {4, 5}, {3, 4}, {2, 5}, {2, 4, 3}, {1, 1, 1}, {3, 1, 5}}) {
    const auto key = key_of<C>(shape, extents);
    const pst_grid& g = key.grid();
    const auto values = tensor_values(g.size(), 9);
    std::vector<std::int16_t> spread(60);
    for (std::size_t i = 0; i < 60; ++i) {
      const std::array<std::uint32_t, 3> at = {
          static_cast<std::uint32_t>(i / 20), static_cast<std::uint32_t>(i / 5 % 4), static_cast<std::uint32_t>(i % 5)};
      std::size_t index = 0;
      bool inside = true;
      for (std::size_t j = 0; j < g.rank; ++j) {
        inside = inside && at[g.axes[j]] < g.extents[j];
        index = index * g.extents[j] + at[g.axes[j]];
      }
      if (inside) spread[i] = values[index];
    }
    CHECK(committed(key, values) == committed(whole, spread));
    std::vector<fr> at_tau;
    for (std::size_t j = 0; j < g.rank; ++j) at_tau.push_back(tau[g.axes[j]]);
    CHECK(committed(key, values) == times_generator<C>(evaluate<fr, std::int16_t>(g, values, at_tau)));
  }
}

// Bases of fewer variables are sums over the leading axes.
template <class C>
void check_suffix_bases() {
  const auto key = key_of<C>(grid_shape::of({3, 4, 5}), {3, 4, 5});
  const auto all = key.slices(0), rows = key.slices(1), last = key.slices(2);
  for (std::size_t t = 0; t < 20; ++t)
    CHECK((xyzz_point<typename C::g1>{all[t]} + all[20 + t] + all[40 + t]).to_affine() == rows[t]);
  for (std::size_t t = 0; t < 5; ++t)
    CHECK((xyzz_point<typename C::g1>{rows[t]} + rows[5 + t] + rows[10 + t] + rows[15 + t]).to_affine() == last[t]);
  CHECK(key.basis(3).size() == 1);
  CHECK(key.basis(3)[0] == C::g1::generator());
}

template <class C>
void check_updates() {
  const auto key = key_of<C>(grid_shape::of({3, 4, 5}), {3, 4, 5});
  auto values = tensor_values(60);
  const auto before = committed(key, values);
  const auto row = tensor_values(5, 77);
  std::vector<std::int32_t> differences;
  for (std::size_t i = 0; i < 5; ++i) {
    differences.push_back(row[i] - values[35 + i]);
    values[35 + i] = row[i];
  }
  msm_workspace<typename C::g1> work;
  CHECK(updated<C, std::int32_t>(key, before, 35, differences, work) == committed(key, values));
}

}  // namespace

TEST_CASE("pst: commitments in the Lagrange basis are those of the coefficients", "[polycommit]") {
  check_commitments<bn254>();
  check_commitments<bls12_381>();
}

TEST_CASE("pst: fewer and shorter axes on one reference string", "[polycommit]") {
  check_sub_grids<bn254>();
  check_sub_grids<bls12_381>();
}

TEST_CASE("pst: suffix bases are partial sums", "[polycommit]") {
  check_suffix_bases<bn254>();
  check_suffix_bases<bls12_381>();
}

TEST_CASE("pst: an updated commitment is the commitment to the updated tensor", "[polycommit]") {
  check_updates<bn254>();
  check_updates<bls12_381>();
}

TEST_CASE("pst: where a grid lies on a reference string", "[polycommit]") {
  const grid_shape srs = grid_shape::of({8, 16, 8, 4096});
  const auto axes = [&](std::vector<std::uint32_t> extents) {
    const auto g = place_grid(srs, extents).value();
    return std::vector<unsigned>(g.axes.begin(), g.axes.begin() + g.rank);
  };
  CHECK(axes({8}) == std::vector<unsigned>{0});
  CHECK(axes({9}) == std::vector<unsigned>{1});
  CHECK(axes({17}) == std::vector<unsigned>{3});
  CHECK(axes({8, 8}) == std::vector<unsigned>{0, 2});
  CHECK(axes({8, 9}) == std::vector<unsigned>{0, 1});
  CHECK(axes({8, 8, 1536}) == std::vector<unsigned>{0, 2, 3});
  CHECK(place_grid(srs, std::vector<std::uint32_t>{4097}).error().code == errc::shape_mismatch);
  CHECK(place_grid(srs, std::vector<std::uint32_t>{4096, 2}).error().code == errc::shape_mismatch);
  CHECK(place_grid(srs, std::vector<std::uint32_t>{0}).error().code == errc::shape_mismatch);
  CHECK(place_grid(srs, std::vector<std::uint32_t>(5, 1)).error().code == errc::shape_mismatch);
}

TEST_CASE("pst: golden commitment and proof for known trapdoors", "[polycommit]") {
  // f = 1 + 2 X1 + 3 X0 + 4 X0 X1 on {0,1}^2; the trapdoors are those of a published, insecure generator.
  const std::vector<bn254::fr> tau = {scalar("02f01189eb498b10cf6d1069ea03ff3c04e53984ebf57f9a7d1faf1a18c7788f"),
                                      scalar("0d004a3ec16148a06e4327024d35da4596668851b471e9e85623ab712940117e")};
  const auto srs = insecure_srs_for_tests<bn254>::from_trapdoor(grid_shape::of({2, 2}), tau);
  const auto key = pst_key<bn254>::make_insecure_for_tests(srs, std::vector<std::uint32_t>{2, 2}).value();
  const std::vector<std::int8_t> values = {1, 3, 4, 10};
  CHECK(hex(committed(key, values)) == "869fdc72ddbda2924011a66aa9fb5fbf353de88485f13d98a47e33c52945352b");
  pst_opener<bn254, std::int8_t> opener{key, values};
  const auto proof = opener.open(std::vector<std::uint32_t>{1, 1}, 2);
  REQUIRE(proof.size() == 2);
  CHECK(hex(proof[0]) == "10fb3a000c151845dbeacfae4b039536ec76f0510fc030d0410af9c62712df97");
  CHECK(hex(proof[1]) == "f94a688c5b3dfe2a762ab3d315927156987792e7d92f79e0f4523f1a41caf409");
}

TEST_CASE("pst: vectors of an independent implementation", "[polycommit]") {
  std::ifstream file(std::string(ASSAY_TEST_DATA_DIR) + "/bn254_vectors.json");
  REQUIRE(file.good());
  const auto cases = nlohmann::json::parse(file).at("pst");
  REQUIRE(cases.size() >= 2);
  for (const auto& c : cases) {
    CAPTURE(c.at("name").get<std::string>());
    const std::size_t vars = c.at("vars");
    grid_shape shape;
    shape.rank = static_cast<std::uint8_t>(vars);
    std::fill_n(shape.extents.begin(), vars, 2u);
    // Their variable k is bit k of an index, the lowest first, and the last one is divided out first: axis vars-1-k.
    std::vector<bn254::fr> tau, z;
    std::vector<affine_point<bn254::g1>> proof;
    for (std::size_t k = vars; k-- > 0;) {
      tau.push_back(scalar(c.at("tau")[k].get<std::string>()));
      z.push_back(scalar(c.at("point")[k].get<std::string>()));
      proof.push_back(point(c.at("proof")[k]));
    }
    const auto srs = insecure_srs_for_tests<bn254>::from_trapdoor(shape, tau);
    const std::vector<std::uint32_t> extents(vars, 2);
    const auto key = pst_key<bn254>::make_insecure_for_tests(srs, extents).value();
    std::vector<std::int16_t> values;
    for (const auto& v : c.at("evals_dec")) {
      CHECK(srs.get().lagrange[values.size()] == point(c.at("srs_g1")[values.size()]));
      values.push_back(static_cast<std::int16_t>(std::stoi(v.get<std::string>())));
    }
    const auto commitment = point(c.at("commitment"));
    CHECK(committed(key, values) == commitment);
    CHECK(evaluate<bn254::fr, std::int16_t>(key.grid(), values, z) == scalar(c.at("value").get<std::string>()));
    const auto opened = open_at<bn254, std::int16_t>(key, values, z);
    CHECK(opened.value == scalar(c.at("value").get<std::string>()));
    CHECK(opened.proof == proof);
    const pst_verifier_key<bn254> verifier{pst_pairing_key<bn254>::make_insecure_for_tests(srs), key, 0};
    pst_claim<bn254> claim;
    claim.key = &verifier, claim.commitment = commitment, claim.point = z;
    claim.values = std::span<const bn254::fr>{&opened.value, 1}, claim.proof = proof;
    CHECK(verify_claims<bn254>(std::span{&claim, 1}));
  }
}
