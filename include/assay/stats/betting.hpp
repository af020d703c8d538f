// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Testing by betting: evidence against honesty that may be looked at after every token and stopped at any time.
#ifndef ASSAY_STATS_BETTING_HPP
#define ASSAY_STATS_BETTING_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include <assay/core/result.hpp>

namespace assay::inline v0::stats {

/// The default bets, as shares of the largest allowed one: from bold, for gross cheats, to timid, for faint ones.
inline constexpr std::array<double, 10> default_bets = {0.75,      0.75 / 2,  0.75 / 4,   0.75 / 8,   0.75 / 16,
                                                        0.75 / 32, 0.75 / 64, 0.75 / 128, 0.75 / 256, 0.75 / 512};

/// An e-process for "scores in [0, 1] whose mean, given the past, is at most mu0": the average over a few fixed shares f of
/// the wealth K_f = prod (1 + L (x_i - mu0)), L = f / mu0. Under the hypothesis it exceeds 1/alpha at any time with
/// probability at most alpha (Ville), with no assumption on the distribution or dependence of the scores beyond their mean.
/// A mixture needs no tuning: it loses at most ln(number of bets) against the best of them.
/// Source: Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", 2024.
class betting_martingale {
 public:
  static constexpr std::size_t max_bets = 16;

  /// @errors out_of_range (mu0 not in (0, 1), a share not in (0, 1)), invalid_settings (no bets or more than 16)
  [[nodiscard]] static result<betting_martingale> make(double mu0, std::span<const double> shares = default_bets) {
    if (!(mu0 > 0 && mu0 < 1)) return fail(errc::out_of_range, "the honest mean is not in (0, 1)");
    if (shares.empty() || shares.size() > max_bets)
      return fail(errc::invalid_settings, "a betting test needs 1 to 16 bets");
    betting_martingale m;
    m.mu0_ = mu0;
    m.count_ = shares.size();
    for (std::size_t i = 0; i < shares.size(); ++i) {
      if (!(shares[i] > 0 && shares[i] < 1)) return fail(errc::out_of_range, "a bet's share is not in (0, 1)", i);
      m.stake_[i] = shares[i] / mu0;
    }
    return m;
  }

  /// Takes the next score. @errors out_of_range (not in [0, 1], or NaN): the state does not change
  result<void> update(double x) {
    if (!(x >= 0 && x <= 1)) return fail(errc::out_of_range, "a score is not in [0, 1]", steps_);
    for (std::size_t i = 0; i < count_; ++i) log_wealth_[i] += std::log1p(stake_[i] * (x - mu0_));
    ++steps_;
    peak_ = std::max(peak_, log_e_value());
    return {};
  }

  /// ln of the present e-value.
  [[nodiscard]] double log_e_value() const noexcept {
    const auto wealth = std::span(log_wealth_).first(count_);
    const double top = *std::max_element(wealth.begin(), wealth.end());
    double sum = 0;
    for (double w : wealth) sum += std::exp(w - top);
    return top + std::log(sum / static_cast<double>(count_));
  }

  /// ln of the largest e-value so far: what a stopping rule "reject at 1/alpha" sees.
  [[nodiscard]] double log_peak() const noexcept { return peak_; }
  /// True iff the evidence has ever reached 1/alpha: reject, with false-alarm probability at most alpha. @pre 0 < alpha < 1
  [[nodiscard]] bool rejects(double alpha) const noexcept { return peak_ >= -std::log(alpha); }
  [[nodiscard]] std::uint64_t steps() const noexcept { return steps_; }
  [[nodiscard]] double honest_mean() const noexcept { return mu0_; }

 private:
  betting_martingale() = default;

  double mu0_ = 0;
  std::size_t count_ = 0;
  std::array<double, max_bets> stake_{}, log_wealth_{};
  double peak_ = 0;
  std::uint64_t steps_ = 0;
};

}  // namespace assay::inline v0::stats

#endif
