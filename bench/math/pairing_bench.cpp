// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pairings and what verifiers do around them: products of prepared pairings, subgroup checks, decoding of points.
#include <assay/math/bls12_381.hpp>
#include <assay/math/bn254.hpp>
#include <assay/math/pairing.hpp>
#include <assay/math/point_encoding.hpp>

#include <benchmark/benchmark.h>

#include <array>
#include <vector>

namespace {

using assay::bls12_381;
using assay::bn254;

/// n terms with distinct points.
template <class C>
struct pairing_product {
  explicit pairing_product(std::size_t n) {
    assay::xyzz_point<typename C::g1> p{C::g1::generator()};
    assay::xyzz_point<typename C::g2> q{C::g2::generator()};
    prepared.reserve(n);
    for (std::size_t i = 0; i < n; ++i) {
      p = p.doubled() + C::g1::generator();
      q = q.doubled() + C::g2::generator();
      prepared.emplace_back(q.to_affine());
      terms.push_back({p.to_affine(), &prepared.back()});
    }
  }
  std::vector<assay::prepared_g2<C>> prepared;
  std::vector<assay::pairing_term<C>> terms;
};

template <class C>
void pairing_one(benchmark::State& state) {
  auto p = C::g1::generator();
  const auto q = C::g2::generator();
  for (auto _ : state) {
    benchmark::DoNotOptimize(assay::pairing<C>(p, q));
    p = -p;
  }
}
BENCHMARK_TEMPLATE(pairing_one, bn254)->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(pairing_one, bls12_381)->Unit(benchmark::kMicrosecond);

template <class C>
void pairing_prepare(benchmark::State& state) {
  auto q = C::g2::generator();
  for (auto _ : state) {
    benchmark::DoNotOptimize(assay::prepared_g2<C>{q});
    q = -q;
  }
}
BENCHMARK_TEMPLATE(pairing_prepare, bn254)->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(pairing_prepare, bls12_381)->Unit(benchmark::kMicrosecond);

template <class C>
void pairing_miller_loop(benchmark::State& state) {
  const pairing_product<C> product{static_cast<std::size_t>(state.range(0))};
  for (auto _ : state) benchmark::DoNotOptimize(assay::miller_loop<C>(product.terms));
}
BENCHMARK_TEMPLATE(pairing_miller_loop, bn254)->Arg(1)->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(pairing_miller_loop, bls12_381)->Arg(1)->Unit(benchmark::kMicrosecond);

template <class C>
void pairing_final_exponentiation(benchmark::State& state) {
  auto f = assay::pairing<C>(C::g1::generator(), C::g2::generator());
  for (auto _ : state) {
    f.c0.c0 += C::fp2::one();
    benchmark::DoNotOptimize(assay::detail::final_exponentiation<C>(f));
  }
}
BENCHMARK_TEMPLATE(pairing_final_exponentiation, bn254)->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(pairing_final_exponentiation, bls12_381)->Unit(benchmark::kMicrosecond);

/// Prepared points of G2, as a verifier with fixed parameters has them.
template <class C>
void pairing_check_prepared(benchmark::State& state) {
  const pairing_product<C> product{static_cast<std::size_t>(state.range(0))};
  for (auto _ : state) benchmark::DoNotOptimize(assay::pairing_product_is_one<C>(product.terms));
}
BENCHMARK_TEMPLATE(pairing_check_prepared, bn254)->Arg(2)->Arg(4)->Arg(16)->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(pairing_check_prepared, bls12_381)->Arg(2)->Arg(4)->Arg(16)->Unit(benchmark::kMicrosecond);

template <class G>
void pairing_subgroup_check(benchmark::State& state) {
  const auto p = G::generator();
  for (auto _ : state) benchmark::DoNotOptimize(assay::is_in_subgroup(p));
}
BENCHMARK_TEMPLATE(pairing_subgroup_check, bn254::g2)->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(pairing_subgroup_check, bls12_381::g1)->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(pairing_subgroup_check, bls12_381::g2)->Unit(benchmark::kMicrosecond);

template <class G>
void pairing_decode_point(benchmark::State& state) {
  const auto bytes = assay::encode_compressed(G::generator());
  for (auto _ : state) benchmark::DoNotOptimize(assay::parse_compressed<G>(bytes));
}
BENCHMARK_TEMPLATE(pairing_decode_point, bn254::g1)->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(pairing_decode_point, bn254::g2)->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(pairing_decode_point, bls12_381::g1)->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(pairing_decode_point, bls12_381::g2)->Unit(benchmark::kMicrosecond);

}  // namespace
