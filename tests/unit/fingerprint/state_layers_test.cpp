// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <cstdint>
#include <vector>

#include <assay/fingerprint/state_layers.hpp>

#include "../core/throwing_contract.hpp"

using namespace assay;

TEST_CASE("state layers: tensors of different types, row by row", "[fingerprint]") {
  const std::vector<float> reference{1, 2, 3, 4, 5, 6};
  std::vector<std::uint16_t> claimed;
  for (const float x : reference) claimed.push_back(float_to_bf16(x == 5 ? 5.5f : x));
  auto comparison = state_comparison::make(dtype::bf16).value();
  std::vector<float> scratch;
  REQUIRE(add_rows(comparison, matrix_view(claimed.data(), dtype::bf16, 2, 3), matrix_view(reference.data(), 2, 3),
                   scratch));
  CHECK(comparison.counts().finite == 6);
  CHECK(comparison.counts().same_bits == 5);
  CHECK(comparison.counts().above.value() == 0.5);
  // A single row is a tensor of rank 1.
  REQUIRE(add_rows(comparison, vector_view(reference.data(), 3), vector_view(reference.data(), 3), scratch));
  CHECK(comparison.counts().finite == 9);
  const auto code = [&](const tensor_view& a, const tensor_view& b) {
    return add_rows(comparison, a, b, scratch).error().code;
  };
  CHECK(code(matrix_view(reference.data(), 2, 3), matrix_view(reference.data(), 3, 2)) == errc::shape_mismatch);
  CHECK(code(matrix_view(reference.data(), 1, 3), matrix_view(reference.data(), 2, 3)) == errc::shape_mismatch);
  CHECK(code(matrix_view(reference.data(), dtype::opaque, 2, 3), matrix_view(reference.data(), 2, 3)) ==
        errc::unsupported);
  CHECK(comparison.counts().finite == 9);
}

TEST_CASE("state layers: apart, pooled and merged", "[fingerprint]") {
  auto a = layered_state_comparison::make(2, dtype::f32).value(), b = a;
  const std::vector<float> one{1, 2}, two{1, 4};
  REQUIRE(a.of(layer_index{0}).add(std::span<const float>{one}, std::span<const float>{two}));
  REQUIRE(b.of(layer_index{1}).add(std::span<const float>{one}, std::span<const float>{one}));
  REQUIRE(a.merge(b));
  CHECK(a.layers() == 2);
  CHECK(a.of(layer_index{0}).counts().exponent_mismatches == 1);
  CHECK(a.of(layer_index{1}).counts().exponent_mismatches == 0);
  CHECK(a.pooled().finite == 4);
  CHECK(a.pooled().exponent_mismatches == 1);
  const auto three = layered_state_comparison::make(3, dtype::f32).value(),
             narrow = layered_state_comparison::make(2, dtype::f16).value();
  CHECK(a.merge(three).error().code == errc::shape_mismatch);
  CHECK(a.merge(narrow).error().code == errc::calibration_mismatch);
  CHECK(a.pooled().finite == 4);
  CHECK(layered_state_comparison::make(0, dtype::f32).error().code == errc::empty);
  CHECK(layered_state_comparison::make(1, dtype::i8).error().code == errc::unsupported);
  const throwing_contract guard;
  CHECK_THROWS_AS(static_cast<void>(a.of(layer_index{2})), broken_contract);
}
