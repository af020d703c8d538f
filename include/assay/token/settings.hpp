// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The sampler's parameters: part of what a provider promises, so part of what is checked.
#ifndef ASSAY_TOKEN_SETTINGS_HPP
#define ASSAY_TOKEN_SETTINGS_HPP

#include <cstdint>

#include <assay/core/fp.hpp>
#include <assay/core/result.hpp>

namespace assay::inline v0 {

/// Temperatures below this sample greedily: no noise, the largest logit wins.
inline constexpr float greedy_temperature = 1e-5f;

/// Temperature, then top-k, then top-p on what top-k left.
struct sampler_settings {
  float temperature = 1;
  std::uint32_t top_k = 0;  ///< 0: off; more than the vocabulary: all
  float top_p = 1;          ///< 1: off

  [[nodiscard]] constexpr bool greedy() const noexcept { return temperature < greedy_temperature; }
  /// The same of every kind of settings.
  [[nodiscard]] friend constexpr float temperature_of(const sampler_settings& s) noexcept { return s.temperature; }
  friend bool operator==(const sampler_settings&, const sampler_settings&) noexcept = default;
};

/// Checks that the settings make sense. @errors invalid_settings
[[nodiscard]] inline result<void> validate(const sampler_settings& settings) {
  if (!fp::is_finite(settings.temperature) || settings.temperature < 0)
    return fail(errc::invalid_settings, "the temperature is negative or not finite");
  if (!(settings.top_p > 0 && settings.top_p <= 1)) return fail(errc::invalid_settings, "top-p is not in (0, 1]");
  return {};
}

}  // namespace assay::inline v0

#endif
