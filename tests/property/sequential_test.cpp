// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Small versions of the sequential study: each bound on a rate fails with probability below 1e-4 if the guarantee holds.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include <assay/random/stream.hpp>
#include <assay/stats/betting.hpp>
#include <assay/stats/binomial.hpp>
#include <assay/stats/combination.hpp>
#include <assay/stats/mean_bound.hpp>
#include <assay/stats/mixture.hpp>
#include <assay/stats/multiple_testing.hpp>
#include <assay/stats/sprt.hpp>

#include "support/catch.hpp"

using namespace assay;

namespace {

constexpr double alpha = 0.05;

bool at_most(std::uint64_t count, std::uint64_t of, double rate) { return *stats::binomial_lower_bound(count, of, 1 - 1e-4) <= rate; }

/// Standard normal scores cut at three deviations and moved to [0, 1]: mean exactly 1/2.
double bounded(double z) { return (std::clamp(z, -3.0, 3.0) + 3) / 6; }

/// How many of `audits` honest streams a test rejects. next(stream) yields a score that the test takes.
template <stats::e_process Test, class Next>
std::uint64_t alarms(const Test& fresh, const char* purpose, int audits, int steps, Next&& next) {
  random_stream r(seed{}, purpose);
  std::uint64_t count = 0;
  for (int a = 0; a < audits; ++a) {
    Test test = fresh;
    for (int i = 0; i < steps; ++i) REQUIRE(test.update(next(r)));
    count += test.rejects(alpha);
  }
  return count;
}

/// One request of 16 tokens with correlation 0.8^k, standardised: its mean has unit variance.
double dependent_request(random_stream& r) {
  double state = r.normal(), sum = 0, variance = 16;
  for (int t = 0; t < 16; ++t) sum += state, state = 0.8 * state + 0.6 * r.normal();
  for (int k = 1; k < 16; ++k) variance += 2 * (16 - k) * std::pow(0.8, k);
  return sum / std::sqrt(variance);
}

/// Mean of 16 margins, mostly zero, at a rate that varies from request to request; expectation 0.05.
double bursty_request(random_stream& r) {
  const double rate = std::min(1.0, 0.1 * r.exponential());
  double sum = 0;
  for (int t = 0; t < 16; ++t) sum += r.uniform() < rate ? r.uniform() : 0;
  return sum / 16;
}

}  // namespace

TEST_CASE("sequential: no test accuses honest independent scores more often than it says", "[property]") {
  const auto normal = [](random_stream& r) { return r.normal(); };
  const auto unit = [](random_stream& r) { return bounded(r.normal()); };
  const auto sprt = *stats::gaussian_sprt::make(0.2, *stats::strict_bounds(alpha, 0.1));
  CHECK(at_most(alarms(sprt, "property sprt", 1000, 300, normal), 1000, alpha));
  CHECK(at_most(alarms(*stats::normal_mixture::make(0.2), "property normal mixture", 1000, 300, normal), 1000, alpha));
  CHECK(at_most(alarms(stats::shift_mixture{*stats::prior_grid::make(0.1, 0.4)}, "property shifts", 1000, 300, normal), 1000, alpha));
  CHECK(at_most(alarms(*stats::betting_martingale::make(0.5), "property betting", 1000, 300, unit), 1000, alpha));
  const auto grid = stats::prior_grid::make(0.3, 0.9);
  const auto aimed = *stats::betting_martingale::make(0.5, grid->points(), grid->weights());
  CHECK(at_most(alarms(aimed, "property aimed betting", 1000, 300, unit), 1000, alpha));
}

TEST_CASE("sequential: tokens of one request depend on each other, so a step is a request", "[property]") {
  const auto request = [](random_stream& r) { return dependent_request(r); };
  CHECK(at_most(alarms(stats::shift_mixture{*stats::prior_grid::make(0.2, 0.8)}, "property requests", 1000, 60, request), 1000, alpha));
  const auto unit = [](random_stream& r) { return bounded(dependent_request(r)); };
  CHECK(at_most(alarms(*stats::betting_martingale::make(0.5), "property request bets", 1000, 60, unit), 1000, alpha));
  CHECK(at_most(alarms(*stats::betting_martingale::make(0.05), "property bursts", 1000, 60, bursty_request), 1000, alpha));
  // The warning is not idle: fed token by token, the same scores raise an alarm in a fifth of honest audits at least.
  double state = 0;
  int token = 0;
  const auto tokens = [&](random_stream& r) {
    state = token++ % 16 == 0 ? r.normal() : 0.8 * state + 0.6 * r.normal();
    return state;
  };
  const auto wrong = alarms(stats::shift_mixture{*stats::prior_grid::make(0.05, 0.2)}, "property tokens", 300, 16 * 60, tokens);
  CHECK(*stats::binomial_upper_bound(wrong, 300, 1 - 1e-4) > 0.2);
}

TEST_CASE("sequential: with the honest mean bounded by a calibration, both risks together stay below alpha", "[property]") {
  random_stream r(seed{}, "property calibrated");
  std::uint64_t count = 0;
  for (int a = 0; a < 300; ++a) {
    std::vector<double> honest(60);
    for (double& x : honest) x = bursty_request(r);
    auto test = stats::betting_martingale::make(*stats::mean_upper_bound(honest, 1 - alpha / 2));
    for (int i = 0; i < 60; ++i) REQUIRE(test->update(bursty_request(r)));
    count += test->rejects(alpha / 2);
  }
  CHECK(at_most(count, 300, alpha));
}

TEST_CASE("sequential: an average of checks is valid however they depend on each other; their product is not", "[property]") {
  std::uint64_t average[3] = {}, product[3] = {};
  for (int dependence = 0; dependence < 3; ++dependence) {  // independent; a common part; one and the same
    random_stream r(seed{}, "property combination");
    for (int a = 0; a < 1000; ++a) {
      auto parts = std::vector(3, *stats::betting_martingale::make(0.1));
      auto all = *stats::combined_evidence::make(std::vector<double>{1, 1, 1});
      double top = 0;
      for (int i = 0; i < 60; ++i) {
        const double common = r.uniform();
        double sum = 0;
        for (std::size_t k = 0; k < 3; ++k) {
          const double own = r.uniform(), u = dependence == 2 || (dependence == 1 && k != 0) ? common : own;
          REQUIRE(parts[k].update(u < 0.1 ? 1 : 0));
          REQUIRE(all.set(k, parts[k].log_e_value()));
          sum += parts[k].log_e_value();
        }
        all.look();
        top = std::max(top, sum);
      }
      average[dependence] += all.rejects(alpha), product[dependence] += top >= std::log(1 / alpha);
    }
    CHECK(at_most(average[dependence], 1000, alpha));
  }
  CHECK(at_most(product[0], 1000, alpha));  // independent parts may be multiplied
  CHECK_FALSE(at_most(product[2], 1000, alpha));
}

TEST_CASE("sequential: aimed within a factor of two, a mixture is as quick as the test that knows the shift, but for a tenth", "[property]") {
  // Paired over 600 runs, the ratio's standard error is about 0.01; the study measures 1.05.
  random_stream r(seed{}, "property power");
  double oracle_steps = 0, mixture_steps = 0;
  for (int run = 0; run < 600; ++run) {
    auto oracle = *stats::gaussian_sprt::make(0.2, {1e9, -1e9});
    stats::shift_mixture mixture{*stats::prior_grid::make(0.2 / 1.41, 0.2 * 1.41)};
    while (!oracle.rejects(0.005) || !mixture.rejects(0.005)) {
      const double z = 0.2 + r.normal();
      oracle_steps += !oracle.rejects(0.005), mixture_steps += !mixture.rejects(0.005);
      REQUIRE((oracle.update(z) && mixture.update(z)));
    }
  }
  CHECK(mixture_steps < 1.1 * oracle_steps);
}

TEST_CASE("sequential: family-wise decisions over dependent providers, looked at after every request", "[property]") {
  random_stream r(seed{}, "property family");
  std::uint64_t wronged = 0;
  for (int a = 0; a < 300; ++a) {
    auto providers = std::vector(5, *stats::betting_martingale::make(0.5));
    bool any = false;
    for (int i = 0; i < 60; ++i) {
      const double common = r.normal();
      std::vector<double> log_e;
      for (std::size_t k = 0; k < 5; ++k) {  // the last one cheats
        REQUIRE(providers[k].update(bounded(0.8 * common + 0.6 * r.normal() + (k == 4 ? 0.5 : 0))));
        log_e.push_back(providers[k].log_e_value());
      }
      const auto adjusted = *stats::e_holm(log_e);
      any = any || std::any_of(adjusted.begin(), adjusted.end() - 1, [](double e) { return e >= std::log(1 / alpha); });
    }
    wronged += any;
  }
  CHECK(at_most(wronged, 300, alpha));
}
