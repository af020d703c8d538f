// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a prover costs an engine, with warm caches and with an engine's weights streaming through them between two hooks.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <numeric>
#include <vector>

#include <assay/protocol.hpp>

namespace {

using namespace assay;

constexpr std::uint32_t checkpoints = 5, width = 256, prompt = 36, output = 64;

run_description promised() {
  run_description run;
  run.model = {{}, {}, dtype::bf16, dtype::bf16, checkpoints, width, 2048};
  run.commitment.steps.assign(checkpoints, 0x1p-8f);
  return run;
}

request asked() {
  request r;
  r.prompt.assign(prompt, token_id{1});
  r.max_output = output;
  return r;
}

std::vector<float> states(std::uint32_t rows) {
  random_stream stream{seed{}, "bench"};
  std::vector<float> all(std::size_t{rows} * width);
  for (float& x : all) x = static_cast<float>(stream.normal());
  return all;
}

/// One generation: a prefill, then one row per checkpoint and token; `between` runs before every hook of the decode phase.
template <class Between>
prover generate(const std::vector<float>& rows, Between&& between) {
  prover p = *prover::start(promised(), asked());
  for (std::uint32_t l = 0; l < checkpoints; ++l)
    (void)p.observe(layer_index{l}, matrix_view(rows.data(), prompt, width), row_map::contiguous({}, position{0}, prompt));
  for (std::uint32_t t = 0; t + 1 < output; ++t)
    for (std::uint32_t l = 0; l < checkpoints; ++l) {
      between();
      (void)p.observe(layer_index{l}, matrix_view(rows.data() + t * width, 1, width), row_map::contiguous({}, position{prompt + t}, 1));
    }
  for (std::uint32_t t = 0; t < output; ++t) (void)p.sampled(position{prompt + t}, token_id{t});
  return p;
}

void observe(benchmark::State& state) {
  const auto rows = states(output);
  for (auto _ : state) benchmark::DoNotOptimize(generate(rows, [] {}));
  state.counters["per_row"] = benchmark::Counter(checkpoints * (prompt + output - 1), benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK(observe);

/// The same with `range` KiB read before every hook, as an engine reads a block's weights. Subtract `stream_only`.
void stream(benchmark::State& state, bool hooks) {
  const auto rows = states(output);
  std::vector<float> weights(static_cast<std::size_t>(state.range(0)) * 256, 1.0f);
  float sum = 0;
  const auto between = [&] { benchmark::DoNotOptimize(sum += std::accumulate(weights.begin(), weights.end(), 0.0f)); };
  for (auto _ : state) {
    if (hooks) benchmark::DoNotOptimize(generate(rows, between));
    else for (std::uint32_t i = 0; i < (output - 1) * checkpoints; ++i) between();
  }
}
BENCHMARK_CAPTURE(stream, observe, true)->Arg(2816)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(stream, only, false)->Arg(2816)->Unit(benchmark::kMicrosecond);

void seal(benchmark::State& state) {
  const auto rows = states(output);
  const prover observed = generate(rows, [] {});
  for (auto _ : state) {
    state.PauseTiming();
    prover p = observed;
    state.ResumeTiming();
    benchmark::DoNotOptimize(p.seal());
  }
}
BENCHMARK(seal)->Unit(benchmark::kMicrosecond);

void open(benchmark::State& state) {
  prover p = generate(states(output), [] {});
  const receipt r = *p.seal();
  const challenge c{digest_of(r), seed{}, {8, 8}};
  for (auto _ : state) benchmark::DoNotOptimize(p.open(c));
}
BENCHMARK(open)->Unit(benchmark::kMicrosecond);

void check_openings(benchmark::State& state) {
  prover p = generate(states(output), [] {});
  const receipt r = *p.seal();
  verification_policy policy;
  policy.opened = {8, 8};
  const audit fresh = *audit::begin(policy, promised(), asked(), p.output(), r);
  const challenge c = *fresh.draw_challenge(seed{});
  const auto encoded = encode(*p.open(c), promised(), r);
  for (auto _ : state) {
    audit a = fresh;
    if (!a.check_openings(c, encoded) || a.breached()) state.SkipWithError("honest openings must verify");
  }
  state.counters["bytes"] = static_cast<double>(encoded.size());
}
BENCHMARK(check_openings)->Unit(benchmark::kMicrosecond);

}  // namespace
