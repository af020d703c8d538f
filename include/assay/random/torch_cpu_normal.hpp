// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The normal draws of PyTorch's randn() on the CPU.
#ifndef ASSAY_RANDOM_TORCH_CPU_NORMAL_HPP
#define ASSAY_RANDOM_TORCH_CPU_NORMAL_HPP

#include <cstddef>
#include <cstdint>
#include <span>

#include <assay/core/config.hpp>
#include <assay/random/elementary.hpp>
#include <assay/random/mt19937.hpp>
#include <assay/random/sin_cos.hpp>

namespace assay::inline v0 {

/// A CPU generator of PyTorch after manual_seed; each `fill` is one `torch.randn(n, generator=g)` of a float32 or float64
/// tensor, whose elements lie in the order of its memory.
///
/// Tensors of 16 and more elements: uniform draws for all of them, then Box and Muller's method on blocks of 16, cosines
/// in the first eight and sines in the last eight; unless they are a multiple of 16, the last 16 are then drawn afresh.
/// Smaller tensors: a pair of doubles at a time, and the spare of an odd count waits for the generator's next small
/// tensor, as PyTorch keeps it.
/// Only the low 32 bits of a seed matter. PyTorch draws float16 and bfloat16 from fewer bits; those are not covered.
///
/// Determinism: exact. PyTorch itself differs in the last bits between machines: large float32 tensors go through coarser
/// logarithms and sines where AVX2 is there, and through libm elsewhere. Of a million draws of PyTorch 2.15 the farthest
/// was 2.3e-6 away with AVX-512, and 2.4e-7 without AVX2.
class torch_cpu_normal {
 public:
  explicit torch_cpu_normal(std::uint64_t seed) noexcept : generator_(static_cast<std::uint32_t>(seed)) {}

  void fill(std::span<float> out) noexcept { fill_tensor(out); }
  void fill(std::span<double> out) noexcept { fill_tensor(out); }

 private:
  static constexpr double two_pi = 0x1.921fb54442d18p+2;

  [[nodiscard]] double uniform_53() noexcept {
    const std::uint64_t high = generator_.next_u32();
    const std::uint64_t bits = high << 32 | generator_.next_u32();
    return static_cast<double>(bits & ((std::uint64_t{1} << 53) - 1)) * 0x1p-53;
  }
  void draw_uniform(float& u) noexcept {
    u = static_cast<float>(generator_.next_u32() & ((1u << 24) - 1)) * 0x1p-24f;
  }
  void draw_uniform(double& u) noexcept { u = uniform_53(); }

  template <class Real>
  void fill_tensor(std::span<Real> out) noexcept {
    const std::size_t n = out.size();
    if (n < 16) {
      for (Real& x : out) x = static_cast<Real>(next_single());
      return;
    }
    for (Real& x : out) draw_uniform(x);
    for (std::size_t i = 0; i + 16 <= n; i += 16) transform(out.data() + i);
    if (n % 16 == 0) return;
    for (Real& x : out.last(16)) draw_uniform(x);
    transform(out.data() + n - 16);
  }

  /// Uniform to normal draws, every intermediate result rounded to the tensor's type.
  template <class Real>
  static void transform(Real* block) noexcept {
    for (std::size_t j = 0; j < 8; ++j) {
      const Real u1 = Real{1} - block[j];  // exact, and not 0
      const Real angle = static_cast<Real>(two_pi * static_cast<double>(block[j + 8]));
      const auto log_u1 = static_cast<Real>(fp::log(static_cast<double>(u1)));
      const auto radius = static_cast<Real>(__builtin_sqrt(-2 * static_cast<double>(log_u1)));
      const fp::sin_cos_pair direction = fp::sin_cos(static_cast<double>(angle));
      block[j] = fp::mul(radius, static_cast<Real>(direction.cos)) + Real{0};  // the mean: -0 becomes 0
      block[j + 8] = fp::mul(radius, static_cast<Real>(direction.sin)) + Real{0};
    }
  }

  [[nodiscard]] double next_single() noexcept {
    if (has_spare_) {
      has_spare_ = false;
      return spare_;
    }
    const double u1 = uniform_53(), u2 = uniform_53();
    const double radius = __builtin_sqrt(fp::mul(-2.0, fp::log(1.0 - u2)));
    const fp::sin_cos_pair direction = fp::sin_cos(fp::mul(two_pi, u1));
    spare_ = fp::mul(radius, direction.sin) + 0.0;
    has_spare_ = true;
    return fp::mul(radius, direction.cos) + 0.0;
  }

  mt19937 generator_;
  double spare_ = 0;
  bool has_spare_ = false;
};

}  // namespace assay::inline v0

#endif
