// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include <assay/fingerprint/toploc_polynomial.hpp>

#include "support/toploc_rows.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

using codes = std::vector<std::uint16_t>;

/// Distinct points in a random order, and values among which some are not below the prime.
struct points_and_values {
  points_and_values(std::size_t n, std::uint64_t seed) : points(toploc::prime), values(n) {
    std::iota(points.begin(), points.end(), std::uint16_t{0});
    for (std::size_t i = 0; i < n; ++i) {
      std::swap(points[i], points[i + splitmix_word(seed, i) % (points.size() - i)]);
      values[i] = static_cast<std::uint16_t>(splitmix_word(seed + 1, i));
    }
    if (n > 1) values[1] = 0xffff;
    points.resize(n);
  }
  codes points, values;
};

template <toploc::detail::step Which>
void every_kernel_agrees(const toploc::detail::polynomial_task& task, std::size_t words) {
  const std::vector<std::uint32_t> before(task.master, task.master + words);
  toploc::detail::dispatch_polynomial<Which>(task);
  const std::vector<std::uint32_t> best(task.master, task.master + words);
  std::copy(before.begin(), before.end(), task.master);
  toploc::detail::polynomial_portable<Which>(task);
  CHECK(std::equal(best.begin(), best.end(), task.master));
}

}  // namespace

TEST_CASE("toploc field: reduction of every kind of number, and inverses", "[fingerprint][toploc]") {
  for (std::uint64_t i = 0; i < 100000; ++i) {
    const auto x = static_cast<std::uint32_t>(splitmix_word(3, i) >> (i % 33));
    REQUIRE(toploc::reduce(x) == x % toploc::prime);
  }
  for (std::uint32_t x :
       {0u, 1u, 65496u, 65497u, 65498u, 130993u, 130994u, 0xffffu, 0x10000u, 0xffffffffu, 4289857008u})
    CHECK(toploc::reduce(x) == x % toploc::prime);
  for (std::uint32_t a : {1u, 2u, 39u, 32768u, 65495u, 65496u}) CHECK(toploc::multiply(a, toploc::invert(a)) == 1);
  CHECK(toploc::invert(0) == 0);
  CHECK(toploc::subtract(3, 5) == 65495);
  CHECK(toploc::subtract(5, 5) == 0);
}

TEST_CASE("toploc polynomial: the golden points", "[fingerprint][toploc]") {
  toploc::polynomial_workspace work;
  const auto golden = toploc_vectors("toploc.json");
  for (const auto& j : golden.at("points")) {
    const std::uint32_t modulus = j.at("modulus");
    codes points, values = j.at("y"), found(values.size());
    for (const std::uint32_t x : j.at("x")) points.push_back(static_cast<std::uint16_t>(x % modulus));
    toploc::interpolate(points, values, found, work);
    CHECK(found == j.at("coeffs").get<codes>());
  }
}

TEST_CASE("toploc polynomial: interpolation equals Newton's, and takes the values", "[fingerprint][toploc]") {
  toploc::polynomial_workspace work;
  for (std::size_t n : {1u, 2u, 3u, 4u, 7u, 8u, 9u, 31u, 32u, 33u, 63u, 64u, 65u, 127u, 128u, 129u, 200u, 512u}) {
    const points_and_values p{n, n};
    codes found(n), expected(n), values(n);
    toploc::interpolate(p.points, p.values, found, work);
    toploc::interpolate_ref(p.points, p.values, expected);
    REQUIRE(found == expected);
    toploc::evaluate(found, p.points, values, work);
    for (std::size_t i = 0; i < n; ++i) {
      REQUIRE(values[i] == toploc::reduce(p.values[i]));
      REQUIRE(toploc::evaluate(found, p.points[i]) == values[i]);
    }
  }
}

TEST_CASE("toploc polynomial: order of points does not matter; point 0 is a point", "[fingerprint][toploc]") {
  toploc::polynomial_workspace work;
  points_and_values p{128, 77};
  p.points[100] = 0;
  std::replace(p.points.begin(), p.points.begin() + 100, std::uint16_t{0}, std::uint16_t{65496});
  codes forward(128), backward(128);
  toploc::interpolate(p.points, p.values, forward, work);
  std::reverse(p.points.begin(), p.points.end());
  std::reverse(p.values.begin(), p.values.end());
  toploc::interpolate(p.points, p.values, backward, work);
  CHECK(forward == backward);
  CHECK(forward[0] == toploc::reduce(p.values[27]));
}

TEST_CASE("toploc polynomial: fewer and more points than terms", "[fingerprint][toploc]") {
  toploc::polynomial_workspace work;
  const codes line{5, 65496};  // 5 - X
  codes points(100), values(100);
  std::iota(points.begin(), points.end(), std::uint16_t{0});
  toploc::evaluate(line, points, values, work);
  for (std::uint32_t x = 0; x < 100; ++x) CHECK(values[x] == toploc::subtract(5, x));
  codes one{7}, at{3}, none;
  toploc::evaluate(none, at, one, work);
  CHECK(one[0] == 0);
}

TEST_CASE("toploc polynomial: every kernel gives the same numbers", "[fingerprint][toploc]") {
  for (std::size_t n : {1u, 5u, 40u, 128u, 300u}) {
    toploc::polynomial_workspace work;
    const points_and_values p{n, 1000 + n};
    const auto task = work.task(n, n);
    for (std::size_t j = 0; j < n; ++j) {
      task.points[j] = p.points[j];
      task.coefficients[j] = toploc::reduce(p.values[j]);
    }
    const auto words = static_cast<std::size_t>(task.values + task.padded_points - task.master);
    every_kernel_agrees<toploc::detail::step::values>(task, words);
    every_kernel_agrees<toploc::detail::step::derivative>(task, words);
    every_kernel_agrees<toploc::detail::step::power_sums>(task, words);
  }
}
