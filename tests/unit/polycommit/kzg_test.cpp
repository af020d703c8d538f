// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <assay/math/bls12_381.hpp>
#include <assay/math/bn254.hpp>
#include <assay/polycommit/kzg.hpp>
#include <assay/random/stream.hpp>

using namespace assay;

namespace {

template <class Fr>
Fr random_scalar(random_stream& draw) {
  std::array<std::byte, 48> wide;
  for (std::size_t i = 0; i < wide.size(); i += 8) store_le(wide.data() + i, draw.next_u64());
  return Fr::reduce_le(wide);
}

template <class V>
std::vector<V> random_values(random_stream& draw, std::size_t n) {
  std::vector<V> values(n);
  for (V& v : values) {
    if constexpr (std::is_integral_v<V>) v = static_cast<V>(draw.next_u64());
    else v = random_scalar<V>(draw);
  }
  return values;
}

// f(tau) G, with the f that takes these values, from the public trapdoor.
template <class C, class V>
affine_point<typename C::g1> by_trapdoor(const kzg_key<C>& key, const insecure_srs_for_tests<C>& srs,
                                         const std::vector<V>& values) {
  const auto at_tau = kzg_evaluate<C, V>(key, values, srs.trapdoor_insecure_for_tests()[0]);
  return multiply(xyzz_point<typename C::g1>{C::g1::generator()}, at_tau).to_affine();
}

template <class C, class V>
void check_openings(std::uint32_t width, std::size_t count) {
  using fr = typename C::fr;
  random_stream draw{seed{}, "kzg test"};
  const auto srs = insecure_srs_for_tests<C>::make(grid_shape::of({width}), 7);
  const auto key = kzg_key<C>::make_insecure_for_tests(srs).value();
  msm_workspace<typename C::g1> work;
  const auto values = random_values<V>(draw, count);
  const auto commitment = kzg_commit<C, V>(key, values, work);
  CHECK(commitment == by_trapdoor(key, srs, values));
  std::vector<fr> points = {fr::zero(),          fr::from_u64(count - 1), fr::from_u64(width - 1),
                            fr::from_u64(width), random_scalar<fr>(draw), -fr::one()};
  for (const fr& at : points) {
    const auto opened = kzg_open<C, V>(key, values, at, work);
    CHECK(opened.value == kzg_evaluate<C, V>(key, values, at));
    CHECK(kzg_verify<C>(key, commitment, at, opened));
    auto forged = opened;
    forged.value += fr::one();
    CHECK(kzg_verify<C>(key, commitment, at, forged).error().code == errc::invalid_proof);
    CHECK_FALSE(kzg_verify<C>(key, commitment, at + fr::one(), opened));
    if (!opened.proof.is_infinity()) {
      forged = opened;
      forged.proof = {};
      CHECK_FALSE(kzg_verify<C>(key, commitment, at, forged));
    }
  }
  for (std::uint32_t i = 0; i < width; ++i) {
    const fr expected = i >= count ? fr::zero() : [&] {
      if constexpr (std::is_integral_v<V>) return fr::from_i64(values[i]);
      else return values[i];
    }();
    CHECK(kzg_evaluate<C, V>(key, values, fr::from_u64(i)) == expected);
  }
}

template <class C>
void check_curve() {
  check_openings<C, std::int8_t>(2, 2);
  check_openings<C, std::int8_t>(9, 9);
  check_openings<C, std::int16_t>(16, 11);
  check_openings<C, std::int64_t>(7, 7);
  check_openings<C, typename C::fr>(12, 12);
}

}  // namespace

TEST_CASE("kzg: openings at nodes and off them, BN254", "[polycommit]") { check_curve<bn254>(); }
TEST_CASE("kzg: openings at nodes and off them, BLS12-381", "[polycommit]") { check_curve<bls12_381>(); }

TEST_CASE("kzg: extreme integers scale like field elements", "[polycommit]") {
  using fr = bls12_381::fr;
  random_stream draw{seed{}, "kzg scale"};
  const fr factor = random_scalar<fr>(draw);
  const std::vector<std::int64_t> values = {0, 1, -1, INT64_MIN, INT64_MAX, 1000};
  std::vector<fr> sum(values.size(), fr::from_u64(5));
  detail::add_scaled<fr, std::int64_t>(values, factor, sum);
  for (std::size_t i = 0; i < values.size(); ++i) CHECK(sum[i] == fr::from_u64(5) + factor * fr::from_i64(values[i]));
}

TEST_CASE("kzg: a reference string of several axes is refused", "[polycommit]") {
  const auto srs = insecure_srs_for_tests<bn254>::make(grid_shape::of({3, 4}), 1);
  CHECK(kzg_key<bn254>::make_insecure_for_tests(srs).error().code == errc::shape_mismatch);
}

TEST_CASE("kzg: tables are made only within their budget", "[polycommit]") {
  const auto srs = insecure_srs_for_tests<bn254>::make(grid_shape::of({4}), 1);
  CHECK(kzg_key<bn254>::make_insecure_for_tests(srs)->table(8) == nullptr);
  CHECK(kzg_key<bn254>::make_insecure_for_tests(srs, {16, 1000})->table(8) == nullptr);
  const auto key = kzg_key<bn254>::make_insecure_for_tests(srs, {16}).value();
  CHECK(key.table(16) != nullptr);
  CHECK(key.table(32) == nullptr);
}
