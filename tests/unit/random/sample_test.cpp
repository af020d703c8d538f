// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/random/sample.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "support/catch.hpp"

using namespace assay;

TEST_CASE("sample: sorted, different, in range", "[random]") {
  random_stream r(seed{}, "sample");
  struct shape {
    std::uint64_t population, count;
  };
  for (shape c :
       {shape{0, 0}, shape{1, 0}, shape{1, 1}, shape{100, 100}, shape{1000, 37}, shape{std::uint64_t{1} << 63, 5000}}) {
    const std::vector<std::uint64_t> chosen = sample_without_replacement(r, c.population, c.count);
    REQUIRE(chosen.size() == c.count);
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      REQUIRE(chosen[i] < c.population);
      if (i > 0) REQUIRE(chosen[i - 1] < chosen[i]);
    }
  }
}

TEST_CASE("sample: every pair of 6 is equally likely", "[random]") {
  random_stream r(seed{}, "pairs");
  std::array<int, 36> count{};
  constexpr int n = 30000;
  for (int i = 0; i < n; ++i) {
    const auto chosen = sample_without_replacement(r, 6, 2);
    ++count[chosen[0] * 6 + chosen[1]];
  }
  double chi2 = 0;
  for (std::size_t a = 0; a < 6; ++a)
    for (std::size_t b = a + 1; b < 6; ++b) chi2 += std::pow(count[a * 6 + b] - n / 15.0, 2) / (n / 15.0);
  CHECK(chi2 < 42.6);  // 14 degrees of freedom, p = 1e-4
}
