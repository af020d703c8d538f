// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/stats/mixture.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include <assay/random/stream.hpp>

#include "support/catch.hpp"

using namespace assay;

namespace {

/// The integral of 2 phi(d / t) / t exp(d S - n d^2 / 2) over d > 0, by the trapezoid rule.
double half_normal_integral(double n, double sum, double t) {
  constexpr int steps = 200000;
  const double width = 12 * t / steps;
  double total = 0;
  for (int i = 0; i <= steps; ++i) {
    const double d = width * i;
    const double f = std::exp(-0.5 * d * d / (t * t) + d * sum - 0.5 * n * d * d);
    total += (i == 0 || i == steps ? 0.5 : 1.0) * f;
  }
  return total * width * 2 / (t * std::sqrt(2 * 3.14159265358979323846));
}

template <class Test>
void feed(Test& test, int n, double sum) {
  for (int i = 0; i < n; ++i) REQUIRE(test.update(sum / n));
}

}  // namespace

TEST_CASE("mixture: the half-normal mixture is the integral that it stands for", "[stats]") {
  for (const auto& [n, sum, t] : {std::array{100.0, 10.0, 0.1}, std::array{1000.0, 100.0, 0.05}, std::array{50.0, -20.0, 0.3},
                                  std::array{1000.0, -5.0, 0.05}, std::array{1.0, 0.0, 2.0}}) {
    auto test = stats::normal_mixture::make(t);
    REQUIRE(test);
    feed(*test, static_cast<int>(n), sum);
    CHECK(test->log_e_value() == Approx(std::log(half_normal_integral(n, sum, t))).epsilon(1e-7).margin(1e-7));
  }
}

TEST_CASE("mixture: twice the published form where the sum is large, never less where it is positive", "[stats]") {
  for (double sum : {0.0, 5.0, 100.0, 300.0}) {
    auto test = stats::normal_mixture::make(0.05);
    feed(*test, 1000, sum);
    const double published = *stats::log_normal_mixture_e(1000, sum, 0.05), own = test->log_e_value();
    CHECK(own >= published - 1e-9);
    CHECK(own <= published + std::log(2.0) + 1e-9);
    if (sum == 300) CHECK(own == Approx(published + std::log(2.0)).epsilon(1e-9));
  }
}

TEST_CASE("mixture: far below zero nothing cancels", "[stats]") {
  auto test = stats::normal_mixture::make(1);
  REQUIRE(test->update(-1e9));  // a = -1e9 / sqrt 2: ln E is about -ln(sqrt(pi / 2) |a|) - ln(2) / 2
  CHECK(test->log_e_value() == Approx(-std::log(std::sqrt(3.14159265358979 / 2) * 1e9 / std::sqrt(2.0)) - 0.5 * std::log(2.0)).epsilon(1e-9));
  CHECK(test->log_peak() == 0);
}

TEST_CASE("mixture: the mixture of shifts is the weighted average of likelihood ratios", "[stats]") {
  const auto grid = stats::prior_grid::make(0.1, 0.4);
  REQUIRE(grid);
  REQUIRE(grid->points().size() == 4);  // spaced by 4^(1/3) = 1.59
  stats::shift_mixture test{*grid};
  double n = 0, sum = 0;
  for (double z : {0.5, -1.0, 2.0, 0.1, 1.5}) {
    REQUIRE(test.update(z));
    n += 1, sum += z;
    double average = 0, weight = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      const double d = grid->points()[i], w = i == 0 || i == 3 ? 2 : 1;
      average += w * std::exp(d * sum - n * d * d / 2), weight += w;
    }
    CHECK(std::exp(test.log_e_value()) == Approx(average / weight).epsilon(1e-12));
  }
  CHECK(test.steps() == 5);
}

TEST_CASE("mixture: the expectation of each after a few honest scores is one", "[stats]") {
  random_stream r(seed{}, "mixture expectation");
  double normal = 0, shifts = 0;
  constexpr int runs = 20000;
  for (int i = 0; i < runs; ++i) {
    auto a = stats::normal_mixture::make(0.3);
    stats::shift_mixture b{*stats::prior_grid::make(0.1, 0.5)};
    for (int k = 0; k < 5; ++k) {
      const double z = r.normal();
      REQUIRE((a->update(z) && b.update(z)));
    }
    normal += std::exp(a->log_e_value()) / runs, shifts += std::exp(b.log_e_value()) / runs;
  }
  // The standard deviation of one is below 1 for both, that of these means below 0.008: six of them.
  CHECK(std::abs(normal - 1) < 0.05);
  CHECK(std::abs(shifts - 1) < 0.05);
}

TEST_CASE("mixture: errors leave the state alone", "[stats]") {
  for (double bad : {0.0, -1.0, 1e7, std::nan("")}) CHECK(stats::normal_mixture::make(bad).error().code == errc::out_of_range);
  auto test = stats::normal_mixture::make(0.1);
  stats::shift_mixture other{*stats::prior_grid::make(0.1, 0.1)};
  REQUIRE(test->update(1));
  const double before = test->log_e_value();
  for (double bad : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    CHECK(test->update(bad).error().code == errc::non_finite);
    CHECK(other.update(bad).error().code == errc::non_finite);
  }
  CHECK(test->log_e_value() == before);
  CHECK(test->steps() == 1);
  CHECK(other.steps() == 0);
}
