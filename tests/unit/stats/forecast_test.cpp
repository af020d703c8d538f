// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/stats/forecast.hpp>

#include <cmath>

#include <assay/random/stream.hpp>
#include <assay/stats/binomial.hpp>

#include "support/catch.hpp"

using namespace assay;
using stats::forecast_steps;

TEST_CASE("forecast: both ends solve the equation that defines them", "[stats]") {
  const stats::growth seen{50, 0.1, 0.2};
  const auto f = forecast_steps(3, seen, 1.0);
  CHECK(f.likely == Approx(30));
  const auto reach = [&](double n, double z) { return n * seen.mean + z * std::sqrt(seen.variance * (n + n * n / 50)); };
  CHECK(reach(f.low, 1) == Approx(3));
  CHECK(reach(f.high, -1) == Approx(3));
  CHECK((f.low < f.likely && f.likely < f.high));
}

TEST_CASE("forecast: no rate, no promise", "[stats]") {
  CHECK(forecast_steps(0, {50, 0.1, 0.2}).high == 0);
  CHECK(forecast_steps(-1, {}).likely == 0);
  for (const auto& seen : {stats::growth{}, stats::growth{7, 0.1, 0.1}, stats::growth{50, 0.1, std::nan("")}}) {
    const auto f = forecast_steps(3, seen);
    CHECK((f.low == 1 && std::isinf(f.likely) && std::isinf(f.high)));
  }
  const auto unsure = forecast_steps(3, {50, 0.01, 1});  // the rate's sign is open
  CHECK((std::isfinite(unsure.low) && std::isinf(unsure.high)));
  const auto losing = forecast_steps(3, {50, -1, 0.01});  // sure to lose
  CHECK((std::isinf(losing.low) && std::isinf(losing.likely) && std::isinf(losing.high)));
  const auto steady = forecast_steps(3, {50, 0.1, 0});
  CHECK((steady.low == Approx(30) && steady.high == Approx(30)));
  const auto nearly = forecast_steps(4.7, {11, 0.05, 1e-18});  // no rounding may turn the ends around
  CHECK((nearly.low <= nearly.likely && nearly.likely <= nearly.high && nearly.high < 95));
  const auto steadily_losing = forecast_steps(3, {50, -0.1, 0});
  CHECK(std::isinf(steadily_losing.low));
}

TEST_CASE("forecast: about nine of ten walks arrive inside the range", "[stats]") {
  random_stream r(seed{}, "forecast");
  std::uint64_t inside = 0;
  constexpr std::uint64_t runs = 2000;
  for (std::uint64_t i = 0; i < runs; ++i) {
    double sum = 0, squares = 0;
    for (int k = 0; k < 40; ++k) {
      const double gain = 0.2 + 0.5 * r.normal();
      sum += gain, squares += gain * gain;
    }
    const auto f = forecast_steps(20, {40, sum / 40, squares / 40 - sum * sum / 1600});
    double more = 0, n = 0;
    while (more < 20) more += 0.2 + 0.5 * r.normal(), n += 1;
    inside += n >= std::floor(f.low) && n <= std::ceil(f.high);
  }
  const auto share = *stats::clopper_pearson(inside, runs, 0.9999);
  CHECK(share.low <= 0.93);
  CHECK(share.high >= 0.87);
}
