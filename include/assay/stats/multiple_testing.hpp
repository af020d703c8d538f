// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Many providers, requests or checks at once: which of them to reject so that errors over all of them stay bounded.
#ifndef ASSAY_STATS_MULTIPLE_TESTING_HPP
#define ASSAY_STATS_MULTIPLE_TESTING_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include <assay/core/expects.hpp>
#include <assay/core/result.hpp>
#include <assay/stats/alpha_spending.hpp>
#include <assay/stats/e_process.hpp>

namespace assay::inline v0::stats {

namespace detail {

/// Indices by falling value.
[[nodiscard]] inline std::vector<std::size_t> falling_order(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] > values[b]; });
  return order;
}

[[nodiscard]] inline result<void> check_evidence(std::span<const double> log_e, double alpha) {
  if (!(alpha > 0 && alpha < 1)) return fail(errc::out_of_range, "an error rate is not in (0, 1)");
  for (std::size_t i = 0; i < log_e.size(); ++i)
    if (log_e[i] != log_e[i]) return fail(errc::non_finite, "an e-value is NaN", i);
  return {};
}

}  // namespace detail

/// Holm's procedure: which hypotheses to reject so that the probability of *any* false rejection is at most alpha, however
/// the p-values depend on each other. The i-th smallest of n must be at most alpha / (n + 1 - i).
/// @errors out_of_range (alpha not in (0, 1), a p-value not in [0, 1]). Complexity: O(n log n). Source: Holm, 1979.
[[nodiscard]] inline result<std::vector<bool>> holm(std::span<const double> p_values, double alpha) {
  if (!(alpha > 0 && alpha < 1)) return fail(errc::out_of_range, "an error rate is not in (0, 1)");
  for (std::size_t i = 0; i < p_values.size(); ++i)
    if (!(p_values[i] >= 0 && p_values[i] <= 1)) return fail(errc::out_of_range, "a p-value is not in [0, 1]", i);
  const auto falling = detail::falling_order(p_values);
  std::vector<bool> rejected(p_values.size());
  for (std::size_t left = falling.size(); left != 0; --left) {
    const std::size_t at = falling[left - 1];
    if (!(p_values[at] * static_cast<double>(left) <= alpha)) break;
    rejected[at] = true;
  }
  return rejected;
}

/// Family-wise e-values: for each hypothesis the least average over all sets of hypotheses that hold it (closed testing
/// with averages), which is the least over k of (e_i + the k smallest others) / (k + 1). Reject where it is at least
/// 1/alpha: the probability of *any* false rejection is at most alpha, however the e-values depend on each other. Valid at
/// any time and every time, if all values are present ones of e-processes at one moment; peaks of different moments are
/// not. Never rejects less than Holm on 1/e.
/// @errors non_finite (NaN; +infinity is allowed). Complexity: O(n log n). Source: Vovk and Wang, 2021, section 5.
[[nodiscard]] inline result<std::vector<double>> e_holm(std::span<const double> log_e) {
  if (auto ok = detail::check_evidence(log_e, 0.5); !ok) return ok.error();
  const auto falling = detail::falling_order(log_e);
  std::vector<double> adjusted(log_e.size());
  // Among the sets that hold i, the least average is reached by adding the smallest others, one at a time, while they lower it.
  std::vector<double> rising_sums{0};
  constexpr double largest = 700;  // beyond e^700 an average of up to 2^20 is past every threshold
  for (std::size_t i = falling.size(); i != 0; --i)
    rising_sums.push_back(rising_sums.back() + std::exp(std::min(log_e[falling[i - 1]], largest)));
  std::size_t taken = 0;
  for (std::size_t rank = falling.size(); rank != 0; --rank) {
    const std::size_t at = falling[rank - 1], below = falling.size() - rank;
    const double own = std::exp(std::min(log_e[at], largest));
    const auto average = [&](std::size_t k) { return (own + rising_sums[k]) / static_cast<double>(k + 1); };
    // The best k grows with the own value, so one pass over ranks suffices.
    while (taken < below && average(taken + 1) < average(taken)) ++taken;
    adjusted[at] = taken == 0 ? log_e[at] : std::log(average(taken));
  }
  return adjusted;
}

/// The e-BH procedure: rejects the k largest, k the greatest with e_(k) >= n / (alpha k). The expected share of false
/// rejections among all is at most alpha, however the e-values depend on each other: for lists of suspects, not for penalties.
/// @errors out_of_range, non_finite (NaN; +infinity is allowed). Complexity: O(n log n). Source: Wang and Ramdas, 2022.
[[nodiscard]] inline result<std::vector<bool>> e_bh(std::span<const double> log_e, double alpha) {
  if (auto ok = detail::check_evidence(log_e, alpha); !ok) return ok.error();
  const auto falling = detail::falling_order(log_e);
  const double n = static_cast<double>(log_e.size());
  std::size_t count = 0;
  for (std::size_t k = 1; k <= falling.size(); ++k)
    if (log_e[falling[k - 1]] >= std::log(n / (alpha * static_cast<double>(k)))) count = k;
  std::vector<bool> rejected(log_e.size());
  for (std::size_t k = 0; k < count; ++k) rejected[falling[k]] = true;
  return rejected;
}

/// e-LOND: the same guarantee for a stream, decided one at a time. The t-th hypothesis is tested at
/// alpha * share(t) * (rejections so far + 1). Source: Xu and Ramdas, "Online multiple testing with e-values", 2024.
class e_lond {
 public:
  /// @errors out_of_range (alpha not in (0, 1))
  [[nodiscard]] static result<e_lond> make(double alpha, const alpha_schedule& schedule = alpha_schedule{}) {
    if (!(alpha > 0 && alpha < 1)) return fail(errc::out_of_range, "an error rate is not in (0, 1)");
    return e_lond{alpha, schedule};
  }

  /// Decides about the next hypothesis from its e-value: true, it is rejected. @errors non_finite (NaN): nothing changes
  [[nodiscard]] result<bool> decide(double log_e) {
    if (log_e != log_e) return fail(errc::non_finite, "an e-value is NaN", tested_);
    ++tested_;
    const double level = alpha_ * schedule_.share(tested_) * static_cast<double>(rejected_ + 1);
    const bool now = log_e >= log_threshold(std::min(level, 1.0));
    rejected_ += now ? 1 : 0;
    return now;
  }

  [[nodiscard]] std::uint64_t tested() const noexcept { return tested_; }
  [[nodiscard]] std::uint64_t rejected() const noexcept { return rejected_; }

 private:
  e_lond(double alpha, const alpha_schedule& schedule) : alpha_(alpha), schedule_(schedule) {}

  double alpha_;
  alpha_schedule schedule_;
  std::uint64_t tested_ = 0, rejected_ = 0;
};

}  // namespace assay::inline v0::stats

#endif
