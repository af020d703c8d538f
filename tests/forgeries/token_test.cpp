// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Hostile rows, claims and settings against every score and filter rule: typed errors, and memory bounded by the input.
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <new>
#include <span>
#include <string>
#include <vector>

#include <assay/random/sglang_noise.hpp>
#include <assay/random/stream.hpp>
#include <assay/token/choice_spread.hpp>
#include <assay/token/filter_rules.hpp>
#include <assay/token/gumbel_likelihood.hpp>
#include <assay/token/inverse_cdf.hpp>
#include <assay/token/kept_set.hpp>
#include <assay/token/llama_dist.hpp>
#include <assay/token/noisy_replay.hpp>
#include <assay/token/sequence_score.hpp>

#include "support/catch.hpp"

using namespace assay;

namespace {

std::atomic<std::size_t> allocated{0};

/// Bytes that `f` asks for in all.
template <class F>
std::size_t bytes_allocated_by(F&& f) {
  const std::size_t before = allocated;
  f();
  return allocated - before;
}

constexpr float infinite = std::numeric_limits<float>::infinity(), no_number = std::numeric_limits<float>::quiet_NaN();
constexpr noise_key key{3, 4};
using whole_row = std::span<const float>;

std::vector<filter_settings> all_rules(sampler_settings sampler, float min_p = 0) {
  std::vector<filter_settings> out;
  for (const filter_rule rule : {filter_rule::vllm_sort, filter_rule::vllm_triton, filter_rule::sglang, filter_rule::llama_cpp, filter_rule::descending_keep}) {
    filter_settings f;
    f.rule = rule;
    f.sampler = sampler;
    if (rule != filter_rule::descending_keep) f.min_p = min_p;
    out.push_back(f);
  }
  return out;
}

/// Calls `check(name, outcome)` with what every function makes of a row and a claim. Outcomes carry an error code, or ok.
template <class Row, class Settings, class Check>
void ask_everybody(const Row& row, const Settings& settings, token_id claimed, Check&& check) {
  token_workspace work;
  random_stream random(seed{}, "hostile");
  const auto tell = [&](const char* name, const auto& outcome) {
    INFO(name);
    check(name, outcome ? result<void>{} : result<void>{outcome.error()});
  };
  tell("sample_token", sample_token(row, settings, key, 0, work));
  tell("score_token", score_token(row, settings, key, 0, claimed, work));
  tell("score_with_spread", score_with_spread(row, settings, key, 0, claimed, work));
  tell("spread_of", spread_of(row, settings, work));
  tell("kept_tokens", kept_tokens(row, settings, work));
  tell("kept_set", kept_set(row, settings, work));
  tell("choices_within", choices_within(row, settings, key, 0, 0.5, work));
  if constexpr (std::same_as<Row, sparse_logits>)
    tell("simulate_likelihood", simulate_likelihood(row, settings, key, 0, claimed, 0.1, 2, random, work));
  else tell("simulate_likelihood", simulate_likelihood(row, 8, settings, key, 0, claimed, 0.1, 2, random, work));
  if constexpr (std::same_as<Settings, filter_settings>) {
    if (settings.rule == filter_rule::sglang && settings.min_p == 0) {
      tell("sample_token by rank", sample_token(row, settings, key, 0, work, sglang_noise{}));
      tell("score_token by rank", score_token(row, settings, key, 0, claimed, work, sglang_noise{}));
    }
    if (settings.rule == filter_rule::llama_cpp) {
      tell("sample_llama_dist", sample_llama_dist(row, settings, 0.5, work));
      tell("score_llama_dist", score_llama_dist(row, settings, 0.5, claimed, work));
    }
  }
}

std::vector<token_id> ids_up_to(std::size_t n) {
  std::vector<token_id> ids;
  for (std::uint32_t i = 0; i < n; ++i) ids.push_back(token_id{i});
  return ids;
}

/// Every rule with every kind of filter, on the row whole and sparse.
template <class Check>
void ask_with_all_rules(const std::vector<float>& row, Check&& check) {
  const std::vector<token_id> ids = ids_up_to(row.size());
  for (const sampler_settings s : {sampler_settings{1, 0, 1}, {1, 2, 1}, {0.7f, 0, 0.9f}, {1, 2, 0.5f}, {0, 0, 1}, {0, 2, 0.9f}}) {
    ask_everybody(whole_row(row), s, token_id{0}, check);
    ask_everybody(sparse_logits{ids, row}, s, token_id{0}, check);
    for (float min_p : {0.0f, 0.1f})
      for (const filter_settings& f : all_rules(s, min_p)) {
        INFO("rule " << static_cast<int>(f.rule) << " T " << s.temperature << " k " << s.top_k << " p " << s.top_p << " min-p " << min_p);
        ask_everybody(whole_row(row), f, token_id{0}, check);
        ask_everybody(sparse_logits{ids, row}, f, token_id{0}, check);
      }
  }
}

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t n) {
  allocated += n;
  if (void* p = std::malloc(n == 0 ? 1 : n)) return p;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t n, const std::nothrow_t&) noexcept {
  allocated += n;
  return std::malloc(n == 0 ? 1 : n);
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }

TEST_CASE("hostile rows: what is no row of logits is refused by every score under every rule", "[token][forgery]") {
  struct hostile {
    std::vector<float> row;
    errc code;
  };
  std::vector<float> late(700, 0.5f);
  late[690] = no_number;
  const hostile rows[] = {{{}, errc::empty},
                          {{no_number}, errc::non_finite},
                          {{1, no_number, 2}, errc::non_finite},
                          {{1, 2, -no_number}, errc::non_finite},
                          {{1, infinite, 2}, errc::non_finite},
                          {late, errc::non_finite},
                          {{-infinite}, errc::empty_kept_set},
                          {{-infinite, -infinite, -infinite}, errc::empty_kept_set}};
  for (const hostile& h : rows)
    ask_with_all_rules(h.row, [&](const char* name, const result<void>& outcome) {
      INFO(name << " of " << h.row.size());
      REQUIRE_FALSE(outcome);
      REQUIRE(outcome.error().code == h.code);
    });
}

TEST_CASE("hostile rows: settings that make no sense are refused by every score under every rule", "[token][forgery]") {
  const std::vector<float> row{3, 1, 2};
  const auto refused = [](const char* name, const result<void>& outcome) {
    INFO(name);
    REQUIRE_FALSE(outcome);
    REQUIRE(outcome.error().code == errc::invalid_settings);
  };
  for (const sampler_settings s : {sampler_settings{-1, 0, 1}, {no_number, 0, 1}, {infinite, 0, 1}, {-infinite, 2, 1}, {1, 0, 0}, {1, 0, -0.5f},
                                   {1, 0, 1.5f}, {1, 0, no_number}, {1, 2, infinite}}) {
    ask_everybody(whole_row(row), s, token_id{0}, refused);
    for (const filter_settings& f : all_rules(s)) ask_everybody(whole_row(row), f, token_id{0}, refused);
  }
  for (float min_p : {no_number, -0.1f, 1.5f, infinite})
    for (const filter_settings& f : all_rules({1, 2, 0.9f}, min_p))
      if (f.min_p != 0 || std::isnan(f.min_p)) ask_everybody(whole_row(row), f, token_id{0}, refused);
  filter_settings unknown;
  unknown.rule = static_cast<filter_rule>(77);
  ask_everybody(whole_row(row), unknown, token_id{0}, [](const char*, const result<void>& outcome) {
    REQUIRE(outcome.error().code == errc::unsupported);
  });
}

TEST_CASE("hostile rows: a quotient beyond floats is refused, absurd but sound settings are not", "[token][forgery]") {
  const std::vector<float> large{3e38f, 1};
  for (const filter_settings& f : all_rules({1e-3f, 2, 0.9f}))
    ask_everybody(whole_row(large), f, token_id{0}, [](const char* name, const result<void>& outcome) {
      INFO(name);
      REQUIRE(outcome.error().code == errc::non_finite);
    });
  const std::vector<float> row{3, 1, 2, -infinite, -3e38f, 3};
  std::vector<filter_settings> absurd;
  for (const sampler_settings s : {sampler_settings{3e38f, 0xffffffffu, 1e-45f}, {1e-4f, 0xffffffffu, 1}, {1.1e-5f, 1, 1e-45f}, {1, 0x80000000u, 0.99999994f}})
    for (const filter_settings& f : all_rules(s, 1)) absurd.push_back(f);
  absurd.push_back({filter_rule::llama_cpp, {1, 0xffffffffu, 1e-45f}, 1, 1e-45f, 0xffffffffu, true});
  for (const filter_settings& f : absurd)
    ask_everybody(whole_row(row), f, token_id{3}, [&](const char* name, const result<void>& outcome) {
      INFO(name << " rule " << static_cast<int>(f.rule) << " T " << f.sampler.temperature << " k " << f.sampler.top_k);
      if (!outcome) INFO(outcome.error().message);
      REQUIRE(outcome);
    });
}

TEST_CASE("hostile claims: ids beyond the vocabulary, rows that list an id twice or disagree in length", "[token][forgery]") {
  const std::vector<float> row{3, 1, 2};
  const std::vector<token_id> twice{token_id{1}, token_id{5}, token_id{1}}, two{token_id{1}, token_id{2}};
  for (const std::uint32_t id : {3u, 4u, 0x7fffffffu, 0xffffffffu})
    for (const filter_settings& f : all_rules({1, 2, 0.9f})) {
      token_workspace work;
      CHECK(score_token(whole_row(row), f, key, 0, token_id{id}, work).error() == fail(errc::token_out_of_range, "", id));
      CHECK(score_token(whole_row(row), f.sampler, key, 0, token_id{id}, work).error().code == errc::token_out_of_range);
      CHECK(score_with_spread(whole_row(row), f, key, 0, token_id{id}, work).error().code == errc::token_out_of_range);
      CHECK(score_inverse_cdf(whole_row(row), 0.5, token_id{id}, work).error().code == errc::token_out_of_range);
      // A sparse row knows no vocabulary: the claim is one that it does not list.
      CHECK(score_token(sparse_logits{two, whole_row(row).first(2)}, f, key, 0, token_id{id}, work).value().filtered);
    }
  for (const filter_settings& f : all_rules({1, 2, 0.9f})) {
    ask_everybody(sparse_logits{twice, row}, f, token_id{1}, [](const char* name, const result<void>& outcome) {
      INFO(name);
      REQUIRE(outcome.error().code == errc::duplicate);
    });
    ask_everybody(sparse_logits{two, row}, f, token_id{1}, [](const char* name, const result<void>& outcome) {
      INFO(name);
      REQUIRE(outcome.error().code == errc::length_mismatch);
    });
  }
}

TEST_CASE("hostile rows: memory follows the row, not the settings", "[token][forgery]") {
  std::vector<float> row;
  random_stream r(seed{}, "many candidates");
  for (int i = 0; i < 10'000; ++i) row.push_back(static_cast<float>(2 * r.normal()));
  std::vector<token_id> ids = ids_up_to(row.size());
  std::vector<filter_settings> settings = all_rules({1, 0xffffffffu, 0.95f}, 0.001f);
  for (const filter_settings& f : all_rules({1, 0, 0.95f})) settings.push_back(f);
  for (const filter_settings& f : all_rules({1, 0xfffffff0u, 1})) settings.push_back(f);
  settings.push_back({filter_rule::llama_cpp, {1, 0, 0.9f}, 0.01f, 0.9f, 0xffffffffu, false});
  const auto ok = [](const char* name, const result<void>& outcome) {
    INFO(name);
    REQUIRE(outcome);
  };
  for (const filter_settings& f : settings) {
    INFO("rule " << static_cast<int>(f.rule) << " k " << f.sampler.top_k << " p " << f.sampler.top_p);
    // Each call of the ten functions starts from an empty workspace: some forty bytes per candidate and array.
    CHECK(bytes_allocated_by([&] { ask_everybody(whole_row(row), f, token_id{77}, ok); }) < row.size() * 400 + 100'000);
    CHECK(bytes_allocated_by([&] { ask_everybody(sparse_logits{ids, row}, f, token_id{77}, ok); }) < row.size() * 400 + 100'000);
  }
  const std::vector<float> three{3, 1, 2};
  for (const filter_settings& f : settings)
    CHECK(bytes_allocated_by([&] { ask_everybody(whole_row(three), f, token_id{1}, ok); }) < 100'000);
  // Ids that collide in any table of a power of two.
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = token_id{static_cast<std::uint32_t>(i << 16 | i >> 16)};
  for (const filter_settings& f : settings) ask_everybody(sparse_logits{ids, row}, f, ids[5], ok);
}

TEST_CASE("hostile lengths: a hundred thousand tokens cost a sequence no memory", "[token][forgery]") {
  sequence_score sequence(score_limits{.margin_cap = 0.5});
  token_score s;
  s.margin = s.finite_margin = std::numeric_limits<double>::infinity();
  s.filtered = true;
  CHECK(bytes_allocated_by([&] {
          for (int i = 0; i < 100'000; ++i) sequence.add(s);
        }) == 0);
  CHECK(sequence.filtered() == 100'000);
  CHECK(sequence.mean_capped_margin() == 0.5);
  CHECK(std::isfinite(sequence.mean_capped_finite_margin()));
  CHECK(std::isfinite(sequence.mean_likelihood()));
}
