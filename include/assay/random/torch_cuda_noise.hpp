// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The noise of PyTorch's exponential_() on CUDA: what seeded requests of vLLM's native sampler draw from.
#ifndef ASSAY_RANDOM_TORCH_CUDA_NOISE_HPP
#define ASSAY_RANDOM_TORCH_CUDA_NOISE_HPP

#include <cstddef>
#include <cstdint>

#include <assay/core/ids.hpp>
#include <assay/core/result.hpp>
#include <assay/random/elementary.hpp>
#include <assay/random/noise.hpp>
#include <assay/random/philox.hpp>
#include <assay/random/word_screen.hpp>

namespace assay::inline v0 {

/// How a GPU spreads a row over its threads. With fewer entries than threads (`uncapped()`) noise does not depend on it.
struct torch_cuda_layout {
  std::uint64_t vocabulary = 0;    ///< entries of the row that is filled: the model's, padding sliced off
  std::uint32_t largest_grid = 0;  ///< streaming multiprocessors x (threads per multiprocessor / 256)

  [[nodiscard]] constexpr std::uint64_t threads() const noexcept {
    const std::uint64_t blocks = (vocabulary + 255) / 256;
    return 256 * (blocks < largest_grid ? blocks : largest_grid);
  }
  [[nodiscard]] constexpr bool uncapped() const noexcept { return vocabulary <= 256 * std::uint64_t{largest_grid}; }

  friend constexpr bool operator==(const torch_cuda_layout&, const torch_cuda_layout&) = default;
};

/// Grids of common GPUs. They follow from published counts of multiprocessors; read your device's from
/// multiProcessorCount * (maxThreadsPerMultiProcessor / 256).
namespace cuda_grids {
inline constexpr std::uint32_t t4 = 160, l4 = 348, a10 = 432, a10g = 480, rtx_3090 = 492, v100 = 640, rtx_4090 = 768,
                               l40s = 852, a100 = 864, h100_pcie = 912, h100_sxm = 1056, h200 = 1056, b200 = 1184;
}  // namespace cuda_grids

/// Exp(1) noise of `tensor.exponential_(generator)` on a contiguous row, float32 or float64, one call per token.
///
/// Key: the generator's 64-bit seed, low word in k0. Step s is the s-th call after `manual_seed`: with one call per token,
/// the s-th token. Chunked prefill that samples and rewinds keeps this numbering where a call advances the offset by 4,
/// which is when `calls_advance_by_four()`.
/// The uniform bits are exact. CUDA's own `__logf` is an approximation that this does not imitate: E is the logarithm
/// rounded once, within about 4e-7 of the device's, so g differs by up to 4e-7 / E; typically 4e-7 / p of the winner.
/// Versions: Philox and this layout since PyTorch 1.6; the clamp next to u = 1 is that of 2.x.
template <class Real>
struct torch_cuda_noise {
  static_assert(sizeof(Real) == 4 || sizeof(Real) == 8);
  static constexpr bool single = sizeof(Real) == 4;
  /// Entries that one thread fills per pass.
  static constexpr std::uint64_t unroll = single ? 4 : 2;
  /// -ln of the smallest draw, 2^-24 or 2^-53, rounded up.
  static constexpr double gumbel_max = single ? 16.635532333439 : 36.736800569678;

  torch_cuda_layout layout;

  [[nodiscard]] static result<torch_cuda_noise> make(const torch_cuda_layout& layout) {
    if (layout.vocabulary == 0 || layout.vocabulary > std::uint64_t{1} << 31)
      return fail(errc::out_of_range, "CUDA noise: vocabulary out of range", layout.vocabulary);
    if (layout.largest_grid == 0 || layout.largest_grid > 1u << 20)
      return fail(errc::out_of_range, "CUDA noise: grid out of range", layout.largest_grid);
    return torch_cuda_noise{layout};
  }

  /// Passes of the kernel's loop over one row; a call advances the generator's offset by 4 times this.
  [[nodiscard]] constexpr std::uint64_t passes() const noexcept {
    return (layout.vocabulary - 1) / (unroll * layout.threads()) + 1;
  }
  [[nodiscard]] constexpr bool calls_advance_by_four() const noexcept { return passes() == 1; }
  /// The generator's offset after so many calls.
  [[nodiscard]] constexpr std::uint64_t offset_after(std::uint64_t calls) const noexcept { return 4 * passes() * calls; }

  /// The uniform draw in (0, 1]. Exact. @pre id < vocabulary
  [[nodiscard]] Real uniform(noise_key key, std::uint32_t step, token_id id) const noexcept {
    return uniform_from(key, step * passes(), id);
  }
  /// The draw of a call that begins when the generator's offset is 4 times `first_block`. Exact. @pre id < vocabulary
  [[nodiscard]] Real uniform_from(noise_key key, std::uint64_t first_block, token_id id) const noexcept {
    const std::uint64_t threads = layout.threads(), thread = id.value % threads, lane = id.value / threads % unroll;
    const std::uint64_t block = first_block + id.value / (unroll * threads);
    const philox_counter w = philox4x32({static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32),
                                         static_cast<std::uint32_t>(thread), static_cast<std::uint32_t>(thread >> 32)},
                                        {key.k0, key.k1});
    return uniform_of(w, static_cast<std::size_t>(lane));
  }

  [[nodiscard]] Real exponential(noise_key key, std::uint32_t step, token_id id) const noexcept {
    return exponential_of(uniform(key, step, id));
  }
  [[nodiscard]] static Real exponential_of(Real u) noexcept {
    constexpr Real half_epsilon = single ? static_cast<Real>(0x1p-24) : static_cast<Real>(0x1p-53);
    if (u >= Real{1} - half_epsilon) return half_epsilon;
    return static_cast<Real>(-fp::log(static_cast<double>(u)));
  }
  [[nodiscard]] double gumbel(noise_key key, std::uint32_t step, token_id id) const noexcept {
    return -fp::log(static_cast<double>(exponential(key, step, id)));
  }

  /// Of float32 rows the word, of float64 ones that with the upper bits; `philox_word` says what for.
  [[nodiscard]] static philox_word<2, single ? 0 : 1> screened_word(noise_key key, std::uint32_t step) noexcept {
    return {{step, 0, 0, 0}, {key.k0, key.k1}};  // uncapped, so that a call is one pass
  }
  /// All words unless the layout is uncapped, as further ids take other words of a block then.
  /// Slack: u is rounded twice to float32; of float64 the lower 11 bits of the word are mixed with another one's.
  [[nodiscard]] word_range screened_range(double gumbel) const noexcept {
    return layout.uncapped() ? words_from_one(gumbel, single ? 1024 : 4096) : word_range{};
  }

 private:
  // The products are exact and the sums rounded once, so contraction changes nothing.
  [[nodiscard]] static Real uniform_of(const philox_counter& w, std::size_t lane) noexcept {
    if constexpr (single) {
      return static_cast<float>(w[lane]) * 0x1p-32f + 0x1p-33f;
    } else {
      const std::uint64_t z = w[2 * lane] ^ std::uint64_t{w[2 * lane + 1]} << 21;
      return static_cast<double>(z) * 0x1p-53 + 0x1p-54;
    }
  }
};

using torch_cuda_float_noise = torch_cuda_noise<float>;
using torch_cuda_double_noise = torch_cuda_noise<double>;

}  // namespace assay::inline v0

#endif
