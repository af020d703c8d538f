// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/stats/sample_size.hpp>

#include <cmath>

#include <assay/random/stream.hpp>
#include <assay/stats/betting.hpp>

#include "support/catch.hpp"

using namespace assay;

TEST_CASE("sample size: golden values", "[stats]") {
  CHECK(stats::binary_divergence(0.5, 0.25) == Approx(0.5 * std::log(2.0) + 0.5 * std::log(2.0 / 3)));
  CHECK(stats::binary_divergence(0, 0.25) == Approx(-std::log(0.75)));
  CHECK(stats::binary_divergence(1, 0.25) == Approx(std::log(4.0)));
  CHECK(stats::binary_divergence(0.3, 0.3) == Approx(0).margin(1e-15));
  CHECK(*stats::steps_to_detect_shift(0.1, 0.005) == Approx(2 * 5.298317367 / 0.01));
  CHECK(*stats::detectable_shift(*stats::steps_to_detect_shift(0.07, 0.01), 0.01) == Approx(0.07));
  CHECK(*stats::steps_to_detect(0.02, 0.06, 0.005) == Approx(5.298317367 / stats::binary_divergence(0.06, 0.02)));
}

TEST_CASE("sample size: the detectable mean is the inverse of the steps needed", "[stats]") {
  for (double mean : {0.021, 0.05, 0.3, 0.99}) {
    const double steps = *stats::steps_to_detect(0.02, mean, 0.01);
    CHECK(*stats::detectable_mean(0.02, steps, 0.01) == Approx(mean).epsilon(1e-6));
  }
  CHECK(*stats::detectable_mean(0.02, 0, 0.01) == 1);
  CHECK(*stats::detectable_mean(0.02, 1, 0.01) == 1);  // one score wins at most ln 50 < ln 100
}

TEST_CASE("sample size: a bound for the best bet, whatever the scores' shape", "[stats]") {
  const double honest = 0.05, mean = 0.15, alpha = 0.005;
  const double bound = *stats::steps_to_detect(honest, mean, alpha);
  random_stream r(seed{}, "sample size");
  const double kelly = (mean - honest) / (1 - honest);  // the best share against zeros and ones
  for (double spread : {1.0, 0.5}) {                    // scores 0 or 1; scores 0 or 1/2, twice as often
    double steps = 0;
    constexpr int runs = 1000;
    for (int i = 0; i < runs; ++i) {
      auto test = stats::betting_martingale::make(honest, std::vector<double>{kelly});
      while (!test->rejects(alpha)) REQUIRE(test->update(r.uniform() < mean / spread ? spread : 0));
      steps += static_cast<double>(test->steps()) / runs;
    }
    // One score of 1 wins at most ln(1 + kelly (1 / honest - 1)) = 1.1 nats more than needed: a fifth.
    CHECK(steps <= 1.25 * bound);
    if (spread == 1) CHECK(steps >= 0.95 * bound);
  }
}

TEST_CASE("sample size: nonsense is refused", "[stats]") {
  CHECK(stats::steps_to_detect(0, 0.1, 0.01).error().code == errc::out_of_range);
  CHECK(stats::steps_to_detect(0.2, 0.1, 0.01).error().code == errc::out_of_range);
  CHECK(stats::steps_to_detect(0.1, 0.2, 1).error().code == errc::out_of_range);
  CHECK(stats::detectable_mean(0, 1, 0.1).error().code == errc::out_of_range);
  CHECK(stats::detectable_mean(0.1, -1, 0.1).error().code == errc::out_of_range);
  CHECK(stats::steps_to_detect_shift(0, 0.1).error().code == errc::out_of_range);
  CHECK(stats::detectable_shift(0, 0.1).error().code == errc::out_of_range);
  CHECK(stats::detectable_shift(10, std::nan("")).error().code == errc::out_of_range);
}
