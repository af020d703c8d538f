// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Quantiles, means and caps of score samples.
#ifndef ASSAY_STATS_QUANTILE_HPP
#define ASSAY_STATS_QUANTILE_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <assay/core/fp.hpp>
#include <assay/core/result.hpp>

namespace assay::inline v0::stats {

namespace detail {
/// @errors insufficient_data (fewer than `least`), non_finite (`where`: the index)
[[nodiscard]] inline result<void> check_sample(std::span<const double> values, std::size_t least) {
  if (values.size() < least) return fail(errc::insufficient_data, "too few values in a sample", values.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!fp::is_finite(values[i])) return fail(errc::non_finite, "a sample holds NaN or infinity", i);
  return {};
}
}  // namespace detail

/// The q-quantile with linear interpolation between order statistics (numpy's default, Hyndman and Fan's type 7).
/// @errors insufficient_data (no values), non_finite, out_of_range (q not in [0, 1])
[[nodiscard]] inline result<double> quantile(std::span<const double> values, double q) {
  if (!(q >= 0 && q <= 1)) return fail(errc::out_of_range, "a quantile's level is not in [0, 1]");
  if (auto ok = detail::check_sample(values, 1); !ok) return ok.error();
  std::vector<double> v(values.begin(), values.end());
  const double rank = q * static_cast<double>(v.size() - 1);
  const auto low = static_cast<std::size_t>(rank);
  const auto at = v.begin() + static_cast<std::ptrdiff_t>(low);
  std::nth_element(v.begin(), at, v.end());
  if (low + 1 == v.size()) return *at;
  const double next = *std::min_element(at + 1, v.end());
  return *at + (next - *at) * (rank - static_cast<double>(low));
}

/// Arithmetic mean. @errors insufficient_data (no values), non_finite
[[nodiscard]] inline result<double> mean(std::span<const double> values) {
  if (auto ok = detail::check_sample(values, 1); !ok) return ok.error();
  double sum = 0, lost = 0;  // Kahan: long streams of small margins beside a few large ones
  for (double v : values) {
    const double y = fp::sub(v, lost), t = fp::add(sum, y);
    lost = fp::sub(fp::sub(t, sum), y);
    sum = t;
  }
  return sum / static_cast<double>(values.size());
}

/// Unbiased sample variance (divisor n - 1). @errors insufficient_data (fewer than two values), non_finite
[[nodiscard]] inline result<double> variance(std::span<const double> values) {
  if (auto ok = detail::check_sample(values, 2); !ok) return ok.error();
  const double centre = *mean(values);
  double squares = 0;
  for (double v : values) squares += (v - centre) * (v - centre);
  return squares / static_cast<double>(values.size() - 1);
}

/// A score cut at `cap`; NaN and infinities become the cap too.
[[nodiscard]] inline double winsorise(double score, double cap) noexcept { return score <= cap ? score : cap; }

/// The cap for margins from an honest calibration run: a high quantile of the finite ones.
/// Infinite margins (tokens outside the verifier's nucleus) are left out, as the published evaluation does.
/// @errors insufficient_data (no finite margin), out_of_range, non_finite (NaN)
[[nodiscard]] inline result<double> margin_cap(std::span<const double> margins, double level = 0.999) {
  std::vector<double> finite;
  for (std::size_t i = 0; i < margins.size(); ++i) {
    if (margins[i] != margins[i]) return fail(errc::non_finite, "a margin is NaN", i);
    if (fp::is_finite(margins[i])) finite.push_back(margins[i]);
  }
  return quantile(finite, level);
}

}  // namespace assay::inline v0::stats

#endif
