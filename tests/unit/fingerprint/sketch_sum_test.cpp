// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include <assay/fingerprint/activation_difr.hpp>
#include <assay/fingerprint/sketch_sum.hpp>
#include <assay/random/stream.hpp>

using assay::beyond_range;
using assay::dtype;
using assay::errc;
using assay::quantiser;
using assay::seed;
using assay::sketch_sum;

namespace {

seed seed_of(unsigned number) {
  seed s;
  s.bytes[0] = static_cast<std::byte>(number);
  return s;
}

std::vector<float> random_sketches(std::size_t rows, std::size_t sketch, double scale = 10, unsigned number = 0) {
  assay::random_stream stream{seed_of(number), "sketch-sum-test"};
  std::vector<float> all(rows * sketch);
  for (float& x : all) x = static_cast<float>(scale * stream.normal());
  return all;
}

std::span<const float> row_of(const std::vector<float>& sketches, std::size_t sketch, std::size_t row) {
  return std::span(sketches).subspan(row * sketch, sketch);
}

sketch_sum make(std::uint32_t sketch, std::uint32_t window, const quantiser& q, unsigned number = 1) {
  return sketch_sum::make(seed_of(number), sketch, window, q, 1 << 20).value();
}

std::vector<std::byte> sum_of(const std::vector<float>& sketches, std::uint32_t sketch, std::uint32_t window,
                              const quantiser& q, unsigned number = 1) {
  sketch_sum sum = make(sketch, window, q, number);
  REQUIRE(sum.add(0, sketches));
  return sum.encode(sketches.size() / sketch).value();
}

std::uint64_t fnv(const std::vector<std::byte>& bytes, std::uint64_t state = 0xcbf29ce484222325u) {
  for (const std::byte b : bytes) state = (state ^ std::to_integer<std::uint64_t>(b)) * 0x100000001b3u;
  return state;
}

}  // namespace

TEST_CASE("row_signs: bound to seed and window, balanced, the first of a window positive", "[fingerprint]") {
  const auto signs = assay::row_signs::derive(seed_of(1), 8);
  int negative = 0, same_seed = 0, other_seed = 0, other_window = 0, other_first = 0;
  constexpr int rows = 80000;
  for (std::uint64_t row = 0; row < rows; ++row) {
    if (row % 8 == 0) {
      REQUIRE_FALSE(signs.negative(row));
      other_first += assay::row_signs::derive(seed_of(1), 1u << 16).negative(row);
      continue;
    }
    negative += signs.negative(row);
    if (row > 2000) continue;
    same_seed += signs.negative(row) == assay::row_signs::derive(seed_of(1), 8).negative(row);
    other_seed += signs.negative(row) == assay::row_signs::derive(seed_of(2), 8).negative(row);
    other_window += signs.negative(row) == assay::row_signs::derive(seed_of(1), 1u << 16).negative(row);
  }
  CHECK(std::abs(negative - rows * 7 / 16) < 5 * 133);  // five standard deviations
  CHECK(same_seed == 1750);
  CHECK(std::abs(other_seed - 875) < 5 * 21);
  CHECK(std::abs(other_window - 875) < 5 * 21);
  CHECK(std::abs(other_first - rows / 16) < 5 * 50);
  const std::uint64_t far = std::uint64_t{1} << 40;
  int far_negative = 0;
  for (std::uint64_t row = far; row < far + 800; ++row) far_negative += signs.negative(row);
  CHECK(std::abs(far_negative - 350) < 5 * 14);
}

TEST_CASE("sketch_sum: windows of one row have the codes of the quantiser", "[fingerprint]") {
  auto sketches = random_sketches(200, 5);
  // Close to the boundaries between codes, where two roundings would differ from one.
  for (std::size_t i = 0; i < 300; ++i) {
    const float boundary = static_cast<float>(i % 40) - 19.5f;
    sketches[i] = i % 3 == 0 ? boundary : std::nextafter(boundary, i % 3 == 1 ? -100.0f : 100.0f);
  }
  sketches[400] = 1e30f, sketches[401] = -1e30f, sketches[402] = 0x1p-140f, sketches[403] = -0.0f;
  for (const dtype type : {dtype::i4, dtype::i8, dtype::i16})
    for (const auto rule : {beyond_range::saturate, beyond_range::wrap})
      for (const float step : {1.0f, 0.37f, 0x1p-20f}) {
        const quantiser q{type, step, rule};
        std::vector<std::byte> row(assay::packed_size(type, 5)), expected;
        for (std::size_t r = 0; r < 200; ++r) {
          REQUIRE(assay::quantise(q, row_of(sketches, 5, r), row));
          expected.insert(expected.end(), row.begin(), row.end());
        }
        CHECK(sum_of(sketches, 5, 1, q) == expected);
      }
}

TEST_CASE("sketch_sum: the sum with signs, rounded once", "[fingerprint]") {
  // Multiples of the step's 2^-8 sum exactly, so the definition can be compared code by code.
  constexpr std::uint32_t sketch = 3, window = 7, rows = 30;
  auto sketches = random_sketches(rows, sketch, 4);
  for (float& x : sketches) x = std::nearbyint(x * 256) / 256;
  const quantiser q{dtype::i8, 0.5f};
  const auto codes = sum_of(sketches, sketch, window, q);
  const auto signs = assay::row_signs::derive(seed_of(1), window);
  REQUIRE(codes.size() == 5 * sketch);
  for (std::uint32_t w = 0; w < 5; ++w)
    for (std::uint32_t c = 0; c < sketch; ++c) {
      double sum = 0;
      for (std::uint32_t row = w * window; row < std::min(rows, (w + 1) * window); ++row)
        sum += (signs.negative(row) ? -1 : 1) * static_cast<double>(sketches[row * sketch + c]);
      CHECK(assay::code_at(q, codes, w * sketch + c) == static_cast<int>(std::nearbyint(sum / 0.5)));
    }
}

TEST_CASE("sketch_sum: order, batches and merges leave no trace", "[fingerprint]") {
  constexpr std::uint32_t sketch = 6, window = 8, rows = 203;
  const auto sketches = random_sketches(rows, sketch);
  for (const auto rule : {beyond_range::saturate, beyond_range::wrap}) {
    const quantiser q{dtype::i16, 0.01f, rule};
    const auto expected = sum_of(sketches, sketch, window, q);
    std::vector<std::uint32_t> order(rows);
    std::iota(order.begin(), order.end(), 0u);
    assay::random_stream stream{seed_of(9), "order"};
    for (std::size_t i = rows; i-- > 1;) std::swap(order[i], order[stream.below(i + 1)]);
    sketch_sum one = make(sketch, window, q), left = make(sketch, window, q), right = make(sketch, window, q);
    for (const std::uint32_t row : order) {
      REQUIRE(one.add(row, row_of(sketches, sketch, row)));
      REQUIRE((row % 3 == 0 ? left : right).add(row, row_of(sketches, sketch, row)));
    }
    CHECK(one.encode(rows).value() == expected);
    REQUIRE(left.merge(right));
    CHECK(left.encode(rows).value() == expected);
    sketch_sum batches = make(sketch, window, q);
    for (std::uint32_t at = 0, size = 1; at < rows; at += size, size = size * 2 + 1) {
      size = std::min(size, rows - at);
      REQUIRE(batches.add(at, std::span(sketches).subspan(at * sketch, size * sketch)));
    }
    CHECK(batches.encode(rows).value() == expected);
    // Fewer rows than came: whole windows are the same.
    const auto fewer = batches.encode(16).value();
    CHECK(std::equal(fewer.begin(), fewer.end(), expected.begin()));
  }
}

TEST_CASE("sketch_sum: edges of windows", "[fingerprint]") {
  const quantiser q{dtype::i8, 1.0f};
  sketch_sum sum = make(1, 4, q);
  CHECK(sum.windows_of(0) == 0);
  CHECK(sum.windows_of(1) == 1);
  CHECK(sum.windows_of(4) == 1);
  CHECK(sum.windows_of(5) == 2);
  REQUIRE(sum.add(0, std::vector<float>{1, 1, 1, 1, 50}));
  CHECK(sum.encode(4)->size() == 1);
  const auto codes = sum.encode(5).value();
  REQUIRE(codes.size() == 2);
  CHECK(assay::code_at(q, codes, 1) == 50);  // a window's first row is positive
  CHECK(std::abs(assay::code_at(q, codes, 0)) <= 4);
  CHECK(sum.encode(6).error().code == errc::incomplete);
  CHECK(sum.encode(6).error().where == 5);
  CHECK(sum.encode(0).error().code == errc::empty);
  REQUIRE(sum.add(8, std::vector<float>{1}));
  CHECK(sum.encode(9).error().where == 5);
  REQUIRE(sum.add(5, std::vector<float>{1, 1, 1}));
  CHECK(sum.encode(9)->size() == 3);
}

TEST_CASE("sketch_sum: what cannot be added changes nothing", "[fingerprint]") {
  const quantiser q{dtype::i8, 1.0f};
  auto sum = sketch_sum::make(seed_of(1), 2, 4, q, 10).value();
  REQUIRE(sum.add(3, std::vector<float>{1, 2}));
  CHECK(sum.add(0, std::vector<float>{1, 2, 3}).error().code == errc::length_mismatch);
  const auto twice = sum.add(2, std::vector<float>{9, 9, 9, 9});
  CHECK(twice.error().code == errc::duplicate);
  CHECK(twice.error().where == 3);
  CHECK_FALSE(sum.has(2));
  CHECK(sum.add(4, std::vector<float>{1, std::numeric_limits<float>::quiet_NaN()}).error().code == errc::non_finite);
  CHECK(sum.add(10, std::vector<float>{1, 2}).error().code == errc::out_of_range);
  CHECK(sum.add(9, std::vector<float>{1, 2, 3, 4}).error().code == errc::out_of_range);
  CHECK(sum.add(~std::uint64_t{0}, std::vector<float>{1, 2}).error().code == errc::out_of_range);
  CHECK(sum.add(0, std::vector<float>{}));
  REQUIRE(sum.add(9, std::vector<float>{1, 2}));
  std::vector<float> values(2);
  sum.values(0, values);
  CHECK(std::abs(values[0]) == 1);
  CHECK(std::abs(values[1]) == 2);

  auto same = sketch_sum::make(seed_of(1), 2, 4, q, 10).value();
  const auto other = sketch_sum::make(seed_of(2), 2, 4, q, 10).value();
  REQUIRE(same.add(9, std::vector<float>{1, 2}));
  CHECK(sum.merge(same).error().code == errc::duplicate);
  CHECK(sum.merge(same).error().where == 9);
  CHECK(sum.merge(other).error().code == errc::invalid_settings);
  CHECK(sum.merge(sketch_sum::make(seed_of(1), 2, 5, q, 10).value()).error().code == errc::invalid_settings);
  CHECK(sum.merge(sketch_sum::make(seed_of(1), 2, 4, {dtype::i8, 2.0f}, 10).value()).error().code ==
        errc::invalid_settings);
}

TEST_CASE("sketch_sum: settings", "[fingerprint]") {
  const quantiser q{dtype::i8, 1.0f};
  const auto code = [&](std::uint32_t sketch, std::uint32_t window, std::uint64_t rows, const quantiser& c) {
    return sketch_sum::make(seed{}, sketch, window, c, rows).error().code;
  };
  CHECK(code(0, 1, 1, q) == errc::out_of_range);
  CHECK(code(1, 0, 1, q) == errc::out_of_range);
  CHECK(code(1, sketch_sum::max_window + 1, 1, q) == errc::out_of_range);
  CHECK(code(1, 1, 0, q) == errc::out_of_range);
  CHECK(code(1, 1, sketch_sum::max_rows + 1, q) == errc::out_of_range);
  CHECK(code(1, 1, 1, {dtype::f32, 1.0f}) == errc::unsupported);
  CHECK(make(5, 3, {dtype::i4, 1.0f}).fingerprint_bytes() == 3);
}

TEST_CASE("sketch_sum: saturation and wrapping of sums, counted", "[fingerprint]") {
  std::vector<std::byte> codes(1);
  assay::range_count seen;
  for (const auto rule : {beyond_range::saturate, beyond_range::wrap}) {
    const quantiser q{dtype::i8, 1.0f, rule};
    sketch_sum sum = make(1, 2, q);
    const float sign = sum.signs().negative(1) ? -1.0f : 1.0f;
    REQUIRE(sum.add(0, std::vector<float>{100, sign * 100}));
    REQUIRE(sum.encode(2, codes, seen));
    CHECK(assay::code_at(q, codes, 0) == (rule == beyond_range::wrap ? 200 - 256 : 127));
  }
  CHECK(seen == assay::range_count{2, 2});
  // The largest window of the largest coordinates does not overflow, and wrapped sums stay congruent.
  const quantiser q{dtype::i16, 1.0f, beyond_range::wrap};
  sketch_sum sum = make(1, sketch_sum::max_window, q);
  std::vector<float> rows(sketch_sum::max_window);
  for (std::uint32_t i = 0; i < rows.size(); ++i)  // all add up: 2^16 (2^23 - 1/2) = 2^39 - 2^15
    rows[i] = sum.signs().negative(i) ? -0x1.fffffep22f : 0x1.fffffep22f;
  REQUIRE(sum.add(0, rows));
  const auto wrapped = sum.encode(rows.size()).value();
  CHECK(assay::code_at(q, wrapped, 0) == -32768);
}

TEST_CASE("sketch_sum: a window tells independent deviations as well as a row, one bad row sqrt(J) times worse",
          "[fingerprint]") {
  constexpr std::uint32_t sketch = 16, rows = 6400;
  const auto honest = random_sketches(rows, sketch, 10, 1), noise = random_sketches(rows, sketch, 0.5, 2);
  const auto deviation = random_sketches(rows, sketch, 2, 3);
  std::vector<float> near(honest), far(honest);
  for (std::size_t i = 0; i < honest.size(); ++i) near[i] += noise[i], far[i] += noise[i] + deviation[i];
  double single_ratio = 0;
  for (const std::uint32_t window : {1u, 4u, 16u}) {
    const quantiser q{dtype::i16, 0.01f};
    const auto a = sum_of(honest, sketch, window, q), b = sum_of(near, sketch, window, q);
    const auto c = sum_of(far, sketch, window, q);
    const double to_near = *assay::quantised_distance(q, a, b), to_far = *assay::quantised_distance(q, a, c);
    // Over all windows the squared lengths add up to that of all rows, whatever the window.
    CHECK(to_near * to_near == Approx(0.25 * rows * sketch).epsilon(0.08));
    const double ratio = to_far / to_near;
    if (window == 1) single_ratio = ratio;
    CHECK(ratio == Approx(single_ratio).epsilon(0.08));
  }
}

TEST_CASE("sketch_sum: bits are the same with every compiler and flag", "[fingerprint]") {
  // Recorded once; g++ 12 and clang 16 agree at -O0, -O2, -O3, with -mfma or not.
  const auto sketches = random_sketches(500, 16, 3);
  CHECK(fnv(sum_of(sketches, 16, 8, {dtype::i16, 0.003f})) == 0xf1eeae41b67b4f32u);
  CHECK(fnv(sum_of(sketches, 16, 5, {dtype::i4, 1.3f})) == 0xb002e1ff826dde4cu);
  CHECK(fnv(sum_of(sketches, 16, 32, {dtype::i8, 0.01f, beyond_range::wrap})) == 0x4bc06f0b80e9dfddu);
}
