// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/token/filter.hpp>

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

std::vector<std::uint32_t> kept(const std::vector<float>& logits, const sampler_settings& settings) {
  token_workspace work;
  const auto ids = kept_tokens(logits, settings, work);
  REQUIRE(ids);
  std::vector<token_id> listed;
  for (std::uint32_t i = 0; i < logits.size(); ++i) listed.push_back(token_id{i});
  const auto sparse = kept_tokens(sparse_logits{listed, logits}, settings, work);
  REQUIRE(sparse);
  CHECK(*sparse == *ids);
  std::vector<std::uint32_t> out;
  for (token_id id : *ids) out.push_back(id.value);
  return out;
}

using set = std::vector<std::uint32_t>;
constexpr float infinite = std::numeric_limits<float>::infinity(), nan_value = std::numeric_limits<float>::quiet_NaN();

}  // namespace

TEST_CASE("filter: golden kept sets", "[token]") {
  const nlohmann::json cases = vectors().at("filters");
  REQUIRE(cases.size() == 9);
  for (const auto& c : cases) {
    INFO(c.dump());
    const sampler_settings settings{c.at("temperature").get<float>(), c.at("top_k").get<std::uint32_t>(),
                                    c.at("top_p").get<float>()};
    CHECK(kept(c.at("logits").get<std::vector<float>>(), settings) == c.at("kept").get<set>());
  }
}

TEST_CASE("filter: all that tie with the k-th stay", "[token]") {
  CHECK(kept({1, 1, 1, 1}, {1, 2, 1}) == set{0, 1, 2, 3});
  CHECK(kept({0.0f, -0.0f, -1}, {1, 1, 1}) == set{0, 1});
  CHECK(kept({3, 2, 1}, {1, 1, 1}) == set{0});
}

TEST_CASE("filter: logits that the division by the temperature merges tie", "[token]") {
  float a = 1.75f, b = std::nextafter(a, 2.0f);
  while (fp::div(a, 1.5f) != fp::div(b, 1.5f)) {
    a = b;
    b = std::nextafter(a, 2.0f);
  }
  CHECK(kept({a, b, 0}, {1.5f, 1, 1}) == set{0, 1});
  CHECK(kept({a, b, 0}, {1, 1, 1}) == set{1});
  // With a huge temperature all quotients underflow together.
  CHECK(kept({1, 2, 3, -1}, {3e38f, 1, 1}).size() >= 1);
  CHECK(kept({1e-9f, 2e-9f, 3e-9f, -1}, {3e38f, 1, 1}) == set{0, 1, 2});
}

TEST_CASE("filter: among equals at the border of the nucleus the larger ids stay", "[token]") {
  CHECK(kept({1, 1, 1, 1}, {1, 0, 0.5f}) == set{2, 3});
  CHECK(kept({1, 1, 1, 1}, {1, 0, 0.51f}) == set{1, 2, 3});
  CHECK(kept({5, 5}, {1, 0, 0.001f}) == set{1});
}

TEST_CASE("filter: a top-k beyond the vocabulary keeps all; -infinity is never kept", "[token]") {
  CHECK(kept({1, 2, 3}, {1, 0xffffffff, 1}) == set{0, 1, 2});
  CHECK(kept({1, -infinite, 3}, {1, 0, 1}) == set{0, 2});
  CHECK(kept({1, -infinite, 3}, {1, 2, 1}) == set{0, 2});
  CHECK(kept({1, -infinite, 3}, {1, 3, 0.999f}) == set{0, 2});
}

TEST_CASE("filter: bad rows and settings are errors", "[token]") {
  token_workspace work;
  const auto code = [&](std::vector<float> row, sampler_settings s) {
    const auto got = kept_tokens(row, s, work);
    REQUIRE_FALSE(got);
    return got.error();
  };
  for (sampler_settings s : {sampler_settings{1, 0, 1}, sampler_settings{1, 2, 1}, sampler_settings{1, 0, 0.5f},
                             sampler_settings{0, 2, 0.5f}}) {
    CHECK(code({}, s).code == errc::empty);
    CHECK(code({1, nan_value, 2}, s) == fail(errc::non_finite, "", 1));
    CHECK(code({1, 2, 2, 1, infinite}, s) == fail(errc::non_finite, "", 4));
    CHECK(code({-infinite, -infinite, -infinite}, s).code == errc::empty_kept_set);
    std::vector<float> longer(1000, 0.5f);
    longer[777] = -nan_value;
    CHECK(code(longer, s) == fail(errc::non_finite, "", 777));
  }
  CHECK(code({1e38f, 1}, {0.001f, 0, 1}).code == errc::non_finite);
  for (sampler_settings s : {sampler_settings{-1, 0, 1}, sampler_settings{nan_value, 0, 1},
                             sampler_settings{infinite, 0, 1}, sampler_settings{1, 0, 0}, sampler_settings{1, 0, 1.5f},
                             sampler_settings{1, 0, nan_value}, sampler_settings{1, 0, -0.5f}})
    CHECK(code({1, 2}, s).code == errc::invalid_settings);
}

TEST_CASE("filter: bad sparse rows are errors", "[token]") {
  token_workspace work;
  const std::vector<token_id> ids{token_id{7}, token_id{9}, token_id{7}};
  const std::vector<float> values{1, 2, 3};
  CHECK(kept_tokens(sparse_logits{ids, values}, {}, work).error() == fail(errc::duplicate, "", 2));
  CHECK(kept_tokens(sparse_logits{std::span(ids).first(2), values}, {}, work).error().code == errc::length_mismatch);
  CHECK(kept_tokens(sparse_logits{}, {}, work).error().code == errc::empty);
  const std::vector<float> bad{1, nan_value};
  CHECK(kept_tokens(sparse_logits{std::span(ids).first(2), bad}, {}, work).error() == fail(errc::non_finite, "", 1));
}

TEST_CASE("filter: long sparse rows, in any order, equal whole ones and are checked for duplicates", "[token]") {
  token_workspace work;
  constexpr std::uint32_t n = 3000;
  std::vector<float> row(n), values;
  std::vector<token_id> ids;
  for (std::uint32_t i = 0; i < n; ++i) row[i] = static_cast<float>(i * 7919 % 1009) / 100;
  for (std::uint32_t i = 0; i < n; ++i) {
    ids.push_back(token_id{i * 1117 % n});
    values.push_back(row[ids.back().value]);
  }
  for (sampler_settings s :
       {sampler_settings{0.7f, 40, 0.9f}, sampler_settings{1, 0, 0.8f}, sampler_settings{1, 700, 1}}) {
    const auto sparse = kept_tokens(sparse_logits{ids, values}, s, work), whole = kept_tokens(row, s, work);
    REQUIRE((sparse && whole));
    CHECK(*sparse == *whole);
  }
  ids[2999] = ids[12];
  CHECK(kept_tokens(sparse_logits{ids, values}, {}, work).error() == fail(errc::duplicate, "", 2999));
}
