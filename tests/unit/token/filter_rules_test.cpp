// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/token/filter_rules.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <assay/random/stream.hpp>
#include <assay/token/filter_reference.hpp>

#include "support/catch.hpp"

using namespace assay;

namespace {

constexpr float infinite = std::numeric_limits<float>::infinity();
using set = std::vector<std::uint32_t>;

filter_settings rule(filter_rule r, float temperature = 1, std::uint32_t k = 0, float p = 1, float min_p = 0) {
  filter_settings f;
  f.rule = r;
  f.sampler = {temperature, k, p};
  f.min_p = min_p;
  return f;
}

/// Kept ids of the whole row, of the sparse row and of the reference, which must agree.
set kept(const std::vector<float>& logits, const filter_settings& f) {
  token_workspace work;
  const auto whole = kept_tokens(logits, f, work);
  REQUIRE(whole);
  std::vector<token_id> ids;
  std::vector<float> values;
  for (std::uint32_t i = 0; i < logits.size(); ++i) {
    const auto at = static_cast<std::uint32_t>((i * 7 + 3) % logits.size());
    ids.push_back(token_id{logits.size() % 7 == 0 ? i : at});
    values.push_back(logits[ids.back().value]);
  }
  const auto sparse = kept_tokens(sparse_logits{ids, values}, f, work);
  REQUIRE(sparse);
  CHECK(*sparse == *whole);
  const std::vector<bool> reference = keep_ref(logits, f);
  set out;
  for (std::uint32_t i = 0; i < logits.size(); ++i)
    if (reference[i]) out.push_back(i);
  set got;
  for (token_id id : *whole) got.push_back(id.value);
  CHECK(got == out);
  return got;
}

std::vector<float> logs(std::vector<double> p) {
  std::vector<float> out;
  for (double v : p) out.push_back(static_cast<float>(std::log(v)));
  return out;
}

constexpr auto triton = filter_rule::vllm_triton, sglang = filter_rule::sglang, llama = filter_rule::llama_cpp,
               descending = filter_rule::descending_keep, sorted = filter_rule::vllm_sort;

}  // namespace

TEST_CASE("filter rules: top-k keeps exactly k, the lower ids among equals, but all of them in vLLM's sort",
          "[token]") {
  const std::vector<float> row{2, 1, 1, 1, 0};
  CHECK(kept(row, rule(sorted, 1, 2)) == set{0, 1, 2, 3});
  for (filter_rule r : {triton, sglang, llama, descending}) CHECK(kept(row, rule(r, 1, 2)) == set{0, 1});
  for (filter_rule r : {sorted, triton, sglang, llama, descending}) {
    CHECK(kept(row, rule(r, 1, 99)) == set{0, 1, 2, 3, 4});
    CHECK(kept({1, -infinite, 3}, rule(r, 1, 3)) == set{0, 2});
  }
}

TEST_CASE("filter rules: what happens to the token that crosses p", "[token]") {
  const std::vector<float> row = logs({0.4, 0.3, 0.2, 0.06, 0.04});
  for (filter_rule r : {sorted, triton, llama, sglang}) CHECK(kept(row, rule(r, 1, 0, 0.85f)) == set{0, 1, 2});
  CHECK(kept(row, rule(descending, 1, 0, 0.85f)) == set{0, 1});
  for (filter_rule r : {sorted, triton, sglang, llama, descending}) CHECK(kept(row, rule(r, 1, 0, 0.001f)) == set{0});
}

TEST_CASE("filter rules: SGLang's top-k does not renormalise, the others' does", "[token]") {
  const std::vector<float> row = logs({0.4, 0.3, 0.2, 0.06, 0.04});
  CHECK(kept(row, rule(sglang, 1, 3, 0.75f)) == set{0, 1, 2});
  for (filter_rule r : {sorted, triton, llama}) CHECK(kept(row, rule(r, 1, 3, 0.75f)) == set{0, 1});
}

TEST_CASE("filter rules: equals at the border of p", "[token]") {
  const std::vector<float> four{1, 1, 1, 1};
  CHECK(kept(four, rule(sorted, 1, 0, 0.5f)) == set{2, 3});
  for (filter_rule r : {triton, llama, descending}) CHECK(kept(four, rule(r, 1, 0, 0.5f)) == set{0, 1});
  CHECK(kept(four, rule(sglang, 1, 0, 0.5f)) == set{0, 1, 2});  // 0.75 - 0.25 is not above 0.5
  CHECK(kept(four, rule(triton, 1, 0, 0.6f)) == set{0, 1, 2});
  CHECK(kept(four, rule(descending, 1, 0, 0.6f)) == set{0, 1});
}

TEST_CASE("filter rules: min-p, before top-p in vLLM and after it elsewhere", "[token]") {
  const std::vector<float> row = logs({0.5, 0.3, 0.15, 0.05});
  for (filter_rule r : {sorted, triton, sglang, llama}) {
    CHECK(kept(row, rule(r, 1, 0, 1, 0.2f)) == set{0, 1, 2});
    CHECK(kept(row, rule(r, 1, 0, 1, 1)) == set{0});
  }
  // Renormalised over three, 0.526 + 0.316 reach 0.84; over all four, 0.5 + 0.3 do not.
  CHECK(kept(row, rule(triton, 1, 0, 0.83f, 0.2f)) == set{0, 1});
  CHECK(kept(row, rule(sglang, 1, 0, 0.83f, 0.2f)) == set{0, 1, 2});
  CHECK(kept(row, rule(llama, 1, 0, 0.83f, 0.2f)) == set{0, 1, 2});
}

TEST_CASE("filter rules: llama.cpp's temperature comes after its filters, unless told otherwise", "[token]") {
  const std::vector<float> row = logs({0.5, 0.3, 0.15, 0.05});
  filter_settings f = rule(llama, 3, 0, 0.75f);
  CHECK(kept(row, f) == set{0, 1});
  f.temperature_first = true;
  CHECK(kept(row, f) == set{0, 1, 2});
}

TEST_CASE("filter rules: min_keep bounds every filter of llama.cpp but top-k", "[token]") {
  const std::vector<float> row = logs({0.5, 0.3, 0.15, 0.05});
  filter_settings f = rule(llama, 1, 0, 0.1f);
  f.min_keep = 3;
  CHECK(kept(row, f) == set{0, 1, 2});
  f = rule(llama, 1, 0, 1, 0.9f);
  f.min_keep = 2;
  CHECK(kept(row, f) == set{0, 1});
  f.sampler.top_k = 1;
  CHECK(kept(row, f) == set{0});
  f.min_keep = 0xffffffff;
  f.sampler.top_k = 0;
  CHECK(kept(row, f) == set{0, 1, 2, 3});
}

TEST_CASE("filter rules: typical-p can drop the likeliest token, also when greedy", "[token]") {
  // Entropy about 1.1: the second token's surprise of 1.2 is nearest.
  const std::vector<float> row = logs({0.5, 0.3, 0.15, 0.05});
  filter_settings f = rule(llama);
  f.typical_p = 0.2f;
  CHECK(kept(row, f) == set{1});
  token_workspace work;
  f.sampler.temperature = 0;
  CHECK(*sample_token(row, f, {1, 2}, 3, work) == token_id{1});
  CHECK(score_token(row, f, {1, 2}, 3, token_id{1}, work)->exact);
  f.min_keep = 2;
  CHECK(kept(row, f) == set{0, 1});
}

TEST_CASE("filter rules: parameters that make no sense, or that the rule does not have", "[token]") {
  token_workspace work;
  const std::vector<float> row{1, 2};
  const auto code = [&](filter_settings f) { return kept_tokens(row, f, work).error().code; };
  for (float bad : {-0.1f, 1.1f, std::numeric_limits<float>::quiet_NaN(), infinite})
    CHECK(code(rule(llama, 1, 0, 1, bad)) == errc::invalid_settings);
  filter_settings f = rule(llama);
  for (float bad : {0.0f, -1.0f, 1.5f, std::numeric_limits<float>::quiet_NaN()}) {
    f.typical_p = bad;
    CHECK(code(f) == errc::invalid_settings);
  }
  f = rule(sglang);
  f.typical_p = 0.5f;
  CHECK(code(f) == errc::invalid_settings);
  f = rule(triton);
  f.min_keep = 1;
  CHECK(code(f) == errc::invalid_settings);
  CHECK(code(rule(descending, 1, 0, 1, 0.1f)) == errc::invalid_settings);
  CHECK(code(rule(static_cast<filter_rule>(0))) == errc::unsupported);
  CHECK(code(rule(static_cast<filter_rule>(99))) == errc::unsupported);
  CHECK(code(rule(sglang, -1)) == errc::invalid_settings);
}

TEST_CASE("filter rules: bad rows are errors under every rule", "[token]") {
  token_workspace work;
  for (filter_rule r : {sorted, triton, sglang, llama, descending})
    for (filter_settings f : {rule(r), rule(r, 1, 2), rule(r, 0.5f, 0, 0.9f), rule(r, 0, 2, 0.9f)}) {
      const auto code = [&](std::vector<float> row) { return score_token(row, f, {}, 0, token_id{0}, work).error(); };
      CHECK(code({}).code == errc::empty);
      CHECK(code({1, 2, infinite}) == fail(errc::non_finite, "", 2));
      CHECK(code({1, std::numeric_limits<float>::quiet_NaN(), 1}) == fail(errc::non_finite, "", 1));
      CHECK(code({-infinite, -infinite}).code == errc::empty_kept_set);
      CHECK(score_token(std::vector<float>{1, 2}, f, {}, 0, token_id{2}, work).error().code ==
            errc::token_out_of_range);
      const std::vector<token_id> twice{token_id{5}, token_id{5}};
      CHECK(kept_tokens(sparse_logits{twice, std::vector<float>{1, 2}}, f, work).error().code == errc::duplicate);
    }
  CHECK(kept_tokens(std::vector<float>{1e38f, 1}, rule(llama, 1e-4f, 1), work).error().code == errc::non_finite);
  CHECK(kept_tokens(std::vector<float>{1e38f, 1}, rule(triton, 1e-4f, 1), work).error().code == errc::non_finite);
}

TEST_CASE("filter rules: the candidates for samplers that are no race", "[token]") {
  token_workspace work;
  const std::vector<float> row{1, 3, -infinite, 3, 2};
  const auto cut = kept_set(row, rule(llama, 2, 3), work);
  REQUIRE(cut);
  CHECK(set(cut->ids.begin(), cut->ids.end()) == set{4, 3, 1});
  CHECK(cut->logits[0] == 2);
  CHECK(cut->scaled[0] == 1);
  const auto all = kept_set(row, rule(llama, 2), work);
  REQUIRE(all);
  CHECK(set(all->ids.begin(), all->ids.end()) == set{0, 1, 3, 4});
  CHECK(all->scaled_max == 1.5f);
  CHECK(kept_set(row, sampler_settings{0, 0, 1}, work)->ids.size() == 4);
  CHECK(kept_set(row, rule(llama, -2), work).error().code == errc::invalid_settings);
}
