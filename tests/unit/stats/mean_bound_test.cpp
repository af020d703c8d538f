// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/stats/mean_bound.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

#include <assay/random/stream.hpp>
#include <assay/stats/binomial.hpp>

#include "support/catch.hpp"

using namespace assay;

TEST_CASE("mean bound: covers the true mean as promised, and betting is the tighter one", "[stats]") {
  random_stream r(seed{}, "coverage");
  constexpr double rate = 0.05, truth = rate * 0.5;
  constexpr int runs = 400;
  int missed = 0, missed_bernstein = 0;
  double width = 0, width_bernstein = 0;
  std::vector<double> x(500);
  for (int i = 0; i < runs; ++i) {
    for (double& v : x) v = r.uniform() < rate ? r.uniform() : 0.0;
    const auto a = stats::mean_upper_bound(x, 0.95), b = stats::mean_upper_bound_bernstein(x, 0.95);
    REQUIRE((a && b));
    missed += *a < truth;
    missed_bernstein += *b < truth;
    width += *a / runs;
    width_bernstein += *b / runs;
  }
  CHECK(stats::binomial_lower_bound(static_cast<std::uint64_t>(missed), runs, 0.999).value() <= 0.05);
  CHECK(missed_bernstein <= missed + 5);
  CHECK(width < width_bernstein);
  CHECK(width < 2.5 * truth);
}

TEST_CASE("mean bound: edges", "[stats]") {
  CHECK(*stats::mean_upper_bound(std::vector<double>(1000, 0.0), 0.95) < 0.02);
  CHECK(*stats::mean_upper_bound(std::vector<double>(10, 1.0), 0.95) == 1.0);
  CHECK(*stats::mean_upper_bound(std::vector<double>{0.0}, 0.95) > 0.9);
  const std::vector<double> x{0.1, 0.2, 0.4};
  CHECK(*stats::mean_upper_bound_bernstein(x, 0.95) == 1.0);
  std::vector<double> many(10000, 0.25);
  const double log_term = std::log(40.0);
  CHECK(*stats::mean_upper_bound_bernstein(many, 0.95) == Approx(0.25 + 7 * log_term / (3 * 9999.0)).epsilon(1e-12));
  CHECK(stats::mean_upper_bound({}, 0.95).error().code == errc::insufficient_data);
  CHECK(stats::mean_upper_bound_bernstein(std::vector<double>{0.5}, 0.95).error().code == errc::insufficient_data);
  CHECK(stats::mean_upper_bound(std::vector<double>{0.5, 1.5}, 0.95).error() == fail(errc::out_of_range, "", 1));
  CHECK(stats::mean_upper_bound(x, 1.0).error().code == errc::out_of_range);
  CHECK(stats::mean_upper_bound(std::vector<double>{std::nan("")}, 0.9).error().code == errc::non_finite);
}
