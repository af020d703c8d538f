// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/math/glv.hpp>

#include "msm_support.hpp"
#include "support/catch.hpp"

namespace {

/// A two's-complement lattice entry or a half of a split as a scalar.
template <class Fr>
Fr signed_scalar(const assay::glv_half& h) {
  const Fr m = Fr::from_limbs({h.magnitude[0], h.magnitude[1]});
  return h.negative ? -m : m;
}
template <class Fr>
Fr signed_scalar(const assay::limbs<3>& v) {
  return signed_scalar<Fr>(assay::detail::signed_half(v));
}

template <class G>
void check_constants() {
  using c = assay::glv_constants<G>;
  using Fr = typename G::scalar;
  using Fp = typename G::coordinate;
  const Fr lambda = Fr::from_limbs(c::lambda), one = Fr::one();
  CHECK((lambda * lambda + lambda + one).is_zero());
  CHECK((c::beta * c::beta + c::beta + Fp::one()).is_zero());
  CHECK(assay::multiply(assay::xyzz_point<G>{G::generator()}, lambda).to_affine() ==
        assay::glv_image<G>(G::generator()));
  const Fr a1 = signed_scalar<Fr>(c::a1), b1 = signed_scalar<Fr>(c::b1), a2 = signed_scalar<Fr>(c::a2),
           b2 = signed_scalar<Fr>(c::b2);
  CHECK((a1 + b1 * lambda).is_zero());
  CHECK((a2 + b2 * lambda).is_zero());
  CHECK((a1 * b2 - a2 * b1).is_zero());  // the determinant is r
  CHECK(assay::glv_image<G>(assay::affine_point<G>::infinity()).is_infinity());
}

template <class G>
void check_split(const typename G::scalar& k) {
  using Fr = typename G::scalar;
  const auto [first, second] = assay::glv_split<G>(k.to_limbs());
  const bool right =
      signed_scalar<Fr>(first) + signed_scalar<Fr>(second) * Fr::from_limbs(assay::glv_constants<G>::lambda) == k;
  const bool is_short =
      assay::detail::bit_length(first.magnitude) <= 127 && assay::detail::bit_length(second.magnitude) <= 127;
  REQUIRE(right);
  REQUIRE(is_short);
}

template <class G>
void check_splits() {
  using Fr = typename G::scalar;
  msm_tests::generator random{5};
  for (int i = 0; i < 2000; ++i) check_split<G>(msm_tests::random_element<Fr>(random));
  const Fr lambda = Fr::from_limbs(assay::glv_constants<G>::lambda);
  Fr half = Fr::from_u64(2).inverse();
  for (std::uint64_t i = 0; i < 20; ++i) {
    const Fr small = Fr::from_u64(i);
    for (const Fr& k : {small, -small, lambda + small, lambda - small, -lambda + small, half + small, half - small})
      check_split<G>(k);
  }
  Fr power = Fr::one();
  for (int i = 0; i < 256; ++i, power = power.doubled()) check_split<G>(power), check_split<G>(-power);
}

}  // namespace

TEST_CASE("glv: constants", "[math]") {
  check_constants<assay::bn254::g1>();
  check_constants<assay::bls12_381::g1>();
}

TEST_CASE("glv: halves are short and recombine", "[math]") {
  check_splits<assay::bn254::g1>();
  check_splits<assay::bls12_381::g1>();
}

TEST_CASE("glv: only the groups with the endomorphism have it", "[math]") {
  STATIC_REQUIRE(assay::has_glv<assay::bn254::g1>);
  STATIC_REQUIRE(assay::has_glv<assay::bls12_381::g1>);
  STATIC_REQUIRE_FALSE(assay::has_glv<assay::bn254::g2>);
}
