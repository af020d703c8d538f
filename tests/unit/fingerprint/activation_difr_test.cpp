// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include <assay/core/float_formats.hpp>
#include <assay/fingerprint/activation_difr.hpp>
#include <assay/fingerprint/matrix_projection.hpp>
#include <assay/random/stream.hpp>

using assay::dtype;
using assay::errc;

namespace {

// A projection of eight states to two coordinates and two states that differ in two of them, with the sketches and the
// distance that 32-bit arithmetic gives; computed once with an independent implementation in Python.
constexpr std::array<float, 16> weights{1,    .5f,  -.25f, 1.5f, .75f,  -1,     2,     .125f,
                                        -.5f, .25f, 1,     1,    .375f, -.625f, -1.5f, 2};
constexpr std::array<float, 8> state_a{.5f, -1.25f, 3, .75f, -2, .125f, 1, -.375f};
constexpr std::array<float, 8> state_b{.5f, -1.25f, 3.03125f, .75f, -2.015625f, .125f, 1, -.375f};

assay::matrix_projection projection_divided_by(float scale) {
  std::array<float, 16> matrix = weights;
  for (float& w : matrix) w /= scale;
  return assay::matrix_projection::of(matrix, 8, 2).value();
}

std::array<float, 2> project(const assay::matrix_projection& map, const std::array<float, 8>& row) {
  std::array<float, 2> out{};
  map.project(row, out);
  return out;
}

}  // namespace

TEST_CASE("activation_difr: golden sketches and distance in 32-bit arithmetic", "[fingerprint]") {
  const auto map = projection_divided_by(std::sqrt(2.0f));
  const auto a = project(map, state_a), b = project(map, state_b);
  CHECK(a[0] == Approx(4.684582233).epsilon(1e-6));
  CHECK(a[1] == Approx(-4.441514492).epsilon(1e-6));
  CHECK(b[0] == Approx(4.706679344).epsilon(1e-6));
  CHECK(b[1] == Approx(-4.466373920).epsilon(1e-6));
  CHECK(assay::sketch_distance(a, b) == Approx(0.0332606882).epsilon(1e-4));
}

TEST_CASE("activation_difr: bf16 arithmetic hides the same difference", "[fingerprint]") {
  const auto bf16 = [](float x) { return assay::bf16_to_float(assay::float_to_bf16(x)); };
  const auto in_bf16 = [&](const std::array<float, 8>& row) {  // every weight, product and sum rounded
    std::array<float, 2> sums{};
    for (std::size_t i = 0; i < row.size(); ++i)
      for (std::size_t c = 0; c < 2; ++c)
        sums[c] = bf16(sums[c] + bf16(row[i] * bf16(weights[2 * i + c] / 1.4140625f)));
    return sums;
  };
  CHECK(in_bf16(state_a) == std::array<float, 2>{4.71875f, -4.4375f});
  CHECK(assay::sketch_distance(in_bf16(state_a), in_bf16(state_b)) == 0);
}

TEST_CASE("activation_difr: distances", "[fingerprint]") {
  const std::array<float, 2> a{3, 0}, b{0, 4}, zero{0, 0};
  CHECK(assay::sketch_distance(a, b) == 5);
  CHECK(assay::sketch_distance(a, a) == 0);
  CHECK(assay::relative_distance(a, b, 1e-300) == 1.25);
  CHECK(assay::relative_distance(zero, zero) == 0);
  CHECK(assay::relative_distance(a, zero, 0.5) == 6);
  CHECK(std::isfinite(assay::relative_distance(a, zero)));
  const std::array<float, 2> large{std::numeric_limits<float>::max(), -std::numeric_limits<float>::max()};
  CHECK(std::isfinite(assay::relative_distance(large, a)));
  // The scale of both cancels.
  const std::array<float, 2> a1000{3000, 0}, b1000{0, 4000};
  CHECK(assay::relative_distance(a1000, b1000) == Approx(assay::relative_distance(a, b)).epsilon(1e-6));
}

TEST_CASE("activation_difr: quantised sketches", "[fingerprint]") {
  const assay::quantiser q{dtype::i16, 0.25f};
  std::array<std::byte, 8> a{}, b{};
  REQUIRE(assay::quantise(q, std::array<float, 4>{1, 2, 3, 8000}, a));
  REQUIRE(assay::quantise(q, std::array<float, 4>{1, 2.75f, 2, -8000}, b));
  CHECK(*assay::quantised_distance(q, a, a) == 0);
  CHECK(*assay::quantised_distance(q, a, b) == Approx(std::sqrt(0.75 * 0.75 + 1 + 16000.0 * 16000.0)));
  CHECK(assay::quantised_distance(q, a, std::span(b).first(6)).error().code == errc::length_mismatch);
  CHECK(assay::quantised_distance(q, std::span(a).first(7), std::span(b).first(7)).error().code ==
        errc::length_mismatch);
  CHECK(assay::quantised_distance({dtype::f32, 1}, a, b).error().code == errc::unsupported);
  std::vector<float> da(4), db(4);
  assay::dequantise(q, a, da);
  assay::dequantise(q, b, db);
  CHECK(*assay::quantised_distance(q, a, b) == Approx(assay::sketch_distance(da, db)));
}

TEST_CASE("activation_difr: distances of i4 codes and of codes that wrap", "[fingerprint]") {
  const assay::quantiser q{dtype::i4, 0.5f}, wrapping{dtype::i4, 0.5f, assay::beyond_range::wrap};
  std::array<std::byte, 2> a{}, b{};
  REQUIRE(assay::quantise(q, std::array<float, 3>{-4, 3.5f, 1}, a));
  REQUIRE(assay::quantise(q, std::array<float, 3>{3.5f, 3, 1}, b));
  CHECK(*assay::quantised_distance(q, a, b) == Approx(std::sqrt(7.5 * 7.5 + 0.5 * 0.5)));
  CHECK(*assay::quantised_distance(wrapping, a, b) == Approx(std::sqrt(0.5 * 0.5 + 0.5 * 0.5)));
  // Half the range apart is the most, from either side.
  const std::vector<std::byte> low{std::byte{0x08}, std::byte{0}}, zero(2);
  CHECK(*assay::quantised_distance(wrapping, low, zero) == 4);
  CHECK(*assay::quantised_distance(wrapping, zero, low) == 4);
}

TEST_CASE("activation_difr: at four bits, codes that wrap see what codes that saturate round away", "[fingerprint]") {
  // Coordinates of unit variance; honest parties are 0.01 apart, a deviation 0.03. Saturating codes must span the
  // coordinates, wrapping ones only the honest differences.
  constexpr std::size_t sketch = 16, rows = 2000;
  assay::random_stream stream{assay::seed{}, "wrap-test"};
  const auto area = [&](const assay::quantiser& q) {  // P(a deviating row is farther off than an honest one)
    std::vector<double> honest, deviating;
    std::vector<float> reference(sketch), other(sketch);
    std::vector<std::byte> a(assay::packed_size(q.type, sketch)), b(a.size());
    for (std::size_t r = 0; r < 2 * rows; ++r) {
      const double scale = r % 2 == 0 ? 0.01 : 0.03;
      for (std::size_t i = 0; i < sketch; ++i) {
        reference[i] = static_cast<float>(stream.normal());
        other[i] = reference[i] + static_cast<float>(scale * stream.normal());
      }
      REQUIRE(assay::quantise(q, reference, a));
      REQUIRE(assay::quantise(q, other, b));
      (r % 2 == 0 ? honest : deviating).push_back(*assay::quantised_distance(q, a, b));
    }
    std::sort(honest.begin(), honest.end());
    double below = 0;
    for (const double d : deviating) {
      const auto range = std::equal_range(honest.begin(), honest.end(), d);
      below += static_cast<double>(range.first - honest.begin()) + 0.5 * static_cast<double>(range.second - range.first);
    }
    return below / (static_cast<double>(rows) * rows);
  };
  const double saturating = area({dtype::i4, 2.35f / 7}), wrapping = area({dtype::i4, 0.01f, assay::beyond_range::wrap}),
               wide = area({dtype::i16, 0.001f});
  CAPTURE(saturating, wrapping, wide);
  CHECK(saturating < 0.8);
  CHECK(wrapping > 0.999);
  CHECK(wide > 0.999);
}
