// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/math/bls12_381.hpp>
#include <assay/math/bn254.hpp>
#include <assay/math/pairing.hpp>
#include <assay/math/point_encoding.hpp>

#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/math_points.hpp"

using namespace assay;
using assay_tests::number_source;

namespace {

template <class C>
target<C> power(const target<C>& f, const typename C::fr& e) {
  target<C> r = target<C>::one();
  const auto k = e.to_limbs();
  for (unsigned i = detail::bit_length(k); i-- > 0;) {
    r = r.squared();
    if (detail::bits_of(k, i, 1) != 0) r *= f;
  }
  return r;
}

template <class G>
affine_point<G> times(const affine_point<G>& p, const typename G::scalar& k) {
  return multiply(xyzz_point<G>{p}, k).to_affine();
}

template <class C>
void check_bilinear() {
  number_source numbers{20};
  const auto p = numbers.group_point<typename C::g1>();
  const auto q = numbers.group_point<typename C::g2>();
  const auto e = pairing<C>(p, q);
  CHECK_FALSE(e.is_one());
  CHECK_FALSE(e.is_zero());
  const auto a = numbers.element<typename C::fr>(), b = numbers.element<typename C::fr>();
  CHECK(pairing<C>(times(p, a), q) == power<C>(e, a));
  CHECK(pairing<C>(p, times(q, b)) == power<C>(e, b));
  CHECK(pairing<C>(times(p, a), times(q, b)) == power<C>(e, a * b));
  CHECK(pairing<C>(-p, q) == e.conjugate());
  CHECK(pairing<C>(p, -q) == e.conjugate());
  const auto p2 = numbers.group_point<typename C::g1>();
  CHECK(pairing<C>((xyzz_point{p} + p2).to_affine(), q) == e * pairing<C>(p2, q));
  const auto q2 = numbers.group_point<typename C::g2>();
  CHECK(pairing<C>(p, (xyzz_point{q} + q2).to_affine()) == e * pairing<C>(p, q2));
}

template <class C>
void check_order() {
  const auto e = pairing<C>(C::g1::generator(), C::g2::generator());
  CHECK_FALSE(e.is_one());
  CHECK(power<C>(e, -C::fr::one()) * e == target<C>::one());  // e^(r - 1) e
  CHECK(e.frobenius_twice().frobenius_twice() * e == e.frobenius_twice());
}

template <class C>
void check_infinity() {
  const affine_point<typename C::g1> p = C::g1::generator(), o1;
  const affine_point<typename C::g2> q = C::g2::generator(), o2;
  CHECK(pairing<C>(o1, q).is_one());
  CHECK(pairing<C>(p, o2).is_one());
  CHECK(pairing<C>(o1, o2).is_one());
  CHECK(prepared_g2<C>{}.is_infinity());
  CHECK(prepared_g2<C>{o2}.is_infinity());
  CHECK_FALSE(prepared_g2<C>{q}.is_infinity());
  CHECK(multi_pairing<C>({}).is_one());
  CHECK(pairing_product_is_one<C>({}));
  const prepared_g2<C> prepared{q}, infinity;
  const std::vector<pairing_term<C>> terms{{p, &infinity}, {p, &prepared}, {o1, &prepared}};
  CHECK(multi_pairing<C>(terms) == pairing<C>(p, q));
}

/// Products of n pairings against the products of single ones, and a relation that holds and one that almost does.
template <class C>
void check_products() {
  number_source numbers{21};
  using fr = typename C::fr;
  for (const std::size_t n : {1u, 2u, 3u, 4u, 9u}) {
    std::vector<prepared_g2<C>> prepared;
    std::vector<pairing_term<C>> terms;
    target<C> expected = target<C>::one();
    fr sum;
    prepared.reserve(n + 1);
    for (std::size_t i = 0; i < n; ++i) {
      const fr a = numbers.element<fr>(), b = numbers.element<fr>();
      const auto p = times(C::g1::generator(), a);
      const auto q = times(C::g2::generator(), b);
      prepared.emplace_back(q);
      terms.push_back({p, &prepared.back()});
      if (n <= 4) expected *= pairing<C>(p, q);
      sum += a * b;
    }
    if (n <= 4) CHECK(multi_pairing<C>(terms) == expected);
    CHECK_FALSE(pairing_product_is_one<C>(terms));
    prepared.emplace_back(C::g2::generator());
    terms.push_back({times(C::g1::generator(), -sum), &prepared.back()});
    CHECK(pairing_product_is_one<C>(terms));
    terms.back().p = times(C::g1::generator(), fr::one() - sum);
    CHECK_FALSE(pairing_product_is_one<C>(terms));
  }
}

/// Coefficients in the order c0.c0.c0, c0.c0.c1, c0.c1.c0, ...
template <class C>
std::vector<std::string> coefficients(const target<C>& f) {
  std::vector<std::string> out;
  for (const auto& half : {f.c0, f.c1})
    for (const auto& c : {half.c0, half.c1, half.c2})
      for (const auto& x : {c.c0, c.c1}) {
        std::array<std::byte, C::fp::byte_size> bytes;
        x.encode_be(bytes);
        out.push_back(assay_tests::hex_of(bytes));
      }
  return out;
}

bn254::fp element(const nlohmann::json& hex) {
  return bn254::fp::parse_be(assay_tests::bytes_of_hex(hex.get<std::string>())).value();
}
affine_point<bn254::g1> g1_point(const nlohmann::json& p) { return {element(p.at("x")), element(p.at("y"))}; }
affine_point<bn254::g2> g2_point(const nlohmann::json& p) {
  return {{element(p.at("x")[0]), element(p.at("x")[1])}, {element(p.at("y")[0]), element(p.at("y")[1])}};
}

}  // namespace

namespace {

template <class C>
void check_powers_of_x() {
  number_source numbers{22};
  const auto e = pairing<C>(numbers.group_point<typename C::g1>(), numbers.group_point<typename C::g2>());
  const auto x = C::x_is_negative ? -C::fr::from_u64(C::x) : C::fr::from_u64(C::x);
  const auto expected = power<C>(e, x);
  const auto absolute = C::x_is_negative ? expected.conjugate() : expected;
  CHECK(detail::to_the_x<C>(e) == expected);
  CHECK(detail::to_the_dense_x<C>(e) == absolute);
  CHECK(detail::to_the_sparse_x<C>(e) == absolute);
  CHECK(detail::to_the_x<C>(target<C>::one()).is_one());
  CHECK(detail::to_the_sparse_x<C>(target<C>::one()).is_one());  // has no compressed form
}

/// Homomorphic into the elements of order r, for any element of Fp12.
template <class C>
void check_final_exponent() {
  number_source numbers{23};
  const auto f = numbers.extension_element<target<C>>();
  const auto g = detail::final_exponentiation<C>(f);
  CHECK(power<C>(g, -C::fr::one()) * g == target<C>::one());
  CHECK(detail::final_exponentiation<C>(f * f) == g * g);
  CHECK(detail::final_exponentiation<C>(target<C>::one()).is_one());
  CHECK(detail::final_exponentiation<C>(target<C>{}).is_zero());
  // elements of the subfield of degree 6 vanish
  CHECK(detail::final_exponentiation<C>(target<C>{f.c0, {}}).is_one());
}

}  // namespace

TEST_CASE("pairing: powers of the curve's x", "[math]") {
  check_powers_of_x<bn254>();
  check_powers_of_x<bls12_381>();
}
TEST_CASE("pairing: the last exponentiation lands in the group of order r", "[math]") {
  check_final_exponent<bn254>();
  check_final_exponent<bls12_381>();
}

TEST_CASE("pairing: bilinear and not degenerate", "[math]") {
  check_bilinear<bn254>();
  check_bilinear<bls12_381>();
}
TEST_CASE("pairing: values have order r", "[math]") {
  check_order<bn254>();
  check_order<bls12_381>();
}
TEST_CASE("pairing: infinity on either side gives one", "[math]") {
  check_infinity<bn254>();
  check_infinity<bls12_381>();
}
TEST_CASE("pairing: products of many", "[math]") {
  check_products<bn254>();
  check_products<bls12_381>();
}

TEST_CASE("pairing: golden values on BN254", "[math]") {
  const auto vectors = assay_tests::golden_vectors("bn254_vectors.json");
  std::size_t compared = 0;
  for (const auto& c : vectors.at("pairing")) {
    if (!c.contains("gt")) continue;
    const bool bilinear = c.at("kind") == "bilinear";
    const auto e = pairing<bn254>(g1_point(c.at(bilinear ? "aP" : "P")), g2_point(c.at(bilinear ? "bQ" : "Q")));
    std::vector<std::string> expected;
    for (const auto& x : c.at("gt")) expected.push_back(x.get<std::string>().substr(2));
    CHECK(coefficients<bn254>(e) == expected);
    ++compared;
  }
  CHECK(compared == 3);
}

TEST_CASE("pairing: golden values on BLS12-381", "[math]") {
  const auto vectors = assay_tests::golden_vectors("bls12_381_pairing.json");
  REQUIRE(vectors.at("cases").size() == 3);
  for (const auto& c : vectors.at("cases")) {
    const auto p = parse_compressed<bls12_381::g1>(assay_tests::bytes_of_hex(c.at("p")));
    const auto q = parse_compressed<bls12_381::g2>(assay_tests::bytes_of_hex(c.at("q")));
    REQUIRE((p && q));
    CHECK(coefficients<bls12_381>(pairing<bls12_381>(*p, *q)) == c.at("gt").get<std::vector<std::string>>());
  }
}
