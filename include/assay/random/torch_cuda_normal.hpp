// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The normal draws of PyTorch's randn() on CUDA, any of them without the others.
#ifndef ASSAY_RANDOM_TORCH_CUDA_NORMAL_HPP
#define ASSAY_RANDOM_TORCH_CUDA_NORMAL_HPP

#include <cstddef>
#include <cstdint>

#include <assay/core/result.hpp>
#include <assay/random/elementary.hpp>
#include <assay/random/noise.hpp>
#include <assay/random/philox.hpp>
#include <assay/random/sin_cos.hpp>
#include <assay/random/torch_cuda_noise.hpp>

namespace assay::inline v0 {

/// Draws of `torch.randn(n, generator=g, device="cuda")`, contiguous, float32 (also what float16 and bfloat16 tensors are
/// rounded from) or float64. The layout's `vocabulary` is the number of elements.
///
/// Key: the generator's 64-bit seed, low word in k0. Call s is the s-th of its kind and size after `manual_seed`.
/// More elements than the GPU has threads, and the draws depend on the GPU: see torch_cuda_layout::uncapped.
///
/// The words behind a draw are exact. CUDA's logf and __sincosf are approximations that this does not imitate: float draws
/// are those of exact functions rounded to float. Checked against cuRAND's code compiled for the host (within 2e-6), not
/// on a GPU.
template <class Real>
struct torch_cuda_normal {
  static_assert(sizeof(Real) == 4 || sizeof(Real) == 8);
  static constexpr bool single = sizeof(Real) == 4;
  /// Elements that one thread fills per pass.
  static constexpr std::uint64_t unroll = single ? 4 : 2;

  torch_cuda_layout layout;

  /// @errors out_of_range (no element or more than 2^40, or a grid out of range)
  [[nodiscard]] static result<torch_cuda_normal> make(const torch_cuda_layout& layout) {
    if (layout.vocabulary == 0 || layout.vocabulary > std::uint64_t{1} << 40)
      return fail(errc::out_of_range, "CUDA normals: number of elements out of range", layout.vocabulary);
    if (layout.largest_grid == 0 || layout.largest_grid > 1u << 20)
      return fail(errc::out_of_range, "CUDA normals: grid out of range", layout.largest_grid);
    return torch_cuda_normal{layout};
  }

  /// Passes of the kernel's loop; a call advances the generator's offset by 4 times this.
  [[nodiscard]] constexpr std::uint64_t passes() const noexcept {
    return (layout.vocabulary - 1) / (unroll * layout.threads()) + 1;
  }

  /// Determinism: exact. @pre element < layout.vocabulary
  [[nodiscard]] Real normal(noise_key key, std::uint64_t call, std::uint64_t element) const noexcept {
    const std::uint64_t threads = layout.threads(), thread = element % threads;
    const auto lane = static_cast<std::size_t>(element / threads % unroll);
    const std::uint64_t block = call * passes() + element / (unroll * threads);
    const philox_counter w = philox4x32({static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32),
                                         static_cast<std::uint32_t>(thread), static_cast<std::uint32_t>(thread >> 32)},
                                        {key.k0, key.k1});
    if constexpr (single) return of_words(w[lane / 2 * 2], w[lane / 2 * 2 + 1], lane % 2 == 0);
    else return of_words(w, lane == 0);
  }

 private:
  static constexpr float turn = 2.3283064e-10f * 6.2831855f;  ///< cuRAND's 2 pi / 2^32

  [[nodiscard]] static float of_words(std::uint32_t first, std::uint32_t second, bool sine) noexcept {
    const float u = static_cast<float>(first) * 0x1p-32f + 0x1p-33f;  // the product is exact
    // Fused, as CUDA's compiler does it: the product of two floats is exact in double.
    const auto angle = static_cast<float>(static_cast<double>(static_cast<float>(second)) * static_cast<double>(turn) +
                                          static_cast<double>(turn / 2));
    const float radius = __builtin_sqrtf(-2.0f * static_cast<float>(fp::log(static_cast<double>(u))));
    const fp::sin_cos_pair direction = fp::sin_cos(static_cast<double>(angle));
    return fp::mul(radius, static_cast<float>(sine ? direction.sin : direction.cos));
  }

  [[nodiscard]] static double of_words(const philox_counter& w, bool sine) noexcept {
    const std::uint64_t x = w[0] ^ std::uint64_t{w[1]} << 21, y = w[2] ^ std::uint64_t{w[3]} << 21;
    const double u = static_cast<double>(x) * 0x1p-53 + 0x1p-54;  // both products are exact
    const double half_turns = static_cast<double>(y) * 0x1p-52 + 0x1p-53;
    const double radius = __builtin_sqrt(fp::mul(-2.0, fp::log(u)));
    const fp::sin_cos_pair direction = fp::sin_cos(fp::mul(0x1.921fb54442d18p+1, half_turns));
    return fp::mul(radius, sine ? direction.sin : direction.cos);
  }
};

}  // namespace assay::inline v0

#endif
