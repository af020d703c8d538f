// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/token/gumbel_likelihood.hpp>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <vector>

#include <nlohmann/json.hpp>

#include <assay/random/stream.hpp>

#include "support/catch.hpp"

using namespace assay;

namespace {

nlohmann::json vectors() {
  std::ifstream in(std::filesystem::path(__FILE__).parent_path() / "../../vectors/difr.json");
  return nlohmann::json::parse(in).at("likelihood");
}

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr noise_key key{3, 4};

token_score scored(double margin, std::uint32_t rank) {
  token_score s;
  s.margin = margin;
  s.logit_rank = rank;
  return s;
}

}  // namespace

TEST_CASE("GLS: golden values from no margin to 4000 standard deviations", "[token]") {
  const auto v = vectors();
  REQUIRE(v.at("cases").size() == 33);
  for (const auto& c : v.at("cases")) {
    INFO(c.dump());
    const double want = c.at("gls").get<double>();
    CHECK(std::abs(gumbel_likelihood(c.at("margin").get<double>(), c.at("sigma").get<double>()) - want) <=
          1e-9 * std::abs(want));
  }
}

TEST_CASE("GLS: far out it is finite and falls with the square of the margin", "[token]") {
  const double far = gumbel_likelihood(1e6, 1);
  // -(m / 2s)^2 - ln(m / s * sqrt(pi))
  CHECK(far == Approx(-2.5e11 - std::log(1e6 * std::sqrt(3.14159265358979))).epsilon(1e-12));
  CHECK(gumbel_likelihood(1e6, 1e-3) == Approx(-2.5e17).epsilon(1e-9));
  CHECK(gumbel_likelihood(infinity) == -infinity);
  CHECK(gumbel_likelihood(0) == Approx(-0.69314718055994531).epsilon(1e-15));
}

TEST_CASE("GLS: the safe margin is where the class changes", "[token]") {
  CHECK(safe_margin() == Approx(vectors().at("margin_at_minus_5").get<double>()).epsilon(1e-9));
  for (const substitution_rule rule : {substitution_rule{}, {0.1, -5, 4}, {0.01, -20, 1}, {1, -0.7, 32}}) {
    const double border = safe_margin(rule);
    CHECK(classify(scored(border, 1000), rule) == token_class::safe);
    CHECK(classify(scored(border * (1 + 1e-9), rule.rank_limit), rule) == token_class::suspicious);
    CHECK(classify(scored(border * (1 + 1e-9), rule.rank_limit + 1), rule) == token_class::dangerous);
  }
  CHECK(classify(scored(infinity, 3)) == token_class::suspicious);
  CHECK(classify(scored(infinity, 33)) == token_class::dangerous);
}

TEST_CASE("GLS: rules that make no sense are refused", "[token]") {
  CHECK(validate(substitution_rule{}));
  CHECK(validate(substitution_rule{0, -5, 1}).error().code == errc::invalid_settings);
  CHECK(validate(substitution_rule{std::nan(""), -5, 1}).error().code == errc::invalid_settings);
  CHECK(validate(substitution_rule{1, -0.5, 1}).error().code == errc::invalid_settings);
  CHECK(validate(substitution_rule{1, -infinity, 1}).error().code == errc::invalid_settings);
}

TEST_CASE("GLS: choices within a margin are those whose own score lies below it", "[token]") {
  random_stream r(seed{}, "choices");
  token_workspace work;
  for (int trial = 0; trial < 60; ++trial) {
    std::vector<float> row(40);
    for (float& l : row) l = static_cast<float>(2 * r.normal());
    const sampler_settings settings{trial % 4 == 0 ? 0.0f : 0.8f, trial % 2 == 0 ? 0u : 12u,
                                    trial % 3 == 0 ? 1.0f : 0.9f};
    const auto step = static_cast<std::uint32_t>(trial);
    const double within = 0.05 + 2 * r.uniform();
    std::uint32_t want = 0;
    for (std::uint32_t id = 0; id < row.size(); ++id)
      want += score_token(row, settings, key, step, token_id{id}, work)->margin < within;
    const auto top = top_logits(row, 40);
    REQUIRE(*choices_within(std::span<const float>(row), settings, key, step, within, work) == want);
    REQUIRE(*choices_within(top->view(), settings, key, step, within, work) == want);
    REQUIRE(want >= 1);
  }
  CHECK(choices_within(std::span<const float>{}, sampler_settings{}, key, 0, 1, work).error().code == errc::empty);
}

TEST_CASE("GLS: bits that a token could carry", "[token]") {
  const substitution_rule rule;
  CHECK(extractable_bits(token_class::safe, 1, rule, 128256) == 0);
  CHECK(extractable_bits(token_class::safe, 8, rule, 128256) == 3);
  CHECK(extractable_bits(token_class::suspicious, 8, rule, 128256) == 5);
  CHECK(extractable_bits(token_class::dangerous, 8, rule, 1 << 17) == 17);
}
