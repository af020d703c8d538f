// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Testing by betting: evidence against honesty that may be looked at after every token and stopped at any time.
#ifndef ASSAY_STATS_BETTING_HPP
#define ASSAY_STATS_BETTING_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <assay/core/fp.hpp>
#include <assay/core/result.hpp>
#include <assay/stats/e_process.hpp>
#include <assay/stats/evidence.hpp>
#include <assay/stats/forecast.hpp>

namespace assay::inline v0::stats {

/// The default bets, as shares of the largest allowed one: from bold, for gross cheats, to timid, for faint ones.
inline constexpr std::array<double, 10> default_bets = {0.75,      0.75 / 2,  0.75 / 4,   0.75 / 8,   0.75 / 16,
                                                        0.75 / 32, 0.75 / 64, 0.75 / 128, 0.75 / 256, 0.75 / 512};

/// An e-process for "scores in [0, 1] whose mean, given the past, is at most mu0": the average over a few fixed shares f of
/// the wealth K_f = prod (1 + L (x_i - mu0)), L = f / mu0. Under the hypothesis it exceeds 1/alpha at any time with
/// probability at most alpha (Ville), with no assumption on the distribution or dependence of the scores beyond their mean.
/// A mixture needs no tuning: it loses at most ln(number of bets) against the best of them. Who knows which excess to
/// look for chooses the shares and their weights with `prior_grid`, and loses less.
/// Determinism: exact. Source: Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", 2024.
class betting_martingale {
 public:
  static constexpr std::size_t max_bets = 16;

  /// Weights are normalised here; none: all equal.
  /// @errors out_of_range (mu0 not in (0, 1), a share not in (0, 1), a weight not positive), invalid_settings (no bets or
  ///         more than 16), length_mismatch (weights)
  [[nodiscard]] static result<betting_martingale> make(double mu0, std::span<const double> shares = default_bets,
                                                       std::span<const double> weights = {}) {
    if (!(mu0 > 1e-300 && mu0 < 1)) return fail(errc::out_of_range, "the honest mean is not in (0, 1)");
    if (shares.empty() || shares.size() > max_bets)
      return fail(errc::invalid_settings, "a betting test needs 1 to 16 bets");
    if (!weights.empty() && weights.size() != shares.size())
      return fail(errc::length_mismatch, "bets and weights differ in number", weights.size());
    betting_martingale m;
    m.mu0_ = mu0;
    m.count_ = shares.size();
    for (std::size_t i = 0; i < shares.size(); ++i) {
      if (!(shares[i] > 0 && shares[i] < 1)) return fail(errc::out_of_range, "a bet's share is not in (0, 1)", i);
      m.stake_[i] = fp::div(shares[i], mu0);
      m.weight_[i] = weights.empty() ? 1.0 : weights[i];
      if (!(m.weight_[i] > 0 && m.weight_[i] < 1e100)) return fail(errc::out_of_range, "a bet's weight is not positive", i);
    }
    return m;
  }

  /// Takes the next score. @errors out_of_range (not in [0, 1], or NaN): the state does not change
  result<void> update(double x) {
    if (!(x >= 0 && x <= 1)) return fail(errc::out_of_range, "a score is not in [0, 1]", steps_);
    const double y = fp::sub(x, mu0_);
    double top = log_wealth_[0];
    for (std::size_t i = 0; i < count_; ++i) {
      const double gain = fp::log(std::max(fp::add(1.0, fp::mul(stake_[i], y)), 0x1p-60));
      log_wealth_[i] = fp::add(log_wealth_[i], gain);
      squares_[i] = fp::add(squares_[i], fp::mul(gain, gain));
      top = std::max(top, log_wealth_[i]);
    }
    ++steps_;
    if (top > peak_) peak_ = std::max(peak_, log_e_value());  // an average is at most its largest part
    return {};
  }

  /// ln of the present e-value.
  [[nodiscard]] double log_e_value() const noexcept { return detail::log_mean_exp(wealth(), weights()); }
  /// ln of the largest e-value so far: what a stopping rule "reject at 1/alpha" sees.
  [[nodiscard]] double log_peak() const noexcept { return peak_; }
  /// True iff the evidence has ever reached 1/alpha: reject, with false-alarm probability at most alpha. @pre 0 < alpha < 1
  [[nodiscard]] bool rejects(double alpha) const noexcept { return peak_ >= log_threshold(alpha); }
  [[nodiscard]] std::uint64_t steps() const noexcept { return steps_; }
  [[nodiscard]] double honest_mean() const noexcept { return mu0_; }

  /// How fast the bet that leads now has won, per score: what `forecast_steps` extrapolates.
  [[nodiscard]] growth present_growth() const noexcept {
    if (steps_ == 0) return {};
    std::size_t best = 0;
    for (std::size_t i = 1; i < count_; ++i)
      if (log_wealth_[i] > log_wealth_[best]) best = i;
    const double n = static_cast<double>(steps_), mean = log_wealth_[best] / n;
    return {steps_, mean, std::max(0.0, squares_[best] / n - mean * mean)};
  }

 private:
  betting_martingale() = default;

  [[nodiscard]] std::span<const double> wealth() const noexcept { return std::span(log_wealth_).first(count_); }
  [[nodiscard]] std::span<const double> weights() const noexcept { return std::span(weight_).first(count_); }

  double mu0_ = 0;
  std::size_t count_ = 0;
  std::array<double, max_bets> stake_{}, weight_{}, log_wealth_{}, squares_{};
  double peak_ = 0;
  std::uint64_t steps_ = 0;
};

static_assert(e_process<betting_martingale>);

}  // namespace assay::inline v0::stats

#endif
