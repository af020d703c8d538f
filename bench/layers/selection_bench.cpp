// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Layer selection: time against layers and verifiers, which the complexity O(M L) says are both linear.
#include <cstdint>
#include <vector>

#include <benchmark/benchmark.h>

#include <assay/layers/random_policy.hpp>
#include <assay/layers/selection.hpp>
#include <assay/random/stream.hpp>

namespace {

std::vector<assay::layer_item> random_layers(std::int64_t count) {
  assay::random_stream stream{assay::seed{}, "bench-layers"};
  std::vector<assay::layer_item> out;
  for (std::int64_t i = 0; i < count; ++i) out.push_back({stream.below(1000), 1 + stream.below(100)});
  return out;
}

/// Different budgets, so that order matters, for ranges of about 10 layers.
std::vector<std::uint64_t> budgets(std::int64_t count) {
  std::vector<std::uint64_t> out;
  for (std::int64_t k = 0; k < count; ++k) out.push_back(400 + static_cast<std::uint64_t>(k) * 37 % 200);
  return out;
}

void per_cell(benchmark::State& state, std::int64_t cells) { state.SetItemsProcessed(cells * state.iterations()); }

void select_in_order(benchmark::State& state) {
  const auto layers = random_layers(state.range(0));
  const auto limit = budgets(state.range(1));
  for (auto _ : state) benchmark::DoNotOptimize(assay::select_layers_in_order(layers, limit));
  per_cell(state, state.range(0) * state.range(1));
}
BENCHMARK(select_in_order)
    ->Args({80, 1})
    ->Args({80, 8})
    ->Args({80, 64})
    ->Args({640, 8})
    ->Args({5120, 8})
    ->Args({40960, 8})
    ->Args({640, 64})
    ->Args({5120, 64});

void select_equal_budgets(benchmark::State& state) {
  const auto layers = random_layers(state.range(0));
  const std::vector<std::uint64_t> limit(static_cast<std::size_t>(state.range(1)), 500);
  for (auto _ : state) benchmark::DoNotOptimize(assay::select_layers(layers, limit));
  per_cell(state, state.range(0) * state.range(1));
}
BENCHMARK(select_equal_budgets)->Args({80, 8})->Args({5120, 8})->Args({5120, 64});

/// Any order of different budgets: 2^M states.
void select_any_order(benchmark::State& state) {
  const auto layers = random_layers(80);
  const auto limit = budgets(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(assay::select_layers(layers, limit));
}
BENCHMARK(select_any_order)->Arg(2)->Arg(4)->Arg(6)->Arg(8)->Arg(10);

void make_layer_policy(benchmark::State& state) {
  const auto layers = random_layers(80);
  const auto limit = budgets(4);
  for (auto _ : state) benchmark::DoNotOptimize(assay::layer_policy::make(layers, limit, 0.05));
}
BENCHMARK(make_layer_policy);

void draw_layers(benchmark::State& state) {
  const auto policy = assay::layer_policy::make(random_layers(80), budgets(4), 0.05).value();
  std::uint64_t audit = 0;
  for (auto _ : state) benchmark::DoNotOptimize(&policy.draw(assay::seed{}, audit++));
}
BENCHMARK(draw_layers);

}  // namespace
