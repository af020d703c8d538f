// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Cost of a fingerprint: reading a row, projecting it, quantising the sketch.
#include <cstdint>
#include <cstring>
#include <vector>

#include <benchmark/benchmark.h>

#include <assay/core/row_source.hpp>
#include <assay/fingerprint/activation_difr.hpp>
#include <assay/fingerprint/hadamard.hpp>
#include <assay/fingerprint/matrix_projection.hpp>
#include <assay/fingerprint/quantiser.hpp>

namespace {

std::vector<float> random_row(std::size_t width) {
  assay::random_stream stream{assay::seed{}, "bench-row"};
  std::vector<float> row(width);
  for (float& x : row) x = static_cast<float>(stream.normal());
  return row;
}

struct projecting {
  explicit projecting(const benchmark::State& state)
      : map(assay::hadamard_projection::derive(assay::seed{}, static_cast<std::uint32_t>(state.range(0)),
                                               static_cast<std::uint32_t>(state.range(1)))
                .value()),
        row(random_row(map.width())), out(map.sketch()), scratch(map.scratch_size()) {}

  assay::hadamard_projection map;
  std::vector<float> row, out, scratch;
};

void finish(benchmark::State& state, std::size_t bytes) {
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes) * static_cast<std::int64_t>(state.iterations()));
}

void project(benchmark::State& state) {
  projecting p{state};
  for (auto _ : state) {
    p.map.project(p.row, p.out, p.scratch);
    benchmark::DoNotOptimize(p.out.data());
    benchmark::ClobberMemory();
  }
  finish(state, p.row.size() * sizeof(float));
}
BENCHMARK(project)
    ->Args({256, 16})
    ->Args({896, 16})
    ->Args({2048, 16})
    ->Args({4096, 8})
    ->Args({4096, 16})
    ->Args({4096, 64})
    ->Args({5120, 16})
    ->Args({8192, 16})
    ->Args({16384, 16});

template <void (*Kernel)(const assay::detail::hadamard_task&) noexcept>
void project_kernel(benchmark::State& state) {
  projecting p{state};
  const auto task = p.map.task(p.row, p.out, p.scratch);
  for (auto _ : state) {
    Kernel(task);
    benchmark::ClobberMemory();
  }
  finish(state, p.row.size() * sizeof(float));
}
BENCHMARK_TEMPLATE(project_kernel, assay::detail::hadamard_ref)->Name("project_ref")->Args({256, 16})->Args({4096, 16});
BENCHMARK_TEMPLATE(project_kernel, assay::detail::hadamard_portable)
    ->Name("project_portable")
    ->Args({256, 16})
    ->Args({4096, 16});
#if ASSAY_X86_64
void guarded(benchmark::State& state, bool supported, void (*run)(benchmark::State&)) {
  if (supported) run(state);
  else state.SkipWithError("not supported by this processor");
}
BENCHMARK_CAPTURE(guarded, avx2, __builtin_cpu_supports("avx2") != 0, &project_kernel<assay::detail::hadamard_avx2>)
    ->Name("project_avx2")
    ->Args({256, 16})
    ->Args({4096, 16});
BENCHMARK_CAPTURE(guarded, avx512, __builtin_cpu_supports("avx512f") != 0,
                  &project_kernel<assay::detail::hadamard_avx512>)
    ->Name("project_avx512")
    ->Args({256, 16})
    ->Args({4096, 16});
#endif

void project_matrix(benchmark::State& state) {
  const auto width = static_cast<std::uint32_t>(state.range(0)), sketch = static_cast<std::uint32_t>(state.range(1));
  const auto map = assay::matrix_projection::of(random_row(std::size_t{width} * sketch), width, sketch).value();
  const auto row = random_row(width);
  std::vector<float> out(sketch);
  for (auto _ : state) {
    map.project(row, out);
    benchmark::ClobberMemory();
  }
  finish(state, row.size() * sizeof(float));
}
BENCHMARK(project_matrix)->Args({4096, 16});

void derive_projection(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(
        assay::hadamard_projection::derive(assay::seed{}, static_cast<std::uint32_t>(state.range(0)), 16));
}
BENCHMARK(derive_projection)->Arg(256)->Arg(4096);

void read_row(benchmark::State& state, assay::dtype type) {
  const auto width = static_cast<std::int64_t>(state.range(0));
  const std::vector<std::byte> memory(static_cast<std::size_t>(width) * assay::size_of(type), std::byte{0x3c});
  const auto view = assay::vector_view(memory.data(), type, width);
  std::vector<float> out(static_cast<std::size_t>(width));
  for (auto _ : state) {
    benchmark::DoNotOptimize(assay::read_row(view, 0, out));
    benchmark::ClobberMemory();
  }
  finish(state, memory.size());
}
BENCHMARK_CAPTURE(read_row, f32, assay::dtype::f32)->Arg(4096);
BENCHMARK_CAPTURE(read_row, bf16, assay::dtype::bf16)->Arg(4096);
BENCHMARK_CAPTURE(read_row, f16, assay::dtype::f16)->Arg(4096);
BENCHMARK_CAPTURE(read_row, f8_e4m3fn, assay::dtype::f8_e4m3fn)->Arg(4096);

void quantise(benchmark::State& state) {
  const auto sketch = random_row(static_cast<std::size_t>(state.range(0)));
  const assay::quantiser q{assay::dtype::i16, 0x1p-10f};
  std::vector<std::byte> codes(2 * sketch.size());
  for (auto _ : state) {
    benchmark::DoNotOptimize(assay::quantise(q, sketch, codes));
    benchmark::ClobberMemory();
  }
}
BENCHMARK(quantise)->Arg(16)->Arg(1024);

void distance(benchmark::State& state) {
  const auto a = random_row(16);
  const std::vector<float> b(16, 0.5f);
  for (auto _ : state) benchmark::DoNotOptimize(assay::relative_distance(a, b));
}
BENCHMARK(distance);

}  // namespace
