// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The sampler as part of a promise: whose noise, whose filters, what is done to logits before, and the engine's seed.
#ifndef ASSAY_TOKEN_SAMPLER_PROFILE_HPP
#define ASSAY_TOKEN_SAMPLER_PROFILE_HPP

#include <cstddef>
#include <cstdint>
#include <vector>

#include <assay/core/fp.hpp>
#include <assay/core/ids.hpp>
#include <assay/core/result.hpp>
#include <assay/random/noise.hpp>
#include <assay/token/filter_settings.hpp>
#include <assay/token/processor_settings.hpp>

namespace assay::inline v0 {

/// How noise is generated and applied. Numbers are stable. The header named with each says which versions of which
/// engine it repeats, and how exactly. "Step" below is the index of the output token.
enum class sampler_profile : std::uint16_t {
  assay_philox = 1,      ///< race; random/noise.hpp, keyed by the request's 64 bits, the step and the token id
  torch_cuda_f32 = 2,    ///< race; random/torch_cuda_noise.hpp: one exponential_() call per step on a float32 row
  torch_cuda_f64 = 3,    ///< the same on a float64 row
  torch_cpu_f32 = 4,     ///< race; random/torch_cpu_noise.hpp: one exponential_() call per step on a float32 row
  vllm_triton = 5,       ///< race; random/vllm_noise.hpp, position of the last token read; -ln(-log1p(-u))
  vllm_triton_log = 6,   ///< its earlier revision: -ln(-ln u)
  vllm_cpu = 7,          ///< race; random/vllm_noise.hpp: the row's key is a randint(0, 2^31) of PyTorch per step
  sglang = 8,            ///< race; random/sglang_noise.hpp, position of the last token read, rank if a filter is on
  llama_cpp_dist = 9,    ///< inverse CDF; token/llama_dist.hpp: one draw per step
  prefix_cdf_cpu = 10,   ///< inverse CDF in the order of ids; token/prefix_uniform.hpp over all tokens so far, CPU
  prefix_cdf_cuda = 11,  ///< the same with the first uniform of a CUDA generator
};
inline constexpr std::uint16_t sampler_profile_count = 11;

/// A promised sampler. The default is that of this library, unfiltered, at temperature 1.
struct sampler_description {
  sampler_profile profile = sampler_profile::assay_philox;
  filter_settings filters;
  processor_settings processors;
  std::uint32_t cuda_grid = 0;  ///< torch_cuda_*: `torch_cuda_layout::largest_grid`; else 0

  friend bool operator==(const sampler_description&, const sampler_description&) = default;
};

/// Most tokens that a promised sampler's processors may list altogether.
inline constexpr std::size_t largest_promised_list = std::size_t{1} << 14;

/// Whether the profile draws one uniform per token and walks the cumulative distribution, rather than racing.
[[nodiscard]] constexpr bool is_inverse_cdf(sampler_profile p) noexcept {
  return p == sampler_profile::llama_cpp_dist || p == sampler_profile::prefix_cdf_cpu || p == sampler_profile::prefix_cdf_cuda;
}
[[nodiscard]] constexpr bool is_torch_cuda(sampler_profile p) noexcept {
  return p == sampler_profile::torch_cuda_f32 || p == sampler_profile::torch_cuda_f64;
}
/// Whether noise is keyed by positions in the sequence, not by the number of the output token.
[[nodiscard]] constexpr bool is_positional(sampler_profile p) noexcept {
  return p == sampler_profile::vllm_triton || p == sampler_profile::vllm_triton_log || p == sampler_profile::sglang;
}
/// Bits of the seeds that the profile's generator tells apart.
[[nodiscard]] constexpr std::uint32_t seed_bits(sampler_profile p) noexcept {
  switch (p) {
    case sampler_profile::assay_philox: return 64;
    case sampler_profile::torch_cpu_f32:
    case sampler_profile::vllm_cpu:
    case sampler_profile::llama_cpp_dist: return 32;
    default: return 63;
  }
}

/// The seed that the promised engine is given for a request, out of the request's noise key: its low 63 bits, as
/// servers take seeds as signed integers; its low 32 bits where no more count. llama.cpp's seed for "random" becomes
/// the one below.
[[nodiscard]] constexpr std::uint64_t engine_seed(sampler_profile p, noise_key key) noexcept {
  const std::uint64_t whole = std::uint64_t{key.k1} << 32 | key.k0;
  if (seed_bits(p) == 64) return whole;
  if (seed_bits(p) == 63) return whole & ~(std::uint64_t{1} << 63);
  const std::uint64_t low = whole & 0xffffffffu;
  return p == sampler_profile::llama_cpp_dist && low == 0xffffffffu ? 0xfffffffeu : low;
}
/// The same as the key of the profile's noise.
[[nodiscard]] constexpr noise_key engine_key(sampler_profile p, noise_key key) noexcept {
  const std::uint64_t seed = engine_seed(p, key);
  return {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)};
}

namespace detail {

[[nodiscard]] inline result<void> check_promised_lists(const processor_settings& s) {
  std::size_t listed = s.allowed.size() + s.stop_ids.size() + s.bias.size() + s.bad_words.size();
  for (const auto& word : s.bad_words) listed += word.size();
  if (listed > largest_promised_list) return fail(errc::too_large, "a sampler's processors list too many tokens", listed);
  for (const auto* ids : {&s.allowed, &s.stop_ids})
    for (std::size_t i = 1; i < ids->size(); ++i)
      if (!((*ids)[i - 1] < (*ids)[i])) return fail(errc::wrong_order, "a sampler's lists of tokens must ascend", i);
  for (const token_bias& each : s.bias)
    if (!fp::is_finite(each.bias)) return fail(errc::invalid_settings, "a promised bias is not finite: forbid tokens as bad words", each.id.value);
  for (std::size_t i = 1; i < s.bias.size(); ++i)
    if (!(s.bias[i - 1].id < s.bias[i].id)) return fail(errc::wrong_order, "a sampler's biases must ascend by token", i);
  return {};
}

[[nodiscard]] inline result<void> check_combination(const sampler_description& s) {
  if (is_torch_cuda(s.profile) ? s.cuda_grid == 0 || s.cuda_grid > 1u << 20 : s.cuda_grid != 0)
    return fail(errc::invalid_settings, "a CUDA grid is missing, out of range, or given for noise that has none", s.cuda_grid);
  if (s.profile == sampler_profile::llama_cpp_dist) {
    if (s.filters.rule != filter_rule::llama_cpp) return fail(errc::invalid_settings, "llama.cpp's dist sampler needs llama.cpp's filters");
    if (s.filters.typical_p < 1 && s.filters.sampler.top_p >= 1)
      return fail(errc::unsupported, "typical sampling leaves candidates in an order that only top-p undoes");
  }
  if (s.profile == sampler_profile::sglang) {
    if (s.filters.rule != filter_rule::sglang) return fail(errc::invalid_settings, "SGLang's noise needs SGLang's filters: it is keyed by rank");
    if (s.filters.min_p != 0) return fail(errc::unsupported, "with a seed SGLang takes no min-p");
  }
  return {};
}

}  // namespace detail

/// Checks that a sampler can be repeated, whoever wrote its description. Lists must ascend, so that a sampler has one
/// description. @errors unsupported, invalid_settings, too_large, wrong_order, and those of both settings' validate
[[nodiscard]] inline result<void> validate(const sampler_description& s, std::uint32_t vocabulary) {
  const auto number = static_cast<std::uint16_t>(s.profile);
  if (number < 1 || number > sampler_profile_count) return fail(errc::unsupported, "an unknown sampler profile", number);
  if (auto filters = validate(s.filters); !filters) return filters;
  if (auto lists = detail::check_promised_lists(s.processors); !lists) return lists;
  if (auto processors = validate(s.processors, vocabulary); !processors) return processors;
  return detail::check_combination(s);
}

}  // namespace assay::inline v0

#endif
