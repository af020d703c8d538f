// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The noise of a promised engine, for verifiers that learn the profile from a run description.
#ifndef ASSAY_TOKEN_ENGINE_NOISE_HPP
#define ASSAY_TOKEN_ENGINE_NOISE_HPP

#include <cstdint>
#include <utility>

#include <assay/core/expects.hpp>
#include <assay/core/ids.hpp>
#include <assay/core/result.hpp>
#include <assay/random/mt19937.hpp>
#include <assay/random/noise.hpp>
#include <assay/random/sglang_noise.hpp>
#include <assay/random/torch_cpu_noise.hpp>
#include <assay/random/torch_cuda_noise.hpp>
#include <assay/random/vllm_noise.hpp>
#include <assay/random/word_screen.hpp>
#include <assay/token/sampler_profile.hpp>

namespace assay::inline v0 {

/// vLLM's CPU kernel with the row keys its sampler draws: at each step `randint(0, 2^31)` of the request's CPU
/// generator. PyTorch takes two outputs of the Mersenne Twister for it, of which the second one's low 31 bits count;
/// before it drew 64 bits for such ranges it took one output, which is not covered. Recorded from PyTorch 2.15.
class vllm_cpu_row_noise {
 public:
  static constexpr double gumbel_max = vllm_cpu_noise::gumbel_max;

  explicit vllm_cpu_row_noise(std::uint32_t seed) noexcept : seed_(seed), generator_(seed) {}

  /// Draws the key of a step. Complexity: forwards a few ns per step passed over; backwards starts anew.
  void seek(std::uint32_t step) noexcept {
    if (step == row_ && next_ != 0) return;
    if (step < next_) generator_ = mt19937{seed_}, next_ = 0;
    generator_.discard(2 * (step - next_));
    (void)generator_.next_u32();
    key_.k0 = generator_.next_u32() & 0x7fffffffu;
    row_ = step;
    next_ = std::uint64_t{step} + 1;
  }
  /// The key of the step sought last.
  [[nodiscard]] noise_key row_key() const noexcept { return key_; }

  /// @pre seek(step) came last
  [[nodiscard]] double gumbel(noise_key, std::uint32_t step, token_id id) const {
    ASSAY_EXPECTS(step == row_ && next_ != 0);
    return vllm_cpu_noise{}.gumbel(key_, step, id);
  }
  /// As of `vllm_cpu_noise`, for races that screen. @pre seek(step) came last
  [[nodiscard]] std::uint32_t raw_word(noise_key, std::uint32_t step, token_id id) const noexcept {
    return vllm_cpu_noise::raw_word(key_, step, id);
  }
  [[nodiscard]] static word_range screened_range(double gumbel) noexcept { return vllm_cpu_noise::screened_range(gumbel); }

 private:
  std::uint32_t seed_, row_ = 0;
  std::uint64_t next_ = 0;
  mt19937 generator_;
  noise_key key_;
};

/// Gumbel noise of any racing profile but `assay_philox`, which has a faster type of its own.
/// Determinism and exactness: those of the type behind it.
/// A tag and a switch: std::variant would double what this header costs to compile.
class engine_noise {
 public:
  /// @param key `engine_key` of the request @errors unsupported (not such a profile), out_of_range
  [[nodiscard]] static result<engine_noise> make(sampler_profile profile, std::uint32_t vocabulary, std::uint32_t cuda_grid, noise_key key) {
    if (profile == sampler_profile::assay_philox || is_inverse_cdf(profile))
      return fail(errc::unsupported, "this profile's noise is not such a race", static_cast<std::uint64_t>(profile));
    const torch_cuda_layout layout{vocabulary, cuda_grid};
    if (is_torch_cuda(profile))
      if (auto made = torch_cuda_float_noise::make(layout); !made) return made.error();
    auto cpu = torch_cpu_noise::make(key.k0, vocabulary);
    if (!cpu) return cpu.error();
    return engine_noise{profile, layout, *std::move(cpu), key};
  }

  /// Must come before the noise of a step is asked for.
  void seek(std::uint32_t step) {
    if (profile_ == sampler_profile::torch_cpu_f32) torch_cpu_.seek(step);
    if (profile_ == sampler_profile::vllm_cpu) vllm_cpu_.seek(step);
  }

  /// Calls `use` with the noise itself, of its own type: races screen most of a row by it. @pre seek(step) came last
  template <class Use>
  auto visit(Use&& use) const {
    switch (profile_) {
      case sampler_profile::torch_cuda_f32: return use(torch_cuda_float_noise{layout_});
      case sampler_profile::torch_cuda_f64: return use(torch_cuda_double_noise{layout_});
      case sampler_profile::torch_cpu_f32: return use(torch_cpu_);
      case sampler_profile::vllm_cpu: return use(vllm_cpu_);
      case sampler_profile::sglang: return use(sglang_noise{});
      default: return use(vllm_triton_noise{profile_ == sampler_profile::vllm_triton});
    }
  }

 private:
  engine_noise(sampler_profile profile, const torch_cuda_layout& layout, torch_cpu_noise cpu, noise_key key)
      : profile_(profile), layout_(layout), torch_cpu_(std::move(cpu)), vllm_cpu_(key.k0) {}

  sampler_profile profile_;
  torch_cuda_layout layout_;
  torch_cpu_noise torch_cpu_;
  vllm_cpu_row_noise vllm_cpu_;
};

}  // namespace assay::inline v0

#endif
