// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tokens per second of the scores beyond the margin, and of all default ones together.
#include <cstddef>
#include <cstdint>
#include <vector>

#include <benchmark/benchmark.h>

#include <assay/random.hpp>
#include <assay/token.hpp>

namespace {

using namespace assay;

constexpr noise_key key{42, 7};
constexpr sampler_settings settings{1, 50, 0.95f};

/// Rows of 50 recorded logits and what a provider with logit noise of 0.05 chose from them: most margins are zero.
struct recorded_tokens {
  std::vector<recorded_logits> rows;
  std::vector<token_id> claimed;
  std::vector<token_score> scores;
};

const recorded_tokens& tokens() {
  static const recorded_tokens made = [] {
    recorded_tokens t;
    random_stream r(seed{}, "scores bench");
    token_workspace work;
    std::vector<float> row(128256);
    for (std::uint32_t i = 0; i < 256; ++i) {
      if (i % 16 == 0)
        for (float& v : row) v = static_cast<float>(2.0 * r.normal());
      for (int j = 0; j < 60; ++j) row[r.below(row.size())] = static_cast<float>(8 + 2 * r.exponential());
      t.rows.push_back(*top_logits(row, 50));
      recorded_logits served = t.rows.back();
      for (float& v : served.values) v += static_cast<float>(0.05 * r.normal());
      t.claimed.push_back(*sample_token(served.view(), settings, key, i, work));
      t.scores.push_back(*score_token(t.rows.back().view(), settings, key, i, t.claimed.back(), work));
    }
    return t;
  }();
  return made;
}

/// Margin, match, ranks, probability, cross-entropy, GLS, tail counts: what an audit keeps of every token.
void scores_all_sparse(benchmark::State& state) {
  token_workspace work;
  sequence_score sequence(score_limits{.margin_cap = 0.5});
  std::uint32_t i = 0;
  for (auto _ : state) {
    const std::uint32_t j = i++ % 256;
    sequence.add(*score_token(tokens().rows[j].view(), settings, key, j, tokens().claimed[j], work));
  }
  benchmark::DoNotOptimize(sequence);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(scores_all_sparse);

/// The same with Gini impurity and entropy, for implied noise and the bound on grinding.
void scores_all_sparse_and_spread(benchmark::State& state) {
  token_workspace work;
  sequence_score sequence(score_limits{.margin_cap = 0.5});
  noise_sums noise;
  double nats = 0;
  std::uint32_t i = 0;
  for (auto _ : state) {
    const std::uint32_t j = i++ % 256;
    const auto choice = score_with_spread(tokens().rows[j].view(), settings, key, j, tokens().claimed[j], work);
    sequence.add(choice->score);
    noise.add(choice->score, choice->spread.gini, settings);
    nats += surprisal(choice->score, settings);
  }
  benchmark::DoNotOptimize(sequence);
  benchmark::DoNotOptimize(noise);
  benchmark::DoNotOptimize(nats);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(scores_all_sparse_and_spread);

void scores_accumulate(benchmark::State& state) {
  sequence_score sequence(score_limits{.margin_cap = 0.5});
  std::size_t i = 0;
  for (auto _ : state) sequence.add(tokens().scores[i++ % 256]);
  benchmark::DoNotOptimize(sequence);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(scores_accumulate);

void scores_gls(benchmark::State& state) {
  const double margin = static_cast<double>(state.range(0)) / 100;
  for (auto _ : state) benchmark::DoNotOptimize(gumbel_likelihood(margin));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(scores_gls)->ArgName("margin_percent")->Arg(1)->Arg(200)->Arg(800);

void scores_choices_within(benchmark::State& state) {
  token_workspace work;
  const double border = safe_margin();
  std::uint32_t i = 0;
  for (auto _ : state) {
    const std::uint32_t j = i++ % 256;
    benchmark::DoNotOptimize(choices_within(tokens().rows[j].view(), settings, key, j, border, work));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(scores_choices_within);

void scores_monte_carlo(benchmark::State& state) {
  token_workspace work;
  random_stream random(seed{}, "bench");
  std::uint32_t i = 0;
  for (auto _ : state) {
    const std::uint32_t j = i++ % 256;
    benchmark::DoNotOptimize(
        simulate_likelihood(tokens().rows[j].view(), settings, key, j, tokens().claimed[j], 0.05, 100, random, work));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(scores_monte_carlo);

void scores_llama_dist(benchmark::State& state) {
  token_workspace work;
  auto dist = *llama_dist::make(1);
  filter_settings filters;
  filters.rule = filter_rule::llama_cpp;
  filters.sampler = {0.8f, 40, 0.95f};
  filters.min_p = 0.05f;
  std::uint32_t i = 0;
  for (auto _ : state) {
    const std::uint32_t j = i++ % 256;
    benchmark::DoNotOptimize(
        score_llama_dist(tokens().rows[j].view(), filters, dist.next(), tokens().claimed[j], work));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(scores_llama_dist);

void scores_inverse_cdf_dense(benchmark::State& state) {
  token_workspace work;
  random_stream r(seed{}, "dense");
  std::vector<float> row(128256);
  for (float& v : row) v = static_cast<float>(2.0 * r.normal());
  for (auto _ : state) benchmark::DoNotOptimize(score_inverse_cdf(std::span<const float>(row), 0.5, token_id{9}, work));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(scores_inverse_cdf_dense);

void scores_prefix_uniform(benchmark::State& state) {
  token_prefix_hash hash(42);
  std::uint32_t i = 0;
  for (auto _ : state) {
    hash.append(token_id{i++});
    benchmark::DoNotOptimize(first_torch_cpu_uniform(hash.value()));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(scores_prefix_uniform);

}  // namespace
