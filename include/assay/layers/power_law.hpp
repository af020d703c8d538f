// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How heavy the tail of a weight spectrum is: power-law exponents of eigenvalues, from whatever computed them.
#ifndef ASSAY_LAYERS_POWER_LAW_HPP
#define ASSAY_LAYERS_POWER_LAW_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <assay/core/fp.hpp>
#include <assay/core/result.hpp>

namespace assay::inline v0 {

/// The positive eigenvalues of W^T W, ascending: the squared singular values of a matrix W.
class spectrum {
 public:
  /// Takes eigenvalues in any order and leaves out those not above `floor` times the largest, which are zeros to within
  /// the rounding of an eigenvalue solver in double.
  /// @errors empty, non_finite (where: the index), out_of_range (the floor is not in [0, 1), or a value is further
  ///         below zero than rounding explains; where: the index), insufficient_data (none is positive)
  [[nodiscard]] static result<spectrum> of(std::vector<double> eigenvalues, double floor = 1e-12) {
    if (eigenvalues.empty()) return fail(errc::empty, "spectrum: no eigenvalues");
    if (!(floor >= 0 && floor < 1)) return fail(errc::out_of_range, "spectrum: the floor is not in [0, 1)");
    double largest = 0;
    for (std::size_t i = 0; i < eigenvalues.size(); ++i) {
      if (!fp::is_finite(eigenvalues[i]))
        return fail(errc::non_finite, "spectrum: an eigenvalue is NaN or infinite", i);
      largest = std::max(largest, eigenvalues[i]);
    }
    const double least = floor * largest;
    for (std::size_t i = 0; i < eigenvalues.size(); ++i)
      if (eigenvalues[i] < -std::max(least, 1e-9 * largest))
        return fail(errc::out_of_range, "spectrum: an eigenvalue is negative", i);
    if (largest == 0) return fail(errc::insufficient_data, "spectrum: every eigenvalue is zero");
    std::sort(eigenvalues.begin(), eigenvalues.end());
    const auto first = std::upper_bound(eigenvalues.begin(), eigenvalues.end(), least);
    spectrum s;
    s.zeros_ = static_cast<std::size_t>(first - eigenvalues.begin());
    s.values_.assign(first, eigenvalues.end());
    return s;
  }

  /// At least one; all positive and finite.
  [[nodiscard]] std::span<const double> values() const noexcept { return values_; }
  [[nodiscard]] std::size_t zeros() const noexcept { return zeros_; }

 private:
  spectrum() = default;
  std::vector<double> values_;
  std::size_t zeros_ = 0;
};

/// A power law p(x) ~ x^-alpha fitted to the eigenvalues from `least` on.
struct power_law {
  double alpha = 0;
  double least = 0;  ///< where the tail begins (x_min)
  std::size_t tail = 0;  ///< eigenvalues in it
  double distance = 1;  ///< Kolmogorov-Smirnov, one-sided, as AlphaPruning's code has it
};

namespace detail {

/// Logarithms of a spectrum and their sums from the end.
struct log_spectrum {
  explicit log_spectrum(const spectrum& s) : log(s.values().size()), suffix(log.size() + 1) {
    for (std::size_t i = 0; i < log.size(); ++i) log[i] = std::log(s.values()[i]);
    for (std::size_t i = log.size(); i-- > 0;) suffix[i] = suffix[i + 1] + log[i];
  }
  std::vector<double> log, suffix;
};

/// The maximum-likelihood exponent of the tail that begins at index `first` (Hill's estimator). False if the tail has
/// fewer than two values, or no spread.
[[nodiscard]] inline bool fit_tail(const log_spectrum& s, std::size_t first, power_law& fit) {
  const std::size_t n = s.log.size() - first;
  const double count = static_cast<double>(n), excess = s.suffix[first] - count * s.log[first];
  if (n < 2 || !(excess > 1e-12 * count)) return false;
  fit.alpha = 1 + count / excess;
  fit.tail = n;
  fit.least = std::exp(s.log[first]);
  fit.distance = 0;
  for (std::size_t j = 0; j < n; ++j) {
    const double below = 1 - std::exp((1 - fit.alpha) * (s.log[first + j] - s.log[first]));
    fit.distance = std::max(fit.distance, std::abs(below - static_cast<double>(j) / count));
  }
  return true;
}

}  // namespace detail

/// The exponent with the tail beginning at the median eigenvalue, the upper one of two.
/// @errors insufficient_data (fewer than two eigenvalues in the tail, or all equal) Complexity: O(n)
/// Source: Lu et al., "AlphaPruning", 2024 (alpha_mid).
[[nodiscard]] inline result<power_law> alpha_mid(const spectrum& s) {
  power_law fit;
  if (!detail::fit_tail(detail::log_spectrum{s}, s.values().size() / 2, fit))
    return fail(errc::insufficient_data, "power law: the tail has no spread", s.values().size());
  return fit;
}

/// Where alpha_peak looks for the beginning of the tail, around the mode of the histogram of log10(eigenvalue).
enum class peak_bounds : std::uint8_t {
  corrected,  ///< eigenvalues in [0.95 peak, 1.5 peak], as the method is described
  upstream,  ///< the published code compares log10(0.95 peak) with the eigenvalue: for parity with its figures
};

namespace detail {

/// The left edge of the fullest of `bins` equal bins, the first one of several. @pre values are ascending
[[nodiscard]] inline double log10_mode(std::span<const double> values, std::size_t bins) {
  const double low = std::log10(values.front()), range = std::log10(values.back()) - low;
  std::vector<std::size_t> count(bins);
  for (const double v : values) {
    const double at = range > 0 ? (std::log10(v) - low) / range * static_cast<double>(bins) : 0;
    ++count[std::min(static_cast<std::size_t>(std::max(at, 0.0)), bins - 1)];
  }
  const auto top = static_cast<double>(std::max_element(count.begin(), count.end()) - count.begin());
  return low + range * top / static_cast<double>(bins);
}

}  // namespace detail

/// The exponent with the tail beginning near the spectrum's peak, where the fit's Kolmogorov-Smirnov distance is least
/// (the first such place). 100 bins.
/// @errors insufficient_data (fewer than two different eigenvalues, or no tail can be fitted)
/// Complexity: O(n) per eigenvalue near the peak. Source: Lu et al., "AlphaPruning", 2024 (alpha_peak).
[[nodiscard]] inline result<power_law> alpha_peak(const spectrum& s, peak_bounds bounds = peak_bounds::corrected) {
  const auto values = s.values();
  const double peak = std::pow(10.0, detail::log10_mode(values, 100));
  const double low = bounds == peak_bounds::corrected ? 0.95 * peak : std::log10(0.95 * peak), high = 1.5 * peak;
  const detail::log_spectrum logs{s};
  power_law best;
  for (std::size_t i = 0; i + 1 < values.size() && values[i] <= high; ++i) {
    power_law fit;
    if (values[i] >= low && detail::fit_tail(logs, i, fit) && (best.tail == 0 || fit.distance < best.distance))
      best = fit;
  }
  if (best.tail == 0) return fail(errc::insufficient_data, "power law: no tail can be fitted", values.size());
  return best;
}

}  // namespace assay::inline v0

#endif
