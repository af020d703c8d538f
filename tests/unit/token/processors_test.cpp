// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/token/processors.hpp>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <limits>
#include <map>
#include <vector>

#include <assay/random/stream.hpp>

#include "support/catch.hpp"

using namespace assay;

namespace {

constexpr float infinite = std::numeric_limits<float>::infinity();

std::vector<token_id> ids(std::initializer_list<std::uint32_t> values) {
  std::vector<token_id> out;
  for (std::uint32_t v : values) out.push_back(token_id{v});
  return out;
}

/// The row after processing; the sparse row that lists everything must agree.
std::vector<float> processed(processor_state& state, const std::vector<float>& row) {
  std::vector<token_id> listed;
  std::vector<float> values;
  for (std::size_t i = row.size(); i-- > 0;) {
    listed.push_back(token_id{static_cast<std::uint32_t>(i)});
    values.push_back(row[i]);
  }
  const auto sparse = state.apply(sparse_logits{listed, values});
  REQUIRE(sparse);
  const std::vector<float> reversed(sparse->values.rbegin(), sparse->values.rend());
  const auto dense = state.apply(row);
  REQUIRE(dense);
  const std::vector<float> out(dense->begin(), dense->end());
  CHECK(reversed == out);
  return out;
}

const std::vector<float> row{2, -2, 1, 0, -infinite};

}  // namespace

TEST_CASE("processors: without work the row itself comes back", "[token]") {
  const auto p = logit_processors::make({}, 5);
  REQUIRE(p);
  processor_state state(*p);
  REQUIRE(state.prompt(ids({1, 2, 3})));
  REQUIRE(state.accept(token_id{4}));
  CHECK(state.apply(row)->data() == row.data());
  CHECK(state.generated() == 1);
}

TEST_CASE("processors: biases, whitelists, minimum lengths", "[token]") {
  processor_settings s;
  s.bias = {{token_id{0}, -1.5f}, {token_id{2}, -infinite}, {token_id{4}, 100}};
  s.min_tokens = 2;
  s.stop_ids = ids({3});
  const auto p = logit_processors::make(s, 5);
  processor_state state(*p);
  CHECK(processed(state, row) == std::vector<float>{0.5f, -2, -infinite, -infinite, -infinite});
  REQUIRE(state.accept(token_id{0}));
  CHECK(processed(state, row)[3] == -infinite);
  REQUIRE(state.accept(token_id{0}));
  CHECK(processed(state, row)[3] == 0);
  s = {};
  s.allowed = ids({3, 1, 1});
  const auto white = logit_processors::make(s, 5);
  processor_state listed(*white);
  CHECK(processed(listed, row) == std::vector<float>{-infinite, -2, -infinite, 0, -infinite});
}

TEST_CASE("processors: bad words are completed by generated tokens, not by the prompt", "[token]") {
  processor_settings s;
  s.bad_words = {ids({3}), ids({0, 1}), ids({0, 0, 2})};
  const auto p = logit_processors::make(s, 5);
  processor_state state(*p);
  REQUIRE(state.prompt(ids({0, 0})));
  CHECK(processed(state, row) == std::vector<float>{2, -2, 1, -infinite, -infinite});
  REQUIRE(state.accept(token_id{0}));
  CHECK(processed(state, row) == std::vector<float>{2, -infinite, 1, -infinite, -infinite});
  REQUIRE(state.accept(token_id{0}));
  CHECK(processed(state, row) == std::vector<float>{2, -infinite, -infinite, -infinite, -infinite});
  REQUIRE(state.accept(token_id{4}));
  CHECK(processed(state, row) == std::vector<float>{2, -2, 1, -infinite, -infinite});
}

TEST_CASE("processors: vLLM's penalties", "[token]") {
  processor_settings s;
  s.penalties = {penalty_style::vllm, 2, 0.25f, 0.5f, 0};
  const auto p = logit_processors::make(s, 5);
  processor_state state(*p);
  REQUIRE(state.prompt(ids({0, 0, 1})));
  CHECK(processed(state, row) == std::vector<float>{1, -4, 1, 0, -infinite});  // the prompt counts for repetition alone
  REQUIRE(state.accept(token_id{0}));
  REQUIRE(state.accept(token_id{2}));
  REQUIRE(state.accept(token_id{2}));
  REQUIRE(state.accept(token_id{4}));
  CHECK(processed(state, row) == std::vector<float>{1 - 0.25f - 0.5f, -4, 0.5f - 0.5f - 0.5f, 0, -infinite});
}

TEST_CASE("processors: llama.cpp's penalties look at the last tokens of prompt and output alike", "[token]") {
  processor_settings s;
  s.penalties = {penalty_style::llama_cpp, 2, 0.25f, 0.5f, 3};
  const auto p = logit_processors::make(s, 5);
  processor_state state(*p);
  REQUIRE(state.prompt(ids({1, 0, 0})));
  CHECK(processed(state, row) == std::vector<float>{1 - 1.0f, -4 - 0.75f, 1, 0, -infinite});
  REQUIRE(state.accept(token_id{3}));  // token 1 leaves the window
  CHECK(processed(state, row) == std::vector<float>{0, -2, 1, -0.75f, -infinite});
  s.penalties.window = 0;
  const auto off = logit_processors::make(s, 5);
  processor_state idle(*off);
  REQUIRE(idle.prompt(ids({1, 0, 0})));
  CHECK(idle.apply(row)->data() == row.data());
}

TEST_CASE("processors: counts follow a plain window and a plain count over long random histories", "[token]") {
  random_stream r(seed{}, "processors");
  for (penalty_style style : {penalty_style::vllm, penalty_style::llama_cpp})
    for (std::uint32_t window : {1u, 2u, 17u}) {
      processor_settings s;
      s.penalties = {style, 1, 1, 0, window};
      const auto p = logit_processors::make(s, 50);
      processor_state state(*p);
      std::deque<std::uint32_t> last;
      std::map<std::uint32_t, int> all;
      const std::vector<float> zeros(50, 0.0f);
      for (int i = 0; i < 300; ++i) {
        const auto id = static_cast<std::uint32_t>(r.below(50));
        REQUIRE(state.accept(token_id{id}));
        ++all[id];
        last.push_back(id);
        if (last.size() > window) last.pop_front();
        const auto got = state.apply(zeros);
        for (std::uint32_t j = 0; j < 50; ++j) {
          const auto n =
              style == penalty_style::vllm ? all[j] : static_cast<int>(std::count(last.begin(), last.end(), j));
          REQUIRE((*got)[j] == static_cast<float>(-n));
        }
      }
    }
}

TEST_CASE("processors: the order of steps matters and is the caller's", "[token]") {
  processor_settings s;
  s.bias = {{token_id{0}, 2}};
  s.penalties.repetition = 2;
  const auto bias_first = logit_processors::make(s, 5);
  std::swap(s.order[3], s.order[4]);
  const auto penalty_first = logit_processors::make(s, 5);
  processor_state a(*bias_first), b(*penalty_first);
  REQUIRE(a.prompt(ids({0})));
  REQUIRE(b.prompt(ids({0})));
  CHECK(processed(a, row)[0] == 2);
  CHECK(processed(b, row)[0] == 3);
}

TEST_CASE("processors: a sparse row must list what is raised or allowed", "[token]") {
  const std::vector<token_id> listed = ids({0, 2});
  const std::vector<float> values{2, 1};
  const sparse_logits sparse{listed, values};
  const auto code = [&](const processor_settings& s) {
    const auto p = logit_processors::make(s, 5);
    processor_state state(*p);
    REQUIRE(state.accept(token_id{3}));
    const auto got = state.apply(sparse);
    return got ? errc{} : got.error().code;
  };
  processor_settings s;
  s.bias = {{token_id{3}, -1}};
  CHECK(code(s) == errc{});
  s.bias = {{token_id{3}, 1}};
  CHECK(code(s) == errc::incomplete);
  s = {};
  s.allowed = ids({0, 1});
  CHECK(code(s) == errc::incomplete);
  s = {};
  s.penalties.presence = -0.5f;
  CHECK(code(s) == errc::incomplete);
  s.penalties.presence = 0.5f;
  CHECK(code(s) == errc{});
  s.penalties = {penalty_style::vllm, 0.5f, 0, 0, 0};
  CHECK(code(s) == errc::incomplete);
}

TEST_CASE("processors: hostile settings and tokens are errors", "[token]") {
  const auto code = [](const processor_settings& s) { return logit_processors::make(s, 5).error(); };
  processor_settings s;
  s.allowed = ids({5});
  CHECK(code(s) == fail(errc::token_out_of_range, "", 5));
  s = {};
  s.stop_ids = ids({0, 9});
  CHECK(code(s).code == errc::token_out_of_range);
  s = {};
  s.bad_words = {ids({0}), {}};
  CHECK(code(s).code == errc::empty);
  s.bad_words = {ids({0, 6})};
  CHECK(code(s).code == errc::token_out_of_range);
  s.bad_words.assign(1025, std::vector<token_id>(1024));
  CHECK(code(s).code == errc::too_large);
  s = {};
  s.bias = {{token_id{1}, 1}, {token_id{1}, 2}};
  CHECK(code(s) == fail(errc::duplicate, "", 1));
  for (float bad : {infinite, std::numeric_limits<float>::quiet_NaN()}) {
    s.bias = {{token_id{1}, bad}};
    CHECK(code(s).code == errc::invalid_settings);
  }
  s = {};
  for (float bad : {0.0f, -1.0f, infinite, std::numeric_limits<float>::quiet_NaN()}) {
    s.penalties.repetition = bad;
    CHECK(code(s).code == errc::invalid_settings);
  }
  s = {};
  s.penalties.frequency = -infinite;
  CHECK(code(s).code == errc::invalid_settings);
  s = {};
  s.penalties.window = 0xffffffff;
  CHECK(code(s).code == errc::too_large);
  s = {};
  s.penalties.style = static_cast<penalty_style>(7);
  CHECK(code(s).code == errc::unsupported);
  s = {};
  s.order[0] = static_cast<processor_step>(6);
  CHECK(code(s).code == errc::unsupported);
  s.order[0] = processor_step::bias;
  CHECK(code(s).code == errc::duplicate);

  const auto p = logit_processors::make({}, 5);
  processor_state state(*p);
  CHECK(state.prompt(ids({0, 5})).error() == fail(errc::token_out_of_range, "", 1));
  CHECK(state.accept(token_id{5}).error() == fail(errc::token_out_of_range, "", 5));
  CHECK(state.apply(std::vector<float>{1}).error().code == errc::length_mismatch);
  const std::vector<token_id> outside = ids({0, 7});
  CHECK(state.apply(sparse_logits{outside, std::vector<float>{1, 2}}).error() == fail(errc::token_out_of_range, "", 1));
  CHECK(state.apply(sparse_logits{outside, std::vector<float>{1}}).error().code == errc::length_mismatch);
  REQUIRE(state.accept(token_id{0}));
  CHECK(state.prompt(ids({0})).error().code == errc::wrong_state);
}

TEST_CASE("processors: a long prompt of different tokens costs no more than sorting it", "[token]") {
  constexpr std::uint32_t entries = 1u << 20;
  processor_settings settings;
  settings.penalties.repetition = 1.5f;
  const auto made = logit_processors::make(settings, entries);
  REQUIRE(made);
  processor_state state(*made);
  std::vector<token_id> prompt;
  for (std::uint32_t i = entries; i-- > 0;) prompt.push_back(token_id{i});  // the worst order for insertion
  REQUIRE(state.prompt(prompt));
  REQUIRE(state.prompt(std::span<const token_id>(prompt).first(3)));
  const std::vector<float> wide(entries, 3.0f);
  const auto processed_row = state.apply(std::span<const float>(wide));
  REQUIRE(processed_row);
  CHECK(processed_row->front() == 2.0f);
  CHECK(processed_row->back() == 2.0f);
}
