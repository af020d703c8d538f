// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <bit>
#include <cstdint>
#include <limits>
#include <vector>

#include <assay/core/float_formats.hpp>
#include <assay/core/thread_pool.hpp>
#include <assay/fingerprint/hadamard.hpp>
#include <assay/fingerprint/matrix_projection.hpp>
#include <assay/fingerprint/row_batch.hpp>

using namespace assay;

namespace {

std::vector<float> random_rows(std::size_t count) {
  random_stream stream{seed{}, "row-batch-test"};
  std::vector<float> all(count);
  for (float& x : all) x = static_cast<float>(stream.normal());
  return all;
}

/// Calls in reverse, and counts.
struct backwards {
  std::size_t calls = 0;
  template <class F>
  void for_each(std::size_t n, F&& f) {
    for (std::size_t i = n; i-- > 0;) ++calls, f(i);
  }
};

}  // namespace

TEST_CASE("row_batch: the bits of one row at a time, whoever runs the pieces", "[fingerprint]") {
  constexpr std::uint32_t width = 200, sketch = 8;
  const auto hadamard = hadamard_projection::derive(seed{}, width, sketch).value();
  const auto matrix = matrix_projection::of(random_rows(width * sketch), width, sketch).value();
  thread_pool pool{3};
  backwards reverse;
  batch_workspace one, four{4}, many{100};
  for (const std::size_t count : {0u, 1u, 3u, 4u, 17u}) {
    const auto rows = random_rows(count * width);
    const auto check = [&](const auto& map) {
      std::vector<float> expected(count * sketch), out(count * sketch), scratch(map.scratch_size());
      for (std::size_t i = 0; i < count; ++i)
        map.project(std::span(rows).subspan(i * width, width), std::span(expected).subspan(i * sketch, sketch), scratch);
      const auto again = [&](batch_workspace& work, auto&&... executor) {
        std::fill(out.begin(), out.end(), 9.0f);
        project_rows(map, rows, out, work, executor...);
        CHECK(out == expected);
      };
      again(one);
      again(four, pool);
      again(many, pool);
      again(four, reverse);
      again(four, serial_executor{});
    };
    check(hadamard);
    check(matrix);
  }
  CHECK(reverse.calls > 0);
  CHECK(reverse.calls <= 2 * 4 * 4);
}

TEST_CASE("row_batch: fingerprints of rows of any type, with the count of what was beyond the range", "[fingerprint]") {
  constexpr std::uint32_t width = 96, sketch = 5, count = 13;
  const auto map = hadamard_projection::derive(seed{}, width, sketch).value();
  std::vector<std::uint16_t> rows(width * count);
  const auto floats = random_rows(width * count);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = float_to_bf16(floats[i]);
  const auto view = matrix_view(rows.data(), dtype::bf16, count, width);
  thread_pool pool{3};
  for (const dtype type : {dtype::i4, dtype::i8, dtype::i16}) {
    const quantiser q{type, 0.5f};
    const std::size_t size = packed_size(type, sketch);
    std::vector<std::byte> expected(size * count), codes(size * count);
    std::vector<float> row(width), out(sketch), scratch(map.scratch_size());
    range_count wanted, seen;
    for (std::size_t i = 0; i < count; ++i) {
      REQUIRE(read_row(view, i, row));
      map.project(row, out, scratch);
      REQUIRE(quantise(q, out, std::span(expected).subspan(i * size, size), wanted));
    }
    batch_workspace one, four{4};
    REQUIRE(fingerprint_rows(map, q, view, codes, seen, one));
    CHECK(codes == expected);
    CHECK(seen == wanted);
    std::fill(codes.begin(), codes.end(), std::byte{9});
    REQUIRE(fingerprint_rows(map, q, view, codes, seen, four, pool));
    CHECK(codes == expected);
    CHECK(seen == range_count{2 * wanted.codes, 2 * wanted.beyond});
    if (type == dtype::i4) CHECK(wanted.beyond > 0);
  }
}

TEST_CASE("row_batch: errors name the row", "[fingerprint]") {
  constexpr std::uint32_t width = 16, sketch = 4, count = 9;
  const auto map = hadamard_projection::derive(seed{}, width, sketch).value();
  auto rows = random_rows(width * count);
  rows[5 * width + 3] = std::numeric_limits<float>::quiet_NaN();
  rows[7 * width] = std::numeric_limits<float>::infinity();
  std::vector<std::byte> codes(sketch * count);
  range_count seen;
  batch_workspace work{3};
  backwards reverse;
  const auto view = matrix_view(rows.data(), count, width);
  const auto failed = fingerprint_rows(map, {dtype::i8, 1.0f}, view, codes, seen, work, reverse);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == errc::non_finite);
  CHECK(failed.error().where == 5);
  CHECK(seen == range_count{});
  const auto narrow = matrix_view(rows.data(), count, width / 2);
  CHECK(fingerprint_rows(map, {dtype::i8, 1.0f}, narrow, codes, seen, work).error().code == errc::shape_mismatch);
  CHECK(fingerprint_rows(map, {dtype::f32, 1.0f}, view, codes, seen, work).error().code == errc::unsupported);
}
