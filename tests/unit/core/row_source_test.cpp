// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <array>
#include <cstring>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <assay/core/row_source.hpp>

using assay::dtype;
using assay::errc;

namespace {

/// Plays memory of a device: rows come out by copying only.
struct far_memory {
  std::uint64_t row_number, width;
  dtype element;
  std::vector<std::byte> memory;
  std::uint64_t broken_row = ~std::uint64_t{0};

  std::uint64_t rows() const { return row_number; }
  std::uint64_t cols() const { return width; }
  dtype type() const { return element; }
  bool fetch(std::uint64_t row, assay::mutable_byte_view out) const {
    if (row == broken_row) return false;
    std::memcpy(out.data(), memory.data() + row * out.size(), out.size());
    return true;
  }
};
static_assert(assay::row_source<far_memory> && assay::hidden_rows<far_memory> && !assay::tensor_like<far_memory>);
static_assert(assay::hidden_rows<assay::tensor_view> && !assay::hidden_rows<int>);

/// rows x width elements of small integers, exact in every type: (13 row + column) mod 8.
std::vector<std::byte> sample(dtype type, std::uint64_t rows, std::uint64_t width) {
  std::vector<std::byte> memory(rows * width * assay::size_of(type));
  const auto put = [&](std::size_t i, auto element) {
    std::memcpy(memory.data() + i * sizeof element, &element, sizeof element);
  };
  for (std::size_t i = 0; i < rows * width; ++i) {
    const auto number = static_cast<int>((13 * (i / width) + i % width) % 8);
    const auto real = static_cast<float>(number);
    switch (type) {
      case dtype::f32: put(i, real); break;
      case dtype::f64: put(i, static_cast<double>(real)); break;
      case dtype::f16: put(i, assay::float_to_f16(real)); break;
      case dtype::bf16: put(i, assay::float_to_bf16(real)); break;
      case dtype::f8_e4m3fn: put(i, assay::float_to_f8_e4m3fn(real)); break;
      case dtype::f8_e5m2: put(i, assay::float_to_f8_e5m2(real)); break;
      case dtype::i8:
      case dtype::u8: put(i, static_cast<std::uint8_t>(number)); break;
      case dtype::i16:
      case dtype::u16: put(i, static_cast<std::uint16_t>(number)); break;
      case dtype::i32:
      case dtype::u32: put(i, static_cast<std::uint32_t>(number)); break;
      case dtype::i64: put(i, static_cast<std::int64_t>(number)); break;
      case dtype::opaque:
      case dtype::i4: break;
    }
  }
  return memory;
}

float expected(std::uint64_t row, std::uint64_t column) { return static_cast<float>((13 * row + column) % 8); }

template <class Rows>
std::vector<float> row_of(const Rows& rows, std::uint64_t row) {
  const auto width = assay::row_width(rows);
  REQUIRE(width);
  std::vector<float> out(*width);
  REQUIRE(assay::read_row(rows, row, out));
  return out;
}

}  // namespace

TEST_CASE("row_source: every element type, through a view and through fetch", "[core]") {
  for (std::uint8_t number = 1; number < 14; ++number) {
    const auto type = static_cast<dtype>(number);
    for (const std::uint64_t width : {1u, 7u, 600u}) {
      const far_memory source{3, width, type, sample(type, 3, width)};
      const auto view = assay::matrix_view(source.memory.data(), type, 3, static_cast<std::int64_t>(width));
      CHECK(*assay::row_count(source) == 3);
      CHECK(*assay::row_count(view) == 3);
      int faults = 0;
      for (std::uint64_t row = 0; row < 3; ++row) {
        const auto fetched = row_of(source, row), read = row_of(view, row);
        for (std::uint64_t column = 0; column < width; ++column) {
          faults += fetched[column] != expected(row, column);
          faults += read[column] != expected(row, column);
        }
      }
      INFO(assay::name(type) << " width " << width);
      CHECK(faults == 0);
    }
  }
}

TEST_CASE("row_source: errors of fetch and of the shape", "[core]") {
  far_memory source{2, 4, dtype::bf16, sample(dtype::bf16, 2, 4)};
  std::vector<float> out(4), narrow(3);
  CHECK(assay::read_row(source, 2, out).error().code == errc::out_of_range);
  CHECK(assay::read_row(source, 0, narrow).error().code == errc::shape_mismatch);
  source.broken_row = 1;
  CHECK(assay::read_row(source, 1, out).error().code == errc::host_failure);
  CHECK(assay::read_row(source, 1, out).error().where == 1);
  source.element = dtype::f64;
  CHECK(assay::read_row(source, 1, out).error().code == errc::host_failure);
  source.element = dtype::opaque;
  CHECK(assay::read_row(source, 0, out).error().code == errc::unsupported);
}

TEST_CASE("row_reader: a tensor is checked once and read row by row", "[core]") {
  const std::array<float, 6> numbers{1, 2, 3, 4, 5, 6};
  const auto view = assay::matrix_view(numbers.data(), 2, 3);
  const auto reader = assay::row_reader<assay::tensor_view>::open(view);
  REQUIRE(reader);
  CHECK((reader->count() == 2 && reader->width() == 3));
  std::vector<float> row(3), narrow(2);
  REQUIRE(reader->read(1, row));
  CHECK(row == std::vector<float>{4, 5, 6});
  REQUIRE(reader->read(0, row));  // in any order
  CHECK(row == std::vector<float>{1, 2, 3});
  CHECK(reader->read(2, row).error() == assay::fail(errc::out_of_range, "", 2));
  CHECK(reader->read(0, narrow).error() == assay::fail(errc::shape_mismatch, "", 3));

  const std::span<const float> single{numbers};
  const auto one = assay::row_reader<std::span<const float>>::open(single);
  REQUIRE(one);
  CHECK((one->count() == 1 && one->width() == 6));
}

TEST_CASE("row_reader: a source is asked for the rows that are read, and no others", "[core]") {
  far_memory source{3, 5, dtype::f16, sample(dtype::f16, 3, 5)};
  source.broken_row = 2;
  const auto reader = assay::row_reader<far_memory>::open(source);
  REQUIRE(reader);
  CHECK((reader->count() == 3 && reader->width() == 5));
  std::vector<float> row(5), wide(6);
  for (std::uint64_t r : {1u, 0u}) {
    REQUIRE(reader->read(r, row));
    for (std::uint64_t column = 0; column < 5; ++column) CHECK(row[column] == expected(r, column));
  }
  CHECK(reader->read(2, row).error() == assay::fail(errc::host_failure, "", 2));
  CHECK(reader->read(3, row).error() == assay::fail(errc::out_of_range, "", 3));
  CHECK(reader->read(0, wide).error() == assay::fail(errc::shape_mismatch, "", 5));
}

TEST_CASE("row_reader: what has no readable rows is refused when it is opened", "[core]") {
  const std::array<float, 4> numbers{1, 2, 3, 4};
  const auto code = [](const auto& rows) {
    const auto reader = assay::row_reader<std::remove_cvref_t<decltype(rows)>>::open(rows);
    return reader ? errc{} : reader.error().code;
  };
  auto view = assay::matrix_view(numbers.data(), 2, 2);
  CHECK(code(view) == errc{});
  view.rank = 3;
  CHECK(code(view) == errc::shape_mismatch);
  view = assay::matrix_view(numbers.data(), 2, 2);
  view.where = assay::device::cuda;
  CHECK(code(view) == errc::unsupported);
  far_memory source{2, 4, dtype::bf16, sample(dtype::bf16, 2, 4)};
  CHECK(code(source) == errc{});
  source.element = dtype::opaque;
  CHECK(code(source) == errc::unsupported);
}

TEST_CASE("row_source: transposed, expanded, reversed and unaligned views", "[core]") {
  const std::array<float, 6> numbers{1, 2, 3, 4, 5, 6};  // 2 x 3
  const auto* base = numbers.data();
  using row = std::vector<float>;
  CHECK(row_of(assay::matrix_view(base, dtype::f32, 3, 2, 4, 12), 1) == row{2, 5});           // transposed
  CHECK(row_of(assay::matrix_view(base, dtype::f32, 1000, 3, 0, 4), 999) == row{1, 2, 3});    // one row, expanded
  CHECK(row_of(assay::matrix_view(base, dtype::f32, 2, 4, 12, 0), 1) == row{4, 4, 4, 4});     // one column, expanded
  CHECK(row_of(assay::matrix_view(base + 5, dtype::f32, 2, 3, -12, -4), 0) == row{6, 5, 4});  // both reversed
  CHECK(row_of(assay::matrix_view(base + 2, dtype::f32, 2, 3, 12, -4), 1) == row{6, 5, 4});
  std::array<std::byte, 25> shifted{};
  std::memcpy(shifted.data() + 1, base, 24);
  CHECK(row_of(assay::matrix_view(shifted.data() + 1, dtype::f32, 2, 3), 1) == row{4, 5, 6});
}

TEST_CASE("row_source: strides of extent one are never used", "[core]") {
  const std::array<std::uint16_t, 3> codes{0x3f80, 0x4000, 0x4040};
  auto view = assay::matrix_view(codes.data(), dtype::bf16, 1, 3, std::int64_t{1} << 60, 2);
  CHECK(row_of(view, 0) == std::vector<float>{1, 2, 3});
  view = assay::matrix_view(codes.data(), dtype::bf16, 3, 1, 2, std::int64_t{1} << 60);
  CHECK(row_of(view, 2) == std::vector<float>{3});
}

TEST_CASE("row_source: rank 1 is one row; other ranks are refused", "[core]") {
  const std::array<float, 4> numbers{1, 2, 3, 4};
  CHECK(*assay::row_count(std::span<const float>(numbers)) == 1);
  CHECK(row_of(std::span<const float>(numbers), 0) == std::vector<float>{1, 2, 3, 4});
  assay::tensor_view cube{
      reinterpret_cast<const std::byte*>(numbers.data()), {1, 2, 2}, {16, 8, 4}, 3, dtype::f32, {}, 0};
  std::vector<float> out(2);
  CHECK(assay::row_count(cube).error().code == errc::shape_mismatch);
  CHECK(assay::row_width(cube).error().code == errc::shape_mismatch);
  CHECK(assay::read_row(cube, 0, out).error().code == errc::shape_mismatch);
  cube.rank = 0;
  CHECK(assay::row_count(cube).error().code == errc::shape_mismatch);
}

TEST_CASE("row_source: a view's faults come back as errors", "[core]") {
  const std::array<float, 4> numbers{1, 2, 3, 4};
  auto view = assay::matrix_view(numbers.data(), 2, 2);
  std::vector<float> out(2), wide(3);
  CHECK(assay::read_row(view, 2, out).error().code == errc::out_of_range);
  CHECK(assay::read_row(view, ~std::uint64_t{0}, out).error().code == errc::out_of_range);
  CHECK(assay::read_row(view, 0, wide).error().code == errc::shape_mismatch);
  view.where = assay::device::cuda;
  CHECK(assay::read_row(view, 0, out).error().code == errc::unsupported);
  view = assay::matrix_view(static_cast<const float*>(nullptr), 2, 0);
  CHECK(assay::read_row(view, 1, std::span<float>{}));
}
