// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/stats/betting.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include <assay/random/stream.hpp>
#include <assay/stats/binomial.hpp>

#include "support/catch.hpp"

using namespace assay;

namespace {

/// Scores like capped margins: mostly zero, sometimes exponential, cut at one. Mean 0.02 * 0.3 * (1 - e^(-1/0.3)).
double margin_like(random_stream& r, double rate) {
  return r.uniform() < rate ? std::min(1.0, 0.3 * r.exponential()) : 0.0;
}
double mean_of(double rate) { return rate * 0.3 * (1 - std::exp(-1 / 0.3)); }

}  // namespace

TEST_CASE("betting: golden wealth of one bet", "[stats]") {
  const std::vector<double> share{0.05};  // L = 0.05 / 0.1 = 0.5
  auto m = stats::betting_martingale::make(0.1, share);
  REQUIRE(m);
  for (double x : {0.0, 0.2, 1.0}) REQUIRE(m->update(x));
  CHECK(std::exp(m->log_e_value()) == Approx(1.446375).epsilon(1e-12));
  CHECK(m->steps() == 3);
}

TEST_CASE("betting: the mixture is the average of its bets", "[stats]") {
  const std::vector<double> shares{0.5, 0.05};
  auto both = stats::betting_martingale::make(0.2, shares);
  auto a = stats::betting_martingale::make(0.2, std::vector<double>{0.5}),
       b = stats::betting_martingale::make(0.2, std::vector<double>{0.05});
  for (double x : {0.3, 0.0, 0.9, 0.2, 1.0})
    for (auto* m : {&both, &a, &b}) REQUIRE((*m)->update(x));
  CHECK(std::exp(both->log_e_value()) ==
        Approx((std::exp(a->log_e_value()) + std::exp(b->log_e_value())) / 2).epsilon(1e-12));
}

TEST_CASE("betting: errors leave the state alone", "[stats]") {
  CHECK(stats::betting_martingale::make(0).error().code == errc::out_of_range);
  CHECK(stats::betting_martingale::make(1).error().code == errc::out_of_range);
  CHECK(stats::betting_martingale::make(std::nan("")).error().code == errc::out_of_range);
  CHECK(stats::betting_martingale::make(0.1, std::vector<double>{1.0}).error().code == errc::out_of_range);
  CHECK(stats::betting_martingale::make(0.1, {}).error().code == errc::invalid_settings);
  CHECK(stats::betting_martingale::make(0.1, std::vector<double>(17, 0.5)).error().code == errc::invalid_settings);
  CHECK(stats::betting_martingale::make(5e-324).error().code == errc::out_of_range);
  CHECK(stats::betting_martingale::make(0.1, std::vector<double>{0.5}, std::vector<double>{1, 1}).error().code == errc::length_mismatch);
  CHECK(stats::betting_martingale::make(0.1, std::vector<double>{0.5}, std::vector<double>{0}).error().code == errc::out_of_range);
  auto m = stats::betting_martingale::make(0.1);
  const double before = m->log_e_value();
  for (double x : {-0.1, 1.1, std::nan(""), std::numeric_limits<double>::infinity()}) CHECK_FALSE(m->update(x));
  CHECK(m->steps() == 0);
  CHECK(m->log_e_value() == before);
}

TEST_CASE("betting: honest streams are rejected at most as often as promised, looking after every score", "[stats]") {
  random_stream r(seed{}, "betting validity");
  constexpr int streams = 2000, length = 400;
  int at_05 = 0, at_01 = 0;
  for (int s = 0; s < streams; ++s) {
    auto m = stats::betting_martingale::make(mean_of(0.02));
    for (int i = 0; i < length; ++i) REQUIRE(m->update(margin_like(r, 0.02)));
    at_05 += m->rejects(0.05);
    at_01 += m->rejects(0.01);
  }
  CHECK(stats::binomial_lower_bound(static_cast<std::uint64_t>(at_05), streams, 0.999).value() <= 0.05);
  CHECK(stats::binomial_lower_bound(static_cast<std::uint64_t>(at_01), streams, 0.999).value() <= 0.01);
}

TEST_CASE("betting: a provider with three times the margin is found", "[stats]") {
  random_stream r(seed{}, "betting power");
  int found = 0;
  for (int s = 0; s < 100; ++s) {
    auto m = stats::betting_martingale::make(mean_of(0.02));
    for (int i = 0; i < 2000; ++i) REQUIRE(m->update(margin_like(r, 0.06)));
    found += m->rejects(0.005);
  }
  CHECK(found >= 95);
}

TEST_CASE("betting: weights weigh the bets", "[stats]") {
  const std::vector<double> shares{0.5, 0.05}, weights{3, 1};
  auto both = stats::betting_martingale::make(0.2, shares, weights);
  auto a = stats::betting_martingale::make(0.2, std::vector<double>{0.5}), b = stats::betting_martingale::make(0.2, std::vector<double>{0.05});
  for (double x : {0.3, 0.9, 1.0})
    for (auto* m : {&both, &a, &b}) REQUIRE((*m)->update(x));
  CHECK(std::exp(both->log_e_value()) == Approx((3 * std::exp(a->log_e_value()) + std::exp(b->log_e_value())) / 4).epsilon(1e-12));
}

TEST_CASE("betting: the present growth is that of the leading bet", "[stats]") {
  auto m = stats::betting_martingale::make(0.5, std::vector<double>{0.5, 0.1});
  CHECK(m->present_growth().steps == 0);
  for (double x : {0.9, 0.4, 1.0, 0.8}) REQUIRE(m->update(x));
  double sum = 0, squares = 0;
  for (double x : {0.9, 0.4, 1.0, 0.8}) {
    const double gain = std::log(1 + (x - 0.5));  // share 0.5: stake 1
    sum += gain, squares += gain * gain;
  }
  const auto seen = m->present_growth();
  CHECK(seen.steps == 4);
  CHECK(seen.mean == Approx(sum / 4));
  CHECK(seen.variance == Approx(squares / 4 - sum * sum / 16));
}

TEST_CASE("betting: the bits are the same everywhere", "[stats]") {
  auto m = stats::betting_martingale::make(0.02);
  for (int i = 0; i < 1000; ++i) REQUIRE(m->update(i % 11 == 0 ? 0.0625 * (i % 16) : 0.0));
  CHECK(m->log_e_value() == 0x1.b4e47b24132f8p+3);
  CHECK(m->log_peak() == 0x1.c188b1ca1d6a5p+3);
}
