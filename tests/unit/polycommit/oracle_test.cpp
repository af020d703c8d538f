// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reference strings, commitments and openings against another implementation: polynomials in coefficients, divided by
// synthetic division, over @noble/curves (scripts/oracle.sh draws fresh cases).
#include "support/catch.hpp"
#include "support/oracle.hpp"

#include <assay/polycommit/kzg.hpp>
#include <assay/polycommit/pst.hpp>
#include <assay/polycommit/pst_open.hpp>
#include <assay/polycommit/pst_point.hpp>
#include <assay/polycommit/pst_verify.hpp>
#include <assay/polycommit/verkle.hpp>

using namespace assay;
using namespace assay_tests;
using nlohmann::json;

namespace {

template <class C>
verified_srs<C> read_srs(const json& j, const std::vector<std::uint32_t>& extents) {
  structured_reference_string<C> data;
  for (const std::uint32_t n : extents) data.shape.extents[data.shape.rank++] = n;
  data.lagrange = oracle_points<typename C::g1>(j.at("lagrange"));
  data.tau_g2 = oracle_points<typename C::g2>(j.at("tau_g2"));
  return must(verified_srs<C>::verify(std::move(data)));
}

template <class C>
struct polynomial_case {
  using fr = typename C::fr;
  using g1 = typename C::g1;
  verified_srs<C> srs;
  std::vector<std::uint32_t> extents;
  std::vector<std::int16_t> values;
  affine_point<g1> commitment;

  static polynomial_case read(const json& j) {
    const auto extents = j.at("extents").get<std::vector<std::uint32_t>>();
    return {read_srs<C>(j, extents), extents, j.at("values").get<std::vector<std::int16_t>>(),
            oracle_point<g1>(j.at("commitment"))};
  }
};

template <class Fr>
std::vector<Fr> numbers(const json& list) {
  std::vector<Fr> out;
  for (const json& j : list) out.push_back(oracle_number<Fr>(j));
  return out;
}

template <class C>
void check_kzg(const polynomial_case<C>& c, const json& openings) {
  using fr = typename C::fr;
  const auto key = must(kzg_key<C>::make(c.srs));
  msm_workspace<typename C::g1> work;
  CHECK(kzg_commit<C, std::int16_t>(key, c.values, work) == c.commitment);
  for (const json& o : openings) {
    const fr at = oracle_number<fr>(o.at("at").at(0));
    const kzg_opening<C> expected{oracle_number<fr>(o.at("value")), oracle_point<typename C::g1>(o.at("proof").at(0))};
    CHECK(kzg_open<C, std::int16_t>(key, c.values, at, work) == expected);
    CHECK(kzg_verify<C>(key, c.commitment, at, expected));
    CHECK_FALSE(kzg_verify<C>(key, c.commitment, at, {expected.value + fr::one(), expected.proof}));
  }
}

template <class C>
void check_pst(const polynomial_case<C>& c, const json& openings) {
  using fr = typename C::fr;
  const auto key = must(pst_key<C>::make(c.srs, c.extents));
  const pst_verifier_key<C> verifier{pst_pairing_key<C>::make(c.srs), key, c.extents.size()};
  msm_workspace<typename C::g1> work;
  CHECK(msm<typename C::g1>(key.basis(0), std::span<const std::int16_t>{c.values}, work).to_affine() == c.commitment);
  for (const json& o : openings) {
    const auto at = numbers<fr>(o.at("at"));
    const auto proof = oracle_points<typename C::g1>(o.at("proof"));
    fr value = oracle_number<fr>(o.at("value"));
    const auto opened = open_at<C, std::int16_t>(key, c.values, at);
    CHECK(opened.value == value);
    CHECK(opened.proof == proof);
    pst_claim<C> claim;
    claim.key = &verifier, claim.commitment = c.commitment, claim.point = at, claim.proof = proof;
    claim.values = std::span<const fr>{&value, 1};
    CHECK(verify_claims<C>(std::span<const pst_claim<C>>{&claim, 1}));
    std::vector<std::uint32_t> node;
    for (std::size_t j = 0; j < at.size(); ++j) node.push_back(detail::node_of_scalar(at[j], c.extents[j]));
    bool on_grid = true;
    for (std::size_t j = 0; j < at.size(); ++j) on_grid = on_grid && node[j] < c.extents[j];
    if (on_grid) {
      pst_opener<C, std::int16_t> opener{key, c.values};
      CHECK(opener.open(node, node.size()) == proof);
    }
    value += fr::one();
    CHECK_FALSE(verify_claims<C>(std::span<const pst_claim<C>>{&claim, 1}));
  }
}

template <class C>
void check_multiproof(const json& j) {
  using fr = typename C::fr;
  const auto values = j.at("values").get<std::vector<std::vector<std::int16_t>>>();
  const auto srs = read_srs<C>(j, {static_cast<std::uint32_t>(values[0].size())});
  const auto key = must(kzg_key<C>::make(srs));
  const auto commitments = oracle_points<typename C::g1>(j.at("commitments"));
  std::vector<value_span<fr>> vectors;
  for (const auto& v : values) vectors.push_back(std::span<const std::int16_t>{v});
  std::vector<verkle_claim<C>> claims;
  for (const auto& c : j.at("claims").get<std::vector<std::array<std::uint32_t, 2>>>())
    claims.push_back({c[0], c[1], fr::from_i64(values[c[0]][c[1]])});
  const digest context = must(parse_digest(j.at("context").get<std::string>()));
  const auto bytes = oracle_bytes(j.at("proof"));
  reader in{bytes};
  const auto proof = must(verkle_proof<C>::parse(in));
  msm_workspace<typename C::g1> work;
  CHECK(open_multiproof<C>(key, vectors, {context, commitments, claims}, work) == proof);
  CHECK(verify_multiproof<C>(key, {context, commitments, claims}, proof, work));
  claims.back().value += fr::one();
  CHECK_FALSE(verify_multiproof<C>(key, {context, commitments, claims}, proof, work));
}

template <class C>
void check_curve() {
  for (const json& j : oracle_cases<C>().at("multiproofs")) check_multiproof<C>(j);
  for (const json& j : oracle_cases<C>().at("polynomials")) {
    const auto c = polynomial_case<C>::read(j);
    if (c.extents.size() == 1) check_kzg(c, j.at("openings"));
    check_pst(c, j.at("openings"));
  }
}

}  // namespace

TEST_CASE("oracle: polynomial commitments on BN254", "[polycommit][oracle]") { check_curve<bn254>(); }
TEST_CASE("oracle: polynomial commitments on BLS12-381", "[polycommit][oracle]") { check_curve<bls12_381>(); }
