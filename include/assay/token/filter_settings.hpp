// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which engine's filters apply, and the parameters beyond temperature, top-k and top-p.
#ifndef ASSAY_TOKEN_FILTER_SETTINGS_HPP
#define ASSAY_TOKEN_FILTER_SETTINGS_HPP

#include <cstdint>

#include <assay/core/result.hpp>
#include <assay/token/settings.hpp>

namespace assay::inline v0 {

/// How an engine cuts the vocabulary before it draws. Numbers are stable. token/rule_chain.hpp states each rule.
enum class filter_rule : std::uint8_t {
  vllm_sort = 1,        ///< vLLM's native sampler: ascending sums, every equal of the k-th stays
  vllm_triton = 2,      ///< vLLM's pivot-search kernel: exactly k, the smallest set that reaches p
  sglang = 3,           ///< SGLang's PyTorch sampler: top-k and top-p on one softmax of the whole row
  llama_cpp = 4,        ///< llama.cpp: top-k, typical, top-p, min-p, and then the temperature
  descending_keep = 5,  ///< descending sums on raw logits; the token that crosses p is dropped
};

/// A filter profile. A default one filters like `sampler_settings` alone.
struct filter_settings {
  filter_rule rule = filter_rule::vllm_sort;
  sampler_settings sampler;
  float min_p = 0;                 ///< 0: off
  float typical_p = 1;             ///< 1: off; llama_cpp only
  std::uint32_t min_keep = 0;      ///< llama_cpp only: no filter but top-k leaves fewer
  bool temperature_first = false;  ///< llama_cpp only: the temperature is applied before the filters, not after

  [[nodiscard]] constexpr bool greedy() const noexcept { return sampler.greedy(); }
  [[nodiscard]] friend constexpr float temperature_of(const filter_settings& s) noexcept {
    return s.sampler.temperature;
  }
  friend bool operator==(const filter_settings&, const filter_settings&) noexcept = default;
};

/// Checks that the parameters make sense and that the rule has them. @errors invalid_settings, unsupported (the rule)
[[nodiscard]] inline result<void> validate(const filter_settings& settings) {
  if (auto base = validate(settings.sampler); !base) return base;
  if (settings.rule < filter_rule::vllm_sort || settings.rule > filter_rule::descending_keep)
    return fail(errc::unsupported, "an unknown filter rule", static_cast<std::uint64_t>(settings.rule));
  if (!(settings.min_p >= 0 && settings.min_p <= 1)) return fail(errc::invalid_settings, "min-p is not in [0, 1]");
  if (!(settings.typical_p > 0 && settings.typical_p <= 1))
    return fail(errc::invalid_settings, "typical-p is not in (0, 1]");
  if (settings.rule != filter_rule::llama_cpp &&
      (settings.typical_p != 1 || settings.min_keep != 0 || settings.temperature_first))
    return fail(errc::invalid_settings, "a parameter that only llama.cpp's filters have");
  if (settings.rule == filter_rule::descending_keep && settings.min_p != 0)
    return fail(errc::invalid_settings, "this filter rule has no min-p");
  return {};
}

}  // namespace assay::inline v0

#endif
