// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/math/bls12_381.hpp>
#include <assay/math/bn254.hpp>
#include <assay/math/subgroup.hpp>

#include "support/catch.hpp"
#include "support/math_points.hpp"

using namespace assay;
using assay_tests::number_source;

namespace {

/// The definition: r P = O.
template <class G>
bool has_prime_order_ref(const affine_point<G>& p) {
  return multiply(xyzz_point<G>{p}, G::scalar::modulus()).is_infinity();
}

/// r P: a point whose order divides the cofactor.
template <class G>
affine_point<G> cofactor_part(const affine_point<G>& p) {
  return multiply(xyzz_point<G>{p}, G::scalar::modulus()).to_affine();
}

/// Points of the whole curve, of the cofactor's part alone, and of the subgroup plus something of the cofactor's part.
template <class G>
void check_against_order(std::uint64_t seed, bool has_cofactor) {
  number_source numbers{seed};
  CHECK(is_in_subgroup(affine_point<G>::infinity()));
  CHECK(is_in_subgroup(G::generator()));
  for (int i = 0; i < 8; ++i) {
    const auto inside = numbers.group_point<G>();
    CHECK(has_prime_order_ref(inside));
    CHECK(is_in_subgroup(inside));
    CHECK(is_in_subgroup(-inside));
    const auto any = numbers.curve_point<G>();
    CHECK(is_in_subgroup(any) == has_prime_order_ref(any));
    CHECK(is_in_subgroup(any) == !has_cofactor);
    const auto rest = cofactor_part(any);
    CHECK(rest.is_infinity() == !has_cofactor);
    if (!has_cofactor) continue;
    CHECK_FALSE(is_in_subgroup(rest));
    const auto mixed = (xyzz_point<G>{inside} + rest).to_affine();
    CHECK_FALSE(is_in_subgroup(mixed));
    CHECK_FALSE(has_prime_order_ref(mixed));
  }
}

/// psi is p on the subgroup, and satisfies psi^2 - t psi + p = 0 on the whole curve.
template <class G>
void check_frobenius(std::uint64_t seed) {
  using C = typename G::curve;
  using psi = detail::twisted_frobenius<G>;
  number_source numbers{seed};
  const auto inside = numbers.group_point<G>();
  CHECK(psi::apply(xyzz_point<G>{inside}) == multiply(xyzz_point<G>{inside}, C::fp::modulus()));
  CHECK(psi::apply(inside).is_on_curve());
  CHECK(xyzz_point<G>{psi::apply(inside)} == psi::apply(xyzz_point<G>{inside}.doubled() + -inside));
  const auto any = numbers.curve_point<G>();
  CHECK(psi::apply(any).is_on_curve());
}

}  // namespace

TEST_CASE("subgroup: agrees with multiplication by the order on G1", "[math]") {
  check_against_order<bn254::g1>(10, false);
  check_against_order<bls12_381::g1>(11, true);
}
TEST_CASE("subgroup: agrees with multiplication by the order on G2", "[math]") {
  check_against_order<bn254::g2>(12, true);
  check_against_order<bls12_381::g2>(13, true);
}
TEST_CASE("subgroup: psi multiplies G2 by p", "[math]") {
  check_frobenius<bn254::g2>(14);
  check_frobenius<bls12_381::g2>(15);
}
TEST_CASE("subgroup: points of small order on BLS12-381's G1 are outside", "[math]") {
  using g1 = bls12_381::g1;
  const affine_point<g1> three{bls12_381::fp::zero(), bls12_381::fp::from_u64(2)};  // (0, 2): 3 P = O
  REQUIRE(three.is_on_curve());
  REQUIRE(assay_tests::times(three, 3).is_infinity());
  CHECK_FALSE(is_in_subgroup(three));
  // the cofactor's part has exponent 1 - x, which 11 divides
  number_source numbers{16};
  constexpr std::uint64_t exponent = bls12_381::x + 1;
  static_assert(bls12_381::x_is_negative && exponent % 11 == 0);
  for (int i = 0; i < 4; ++i) {
    const auto eleven = assay_tests::times(cofactor_part(numbers.curve_point<g1>()), exponent / 11);
    CHECK(assay_tests::times(eleven, 11).is_infinity());
    CHECK(is_in_subgroup(eleven) == eleven.is_infinity());
    CHECK((i > 0 || !eleven.is_infinity()));
  }
}
