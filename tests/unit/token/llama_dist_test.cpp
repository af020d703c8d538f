// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/token/llama_dist.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <random>
#include <vector>

#include <nlohmann/json.hpp>

#include <assay/token/inverse_cdf.hpp>
#include <assay/token/logits.hpp>

#include "support/catch.hpp"

using namespace assay;

namespace {

nlohmann::json vectors(const char* name) {
  std::ifstream in(std::filesystem::path(__FILE__).parent_path() / "../../vectors" / name);
  return nlohmann::json::parse(in);
}

std::vector<token_id> ids_of(const nlohmann::json& list) {
  std::vector<token_id> ids;
  for (const auto& v : list) ids.push_back(token_id{v.get<std::uint32_t>()});
  return ids;
}

std::vector<float> logits_of(const nlohmann::json& list) {
  std::vector<float> logits;
  for (const auto& v : list)
    logits.push_back(v.is_null() ? -std::numeric_limits<float>::infinity() : static_cast<float>(v.get<double>()));
  return logits;
}

}  // namespace

TEST_CASE("llama.cpp dist: choices of an independent program", "[token]") {
  token_workspace work;
  std::size_t compared = 0;
  const auto golden = vectors("llama_dist.json");
  for (const auto& sequence : golden.at("sequences")) {
    auto dist = llama_dist::make(sequence.at("seed").get<std::uint32_t>());
    REQUIRE(dist);
    for (const auto& draw : sequence.at("draws")) {
      const double u = dist->next();
      REQUIRE(u == std::strtod(draw.at("u").get<std::string>().c_str(), nullptr));
      const auto ids = ids_of(draw.at("ids"));
      const auto logits = logits_of(draw.at("logits"));
      const token_id want = ids[draw.at("chosen").get<std::size_t>()];
      REQUIRE(*sample_inverse_cdf(sparse_logits{ids, logits}, u, work) == want);
      const auto score = score_inverse_cdf(sparse_logits{ids, logits}, u, want, work);
      REQUIRE(score->exact);
      REQUIRE(score->distance == 0);
      REQUIRE(score->low == draw.at("low").get<double>());
      REQUIRE(score->high == draw.at("high").get<double>());
      ++compared;
    }
  }
  CHECK(compared == 240);
}

TEST_CASE("llama.cpp dist: choices that libllama v0.5.0 made among the candidates of real sampler chains", "[token]") {
  token_workspace work;
  std::size_t compared = 0;
  const auto golden = vectors("llama_dist_engine.json");
  for (const auto& sequence : golden.at("sequences")) {
    auto dist = llama_dist::make(sequence.at("seed").get<std::uint32_t>());
    for (const auto& draw : sequence.at("draws")) {
      const auto ids = ids_of(draw.at("ids"));
      const auto logits = logits_of(draw.at("logits"));
      const auto token = sample_inverse_cdf(sparse_logits{ids, logits}, dist->next(), work);
      REQUIRE(token->value == draw.at("token").get<std::uint32_t>());
      ++compared;
    }
  }
  CHECK(compared == 350);
}

TEST_CASE("llama.cpp dist: the same choices from raw logits, filters included", "[token]") {
  token_workspace work;
  std::size_t compared = 0, refused = 0;
  const auto golden = vectors("llama_dist_engine.json");
  for (const auto& sequence : golden.at("sequences")) {
    const auto& chain = sequence.at("chain");
    INFO(chain.dump());
    filter_settings settings;
    settings.rule = filter_rule::llama_cpp;
    settings.sampler = {chain.at("temp").get<float>(), chain.value("top_k", 0u), chain.value("top_p", 1.0f)};
    settings.min_p = chain.value("min_p", 0.0f);
    settings.typical_p = chain.value("typical", 1.0f);
    settings.min_keep = 1;
    const auto seed_value = sequence.at("seed").get<std::uint32_t>();
    auto dist = llama_dist::make(seed_value);
    std::uint64_t state = seed_value;
    std::vector<float> row(sequence.at("vocabulary").get<std::size_t>());
    for (const auto& draw : sequence.at("draws")) {
      for (float& l : row) {
        state = 6364136223846793005u * state + 1442695040888963407u;
        l = static_cast<float>(state >> 40) / 1048576.0f - 8.0f;
      }
      const double u = dist->next();
      const token_id want{draw.at("token").get<std::uint32_t>()};
      const auto token = sample_llama_dist(std::span<const float>(row), settings, u, work);
      if (!token) {
        REQUIRE(token.error().code == errc::unsupported);
        ++refused;
        continue;
      }
      REQUIRE(*token == want);
      const auto score = score_llama_dist(top_logits(row, 1000)->view(), settings, u, want, work);
      REQUIRE(score->exact);
      REQUIRE(score->distance == 0);
      ++compared;
    }
  }
  CHECK(compared == 320);
  CHECK(refused == 30);  // typical alone
}

TEST_CASE("llama.cpp dist: greedy, and what is refused", "[token]") {
  token_workspace work;
  const std::vector<float> row{0, 3, 1, 3};
  filter_settings settings;
  settings.rule = filter_rule::llama_cpp;
  settings.sampler.temperature = 0;
  const std::span<const float> view(row);
  CHECK(sample_llama_dist(view, settings, 0.99, work)->value == 1);
  CHECK(score_llama_dist(view, settings, 0.99, token_id{1}, work)->exact);
  const auto other = score_llama_dist(view, settings, 0.25, token_id{3}, work);
  CHECK_FALSE(other->exact);
  CHECK(other->excluded);
  CHECK(other->distance == 0.75);
  CHECK(sample_llama_dist(view, settings, 2, work).error().code == errc::out_of_range);
  CHECK(sample_llama_dist(view, filter_settings{}, 0.5, work).error().code == errc::invalid_settings);
  CHECK(sample_llama_dist(std::span<const float>{}, settings, 0.5, work).error().code == errc::empty);
}

TEST_CASE("llama.cpp dist: draws equal std::uniform_real_distribution of this standard library", "[token]") {
#if defined(__GLIBCXX__) && __GNUC__ < 15
  for (std::uint32_t s : {0u, 5489u, 0xfffffffeu}) {
    std::mt19937 generator(s);
    std::uniform_real_distribution<double> uniform(0, 1);
    auto dist = llama_dist::make(s);
    for (int i = 0; i < 20000; ++i) REQUIRE(dist->next() == uniform(generator));
  }
#endif
}

TEST_CASE("llama.cpp dist: random access, forwards and backwards", "[token]") {
  auto straight = *llama_dist::make(9), jumping = *llama_dist::make(9);
  std::vector<double> u;
  for (int i = 0; i < 2000; ++i) u.push_back(straight.next());
  for (std::uint32_t at : {0u, 1u, 1u, 700u, 1999u, 311u, 312u, 5u}) {
    CHECK(jumping.at(at) == u[at]);
    CHECK(jumping.drawn() == at + 1);
  }
  CHECK(llama_dist::make(llama_dist::random_seed).error().code == errc::unsupported);
}

TEST_CASE("llama.cpp dist: a draw that would round to 1 stays below it", "[token]") {
  CHECK(llama_dist::uniform_of(0xffffffffu, 0xffffffffu) == 1 - 0x1p-53);
  CHECK(llama_dist::uniform_of(0, 0) == 0);
  CHECK(llama_dist::uniform_of(1, 0) == 0x1p-64);
  CHECK(llama_dist::uniform_of(0, 0x80000000u) == 0.5);
}
