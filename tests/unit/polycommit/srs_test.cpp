// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reference strings: well-made ones pass the check, and every way to spoil one is named.
#include <type_traits>
#include <vector>

#include <assay/math/bls12_381.hpp>
#include <assay/math/bn254.hpp>
#include <assay/polycommit/srs.hpp>

#include "support/catch.hpp"

using namespace assay;

namespace {

template <class C>
structured_reference_string<C> sample(const grid_shape& shape, std::uint64_t seed = 1) {
  return insecure_srs_for_tests<C>::make(shape, seed).get();
}

template <class G>
affine_point<G> times(const affine_point<G>& p, std::uint64_t k) {
  return multiply(xyzz_point<G>{p}, limbs<1>{k}).to_affine();
}

/// A point of the curve outside the group of prime order.
template <class G>
affine_point<G> stray_point() {
  using F = typename G::coordinate;
  for (F x = F::one();; x += F::one()) {
    const auto y = (x.squared() * x + G::b()).sqrt();
    if (y && !is_in_subgroup(affine_point<G>{x, *y})) return {x, *y};
  }
}

template <class C>
assay::error refusal(structured_reference_string<C> srs) {
  const auto v = verified_srs<C>::verify(std::move(srs));
  REQUIRE_FALSE(v);
  return v.error();
}

}  // namespace

TEMPLATE_TEST_CASE("srs: strings of many shapes are what they must be", "[polycommit]", bn254, bls12_381) {
  using C = TestType;
  using G = typename C::g1;
  for (const grid_shape& shape :
       {grid_shape::of({2}), grid_shape::of({9}), grid_shape::of({2, 2}), grid_shape::of({3, 5, 2}),
        grid_shape::of({40, 2}), grid_shape::of({2, 40}), grid_shape::of({2, 2, 2, 2, 2, 2, 2, 2})}) {
    const auto made = insecure_srs_for_tests<C>::make(shape, 7);
    const auto tau = made.trapdoor_insecure_for_tests();
    REQUIRE(made.get().lagrange.size() == shape.size());
    std::vector<std::vector<typename C::fr>> axes;
    for (std::size_t j = 0; j < shape.rank; ++j)
      axes.push_back(lagrange_values<typename C::fr>(barycentric_weights<typename C::fr>(shape.extents[j]), tau[j]));
    for (std::size_t i = 0; i < made.get().lagrange.size(); i += 1 + i / 4) {
      typename C::fr product = C::fr::one();
      for (std::size_t j = 0; j < shape.rank; ++j) product *= axes[j][i / shape.stride(j) % shape.extents[j]];
      CHECK(multiply(xyzz_point<G>{G::generator()}, product).to_affine() == made.get().lagrange[i]);
    }
    const auto verified = verified_srs<C>::verify(made.get());
    REQUIRE(verified);
    CHECK(verified->id() == made.id());
    CHECK(verified->get() == made.get());
    CHECK(verified_srs<C>::verify(made.get(), made.id(), as_bytes("entropy")));
  }
}

TEST_CASE("srs: only the check makes a verified string", "[polycommit]") {
  using data = structured_reference_string<bn254>;
  using verified = verified_srs<bn254>;
  using insecure = insecure_srs_for_tests<bn254>;
  static_assert(!std::is_default_constructible_v<verified> && !std::is_constructible_v<verified, data>);
  static_assert(!std::is_constructible_v<verified, insecure> && !std::is_convertible_v<insecure, verified>);
  static_assert(!std::is_convertible_v<insecure, data> && !std::is_assignable_v<verified&, insecure>);
  static_assert(!std::is_constructible_v<verified_srs<bn254>, verified_srs<bls12_381>>);
  CHECK(sample<bn254>(grid_shape::of({3, 2})) == sample<bn254>(grid_shape::of({3, 2})));
}

TEST_CASE("srs: the digest binds curve, shape and every point", "[polycommit]") {
  const auto honest = sample<bn254>(grid_shape::of({3, 2}));
  const digest id = honest.id();
  CHECK(sample<bn254>(grid_shape::of({3, 2}), 2).id() != id);
  CHECK(sample<bls12_381>(grid_shape::of({3, 2})).id() != id);
  for (std::size_t i = 0; i < honest.lagrange.size(); ++i) {
    auto other = honest;
    other.lagrange[i] = -other.lagrange[i];
    CHECK(other.id() != id);
  }
  for (std::size_t j = 0; j < 2; ++j) {
    auto other = honest;
    other.tau_g2[j] = -other.tau_g2[j];
    CHECK(other.id() != id);
  }
  auto other = honest;
  other.shape = grid_shape::of({2, 3});
  CHECK(other.id() != id);
  const auto refused = verified_srs<bn254>::verify(sample<bn254>(grid_shape::of({3, 2}), 2), id);
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == assay::error{errc::untrusted_parameters, 3, ""});
}

TEMPLATE_TEST_CASE("srs: every change of structure is refused, and named", "[polycommit]", bn254, bls12_381) {
  using C = TestType;
  using g1 = typename C::g1;
  using g2 = typename C::g2;
  const auto honest = sample<C>(grid_shape::of({4, 3}));
  auto s = honest;
  const auto fails = [&](errc code, std::uint64_t where) { CHECK(refusal<C>(s) == assay::error{code, where, ""}); };
  SECTION("shape") { s.shape.extents[0] = 1, fails(errc::out_of_range, 0); }
  SECTION("a point too few") { s.lagrange.pop_back(), fails(errc::shape_mismatch, 11); }
  SECTION("a variable too many") { s.tau_g2.push_back(s.tau_g2[0]), fails(errc::shape_mismatch, 12); }
  SECTION("identity in G1") { s.lagrange[5] = {}, fails(errc::identity_point, 5); }
  SECTION("identity in G2") { s.tau_g2[1] = {}, fails(errc::identity_point, 13); }
  SECTION("off the curve, G1") { s.lagrange[5].x += C::fp::one(), fails(errc::not_on_curve, 5); }
  SECTION("off the curve, G2") { s.tau_g2[0].x += C::fp2::one(), fails(errc::not_on_curve, 12); }
  SECTION("outside the group, G2") { s.tau_g2[1] = stray_point<g2>(), fails(errc::not_in_subgroup, 13); }
  SECTION("one point replaced, axis 0 sees it first") {
    s.lagrange[7] = g1::generator(), fails(errc::untrusted_parameters, 0);
  }
  SECTION("two points exchanged") { std::swap(s.lagrange[3], s.lagrange[4]), fails(errc::untrusted_parameters, 0); }
  SECTION("a whole slice of axis 1 scaled: only axis 1 sees it") {
    for (std::size_t i = 1; i < 12; i += 3) s.lagrange[i] = times(s.lagrange[i], 2);
    fails(errc::untrusted_parameters, 1);
  }
  SECTION("all points scaled: only their sum sees it") {
    for (auto& p : s.lagrange) p = times(p, 3);
    fails(errc::untrusted_parameters, 2);
  }
  SECTION("another variable") { s.tau_g2[1] = times(s.tau_g2[1], 2), fails(errc::untrusted_parameters, 1); }
  SECTION("variables exchanged") { std::swap(s.tau_g2[0], s.tau_g2[1]), fails(errc::untrusted_parameters, 0); }
  SECTION("the Lagrange points of other nodes") {  // axis 1 in reverse: consistent, but for 2 - tau
    for (std::size_t i = 0; i < 12; i += 3) std::swap(s.lagrange[i], s.lagrange[i + 2]);
    fails(errc::untrusted_parameters, 1);
  }
  SECTION("tau is a node: all other points of its axis vanish") {
    s.tau_g2[0] = times(g2::generator(), 2);
    for (std::size_t i = 0; i < 12; ++i) s.lagrange[i] = i / 3 == 2 ? honest.lagrange[i] : affine_point<g1>{};
    fails(errc::identity_point, 0);
  }
}

TEST_CASE("srs: points outside the group are found among many", "[polycommit]") {
  using G = bls12_381::g1;
  const auto stray = stray_point<G>();
  auto s = sample<bls12_381>(grid_shape::of({4, 3}));
  s.lagrange[9] = stray;
  CHECK(refusal<bls12_381>(s) == assay::error{errc::not_in_subgroup, 9, ""});

  // The stray part of order 3 alone, which random linear combinations miss every third time; batched for 2^14 points.
  const auto r = bls12_381::fr::modulus();
  const auto cofactor_over_3 = detail::limbs_from_hex<2>("13242eaac71ca0722eaae38e55558e39");
  affine_point<G> small;
  for (auto x = bls12_381::fp::one(); small.is_infinity(); x += bls12_381::fp::one())
    if (const auto y = (x.squared() * x + G::b()).sqrt())
      small = multiply(multiply(xyzz_point<G>{affine_point<G>{x, *y}}, r), cofactor_over_3).to_affine();
  REQUIRE(times(small, 3).is_infinity());
  std::vector<affine_point<G>> points(1u << 14, G::generator());
  detail::random_coefficients random{digest{}};
  CHECK(detail::first_outside_subgroup<G>(points, random) == points.size());
  points[12345] = (xyzz_point<G>{G::generator()} + small).to_affine();
  CHECK(detail::first_outside_subgroup<G>(points, random) == 12345);
  points[777] = (xyzz_point<G>{G::generator()} + -small).to_affine();  // together they cancel
  CHECK(detail::first_outside_subgroup<G>(points, random) == 777);
}

TEST_CASE("srs: a large string", "[polycommit][slow]") {
  const auto made = insecure_srs_for_tests<bn254>::make(grid_shape::of({512, 256}), 3);
  std::vector<double> shares;
  REQUIRE(verified_srs<bn254>::verify(made.get(), made.id(), {}, [&](double share) { shares.push_back(share); }));
  REQUIRE(shares.size() == 3);
  CHECK(shares.back() == 1);
  auto s = made.get();
  s.lagrange[77777] = -s.lagrange[77777];
  CHECK(refusal<bn254>(s).code == errc::untrusted_parameters);
}
