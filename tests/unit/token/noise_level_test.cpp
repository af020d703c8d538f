// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/token/noise_level.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include "support/catch.hpp"

using namespace assay;

namespace {
token_score scored(double margin) {
  token_score s;
  s.margin = margin;
  s.exact = margin == 0;
  s.filtered = std::isinf(margin);
  return s;
}
constexpr double infinity = std::numeric_limits<double>::infinity();
}  // namespace

TEST_CASE("noise level: the published example, mean margin 4e-4 at Gini 1/2 is a noise of 0.04", "[token]") {
  noise_sums sums;
  sums.add(scored(0.0008), 0.5, {});
  sums.add(scored(0), 0.5, {});
  const auto level = implied_noise(sums);
  REQUIRE(level);
  CHECK(level->sigma == Approx(0.04));
  CHECK(level->sigma_of_mismatches == Approx(0.5 / 0.5 * std::sqrt(3.14159265358979)));
  CHECK(level->mismatch_ratio == Approx(level->sigma_of_mismatches / level->sigma));
}

TEST_CASE("noise level: temperature scales out, excluded and greedy tokens are left out", "[token]") {
  noise_sums warm, cold;
  warm.add(scored(0.01), 0.6, {2, 0, 1});
  cold.add(scored(0.02), 0.6, {1, 0, 1});
  CHECK(implied_noise(warm)->sigma * std::sqrt(1.0) == Approx(std::sqrt(2 * 2 * 0.01 / 0.6)));
  CHECK(implied_noise(cold)->sigma == Approx(implied_noise(warm)->sigma));
  noise_sums both = warm;
  both.merge(cold);
  CHECK(both.tokens == 2);
  CHECK(implied_noise(both)->sigma == Approx(implied_noise(warm)->sigma));
  both.add(scored(infinity), 0.6, {});
  both.add(scored(3), 0, {0, 0, 1});
  CHECK(both.left_out == 2);
  CHECK(both.tokens == 2);
  CHECK(implied_noise(noise_sums{}).error().code == errc::insufficient_data);
}

TEST_CASE("noise level: tokens at a filter's border add to what is expected only", "[token]") {
  noise_sums sums;
  sums.add({scored(0.02), {3, 0.6, 1, 0.4}, true}, {2, 5, 1});
  sums.add({scored(9), {3, 0.6, 1, 0.3}, false}, {2, 5, 1});
  sums.add({scored(infinity), {3, 0.6, 1, 0.1}, false}, {2, 5, 1});
  sums.add({scored(1), {1, 0, 0, 0}, true}, {0, 5, 1});
  CHECK(sums.tokens == 1);
  CHECK(sums.left_out == 3);
  CHECK(sums.margin == 0.02);
  CHECK(sums.weight == Approx((0.4 + 0.3 + 0.1) / 4));
  CHECK(implied_noise(sums)->sigma == Approx(std::sqrt(0.02 / 0.2)));
}

TEST_CASE("noise level: Student's quantiles", "[token]") {
  CHECK(detail::student_quantile(1, 0.95) == Approx(12.706204736).epsilon(1e-8));
  CHECK(detail::student_quantile(9, 0.95) == Approx(2.262157163).epsilon(1e-8));
  CHECK(detail::student_quantile(29, 0.99) == Approx(2.756385904).epsilon(1e-8));
  CHECK(detail::student_quantile(1e6, 0.95) == Approx(1.959966).epsilon(1e-5));
}

TEST_CASE("noise level: limits", "[token]") {
  std::vector<noise_sums> sequences(4);
  for (std::size_t i = 0; i < 4; ++i) {
    sequences[i].add(scored(0.001 * static_cast<double>(i + 1)), 0.5, {});
    sequences[i].add(scored(0), 0.5, {});
  }
  const auto level = implied_noise(sequences, 0.95);
  REQUIRE(level);
  CHECK(level->sigma == Approx(std::sqrt(2 * 0.01 / 4)));
  CHECK(level->low < level->sigma);
  CHECK(level->high > level->sigma);
  CHECK(level->low * level->high == Approx(level->sigma * level->sigma));
  const auto wider = implied_noise(sequences, 0.99);
  CHECK(wider->low < level->low);
  CHECK(wider->high > level->high);
  const std::vector<noise_sums> alike(3, sequences[0]);
  CHECK(implied_noise(alike, 0.95)->low == implied_noise(alike, 0.95)->high);  // no spread is seen, none is claimed
}

TEST_CASE("noise level: without a single mismatch the upper limit comes from their absence", "[token]") {
  std::vector<noise_sums> sequences(2);
  for (auto& s : sequences)
    for (int i = 0; i < 5000; ++i) s.add(scored(0), 0.5, {});
  const auto level = implied_noise(sequences, 0.95);
  REQUIRE(level);
  CHECK(level->sigma == 0);
  CHECK(level->low == 0);
  CHECK(level->high == Approx(-std::log(0.025) / (10000 * 0.5 / std::sqrt(3.14159265358979))));
  CHECK(level->mismatch_ratio == 0);
}

TEST_CASE("noise level: what cannot be answered", "[token]") {
  std::vector<noise_sums> sequences(2);
  sequences[0].add(scored(0.1), 0.5, {});
  CHECK(implied_noise(sequences, 0.95).error().code == errc::insufficient_data);  // the second is empty
  CHECK(implied_noise(std::vector<noise_sums>{}, 0.95).error().code == errc::insufficient_data);
  CHECK(implied_noise(sequences, 1).error().code == errc::out_of_range);
  CHECK(implied_noise(sequences, std::nan("")).error().code == errc::out_of_range);
}
