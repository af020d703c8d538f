// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Single group operations: what a sum costs where no batch shares an inversion.
#include <assay/math/bls12_381.hpp>
#include <assay/math/bn254.hpp>

#include <benchmark/benchmark.h>

namespace {

using namespace assay;

template <class G>
void point_mixed_add(benchmark::State& state) {
  const affine_point<G> step = xyzz_point<G>{G::generator()}.doubled().to_affine();
  xyzz_point<G> sum{G::generator()};
  for (auto _ : state) sum += step;
  benchmark::DoNotOptimize(sum);
}
template <class G>
void point_double(benchmark::State& state) {
  xyzz_point<G> p{G::generator()};
  for (auto _ : state) p = p.doubled();
  benchmark::DoNotOptimize(p);
}
template <class G>
void point_multiply(benchmark::State& state) {
  const auto scalar = G::scalar::from_u64(3).inverse();
  const xyzz_point<G> p{G::generator()};
  for (auto _ : state) benchmark::DoNotOptimize(multiply(p, scalar));
}
BENCHMARK(point_mixed_add<bn254::g1>);
BENCHMARK(point_mixed_add<bls12_381::g1>);
BENCHMARK(point_double<bn254::g1>);
BENCHMARK(point_double<bls12_381::g1>);
BENCHMARK(point_multiply<bn254::g1>)->Unit(benchmark::kMicrosecond);
BENCHMARK(point_multiply<bls12_381::g1>)->Unit(benchmark::kMicrosecond);

}  // namespace
