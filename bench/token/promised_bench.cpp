// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What judging a token costs under each sampler that a run may promise: whole rows of 128,256 logits.
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <benchmark/benchmark.h>

#include <assay/random.hpp>
#include <assay/token/promised_sampler.hpp>

namespace {

using namespace assay;

constexpr std::uint32_t entries = 128256;
constexpr std::uint32_t outputs = 16;

/// Rows like a language model's: a broad bulk and a few tokens far above it.
const std::vector<std::vector<float>>& promised_rows() {
  static const auto made = [] {
    random_stream r(seed{}, "promised sampler bench");
    std::vector<std::vector<float>> rows(outputs, std::vector<float>(entries));
    for (auto& row : rows) {
      for (float& v : row) v = static_cast<float>(2.0 * r.normal());
      for (int i = 0; i < 60; ++i) row[r.below(entries)] = static_cast<float>(8 + 2 * r.exponential());
    }
    return rows;
  }();
  return made;
}

void judge(benchmark::State& state, sampler_profile profile, bool filtered) {
  sampler_description s;
  s.profile = profile;
  if (filtered) s.filters.sampler = {1.0f, 50, 0.95f};
  if (profile == sampler_profile::llama_cpp_dist) s.filters.rule = filter_rule::llama_cpp;
  if (profile == sampler_profile::sglang) s.filters.rule = filter_rule::sglang;
  if (is_torch_cuda(profile)) s.cuda_grid = cuda_grids::h100_sxm;
  const std::vector<token_id> prompt{token_id{1}};
  auto sampler = promised_sampler::make(s, entries, {42, 7}, prompt);
  if (!sampler) return state.SkipWithError(sampler.error().message);
  for (const auto& row : promised_rows()) (void)sampler->accept(*sampler->sample(std::span<const float>{row}));
  std::uint32_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(sampler->score(i, std::span<const float>{promised_rows()[i]}));
    if (++i == outputs) i = 0;
  }
  state.SetItemsProcessed(state.iterations());
}

#define ASSAY_BENCH_PROFILE(name)                                      \
  BENCHMARK_CAPTURE(judge, name##_k50_p95, sampler_profile::name, true); \
  BENCHMARK_CAPTURE(judge, name##_unfiltered, sampler_profile::name, false)
ASSAY_BENCH_PROFILE(assay_philox);
ASSAY_BENCH_PROFILE(torch_cuda_f32);
ASSAY_BENCH_PROFILE(torch_cpu_f32);
ASSAY_BENCH_PROFILE(vllm_triton);
ASSAY_BENCH_PROFILE(vllm_cpu);
ASSAY_BENCH_PROFILE(sglang);
ASSAY_BENCH_PROFILE(llama_cpp_dist);
ASSAY_BENCH_PROFILE(prefix_cdf_cpu);
#undef ASSAY_BENCH_PROFILE

}  // namespace
