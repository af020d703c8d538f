// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <array>
#include <vector>

#include <assay/fingerprint/matrix_projection.hpp>

using assay::errc;
using assay::matrix_projection;

TEST_CASE("matrix_projection: width rows of sketch columns", "[fingerprint]") {
  const std::array<float, 6> matrix{1, 2, 3, 4, 5, 6};
  const auto map = matrix_projection::of(matrix, 3, 2).value();
  std::array<float, 2> out{9, 9};
  map.project(std::array<float, 3>{1, 10, 100}, out);
  CHECK(out == std::array<float, 2>{531, 642});
}

TEST_CASE("matrix_projection: sums in the order of the elements, every step rounded to float", "[fingerprint]") {
  // 2^24 + 1 + 1 stays 2^24 from left to right, but 1 + 1 + 2^24 does not.
  const std::array<float, 3> ones{1, 1, 1};
  const auto map = matrix_projection::of(ones, 3, 1).value();
  std::array<float, 1> out{};
  map.project(std::array<float, 3>{0x1p24f, 1, 1}, out);
  CHECK(out[0] == 0x1p24f);
  map.project(std::array<float, 3>{1, 1, 0x1p24f}, out);
  CHECK(out[0] == 0x1p24f + 2);
}

TEST_CASE("matrix_projection: sizes must fit", "[fingerprint]") {
  const std::array<float, 6> matrix{};
  CHECK(matrix_projection::of(matrix, 2, 2).error().code == errc::length_mismatch);
  CHECK(matrix_projection::of(matrix, 0, 2).error().code == errc::empty);
  CHECK(matrix_projection::of(matrix, 65536, 65536).error().code == errc::length_mismatch);
}
