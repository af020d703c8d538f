// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/stats/exceedance.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include <assay/random/stream.hpp>

#include "support/catch.hpp"

using namespace assay;

namespace {

seed seed_of(std::uint64_t n) {
  seed s;
  for (std::size_t i = 0; i < 8; ++i) s.bytes[i] = static_cast<std::byte>(n >> (8 * i));
  return s;
}

stats::exceedance_monitor monitor_of(std::uint64_t blocks, std::uint64_t cuts) {
  auto made = stats::exceedance_monitor::make(blocks, cuts);
  REQUIRE(made);
  return *made;
}

/// New values until the e-value reaches 1 / alpha, at most `most`; `most` + 1 if never. A share of them is far off.
/// With `ties` values are whole numbers.
std::size_t blocks_to_alarm(random_stream& draw, std::size_t n, std::size_t cuts, double far, std::size_t most,
                            double alpha, bool ties = false) {
  const auto value = [&] { return ties ? std::floor(8 * draw.uniform()) : draw.uniform(); };
  std::vector<double> fitted(n);
  for (double& x : fitted) x = value();
  std::sort(fitted.begin(), fitted.end(), std::greater<>{});
  auto monitor = monitor_of(n, cuts);
  for (std::size_t i = 1; i <= most; ++i) {
    monitor.update((far > 0 && draw.uniform() < far) || value() > fitted[cuts - 1]);
    if (monitor.log_e_value() >= -std::log(alpha)) return i;
  }
  return most + 1;
}

double alarm_share(std::size_t audits, double alpha, bool ties, std::uint64_t number) {
  random_stream draw{seed_of(number), "exceedance"};
  double alarms = 0;
  for (std::size_t i = 0; i < audits; ++i)
    alarms += blocks_to_alarm(draw, 100, 3, 0, 200, alpha, ties) <= 200 ? 1.0 / static_cast<double>(audits) : 0;
  return alarms;
}

}  // namespace

TEST_CASE("exceedance: the e-value has mean 1 over the urn's outcomes", "[stats]") {
  // All 2^10 outcomes, each with its probability under the null: an exact check of the martingale.
  constexpr double n = 20, r = 2;
  double mean = 0, total = 0;
  for (unsigned outcome = 0; outcome < 1024; ++outcome) {
    auto monitor = monitor_of(20, 2);
    double probability = 1, k = 0;
    for (unsigned i = 0; i < 10; ++i) {
      const bool beyond = (outcome >> i & 1) != 0;
      const double p = (r + k) / (n + 1 + i);
      probability *= beyond ? p : 1 - p;
      k += beyond ? 1 : 0;
      monitor.update(beyond);
    }
    mean += probability * std::exp(monitor.log_e_value());
    total += probability;
  }
  CHECK(total == Approx(1).epsilon(1e-12));
  CHECK(mean == Approx(1).epsilon(1e-12));
}

TEST_CASE("exceedance: more blocks beyond, more evidence", "[stats]") {
  double last = -1e9;
  for (int beyond = 0; beyond <= 20; ++beyond) {
    auto monitor = monitor_of(300, 3);
    for (int i = 0; i < 20; ++i) monitor.update(i < beyond);
    CHECK(monitor.log_e_value() > last);
    last = monitor.log_e_value();
    CHECK(monitor.blocks() == 20);
    CHECK(monitor.beyond() == static_cast<std::uint64_t>(beyond));
  }
  CHECK(last > 10);
}

TEST_CASE("exceedance: a few per cent of far-off runs are seen within some dozens", "[stats]") {
  random_stream draw{seed_of(1), "exceedance"};
  std::vector<std::size_t> runs(101);
  for (auto& each : runs) each = blocks_to_alarm(draw, 300, 3, 0.1, 500, 0.01);
  std::nth_element(runs.begin(), runs.begin() + 50, runs.end());
  INFO("median: " << runs[50]);
  CHECK(runs[50] < 60);
}

TEST_CASE("exceedance: false alarms keep to alpha, with and without ties", "[stats]") {
  CHECK(alarm_share(1000, 0.1, false, 2) <= 0.1);
  CHECK(alarm_share(1000, 0.1, true, 3) <= 0.1);
}

TEST_CASE("exceedance: false alarms keep to alpha, many checks", "[stats][slow]") {
  const double plain = alarm_share(10000, 0.05, false, 4), tied = alarm_share(10000, 0.05, true, 5);
  INFO(plain << ' ' << tied);
  CHECK(plain <= 0.05);
  CHECK(tied <= plain + 0.005);
}

TEST_CASE("exceedance: errors", "[stats]") {
  CHECK(stats::exceedance_monitor::make(10, 0).error().code == errc::insufficient_data);
  CHECK(stats::exceedance_monitor::make(10, 11).error().code == errc::insufficient_data);
  CHECK(stats::exceedance_monitor::make(10, 10));
}
