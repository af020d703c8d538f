// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Groups, encodings and pairings against another implementation (@noble/curves; scripts/oracle.sh draws fresh cases).
#include "support/catch.hpp"
#include "support/oracle.hpp"

#include <assay/math/msm.hpp>
#include <assay/math/pairing.hpp>
#include <assay/math/point_encoding.hpp>

using namespace assay;
using namespace assay_tests;
using nlohmann::json;

namespace {

template <class G>
void check_additions(const json& cases) {
  for (const json& c : cases) {
    const auto a = oracle_point<G>(c.at("a")), b = oracle_point<G>(c.at("b")), r = oracle_point<G>(c.at("r"));
    REQUIRE(a.is_on_curve());
    CHECK((xyzz_point<G>{a} + b).to_affine() == r);
    CHECK((xyzz_point<G>{a} + xyzz_point<G>{b}).to_affine() == r);
    const affine_point<G> points[2] = {a, b};
    const std::uint32_t left = 0, right = 2, out = 0;
    affine_point<G> sum;
    batch_add_workspace<G> work;
    batch_add<G>(points, &left, &right, &out, &sum, 1, work);
    CHECK(sum == r);
  }
}

template <class G>
void check_products(const json& cases) {
  for (const json& c : cases) {
    const auto p = oracle_point<G>(c.at("p"));
    const auto k = oracle_number<typename G::scalar>(c.at("k"));
    CHECK(multiply(xyzz_point<G>{p}, k).to_affine() == oracle_point<G>(c.at("r")));
  }
}

template <class G, class Int>
affine_point<G> small_msm(const json& c) {
  std::vector<Int> scalars;
  for (const json& k : c.at("scalars")) scalars.push_back(static_cast<Int>(std::stoll(k.get<std::string>())));
  msm_workspace<G> work;
  return msm<G>(oracle_points<G>(c.at("bases")), std::span<const Int>{scalars}, work).to_affine();
}

template <class G>
void check_msm(const json& small, const json& full) {
  for (const json& c : small) {
    const auto r = oracle_point<G>(c.at("r"));
    const int bits = c.at("bits");
    CHECK(small_msm<G, std::int64_t>(c) == r);
    if (bits <= 32) CHECK(small_msm<G, std::int32_t>(c) == r);
    if (bits <= 16) CHECK(small_msm<G, std::int16_t>(c) == r);
    if (bits <= 8) CHECK(small_msm<G, std::int8_t>(c) == r);
  }
  for (const json& c : full) {
    std::vector<typename G::scalar> scalars;
    for (const json& k : c.at("scalars")) scalars.push_back(oracle_number<typename G::scalar>(k));
    msm_workspace<G> work;
    const auto sum = msm<G>(oracle_points<G>(c.at("bases")), std::span<const typename G::scalar>{scalars}, work);
    CHECK(sum.to_affine() == oracle_point<G>(c.at("r")));
  }
}

template <class G>
void check_encodings(const json& cases) {
  for (const json& c : cases) {
    const auto p = oracle_point<G>(c.at("p"));
    const auto bytes = oracle_bytes(c.at("bytes"));
    const auto own = encode_compressed(p);
    CHECK(std::equal(own.begin(), own.end(), bytes.begin(), bytes.end()));
    CHECK(must(parse_compressed<G>(bytes)) == p);
  }
}

template <class G>
void check_subgroup(const json& cases) {
  for (const json& c : cases) {
    const auto p = oracle_point<G>(c.at("p"));
    const bool inside = c.at("inside");
    REQUIRE(p.is_on_curve());
    CHECK(is_in_subgroup(p) == inside);
    const auto parsed = parse_compressed<G>(oracle_bytes(c.at("bytes")));
    REQUIRE(parsed.has_value() == inside);
    if (!inside) CHECK(parsed.error().code == errc::not_in_subgroup);
  }
}

template <class G>
void check_group(const json& cases) {
  check_additions<G>(cases.at("add"));
  check_products<G>(cases.at("mul"));
  check_msm<G>(cases.at("msm"), cases.at("msm_full"));
  check_encodings<G>(cases.at("encodings"));
  check_subgroup<G>(cases.at("on_curve"));
}

template <class C>
target<C> target_of(const json& j) {
  const auto two = [&](std::size_t i) {
    return typename C::fp2{oracle_number<typename C::fp>(j.at(i)), oracle_number<typename C::fp>(j.at(i + 1))};
  };
  return {{two(0), two(2), two(4)}, {two(6), two(8), two(10)}};
}

template <class C>
void check_pairings(const json& cases) {
  for (const json& c : cases.at("gt"))
    CHECK(pairing<C>(oracle_point<typename C::g1>(c.at("p")), oracle_point<typename C::g2>(c.at("q"))) ==
          target_of<C>(c.at("gt")));
  for (const json& c : cases.at("products")) {
    std::vector<prepared_g2<C>> prepared;
    std::vector<pairing_term<C>> terms;
    for (const json& t : c.at("terms")) prepared.emplace_back(oracle_point<typename C::g2>(t.at(1)));
    for (std::size_t i = 0; i < prepared.size(); ++i)
      terms.push_back({oracle_point<typename C::g1>(c.at("terms").at(i).at(0)), &prepared[i]});
    CHECK(pairing_product_is_one<C>(std::span<const pairing_term<C>>{terms}) == c.at("one").get<bool>());
  }
}

template <class C>
void check_curve() {
  const json& cases = oracle_cases<C>();
  check_group<typename C::g1>(cases.at("g1"));
  check_group<typename C::g2>(cases.at("g2"));
  check_pairings<C>(cases.at("pairing"));
}

}  // namespace

TEST_CASE("oracle: groups, encodings and pairings of BN254", "[math][oracle]") { check_curve<bn254>(); }
TEST_CASE("oracle: groups, encodings and pairings of BLS12-381", "[math][oracle]") { check_curve<bls12_381>(); }
