// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/token/score.hpp>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/catch.hpp"

using namespace assay;

namespace {

nlohmann::json vectors() {
  std::ifstream in(std::filesystem::path(__FILE__).parent_path() / "../../vectors/difr.json");
  return nlohmann::json::parse(in);
}

/// A profile of fixed exponential draws, one per token.
struct table_noise {
  static constexpr double gumbel_max = 50;
  std::vector<double> exponential;
  double gumbel(noise_key, std::uint32_t, token_id id) const { return -fp::log(exponential[id.value]); }
};
static_assert(noise_profile<table_noise> && !bounded_noise_profile<table_noise>);

constexpr noise_key key{1, 2};
constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("score: golden margins, probabilities and ranks", "[token]") {
  const nlohmann::json v = vectors().at("margins");
  const auto logits = v.at("logits").get<std::vector<float>>();
  const table_noise noise{v.at("exponential_noise").get<std::vector<double>>()};
  std::vector<token_id> ids;
  for (std::uint32_t i = 0; i < logits.size(); ++i) ids.push_back(token_id{i});
  token_workspace work;
  REQUIRE(v.at("cases").size() == 12);
  for (const auto& c : v.at("cases")) {
    INFO(c.dump());
    const sampler_settings settings{c.at("temperature").get<float>(), c.at("top_k").get<std::uint32_t>(),
                                    c.at("top_p").get<float>()};
    // The vectors are of double temperature; ours is float: 0.7f differs in the eighth digit.
    const double tolerance = settings.temperature == 0.7f ? 1e-6 : 1e-9;
    for (std::uint32_t i = 0; i < 8; ++i) {
      const auto dense = score_token(logits, settings, key, 0, token_id{i}, work, noise);
      const auto sparse = score_token(sparse_logits{ids, logits}, settings, key, 0, token_id{i}, work, noise);
      REQUIRE(dense);
      REQUIRE(sparse);
      CHECK(dense->margin == sparse->margin);
      CHECK(dense->finite_margin == sparse->finite_margin);
      CHECK(dense->probability == sparse->probability);
      CHECK(dense->gumbel_rank == sparse->gumbel_rank);
      CHECK(dense->predicted.value == c.at("predicted").get<std::uint32_t>());
      CHECK(dense->exact == (dense->predicted.value == i));
      CHECK(dense->logit_rank == c.at("logit_rank")[i].get<std::uint32_t>());
      const bool filtered = c.at("margin")[i].is_null();
      CHECK(dense->filtered == filtered);
      CHECK(std::isfinite(dense->finite_margin));
      CHECK(dense->probability == Approx(c.at("probability")[i].get<double>()).margin(1e-6));
      CHECK(dense->cross_entropy == Approx(-std::log(dense->probability + 1e-8)).epsilon(1e-12));
      if (filtered) {
        CHECK(dense->margin == infinity);
        CHECK(dense->gumbel_rank == unranked);
        CHECK(dense->finite_margin > 0);
        CHECK(capped_margin(*dense, 0.5) == 0.5);
      } else {
        CHECK(dense->margin == Approx(c.at("margin")[i].get<double>()).margin(tolerance));
        CHECK(dense->finite_margin == dense->margin);
        if (settings.temperature > 0) CHECK(dense->gumbel_rank == c.at("gumbel_rank")[i].get<std::uint32_t>());
        else CHECK(dense->gumbel_rank == dense->logit_rank);
      }
    }
  }
}

TEST_CASE("score: excluded tokens get the margin through the border of the kept set", "[token]") {
  const std::vector<float> logits{2, 1.5f, 1, 0.5f};
  const table_noise noise{{1, 1, 1, 1}};  // g = 0
  token_workspace work;
  const auto s = score_token(logits, {1, 2, 1}, key, 0, token_id{3}, work, noise);
  REQUIRE(s);
  CHECK(s->filtered);
  CHECK(s->finite_margin == 1.5 + 1.0);  // to the winner, and to the smallest kept logit
  const table_noise lucky{{1, 1, 1, 1e-6}};  // the excluded token would have won
  CHECK(score_token(logits, {1, 2, 1}, key, 0, token_id{3}, work, lucky)->finite_margin == 1.0);
  // Not listed, or impossible: taken from the smallest finite logit.
  const std::vector<token_id> ids{token_id{0}, token_id{1}, token_id{2}};
  const sparse_logits sparse{ids, std::span(logits).first(3)};
  const auto unlisted = score_token(sparse, {1, 2, 1}, key, 0, token_id{3}, work, noise);
  REQUIRE(unlisted);
  CHECK(unlisted->filtered);
  CHECK(unlisted->logit_rank == 3);
  CHECK(unlisted->finite_margin == 1.0 + 0.5);
  const std::vector<float> impossible{2, 1.5f, 1, -std::numeric_limits<float>::infinity()};
  for (sampler_settings settings : {sampler_settings{1, 2, 1}, sampler_settings{1, 0, 1}, sampler_settings{1, 0, 0.9f},
                                    sampler_settings{0, 2, 1}}) {
    const auto a = score_token(impossible, settings, key, 0, token_id{3}, work, noise);
    const auto b = score_token(sparse, settings, key, 0, token_id{3}, work, noise);
    REQUIRE((a && b));
    CHECK(a->filtered);
    CHECK(a->finite_margin == b->finite_margin);
    CHECK(a->logit_rank == 3);
  }
}

TEST_CASE("score: at temperature 0 the largest logit is never excluded, whichever of its equals is claimed",
          "[token]") {
  const std::vector<float> logits{3, 5, 5, 1};
  token_workspace work;
  const auto first = score_token(logits, {0, 0, 0.3f}, key, 0, token_id{1}, work);
  REQUIRE(first);
  CHECK(first->exact);
  CHECK(first->margin == 0);
  CHECK(first->probability == 1);
  const auto second = score_token(logits, {0, 0, 0.3f}, key, 0, token_id{2}, work);
  CHECK_FALSE(second->exact);
  CHECK(second->margin == 0);
  const auto third = score_token(logits, {1e-6f, 0, 0.3f}, key, 0, token_id{0}, work);
  CHECK(third->filtered);
  CHECK(third->finite_margin == 4);
}

TEST_CASE("score: errors", "[token]") {
  token_workspace work;
  const std::vector<float> row{1, 2, 3}, bad{1, std::numeric_limits<float>::quiet_NaN(), 3};
  CHECK(score_token(row, {}, key, 0, token_id{3}, work).error() == fail(errc::token_out_of_range, "", 3));
  CHECK(score_token(std::span<const float>{}, {}, key, 0, token_id{0}, work).error().code == errc::empty);
  CHECK(score_token(bad, {}, key, 0, token_id{0}, work).error() == fail(errc::non_finite, "", 1));
  CHECK(score_token(bad, {0, 0, 1}, key, 0, token_id{0}, work).error() == fail(errc::non_finite, "", 1));
  CHECK(score_token(row, {-1, 0, 1}, key, 0, token_id{0}, work).error().code == errc::invalid_settings);
  const std::vector<token_id> ids{token_id{4}, token_id{4}, token_id{5}};
  CHECK(score_token(sparse_logits{ids, row}, {}, key, 0, token_id{4}, work).error() == fail(errc::duplicate, "", 1));
  CHECK(score_token(sparse_logits{std::span(ids).first(1), row}, {}, key, 0, token_id{4}, work).error().code ==
        errc::length_mismatch);
}
