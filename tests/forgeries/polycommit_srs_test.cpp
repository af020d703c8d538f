// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What goes wrong with reference strings: known trapdoors, correlated variables, and contributors who cheat.
#include <array>
#include <type_traits>
#include <vector>

#include <assay/math/bls12_381.hpp>
#include <assay/math/bn254.hpp>
#include <assay/math/pairing.hpp>
#include <assay/math/point_encoding.hpp>
#include <assay/polycommit/ceremony.hpp>
#include <assay/polycommit/srs.hpp>

#include "support/catch.hpp"

using namespace assay;

namespace {

using fr = bn254::fr;
using g1 = bn254::g1;
using g2 = bn254::g2;
using p1 = xyzz_point<g1>;

p1 times(const affine_point<g1>& p, const fr& k) { return multiply(p1{p}, k); }

template <class C>
affine_point<typename C::g2> times_g2(const affine_point<typename C::g2>& p, std::uint64_t k) {
  return multiply(xyzz_point<typename C::g2>{p}, limbs<1>{k}).to_affine();
}

/// C = sum v_i G_i: the commitment to values on the grid.
p1 commit(const structured_reference_string<bn254>& srs, const std::vector<fr>& values) {
  p1 sum;
  for (std::size_t i = 0; i < values.size(); ++i) sum += times(srs.lagrange[i], values[i]);
  return sum;
}

/// The verifier's equation for two variables: e(C - y G + sum a_j pi_j, H) = prod e(pi_j, [tau_j]_2).
bool opens(const structured_reference_string<bn254>& srs, const p1& commitment, const std::array<fr, 2>& at,
           const fr& y, const std::array<affine_point<g1>, 2>& pi) {
  const p1 left = commitment - times(g1::generator(), y) + times(pi[0], at[0]) + times(pi[1], at[1]);
  const prepared_g2<bn254> h{g2::generator()}, tau0{srs.tau_g2[0]}, tau1{srs.tau_g2[1]};
  const std::array<pairing_term<bn254>, 3> terms = {pairing_term<bn254>{left.to_affine(), &h},
                                                    pairing_term<bn254>{-pi[0], &tau0},
                                                    pairing_term<bn254>{-pi[1], &tau1}};
  return pairing_product_is_one<bn254>(terms);
}

affine_point<g1> from_compressed(std::string_view hex) {
  std::array<std::byte, compressed_size<g1>> bytes;
  REQUIRE(from_hex(hex, bytes));
  return parse_compressed<g1>(bytes).value();
}

std::vector<std::byte> entropy(unsigned char who) { return std::vector<std::byte>(32, std::byte{who}); }

/// A monomial's point from public points only: [tau_0^a tau_1^b]_1 = sum over the grid of i^a k^b G_{i,k}.
p1 monomial(const structured_reference_string<bn254>& srs, std::uint64_t a, std::uint64_t b) {
  p1 sum;
  for (std::uint64_t i = 0; i < srs.shape.extents[0]; ++i)
    for (std::uint64_t k = 0; k < srs.shape.extents[1]; ++k)
      sum += times(srs.lagrange[i * srs.shape.extents[1] + k],
                   fr::from_u64(i).pow(limbs<1>{a}) * fr::from_u64(k).pow(limbs<1>{b}));
  return sum;
}

}  // namespace

TEST_CASE("forgery: with a trapdoor that is in print, anybody opens to any value", "[forgeries][polycommit]") {
  const std::vector<fr> tau(detail::published_trapdoors.begin(), detail::published_trapdoors.begin() + 2);
  const auto insecure = insecure_srs_for_tests<bn254>::from_trapdoor(grid_shape::of({2, 2}), tau);
  const auto& srs = insecure.get();
  // f = 1 + 2 X1 + 3 X0 + 4 X0 X1 on the grid; commitment and opening at (1, 1) were computed independently.
  const p1 c = commit(srs, {fr::from_u64(1), fr::from_u64(3), fr::from_u64(4), fr::from_u64(10)});
  CHECK(c == p1{from_compressed("869fdc72ddbda2924011a66aa9fb5fbf353de88485f13d98a47e33c52945352b")});
  const std::array<affine_point<g1>, 2> honest = {
      from_compressed("10fb3a000c151845dbeacfae4b039536ec76f0510fc030d0410af9c62712df97"),
      from_compressed("f94a688c5b3dfe2a762ab3d315927156987792e7d92f79e0f4523f1a41caf409")};
  const std::array<fr, 2> at = {fr::one(), fr::one()};
  CHECK(opens(srs, c, at, fr::from_u64(10), honest));
  CHECK_FALSE(opens(srs, c, at, fr::from_u64(11), honest));
  // The forgery: keep pi_0 and solve the equation for pi_1. One inversion.
  for (const std::uint64_t lie : {0u, 11u, 123456789u}) {
    const p1 rest = c - times(g1::generator(), fr::from_u64(lie)) - times(honest[0], tau[0] - at[0]);
    const affine_point<g1> forged = multiply(rest, (tau[1] - at[1]).inverse()).to_affine();
    CHECK(opens(srs, c, at, fr::from_u64(lie), {honest[0], forged}));
  }
  // Its structure is right, and still it makes no keys: these trapdoors are known, and any others are kept out by the
  // digest that was agreed on.
  const auto refused = verified_srs<bn254>::verify(srs);
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == assay::error{errc::untrusted_parameters, 0, ""});
  const auto agreed = insecure_srs_for_tests<bn254>::make(grid_shape::of({2, 2}), 1).id();
  const auto other = insecure_srs_for_tests<bn254>::make(grid_shape::of({2, 2}), 2).get();
  CHECK(verified_srs<bn254>::verify(other, agreed).error().code == errc::untrusted_parameters);
  static_assert(!std::is_convertible_v<insecure_srs_for_tests<bn254>, verified_srs<bn254>>);
  static_assert(!std::is_constructible_v<verified_srs<bn254>, insecure_srs_for_tests<bn254>>);
}

TEST_CASE("forgery: a string made from powers of one tau opens to any value without knowing it",
          "[forgeries][polycommit]") {
  // tau_0 = tau^3, tau_1 = tau (Kronecker substitution for the grid 3 x 3). Everything below uses public points only.
  constexpr std::uint64_t d = 3;
  const fr tau = insecure_srs_for_tests<bn254>::make(grid_shape::of({2}), 99).trapdoor_insecure_for_tests()[0];
  const auto kronecker =
      insecure_srs_for_tests<bn254>::from_trapdoor(grid_shape::of({3, 3}), {tau.pow(limbs<1>{d}), tau}).get();
  std::vector<fr> coefficients;  // of f(X^3, X), the exponent being 3 a + b
  for (std::uint64_t k = 0; k < 9; ++k) coefficients.push_back(fr::from_u64(5 * k * k + 3));
  p1 c;
  std::vector<p1> powers;  // [tau^k]_1
  for (std::uint64_t k = 0; k < 9; ++k) powers.push_back(monomial(kronecker, k / d, k % d));
  for (std::size_t k = 0; k < 9; ++k) c += multiply(powers[k], coefficients[k]);

  const std::array<fr, 2> at = {fr::from_u64(1), fr::from_u64(2)};
  const fr lie = fr::from_u64(424242);
  // f - y = (X^3 - a_0) p_0 + (X - a_1) p_1 has a solution for every y, because a_1^3 != a_0: p_0 is a constant.
  const auto value_at = [&](const fr& x) {
    fr sum;
    for (std::size_t k = coefficients.size(); k-- > 0;) sum = sum * x + coefficients[k];
    return sum;
  };
  const fr p0 = (value_at(at[1]) - lie) * (at[1].pow(limbs<1>{d}) - at[0]).inverse();
  std::vector<fr> dividend = coefficients;
  dividend[0] -= lie - at[0] * p0;
  dividend[d] -= p0;
  p1 pi1;
  fr carry;
  for (std::size_t k = 8; k > 0; --k) {
    carry = dividend[k] + carry * at[1];
    pi1 += multiply(powers[k - 1], carry);
  }
  REQUIRE((dividend[0] + carry * at[1]).is_zero());
  CHECK(opens(kronecker, c, at, lie, {times(g1::generator(), p0).to_affine(), pi1.to_affine()}));

  // This correlation is recognised, as are equal variables. Others (tau_0 = tau^1000) are not: strings must come from a
  // ceremony, in which variables are independent unless everybody who contributed colluded.
  CHECK(verified_srs<bn254>::verify(kronecker).error() == assay::error{errc::untrusted_parameters, 0, ""});
  const auto equal = insecure_srs_for_tests<bn254>::from_trapdoor(grid_shape::of({3, 3}), {tau, tau}).get();
  CHECK(verified_srs<bn254>::verify(equal).error() == assay::error{errc::untrusted_parameters, 1, ""});
}

namespace {

template <class C>
struct cheating {
  using state = ceremony_state<C>;
  using scalar = typename C::fr;
  using run = ceremony<C>;

  // Two honest contributions, then the cheat's turn.
  state begun = run::start(grid_shape::of({3, 2})).value();
  state first = run::contribute(begun, entropy(1));
  state before = run::contribute(first, entropy(2));
  state honest = run::contribute(before, entropy(3));

  /// The proof that a cheat can make who put `tau` and `monomials` there and knows only `factors`.
  static void prove_anew(state& s, const state& previous, std::vector<scalar> factors) {
    const std::vector<scalar> nonces = {scalar::from_u64(1234567), scalar::from_u64(7654321)};
    s.contributions = previous.contributions;
    s.contributions.push_back(detail::prove_contribution<C>(previous.history(), s.points_digest(), previous.tau_g2,
                                                            s.tau_g2, factors, nonces));
  }

  /// Refused at this step with this reason, and later too, by whoever sees only the end, at contribution 2.
  void refused(const state& s, errc code, std::uint64_t where, bool in_proof) const {
    REQUIRE(run::verify_contribution(first, before));
    const auto step = run::verify_contribution(before, s);
    REQUIRE_FALSE(step);
    CHECK(step.error() == assay::error{code, where, ""});
    if (!in_proof) {
      CHECK(run::verify(s).error() == assay::error{code, where, ""});
      return;
    }
    const auto whole = run::verify(run::contribute(s, entropy(4)));  // an honest successor does not mend it
    REQUIRE_FALSE(whole);
    CHECK(whole.error() == assay::error{code, 2, ""});
  }
  std::vector<scalar> honest_factors() const {
    return {detail::derive_secret<scalar>(entropy(3), before.history(), "factor", 0),
            detail::derive_secret<scalar>(entropy(3), before.history(), "factor", 1)};
  }
};

}  // namespace

TEMPLATE_TEST_CASE("forgery: a contributor who cheats is found, with the reason", "[forgeries][polycommit]", bn254,
                   bls12_381) {
  using C = TestType;
  using point2 = affine_point<typename C::g2>;
  const cheating<C> t;
  auto s = t.honest;
  REQUIRE(ceremony<C>::verify_contribution(t.before, s));

  SECTION("starts anew, to know all of tau") {
    s = ceremony<C>::contribute(t.begun, entropy(3));
    const auto own =
        std::vector<typename C::fr>{detail::derive_secret<typename C::fr>(entropy(3), t.begun.history(), "factor", 0),
                                    detail::derive_secret<typename C::fr>(entropy(3), t.begun.history(), "factor", 1)};
    cheating<C>::prove_anew(s, t.before, own);
    t.refused(s, errc::invalid_proof, 0, true);
  }
  SECTION("starts anew and presents the proof made for that") {
    const auto anew = ceremony<C>::contribute(t.begun, entropy(3));
    s.monomials = anew.monomials, s.tau_g2 = anew.tau_g2, s.contributions.back() = anew.contributions[0];
    t.refused(s, errc::wrong_statement, 0, true);
  }
  SECTION("sets a variable to 0") {
    s.tau_g2[1] = {};
    for (std::size_t i = 1; i < 6; i += 2) s.monomials[i] = {};
    cheating<C>::prove_anew(s, t.before, {t.honest_factors()[0], C::fr::zero()});
    t.refused(s, errc::identity_point, 1, true);
  }
  SECTION("sets a variable to 1") {
    s.tau_g2[1] = C::g2::generator();
    for (std::size_t i = 1; i < 6; i += 2) s.monomials[i] = s.monomials[i - 1];
    cheating<C>::prove_anew(s, t.before, {t.honest_factors()[0], C::fr::one()});
    t.refused(s, errc::invalid_proof, 1, true);
  }
  SECTION("leaves a variable as it was") {
    s = t.before;
    cheating<C>::prove_anew(s, t.before, {C::fr::one(), C::fr::one()});
    t.refused(s, errc::duplicate, 0, true);
  }
  SECTION("makes the variables equal") {
    s.tau_g2[1] = s.tau_g2[0];
    for (std::size_t i = 1; i < 4; i += 2) s.monomials[i] = s.monomials[i + 1];  // tau_0^a tau_1 = tau_0^{a+1}
    cheating<C>::prove_anew(s, t.before, t.honest_factors());
    t.refused(s, errc::invalid_proof, 1, true);
  }
  SECTION("replays an earlier contribution") {
    s.monomials = t.before.monomials, s.tau_g2 = t.before.tau_g2,
    s.contributions.back() = t.before.contributions.back();
    t.refused(s, errc::wrong_statement, 0, true);
  }
  SECTION("shows somebody else's proof of the same step") {
    const auto other = ceremony<C>::contribute(t.before, entropy(77));
    s.contributions.back() = other.contributions.back();
    t.refused(s, errc::commitment_mismatch, 0, false);
  }
  SECTION("a response of another proof") {
    s.contributions.back().responses[1] = t.before.contributions.back().responses[1];
    t.refused(s, errc::invalid_proof, 1, true);
  }
  SECTION("an identity as nonce") {
    s.contributions.back().nonces[0] = {};
    t.refused(s, errc::identity_point, 0, true);
  }
  SECTION("one proof too few") {
    s.contributions.back().responses.pop_back();
    t.refused(s, errc::shape_mismatch, 2, true);
  }
  SECTION("changes a point afterwards") {
    s.monomials[3] = -s.monomials[3];
    t.refused(s, errc::commitment_mismatch, 0, false);
  }
  SECTION("changes a point before proving") {
    s.monomials[4] = -s.monomials[4];
    cheating<C>::prove_anew(s, t.before, t.honest_factors());
    t.refused(s, errc::untrusted_parameters, 0, false);
  }
  SECTION("an axis with the powers of another number") {
    for (std::size_t i = 1; i < 6; i += 2)
      s.monomials[i] = multiply(xyzz_point<typename C::g1>{s.monomials[i]}, limbs<1>{2}).to_affine();
    cheating<C>::prove_anew(s, t.before, t.honest_factors());
    t.refused(s, errc::untrusted_parameters, 1, false);
  }
  SECTION("multiplies every point") {
    for (auto& p : s.monomials) p = multiply(xyzz_point<typename C::g1>{p}, limbs<1>{2}).to_affine();
    cheating<C>::prove_anew(s, t.before, t.honest_factors());
    t.refused(s, errc::untrusted_parameters, 2, false);
  }
  SECTION("an identity among the points") {
    s.monomials[5] = {};
    cheating<C>::prove_anew(s, t.before, t.honest_factors());
    t.refused(s, errc::identity_point, 5, false);
  }
  SECTION("a variable outside the group") {
    using F = typename C::fp2;
    point2 stray;
    for (F x = F::one(); stray.is_infinity() || is_in_subgroup(stray); x += F::one())
      if (const auto y = (x.squared() * x + C::g2::b()).sqrt()) stray = {x, *y};
    s.tau_g2[0] = stray;
    cheating<C>::prove_anew(s, t.before, t.honest_factors());
    t.refused(s, errc::not_in_subgroup, 0, true);
  }
  SECTION("another variable than the proof's") {
    s.tau_g2[0] = times_g2<C>(s.tau_g2[0], 2);
    t.refused(s, errc::commitment_mismatch, 0, false);
  }
}

TEST_CASE("forgery: a contributor cannot rewrite what came before", "[forgeries][polycommit]") {
  using run = ceremony<bn254>;
  const cheating<bn254> t;
  auto dropped = t.honest;
  dropped.contributions.erase(dropped.contributions.begin());
  CHECK(run::verify_contribution(t.before, dropped).error().code == errc::conflicting);
  CHECK(run::verify(dropped).error() == assay::error{errc::wrong_statement, 0, ""});
  auto swapped = t.honest;
  std::swap(swapped.contributions[0], swapped.contributions[1]);
  CHECK(run::verify_contribution(t.before, swapped).error() == assay::error{errc::conflicting, 0, ""});
  CHECK(run::verify(swapped).error() == assay::error{errc::wrong_statement, 0, ""});
  auto altered = t.honest;
  altered.contributions[1].responses[0] += fr::one();
  CHECK(run::verify_contribution(t.before, altered).error() == assay::error{errc::conflicting, 1, ""});
  CHECK(run::verify(altered).error() == assay::error{errc::invalid_proof, 1, ""});
  auto other_shape = t.honest;
  other_shape.shape = grid_shape::of({2, 3});
  CHECK(run::verify_contribution(t.before, other_shape).error().code == errc::shape_mismatch);
  CHECK(run::verify(other_shape).error() == assay::error{errc::wrong_statement, 0, ""});
}

TEST_CASE("forgery: only if everybody colludes are variables correlated", "[forgeries][polycommit]") {
  // Contributors 1 and 2 know their factors and agree on tau_0 = tau_1^3; nothing shows it to the ceremony's verifier.
  // One honest contribution later the relation is gone: it would need x_0 = x_1^3.
  using run = ceremony<bn254>;
  const grid_shape shape = grid_shape::of({3, 3});
  auto s = run::start(shape).value();
  const auto begun = s;
  const fr x = fr::from_u64(0x123456789abcdef), x_cubed = x.pow(limbs<1>{3});
  s.tau_g2 = {multiply(xyzz_point<g2>{g2::generator()}, x_cubed).to_affine(),
              multiply(xyzz_point<g2>{g2::generator()}, x).to_affine()};
  for (std::uint64_t i = 0; i < 9; ++i)
    s.monomials[i] = times(g1::generator(), x_cubed.pow(limbs<1>{i / 3}) * x.pow(limbs<1>{i % 3})).to_affine();
  cheating<bn254>::prove_anew(s, begun, {x_cubed, x});
  REQUIRE(run::verify_contribution(begun, s));
  CHECK(verified_srs<bn254>::verify(run::finalise(s).value()).error().code == errc::untrusted_parameters);
  const auto mended = run::contribute(s, entropy(5));
  REQUIRE(run::verify(mended));
  CHECK(verified_srs<bn254>::verify(run::finalise(mended).value()));
}
