// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include <assay/fingerprint/state_thresholds.hpp>
#include <assay/random/stream.hpp>

#include "../core/throwing_contract.hpp"

using namespace assay;
using outcome = state_judgement::outcome;

namespace {

state_counts counts_of(const std::vector<float>& claimed, const std::vector<float>& reference) {
  auto c = state_comparison::make(dtype::f32).value();
  REQUIRE(c.add(std::span<const float>{claimed}, std::span<const float>{reference}));
  return c.counts();
}

/// One honest row: a reference of deviation 1, and noise.
state_counts honest_row(random_stream& random, double noise, std::size_t width = 256) {
  std::vector<float> a(width), b(width);
  for (std::size_t i = 0; i < width; ++i) {
    const double h = random.normal();
    b[i] = static_cast<float>(h), a[i] = static_cast<float>(h + noise * random.normal());
  }
  return counts_of(a, b);
}

/// All clauses wide open but one.
state_thresholds open() {
  state_thresholds t;
  t.exponent_mismatch_below = 2, t.large_in_mismatch_above = -1, t.small_in_match_above = -1, t.mean_signed_most = 1e9;
  return t;
}

constexpr float infinity = std::numeric_limits<float>::infinity();

}  // namespace

TEST_CASE("state thresholds: the paper's numbers", "[fingerprint]") {
  const state_thresholds t = verillm_off_chain_thresholds();
  CHECK(t.exponent_mismatch_below == 0.05);
  CHECK(t.large_in_mismatch_above == 0.75);
  CHECK(t.small_in_match_above == 0.80);
  CHECK(t.mean_signed_most == 0.01);
  CHECK(t.sign_flip_most == 1);  // the paper does not look
  CHECK(validate(t));
}

TEST_CASE("state thresholds: each clause by itself", "[fingerprint]") {
  const auto judged = [](const state_thresholds& t, const std::vector<float>& a, const std::vector<float>& b) {
    return judge(counts_of(a, b), t);
  };
  const state_judgement accepted{outcome::accept, state_clause::none};
  const auto rejected = [](state_clause c) { return state_judgement{outcome::reject, c}; };
  const std::vector<float> b{1, 1, 1, 1};
  state_thresholds t = open();
  CHECK(judged(t, {4, 4, -4, 100}, b) == accepted);
  t.exponent_mismatch_below = 0.25;
  CHECK(judged(t, {2, 1, 1, 1}, b) == rejected(state_clause::exponent_mismatch));  // a quarter is not below a quarter
  t.exponent_mismatch_below = 0.26;
  CHECK(judged(t, {2, 1, 1, 1}, b) == accepted);
  t = open(), t.large_in_mismatch_above = 0.5;
  CHECK(judged(t, {2, 3.8f, 1, 1}, b) == rejected(state_clause::large_in_mismatch));
  CHECK(judged(t, {3.8f, 3.8f, 2, 1}, b) == accepted);
  CHECK(judged(t, {1, 1, 1, 1}, b) == accepted);  // no mismatch: nothing to judge
  t.least_mismatches = 3;
  CHECK(judged(t, {2, 2, 1, 1}, b) == accepted);
  CHECK(judged(t, {2, 2, 2, 1}, b) == rejected(state_clause::large_in_mismatch));
  t = open(), t.small_in_match_above = 0.5;
  CHECK(judged(t, {1.9f, 1.9f, 1, 1}, b) == rejected(state_clause::small_in_match));
  CHECK(judged(t, {1.9f, 1, 1, 1}, b) == accepted);
  CHECK(judged(t, {2, 2, 2, 2}, b) == accepted);  // no match: nothing to judge
  t = open(), t.mean_signed_most = 0.5;
  CHECK(judged(t, {3, 1, 1, 1}, b) == accepted);
  CHECK(judged(t, {-2, 1, 1, 1}, b) == rejected(state_clause::mean_signed));
  t = open(), t.relative_deviation_most = 0.5;
  CHECK(judged(t, {2, 0, 1, 1}, b) == accepted);
  CHECK(judged(t, {2, 0, 1, 1.5f}, b) == rejected(state_clause::relative_deviation));
  CHECK(judged(t, {0, 0}, {0, 0}) == accepted);
  CHECK(judged(t, {0, 1e-30f}, {0, 0}) == rejected(state_clause::relative_deviation));
  t = open(), t.sign_flip_most = 0.25;
  CHECK(judged(t, {-1, 1, 1, 1}, b) == accepted);
  CHECK(judged(t, {-1, -1, 1, 1}, b) == rejected(state_clause::sign_flip));
}

TEST_CASE("state thresholds: what cannot be judged", "[fingerprint]") {
  const state_thresholds t = open();
  CHECK(judge(state_counts{}, t) == state_judgement{outcome::inconclusive, state_clause::too_few_pairs});
  CHECK(judge(counts_of({infinity, 1}, {1, 1}), t) ==
        state_judgement{outcome::reject, state_clause::claimed_not_finite});
  // The reference's own NaN blames nobody, whatever was claimed.
  for (const float claim : {1.0f, infinity})
    CHECK(judge(counts_of({claim, infinity}, {infinity, 1}), t) ==
          state_judgement{outcome::inconclusive, state_clause::reference_not_finite});
  state_thresholds many = t;
  many.least_pairs = 3;
  CHECK(judge(counts_of({9, 9}, {1, 1}), many).decision == outcome::inconclusive);

  state_acceptance rows;
  CHECK_FALSE(rows.accept_rate());
  rows.add(judge(state_counts{}, t));
  CHECK_FALSE(rows.accept_rate());
  rows.add(judge(counts_of({1}, {1}), t));
  rows.add(judge(counts_of({infinity}, {1}), t));
  CHECK(*rows.accept_rate() == 0.5);
  state_acceptance more = rows;
  more.merge(rows);
  CHECK(more.accepted == 2);
  CHECK(more.inconclusive == 2);
}

TEST_CASE("state thresholds: fitted on honest rows, a new honest row is rejected as rarely as promised",
          "[fingerprint]") {
  random_stream random{seed{}, "state-fit"};
  constexpr double alpha = 0.06;
  int rejected = 0, judged = 0;
  for (int experiment = 0; experiment < 40; ++experiment) {
    std::vector<state_counts> honest;
    for (int i = 0; i < 200; ++i) honest.push_back(honest_row(random, 3e-3, 64));
    const auto fitted = fit_state_thresholds(honest, alpha);
    REQUIRE(fitted);
    REQUIRE(validate(*fitted));
    for (int i = 0; i < 50; ++i, ++judged)
      rejected += judge(honest_row(random, 3e-3, 64), *fitted).decision != outcome::accept;
    // Twice the noise is seen by at least one clause, mostly.
    int caught = 0;
    for (int i = 0; i < 20; ++i) caught += judge(honest_row(random, 6e-3, 64), *fitted).decision == outcome::reject;
    CHECK(caught >= 15);
  }
  const double rate = static_cast<double>(rejected) / judged;
  CHECK(rate <= alpha + 4 * std::sqrt(alpha * (1 - alpha) / judged));
  CHECK(rate > 0.01);  // the clauses overlap, but not so much that nothing is ever rejected
}

TEST_CASE("state thresholds: fitting refuses what it cannot promise", "[fingerprint]") {
  random_stream random{seed{}, "state-fit"};
  std::vector<state_counts> honest;
  for (int i = 0; i < 598; ++i) honest.push_back(honest_row(random, 1e-3, 16));
  const auto few = fit_state_thresholds(honest, 0.01);
  REQUIRE_FALSE(few);
  CHECK(few.error().code == errc::insufficient_data);
  CHECK(few.error().where == 600);
  honest.push_back(honest_row(random, 1e-3, 16));
  CHECK(fit_state_thresholds(honest, 0.01));
  CHECK(fit_state_thresholds(honest, 0).error().code == errc::out_of_range);
  CHECK(fit_state_thresholds(honest, std::nan("")).error().code == errc::out_of_range);
  CHECK(fit_state_thresholds({}, 0.01).error().code == errc::insufficient_data);
  auto bad = honest;
  bad[7] = counts_of({infinity}, {1});
  CHECK(fit_state_thresholds(bad, 0.01).error().code == errc::non_finite);
  CHECK(fit_state_thresholds(bad, 0.01).error().where == 7);
  bad[7] = state_counts{};
  CHECK(fit_state_thresholds(bad, 0.01).error().code == errc::empty);
}

TEST_CASE("state thresholds: fitted on one value, that value passes", "[fingerprint]") {
  const std::vector<state_counts> same(99, counts_of({1, 2, 3, -4}, {1, 2.1f, 4.5f, -4}));
  const auto fitted = fit_state_thresholds(same, 0.5);
  REQUIRE(fitted);
  CHECK(judge(same[0], *fitted).decision == outcome::accept);
}

TEST_CASE("state thresholds: settings", "[fingerprint]") {
  const auto code = [](auto change) {
    state_thresholds t;
    change(t);
    return validate(t).error().code;
  };
  CHECK(code([](auto& t) { t.exponent_mismatch_below = -1; }) == errc::out_of_range);
  CHECK(code([](auto& t) { t.large_in_mismatch_above = std::nan(""); }) == errc::out_of_range);
  CHECK(code([](auto& t) { t.relative_deviation_most = std::nan(""); }) == errc::out_of_range);
  CHECK(code([](auto& t) { t.least_pairs = 0; }) == errc::out_of_range);
  const throwing_contract guard;
  state_thresholds broken;
  broken.sign_flip_most = -1;
  CHECK_THROWS_AS(static_cast<void>(judge(state_counts{}, broken)), broken_contract);
}
