// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/token/noisy_replay.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include <assay/stats/normal.hpp>
#include <assay/token/score.hpp>

#include "support/catch.hpp"

using namespace assay;

namespace {
constexpr noise_key key{11, 12};
const std::vector<token_id> pair_ids{token_id{0}, token_id{1}};
}  // namespace

TEST_CASE("noisy replay: with two candidates it is the GLS of the margin, within its standard error", "[token]") {
  random_stream random(seed{}, "noisy replay");
  token_workspace work;
  const std::vector<float> logits{0.3f, 0.0f};
  const sparse_logits row{pair_ids, logits};
  for (std::uint32_t step = 0; step < 8; ++step) {
    const token_id claimed{step % 2};
    const auto score = score_token(row, sampler_settings{}, key, step, claimed, work);
    const auto seen = simulate_likelihood(row, sampler_settings{}, key, step, claimed, 1.0, 4000, random, work);
    REQUIRE(seen);
    const auto lead = score_token(row, sampler_settings{}, key, step, token_id{1 - step % 2}, work);
    const double gap = score->exact ? -lead->margin : score->margin;
    const double want = stats::normal_tail(gap / std::sqrt(2.0));
    INFO("step " << step << " gap " << gap);
    CHECK(std::abs(seen->probability() - want) < 4.5 * std::sqrt(want * (1 - want) / 4000) + 1e-9);
    CHECK(seen->standard_error() ==
          Approx(std::sqrt(seen->probability() * (1 - seen->probability()) / 4000)).margin(1e-12));
    const auto interval = seen->interval(0.999);
    CHECK(interval->low <= seen->probability());
    CHECK(interval->high >= seen->probability());
  }
}

TEST_CASE("noisy replay: no noise is an exact replay", "[token]") {
  random_stream random(seed{}, "noisy replay none");
  token_workspace work;
  const std::vector<float> row{1, 2, 3, 0.5f, 2.5f};
  const sampler_settings settings{0.9f, 3, 1};
  const auto token = sample_token(row, settings, key, 5, work);
  for (std::uint32_t id = 0; id < 5; ++id) {
    const auto seen =
        simulate_likelihood(std::span<const float>(row), 5, settings, key, 5, token_id{id}, 0, 10, random, work);
    CHECK(seen->wins == (token_id{id} == *token ? 10u : 0u));
  }
  const auto never =
      simulate_likelihood(std::span<const float>(row), 3, settings, key, 5, token_id{3}, 100, 50, random, work);
  CHECK(never->wins == 0);  // not among the three largest
  CHECK(never->log_likelihood() == -std::numeric_limits<double>::infinity());
  CHECK(never->interval(0.95)->high < 0.1);
}

TEST_CASE("noisy replay: a token just outside the filter can win where the margin calls it excluded", "[token]") {
  random_stream random(seed{}, "noisy replay border");
  token_workspace work;
  const std::vector<float> row{1.0f, 0.99f, -5};
  const sampler_settings settings{1, 1, 1};
  CHECK(score_token(row, settings, key, 0, token_id{1}, work)->filtered);
  const auto seen =
      simulate_likelihood(std::span<const float>(row), 3, settings, key, 0, token_id{1}, 0.1, 1000, random, work);
  CHECK(seen->probability() == Approx(0.47).margin(0.06));
}

TEST_CASE("noisy replay: the same stream gives the same count", "[token]") {
  token_workspace work;
  const std::vector<float> row{0.1f, 0.2f, 0.3f, 0.0f};
  std::uint32_t first = 0;
  for (int i = 0; i < 2; ++i) {
    random_stream random(seed{}, "noisy replay twice");
    const auto seen = simulate_likelihood(std::span<const float>(row), 4, sampler_settings{}, key, 1, token_id{2}, 0.5,
                                          200, random, work);
    if (i == 0) first = seen->wins;
    else CHECK(seen->wins == first);
  }
  const std::vector<float> extremes{std::numeric_limits<float>::max(), -std::numeric_limits<float>::infinity()};
  random_stream random(seed{}, "x");
  const sparse_logits row2{pair_ids, extremes};
  CHECK(simulate_likelihood(row2, sampler_settings{}, key, 0, token_id{0}, 1, 5, random, work)->wins == 5);
}

TEST_CASE("noisy replay: hostile input has typed errors", "[token]") {
  random_stream random(seed{}, "x");
  token_workspace work;
  const std::vector<float> good{0, 1}, bad{0, std::nanf("")};
  const auto run = [&](const std::vector<float>& values, double sigma, std::uint32_t draws) {
    const auto r = simulate_likelihood(sparse_logits{pair_ids, values}, sampler_settings{}, key, 0, token_id{0}, sigma,
                                       draws, random, work);
    return r ? errc{} : r.error().code;
  };
  CHECK(run(good, 1, 0) == errc::invalid_settings);
  CHECK(run(good, -1, 5) == errc::invalid_settings);
  CHECK(run(good, std::nan(""), 5) == errc::invalid_settings);
  CHECK(run(bad, 1, 5) == errc::non_finite);
  CHECK(run(good, 1e300, 5) == errc::non_finite);
  CHECK(
      simulate_likelihood(std::span<const float>(good), 0, sampler_settings{}, key, 0, token_id{0}, 1, 5, random, work)
          .error()
          .code == errc::invalid_settings);
}
