// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <reference_engine/engine.hpp>

#include <thread>

#include <assay/core/row_source.hpp>

#include "support/catch.hpp"
#include "tiny_model.hpp"

using namespace assay_tests;
using assay::errc;
using reference::honest_numerics;
using reference::precision;
using reference::which_logits;

namespace {

double tolerance(const reference::numerics& n) { return n.activation == precision::bf16 ? 0.5 : 1e-4; }

/// The profile with tiles that are smaller than the tiny model's matrices.
reference::numerics shrunk(reference::numerics n) {
  for (reference::summation* s : {&n.prefill, &n.decode})
    if (s->how == reference::summation::order::blocked) s->count = 6;
  if (n.prefill_chunk != 0) n.prefill_chunk = 7;
  if (n.attention_block != 0) n.attention_block = 4;
  return n;
}

}  // namespace

TEST_CASE("engine: prefill and decode agree with an independent NumPy implementation under every profile",
          "[reference_engine]") {
  const auto engine = tiny().engine();
  const auto expected = flat(tiny().logits);
  for (const auto& profile : honest_numerics)
    for (const auto& how : {profile, shrunk(profile)}) {
      INFO(how.name);
      CHECK(largest_difference(prefilled(engine, how), expected) < tolerance(how));
      CHECK(largest_difference(decoded(engine, how), expected) < tolerance(how));
    }
}

TEST_CASE("engine: profiles are deterministic and honestly different", "[reference_engine]") {
  const auto engine = tiny().engine();
  std::vector<std::vector<float>> runs;
  for (const auto& profile : honest_numerics) {
    const auto how = shrunk(profile);
    runs.push_back(decoded(engine, how));
    CHECK(same_bits(runs.back(), decoded(engine, how)));
    for (std::size_t i = 0; i + 1 < runs.size(); ++i) CHECK_FALSE(same_bits(runs[i], runs.back()));
  }
}

TEST_CASE("engine: the sum's order alone decides the bits", "[reference_engine]") {
  const auto engine = tiny().engine();
  const auto& sequential = honest_numerics[0];
  CHECK(same_bits(prefilled(engine, sequential),
                  decoded(engine, sequential)));  // the same order for one row and for many
  const auto& lanes = *reference::find_numerics("lanes-8");
  CHECK_FALSE(same_bits(prefilled(engine, lanes), decoded(engine, lanes)));
  CHECK(reference::find_numerics("none") == nullptr);
}

TEST_CASE("engine: the hook sees every checkpoint of every position", "[reference_engine]") {
  const auto engine = tiny().engine();
  const auto& m = tiny();
  REQUIRE(engine.checkpoint_count() == m.checkpoints.size());
  CHECK(engine.checkpoint_name(assay::layer_index{0}) == "block.0");
  CHECK(engine.checkpoint_name(assay::layer_index{2}) == "final_norm");

  reference::numerics chunked = honest_numerics[0];
  chunked.prefill_chunk = 7;
  reference::session s = engine.new_session(chunked);
  std::vector<std::uint32_t> seen(m.checkpoints.size());
  std::vector<float> row(engine.config().width);
  const auto hook = [&](assay::layer_index layer, const assay::tensor_view& rows, assay::position first,
                        std::uint32_t count) {
    CHECK(first.value == seen[layer.value]);
    for (std::uint32_t i = 0; i < count; ++i) {
      REQUIRE(assay::read_row(rows, i, row));
      CHECK(largest_difference(row, m.checkpoints[layer.value][first.value + i]) < 1e-4);
    }
    seen[layer.value] += count;
  };
  REQUIRE(s.prefill(std::span(m.tokens).first(15), which_logits::none, hook));
  for (std::size_t i = 15; i < m.tokens.size(); ++i) REQUIRE(s.decode(m.tokens[i], hook));
  for (std::uint32_t n : seen) CHECK(n == m.tokens.size());
}

TEST_CASE("engine: the LM head alone turns final rows into the same logits", "[reference_engine]") {
  const auto engine = tiny().engine();
  reference::session s = engine.new_session();
  std::vector<float> final_rows;
  const auto keep = [&](assay::layer_index layer, const assay::tensor_view& rows, assay::position,
                        std::uint32_t count) {
    if (layer.value != engine.config().blocks) return;
    const auto* values = reinterpret_cast<const float*>(rows.data);
    final_rows.assign(values, values + std::size_t{count} * engine.config().width);
  };
  const auto logits = s.prefill(tiny().tokens, which_logits::all, keep);
  REQUIRE(logits);
  const auto weights = tiny().weights();
  const reference::lm_head head{weights.head, weights.config.vocabulary, weights.config.width};
  std::vector<float> row(head.vocabulary());
  for (std::uint32_t i = 0; i < logits->count; ++i) {
    head.logits(std::span(final_rows).subspan(i * head.width(), head.width()), row);
    CHECK(same_bits(row, logits->row(i)));
  }
}

TEST_CASE("engine: a block replayed from the rows that enter it gives the rows that leave it", "[reference_engine]") {
  const auto engine = tiny().engine();
  for (const auto& profile : honest_numerics) {
    const auto how = shrunk(profile);
    reference::session s = engine.new_session(how);
    std::vector<std::vector<float>> rows(engine.checkpoint_count());
    const auto keep = [&](assay::layer_index layer, const assay::tensor_view& view, assay::position,
                          std::uint32_t count) {
      const auto* values = reinterpret_cast<const float*>(view.data);
      rows[layer.value].insert(rows[layer.value].end(), values, values + std::size_t{count} * engine.config().width);
    };
    REQUIRE(s.prefill(tiny().tokens, which_logits::none, keep));
    std::vector<float> in(rows[0].size()), out(rows[0].size());
    REQUIRE(engine.embed(tiny().tokens, in));
    REQUIRE(engine.replay_block(0, how, in, out));
    CHECK(same_bits(out, rows[0]));
    REQUIRE(engine.replay_block(1, how, rows[0], out));
    CHECK(same_bits(out, rows[1]));
    CHECK(engine.replay_block(2, how, in, out).error().code == errc::out_of_range);
    CHECK(engine.replay_block(0, how, {}, {}).error().code == errc::empty);
  }
}

TEST_CASE("engine: sessions go on after prefill, decode and rewind", "[reference_engine]") {
  const auto engine = tiny().engine();
  const auto all = prefilled(engine, honest_numerics[0]);
  const std::size_t vocabulary = engine.config().vocabulary;
  const auto tokens = std::span(tiny().tokens);
  reference::session s = engine.new_session();
  REQUIRE(s.prefill(tokens.first(5)));
  REQUIRE(s.decode(assay::token_id{7}));
  s.rewind(assay::position{5});
  REQUIRE(s.decode(tokens[5]));
  const auto rest = s.prefill(tokens.subspan(6), which_logits::all);
  REQUIRE(rest);
  CHECK(rest->first == assay::position{6});
  CHECK(s.next().value == tokens.size());
  CHECK(same_bits({rest->data, rest->count * vocabulary}, std::span(all).subspan(6 * vocabulary)));

  reference::session last = engine.new_session();
  const auto one = last.prefill(tokens);
  REQUIRE(one);
  CHECK(one->count == 1);
  CHECK(one->first.value == tokens.size() - 1);
  CHECK(same_bits(one->row(0), std::span(all).last(vocabulary)));
}

TEST_CASE("engine: foreign tokens are errors and change nothing", "[reference_engine]") {
  const auto engine = tiny().engine();
  reference::session s = engine.new_session({}, 4);
  const assay::token_id bad[] = {assay::token_id{1}, assay::token_id{32}};
  CHECK(s.prefill({}).error().code == errc::empty);
  CHECK(s.prefill(bad).error() == assay::fail(errc::token_out_of_range, "", 1));
  CHECK(s.decode(assay::token_id{UINT32_MAX}).error().code == errc::token_out_of_range);
  CHECK(s.prefill(std::span(tiny().tokens).first(5)).error().code == errc::too_large);
  CHECK(s.next().value == 0);
  REQUIRE(s.prefill(std::span(tiny().tokens).first(4)));
  CHECK(s.decode(assay::token_id{0}).error().code == errc::too_large);
  std::vector<float> rows(2 * engine.config().width);
  CHECK(engine.embed(bad, rows).error().code == errc::token_out_of_range);
}

TEST_CASE("engine: sessions of one engine run concurrently", "[reference_engine]") {
  const auto engine = tiny().engine();
  const auto expected = decoded(engine, honest_numerics[2]);
  std::vector<std::vector<float>> results(4);
  {
    std::vector<std::thread> threads;
    for (auto& r : results) threads.emplace_back([&] { r = decoded(engine, honest_numerics[2]); });
    for (auto& t : threads) t.join();
  }
  for (const auto& r : results) CHECK(same_bits(r, expected));
}
