// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Weight spectra: Gram matrix of the smaller side, its eigenvalues, and the tail fits.
#include <cmath>
#include <cstdint>
#include <vector>

#include <benchmark/benchmark.h>

#include <assay/layers/spectrum.hpp>
#include <assay/random/stream.hpp>

namespace {

std::vector<float> random_matrix(std::int64_t elements) {
  assay::random_stream stream{assay::seed{}, "bench-weights"};
  std::vector<float> out(static_cast<std::size_t>(elements));
  for (float& x : out) x = static_cast<float>(stream.normal());
  return out;
}

void spectrum_of_matrix(benchmark::State& state) {
  const auto rows = static_cast<std::uint32_t>(state.range(0)), columns = static_cast<std::uint32_t>(state.range(1));
  const auto w = random_matrix(state.range(0) * state.range(1));
  for (auto _ : state) benchmark::DoNotOptimize(assay::weight_spectrum(w, rows, columns));
}
BENCHMARK(spectrum_of_matrix)
    ->Args({256, 640})
    ->Args({1024, 1024})
    ->Args({1024, 4096})
    ->Args({4096, 1024})
    ->Unit(benchmark::kMillisecond);

void fit_tail(benchmark::State& state, bool peak) {
  assay::random_stream stream{assay::seed{}, "bench-spectrum"};
  std::vector<double> values(static_cast<std::size_t>(state.range(0)));
  for (double& v : values) v = std::exp(stream.normal());
  const auto s = assay::spectrum::of(values).value();
  for (auto _ : state) benchmark::DoNotOptimize(peak ? assay::alpha_peak(s) : assay::alpha_mid(s));
}
BENCHMARK_CAPTURE(fit_tail, mid, false)->Arg(1024)->Arg(4096)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(fit_tail, peak, true)->Arg(1024)->Arg(4096)->Unit(benchmark::kMillisecond);

}  // namespace
