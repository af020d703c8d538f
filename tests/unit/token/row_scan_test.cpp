// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/token/row_scan.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include <assay/random/stream.hpp>

#include "support/catch.hpp"

using namespace assay;

TEST_CASE("row scan: keys order floats and come back", "[token]") {
  const std::vector<float> ascending{detail::minus_infinity, -3e38f, -1, -1e-40f, 0, 1e-40f, 1, 3e38f};
  for (std::size_t i = 0; i < ascending.size(); ++i) {
    CHECK(detail::from_ordered(detail::ordered(ascending[i])) == ascending[i]);
    if (i > 0) CHECK(detail::ordered(ascending[i - 1]) < detail::ordered(ascending[i]));
  }
  CHECK(detail::ordered(-0.0f) == detail::ordered(0.0f));
}

TEST_CASE("row scan: the k largest are collected from rows of every order", "[token]") {
  random_stream r(seed{}, "row scan");
  for (std::size_t n : {1u, 31u, 32u, 33u, 255u, 300u, 1000u, 5000u})
    for (int order = 0; order < 5; ++order)
      for (std::size_t k : {1u, 3u, 50u, 200u, 4000u}) {
        std::vector<float> row(n);
        for (float& v : row) v = static_cast<float>(r.normal());
        if (order == 1) std::sort(row.begin(), row.end());
        if (order == 2) std::sort(row.begin(), row.end(), std::greater<>{});
        if (order == 3)
          for (float& v : row) v = std::round(v);
        if (order == 4) std::fill(row.begin(), row.end(), -2.5f);
        std::vector<std::uint64_t> keys, want;
        const float claim = row[n / 2];
        std::vector<float> maxima;
        const detail::row_maximum scan = detail::scan_blocks(row, claim, maxima);
        const detail::row_collection found = detail::collect_largest(row, k, 0.7f, maxima, keys);
        std::vector<float> x(n);
        for (std::size_t i = 0; i < n; ++i) x[i] = fp::div(row[i], 0.7f);
        std::vector<float> sorted = x;
        std::sort(sorted.begin(), sorted.end(), std::greater<>{});
        const float threshold = sorted[std::min(k, n) - 1];
        for (std::size_t i = 0; i < n; ++i)
          if (x[i] >= threshold) want.push_back(detail::sort_key(row[i], static_cast<std::uint32_t>(i)));
        keys.resize(found.size);
        std::sort(keys.begin(), keys.end());
        std::sort(want.begin(), want.end());
        REQUIRE(keys == want);
        REQUIRE(scan.greater ==
                static_cast<std::uint64_t>(std::count_if(row.begin(), row.end(), [&](float v) { return v > claim; })));
        REQUIRE_FALSE(scan.bad);
        REQUIRE(row[detail::first_largest(row, scan)] == *std::max_element(row.begin(), row.end()));
      }
}

TEST_CASE("row scan: the block scan agrees with the plain one", "[token]") {
  random_stream r(seed{}, "maximum");
  std::vector<float> maxima;
  for (std::size_t n = 0; n < 1200; n += 1 + n / 40) {
    std::vector<float> row(n);
    for (float& v : row) v = static_cast<float>(r.normal());
    const auto a = detail::scan_blocks(row, 0.3f, maxima), b = detail::maximum_ref(row, 0.3f);
    CHECK(a.value == b.value);
    CHECK(a.greater == b.greater);
    CHECK(a.bad == b.bad);
    if (n == 0) continue;
    CHECK(detail::first_largest(row, a) == std::max_element(row.begin(), row.end()) - row.begin());
    row[r.below(n)] = std::numeric_limits<float>::quiet_NaN();
    CHECK(detail::scan_blocks(row, 0, maxima).bad);
    CHECK(detail::maximum_ref(row, 0).bad);
  }
}
