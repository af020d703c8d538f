// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/stats/drift.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <assay/random/stream.hpp>

#include "support/catch.hpp"

using namespace assay;
using stats::drift_monitor;
using stats::drift_status;

namespace {

using columns = std::vector<std::vector<double>>;

seed seed_of(std::uint64_t n) {
  seed s;
  for (std::size_t i = 0; i < 8; ++i) s.bytes[i] = static_cast<std::byte>(n >> (8 * i));
  return s;
}

/// Two dependent statistics of an honest run: a continuous one with a heavy tail, and a count that is mostly 0.
std::vector<double> run_of(random_stream& draw, double factor = 1) {
  const double level = std::exp(0.5 * draw.normal());
  return {factor * level * draw.exponential(), std::floor(0.8 * factor * level * draw.exponential())};
}

columns runs_of(random_stream& draw, std::size_t n, double factor = 1) {
  columns c(2);
  for (std::size_t i = 0; i < n; ++i) {
    const auto run = run_of(draw, factor);
    c[0].push_back(run[0]), c[1].push_back(run[1]);
  }
  return c;
}

drift_monitor monitor_of(const columns& fitted, const stats::drift_settings& settings = {}) {
  auto made = drift_monitor::make(fitted, settings);
  REQUIRE(made);
  return *made;
}

/// Runs until drift is called, at most `most`; `most` + 1 if never.
std::size_t runs_to_alarm(random_stream& draw, std::size_t fitted, double factor, std::size_t most,
                          double alpha = 0.01) {
  drift_monitor monitor = monitor_of(runs_of(draw, fitted), {alpha, 0.95, 0.3});
  const double boundary = -std::log(alpha);
  double peak = 0;
  for (std::size_t i = 1; i <= most; ++i) {
    REQUIRE(monitor.update(run_of(draw, factor)));
    peak = std::max(peak, monitor.log_e_value());
    if (peak >= boundary) return i;
  }
  return most + 1;
}

double alarm_share(std::size_t audits, double alpha, std::uint64_t number) {
  random_stream draw{seed_of(number), "drift"};
  double alarms = 0;
  for (std::size_t i = 0; i < audits; ++i)
    alarms += runs_to_alarm(draw, 100, 1, 100, alpha) <= 100 ? 1.0 / static_cast<double>(audits) : 0;
  return alarms;
}

}  // namespace

TEST_CASE("drift: unchanged runs end as fine", "[stats]") {
  random_stream draw{seed_of(1), "drift"};
  drift_monitor monitor = monitor_of(runs_of(draw, 400));
  CHECK(monitor.report().status == drift_status::insufficient);
  CHECK(monitor.report().distance_bound == 1);
  std::uint64_t need = monitor.report().need;
  CHECK(need > 50);
  for (int i = 0; i < 50; ++i) REQUIRE(monitor.update(run_of(draw)));
  CHECK(monitor.report().status == drift_status::insufficient);
  need = monitor.report().need;
  REQUIRE(need < 400);
  for (std::uint64_t i = 0; i < need + 100; ++i) REQUIRE(monitor.update(run_of(draw)));
  const auto r = monitor.report();
  CHECK(r.status == drift_status::fine);
  CHECK(r.need == 0);
  CHECK(r.runs == 150 + need);
  CHECK(r.distance_bound <= 0.3);
  CHECK(r.distance < r.distance_bound);
}

TEST_CASE("drift: worse and better runs are both drift, and it says which", "[stats]") {
  random_stream draw{seed_of(2), "drift"};
  for (double factor : {2.5, 0.4}) {
    drift_monitor monitor = monitor_of(runs_of(draw, 300));
    for (int i = 0; i < 100; ++i) REQUIRE(monitor.update(run_of(draw, factor)));
    const auto r = monitor.report();
    CHECK(r.status == drift_status::drifting);
    CHECK(r.upwards == (factor > 1));
    CHECK(r.log_peak > std::log(100.0));
    CHECK(r.distance > 0.2);
  }
}

TEST_CASE("drift: it is seen soon, and once seen it stays", "[stats]") {
  random_stream draw{seed_of(3), "drift"};
  std::vector<std::size_t> small, large;
  for (int i = 0; i < 41; ++i)
    small.push_back(runs_to_alarm(draw, 300, 2, 400)), large.push_back(runs_to_alarm(draw, 300, 20, 400));
  std::nth_element(small.begin(), small.begin() + 20, small.end());
  std::nth_element(large.begin(), large.begin() + 20, large.end());
  INFO("median runs: " << small[20] << ", " << large[20]);
  CHECK(small[20] < 90);
  CHECK(large[20] < 8);
  drift_monitor monitor = monitor_of(runs_of(draw, 300));
  for (int i = 0; i < 30; ++i) REQUIRE(monitor.update(run_of(draw, 20)));
  for (int i = 0; i < 300; ++i) REQUIRE(monitor.update(run_of(draw)));
  CHECK(monitor.report().status == drift_status::drifting);
}

TEST_CASE("drift: a fifth of the runs far off is seen", "[stats]") {
  random_stream draw{seed_of(4), "drift"};
  drift_monitor monitor = monitor_of(runs_of(draw, 300));
  for (int i = 0; i < 200; ++i) REQUIRE(monitor.update(run_of(draw, draw.uniform() < 0.2 ? 100 : 1)));
  CHECK(monitor.report().status == drift_status::drifting);
  CHECK(monitor.report().upwards);
}

TEST_CASE("drift: false alarms keep to alpha, looked at after every run", "[stats]") {
  CHECK(alarm_share(300, 0.1, 5) <= 0.1);
}

TEST_CASE("drift: false alarms keep to alpha, many checks", "[stats][slow]") {
  const double share = alarm_share(10000, 0.05, 6);
  INFO(share);
  CHECK(share <= 0.05);
}

TEST_CASE("drift: the distance's bound covers the distance", "[stats]") {
  // Uniform values against uniform values on [0.15, 1.15]: the distributions are 0.15 apart.
  random_stream draw{seed_of(7), "drift"};
  int covered = 0;
  for (int audit = 0; audit < 200; ++audit) {
    columns fitted(1);
    for (int i = 0; i < 200; ++i) fitted[0].push_back(draw.uniform());
    drift_monitor monitor = monitor_of(fitted, {0.01, 0.8, 0.5});
    for (int i = 0; i < 60; ++i) REQUIRE(monitor.update(std::vector<double>{0.15 + draw.uniform()}));
    covered += monitor.report().distance_bound >= 0.15;
  }
  CHECK(covered >= 160);
}

TEST_CASE("drift: the distance is that of Kolmogorov and Smirnov", "[stats]") {
  const auto distance_after = [](const std::vector<double>& fitted, const std::vector<double>& fresh) {
    drift_monitor monitor = monitor_of({fitted});
    for (double x : fresh) REQUIRE(monitor.update(std::vector<double>{x}));
    return monitor.report().distance;
  };
  CHECK(distance_after({1, 2, 3, 4}, {1, 2, 3, 4}) == 0);
  CHECK(distance_after({1, 2, 3, 4}, {5, 6}) == 1);
  CHECK(distance_after({1, 2, 3, 4}, {0, 0}) == 1);
  CHECK(distance_after({1, 2, 3, 4}, {2.5}) == 0.5);
  CHECK(distance_after({0, 0, 0, 1}, {0, 1, 1, 1}) == 0.5);
}

TEST_CASE("drift: values that never vary are neither drift nor an error", "[stats]") {
  drift_monitor monitor = monitor_of({std::vector<double>(300, 0.0)});
  for (int i = 0; i < 300; ++i) REQUIRE(monitor.update(std::vector<double>{0}));
  CHECK(monitor.report().status == drift_status::fine);
  CHECK(monitor.log_e_value() < 0);
}

TEST_CASE("drift: too few fitted runs can never be called fine", "[stats]") {
  random_stream draw{seed_of(8), "drift"};
  drift_monitor monitor = monitor_of(runs_of(draw, 20));
  CHECK(monitor.report().need == drift_monitor::never);
  for (int i = 0; i < 300; ++i) REQUIRE(monitor.update(run_of(draw)));
  CHECK(monitor.report().status == drift_status::insufficient);
  CHECK(monitor.report().need == drift_monitor::never);
}

TEST_CASE("drift: errors leave the state as it was", "[stats]") {
  constexpr double infinite = std::numeric_limits<double>::infinity(),
                   not_a_number = std::numeric_limits<double>::quiet_NaN();
  CHECK(drift_monitor::make({}).error().code == errc::empty);
  CHECK(drift_monitor::make(columns{{}}).error().code == errc::insufficient_data);
  CHECK(drift_monitor::make(columns{{1, infinite}}).error().code == errc::non_finite);
  for (double bad : {0.0, 1.0, -1.0, not_a_number}) {
    CHECK(drift_monitor::make(columns{{1}}, {bad, 0.9, 0.3}).error().code == errc::out_of_range);
    CHECK(drift_monitor::make(columns{{1}}, {0.1, bad, 0.3}).error().code == errc::out_of_range);
    CHECK(drift_monitor::make(columns{{1}}, {0.1, 0.9, bad}).error().code == errc::out_of_range);
  }
  drift_monitor monitor = monitor_of({{1, 2, 3}, {1, 2, 3}});
  REQUIRE(monitor.update(std::vector<double>{4, 4}));
  const double before = monitor.log_e_value();
  CHECK(monitor.update(std::vector<double>{4}).error().code == errc::length_mismatch);
  for (double bad : {not_a_number, infinite})
    CHECK(monitor.update(std::vector<double>{4, bad}).error() == fail(errc::non_finite, "", 1));
  CHECK(monitor.log_e_value() == before);
  CHECK(monitor.report().runs == 1);
}
