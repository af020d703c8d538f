// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rates of the random module: Philox words, noise values, streams.
#include <cstdint>
#include <vector>

#include <benchmark/benchmark.h>

#include <assay/random.hpp>

namespace {

using namespace assay;

void philox_words(benchmark::State& state) {
  const bool fast = state.range(0) != 0;
  std::vector<std::uint32_t> ids(1024);
  std::vector<std::uint64_t> out(1024);
  for (std::uint32_t i = 0; i < 1024; ++i) ids[i] = i;
  std::uint32_t step = 0;
  for (auto _ : state) {
    if (fast) detail::philox_pairs(ids.data(), 1024, {0, step++, 1, 0}, {1, 2}, out.data());
    else detail::philox_pairs_ref(ids.data(), 1024, {0, step++, 1, 0}, {1, 2}, out.data());
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * 1024);
  state.counters["words_used"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * 2048, benchmark::Counter::kIsRate);
}
BENCHMARK(philox_words)->ArgName("dispatched")->Arg(0)->Arg(1);

void gumbel(benchmark::State& state) {
  std::uint32_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(gumbel_noise({1, 2}, 3, token_id{i++}));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(gumbel);

void bound(benchmark::State& state) {
  std::uint64_t bits = 12345;
  for (auto _ : state) benchmark::DoNotOptimize(philox_noise::bound_of((bits += 0x9E3779B97F4A7C15u) >> 12));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(bound);

void stream_u64(benchmark::State& state) {
  random_stream r(seed{}, "bench");
  for (auto _ : state) benchmark::DoNotOptimize(r.next_u64());
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(stream_u64);

void stream_normal(benchmark::State& state) {
  random_stream r(seed{}, "bench");
  for (auto _ : state) benchmark::DoNotOptimize(r.normal());
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(stream_normal);

void subset(benchmark::State& state) {
  random_stream r(seed{}, "bench");
  for (auto _ : state) benchmark::DoNotOptimize(sample_without_replacement(r, std::uint64_t{1} << 40, 1000));
  state.SetItemsProcessed(state.iterations() * 1000);
}
BENCHMARK(subset);

}  // namespace

