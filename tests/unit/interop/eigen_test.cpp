// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <vector>

#include <assay/core/row_source.hpp>
#include <assay/interop/eigen.hpp>

namespace {

template <class Rows>
std::vector<float> row_of(const Rows& rows, std::uint64_t row) {
  std::vector<float> out(assay::row_width(rows).value());
  REQUIRE(assay::read_row(rows, row, out));
  return out;
}

template <class Matrix>
Matrix counted(int rows, int cols) {
  Matrix m(rows, cols);
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < cols; ++c) m(r, c) = static_cast<typename Matrix::Scalar>(static_cast<float>(10 * r + c));
  return m;
}

using row_major = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using row = std::vector<float>;

}  // namespace

TEST_CASE("eigen: row i is row i in either storage order", "[interop]") {
  const auto by_column = counted<Eigen::MatrixXf>(3, 4);
  const auto by_row = counted<row_major>(3, 4);
  CHECK(*assay::row_count(by_column) == 3);
  CHECK(*assay::row_count(by_row) == 3);
  for (std::uint64_t r = 0; r < 3; ++r) {
    const auto base = static_cast<float>(10 * r);
    CHECK(row_of(by_column, r) == row{base, base + 1, base + 2, base + 3});
    CHECK(row_of(by_row, r) == row{base, base + 1, base + 2, base + 3});
  }
  CHECK(assay::as_view(by_column).stride_bytes[0] == 4);
  CHECK(assay::as_view(by_row).stride_bytes[0] == 16);
}

TEST_CASE("eigen: vectors of both kinds are one row", "[interop]") {
  const Eigen::VectorXd column = Eigen::VectorXd::LinSpaced(4, 1, 4);
  const Eigen::RowVector3f line(5, 6, 7);
  CHECK(assay::as_view(column).rank == 1);
  CHECK(*assay::row_count(column) == 1);
  CHECK(row_of(column, 0) == row{1, 2, 3, 4});
  CHECK(row_of(line, 0) == row{5, 6, 7});
}

TEST_CASE("eigen: maps with strides, references and blocks", "[interop]") {
  const std::vector<float> memory{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  using strides = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
  const Eigen::Map<const row_major, 0, strides> sparse(memory.data(), 2, 3, strides(6, 2));
  CHECK(row_of(sparse, 1) == row{6, 8, 10});
  const auto whole = counted<Eigen::MatrixXf>(4, 5);
  CHECK(row_of(whole.block(1, 2, 2, 3), 1) == row{22, 23, 24});
  CHECK(row_of(whole.row(3), 0) == row{30, 31, 32, 33, 34});
  CHECK(row_of(whole.col(1), 0) == row{1, 11, 21, 31});
  const Eigen::Ref<const Eigen::MatrixXf> reference = whole;
  CHECK(row_of(reference, 2) == row{20, 21, 22, 23, 24});
}

TEST_CASE("eigen: half, bfloat16 and integers keep their element type", "[interop]") {
  const auto halves = counted<Eigen::Matrix<Eigen::half, Eigen::Dynamic, Eigen::Dynamic>>(2, 2);
  const auto brains = counted<Eigen::Matrix<Eigen::bfloat16, Eigen::Dynamic, Eigen::Dynamic>>(2, 2);
  const auto integers = counted<Eigen::Array<std::int16_t, 2, 2>>(2, 2);
  CHECK(assay::as_view(halves).type == assay::dtype::f16);
  CHECK(assay::as_view(brains).type == assay::dtype::bf16);
  CHECK(assay::as_view(integers).type == assay::dtype::i16);
  CHECK(row_of(halves, 1) == row{10, 11});
  CHECK(row_of(brains, 1) == row{10, 11});
  CHECK(row_of(integers, 1) == row{10, 11});
}

TEST_CASE("eigen: expressions without storage are not tensors", "[interop]") {
  const Eigen::MatrixXf a(2, 2), b(2, 2);
  STATIC_REQUIRE(assay::hidden_rows<Eigen::MatrixXf>);
  STATIC_REQUIRE_FALSE(assay::hidden_rows<decltype(a + b)>);
  STATIC_REQUIRE_FALSE(assay::hidden_rows<decltype((a + b).row(0))>);
  STATIC_REQUIRE_FALSE(assay::tensor_like<Eigen::MatrixXcf>);
}
