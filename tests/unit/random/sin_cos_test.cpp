// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <bit>
#include <cmath>
#include <cstdint>

#include <assay/random/sin_cos.hpp>

using assay::fp::sin_cos;

TEST_CASE("sin_cos: within 2^-52 of libm, in every quadrant", "[random]") {
  double worst = 0;
  for (int i = -200000; i <= 200000; ++i) {
    const double x = i * 0x1.921fb54442d18p-14;  // 0 … 19.2 and back, every quadrant's edges among them
    const auto p = sin_cos(x);
    worst = std::max({worst, std::abs(p.sin - std::sin(x)), std::abs(p.cos - std::cos(x))});
  }
  for (const double x : {524287.9, -300000.7, 1e-300, 0x1p-30, 3.141592653589793, 1.5707963267948966}) {
    const auto p = sin_cos(x);
    worst = std::max({worst, std::abs(p.sin - std::sin(x)), std::abs(p.cos - std::cos(x))});
  }
  CHECK(worst < 0x1.8p-52);  // libm's own half ulp included
  CHECK(sin_cos(0).sin == 0);
  CHECK(sin_cos(0).cos == 1);
  CHECK(sin_cos(3.141592653589793).sin == Approx(1.2246467991473532e-16).epsilon(1e-9));
}

TEST_CASE("sin_cos: bits are the same with every compiler and flag", "[random]") {
  std::uint64_t state = 0xcbf29ce484222325u;
  for (int i = 0; i < 10000; ++i) {
    const auto p = sin_cos(i * 0.00063);
    for (const double x : {p.sin, p.cos}) state = (state ^ std::bit_cast<std::uint64_t>(x)) * 0x100000001b3u;
  }
  CHECK(state == 0x6b0af690b613930du);  // g++ 12 and clang 16 agree, with -mfma or not
}
