// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/stats/joint_threshold.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include <assay/random/stream.hpp>
#include <assay/stats/threshold.hpp>

#include "support/catch.hpp"

using namespace assay;

namespace {

using columns = std::vector<std::vector<double>>;

seed seed_of(std::uint64_t n) {
  seed s;
  for (std::size_t i = 0; i < 8; ++i) s.bytes[i] = static_cast<std::byte>(n >> (8 * i));
  return s;
}

/// Three statistics of a block: two strongly dependent ones, and a count with many ties.
std::array<double, 3> any_block(random_stream& draw) {
  const double common = draw.normal();
  return {std::exp(common + 0.3 * draw.normal()), std::exp(common + 0.3 * draw.normal()),
          static_cast<double>(draw.below(4))};
}

columns any_blocks(random_stream& draw, std::size_t n) {
  columns c(3);
  for (std::size_t i = 0; i < n; ++i) {
    const auto block = any_block(draw);
    for (std::size_t s = 0; s < 3; ++s) c[s].push_back(block[s]);
  }
  return c;
}

stats::cut_order order_of(const columns& c) {
  auto made = stats::cut_order::make(c);
  REQUIRE(made);
  return *made;
}

/// The definition, slowly: in each turn the largest of what is left goes.
std::vector<double> levels_ref(const columns& c) {
  std::vector<bool> gone(c[0].size());
  std::vector<double> levels;
  for (std::size_t turn = 0; turn < gone.size(); ++turn) {
    const auto& column = c[turn % c.size()];
    std::size_t worst = gone.size();
    for (std::size_t i = 0; i < gone.size(); ++i)
      if (!gone[i] && (worst == gone.size() || column[i] > column[worst])) worst = i;
    gone[worst] = true;
    levels.push_back(column[worst]);
  }
  return levels;
}

}  // namespace

TEST_CASE("joint threshold: cuts are made in turn", "[stats]") {
  const columns c{{5, 1, 4, 2}, {9, 8, 1, 2}};
  const auto order = order_of(c);
  CHECK(std::vector<double>(order.levels().begin(), order.levels().end()) == std::vector<double>{5, 8, 4, 2});
  CHECK(order.thresholds(1) == std::vector<double>{5, std::numeric_limits<double>::infinity()});
  CHECK(order.thresholds(3) == std::vector<double>{4, 8});
  CHECK(order.turn_of(std::vector<double>{5.5, 0}) == 0);
  CHECK(order.turn_of(std::vector<double>{5, 8.5}) == 1);
  CHECK(order.turn_of(std::vector<double>{4.5, 8}) == 2);
  CHECK(order.turn_of(std::vector<double>{4, 8}) == 3);
  CHECK(order.turn_of(std::vector<double>{4, 2}) == 4);
  CHECK(order.turn_of(std::vector<double>{0, std::nan("")}) == 1);
  random_stream draw{seed_of(1), "joint"};
  for (std::size_t n : {1u, 2u, 3u, 10u, 101u}) {
    const columns many = any_blocks(draw, n);
    const auto fast = order_of(many);
    CHECK(std::vector<double>(fast.levels().begin(), fast.levels().end()) == levels_ref(many));
  }
}

TEST_CASE("joint threshold: beyond a threshold means cut in time, and more cuts only tighten", "[stats]") {
  random_stream draw{seed_of(2), "joint"};
  const auto order = order_of(any_blocks(draw, 120));
  for (int i = 0; i < 300; ++i) {
    const auto block = any_block(draw);
    const std::size_t turn = order.turn_of(block);
    for (std::uint64_t cuts : {3u, 4u, 10u, 60u, 120u}) {
      const auto at = order.thresholds(cuts);
      const bool beyond = block[0] > at[0] || block[1] > at[1] || block[2] > at[2];
      CHECK(beyond == (turn < cuts));
    }
  }
}

TEST_CASE("joint threshold: with one statistic it is the order statistic", "[stats]") {
  random_stream draw{seed_of(3), "joint"};
  columns c(1);
  for (int i = 0; i < 500; ++i) c[0].push_back(draw.exponential());
  for (double alpha : {0.01, 0.05, 0.2}) {
    const stats::alarm_bound bound{stats::guarantee::tolerance, alpha, 0.9};
    CHECK(order_of(c).thresholds(stats::allowed_cuts(bound, 500))[0] == stats::fit_threshold(bound, c[0])->value);
  }
}

TEST_CASE("joint threshold: one bound covers dependent statistics", "[stats]") {
  // 5 % with 179 blocks: 9 cuts, 3 each. Every fit judges 20 fresh honest blocks.
  random_stream draw{seed_of(4), "joint"};
  const stats::alarm_bound bound{stats::guarantee::conformal, 0.05, 0.95};
  const std::uint64_t cuts = stats::allowed_cuts(bound, 179);
  REQUIRE(cuts == 9);
  constexpr std::size_t fits = 800, fresh = 20;
  constexpr double total = fits * fresh;
  double beyond = 0, small_p = 0;  // shares of all judged blocks
  for (std::size_t f = 0; f < fits; ++f) {
    const auto order = order_of(any_blocks(draw, 179));
    for (std::size_t i = 0; i < fresh; ++i) {
      const std::size_t turn = order.turn_of(any_block(draw));
      beyond += turn < cuts ? 1.0 / total : 0;
      small_p += turn < 36 ? 1.0 / total : 0;  // p <= 20 %
    }
  }
  INFO(beyond << ' ' << small_p);
  CHECK(beyond <= 0.05 + 0.009);  // four standard errors, of a new block and of a fit
  CHECK(beyond > 0.02);           // ties make it conservative, not idle
  CHECK(small_p <= 0.2 + 0.018);
}

TEST_CASE("joint threshold: tolerance over many fits, and no price for the number of statistics", "[stats][slow]") {
  // Independent uniform statistics, so the true share beyond is known: 1 - t0 t1 t2.
  const stats::alarm_bound bound{stats::guarantee::tolerance, 0.05, 0.9};
  const std::size_t n = *stats::needed_blocks(bound, 3);
  const std::uint64_t cuts = stats::allowed_cuts(bound, n);
  random_stream draw{seed_of(5), "joint"};
  constexpr double fits = 10000;
  double above = 0, mean = 0;
  for (double f = 0; f < fits; ++f) {
    columns c(3, std::vector<double>(n));
    for (auto& column : c)
      for (double& x : column) x = draw.uniform();
    const auto at = order_of(c).thresholds(cuts);
    const double share = 1 - at[0] * at[1] * at[2];
    mean += share / fits;
    above += (share > 0.05 ? 1 : 0) / fits;
  }
  const double exact = stats::detail::binomial_cdf(cuts - 1, n, 0.05);
  CHECK(exact <= 0.1);
  CHECK(above == Approx(exact).margin(4 * std::sqrt(exact * (1 - exact) / fits)));
  CHECK(mean == Approx(static_cast<double>(cuts) / static_cast<double>(n + 1)).margin(0.001));
  // Dividing alpha and the risk between three statistics needs nearly twice the sequences.
  CHECK(n * 18 < *stats::needed_blocks({stats::guarantee::tolerance, 0.05 / 3, 1 - 0.1 / 3}, 1) * 10);
}

TEST_CASE("joint threshold: poisoned blocks only widen what is inside", "[stats]") {
  random_stream draw{seed_of(6), "joint"};
  for (int round = 0; round < 200; ++round) {
    columns clean = any_blocks(draw, 60);
    const std::size_t dirt = 1 + draw.below(8);
    columns dirty = clean;
    for (std::size_t i = 0; i < dirt; ++i) {
      const auto at = static_cast<std::ptrdiff_t>(draw.below(dirty[0].size() + 1));  // one block: one place in all columns
      for (auto& column : dirty) {
        const double value = draw.uniform() < 0.5 ? 50 * draw.uniform() : 1e6;
        column.insert(column.begin() + at, value);
      }
    }
    for (std::uint64_t cuts : {3u, 9u, 30u}) {
      const auto low = order_of(clean).thresholds(cuts), high = order_of(dirty).thresholds(cuts);
      for (std::size_t s = 0; s < 3; ++s) CHECK(high[s] >= low[s]);
      // No more than one rank per poisoned block: what the others hold up stays.
      for (std::size_t s = 0; s < 3; ++s) {
        const std::size_t own = cuts / 3;
        if (own <= dirt) continue;
        auto sorted = clean[s];
        std::sort(sorted.begin(), sorted.end(), [](double a, double b) { return a > b; });
        CHECK(high[s] <= sorted[own - dirt - 1]);
      }
    }
  }
}

TEST_CASE("joint threshold: errors", "[stats]") {
  CHECK(stats::cut_order::make({}).error().code == errc::empty);
  CHECK(stats::cut_order::make(columns{{}}).error().code == errc::insufficient_data);
  CHECK(stats::cut_order::make(columns{{1, 2}, {1}}).error().code == errc::length_mismatch);
  CHECK(stats::cut_order::make(columns{{1, 2}, {1, std::nan("")}}).error() == fail(errc::non_finite, "", 1));
}
