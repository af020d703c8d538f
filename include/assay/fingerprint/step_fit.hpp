// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Quantisation steps from honest rows, fitted before a run and published with it.
#ifndef ASSAY_FINGERPRINT_STEP_FIT_HPP
#define ASSAY_FINGERPRINT_STEP_FIT_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <assay/core/fp.hpp>
#include <assay/core/result.hpp>
#include <assay/fingerprint/quantiser.hpp>

namespace assay::inline v0 {

/// Collects coordinates of one checkpoint and finds the step with which a given share of them has codes of its own.
///
/// For codes that saturate, give it the coordinates of honest sketches (of `sketch_sum::values` for windows). For codes
/// that wrap, give it the differences between two honest parties' coordinates, which alone must fit into the codes.
/// A step is part of what both parties agree on before a run: fit it to other rows than those that are judged with it.
/// Determinism: exact, whatever the order of the rows. Memory: 4 bytes per coordinate.
class step_fit {
 public:
  /// @errors non_finite (where: the coordinate; nothing is added)
  [[nodiscard]] result<void> add(std::span<const float> coordinates) {
    for (std::size_t i = 0; i < coordinates.size(); ++i)
      if (!fp::is_finite(coordinates[i])) return fail(errc::non_finite, "step fit: a coordinate is NaN or infinite", i);
    magnitudes_.reserve(magnitudes_.size() + coordinates.size());
    for (const float x : coordinates) magnitudes_.push_back(x < 0 ? -x : x);
    return {};
  }

  [[nodiscard]] std::size_t size() const noexcept { return magnitudes_.size(); }

  /// The step that puts the quantile of the magnitudes on the largest code, so that a share of `quantile` at least lies
  /// within the range of codes. Time: linear.
  /// @errors unsupported (no type of codes), out_of_range (quantile not in (0, 1], or the quantile is zero or immoderate),
  ///         insufficient_data (where: how many coordinates the quantile needs)
  [[nodiscard]] result<float> step(dtype type, double quantile) const {
    if (code_bits(type) == 0) return fail(errc::unsupported, "step fit: codes are i4, i8 or i16");
    if (!(quantile > 0 && quantile <= 1)) return fail(errc::out_of_range, "step fit: no quantile");
    const auto rank = static_cast<std::size_t>(__builtin_ceil(quantile * static_cast<double>(magnitudes_.size())));
    if (magnitudes_.empty() || (quantile < 1 && rank == magnitudes_.size()))
      return fail(errc::insufficient_data, "step fit: the quantile lies beyond the largest coordinate",
                  needed_for(quantile));
    std::vector<float> sorted = magnitudes_;
    const auto at = sorted.begin() + static_cast<std::ptrdiff_t>(rank - 1);
    std::nth_element(sorted.begin(), at, sorted.end());
    const float fitted = *at / static_cast<float>(largest_code(type));
    if (auto valid = validate(quantiser{type, fitted}); !valid) return valid.error();
    return fitted;
  }

  /// Share of the coordinates that a quantiser has no code for. @pre validate(q); size() > 0
  [[nodiscard]] double share_beyond(const quantiser& q) const {
    ASSAY_EXPECTS(validate(q) && !magnitudes_.empty());
    const float above = static_cast<float>(largest_code(q.type)) + 0.5f;
    std::size_t beyond = 0;
    for (const float x : magnitudes_) beyond += x / q.step >= above;
    return static_cast<double>(beyond) / static_cast<double>(magnitudes_.size());
  }

 private:
  /// The least count whose quantile is not the maximum.
  [[nodiscard]] static std::uint64_t needed_for(double quantile) noexcept {
    const double count = quantile < 1 ? 1 / (1 - quantile) : 1;
    return count < 0x1p60 ? static_cast<std::uint64_t>(__builtin_ceil(count)) : std::uint64_t{1} << 60;
  }

  std::vector<float> magnitudes_;
};

}  // namespace assay::inline v0

#endif
