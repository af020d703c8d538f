// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/token/inverse_cdf.hpp>

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
constexpr float minus_infinity = -std::numeric_limits<float>::infinity();
using row_view = std::span<const float>;
}  // namespace

TEST_CASE("CGS: golden values", "[token]") {
  std::ifstream in(std::filesystem::path(__FILE__).parent_path() / "../../vectors/difr.json");
  const auto v = nlohmann::json::parse(in).at("inverse_cdf");
  const auto cumulative = v.at("cumulative").get<std::vector<double>>();
  REQUIRE(v.at("cases").size() == 3);
  for (const auto& c : v.at("cases")) {
    const double u = c.at("u").get<double>(), sigma = c.at("sigma").get<double>();
    for (std::size_t i = 0; i < 5; ++i) {
      INFO(c.dump() << " token " << i);
      const double got = cdf_likelihood(i == 0 ? 0 : cumulative[i - 1], cumulative[i], u, sigma);
      CHECK(got == Approx(c.at("cgs")[i].get<double>()).epsilon(1e-9));
    }
  }
}

TEST_CASE("inverse CDF: the border belongs to the earlier candidate, and u = 0 and 1 to the ends", "[token]") {
  token_workspace work;
  const std::vector<float> row(4, 2.0f);  // four quarters, exactly
  for (const auto& [u, id] : {std::pair{0.0, 0u}, {0.25, 0u}, {0.2500001, 1u}, {0.5, 1u}, {0.99, 3u}, {1.0, 3u}})
    CHECK(sample_inverse_cdf(row, u, work)->value == id);
  const std::vector<float> banned{minus_infinity, 0, minus_infinity, 0, minus_infinity};
  CHECK(sample_inverse_cdf(banned, 0.3, work)->value == 1);
  CHECK(sample_inverse_cdf(banned, 0.7, work)->value == 3);
  CHECK(sample_inverse_cdf(banned, 0.0, work)->value == 0);  // as the engine: a sum of 0 reaches a target of 0
}

TEST_CASE("inverse CDF: the order of candidates decides, and ids are reported", "[token]") {
  token_workspace work;
  const std::vector<token_id> ids{token_id{70}, token_id{3}, token_id{5}};
  const std::vector<float> x{std::log(0.5f), std::log(0.3f), std::log(0.2f)};
  const sparse_logits row{ids, x};
  CHECK(sample_inverse_cdf(row, 0.4, work)->value == 70);
  CHECK(sample_inverse_cdf(row, 0.6, work)->value == 3);
  CHECK(sample_inverse_cdf(row, 0.9, work)->value == 5);
  const auto s = score_inverse_cdf(row, 0.6, token_id{5}, work);
  REQUIRE(s);
  CHECK(s->predicted == token_id{3});
  CHECK_FALSE(s->exact);
  CHECK(s->low == Approx(0.8).epsilon(1e-6));
  CHECK(s->high == 1);
  CHECK(s->distance == Approx(0.2).epsilon(1e-6));
  CHECK(s->cross_entropy == Approx(-std::log(0.2)).epsilon(1e-6));
  CHECK(score_inverse_cdf(row, 0.6, token_id{70}, work)->distance == Approx(0.1).epsilon(1e-6));
  const auto exact = score_inverse_cdf(row, 0.6, token_id{3}, work);
  CHECK((exact->exact && exact->distance == 0 && !exact->excluded));
}

TEST_CASE("inverse CDF: a token that is no candidate has an interval of no length", "[token]") {
  token_workspace work;
  const std::vector<token_id> ids{token_id{1}, token_id{2}};
  const std::vector<float> x{0, 0};
  const auto s = score_inverse_cdf(sparse_logits{ids, x}, 0.25, token_id{9}, work);
  REQUIRE(s);
  CHECK(s->excluded);
  CHECK(s->distance == 0.75);
  CHECK(cdf_likelihood(*s, 0.25) == Approx(std::log(1e-12)));
  const std::vector<float> row{0, minus_infinity, 0};
  const auto banned = score_inverse_cdf(row_view(row), 0.5, token_id{1}, work);
  CHECK(banned->excluded);
  CHECK(banned->low == banned->high);
}

TEST_CASE("inverse CDF: hostile input has typed errors", "[token]") {
  token_workspace work;
  const std::vector<float> good{0, 1}, bad{0, std::nanf("")}, infinite{std::numeric_limits<float>::infinity()};
  const std::vector<float> nothing(3, minus_infinity);
  CHECK(sample_inverse_cdf(row_view{}, 0.5, work).error().code == errc::empty);
  CHECK(sample_inverse_cdf(bad, 0.5, work).error() == fail(errc::non_finite, "", 1));
  CHECK(sample_inverse_cdf(infinite, 0.5, work).error().code == errc::non_finite);
  CHECK(sample_inverse_cdf(nothing, 0.5, work).error().code == errc::empty_kept_set);
  for (double u : {-0.1, 1.1, std::nan("")})
    CHECK(sample_inverse_cdf(good, u, work).error().code == errc::out_of_range);
  CHECK(score_inverse_cdf(row_view(good), 0.5, token_id{2}, work).error().code == errc::token_out_of_range);
  CHECK(score_inverse_cdf(row_view{}, 0.5, token_id{2}, work).error().code == errc::empty);
  const std::vector<token_id> twice{token_id{4}, token_id{4}}, one{token_id{4}};
  CHECK(score_inverse_cdf(sparse_logits{twice, good}, 0.5, token_id{4}, work).error() == fail(errc::duplicate, "", 1));
  CHECK(score_inverse_cdf(sparse_logits{one, good}, 0.5, token_id{4}, work).error().code == errc::length_mismatch);
  CHECK(sample_inverse_cdf(sparse_logits{one, good}, 0.5, work).error().code == errc::length_mismatch);
}
