// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/random/stream.hpp>

#include <array>
#include <cmath>
#include <cstdint>

#include "support/catch.hpp"

using namespace assay;

TEST_CASE("stream: same seed and purpose, same numbers; otherwise not", "[random]") {
  const seed s{};
  random_stream a(s, "x"), b(s, "x"), c(s, "y");
  int equal = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t v = a.next_u64();
    CHECK(v == b.next_u64());
    equal += v == c.next_u64();
  }
  CHECK(equal == 0);
}

TEST_CASE("stream: 64-bit numbers are two 32-bit ones, low first", "[random]") {
  random_stream a(seed{}, "x"), b(seed{}, "x");
  for (int i = 0; i < 20; ++i) {
    const std::uint64_t low = a.next_u32(), high = a.next_u32();
    CHECK(b.next_u64() == (high << 32 | low));
  }
}

TEST_CASE("stream: below is in range and even", "[random]") {
  random_stream r(seed{}, "below");
  CHECK(r.below(1) == 0);
  std::array<int, 7> count{};
  for (int i = 0; i < 70000; ++i) ++count[r.below(7)];
  double chi2 = 0;
  for (int c : count) chi2 += (c - 10000.0) * (c - 10000.0) / 10000.0;
  CHECK(chi2 < 27.9);  // 6 degrees of freedom, p = 1e-4
  const std::uint64_t n = (std::uint64_t{1} << 63) + 1;  // half of all draws are unfair here: rejection must work
  int upper = 0;
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t v = r.below(n);
    REQUIRE(v < n);
    upper += v >= n / 2;
  }
  CHECK(std::abs(upper - 10000) < 400);
}

TEST_CASE("stream: moments of uniform, exponential and normal", "[random]") {
  random_stream r(seed{}, "moments");
  constexpr int n = 200000;
  double u = 0, e = 0, e2 = 0, g = 0, g2 = 0, g4 = 0;
  for (int i = 0; i < n; ++i) {
    const double x = r.uniform(), y = r.exponential(), z = r.normal();
    REQUIRE((x >= 0 && x < 1));
    REQUIRE(y > 0);
    u += x;
    e += y;
    e2 += y * y;
    g += z;
    g2 += z * z;
    g4 += z * z * z * z;
  }
  CHECK(u / n == Approx(0.5).margin(0.003));
  CHECK(e / n == Approx(1.0).margin(0.01));
  CHECK(e2 / n == Approx(2.0).margin(0.05));
  CHECK(g / n == Approx(0.0).margin(0.01));
  CHECK(g2 / n == Approx(1.0).margin(0.015));
  CHECK(g4 / n == Approx(3.0).margin(0.1));
}

TEST_CASE("stream: golden words, recomputed independently", "[random]") {
  random_stream r(seed{}, "x");
  for (std::uint32_t want : {0xa9ab67a0u, 0x73c2f58eu, 0x5b677c96u, 0xad0e5746u, 0x406bf39au, 0xc8c13130u})
    CHECK(r.next_u32() == want);
}
