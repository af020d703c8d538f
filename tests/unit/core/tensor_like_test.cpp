// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <array>
#include <span>

#include <assay/core/tensor_like.hpp>

namespace foreign {
struct tensor {
  const double* values;
  int rows, columns;
};
}  // namespace foreign

template <>
struct assay::tensor_adapter<foreign::tensor> {
  static assay::tensor_view view(const foreign::tensor& t) { return assay::matrix_view(t.values, t.rows, t.columns); }
};

TEST_CASE("tensor_like: a foreign type joins by specialising the trait", "[core]") {
  STATIC_REQUIRE(assay::tensor_like<foreign::tensor>);
  STATIC_REQUIRE_FALSE(assay::tensor_like<int>);
  const std::array<double, 4> values{1, 2, 3, 4};
  const assay::tensor_view view = assay::as_view(foreign::tensor{values.data(), 2, 2});
  CHECK(view.type == assay::dtype::f64);
  CHECK(view.extent[0] == 2);
  CHECK(view.stride_bytes[0] == 16);
}

TEST_CASE("tensor_like: spans and views are tensors", "[core]") {
  STATIC_REQUIRE(assay::tensor_like<assay::tensor_view>);
  STATIC_REQUIRE(assay::tensor_like<std::span<float>>);
  STATIC_REQUIRE(assay::tensor_like<std::span<const float>>);
  STATIC_REQUIRE_FALSE(assay::tensor_like<std::span<const std::uint16_t>>);  // f16 or bf16?
  const std::array<float, 5> row{};
  const assay::tensor_view view = assay::as_view(std::span<const float>(row));
  CHECK(view.rank == 1);
  CHECK(view.extent[0] == 5);
}
