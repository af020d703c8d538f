// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Cost of hidden-state statistics per activation: rows of 4096, close as two honest stacks' are, or unrelated.
#include <cstdint>
#include <vector>

#include <benchmark/benchmark.h>

#include <assay/fingerprint/state_statistics.hpp>
#include <assay/fingerprint/state_thresholds.hpp>
#include <assay/random/stream.hpp>

namespace {

struct pair_of_rows {
  explicit pair_of_rows(std::size_t width, bool close) {
    assay::random_stream stream{assay::seed{}, "bench-states"};
    for (std::size_t i = 0; i < width; ++i) {
      const double h = 0.6 * stream.normal();
      reference.push_back(static_cast<float>(h));
      claimed.push_back(static_cast<float>(close ? h + 1e-3 * stream.normal() : 0.6 * stream.normal()));
    }
  }
  [[nodiscard]] static std::vector<std::byte> codes(const std::vector<float>& row, assay::dtype type) {
    std::vector<std::byte> out(row.size() * assay::size_of(type));
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (type == assay::dtype::f32) assay::store_le(out.data() + 4 * i, std::bit_cast<std::uint32_t>(row[i]));
      else if (type == assay::dtype::bf16) assay::store_le(out.data() + 2 * i, assay::float_to_bf16(row[i]));
      else assay::store_le(out.data() + 2 * i, assay::float_to_f16(row[i]));
    }
    return out;
  }
  std::vector<float> claimed, reference;
};

void per_activation(benchmark::State& state, std::size_t width) {
  state.SetItemsProcessed(static_cast<std::int64_t>(width) * state.iterations());
}

void compare_states(benchmark::State& state, assay::dtype type, bool close) {
  const auto width = static_cast<std::size_t>(state.range(0));
  const pair_of_rows rows{width, close};
  const auto claimed = pair_of_rows::codes(rows.claimed, type), reference = pair_of_rows::codes(rows.reference, type);
  auto comparison = assay::state_comparison::make(type).value();
  for (auto _ : state) benchmark::DoNotOptimize(comparison.add(claimed, reference));
  per_activation(state, width);
}
BENCHMARK_CAPTURE(compare_states, bf16, assay::dtype::bf16, true)->Arg(256)->Arg(4096);
BENCHMARK_CAPTURE(compare_states, bf16_unrelated, assay::dtype::bf16, false)->Arg(4096);
BENCHMARK_CAPTURE(compare_states, f16, assay::dtype::f16, true)->Arg(4096);
BENCHMARK_CAPTURE(compare_states, f32, assay::dtype::f32, true)->Arg(4096);

void compare_floats(benchmark::State& state) {
  const pair_of_rows rows{4096, true};
  auto comparison = assay::state_comparison::make(assay::dtype::bf16).value();
  for (auto _ : state)
    benchmark::DoNotOptimize(
        comparison.add(std::span<const float>{rows.claimed}, std::span<const float>{rows.reference}));
  per_activation(state, rows.claimed.size());
}
BENCHMARK(compare_floats)->Name("compare_states/f32_rounded_to_bf16/4096");

void merge_states(benchmark::State& state) {
  const pair_of_rows rows{4096, true};
  auto comparison = assay::state_comparison::make(assay::dtype::bf16).value();
  (void)comparison.add(std::span<const float>{rows.claimed}, std::span<const float>{rows.reference});
  assay::state_counts all;
  for (auto _ : state) {
    all.merge(comparison.counts());
    benchmark::DoNotOptimize(all);
  }
}
BENCHMARK(merge_states);

void judge_states(benchmark::State& state) {
  const pair_of_rows rows{4096, true};
  auto comparison = assay::state_comparison::make(assay::dtype::bf16).value();
  (void)comparison.add(std::span<const float>{rows.claimed}, std::span<const float>{rows.reference});
  for (auto _ : state)
    benchmark::DoNotOptimize(assay::judge(comparison.counts(), assay::verillm_off_chain_thresholds()));
}
BENCHMARK(judge_states);

}  // namespace
