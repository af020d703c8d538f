// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Multi-scalar multiplication and fixed-base sums, in nanoseconds per point (counter ns_per_point).
//
// The kernel is chosen for the whole process; measure each on its own:
//   for k in portable mulq adx ifma; do ASSAY_MATH_KERNEL=$k assay_bench --benchmark_filter='^(msm|nodes|table)_'; done
#include <assay/core/thread_pool.hpp>
#include <assay/math/bls12_381.hpp>
#include <assay/math/bn254.hpp>
#include <assay/math/fixed_base.hpp>
#include <assay/math/msm.hpp>

#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

namespace {

template <class G>
std::vector<assay::affine_point<G>> bases_for_msm(std::size_t n) {
  std::vector<assay::xyzz_point<G>> points(n);
  assay::xyzz_point<G> p = G::generator();
  for (auto& q : points) {
    q = p;
    p = p.doubled() + G::generator();  // no arithmetic progression
  }
  std::vector<assay::affine_point<G>> out(n);
  assay::to_affine(std::span<const assay::xyzz_point<G>>{points}, std::span<assay::affine_point<G>>{out});
  return out;
}

template <class V>
std::vector<V> values_for_msm(std::size_t n) {
  std::uint64_t state = n;
  const auto next = [&] { return (state = state * 6364136223846793005u + 1442695040888963407u) >> 32; };
  std::vector<V> values(n);
  for (V& v : values) {
    if constexpr (std::is_integral_v<V>) {
      v = static_cast<V>(next());
    } else {
      std::byte bytes[48];
      for (std::byte& b : bytes) b = static_cast<std::byte>(next());
      v = V::reduce_le(bytes);
    }
  }
  return values;
}

void report_points(benchmark::State& state, std::size_t points) {
  state.counters["ns_per_point"] = benchmark::Counter(
      static_cast<double>(points) * 1e-9, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

template <class G, class V>
void msm_of(benchmark::State& state) {
  const auto n = static_cast<std::size_t>(state.range(0));
  const auto bases = bases_for_msm<G>(n);
  const auto values = values_for_msm<V>(n);
  assay::msm_workspace<G> work;
  for (auto _ : state) {
    auto sum = assay::msm<G>(bases, std::span<const V>{values}, work);
    benchmark::DoNotOptimize(sum);
  }
  report_points(state, n);
}

template <class G>
void msm_full(benchmark::State& state) {
  msm_of<G, typename G::scalar>(state);
}
template <class G>
void msm_int16(benchmark::State& state) {
  msm_of<G, std::int16_t>(state);
}
template <class G>
void msm_int8(benchmark::State& state) {
  msm_of<G, std::int8_t>(state);
}

#define ASSAY_BENCH_SIZES                                                                                              \
  ->Arg(1)->Arg(16)->Arg(64)->Arg(256)->Arg(1024)->Arg(4096)->Arg(65536)->Unit(benchmark::kMicrosecond)
BENCHMARK_TEMPLATE(msm_full, assay::bn254::g1) ASSAY_BENCH_SIZES;
BENCHMARK_TEMPLATE(msm_int16, assay::bn254::g1) ASSAY_BENCH_SIZES;
BENCHMARK_TEMPLATE(msm_int8, assay::bn254::g1) ASSAY_BENCH_SIZES;
BENCHMARK_TEMPLATE(msm_full, assay::bls12_381::g1) ASSAY_BENCH_SIZES;
BENCHMARK_TEMPLATE(msm_int16, assay::bls12_381::g1) ASSAY_BENCH_SIZES;
BENCHMARK_TEMPLATE(msm_int8, assay::bls12_381::g1) ASSAY_BENCH_SIZES;
#undef ASSAY_BENCH_SIZES

/// 65536 values in nodes of range(0) values over the same bases.
template <class G, class V>
struct nodes_fixture {
  std::vector<assay::affine_point<G>> bases;
  std::vector<V> values = values_for_msm<V>(1 << 16);
  std::vector<assay::node_values<V>> nodes;
  std::vector<assay::affine_point<G>> sums;

  explicit nodes_fixture(std::size_t n) : bases(bases_for_msm<G>(n)) {
    for (std::size_t at = 0; at < values.size(); at += n) nodes.push_back({std::span<const V>{values}.subspan(at, n)});
    sums.resize(nodes.size());
  }
};

template <class G, class V>
void nodes_over_table(benchmark::State& state) {
  nodes_fixture<G, V> f(static_cast<std::size_t>(state.range(0)));
  const auto table = assay::fixed_base_table<G>::build(f.bases, 8 * sizeof(V));
  assay::msm_workspace<G> work;
  for (auto _ : state) {
    assay::sum_many<G, V>(table, f.nodes, f.sums, work);
    benchmark::DoNotOptimize(f.sums.data());
  }
  report_points(state, f.values.size());
}

template <class G, class V>
void nodes_without_table(benchmark::State& state) {
  nodes_fixture<G, V> f(static_cast<std::size_t>(state.range(0)));
  assay::msm_workspace<G> work;
  for (auto _ : state) {
    assay::msm_many<G>(f.bases, std::span<const assay::node_values<V>>{f.nodes}, f.sums, work);
    benchmark::DoNotOptimize(f.sums.data());
  }
  report_points(state, f.values.size());
}

#define ASSAY_BENCH_NODES ->Arg(16)->Arg(64)->Arg(256)->Arg(1024)->Unit(benchmark::kMicrosecond)
BENCHMARK_TEMPLATE(nodes_over_table, assay::bn254::g1, std::int8_t) ASSAY_BENCH_NODES;
BENCHMARK_TEMPLATE(nodes_over_table, assay::bn254::g1, std::int16_t) ASSAY_BENCH_NODES;
BENCHMARK_TEMPLATE(nodes_over_table, assay::bls12_381::g1, std::int8_t) ASSAY_BENCH_NODES;
BENCHMARK_TEMPLATE(nodes_over_table, assay::bls12_381::g1, std::int16_t) ASSAY_BENCH_NODES;
BENCHMARK_TEMPLATE(nodes_without_table, assay::bn254::g1, std::int8_t) ASSAY_BENCH_NODES;
BENCHMARK_TEMPLATE(nodes_without_table, assay::bn254::g1, std::int16_t) ASSAY_BENCH_NODES;
#undef ASSAY_BENCH_NODES

/// 2^20 values of 16 bits on range(0) threads, in wall time: one sum of all, and 4096 nodes of 256 over a table.
void msm_threads(benchmark::State& state) {
  using g1 = assay::bn254::g1;
  assay::thread_pool pool(static_cast<std::size_t>(state.range(0) - 1));
  std::vector<assay::msm_workspace<g1>> work(static_cast<std::size_t>(state.range(0)));
  const auto bases = bases_for_msm<g1>(std::size_t{1} << 20);
  const auto values = values_for_msm<std::int16_t>(bases.size());
  for (auto _ : state) {
    auto sum = assay::msm<g1>(bases, std::span<const std::int16_t>{values}, pool, work);
    benchmark::DoNotOptimize(sum);
  }
  report_points(state, bases.size());
}
void nodes_threads(benchmark::State& state) {
  using g1 = assay::bn254::g1;
  assay::thread_pool pool(static_cast<std::size_t>(state.range(0) - 1));
  std::vector<assay::msm_workspace<g1>> work(static_cast<std::size_t>(state.range(0)));
  const auto values = values_for_msm<std::int16_t>(std::size_t{1} << 20);
  const auto table = assay::fixed_base_table<g1>::build(bases_for_msm<g1>(256), 16);
  std::vector<assay::node_values<std::int16_t>> nodes;
  for (std::size_t at = 0; at < values.size(); at += 256)
    nodes.push_back({std::span<const std::int16_t>{values}.subspan(at, 256)});
  std::vector<assay::affine_point<g1>> sums(nodes.size());
  for (auto _ : state) {
    assay::sum_many<g1, std::int16_t>(table, nodes, sums, pool, work);
    benchmark::DoNotOptimize(sums.data());
  }
  report_points(state, values.size());
}
BENCHMARK(msm_threads)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(nodes_threads)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);

/// Time per base of building a table for 4096 bases.
template <class G>
void table_build(benchmark::State& state) {
  const auto bases = bases_for_msm<G>(4096);
  for (auto _ : state) {
    auto table = assay::fixed_base_table<G>::build(bases, static_cast<unsigned>(state.range(0)));
    benchmark::DoNotOptimize(table.multiples());
  }
  report_points(state, bases.size());
}
BENCHMARK_TEMPLATE(table_build, assay::bn254::g1)->Arg(8)->Arg(16)->Unit(benchmark::kMillisecond);
BENCHMARK_TEMPLATE(table_build, assay::bls12_381::g1)->Arg(8)->Unit(benchmark::kMillisecond);

}  // namespace
