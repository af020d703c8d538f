// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/token/choice_spread.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include <assay/random/stream.hpp>

#include "support/catch.hpp"

using namespace assay;

namespace {
using row_view = std::span<const float>;
constexpr float minus_infinity = -std::numeric_limits<float>::infinity();
}  // namespace

TEST_CASE("choice spread: by hand", "[token]") {
  token_workspace work;
  const std::vector<float> uniform(8, 0.25f);
  auto spread = spread_of(row_view(uniform), sampler_settings{}, work);
  REQUIRE(spread);
  CHECK(spread->kept == 8);
  CHECK(spread->gini == Approx(7.0 / 8));
  CHECK(spread->entropy == Approx(std::log(8.0)));
  const std::vector<float> two{std::log(3.0f), 0.0f, minus_infinity};
  spread = spread_of(row_view(two), sampler_settings{}, work);
  CHECK(spread->kept == 2);
  CHECK(spread->gini == Approx(1 - 9.0 / 16 - 1.0 / 16).epsilon(1e-6));
  CHECK(spread->entropy == Approx(-0.75 * std::log(0.75) - 0.25 * std::log(0.25)).epsilon(1e-6));
  spread = spread_of(row_view(two), sampler_settings{0.5f, 0, 1}, work);  // temperature squares the odds
  CHECK(spread->gini == Approx(1 - 0.81 - 0.01).epsilon(1e-6));
  spread = spread_of(row_view(two), sampler_settings{0, 0, 1}, work);
  CHECK((spread->kept == 1 && spread->gini == 0 && spread->entropy == 0));
  spread = spread_of(row_view(two), sampler_settings{1, 1, 1}, work);
  CHECK((spread->kept == 1 && spread->gini == 0 && spread->entropy == 0));
}

TEST_CASE("choice spread: that of the kept tokens' renormalised probabilities, dense and sparse, under any filter",
          "[token]") {
  random_stream r(seed{}, "spread");
  token_workspace work;
  filter_settings triton{.rule = filter_rule::vllm_triton, .sampler = {0.9f, 20, 0.95f}};
  filter_settings llama{.rule = filter_rule::llama_cpp, .sampler = {1.3f, 30, 0.9f}, .min_p = 0.02f};
  for (int i = 0; i < 40; ++i) {
    std::vector<float> row(300 + 300 * static_cast<std::size_t>(i % 2));
    for (float& l : row) l = r.below(20) == 0 ? minus_infinity : static_cast<float>(2 * r.normal());
    const auto top = *top_logits(row, 600);
    const auto check = [&](const auto& settings) {
      const auto dense = spread_of(row_view(row), settings, work), sparse = spread_of(top.view(), settings, work);
      const auto kept = *kept_tokens(row, settings, work);
      double sum = 0, gini = 1, entropy = 0;
      const auto weight = [&](token_id id) {
        return std::exp(static_cast<double>(row[id.value]) / static_cast<double>(temperature_of(settings)));
      };
      for (token_id id : kept) sum += weight(id);
      for (token_id id : kept) {
        const double p = weight(id) / sum;
        gini -= p * p;
        entropy -= p * std::log(p);
      }
      for (const auto& s : {dense, sparse}) {
        REQUIRE(s->kept == kept.size());
        REQUIRE(s->gini == Approx(gini).margin(1e-6));
        REQUIRE(s->entropy == Approx(entropy).margin(1e-6));
      }
    };
    check(sampler_settings{});
    check(sampler_settings{0.7f, 10, 1});
    check(sampler_settings{1.3f, 0, 0.8f});
    check(sampler_settings{0.5f, 30, 0.9f});
    check(triton);
    check(llama);
  }
}

TEST_CASE("choice spread: with the score in one go, both are what they are alone", "[token]") {
  random_stream r(seed{}, "spread and score");
  token_workspace work;
  constexpr noise_key key{5, 6};
  for (int i = 0; i < 120; ++i) {
    std::vector<float> row(300);
    for (float& l : row) l = r.below(20) == 0 ? minus_infinity : static_cast<float>(2 * r.normal());
    const auto top = *top_logits(row, 40);
    const auto step = static_cast<std::uint32_t>(i);
    const token_id claimed{static_cast<std::uint32_t>(r.below(300))};
    filter_settings llama;
    llama.rule = filter_rule::llama_cpp;
    llama.sampler = {1.3f, 30, 0.9f};
    llama.min_p = 0.02f;
    const auto check = [&](const auto& logits, const auto& settings) {
      const auto both = score_with_spread(logits, settings, key, step, claimed, work);
      const auto score = score_token(logits, settings, key, step, claimed, work);
      const auto spread = spread_of(logits, settings, work);
      REQUIRE(both);
      REQUIRE(both->score.margin == score->margin);
      REQUIRE(both->score.finite_margin == score->finite_margin);
      REQUIRE(both->score.predicted == score->predicted);
      REQUIRE(both->score.probability == score->probability);
      REQUIRE(both->score.logit_rank == score->logit_rank);
      REQUIRE(both->score.gumbel_rank == score->gumbel_rank);
      REQUIRE(both->spread.kept == spread->kept);
      REQUIRE(both->spread.gini == spread->gini);
      REQUIRE(both->spread.entropy == spread->entropy);
    };
    for (const sampler_settings settings :
         {sampler_settings{}, {0.7f, 10, 1}, {1.3f, 0, 0.8f}, {0.5f, 30, 0.9f}, {0, 5, 1}}) {
      check(row_view(row), settings);
      check(top.view(), settings);
    }
    check(row_view(row), llama);
    check(top.view(), llama);
  }
  const std::vector<float> row{1, 2};
  CHECK(score_with_spread(row_view(row), sampler_settings{}, key, 0, token_id{2}, work).error().code ==
        errc::token_out_of_range);
  CHECK(score_with_spread(row_view{}, sampler_settings{}, key, 0, token_id{2}, work).error().code == errc::empty);
  CHECK(score_with_spread(sparse_logits{{}, row}, sampler_settings{}, key, 0, token_id{2}, work).error().code ==
        errc::length_mismatch);
}

TEST_CASE("choice spread: errors come through", "[token]") {
  token_workspace work;
  const float nan = std::nanf("");
  CHECK(spread_of(row_view{}, sampler_settings{}, work).error().code == errc::empty);
  CHECK(spread_of(row_view(&nan, 1), sampler_settings{}, work).error().code == errc::non_finite);
  CHECK(spread_of(row_view(&nan, 1), sampler_settings{-1, 0, 1}, work).error().code == errc::invalid_settings);
  CHECK(spread_of(sparse_logits{}, sampler_settings{}, work).error().code == errc::empty);
  CHECK(spread_of(sparse_logits{}, filter_settings{.sampler = {}, .min_p = 2}, work).error().code ==
        errc::invalid_settings);
}

TEST_CASE("choice spread: pairs clear of the filters' border", "[token]") {
  token_workspace work;
  // Probabilities 4 : 2 : 1 : 1 of eight; the border is that of the last two, and 0.5 logits above them is clear.
  const std::vector<float> row{std::log(4.0f), std::log(2.0f), 0, 0, -9};
  CHECK(spread_of(row_view(row), sampler_settings{1, 4, 1}, work)->inner_gini == Approx(2 * 0.5 * 0.25).epsilon(1e-6));
  const auto open = spread_of(row_view(row), sampler_settings{1, 0, 1}, work);
  CHECK(open->inner_gini == open->gini);
  CHECK(spread_of(row_view(row), sampler_settings{1, 1, 1}, work)->inner_gini == 0);
  CHECK(spread_of(row_view(row), sampler_settings{0, 4, 1}, work)->inner_gini == 0);
  int inner = 0, outer = 0;
  for (std::uint32_t step = 0; step < 200; ++step)
    for (std::uint32_t c = 0; c < row.size(); ++c) {
      const auto choice = score_with_spread(row_view(row), sampler_settings{1, 4, 1}, {5, 6}, step, token_id{c}, work);
      REQUIRE(choice);
      CHECK(choice->inner == (c < 2 && choice->score.predicted.value < 2));
      ++(choice->inner ? inner : outer);
      CHECK(score_with_spread(row_view(row), sampler_settings{1, 0, 1}, {5, 6}, step, token_id{c}, work)->inner);
    }
  CHECK(inner > 100);
  CHECK(outer > 100);
}
