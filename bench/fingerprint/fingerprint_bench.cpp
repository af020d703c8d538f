// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Cost of a fingerprint: reading a row, projecting it, quantising the sketch, summing windows of them.
#include <cstdint>
#include <cstring>
#include <vector>

#include <benchmark/benchmark.h>

#include <assay/core/row_source.hpp>
#include <assay/fingerprint/activation_difr.hpp>
#include <assay/fingerprint/gaussian_projection.hpp>
#include <assay/fingerprint/hadamard.hpp>
#include <assay/fingerprint/matrix_projection.hpp>
#include <assay/fingerprint/quantiser.hpp>
#include <assay/fingerprint/row_batch.hpp>
#include <assay/fingerprint/sketch_sum.hpp>

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

/// One row, or four at a time: the matrix is read once for four.
void project_gaussian(benchmark::State& state, assay::gaussian_numerics numerics) {
  const auto map = assay::gaussian_projection::derive(assay::seed{}, numerics, 4096, 16).value();
  const auto row = random_row(4096);
  std::vector<float> out(16), scratch(map.scratch_size());
  for (auto _ : state) {
    map.project(row, out, scratch);
    benchmark::ClobberMemory();
  }
  finish(state, row.size() * sizeof(float));
}
BENCHMARK_CAPTURE(project_gaussian, fp32, assay::gaussian_numerics::fp32);
BENCHMARK_CAPTURE(project_gaussian, bf16, assay::gaussian_numerics::bf16);

template <class P>
void project_many(benchmark::State& state, const P& map) {
  const auto count = static_cast<std::size_t>(state.range(0));
  const auto rows = random_row(count * map.width());
  std::vector<float> out(count * map.sketch());
  assay::batch_workspace work;
  for (auto _ : state) {
    assay::project_rows(map, rows, out, work);
    benchmark::ClobberMemory();
  }
  finish(state, rows.size() * sizeof(float));
  state.counters["per_row"] = benchmark::Counter(static_cast<double>(count), benchmark::Counter::kIsIterationInvariantRate |
                                                                                  benchmark::Counter::kInvert);
}
void project_rows_hadamard(benchmark::State& state) {
  project_many(state, assay::hadamard_projection::derive(assay::seed{}, 4096, 16).value());
}
void project_rows_matrix(benchmark::State& state) {
  project_many(state, assay::matrix_projection::of(random_row(4096 * 16), 4096, 16).value());
}
BENCHMARK(project_rows_hadamard)->Arg(32);
BENCHMARK(project_rows_matrix)->Arg(32);

/// What an engine's thread pays per token for fingerprints of every layer: 33 rows of 4096 bf16 elements, read, projected
/// and quantised; the counter is per element. Beside it, copying the rows away for another thread to do that.
void all_layers(benchmark::State& state, assay::dtype type) {
  constexpr std::size_t layers = 33, width = 4096, sketch = 16;
  const auto map = assay::hadamard_projection::derive(assay::seed{}, width, sketch).value();
  std::vector<std::uint16_t> states(layers * width);
  const auto floats = random_row(states.size());
  for (std::size_t i = 0; i < states.size(); ++i) states[i] = assay::float_to_bf16(floats[i]);
  const auto view = assay::matrix_view(states.data(), assay::dtype::bf16, layers, width);
  const assay::quantiser q{type, 0.01f};
  std::vector<std::byte> codes(layers * assay::packed_size(type, sketch));
  assay::batch_workspace work;
  assay::range_count seen;
  for (auto _ : state) {
    benchmark::DoNotOptimize(assay::fingerprint_rows(map, q, view, codes, seen, work));
    benchmark::ClobberMemory();
  }
  finish(state, states.size() * 2);
  state.counters["per_activation"] = benchmark::Counter(
      static_cast<double>(states.size()), benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK_CAPTURE(all_layers, i16, assay::dtype::i16);
BENCHMARK_CAPTURE(all_layers, i4, assay::dtype::i4);

void copy_all_layers(benchmark::State& state) {
  std::vector<std::byte> states(33 * 4096 * 2, std::byte{1}), copy(states.size());
  for (auto _ : state) {
    std::memcpy(copy.data(), states.data(), states.size());
    benchmark::ClobberMemory();
  }
  finish(state, states.size());
}
BENCHMARK(copy_all_layers);

/// Sums of 16 coordinates: what a row adds to the cost of its projection, and what encoding a window takes.
void add_to_window(benchmark::State& state) {
  constexpr std::uint64_t rows = 4096;
  const auto sketches = random_row(rows * 16);
  for (auto _ : state) {
    auto sum = assay::sketch_sum::make(assay::seed{}, 16, static_cast<std::uint32_t>(state.range(0)),
                                       {assay::dtype::i8, 0.1f}, rows)
                   .value();
    benchmark::DoNotOptimize(sum.add(0, sketches));
    benchmark::DoNotOptimize(sum.encode(rows));
  }
  state.counters["per_row"] = benchmark::Counter(static_cast<double>(rows), benchmark::Counter::kIsIterationInvariantRate |
                                                                                benchmark::Counter::kInvert);
}
BENCHMARK(add_to_window)->Arg(1)->Arg(8)->Arg(64);

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

void quantise(benchmark::State& state, const assay::quantiser& q) {
  const auto sketch = random_row(static_cast<std::size_t>(state.range(0)));
  std::vector<std::byte> codes(assay::packed_size(q.type, sketch.size()));
  for (auto _ : state) {
    benchmark::DoNotOptimize(assay::quantise(q, sketch, codes));
    benchmark::ClobberMemory();
  }
}
BENCHMARK_CAPTURE(quantise, i16, assay::quantiser{assay::dtype::i16, 0x1p-10f})->Arg(16)->Arg(1024);
BENCHMARK_CAPTURE(quantise, i4, assay::quantiser{assay::dtype::i4, 0x1p-1f})->Arg(16);
BENCHMARK_CAPTURE(quantise, i4_wrap, assay::quantiser{assay::dtype::i4, 0x1p-10f, assay::beyond_range::wrap})->Arg(16);

void distance(benchmark::State& state) {
  const auto a = random_row(16);
  const std::vector<float> b(16, 0.5f);
  for (auto _ : state) benchmark::DoNotOptimize(assay::relative_distance(a, b));
}
BENCHMARK(distance);

}  // namespace
