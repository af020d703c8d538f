// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/stats/quantile.hpp>

#include <limits>
#include <vector>

#include "support/catch.hpp"

using namespace assay;

namespace {
constexpr double infinite = std::numeric_limits<double>::infinity(),
                 not_a_number = std::numeric_limits<double>::quiet_NaN();
}

TEST_CASE("quantile: numpy's linear interpolation", "[stats]") {
  std::vector<double> v(999, 0.0);
  v.push_back(1);
  CHECK(*stats::quantile(v, 0.999) == Approx(0.001).epsilon(1e-9));
  const std::vector<double> four{4, 1, 3, 2};
  CHECK(*stats::quantile(four, 0) == 1);
  CHECK(*stats::quantile(four, 1) == 4);
  CHECK(*stats::quantile(four, 0.5) == 2.5);
  CHECK(*stats::quantile(four, 0.25) == 1.75);
  CHECK(*stats::quantile(std::vector<double>{7}, 0.3) == 7);
}

TEST_CASE("quantile: mean and variance", "[stats]") {
  const std::vector<double> v{1, 2, 3, 4};
  CHECK(*stats::mean(v) == 2.5);
  CHECK(*stats::variance(v) == Approx(5.0 / 3));
  std::vector<double> small(1000000, 1e-16);
  small.insert(small.begin(), 1.0);  // plain summation would lose all but the first
  CHECK(*stats::mean(small) * 1000001 == Approx(1 + 1e-10).epsilon(1e-14));
}

TEST_CASE("quantile: margins are capped as published", "[stats]") {
  std::vector<double> m(17, 0.0);
  m.insert(m.end(), {0.02, 0.3, infinite});
  const auto cap = stats::margin_cap(m);
  REQUIRE(cap);
  CHECK(*cap == Approx(0.29496).epsilon(1e-12));
  double half = 0, capped = 0;
  for (double x : m) {
    half += stats::winsorise(x, 0.5) / 20;
    capped += stats::winsorise(x, *cap) / 20;
  }
  CHECK(half == Approx(0.041).epsilon(1e-12));
  CHECK(capped == Approx(0.030496).epsilon(1e-12));
  CHECK(*stats::mean(std::span(m).first(19)) == Approx(0.016842105263).epsilon(1e-10));
  CHECK(stats::winsorise(not_a_number, 0.5) == 0.5);
}

TEST_CASE("quantile: errors", "[stats]") {
  CHECK(stats::quantile({}, 0.5).error().code == errc::insufficient_data);
  CHECK(stats::quantile(std::vector<double>{1, infinite}, 0.5).error() == fail(errc::non_finite, "", 1));
  CHECK(stats::quantile(std::vector<double>{1}, 1.1).error().code == errc::out_of_range);
  CHECK(stats::quantile(std::vector<double>{1}, not_a_number).error().code == errc::out_of_range);
  CHECK(stats::mean({}).error().code == errc::insufficient_data);
  CHECK(stats::variance(std::vector<double>{1}).error().code == errc::insufficient_data);
  CHECK(stats::margin_cap(std::vector<double>{infinite}).error().code == errc::insufficient_data);
  CHECK(stats::margin_cap(std::vector<double>{1, not_a_number}).error().code == errc::non_finite);
}
