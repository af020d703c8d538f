// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/stats/normal.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "support/catch.hpp"

using namespace assay;

namespace {
constexpr double infinity = std::numeric_limits<double>::infinity();
}

TEST_CASE("normal: ln of the distribution function equals mpmath's from the middle to x = -1e100", "[stats]") {
  struct point {
    double x, ln_phi;
  };
  const point points[] = {{0.0, -0.69314718055994531},
                          {-1e-09, -0.69314718135782987},
                          {-0.1, -0.77615459273027333},
                          {-0.7071, -1.4281495225488859},
                          {-1.0, -1.8410216450092635},
                          {-2.0, -3.7831843336820319},
                          {-2.8284, -6.0580037047858151},
                          {-2.83, -6.0630034254651946},
                          {-3.0, -6.6077262215103495},
                          {-5.0, -15.064998393988726},
                          {-5.6568, -18.68060954516279},
                          {-5.657, -18.681774353660561},
                          {-8.0, -35.01343715991455},
                          {-20.0, -203.91715537109726},
                          {-38.0, -726.55721601882013},
                          {-100.0, -5005.5242086942051},
                          {-1000.0, -500007.82669481218},
                          {-1000000.0, -500000000014.73445},
                          {-707106780000.0, -2.499999991609842e+23},
                          {-1e+100, -5.0000000000000002e+199},
                          {0.5, -0.36894641528865639},
                          {1.0, -0.17275377902344989},
                          {3.0, -0.0013508099647481938},
                          {6.0, -9.8658764552437573e-10},
                          {8.5, -9.4795348222033184e-18},
                          {20.0, -2.7536241186062337e-89}};
  for (const point& p : points) {
    INFO(p.x);
    CHECK(std::abs(stats::log_normal_cdf(p.x) - p.ln_phi) <= 1e-11 * std::abs(p.ln_phi));
  }
  CHECK(stats::log_normal_cdf(-infinity) == -infinity);
  CHECK(stats::log_normal_cdf(-1e200) == -infinity);
  CHECK(stats::log_normal_cdf(infinity) == 0);
}

TEST_CASE("normal: tails equal libm's erfc where that has not underflown", "[stats]") {
  for (double x = -9; x < 37; x += 0.0137) {
    const double want = 0.5 * std::erfc(x * 0.70710678118654752440);
    REQUIRE(std::abs(stats::normal_tail(x) - want) <= 1e-12 * want);
  }
  CHECK(stats::normal_tail(infinity) == 0);
  CHECK(stats::normal_tail(-infinity) == 1);
  CHECK(stats::normal_tail(0) == 0.5);
}

TEST_CASE("normal: intervals add up and keep their digits in the tails", "[stats]") {
  CHECK(stats::normal_interval(-infinity, infinity) == 1);
  CHECK(stats::normal_interval(-1, 1) == Approx(0.68268949213708589717).epsilon(1e-14));
  CHECK(stats::normal_interval(10, 10.5) == Approx(7.5766629609824338e-24).epsilon(1e-11).margin(0));
  CHECK(stats::normal_interval(10, 10.5) == stats::normal_interval(-10.5, -10));
  for (double a = -3; a < 3; a += 0.37)
    CHECK(stats::normal_interval(-infinity, a) + stats::normal_interval(a, infinity) == Approx(1).epsilon(1e-15));
}

TEST_CASE("normal: the logarithm rises without a step where the two methods meet", "[stats]") {
  double last = -infinity;
  for (double x = -7; x < 4; x += 1e-3) {
    const double now = stats::log_normal_cdf(x);
    REQUIRE(now > last);
    last = now;
  }
}

TEST_CASE("normal: bits are the same everywhere", "[stats]") {
  CHECK(std::bit_cast<std::uint64_t>(stats::log_normal_cdf(-0.5)) == 0xbff2d088d9f06be5u);
  CHECK(std::bit_cast<std::uint64_t>(stats::log_normal_cdf(-3.25)) == 0xc01dd49b9e992645u);
  CHECK(std::bit_cast<std::uint64_t>(stats::log_normal_cdf(-700.0)) == 0xc10de87bc29a5288u);
  CHECK(std::bit_cast<std::uint64_t>(stats::normal_tail(1.75)) == 0x3fa482a2414556dfu);
}
