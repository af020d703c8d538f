// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Grid shapes and their limits; the Lagrange basis on integer nodes.
#include <vector>

#include <assay/math/bls12_381.hpp>
#include <assay/math/bn254.hpp>
#include <assay/polycommit/grid.hpp>

#include "support/catch.hpp"

using namespace assay;

TEST_CASE("grid: sizes and strides", "[polycommit]") {
  const grid_shape s = grid_shape::of({4, 3, 5});
  REQUIRE(validate(s));
  CHECK(s.size() == 60);
  CHECK(s.stride(0) == 15);
  CHECK(s.stride(1) == 5);
  CHECK(s.stride(2) == 1);
  CHECK(s == grid_shape::of({4, 3, 5}));
  CHECK_FALSE(s == grid_shape::of({4, 5, 3}));
}

TEST_CASE("grid: limits", "[polycommit]") {
  const auto code = [](const grid_shape& s) { return validate(s).error().code; };
  CHECK(code(grid_shape{}) == errc::out_of_range);
  CHECK(code(grid_shape{9, {2, 2, 2, 2, 2, 2, 2, 2}}) == errc::out_of_range);
  CHECK(code(grid_shape::of({4, 1})) == errc::out_of_range);
  CHECK(code(grid_shape::of({4, 0})) == errc::out_of_range);
  CHECK(code(grid_shape::of({grid_limits::extent + 1})) == errc::out_of_range);
  CHECK(code(grid_shape{1, {4, 4}}) == errc::invalid_settings);
  CHECK(code(grid_shape::of({1u << 20, 32})) == errc::too_large);
  CHECK(code(grid_shape::of({1u << 20, 1u << 20, 1u << 20, 1u << 20})) == errc::too_large);
  CHECK(validate(grid_shape::of({1u << 20, 16})));
  CHECK(validate(grid_shape::of({2, 2, 2, 2, 2, 2, 2, 2})));
}

TEMPLATE_TEST_CASE("grid: the Lagrange basis interpolates", "[polycommit]", bn254::fr, bls12_381::fr) {
  using F = TestType;
  for (const std::size_t n : {2u, 3u, 8u, 33u}) {
    const auto weights = barycentric_weights<F>(n);
    for (std::size_t i = 0; i < n; ++i) {
      F product = F::one();
      for (std::size_t k = 0; k < n; ++k)
        if (k != i) product *= F::from_u64(i) - F::from_u64(k);
      CHECK((product * weights[i]).is_one());
    }
    const F z = F::from_i64(-7);
    const auto values = lagrange_values<F>(weights, z);
    for (std::uint64_t power = 0; power < n; ++power) {  // reproduces X^power at z
      F sum;
      for (std::size_t i = 0; i < n; ++i) sum += values[i] * F::from_u64(i).pow(limbs<1>{power});
      CHECK(sum == z.pow(limbs<1>{power}));
    }
    const auto at_node = lagrange_values<F>(weights, F::from_u64(n - 1));
    for (std::size_t i = 0; i < n; ++i) CHECK(at_node[i] == (i == n - 1 ? F::one() : F::zero()));
  }
}
