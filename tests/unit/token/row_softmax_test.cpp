// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/token/row_softmax.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <assay/random/stream.hpp>

#include "support/catch.hpp"

using namespace assay;

TEST_CASE("row softmax: sums in lanes equal the sum one by one", "[token]") {
  random_stream r(seed{}, "lane sums");
  for (std::size_t n : {0u, 1u, 7u, 8u, 9u, 255u, 1000u, 70000u}) {
    std::vector<float> terms(n);
    for (float& v : terms) v = static_cast<float>(std::exp(-60 * r.uniform()));
    for (std::size_t i = 0; i < n; i += 5) terms[i] = i % 2 == 0 ? 1.0f : 0.0f;
    detail::term_sum slow, fast;
    slow.add(terms.data(), n);
    detail::add_terms(fast, terms.data(), n);
    CHECK(slow.value() == fast.value());
  }
}

TEST_CASE("row softmax: the terms of a row and their sum equal the plain ones", "[token]") {
  random_stream r(seed{}, "row terms");
  for (std::size_t n : {1u, 255u, 256u, 257u, 5000u})
    for (double spread : {0.0, 1.0, 30.0, 300.0})
      for (float temperature : {1.0f, 0.7f, 3.0f}) {
        std::vector<float> row(n), maxima, terms(n), want(n);
        for (float& v : row) v = static_cast<float>(r.normal() * spread);
        row[n / 2] = detail::minus_infinity;
        row[0] = static_cast<float>(spread);
        const auto m = detail::scan_blocks(row, 0, maxima);
        const float top = fp::div(m.value, temperature);
        detail::term_sum slow;
        for (std::size_t i = 0; i < n; ++i) slow.add(want[i] = detail::softmax_term(fp::div(row[i], temperature), top));
        CHECK(detail::row_terms(row, temperature, top, maxima.data()).value() == slow.value());
        CHECK(detail::row_terms(row, temperature, top, maxima.data(), terms.data()).value() == slow.value());
        CHECK(terms == want);
      }
}

namespace {

detail::nucleus_border border_ref(std::vector<float> p, float limit) {
  std::sort(p.begin(), p.end());
  float sum = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    sum = fp::add(sum, p[i]);
    if (!(sum > limit)) continue;
    return {p[i], static_cast<std::size_t>(std::count(p.begin(), p.begin() + static_cast<std::ptrdiff_t>(i), p[i])),
            true};
  }
  return {};
}

}  // namespace

TEST_CASE("row softmax: the border of the nucleus is that of adding one by one in ascending order", "[token]") {
  random_stream r(seed{}, "border");
  for (int trial = 0; trial < 400; ++trial) {
    const std::size_t n = 1 + r.below(trial % 10 == 0 ? 40000 : 3000);
    const double spread = std::vector<double>{0, 0.5, 3, 20, 80}[r.below(5)];
    std::vector<float> p(n), space(n);
    double total = 0;
    for (float& v : p)
      total += static_cast<double>(v = static_cast<float>(std::exp(std::clamp(spread * r.normal(), -80.0, 80.0))));
    // Few bits make halfway cases and equals; none at all makes all values equal.
    const double grid = std::vector<double>{0x1p-149, 0x1p-20, 0x1p-12}[r.below(3)];
    for (float& v : p) v = static_cast<float>(std::round(static_cast<double>(v) / total / grid) * grid);
    for (float limit : {1e-6f, 0.05f, 0.1f, 0.5f, 0.95f, 0.9999999f}) {
      std::vector<std::uint64_t> counts(detail::bucket_count + 1);
      const auto fast = detail::find_border(p.data(), n, limit, space.data(), counts.data()),
                 slow = border_ref(p, limit);
      REQUIRE(fast.crossed == slow.crossed);
      REQUIRE(fast.probability == slow.probability);
      REQUIRE(fast.dropped_equals == slow.dropped_equals);
    }
  }
}

TEST_CASE("row softmax: values are added out of order only where order cannot matter", "[token]") {
  float sum = 0;
  const std::vector<float> small{0x1p-30f, 0x1p-29f};
  CHECK_FALSE(detail::add_unordered(small.data(), 2, 0x1p-28f, 1, sum));  // from zero
  sum = 0.75f;
  CHECK(detail::add_unordered(small.data(), 2, 0x1p-28f, 1, sum));
  CHECK(sum == 0.75f);  // both below half an ulp
  const std::vector<float> halfway{0x1p-25f};
  CHECK_FALSE(detail::add_unordered(halfway.data(), 1, 0x1p-24f, 1, sum));
  const std::vector<float> beyond{0.3f};
  CHECK_FALSE(detail::add_unordered(beyond.data(), 1, 0.5f, 2, sum));   // the next binade
  const std::vector<float> tenth(9, 0.01f);
  CHECK_FALSE(detail::add_unordered(tenth.data(), 9, 0.5f, 0.8f, sum));  // the limit
  CHECK(sum == 0.75f);
  CHECK(detail::add_unordered(tenth.data(), 9, 0.5f, 1, sum));
  float want = 0.75f;
  for (float v : tenth) want = fp::add(want, v);
  CHECK(sum == want);
}
