// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/token/grinding.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include "support/catch.hpp"

using namespace assay;

namespace {
constexpr double infinity = std::numeric_limits<double>::infinity();

token_score likely(double p) {
  token_score s;
  s.probability = p;
  return s;
}
}  // namespace

TEST_CASE("grinding: a token's surprisal, exact and with a tolerance", "[token]") {
  CHECK(surprisal(likely(0.25), {}) == Approx(std::log(4.0)));
  CHECK(surprisal(likely(1), {}) == 0);
  CHECK(surprisal(likely(0), {}) == infinity);
  CHECK(surprisal(likely(0), {0, 0, 1}) == 0);
  const double w = std::exp(0.5 / 0.8);
  CHECK(surprisal(likely(0.1), {0.8f, 0, 1}, 0.5) == Approx(-std::log(0.1 * w / (0.9 + 0.1 * w))).epsilon(1e-6));
  CHECK(surprisal(likely(0.1), {}, infinity) == Approx(0).margin(1e-15));
}

TEST_CASE("grinding: allowed mismatches take the largest surprisals and the choice of places away", "[token]") {
  const std::vector<double> nats{1, 5, 0.5, 2};
  CHECK(*grindable_nats(nats) == Approx(8.5));
  CHECK(*grindable_nats(nats, 1) == Approx(3.5 - std::log(4.0)));
  CHECK(*grindable_nats(nats, 2) == 0);  // 1.5 - ln 6 is negative
  CHECK(*grindable_nats(nats, 4) == 0);
  CHECK(*grindable_nats({}) == 0);
  const std::vector<double> impossible{1, infinity};
  CHECK(*grindable_nats(impossible) == infinity);
  CHECK(grindable_nats(nats, 5).error().code == errc::out_of_range);
  CHECK(grindable_nats(std::vector<double>{1, -1}).error() == fail(errc::out_of_range, "", 1));
  CHECK(grindable_nats(std::vector<double>{std::nan("")}).error().code == errc::non_finite);
}

TEST_CASE("grinding: the chance of success, from certainty to hopelessness", "[token]") {
  const grinding_effort all_seeds{64, 64}, few{64, 10};
  CHECK(log_trials(all_seeds) == Approx(44.3614195558365));
  CHECK(log_trials({32, 43}) == Approx(32 * std::log(2.0)));  // there are no more seeds than that
  CHECK(*log_grinding_success(0, few) == 0);
  CHECK(*log_grinding_success(infinity, all_seeds) == -infinity);
  // 1024 trials at q = e^-7
  const double q = std::exp(-7.0);
  CHECK(*log_grinding_success(7, few) == Approx(std::log(1 - std::pow(1 - q, 1024))).epsilon(1e-9));
  CHECK(*log_grinding_success(100, all_seeds) == Approx(44.3614195558365 - 100).epsilon(1e-12));
  CHECK(*log_grinding_success(30, {64, 43}) ==
        Approx(std::log(1 - std::exp(-std::exp(43 * std::log(2.0) - 30)))).epsilon(1e-6));
  double last = 0;
  for (double nats = 0; nats < 120; nats += 0.25) {
    const double now = *log_grinding_success(nats, all_seeds);
    REQUIRE(now <= last);
    last = now;
  }
}

TEST_CASE("grinding: the required entropy is the inverse", "[token]") {
  for (const grinding_effort effort : {grinding_effort{}, {64, 64}, {32, 64}, {64, 0}})
    for (double success : {0.5, 0.01, 1e-6, 1e-12}) {
      const auto nats = required_nats(effort, success);
      REQUIRE(nats);
      INFO(effort.trial_bits << " " << success);
      CHECK(*log_grinding_success(*nats, effort) == Approx(std::log(success)).epsilon(1e-9));
    }
  CHECK(*required_nats({64, 64}, 1e-6) == Approx(44.3614195558365 + std::log(1e6)).epsilon(1e-6));
  CHECK(*required_nats({64, 43}, 0.5) == Approx(30.2).margin(0.1));  // the rule of thumb: 30 nats
}

TEST_CASE("grinding: what makes no sense is refused", "[token]") {
  CHECK(log_grinding_success(-1, {}).error().code == errc::out_of_range);
  CHECK(log_grinding_success(std::nan(""), {}).error().code == errc::out_of_range);
  CHECK(log_grinding_success(1, {-1, 4}).error().code == errc::invalid_settings);
  CHECK(log_grinding_success(1, {64, std::nan("")}).error().code == errc::invalid_settings);
  for (double s : {0.0, 1.0, -1.0, std::nan("")}) CHECK(required_nats({}, s).error().code == errc::out_of_range);
}
