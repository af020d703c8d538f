// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Batched affine additions per kernel: on points without pattern, and on points that repeat and cancel.
#include <assay/math/batch_add.hpp>
#include <assay/math/bls12_381.hpp>
#include <assay/math/bn254.hpp>

#include <benchmark/benchmark.h>

#include <cstdint>
#include <random>
#include <vector>

namespace {

using namespace assay;

enum class addends { random, colliding };

template <class G>
struct batch_add_input {
  std::vector<affine_point<G>> points, sums;
  std::vector<std::uint32_t> left, right, out;

  batch_add_input(std::size_t count, addends kind) : points(1 << 12), sums(count) {
    std::vector<xyzz_point<G>> p(points.size());
    xyzz_point<G> a = G::generator();
    for (auto& each : p) {
      each = a;
      a = kind == addends::random ? a.doubled() + G::generator() : a + G::generator();
    }
    to_affine<G>(p, points);
    points[0] = {};
    std::mt19937_64 engine(1);
    for (std::size_t i = 0; i < count; ++i) {
      const auto index = [&] { return static_cast<std::uint32_t>(engine() % (2 * points.size())); };
      left.push_back(index());
      // Every fourth addition of colliding ones doubles, cancels or has infinity, so hardly any vector is free of them.
      right.push_back(kind == addends::colliding && i % 4 == 0 ? (i % 12 == 0 ? 0 : left.back() ^ (i / 4 % 2))
                                                               : index());
      out.push_back(static_cast<std::uint32_t>(i));
    }
  }
};

template <class G, math_kernel Kernel, addends Kind>
void batch_add_points(benchmark::State& state) {
  if (Kernel > detail::fastest_kernel()) return state.SkipWithError("the processor lacks this kernel");
  const auto count = static_cast<std::size_t>(state.range(0));
  batch_add_input<G> in(count, Kind);
  batch_add_workspace<G> work;
  for (auto _ : state) {
#if ASSAY_X86_64
    if constexpr (Kernel == math_kernel::ifma)
      detail::batch_add_ifma(in.points.data(), in.left.data(), in.right.data(), in.out.data(), in.sums.data(), count,
                             work.blocks);
    else
#endif
      detail::batch_add_portable(in.points.data(), in.left.data(), in.right.data(), in.out.data(), in.sums.data(),
                                 count, work);
    benchmark::DoNotOptimize(in.sums.data());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

// "portable" goes through the field, whose own kernel ASSAY_MATH_KERNEL can lower.
BENCHMARK_TEMPLATE(batch_add_points, bn254::g1, math_kernel::portable, addends::random)->Arg(16)->Arg(256)->Arg(4096);
BENCHMARK_TEMPLATE(batch_add_points, bn254::g1, math_kernel::portable, addends::colliding)->Arg(4096);
BENCHMARK_TEMPLATE(batch_add_points, bls12_381::g1, math_kernel::portable, addends::random)->Arg(4096);
BENCHMARK_TEMPLATE(batch_add_points, bls12_381::g1, math_kernel::portable, addends::colliding)->Arg(4096);
BENCHMARK_TEMPLATE(batch_add_points, bn254::g2, math_kernel::portable, addends::random)->Arg(4096);
BENCHMARK_TEMPLATE(batch_add_points, bls12_381::g2, math_kernel::portable, addends::random)->Arg(4096);
#if ASSAY_X86_64
BENCHMARK_TEMPLATE(batch_add_points, bn254::g1, math_kernel::ifma, addends::random)->Arg(16)->Arg(256)->Arg(4096);
BENCHMARK_TEMPLATE(batch_add_points, bn254::g1, math_kernel::ifma, addends::colliding)->Arg(4096);
BENCHMARK_TEMPLATE(batch_add_points, bls12_381::g1, math_kernel::ifma, addends::random)->Arg(16)->Arg(256)->Arg(4096);
BENCHMARK_TEMPLATE(batch_add_points, bls12_381::g1, math_kernel::ifma, addends::colliding)->Arg(4096);
#endif

}  // namespace
