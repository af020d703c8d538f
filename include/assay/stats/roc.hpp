// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How well a score separates dishonest from honest runs: ROC curve, AUC, partial AUC, power at a false-alarm rate.
#ifndef ASSAY_STATS_ROC_HPP
#define ASSAY_STATS_ROC_HPP

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include <assay/core/result.hpp>
#include <assay/stats/quantile.hpp>

namespace assay::inline v0::stats {

struct roc_point {
  double false_positive_rate = 0, true_positive_rate = 0;
};

/// The ROC curve of "score >= threshold", one point per distinct score, from (0, 0) to (1, 1).
/// @errors insufficient_data (either sample empty), non_finite. Cap infinite margins first. Complexity: O(n log n)
[[nodiscard]] inline result<std::vector<roc_point>> roc_curve(std::span<const double> negatives,
                                                              std::span<const double> positives) {
  for (auto sample : {negatives, positives})
    if (auto ok = detail::check_sample(sample, 1); !ok) return ok.error();
  std::vector<double> n(negatives.begin(), negatives.end()), p(positives.begin(), positives.end());
  std::sort(n.begin(), n.end(), [](double a, double b) { return a > b; });
  std::sort(p.begin(), p.end(), [](double a, double b) { return a > b; });
  std::vector<roc_point> curve{{0, 0}};
  for (std::size_t i = 0, j = 0; i < n.size() || j < p.size();) {
    const double threshold = j == p.size() || (i < n.size() && n[i] > p[j]) ? n[i] : p[j];
    while (i < n.size() && n[i] == threshold) ++i;
    while (j < p.size() && p[j] == threshold) ++j;
    curve.push_back({static_cast<double>(i) / static_cast<double>(n.size()),
                     static_cast<double>(j) / static_cast<double>(p.size())});
  }
  return curve;
}

namespace detail {
/// Area under the curve for false-positive rates in [0, limit], linear between points.
[[nodiscard]] inline double area_up_to(std::span<const roc_point> curve, double limit) noexcept {
  double area = 0;
  for (std::size_t i = 1; i < curve.size(); ++i) {
    const roc_point a = curve[i - 1];
    roc_point b = curve[i];
    if (a.false_positive_rate >= limit) break;
    if (b.false_positive_rate > limit) {
      const double part = (limit - a.false_positive_rate) / (b.false_positive_rate - a.false_positive_rate);
      b = {limit, a.true_positive_rate + (b.true_positive_rate - a.true_positive_rate) * part};
    }
    area += (b.false_positive_rate - a.false_positive_rate) * (a.true_positive_rate + b.true_positive_rate) / 2;
  }
  return area;
}
}  // namespace detail

/// Probability that a positive outscores a negative, ties counting half. @errors as `roc_curve`
[[nodiscard]] inline result<double> auc(std::span<const double> negatives, std::span<const double> positives) {
  const auto curve = roc_curve(negatives, positives);
  if (!curve) return curve.error();
  return detail::area_up_to(*curve, 1.0);
}

/// Partial AUC up to a false-positive rate, standardised so that 1/2 is chance and 1 is perfect, cut to [0, 1].
/// @errors as `roc_curve`, out_of_range (rate not in (0, 1]). Source: McClish, 1989.
[[nodiscard]] inline result<double> partial_auc(std::span<const double> negatives, std::span<const double> positives,
                                                double max_false_positive_rate) {
  const double f = max_false_positive_rate;
  if (!(f > 0 && f <= 1)) return fail(errc::out_of_range, "a false-positive rate is not in (0, 1]");
  const auto curve = roc_curve(negatives, positives);
  if (!curve) return curve.error();
  const double chance = f * f / 2;
  return std::clamp(0.5 + 0.5 * (detail::area_up_to(*curve, f) - chance) / (f - chance), 0.0, 1.0);
}

struct operating_point {
  double threshold = 0;
  double true_positive_rate = 0;
};

/// The share of positives above the (1 - rate)-quantile of the negatives. Scores must exceed the threshold: a tie is no alarm.
/// In sample: take the negatives from a calibration split to quote a rate. @errors as `roc_curve`, out_of_range
[[nodiscard]] inline result<operating_point> tpr_at_fpr(std::span<const double> negatives,
                                                        std::span<const double> positives, double false_positive_rate) {
  if (auto ok = detail::check_sample(positives, 1); !ok) return ok.error();
  const auto threshold = quantile(negatives, 1 - false_positive_rate);
  if (!threshold) return threshold.error();
  const auto above = std::count_if(positives.begin(), positives.end(), [&](double x) { return x > *threshold; });
  return operating_point{*threshold, static_cast<double>(above) / static_cast<double>(positives.size())};
}

}  // namespace assay::inline v0::stats

#endif
