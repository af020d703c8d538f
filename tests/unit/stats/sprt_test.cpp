// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/stats/sprt.hpp>

#include <cmath>
#include <limits>

#include <assay/random/stream.hpp>
#include <assay/stats/binomial.hpp>

#include "support/catch.hpp"

using namespace assay;

TEST_CASE("sprt: golden bounds of Wald", "[stats]") {
  const auto wald = stats::wald_bounds(0.005, 0.1), strict = stats::strict_bounds(0.005, 0.1);
  REQUIRE((wald && strict));
  CHECK(wald->reject == Approx(5.192956851).epsilon(1e-9));
  CHECK(wald->accept == Approx(-2.297572551).epsilon(1e-9));
  CHECK(strict->reject == Approx(5.298317367).epsilon(1e-9));
  CHECK(strict->accept == Approx(std::log(0.1)));
  for (const auto& [a, b] : {std::array{0.0, 0.1}, std::array{0.1, 0.0}, std::array{0.5, 0.5}, std::array{std::nan(""), 0.1}}) {
    CHECK(stats::wald_bounds(a, b).error().code == errc::out_of_range);
    CHECK(stats::strict_bounds(a, b).error().code == errc::out_of_range);
  }
}

TEST_CASE("sprt: the ratio is d S - n d^2 / 2, and the first bound decides", "[stats]") {
  auto test = stats::gaussian_sprt::make(0.5, {1.0, -1.0});
  REQUIRE(test);
  double n = 0, sum = 0;
  for (double z : {1.0, -0.5, 2.0}) {
    REQUIRE(test->update(z));
    n += 1, sum += z;
    CHECK(test->log_e_value() == Approx(0.5 * sum - n * 0.125));
  }
  CHECK(test->decision() == stats::sprt_decision::undecided);
  REQUIRE(test->update(3));
  CHECK(test->decision() == stats::sprt_decision::reject);
  REQUIRE(test->update(-100));
  CHECK(test->decision() == stats::sprt_decision::reject);
  CHECK(test->log_e_value() < -1);
  CHECK(test->rejects(0.3));
  CHECK_FALSE(test->rejects(1e-9));
  CHECK(test->steps() == 5);
}

TEST_CASE("sprt: errors leave the state alone", "[stats]") {
  CHECK(stats::gaussian_sprt::make(0, {1, -1}).error().code == errc::out_of_range);
  CHECK(stats::gaussian_sprt::make(std::nan(""), {1, -1}).error().code == errc::out_of_range);
  CHECK(stats::gaussian_sprt::make(1, {0, -1}).error().code == errc::invalid_settings);
  CHECK(stats::gaussian_sprt::make(1, {1, 1}).error().code == errc::invalid_settings);
  auto test = stats::gaussian_sprt::make(1, {1, -1});
  CHECK(test->update(std::numeric_limits<double>::infinity()).error().code == errc::non_finite);
  CHECK((test->steps() == 0 && test->log_e_value() == 0));
}

TEST_CASE("sprt: both error rates hold, and the steps are Wald's", "[stats]") {
  random_stream r(seed{}, "sprt");
  const double d = 0.25;
  const auto bounds = stats::strict_bounds(0.05, 0.1);
  std::uint64_t false_alarms = 0, missed = 0;
  double steps = 0;
  constexpr std::uint64_t runs = 2000;
  for (std::uint64_t i = 0; i < 2 * runs; ++i) {
    auto test = stats::gaussian_sprt::make(d, *bounds);
    const bool cheats = i % 2 == 1;
    while (test->decision() == stats::sprt_decision::undecided) REQUIRE(test->update(r.normal() + (cheats ? d : 0)));
    const bool rejected = test->decision() == stats::sprt_decision::reject;
    if (!cheats) false_alarms += rejected;
    else missed += !rejected, steps += static_cast<double>(test->steps()) / runs;
  }
  CHECK(*stats::binomial_lower_bound(false_alarms, runs, 0.9999) <= 0.05);
  CHECK(*stats::binomial_lower_bound(missed, runs, 0.9999) <= 0.1);
  // (0.9 ln 20 + 0.1 ln 0.1) / (d^2 / 2) = 79, and the overshoot of about 0.58 d at either bound: 84; spread of the mean 1.1
  CHECK(steps == Approx(84).margin(6));
}
