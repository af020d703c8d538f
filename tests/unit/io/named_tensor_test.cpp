// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/io/named_tensor.hpp>

#include <array>

#include "support/catch.hpp"

TEST_CASE("named_tensor: dense strides, scalars and empty tensors", "[io]") {
  assay::tensor_view v;
  const std::array<std::uint64_t, 3> shape{2, 3, 4};
  REQUIRE(assay::detail::describe_dense(shape, assay::dtype::bf16, v).value() == 24);
  CHECK(v.rank == 3);
  CHECK(v.stride_bytes[0] == 24);
  CHECK(v.stride_bytes[1] == 8);
  CHECK(v.stride_bytes[2] == 2);

  CHECK(assay::detail::describe_dense({}, assay::dtype::f32, v).value() == 1);
  CHECK(assay::detail::describe_dense(std::array<std::uint64_t, 2>{0, 5}, assay::dtype::f32, v).value() == 0);
}

TEST_CASE("named_tensor: shapes that do not fit are errors, also behind an extent of zero", "[io]") {
  assay::tensor_view v;
  const std::uint64_t huge = std::uint64_t{1} << 62;
  CHECK(assay::detail::describe_dense(std::array{huge, huge}, assay::dtype::i8, v).error().code ==
        assay::errc::overflow);
  CHECK(assay::detail::describe_dense(std::array{huge}, assay::dtype::f32, v).error().code == assay::errc::overflow);
  CHECK(assay::detail::describe_dense(std::array{std::uint64_t{0}, huge, huge}, assay::dtype::i8, v).error().code ==
        assay::errc::overflow);
  CHECK(assay::detail::describe_dense(std::array{UINT64_MAX}, assay::dtype::i8, v).error().code ==
        assay::errc::overflow);
  CHECK(assay::detail::describe_dense(std::array{huge, huge}, assay::dtype::opaque, v).error().code ==
        assay::errc::overflow);
  CHECK(assay::detail::describe_dense(std::array<std::uint64_t, 7>{1, 1, 1, 1, 1, 1, 1}, assay::dtype::i8, v)
            .error()
            .code == assay::errc::shape_mismatch);
}
