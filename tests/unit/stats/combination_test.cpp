// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/stats/combination.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include "support/catch.hpp"

using namespace assay;

TEST_CASE("combination: the weighted average of the parts", "[stats]") {
  auto all = stats::combined_evidence::make(std::vector<double>{3, 1});
  REQUIRE(all);
  CHECK(all->parts() == 2);
  CHECK(all->log_e_value() == 0);  // nothing seen: e = 1
  REQUIRE(all->set(0, std::log(2.0)));
  CHECK(std::exp(all->log_e_value()) == Approx((3 * 2 + 1 * 1) / 4.0));
  REQUIRE(all->set(1, std::log(8.0)));
  CHECK(std::exp(all->log_e_value()) == Approx(3.5));
  CHECK(all->strongest() == 1);
  CHECK(all->log_peak() == 0);  // nobody has looked yet
  all->look();
  CHECK(std::exp(all->log_peak()) == Approx(3.5));
  REQUIRE(all->set(1, -1e9));
  all->look();
  CHECK(std::exp(all->log_peak()) == Approx(3.5));
  CHECK(std::exp(all->log_e_value()) == Approx(1.5));
  CHECK(all->rejects(0.3));
  CHECK_FALSE(all->rejects(0.2));
}

TEST_CASE("combination: a failed exact check refutes for good", "[stats]") {
  auto all = stats::combined_evidence::make(std::vector<double>{1});
  all->refute();
  REQUIRE(all->set(0, -50));
  all->look();
  CHECK(all->refuted());
  CHECK(all->log_e_value() == std::numeric_limits<double>::infinity());
  CHECK(all->rejects(1e-300));
  CHECK(all->rejects(0));
}

TEST_CASE("combination: no part can bring NaN, infinity or a weight of nothing", "[stats]") {
  CHECK(stats::combined_evidence::make({}).error().code == errc::insufficient_data);
  for (double bad : {0.0, -1.0, std::nan(""), HUGE_VAL})
    CHECK(stats::combined_evidence::make(std::vector<double>{1, bad}).error().code == errc::out_of_range);
  auto all = stats::combined_evidence::make(std::vector<double>{1, 1});
  REQUIRE(all->set(0, std::log(4.0)));
  for (double bad : {std::nan(""), HUGE_VAL}) CHECK(all->set(0, bad).error().code == errc::non_finite);
  CHECK(std::exp(all->log_e_value()) == Approx(2.5));
  REQUIRE(all->set(0, -HUGE_VAL));  // e = 0
  CHECK(std::exp(all->log_e_value()) == Approx(0.5));
}
