// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/stats/multiple_testing.hpp>

#include <cmath>
#include <vector>

#include <assay/random/stream.hpp>
#include <assay/stats/evidence.hpp>

#include "support/catch.hpp"

using namespace assay;

namespace {

std::vector<double> logs(std::vector<double> e) {
  for (double& x : e) x = std::log(x);
  return e;
}

/// Closed testing in full: for every hypothesis the least average over all sets that hold it.
std::vector<double> closed_by_brute_force(const std::vector<double>& e) {
  std::vector<double> least(e.size(), HUGE_VAL);
  for (std::size_t set = 1; set < std::size_t{1} << e.size(); ++set) {
    double sum = 0, count = 0;
    for (std::size_t i = 0; i < e.size(); ++i)
      if ((set >> i & 1) != 0) sum += e[i], count += 1;
    for (std::size_t i = 0; i < e.size(); ++i)
      if ((set >> i & 1) != 0) least[i] = std::min(least[i], sum / count);
  }
  return least;
}

/// The definition of e-BH, from the other end.
std::size_t e_bh_count(const std::vector<double>& e, double alpha) {
  for (std::size_t k = e.size(); k != 0; --k) {
    const double needed = static_cast<double>(e.size()) / (alpha * static_cast<double>(k));
    if (std::count_if(e.begin(), e.end(), [&](double x) { return x >= needed; }) >= static_cast<std::ptrdiff_t>(k)) return k;
  }
  return 0;
}

}  // namespace

TEST_CASE("multiple testing: Holm on a worked example", "[stats]") {
  // 0.01 <= 0.05 / 4, 0.015 <= 0.05 / 3, 0.03 > 0.05 / 2: stop.
  CHECK(*stats::holm(std::vector<double>{0.03, 0.01, 0.04, 0.015}, 0.05) == std::vector<bool>{false, true, false, true});
  CHECK(stats::holm({}, 0.05)->empty());
  CHECK(*stats::holm(std::vector<double>{0.05}, 0.05) == std::vector<bool>{true});
  CHECK(stats::holm(std::vector<double>{1.5}, 0.05).error().code == errc::out_of_range);
  CHECK(stats::holm(std::vector<double>{std::nan("")}, 0.05).error().code == errc::out_of_range);
  CHECK(stats::holm(std::vector<double>{0.5}, 0).error().code == errc::out_of_range);
}

TEST_CASE("multiple testing: family-wise e-values equal closed testing by brute force", "[stats]") {
  random_stream r(seed{}, "closed testing");
  for (int round = 0; round < 300; ++round) {
    std::vector<double> e(1 + r.below(8));
    for (double& x : e) x = std::exp(4 * r.normal());
    if (round % 3 == 0) e.back() = e.front();  // ties
    const auto fast = stats::e_holm(logs(e));
    REQUIRE(fast);
    const auto slow = closed_by_brute_force(e);
    for (std::size_t i = 0; i < e.size(); ++i) CHECK((*fast)[i] == Approx(std::log(slow[i])).epsilon(1e-10).margin(1e-10));
  }
}

TEST_CASE("multiple testing: family-wise e-values reject all that Holm on 1/e does", "[stats]") {
  random_stream r(seed{}, "holm and e-holm");
  int more = 0;
  for (int round = 0; round < 500; ++round) {
    std::vector<double> log_e(1 + r.below(12)), p;
    for (double& x : log_e) x = 3 * r.normal() + 1;
    for (double x : log_e) p.push_back(stats::p_from_log_e(x));
    const auto adjusted = *stats::e_holm(log_e);
    const auto rejected = *stats::holm(p, 0.05);
    for (std::size_t i = 0; i < p.size(); ++i) {
      if (rejected[i]) CHECK(adjusted[i] >= std::log(20.0) - 1e-9);
      more += !rejected[i] && adjusted[i] >= std::log(20.0);
    }
  }
  CHECK(more > 0);
}

TEST_CASE("multiple testing: infinite and vanishing e-values", "[stats]") {
  const std::vector<double> log_e{HUGE_VAL, -HUGE_VAL, 2000.0, 0.0};
  const auto adjusted = *stats::e_holm(log_e);
  CHECK(adjusted[0] > 600);
  CHECK(adjusted[1] == -HUGE_VAL);
  CHECK(adjusted[2] > 600);
  CHECK(*stats::e_bh(log_e, 0.01) == std::vector<bool>{true, false, true, false});
  CHECK(stats::e_holm(std::vector<double>{std::nan("")}).error().code == errc::non_finite);
  CHECK(stats::e_bh(std::vector<double>{std::nan("")}, 0.1).error().code == errc::non_finite);
  CHECK(stats::e_bh(std::vector<double>{0}, 1).error().code == errc::out_of_range);
  CHECK(stats::e_holm({})->empty());
}

TEST_CASE("multiple testing: e-BH equals its definition", "[stats]") {
  random_stream r(seed{}, "e-BH");
  for (int round = 0; round < 300; ++round) {
    std::vector<double> e(1 + r.below(20));
    for (double& x : e) x = std::exp(3 * r.normal() + 1);
    const auto rejected = *stats::e_bh(logs(e), 0.2);
    const auto count = static_cast<std::size_t>(std::count(rejected.begin(), rejected.end(), true));
    CHECK(count == e_bh_count(e, 0.2));
    for (std::size_t i = 0; i < e.size(); ++i)
      for (std::size_t j = 0; j < e.size(); ++j)
        if (rejected[i] && !rejected[j]) CHECK(e[i] >= e[j]);
  }
}

TEST_CASE("multiple testing: e-LOND spends its schedule and earns by rejecting", "[stats]") {
  auto stream = stats::e_lond::make(0.1);
  REQUIRE(stream);
  CHECK_FALSE(*stream->decide(std::log(19.0)));  // 0.1 / 2
  CHECK(*stream->decide(std::log(61.0)));        // 0.1 / 6
  CHECK(*stream->decide(std::log(61.0)));        // 0.1 / 12, twice
  CHECK_FALSE(*stream->decide(std::log(66.0)));  // 0.1 / 20, three times: 66.7
  CHECK(stream->decide(std::nan("")).error().code == errc::non_finite);
  CHECK((stream->tested() == 4 && stream->rejected() == 2));
  CHECK(stats::e_lond::make(0).error().code == errc::out_of_range);
}
