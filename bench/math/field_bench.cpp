// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Field arithmetic: products by every kernel, one after another and eight that do not wait for each other; and the rest.
#include <assay/math/bls12_381.hpp>
#include <assay/math/bn254.hpp>

#include <benchmark/benchmark.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace {

using assay::bls12_381;
using assay::bn254;
using assay::math_kernel;

template <class F>
F some_element(std::uint64_t seed) {
  F a = F::from_u64(seed | 1);
  for (int i = 0; i < 8; ++i) a = a * a + F::from_u64(seed);
  return a;
}

template <class P, math_kernel Kernel>
[[gnu::noinline]] void field_product(assay::limbs<P::modulus.size()>& out, const assay::limbs<P::modulus.size()>& a,
                                     const assay::limbs<P::modulus.size()>& b) {
  assay::detail::montgomery<P>::template multiply_with<Kernel>(out, a, b);
}

template <class F, math_kernel Kernel>
void field_multiply_latency(benchmark::State& state) {
  if (Kernel > assay::detail::fastest_kernel()) return state.SkipWithError("this processor lacks the kernel");
  auto a = some_element<F>(3).montgomery_form();
  const auto b = some_element<F>(5).montgomery_form();
  for (auto _ : state) {
    field_product<typename F::parameters, Kernel>(a, a, b);
    benchmark::DoNotOptimize(a.data());
  }
}

template <class F, math_kernel Kernel>
void field_multiply_throughput(benchmark::State& state) {
  if (Kernel > assay::detail::fastest_kernel()) return state.SkipWithError("this processor lacks the kernel");
  std::array<typename F::limbs_type, 8> a;
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = some_element<F>(7 + i).montgomery_form();
  const auto b = some_element<F>(5).montgomery_form();
  for (auto _ : state) {
    for (auto& x : a) field_product<typename F::parameters, Kernel>(x, x, b);
    benchmark::DoNotOptimize(a.data());
  }
  state.SetItemsProcessed(8 * static_cast<std::int64_t>(state.iterations()));
}

template <class F>
void field_multiply(benchmark::State& state) {
  F a = some_element<F>(3);
  const F b = some_element<F>(5);
  for (auto _ : state) {
    a = a * b;
    benchmark::DoNotOptimize(a);
  }
}

template <class F>
void field_square(benchmark::State& state) {
  F a = some_element<F>(3);
  for (auto _ : state) {
    a = a.squared();
    benchmark::DoNotOptimize(a);
  }
}

template <class F>
void field_add(benchmark::State& state) {
  F a = some_element<F>(3);
  const F b = some_element<F>(5);
  for (auto _ : state) {
    a = a + b;
    benchmark::DoNotOptimize(a);
  }
}

template <class F>
void field_subtract(benchmark::State& state) {
  F a = some_element<F>(3);
  const F b = some_element<F>(5);
  for (auto _ : state) {
    a = a - b;
    benchmark::DoNotOptimize(a);
  }
}

template <class F>
void field_inverse(benchmark::State& state) {
  F a = some_element<F>(3);
  const F b = some_element<F>(5);
  for (auto _ : state) {
    a = a.inverse() + b;
    benchmark::DoNotOptimize(a);
  }
}

template <class F>
void field_sqrt(benchmark::State& state) {
  F a = some_element<F>(3).squared();
  for (auto _ : state) {
    auto root = a.sqrt();
    benchmark::DoNotOptimize(root);
    benchmark::DoNotOptimize(a);
  }
}

BENCHMARK_TEMPLATE(field_multiply_latency, bn254::fp, math_kernel::portable);
BENCHMARK_TEMPLATE(field_multiply_latency, bn254::fp, math_kernel::mulq);
BENCHMARK_TEMPLATE(field_multiply_latency, bn254::fp, math_kernel::adx);
BENCHMARK_TEMPLATE(field_multiply_latency, bls12_381::fp, math_kernel::portable);
BENCHMARK_TEMPLATE(field_multiply_latency, bls12_381::fp, math_kernel::mulq);
BENCHMARK_TEMPLATE(field_multiply_latency, bls12_381::fp, math_kernel::adx);
BENCHMARK_TEMPLATE(field_multiply_throughput, bn254::fp, math_kernel::portable);
BENCHMARK_TEMPLATE(field_multiply_throughput, bn254::fp, math_kernel::mulq);
BENCHMARK_TEMPLATE(field_multiply_throughput, bn254::fp, math_kernel::adx);
BENCHMARK_TEMPLATE(field_multiply_throughput, bls12_381::fp, math_kernel::portable);
BENCHMARK_TEMPLATE(field_multiply_throughput, bls12_381::fp, math_kernel::mulq);
BENCHMARK_TEMPLATE(field_multiply_throughput, bls12_381::fp, math_kernel::adx);
BENCHMARK_TEMPLATE(field_multiply, bn254::fp);
BENCHMARK_TEMPLATE(field_multiply, bn254::fr);
BENCHMARK_TEMPLATE(field_multiply, bls12_381::fp);
BENCHMARK_TEMPLATE(field_multiply, bls12_381::fr);
BENCHMARK_TEMPLATE(field_square, bn254::fp);
BENCHMARK_TEMPLATE(field_square, bls12_381::fp);
BENCHMARK_TEMPLATE(field_add, bn254::fp);
BENCHMARK_TEMPLATE(field_add, bls12_381::fp);
BENCHMARK_TEMPLATE(field_subtract, bn254::fp);
BENCHMARK_TEMPLATE(field_subtract, bls12_381::fp);
BENCHMARK_TEMPLATE(field_inverse, bn254::fp);
BENCHMARK_TEMPLATE(field_inverse, bn254::fr);
BENCHMARK_TEMPLATE(field_inverse, bls12_381::fp);
BENCHMARK_TEMPLATE(field_inverse, bls12_381::fr);
BENCHMARK_TEMPLATE(field_sqrt, bn254::fp);
BENCHMARK_TEMPLATE(field_sqrt, bls12_381::fp);

}  // namespace
