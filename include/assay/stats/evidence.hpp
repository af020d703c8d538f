// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// p-values and e-values, and how to turn one into the other and combine several. E-values are kept as logarithms.
#ifndef ASSAY_STATS_EVIDENCE_HPP
#define ASSAY_STATS_EVIDENCE_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>

#include <assay/core/fp.hpp>
#include <assay/core/result.hpp>
#include <assay/random/elementary.hpp>

namespace assay::inline v0::stats {

/// Conformal p-value: (1 + #{calibration scores >= score}) / (n + 1). Valid if honest scores are exchangeable with these;
/// never below 1 / (n + 1). A NaN score counts as the worst. @errors insufficient_data (no scores), non_finite (NaN in them)
[[nodiscard]] inline result<double> conformal_p_value(std::span<const double> calibration, double score) {
  if (calibration.empty()) return fail(errc::insufficient_data, "a conformal p-value without calibration scores");
  std::size_t at_least = 0;
  for (std::size_t i = 0; i < calibration.size(); ++i) {
    if (calibration[i] != calibration[i]) return fail(errc::non_finite, "a calibration score is NaN", i);
    at_least += calibration[i] >= score;
  }
  return static_cast<double>(1 + at_least) / static_cast<double>(calibration.size() + 1);
}

/// ln of the e-value k p^(k - 1) of a p-value. @errors out_of_range (p not in (0, 1], k not in (0, 1))
/// Source: Vovk and Wang, "E-values: calibration, combination and applications", 2021.
[[nodiscard]] inline result<double> log_e_from_p(double p, double k = 0.5) {
  if (!(p > 0 && p <= 1)) return fail(errc::out_of_range, "a p-value is not in (0, 1]");
  if (!(k > 0 && k < 1)) return fail(errc::out_of_range, "a calibrator's exponent is not in (0, 1)");
  return std::log(k) + (k - 1) * std::log(p);
}

/// The p-value min(1, 1/e) of an e-value (Markov; Ville if it is the largest of an e-process).
[[nodiscard]] inline double p_from_log_e(double log_e) noexcept { return log_e > 0 ? std::exp(-log_e) : 1.0; }

/// ln of the e-value (1 - p + p ln p) / (p ln^2 p): the average of the above over all k, so nothing is chosen.
/// @errors out_of_range (p not in (0, 1]). Source: the same, section 2.
[[nodiscard]] inline result<double> log_e_from_p_mixed(double p) {
  if (!(p > 0 && p <= 1)) return fail(errc::out_of_range, "a p-value is not in (0, 1]");
  const double u = -std::log(p);
  // Next to p = 1 the formula cancels: its series in u, times 1 / p.
  if (u < 1e-3) return std::log(0.5 - u / 3 + u * u / 8) + u;
  return std::log(1 - p - p * u) + u - 2 * std::log(u);
}

namespace detail {

/// ln of the weighted average of exponentials; weights none: all equal. Weights below 1e-300 of their sum count as none.
/// @pre no NaN, no +infinity; weights finite, not negative, one positive. Determinism: exact.
[[nodiscard]] inline double log_mean_exp(std::span<const double> values, std::span<const double> weights) noexcept {
  constexpr double nothing = -std::numeric_limits<double>::infinity();
  double top = nothing, total = 0, sum = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double w = weights.empty() ? 1.0 : weights[i];
    total = fp::add(total, w);
    if (w > 0) top = std::max(top, values[i]);
  }
  if (top == nothing) return nothing;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double below = fp::sub(values[i], top), w = weights.empty() ? 1.0 : weights[i];
    if (below > -700 && w > 0) sum = fp::add(sum, fp::mul(w, fp::exp(below)));
  }
  const double share = fp::div(sum, total);
  return share > 1e-300 ? fp::add(top, fp::log(share)) : nothing;
}

}  // namespace detail

/// ln of the weighted average of e-values, itself an e-value however they depend on each other.
/// Weights are chosen before looking, not negative, and normalised here; none: all equal. -infinity (e = 0) is allowed.
/// Determinism: exact.
/// @errors insufficient_data (none), length_mismatch, non_finite (NaN or +infinity), out_of_range (weights)
[[nodiscard]] inline result<double> log_mean_e(std::span<const double> log_e, std::span<const double> weights = {}) {
  if (log_e.empty()) return fail(errc::insufficient_data, "no e-values to combine");
  if (!weights.empty() && weights.size() != log_e.size())
    return fail(errc::length_mismatch, "e-values and weights differ in number", weights.size());
  double total = 0;
  for (std::size_t i = 0; i < log_e.size(); ++i) {
    if (!(log_e[i] < std::numeric_limits<double>::infinity()))
      return fail(errc::non_finite, "an e-value is NaN or infinite", i);
    const double w = weights.empty() ? 1.0 : weights[i];
    if (!(w >= 0 && fp::is_finite(w))) return fail(errc::out_of_range, "a weight is negative or not finite", i);
    total += w;
  }
  if (!(total > 0 && fp::is_finite(total))) return fail(errc::out_of_range, "weights sum to zero or overflow");
  return detail::log_mean_exp(log_e, weights);
}

/// ln of the product of e-values: an e-value only if each has expectation at most 1 *given those before it*, as the
/// requests of one provider under fresh randomness have. Not for checks of the same tokens, and not for conformal
/// p-values that share a calibration: average those.
/// @errors insufficient_data (none), non_finite (NaN or +infinity)
[[nodiscard]] inline result<double> log_product_e(std::span<const double> log_e) {
  if (log_e.empty()) return fail(errc::insufficient_data, "no e-values to combine");
  double sum = 0;
  for (std::size_t i = 0; i < log_e.size(); ++i) {
    if (!(log_e[i] < std::numeric_limits<double>::infinity()))
      return fail(errc::non_finite, "an e-value is NaN or infinite", i);
    sum += log_e[i];
  }
  return sum;
}

/// ln of the one-sided normal-mixture e-value for a sum S of n standardised scores: -ln(1 + n t^2) / 2 +
/// t^2 max(S, 0)^2 / (2 (1 + n t^2)). Relies on sub-Gaussian scores, as `normal_mixture` does, which wins more: this is
/// the published form. `betting_martingale` relies on the mean alone.
/// @errors non_finite, out_of_range (t <= 0, n < 0)
[[nodiscard]] inline result<double> log_normal_mixture_e(double n, double sum, double t) {
  if (!fp::is_finite(n) || !fp::is_finite(sum) || !fp::is_finite(t))
    return fail(errc::non_finite, "a score sum or parameter is not finite");
  if (n < 0 || t <= 0) return fail(errc::out_of_range, "a mixture needs n >= 0 and t > 0");
  const double spread = 1 + n * t * t, up = std::max(sum, 0.0);
  return -0.5 * std::log(spread) + t * t * up * up / (2 * spread);
}

}  // namespace assay::inline v0::stats

#endif
