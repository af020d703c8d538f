// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tokens per second of seeded sampling and Token-DiFR scoring.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <benchmark/benchmark.h>

#include <assay/random.hpp>
#include <assay/token.hpp>

namespace {

using namespace assay;

constexpr std::size_t vocabulary = 128256;
constexpr noise_key key{42, 7};

/// Rows like a language model's: a broad bulk and a few tokens far above it.
std::vector<std::vector<float>> make_rows(std::size_t count) {
  random_stream r(seed{}, "token bench");
  std::vector<std::vector<float>> rows(count, std::vector<float>(vocabulary));
  for (auto& row : rows) {
    for (float& v : row) v = static_cast<float>(2.0 * r.normal());
    for (int i = 0; i < 60; ++i) row[r.below(vocabulary)] = static_cast<float>(8 + 2 * r.exponential());
  }
  return rows;
}

const std::vector<std::vector<float>>& rows() {
  static const auto made = make_rows(16);
  return made;
}

void sparse_score(benchmark::State& state) {
  const sampler_settings settings{1, 50, static_cast<float>(state.range(0)) / 100};
  token_workspace work;
  std::vector<recorded_logits> top;
  std::vector<token_id> claimed;
  for (std::uint32_t i = 0; i < rows().size(); ++i) {
    top.push_back(*top_logits(rows()[i], 50));
    claimed.push_back(*sample_token(top[i].view(), settings, key, i, work));
  }
  std::uint32_t i = 0;
  for (auto _ : state) {
    const std::uint32_t j = i++ % 16;
    benchmark::DoNotOptimize(score_token(top[j].view(), settings, key, j, claimed[j], work));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(sparse_score)->ArgName("top_p")->Arg(95)->Arg(100);

void dense(benchmark::State& state, sampler_settings settings, bool score) {
  token_workspace work;
  std::vector<token_id> claimed;
  for (std::uint32_t i = 0; i < rows().size(); ++i) claimed.push_back(*sample_token(rows()[i], settings, key, i, work));
  std::uint32_t i = 0;
  for (auto _ : state) {
    const std::uint32_t j = i++ % 16;
    if (score) benchmark::DoNotOptimize(score_token(rows()[j], settings, key, j, claimed[j], work));
    else benchmark::DoNotOptimize(sample_token(rows()[j], settings, key, j, work));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(dense, sample_k50_p95, sampler_settings{1, 50, 0.95f}, false);
BENCHMARK_CAPTURE(dense, score_k50_p95, sampler_settings{1, 50, 0.95f}, true);
BENCHMARK_CAPTURE(dense, sample_p95, sampler_settings{1, 0, 0.95f}, false);
BENCHMARK_CAPTURE(dense, sample_unfiltered, sampler_settings{1, 0, 1}, false);
BENCHMARK_CAPTURE(dense, score_unfiltered, sampler_settings{1, 0, 1}, true);
BENCHMARK_CAPTURE(dense, sample_greedy, sampler_settings{0, 0, 1}, false);

/// The yardstick: one pass that finds the largest logit, vectorised and not.
void max_pass(benchmark::State& state) {
  std::uint32_t i = 0;
  std::vector<float> maxima;
  for (auto _ : state) benchmark::DoNotOptimize(detail::scan_blocks(rows()[i++ % 16], 0.0f, maxima));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(max_pass);

void max_pass_std(benchmark::State& state) {
  std::uint32_t i = 0;
  for (auto _ : state) {
    const auto& row = rows()[i++ % 16];
    benchmark::DoNotOptimize(std::max_element(row.begin(), row.end()));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(max_pass_std);

}  // namespace

