// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One e-value out of many checks of the same provider: tokens, fingerprints, openings, however they depend on each other.
#ifndef ASSAY_STATS_COMBINATION_HPP
#define ASSAY_STATS_COMBINATION_HPP

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <assay/core/expects.hpp>
#include <assay/core/fp.hpp>
#include <assay/core/result.hpp>
#include <assay/stats/e_process.hpp>
#include <assay/stats/evidence.hpp>

namespace assay::inline v0::stats {

/// The weighted average of the e-processes of several checks, and of exact checks that refute outright.
///
/// Valid under **any** dependence between the checks: the expectation of an average needs no independence, and at every
/// stopping time each part's expectation is at most 1. What it needs: each part is an e-process with respect to all that
/// has been seen, of every check (its honest mean holds given the past of all of them), and weights are fixed before
/// looking. A part that has not been run yet counts as 1. Averaging K equal parts costs at most ln K of the best one's
/// logarithm. Never the product of checks of one request: they share its tokens. The product over requests is inside
/// each part.
/// An exact check (a commitment that must open, say) has no honest failures: e = 1 while it passes, infinite once it fails.
/// Determinism: exact. Complexity: O(parts) per read.
class combined_evidence {
 public:
  /// @errors insufficient_data (no parts), out_of_range (a weight not in (0, 1e100))
  [[nodiscard]] static result<combined_evidence> make(std::span<const double> weights) {
    if (weights.empty()) return fail(errc::insufficient_data, "no checks to combine");
    for (std::size_t i = 0; i < weights.size(); ++i)
      if (!(weights[i] > 0 && weights[i] < 1e100))
        return fail(errc::out_of_range, "a check's weight is not positive", i);
    return combined_evidence{weights};
  }

  /// Sets a part's present evidence. @pre part < parts(). @errors non_finite (NaN or +infinity): nothing changes
  result<void> set(std::size_t part, double log_e) {
    ASSAY_EXPECTS(part < log_e_.size());
    if (!(log_e < std::numeric_limits<double>::infinity()))
      return fail(errc::non_finite, "an e-value is NaN or infinite", part);
    log_e_[part] = log_e;
    return {};
  }
  /// Ends a round: what `log_peak` may see. Call it when all parts of a request have been set.
  void look() noexcept { peak_ = std::max(peak_, log_e_value()); }
  /// An exact check has failed: honesty is refuted, for good.
  void refute() noexcept { peak_ = std::numeric_limits<double>::infinity(); }

  [[nodiscard]] bool refuted() const noexcept { return peak_ == std::numeric_limits<double>::infinity(); }
  /// ln of the present e-value; infinite once refuted.
  [[nodiscard]] double log_e_value() const noexcept {
    return refuted() ? peak_ : detail::log_mean_exp(log_e_, weights_);
  }
  [[nodiscard]] double log_peak() const noexcept { return peak_; }
  /// @pre 0 < alpha < 1
  [[nodiscard]] bool rejects(double alpha) const noexcept { return refuted() || peak_ >= log_threshold(alpha); }

  [[nodiscard]] std::size_t parts() const noexcept { return log_e_.size(); }
  /// The part that contributes most: where to look first.
  [[nodiscard]] std::size_t strongest() const noexcept {
    std::size_t best = 0;
    for (std::size_t i = 1; i < log_e_.size(); ++i)
      if (contribution(i) > contribution(best)) best = i;
    return best;
  }

 private:
  explicit combined_evidence(std::span<const double> weights)
      : weights_(weights.begin(), weights.end()), log_e_(weights.size(), 0.0) {}

  [[nodiscard]] double contribution(std::size_t i) const noexcept {
    return fp::add(log_e_[i], fp::log(std::max(weights_[i], 1e-300)));
  }

  std::vector<double> weights_, log_e_;
  double peak_ = 0;
};

}  // namespace assay::inline v0::stats

#endif
