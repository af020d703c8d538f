// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/math/msm.hpp>

#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include <assay/core/thread_pool.hpp>
#include <nlohmann/json.hpp>

#include "msm_support.hpp"
#include "support/catch.hpp"

namespace {

using msm_tests::generator;
using msm_tests::naive_msm;
using msm_tests::random_points;

template <class G, class Scalar>
bool agrees(const std::vector<assay::affine_point<G>>& bases, const std::vector<Scalar>& scalars,
            assay::msm_workspace<G>& work) {
  return assay::msm<G>(bases, std::span<const Scalar>{scalars}, work) ==
         naive_msm<G, Scalar>(bases, std::span<const Scalar>{scalars});
}

/// Scalars that break careless code: the limits, zeros, ones, all equal, random.
template <class Int>
std::vector<std::vector<Int>> integer_cases(std::size_t n) {
  constexpr Int low = std::numeric_limits<Int>::min(), high = std::numeric_limits<Int>::max();
  generator random{n + sizeof(Int)};
  std::vector<std::vector<Int>> cases;
  for (const Int v : {low, high, Int{0}, Int{1}, static_cast<Int>(-1)}) cases.emplace_back(n, v);
  auto& mixed = cases.emplace_back(n);
  auto& wide = cases.emplace_back(n);
  auto& narrow = cases.emplace_back(n);
  for (std::size_t i = 0; i < n; ++i) {
    const Int edges[] = {
        low, high, Int{0}, Int{1}, static_cast<Int>(low + 1), static_cast<Int>(high - 1), static_cast<Int>(high / 2)};
    mixed[i] = edges[random() % 7];
    wide[i] = static_cast<Int>(random());
    narrow[i] = static_cast<Int>(random() % 5);
  }
  return cases;
}

template <class G, class Int>
void check_integers(const std::vector<assay::affine_point<G>>& bases, assay::msm_workspace<G>& work) {
  for (const std::size_t n :
       {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{17}, bases.size()}) {
    bool equal = true;
    for (const auto& scalars : integer_cases<Int>(n)) equal = equal && agrees<G>(bases, scalars, work);
    CHECK(equal);
  }
}

template <class G>
void check_all_integers(const std::vector<assay::affine_point<G>>& bases) {
  assay::msm_workspace<G> work;
  check_integers<G, std::int8_t>(bases, work);
  check_integers<G, std::uint8_t>(bases, work);
  check_integers<G, std::int16_t>(bases, work);
  check_integers<G, std::uint16_t>(bases, work);
  check_integers<G, std::int32_t>(bases, work);
  check_integers<G, std::uint32_t>(bases, work);
  check_integers<G, std::int64_t>(bases, work);
  check_integers<G, std::uint64_t>(bases, work);
}

/// Bases that meet in additions: equal, opposite, infinite, in arithmetic progression.
template <class G>
std::vector<std::vector<assay::affine_point<G>>> hard_bases(std::size_t n) {
  const auto random = random_points<G>(n, 11);
  std::vector<std::vector<assay::affine_point<G>>> cases{random, std::vector<assay::affine_point<G>>(n, random[0]),
                                                         msm_tests::progression<G>(n)};
  auto& opposite = cases.emplace_back(random);
  for (std::size_t i = 1; i < n; i += 2) opposite[i] = -opposite[i - 1];
  auto& infinite = cases.emplace_back(random);
  for (std::size_t i = 0; i < n; i += 3) infinite[i] = assay::affine_point<G>::infinity();
  cases.emplace_back(n);  // infinity alone
  return cases;
}

template <class G>
std::vector<std::vector<typename G::scalar>> scalar_cases(std::size_t n) {
  using Fr = typename G::scalar;
  generator random{n};
  std::vector<std::vector<Fr>> cases;
  for (const Fr& v : {Fr::zero(), Fr::one(), -Fr::one(), -Fr::from_u64(2), Fr::from_i64(-128)})
    cases.emplace_back(n, v);
  auto& full = cases.emplace_back(n);
  auto& mixed = cases.emplace_back(n);
  for (std::size_t i = 0; i < n; ++i) {
    full[i] = msm_tests::random_element<Fr>(random);
    mixed[i] = random() % 2 == 0 ? full[random() % n] : Fr::from_i64(static_cast<std::int64_t>(random() % 9) - 4);
  }
  return cases;
}

template <class G>
void check_scalars(std::size_t most) {
  assay::msm_workspace<G> work;
  for (const auto& bases : hard_bases<G>(most))
    for (const std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{2}, most}) {
      bool equal = true;
      for (const auto& scalars : scalar_cases<G>(n)) equal = equal && agrees<G>(bases, scalars, work);
      CHECK(equal);
    }
}

template <class G, class Int>
void check_many(std::size_t count, bool with_indices) {
  const auto bases = random_points<G>(40, 3);
  generator random{count};
  std::vector<std::vector<Int>> values(count);
  std::vector<std::vector<std::uint32_t>> indices(count);
  std::vector<assay::node_values<Int>> nodes(count);
  for (std::size_t k = 0; k < count; ++k) {
    const std::size_t n = k % 5 == 1 ? 0 : k % 41;
    for (std::size_t i = 0; i < n; ++i) {
      values[k].push_back(random() % 6 == 0 ? std::numeric_limits<Int>::min() : static_cast<Int>(random()));
      indices[k].push_back(static_cast<std::uint32_t>(random() % bases.size()));
    }
    nodes[k] = {values[k],
                with_indices ? std::span<const std::uint32_t>{indices[k]} : std::span<const std::uint32_t>{}};
  }
  std::vector<assay::affine_point<G>> sums(count);
  assay::msm_workspace<G> work;
  assay::msm_many<G>(bases, std::span<const assay::node_values<Int>>{nodes}, sums, work);
  bool equal = true;
  for (std::size_t k = 0; k < count; ++k) {
    assay::xyzz_point<G> expected;
    for (std::size_t i = 0; i < values[k].size(); ++i)
      expected += msm_tests::integer_multiple<G>(bases[with_indices ? indices[k][i] : i], values[k][i]);
    equal = equal && expected == assay::xyzz_point<G>{sums[k]};
  }
  CHECK(equal);
}

using json = nlohmann::json;

assay::affine_point<assay::bn254::g1> point_of(const json& p) {
  if (p.is_null() || (p.contains("inf") && p["inf"].get<bool>())) return {};
  const auto coordinate = [](std::string hex) {
    assay::limbs<4> v{};
    hex = hex.substr(2);
    for (std::size_t i = 0; i < hex.size(); ++i) {
      const char c = hex[hex.size() - 1 - i];
      v[i / 16] |= static_cast<std::uint64_t>(c <= '9' ? c - '0' : c - 'a' + 10) << (4 * (i % 16));
    }
    return assay::bn254::fp::from_limbs(v);
  };
  return {coordinate(p["x"].get<std::string>()), coordinate(p["y"].get<std::string>())};
}

assay::bn254::fr scalar_of(std::string decimal) {
  using Fr = assay::bn254::fr;
  const bool negative = decimal[0] == '-';
  Fr v;
  for (std::size_t i = negative ? 1 : 0; i < decimal.size(); ++i)
    v = v * Fr::from_u64(10) + Fr::from_u64(static_cast<std::uint64_t>(decimal[i] - '0'));
  return negative ? -v : v;
}

}  // namespace

TEST_CASE("msm: small integers, BN254", "[math]") {
  check_all_integers<assay::bn254::g1>(random_points<assay::bn254::g1>(150, 1));
}
TEST_CASE("msm: small integers, BLS12-381", "[math]") {
  using G = assay::bls12_381::g1;
  const auto bases = random_points<G>(60, 1);
  assay::msm_workspace<G> work;
  check_integers<G, std::int8_t>(bases, work);
  check_integers<G, std::int64_t>(bases, work);
  check_integers<G, std::uint64_t>(bases, work);
}

TEST_CASE("msm: small integers and bases that meet", "[math]") {
  for (const auto& bases : hard_bases<assay::bn254::g1>(70)) {
    assay::msm_workspace<assay::bn254::g1> work;
    check_integers<assay::bn254::g1, std::int8_t>(bases, work);
    check_integers<assay::bn254::g1, std::int16_t>(bases, work);
  }
  for (const auto& bases : hard_bases<assay::bls12_381::g1>(40)) {
    assay::msm_workspace<assay::bls12_381::g1> work;
    check_integers<assay::bls12_381::g1, std::int8_t>(bases, work);
  }
}

TEST_CASE("msm: scalars of full width", "[math]") {
  check_scalars<assay::bn254::g1>(40);
  check_scalars<assay::bls12_381::g1>(20);
}

TEST_CASE("msm: G2", "[math]") {
  check_scalars<assay::bn254::g2>(5);
  check_scalars<assay::bls12_381::g2>(3);
  assay::msm_workspace<assay::bn254::g2> work;
  check_integers<assay::bn254::g2, std::int16_t>(random_points<assay::bn254::g2>(20, 4), work);
}

TEST_CASE("msm: integers of 128 bits", "[math]") {
  using G = assay::bls12_381::g1;
  const auto bases = random_points<G>(50, 6);
  assay::msm_workspace<G> work;
  generator random{3};
  std::vector<assay::limbs<2>> scalars(50);
  for (auto& s : scalars) s = {random(), random()};
  CHECK(agrees<G>(bases, scalars, work));
  for (auto& s : scalars) s = {~std::uint64_t{0}, ~std::uint64_t{0}};
  CHECK(agrees<G>(bases, scalars, work));
  for (auto& s : scalars) s = {0, std::uint64_t{1} << 63};
  CHECK(agrees<G>(bases, scalars, work));
}

TEST_CASE("msm: many points", "[math]") {
  // Known multiples of the generator, so that the sum is one multiplication.
  using G = assay::bn254::g1;
  using Fr = G::scalar;
  constexpr std::size_t n = 9000;
  const auto bases = msm_tests::progression<G>(n);
  assay::msm_workspace<G> work;
  generator random{8};
  std::vector<std::int16_t> small(n);
  std::vector<Fr> full(n);
  Fr small_sum, full_sum;
  for (std::size_t i = 0; i < n; ++i) {
    small[i] = static_cast<std::int16_t>(random());
    full[i] = msm_tests::random_element<Fr>(random);
    small_sum += Fr::from_i64(small[i]) * Fr::from_u64(i + 1);
    full_sum += full[i] * Fr::from_u64(i + 1);
  }
  const assay::xyzz_point<G> g = G::generator();
  CHECK(assay::msm<G>(bases, std::span<const std::int16_t>{small}, work) == assay::multiply(g, small_sum));
  CHECK(assay::msm<G>(bases, std::span<const Fr>{full}, work) == assay::multiply(g, full_sum));
  const std::vector<std::int8_t> equal(n, std::int8_t{-128});
  CHECK(assay::msm<G>(bases, std::span<const std::int8_t>{equal}, work) ==
        assay::multiply(g, Fr::from_i64(-128) * Fr::from_u64(n * (n + 1) / 2)));

  assay::thread_pool pool{2};
  std::vector<assay::msm_workspace<G>> workspaces(3);
  CHECK(assay::msm<G>(bases, std::span<const std::int16_t>{small}, pool,
                      std::span<assay::msm_workspace<G>>{workspaces}) == assay::multiply(g, small_sum));
  CHECK(assay::msm<G>(bases, std::span<const Fr>{full}, pool, std::span<assay::msm_workspace<G>>{workspaces}) ==
        assay::multiply(g, full_sum));
}

TEST_CASE("msm: every width of windows gives the same sum", "[math]") {
  using G = assay::bn254::g1;
  const auto bases = random_points<G>(60, 5);
  generator random{2};
  std::vector<std::int32_t> values(60);
  for (auto& v : values) v = static_cast<std::int32_t>(random());
  values[0] = std::numeric_limits<std::int32_t>::min();
  const auto expected = naive_msm<G, std::int32_t>(bases, std::span<const std::int32_t>{values});
  const assay::node_values<std::int32_t> node{values};
  assay::msm_workspace<G> work;
  bool equal = true;
  for (unsigned width = 1; width <= 16; ++width) {
    const assay::detail::window_plan plan{width, (32 + width - 1) / width};
    const auto* sums = work.windows.run<std::int32_t>(bases.data(), {&node, 1}, plan, work.trees);
    equal = equal && assay::detail::sum_of_powers(sums, plan.bits()) == expected;
  }
  CHECK(equal);
}

TEST_CASE("msm_many: sums over shared bases", "[math]") {
  for (const std::size_t count : {1u, 5u, 80u}) {
    check_many<assay::bn254::g1, std::int8_t>(count, false);
    check_many<assay::bn254::g1, std::int16_t>(count, true);
    check_many<assay::bn254::g1, std::uint8_t>(count, true);
  }
  check_many<assay::bls12_381::g1, std::int8_t>(50, true);
  check_many<assay::bls12_381::g1, std::int32_t>(50, false);
  check_many<assay::bn254::g2, std::int8_t>(40, false);
}

TEST_CASE("msm_many: nothing to sum", "[math]") {
  using G = assay::bn254::g1;
  assay::msm_workspace<G> work;
  const std::vector<std::int8_t> zeros(4);
  const auto bases = random_points<G>(4, 1);
  std::vector<assay::node_values<std::int8_t>> nodes(3);
  nodes[1].values = zeros;
  std::vector<assay::affine_point<G>> sums(3, G::generator());
  assay::msm_many<G>(bases, std::span<const assay::node_values<std::int8_t>>{nodes}, sums, work);
  for (const auto& s : sums) CHECK(s.is_infinity());
  assay::msm_many<G>({}, std::span<const assay::node_values<std::int8_t>>{}, {}, work);
}

TEST_CASE("msm: BN254 vectors of another implementation", "[math]") {
  std::ifstream file{ASSAY_TEST_DATA_DIR "/bn254_vectors.json"};
  REQUIRE(file);
  const json vectors = json::parse(file);
  assay::msm_workspace<assay::bn254::g1> work;
  for (const json& v : vectors.at("msm")) {
    std::vector<assay::affine_point<assay::bn254::g1>> bases;
    std::vector<assay::bn254::fr> scalars;
    std::vector<std::int64_t> integers;
    for (const json& p : v.at("points")) bases.push_back(point_of(p));
    bool small = true;
    for (const json& s : v.at("scalars_dec")) {
      const std::string text = s.get<std::string>();
      scalars.push_back(scalar_of(text));
      small = small && text.size() < 19;
      if (small) integers.push_back(std::stoll(text));
    }
    INFO(v.at("name").get<std::string>());
    const auto expected = point_of(v.at("out"));
    CHECK(assay::msm<assay::bn254::g1>(bases, std::span<const assay::bn254::fr>{scalars}, work).to_affine() ==
          expected);
    if (small)
      CHECK(assay::msm<assay::bn254::g1>(bases, std::span<const std::int64_t>{integers}, work).to_affine() == expected);
  }
}
