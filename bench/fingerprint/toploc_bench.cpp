// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Cost of TOPLOC: a decode chunk of 32 rows of 4096 entries, 128 of them proved, unless a name says otherwise.
#include <cstdint>
#include <vector>

#include <benchmark/benchmark.h>

#include <assay/fingerprint/toploc_verify.hpp>
#include <assay/random/stream.hpp>

namespace {

using namespace assay;

constexpr std::size_t toploc_width = 4096, toploc_rows = 32;

std::vector<std::uint16_t> toploc_chunk(std::size_t rows = toploc_rows) {
  random_stream r(seed{}, "bench toploc");
  std::vector<std::uint16_t> codes(rows * toploc_width);
  for (auto& c : codes) c = float_to_bf16(static_cast<float>(r.normal()));
  return codes;
}

toploc::settings toploc_settings_of(const benchmark::State& state) {
  toploc::settings how;
  how.top_k = static_cast<std::uint32_t>(state.range(0));
  return how;
}

void toploc_build(benchmark::State& state) {
  const auto codes = toploc_chunk();
  const auto how = toploc_settings_of(state);
  toploc::workspace work;
  for (auto _ : state) benchmark::DoNotOptimize(toploc::build_chunk(codes, how, work).value());
}
BENCHMARK(toploc_build)->Arg(128)->Arg(32)->Arg(512)->Unit(benchmark::kMicrosecond);

void toploc_verify(benchmark::State& state) {
  const auto codes = toploc_chunk();
  const auto how = toploc_settings_of(state);
  toploc::workspace work;
  const auto p = toploc::build_chunk(codes, how, work).value();
  for (auto _ : state) benchmark::DoNotOptimize(toploc::verify_chunk(codes, p, how, work).value());
}
BENCHMARK(toploc_verify)->Arg(128)->Arg(32)->Arg(512)->Unit(benchmark::kMicrosecond);

void toploc_select(benchmark::State& state, toploc::tie_policy ties) {
  const auto codes = toploc_chunk();
  toploc::top_k_selector selector{{.ties = ties}};
  toploc::selection out;
  for (auto _ : state) {
    static_cast<void>(selector.push(std::as_bytes(std::span{codes})));
    static_cast<void>(selector.finish(out));
    benchmark::DoNotOptimize(out.codes.data());
  }
}
BENCHMARK_CAPTURE(toploc_select, torch_cpu, toploc::tie_policy::torch_cpu)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(toploc_select, lowest_index, toploc::tie_policy::lowest_index)->Unit(benchmark::kMicrosecond);

/// What a decode step costs the engine: one row, of which few entries get in.
void toploc_stream_row(benchmark::State& state, dtype type) {
  const auto codes = toploc_chunk();
  std::vector<float> floats(codes.size());
  for (std::size_t i = 0; i < codes.size(); ++i) floats[i] = bf16_to_float(codes[i]);
  const auto row = [&](std::size_t i) {
    const std::size_t at = i % toploc_rows * toploc_width;
    return type == dtype::bf16 ? vector_view(codes.data() + at, type, toploc_width)
                               : vector_view(floats.data() + at, toploc_width);
  };
  auto prover = toploc::builder::make({}, toploc_width).value();
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(prover.decode(row(i)));
    if (++i % (64 * toploc_rows) == 0) benchmark::DoNotOptimize(prover.finish());  // a request of 64 proofs
  }
}
BENCHMARK_CAPTURE(toploc_stream_row, bf16, dtype::bf16);
BENCHMARK_CAPTURE(toploc_stream_row, f32, dtype::f32);

void toploc_interpolate(benchmark::State& state, bool reference) {
  const auto n = static_cast<std::size_t>(state.range(0));
  std::vector<std::uint16_t> points, values, out(n);
  for (std::size_t i = 0; i < n; ++i) {
    points.push_back(static_cast<std::uint16_t>(i * 40503 % toploc::prime));
    values.push_back(static_cast<std::uint16_t>(0x4000 + i));
  }
  toploc::polynomial_workspace work;
  for (auto _ : state) {
    if (reference) toploc::interpolate_ref(points, values, out);
    else toploc::interpolate(points, values, out, work);
    benchmark::ClobberMemory();
  }
}
BENCHMARK_CAPTURE(toploc_interpolate, best, false)->Arg(128)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(toploc_interpolate, reference, true)->Arg(128)->Unit(benchmark::kMicrosecond);

/// The vector loops of one interpolation and one evaluation, without AVX2.
void toploc_portable_kernels(benchmark::State& state) {
  toploc::polynomial_workspace work;
  const auto task = work.task(128, 128);
  for (std::uint32_t j = 0; j < 128; ++j) task.points[j] = j * 511 % toploc::prime;
  for (auto _ : state) {
    toploc::detail::polynomial_portable<toploc::detail::step::derivative>(task);
    toploc::detail::polynomial_portable<toploc::detail::step::power_sums>(task);
    toploc::detail::polynomial_portable<toploc::detail::step::values>(task);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(toploc_portable_kernels)->Unit(benchmark::kMicrosecond);

}  // namespace
