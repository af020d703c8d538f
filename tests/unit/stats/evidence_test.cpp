// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/stats/evidence.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include <assay/random/stream.hpp>

#include "support/catch.hpp"

using namespace assay;

namespace {
constexpr double infinite = std::numeric_limits<double>::infinity(),
                 not_a_number = std::numeric_limits<double>::quiet_NaN();
}

TEST_CASE("evidence: golden normal-mixture e-values", "[stats]") {
  CHECK(*stats::log_normal_mixture_e(1000, 100, 0.05) == Approx(2.945047087).epsilon(1e-9));
  CHECK(*stats::log_normal_mixture_e(1000, -5, 0.05) == Approx(-0.626381484).epsilon(1e-9));
  CHECK(*stats::log_normal_mixture_e(5000, 300, 0.05) == Approx(7.031988491).epsilon(1e-9));
  CHECK(stats::log_normal_mixture_e(10, infinite, 0.05).error().code == errc::non_finite);
  CHECK(stats::log_normal_mixture_e(10, 1, 0).error().code == errc::out_of_range);
}

TEST_CASE("evidence: conformal p-values", "[stats]") {
  const std::vector<double> honest{1, 2, 2, 3};
  CHECK(*stats::conformal_p_value(honest, 5) == Approx(1.0 / 5));
  CHECK(*stats::conformal_p_value(honest, 2) == Approx(4.0 / 5));
  CHECK(*stats::conformal_p_value(honest, 0) == 1);
  CHECK(*stats::conformal_p_value(honest, infinite) == Approx(1.0 / 5));
  CHECK(*stats::conformal_p_value(honest, not_a_number) == Approx(1.0 / 5));
  CHECK(stats::conformal_p_value({}, 1).error().code == errc::insufficient_data);
  CHECK(stats::conformal_p_value(std::vector<double>{not_a_number}, 1).error().code == errc::non_finite);
  // Under exchangeability P(p <= a) <= a.
  random_stream r(seed{}, "conformal");
  int alarms = 0;
  std::vector<double> pool(39);
  for (int i = 0; i < 4000; ++i) {
    for (double& x : pool) x = r.normal();
    alarms += *stats::conformal_p_value(pool, r.normal()) <= 0.05;
  }
  CHECK(alarms < 250);  // mean 200, standard deviation 14
  CHECK(alarms > 150);
}

TEST_CASE("evidence: from p to e and back", "[stats]") {
  CHECK(*stats::log_e_from_p(0.01) == Approx(std::log(5.0)));
  CHECK(stats::p_from_log_e(std::log(20.0)) == Approx(0.05));
  CHECK(stats::p_from_log_e(-3) == 1);
  double mean = 0;  // a calibrator integrates to one
  constexpr int n = 200000;
  for (int i = 0; i < n; ++i) mean += std::exp(*stats::log_e_from_p((i + 0.5) / n)) / n;
  CHECK(mean == Approx(1).epsilon(2e-3));
  CHECK(stats::log_e_from_p(0).error().code == errc::out_of_range);
  CHECK(stats::log_e_from_p(not_a_number).error().code == errc::out_of_range);
  CHECK(stats::log_e_from_p(0.1, 1).error().code == errc::out_of_range);
}

TEST_CASE("evidence: averages of e-values", "[stats]") {
  const std::vector<double> e{std::log(2.0), std::log(8.0)}, w{3, 1};
  CHECK(*stats::log_mean_e(e) == Approx(std::log(5.0)));
  CHECK(*stats::log_mean_e(e, w) == Approx(std::log(3.5)));
  CHECK(*stats::log_mean_e(std::vector<double>{-infinite, std::log(4.0)}) == Approx(std::log(2.0)));
  CHECK(*stats::log_mean_e(std::vector<double>{1e6, 1e6}) == 1e6);
  CHECK(*stats::log_mean_e(std::vector<double>{-infinite}) == -infinite);
  CHECK(stats::log_mean_e({}).error().code == errc::insufficient_data);
  CHECK(stats::log_mean_e(std::vector<double>{infinite}).error().code == errc::non_finite);
  CHECK(stats::log_mean_e(std::vector<double>{not_a_number}).error().code == errc::non_finite);
  CHECK(stats::log_mean_e(e, std::vector<double>{1}).error().code == errc::length_mismatch);
  CHECK(stats::log_mean_e(e, std::vector<double>{0, 0}).error().code == errc::out_of_range);
  CHECK(stats::log_mean_e(e, std::vector<double>{-1, 2}).error().code == errc::out_of_range);
}

TEST_CASE("evidence: the calibrator without a choice", "[stats]") {
  CHECK(*stats::log_e_from_p_mixed(0.01) == Approx(std::log((1 - 0.01 + 0.01 * std::log(0.01)) / (0.01 * std::pow(std::log(0.01), 2)))));
  CHECK(*stats::log_e_from_p_mixed(1) == Approx(std::log(0.5)));
  const double edge = std::exp(-1e-3);  // where the series takes over
  CHECK(*stats::log_e_from_p_mixed(edge * (1 - 1e-9)) == Approx(*stats::log_e_from_p_mixed(edge * (1 + 1e-9))).epsilon(1e-8));
  double mean = 0;  // substituting p = e^-u makes the integral smooth: the missing tail beyond u = 400 is about 1 / 400
  constexpr int n = 400000;
  for (int i = 0; i < n; ++i) {
    const double u = (i + 0.5) * 1e-3;
    mean += std::exp(*stats::log_e_from_p_mixed(std::exp(-u)) - u) * 1e-3;
  }
  CHECK(mean == Approx(1 - 1 / 400.0).epsilon(1e-4));
  CHECK(*stats::log_e_from_p_mixed(1e-300) > *stats::log_e_from_p(1e-300, 0.5) - 400);
  for (double bad : {0.0, 1.5, not_a_number}) CHECK(stats::log_e_from_p_mixed(bad).error().code == errc::out_of_range);
}

TEST_CASE("evidence: products of e-values", "[stats]") {
  CHECK(*stats::log_product_e(std::vector<double>{std::log(2.0), std::log(8.0)}) == Approx(std::log(16.0)));
  CHECK(*stats::log_product_e(std::vector<double>{-infinite, 700}) == -infinite);
  CHECK(stats::log_product_e({}).error().code == errc::insufficient_data);
  CHECK(stats::log_product_e(std::vector<double>{1, infinite}).error().code == errc::non_finite);
  CHECK(stats::log_product_e(std::vector<double>{1, not_a_number}).error().code == errc::non_finite);
}
