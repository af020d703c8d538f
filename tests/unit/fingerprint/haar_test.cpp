// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <cmath>
#include <vector>

#include <assay/fingerprint/haar.hpp>

using assay::errc;
using assay::haar_projection;

namespace {
assay::seed seed_of(unsigned number) {
  assay::seed s;
  s.bytes[0] = static_cast<std::byte>(number);
  s.bytes[1] = static_cast<std::byte>(number >> 8);
  return s;
}
}  // namespace

TEST_CASE("haar: the basis is orthonormal up to its scale", "[fingerprint]") {
  for (const auto& [width, sketch] : {std::pair{64u, 8u}, {100u, 1u}, {5u, 5u}, {1u, 1u}}) {
    const auto map = haar_projection::derive(seed_of(1), width, sketch).value();
    CHECK(map.width() == width);
    CHECK(map.sketch() == sketch);
    const auto q = map.matrix();
    for (std::size_t a = 0; a < sketch; ++a) {
      for (std::size_t b = 0; b < sketch; ++b) {
        double product = 0;
        for (std::size_t i = 0; i < width; ++i)
          product += static_cast<double>(q[i * sketch + a]) * static_cast<double>(q[i * sketch + b]);
        CHECK(product * sketch / width == Approx(a == b ? 1.0 : 0.0).margin(1e-6));
      }
    }
  }
}

TEST_CASE("haar: keeps the squared length on average, and the sign is uniform", "[fingerprint]") {
  std::vector<float> row(48), out(4);
  for (std::size_t i = 0; i < row.size(); ++i) row[i] = static_cast<float>(i % 7) - 2.0f;
  double length = 0, mean = 0, first = 0;
  for (const float x : row) length += static_cast<double>(x) * static_cast<double>(x);
  constexpr unsigned rounds = 1000;
  for (unsigned number = 0; number < rounds; ++number) {
    const auto map = haar_projection::derive(seed_of(number), 48, 4).value();
    map.project(row, out);
    for (const float x : out) mean += static_cast<double>(x) * static_cast<double>(x) / length / rounds;
    first += static_cast<double>(map.matrix()[0]) / rounds;
  }
  CHECK(mean == Approx(1.0).margin(5 * std::sqrt(2.0 / 4 / rounds)));
  CHECK(first == Approx(0.0).margin(5 * std::sqrt(1.0 / 4 / rounds)));  // without the sign fix its mean is far from 0
}

TEST_CASE("haar: shapes that make no sense are errors", "[fingerprint]") {
  const auto code = [](std::uint32_t width, std::uint32_t sketch) {
    return haar_projection::derive(seed_of(0), width, sketch).error().code;
  };
  CHECK(code(0, 1) == errc::out_of_range);
  CHECK(code(4, 5) == errc::out_of_range);
  CHECK(code(4, 0) == errc::out_of_range);
  CHECK(code(haar_projection::max_width + 1, 1) == errc::out_of_range);
}
