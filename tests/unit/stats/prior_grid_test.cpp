// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/stats/prior_grid.hpp>

#include <cmath>

#include <assay/stats/betting.hpp>

#include "support/catch.hpp"

using namespace assay;

TEST_CASE("prior grid: ends are met, steps are even and at most 1.6, ends weigh double", "[stats]") {
  for (double range : {1.0, 1.2, 1.6, 2.0, 4.0, 10.0, 500.0, 1e6}) {
    const auto grid = stats::prior_grid::make(0.01, 0.01 * range);
    REQUIRE(grid);
    const auto points = grid->points();
    REQUIRE(points.size() == grid->weights().size());
    REQUIRE((points.size() >= 1 && points.size() <= stats::prior_grid::most_points));
    CHECK(points.front() == Approx(0.01));
    CHECK(points.back() == Approx(0.01 * range));
    const double step = points.size() == 1 ? 1 : points[1] / points[0];
    for (std::size_t i = 1; i < points.size(); ++i) CHECK(points[i] / points[i - 1] == Approx(step));
    if (range <= 1000) CHECK(step <= stats::prior_grid::spacing * (1 + 1e-9));
    for (std::size_t i = 0; i < points.size(); ++i)
      CHECK(grid->weights()[i] == (i == 0 || i + 1 == points.size() ? 2 : 1));
  }
  CHECK(stats::prior_grid::make(0.01, 0.016)->points().size() == 2);
  CHECK(stats::prior_grid::make(0.01, 1e6)->points().size() == stats::prior_grid::most_points);
}

TEST_CASE("prior grid: nonsense is refused", "[stats]") {
  for (const auto& [least, most] : {std::array{0.0, 1.0}, std::array{-1.0, 1.0}, std::array{2.0, 1.0}, std::array{1e-300, 1e300},
                                    std::array{1.0, std::nan("")}, std::array{1.0, HUGE_VAL}})
    CHECK(stats::prior_grid::make(least, most).error().code == errc::out_of_range);
}

TEST_CASE("prior grid: the best share of a bet on zeros and ones is Kelly's", "[stats]") {
  // Growth p ln(1 + L (1 - q)) + (1 - p) ln(1 - L q) has its maximum at L = (p - q) / (q (1 - q)): share (p - q) / (1 - q).
  for (const auto& [q, p] : {std::array{0.02, 0.03}, std::array{0.02, 0.5}, std::array{0.5, 0.6}})
    CHECK(*stats::best_share(q, q * (1 - q), p) == Approx((p - q) / (1 - q)));
  CHECK(*stats::best_share(0.5, 1.0 / 36, 0.5 + 0.1 / 6) == Approx(0.3));
  CHECK(*stats::best_share(0.5, 1e-9, 1) == 0.95);
  for (const auto& [h, v, m] : {std::array{0.0, 0.1, 0.1}, std::array{0.2, 0.1, 0.1}, std::array{0.1, 0.1, 1.1}, std::array{0.1, 0.0, 0.2}})
    CHECK(stats::best_share(h, v, m).error().code == errc::out_of_range);
}

TEST_CASE("prior grid: bets around the excess that comes win more than bets on everything", "[stats]") {
  const double best = *stats::best_share(0.5, 0.04, 0.55);  // scores of 0.35 and 0.75
  const auto grid = stats::prior_grid::make(0.8 * best, 1.25 * best);
  auto focused = stats::betting_martingale::make(0.5, grid->points(), grid->weights()), wide = stats::betting_martingale::make(0.5);
  for (int i = 0; i < 400; ++i)
    for (auto* each : {&focused, &wide}) REQUIRE((*each)->update(i % 2 == 0 ? 0.75 : 0.35));
  CHECK(focused->log_e_value() > wide->log_e_value());
}
