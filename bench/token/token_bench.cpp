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

enum class work_kind { sample, margins, all };

void dense(benchmark::State& state, sampler_settings settings, work_kind kind) {
  token_workspace work;
  std::vector<token_id> claimed;
  for (std::uint32_t i = 0; i < rows().size(); ++i) claimed.push_back(*sample_token(rows()[i], settings, key, i, work));
  const score_options options{kind == work_kind::all};
  std::uint32_t i = 0;
  for (auto _ : state) {
    const std::uint32_t j = i++ % 16;
    if (kind == work_kind::sample) benchmark::DoNotOptimize(sample_token(rows()[j], settings, key, j, work));
    else benchmark::DoNotOptimize(score_token(rows()[j], settings, key, j, claimed[j], work, philox_noise{}, options));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(dense, sample_k50, sampler_settings{1, 50, 1}, work_kind::sample);
BENCHMARK_CAPTURE(dense, margin_k50, sampler_settings{1, 50, 1}, work_kind::margins);
BENCHMARK_CAPTURE(dense, score_k50, sampler_settings{1, 50, 1}, work_kind::all);
BENCHMARK_CAPTURE(dense, sample_k50_p95, sampler_settings{1, 50, 0.95f}, work_kind::sample);
BENCHMARK_CAPTURE(dense, margin_k50_p95, sampler_settings{1, 50, 0.95f}, work_kind::margins);
BENCHMARK_CAPTURE(dense, score_k50_p95, sampler_settings{1, 50, 0.95f}, work_kind::all);
BENCHMARK_CAPTURE(dense, sample_p95, sampler_settings{1, 0, 0.95f}, work_kind::sample);
BENCHMARK_CAPTURE(dense, margin_p95, sampler_settings{1, 0, 0.95f}, work_kind::margins);
BENCHMARK_CAPTURE(dense, score_p95, sampler_settings{1, 0, 0.95f}, work_kind::all);
BENCHMARK_CAPTURE(dense, sample_unfiltered, sampler_settings{1, 0, 1}, work_kind::sample);
BENCHMARK_CAPTURE(dense, margin_unfiltered, sampler_settings{1, 0, 1}, work_kind::margins);
BENCHMARK_CAPTURE(dense, score_unfiltered, sampler_settings{1, 0, 1}, work_kind::all);
BENCHMARK_CAPTURE(dense, score_unfiltered_t07, sampler_settings{0.7f, 0, 1}, work_kind::all);
BENCHMARK_CAPTURE(dense, sample_greedy, sampler_settings{0, 0, 1}, work_kind::sample);

/// Whole rows without filters under engines' noise: the race with its screen, and as it would be without.
template <class Noise>
struct unscreened {
  static constexpr double gumbel_max = Noise::gumbel_max;
  Noise noise;
  double gumbel(noise_key k, std::uint32_t step, token_id id) const {
    return static_cast<double>(noise.gumbel(k, step, id));
  }
};
template <class Noise>
void dense_noise(benchmark::State& state, const Noise& noise) {
  token_workspace work;
  std::uint32_t i = 0;
  for (auto _ : state) {
    const std::uint32_t j = i++ % 16;
    benchmark::DoNotOptimize(sample_token(rows()[j], sampler_settings{1, 0, 1}, key, j, work, noise));
  }
  state.SetItemsProcessed(state.iterations());
}
const auto cuda_float = *torch_cuda_float_noise::make({vocabulary, cuda_grids::h100_sxm});
const auto cuda_double = *torch_cuda_double_noise::make({vocabulary, cuda_grids::h100_sxm});
BENCHMARK_CAPTURE(dense_noise, torch_cuda_float, cuda_float);
BENCHMARK_CAPTURE(dense_noise, torch_cuda_float_unscreened, unscreened<torch_cuda_float_noise>{cuda_float});
BENCHMARK_CAPTURE(dense_noise, torch_cuda_double, cuda_double);
BENCHMARK_CAPTURE(dense_noise, torch_cuda_double_unscreened, unscreened<torch_cuda_double_noise>{cuda_double});
BENCHMARK_CAPTURE(dense_noise, vllm_triton, vllm_triton_noise{});
BENCHMARK_CAPTURE(dense_noise, vllm_triton_unscreened, unscreened<vllm_triton_noise>{});
BENCHMARK_CAPTURE(dense_noise, vllm_cpu, vllm_cpu_noise{});
BENCHMARK_CAPTURE(dense_noise, vllm_cpu_unscreened, unscreened<vllm_cpu_noise>{});
BENCHMARK_CAPTURE(dense_noise, sglang, sglang_noise{});
BENCHMARK_CAPTURE(dense_noise, sglang_unscreened, unscreened<sglang_noise>{});

/// Engines' filters, on whole rows and on the fifty largest entries.
void filter_rules(benchmark::State& state, filter_settings settings, bool whole) {
  token_workspace work;
  std::vector<recorded_logits> top;
  for (const auto& row : rows()) top.push_back(*top_logits(row, 50));
  std::uint32_t i = 0;
  for (auto _ : state) {
    const std::uint32_t j = i++ % 16;
    const token_id claimed = top[j].ids[0];
    if (whole) benchmark::DoNotOptimize(score_token(rows()[j], settings, key, j, claimed, work));
    else benchmark::DoNotOptimize(score_token(top[j].view(), settings, key, j, claimed, work));
  }
  state.SetItemsProcessed(state.iterations());
}
constexpr sampler_settings usual{0.8f, 40, 0.95f}, nucleus{0.8f, 0, 0.95f};
BENCHMARK_CAPTURE(filter_rules, sparse_vllm_triton, filter_settings{filter_rule::vllm_triton, usual}, false);
BENCHMARK_CAPTURE(filter_rules, sparse_sglang, filter_settings{filter_rule::sglang, usual}, false);
BENCHMARK_CAPTURE(filter_rules, sparse_llama_cpp, filter_settings{filter_rule::llama_cpp, usual, 0.05f}, false);
BENCHMARK_CAPTURE(filter_rules, whole_vllm_triton, filter_settings{filter_rule::vllm_triton, usual}, true);
BENCHMARK_CAPTURE(filter_rules, whole_vllm_triton_p95, filter_settings{filter_rule::vllm_triton, nucleus}, true);
BENCHMARK_CAPTURE(filter_rules, whole_vllm_sort_min_p, filter_settings{filter_rule::vllm_sort, usual, 0.05f}, true);
BENCHMARK_CAPTURE(filter_rules, whole_sglang, filter_settings{filter_rule::sglang, usual}, true);
BENCHMARK_CAPTURE(filter_rules, whole_llama_cpp, filter_settings{filter_rule::llama_cpp, usual, 0.05f}, true);
BENCHMARK_CAPTURE(filter_rules, whole_llama_cpp_p95, filter_settings{filter_rule::llama_cpp, nucleus, 0.05f}, true);

/// vLLM's penalties over a history of a thousand tokens, on the fifty largest entries and on whole rows.
void penalties(benchmark::State& state, bool whole) {
  processor_settings settings;
  settings.penalties = {penalty_style::vllm, 1.1f, 0.2f, 0.1f, 0};
  const auto processors = logit_processors::make(settings, vocabulary);
  processor_state history(*processors);
  random_stream r(seed{}, "history");
  for (int i = 0; i < 1000; ++i) (void)history.accept(token_id{static_cast<std::uint32_t>(r.below(vocabulary))});
  const recorded_logits top = *top_logits(rows()[0], 50);
  for (auto _ : state) {
    if (whole) benchmark::DoNotOptimize(history.apply(rows()[0]));
    else benchmark::DoNotOptimize(history.apply(top.view()));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(penalties, sparse, false);
BENCHMARK_CAPTURE(penalties, whole, true);

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
