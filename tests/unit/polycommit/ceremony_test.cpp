// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Ceremonies: several contributors, a reference string at the end, files in between.
#include <vector>

#include <assay/math/bls12_381.hpp>
#include <assay/math/bn254.hpp>
#include <assay/polycommit/ceremony.hpp>
#include <assay/polycommit/ceremony_file.hpp>
#include <assay/polycommit/srs.hpp>

#include "support/catch.hpp"

using namespace assay;

namespace {

std::vector<std::byte> entropy(unsigned char who) { return std::vector<std::byte>(32, std::byte{who}); }

template <class C>
ceremony_state<C> run(const grid_shape& shape, unsigned contributors) {
  auto state = ceremony<C>::start(shape).value();
  for (unsigned k = 1; k <= contributors; ++k)
    state = ceremony<C>::contribute(std::move(state), entropy(static_cast<unsigned char>(k)));
  return state;
}

}  // namespace

TEMPLATE_TEST_CASE("ceremony: several contributors make a verified string", "[polycommit]", bn254, bls12_381) {
  using C = TestType;
  using scalar = typename C::fr;
  for (const grid_shape& shape : {grid_shape::of({5}), grid_shape::of({3, 4}), grid_shape::of({2, 3, 2})}) {
    auto state = ceremony<C>::start(shape).value();
    std::vector<scalar> tau(shape.rank, scalar::one());
    for (unsigned char who = 1; who <= 3; ++who) {
      for (std::size_t j = 0; j < shape.rank; ++j)
        tau[j] *= detail::derive_secret<scalar>(entropy(who), state.history(), "factor", j);
      auto next = ceremony<C>::contribute(state, entropy(who));
      REQUIRE(ceremony<C>::verify_contribution(state, next, as_bytes("verifier")));
      REQUIRE(ceremony<C>::verify(next));
      state = std::move(next);
    }
    const auto srs = ceremony<C>::finalise(state);
    REQUIRE(srs);
    CHECK(*srs == insecure_srs_for_tests<C>::from_trapdoor(shape, tau).get());
    CHECK(verified_srs<C>::verify(*srs, srs->id()));
  }
}

TEST_CASE("ceremony: the start is no string, and shapes are checked", "[polycommit]") {
  const auto begun = ceremony<bn254>::start(grid_shape::of({3, 4})).value();
  CHECK(ceremony<bn254>::verify(begun));
  CHECK(ceremony<bn254>::finalise(begun).error().code == errc::incomplete);
  CHECK(ceremony<bn254>::start(grid_shape::of({3, 1})).error().code == errc::out_of_range);
  auto cut = begun;
  cut.monomials.pop_back();
  CHECK(ceremony<bn254>::verify(cut).error().code == errc::shape_mismatch);
  CHECK(ceremony<bn254>::finalise(cut).error().code == errc::shape_mismatch);
  CHECK(ceremony<bn254>::verify_contribution(begun, cut).error().code == errc::shape_mismatch);
}

TEST_CASE("ceremony: secrets depend on everything and are exact", "[polycommit]") {
  using F = bn254::fr;
  const digest history{}, other{{std::byte{1}}};
  const F secret = detail::derive_secret<F>(entropy(1), history, "factor", 0);
  CHECK(secret == detail::derive_secret<F>(entropy(1), history, "factor", 0));
  CHECK_FALSE(secret == detail::derive_secret<F>(entropy(2), history, "factor", 0));
  CHECK_FALSE(secret == detail::derive_secret<F>(entropy(1), other, "factor", 0));
  CHECK_FALSE(secret == detail::derive_secret<F>(entropy(1), history, "nonce", 0));
  CHECK_FALSE(secret == detail::derive_secret<F>(entropy(1), history, "factor", 1));
}

TEST_CASE("ceremony: points that share batches are multiplied as alone", "[polycommit]") {
  using G = bls12_381::g1;
  using F = bls12_381::fr;
  detail::random_coefficients random{digest{}};
  std::vector<affine_point<G>> points;
  std::vector<F> scalars = {F::zero(), F::one(), -F::one(), F::from_u64(2)};
  for (std::size_t i = 0; i < 40; ++i) {
    const auto low = random.next(), high = random.next();
    if (i >= scalars.size()) scalars.push_back(F::from_limbs({low[0], low[1], high[0], high[1] >> 2}));
    points.push_back(multiply(xyzz_point<G>{G::generator()}, limbs<1>{i % 7 + 1}).to_affine());
  }
  auto multiplied = points;
  detail::lockstep_multiplier<G>{}(multiplied, scalars);
  for (std::size_t i = 0; i < points.size(); ++i)
    CHECK(multiplied[i] == multiply(xyzz_point<G>{points[i]}, scalars[i]).to_affine());
}

TEMPLATE_TEST_CASE("ceremony: files", "[polycommit]", bn254, bls12_381) {
  using C = TestType;
  for (const unsigned contributors : {0u, 1u, 3u}) {
    const auto state = run<C>(grid_shape::of({3, 2}), contributors);
    const auto bytes = encode_ceremony_file(state);
    const auto parsed = parse_ceremony_file<C>(bytes);
    REQUIRE(parsed);
    CHECK(*parsed == state);
    CHECK(encode_ceremony_file(*parsed) == bytes);
    CHECK(inspect_ceremony_file(bytes).value() == grid_file_header{C::id, state.shape});
    for (std::size_t n = 0; n < bytes.size(); n += 29)
      CHECK(parse_ceremony_file<C>(byte_view{bytes}.first(n)).error().code == errc::truncated);
    auto changed = bytes;
    changed.push_back({});
    CHECK(parse_ceremony_file<C>(changed).error().code == errc::trailing_bytes);
    for (std::size_t at = 0; at < bytes.size(); at += 5) {
      changed = bytes;
      changed[at] ^= std::byte{4};
      CHECK_FALSE(parse_ceremony_file<C>(changed));
    }
  }
  auto bytes = encode_ceremony_file(run<C>(grid_shape::of({3, 2}), 1));
  bytes[24 + 2] = std::byte{2};
  CHECK(parse_ceremony_file<C>(bytes).error().code == errc::too_large);
}

TEST_CASE("ceremony: a thousand points and progress", "[polycommit]") {
  const auto begun = ceremony<bn254>::start(grid_shape::of({64, 40})).value();
  std::vector<double> shares;
  const auto note = [&](double share) { shares.push_back(share); };
  const auto next = ceremony<bn254>::contribute(begun, entropy(9), note);
  CHECK(shares.size() == 3);
  CHECK(ceremony<bn254>::verify_contribution(begun, next, {}, note));
  CHECK(shares.back() == 1);
}
