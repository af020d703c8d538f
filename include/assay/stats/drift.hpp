// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Whether new honest runs still look like those that thresholds were fitted on.
#ifndef ASSAY_STATS_DRIFT_HPP
#define ASSAY_STATS_DRIFT_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <assay/core/expects.hpp>
#include <assay/core/result.hpp>
#include <assay/stats/evidence.hpp>
#include <assay/stats/quantile.hpp>

namespace assay::inline v0::stats {

/// Numbers are stable.
enum class drift_status : std::uint8_t {
  fine = 1,          ///< no evidence of drift, and enough runs to say that it is small
  drifting = 2,      ///< new runs are not exchangeable with the old ones: fit again
  insufficient = 3,  ///< no evidence of drift, but too few runs to exclude it
};

struct drift_settings {
  double alpha = 0.01;       ///< probability of ever calling it drift when there is none
  double confidence = 0.95;  ///< of the bound that `fine` rests on
  double tolerated = 0.3;    ///< largest distance, between distributions of a statistic, that is still `fine`
};

struct drift_report {
  drift_status status = drift_status::insufficient;
  double log_peak = 0;         ///< ln of the largest e-value so far against "nothing has changed"
  std::size_t statistic = 0;   ///< the one with most evidence now
  bool upwards = true;         ///< whether that one's values have grown
  double distance = 0;         ///< largest Kolmogorov-Smirnov distance of a statistic between old and new runs
  double distance_bound = 1;   ///< upper confidence bound of the distributions' largest distance
  std::uint64_t runs = 0;      ///< new ones
  std::uint64_t need = 0;  ///< more new runs for `fine` at the present distance; `drift_monitor::never` if none suffice
};

/// Two instruments, because absence of evidence is not evidence of absence.
///
/// `drifting`: a conformal test martingale. Each new value is ranked among the fitted ones and the new ones before it;
/// under exchangeability these ranks are independent and uniform, so bets on small ranks, from above and from below,
/// multiply to an e-process. Ties only lower it. It may be looked at after every run and stopped at any time, which a
/// two-sample test of fixed size may not: that is why it is used. Several statistics: the average of their e-processes,
/// whatever their dependence.
///
/// `fine`: the observed Kolmogorov-Smirnov distance plus the Dvoretzky-Kiefer-Wolfowitz margins of both samples
/// (Massart's constant; finite-sample, any distribution) bounds how far any threshold's rate has moved. It assumes
/// independent runs and holds for a number of runs fixed beforehand.
/// Source: Vovk, Gammerman and Shafer 2005, section 7.1; Massart 1990.
class drift_monitor {
 public:
  static constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

  /// `fitted`: for each statistic the values of the fitted blocks. @errors empty, insufficient_data, non_finite,
  /// out_of_range (a setting)
  [[nodiscard]] static result<drift_monitor> make(std::span<const std::vector<double>> fitted,
                                                  const drift_settings& settings = {}) {
    for (double share : {settings.alpha, settings.confidence, settings.tolerated})
      if (!(share > 0 && share < 1)) return fail(errc::out_of_range, "a setting of a drift check is not in (0, 1)");
    if (fitted.empty()) return fail(errc::empty, "a drift check of no statistics");
    drift_monitor made;
    made.settings_ = settings;
    for (const auto& column : fitted) {
      if (auto ok = detail::check_sample(column, 1); !ok) return ok.error();
      track each;
      each.fitted = column;
      std::sort(each.fitted.begin(), each.fitted.end());
      each.all = each.fitted;
      made.tracks_.push_back(std::move(each));
    }
    return made;
  }

  /// Takes a new honest run. Complexity: O(S n). @errors length_mismatch, non_finite: the state does not change
  result<void> update(std::span<const double> values) {
    if (values.size() != tracks_.size())
      return fail(errc::length_mismatch, "a run with another number of statistics", values.size());
    if (auto ok = detail::check_sample(values, 1); !ok) return ok.error();
    for (std::size_t s = 0; s < values.size(); ++s) tracks_[s].take(values[s]);
    ++runs_;
    peak_ = std::max(peak_, log_e_value());
    return {};
  }

  /// ln of the present e-value.
  [[nodiscard]] double log_e_value() const {
    std::vector<double> each;
    for (const track& t : tracks_) each.insert(each.end(), {t.log_e(0), t.log_e(1)});
    return log_mean_e(each).value_or(0);
  }

  [[nodiscard]] drift_report report() const {
    drift_report r;
    r.runs = runs_, r.log_peak = peak_;
    double most = -std::numeric_limits<double>::infinity();
    for (std::size_t s = 0; s < tracks_.size(); ++s) {
      r.distance = std::max(r.distance, tracks_[s].distance());
      for (std::size_t way : {0u, 1u})
        if (const double e = tracks_[s].log_e(way); e > most) most = e, r.statistic = s, r.upwards = way == 0;
    }
    const double spread = r.distance + margin(static_cast<double>(tracks_[0].fitted.size()));
    r.distance_bound = runs_ == 0 ? 1 : std::min(1.0, spread + margin(static_cast<double>(runs_)));
    r.status = peak_ >= -std::log(settings_.alpha)       ? drift_status::drifting
               : r.distance_bound <= settings_.tolerated ? drift_status::fine
                                                         : drift_status::insufficient;
    if (r.status == drift_status::insufficient)
      r.need = spread < settings_.tolerated ? missing(settings_.tolerated - spread) : never;
    return r;
  }

 private:
  /// Wealth 1 + share (k p^(k - 1) - 1): k small for few values far off, large for many a little off.
  struct power_bet {
    double exponent, share;
  };
  static constexpr std::array<power_bet, 3> power_bets{{{0.3, 1}, {0.5, 0.5}, {0.7, 1}}};
  static constexpr double mean_bet = 0.45;  // wealth 1 + share (1 - 2 p): for a shift of all values

  struct track {
    std::vector<double> fitted, fresh, all;  // ascending
    std::array<std::array<double, power_bets.size() + 1>, 2> log_wealth{};

    void take(double value) {
      const auto first = std::lower_bound(all.begin(), all.end(), value),
                 last = std::upper_bound(first, all.end(), value);
      const double n = static_cast<double>(all.size()) + 1;
      bet(0, static_cast<double>(all.end() - first + 1) / n);
      bet(1, static_cast<double>(last - all.begin() + 1) / n);
      all.insert(last, value);
      fresh.insert(std::upper_bound(fresh.begin(), fresh.end(), value), value);
    }

    void bet(std::size_t way, double p) {
      auto& wealth = log_wealth[way];
      for (std::size_t i = 0; i < power_bets.size(); ++i) {
        const auto [k, share] = power_bets[i];
        wealth[i] += std::log1p(share * (k * std::pow(p, k - 1) - 1));
      }
      wealth.back() += std::log1p(mean_bet * (1 - 2 * p));
    }

    [[nodiscard]] double log_e(std::size_t way) const { return log_mean_e(log_wealth[way]).value_or(0); }

    /// The largest difference of the two empirical distribution functions.
    [[nodiscard]] double distance() const {
      double largest = 0;
      const auto share = [](const std::vector<double>& v, double x) {
        return static_cast<double>(std::upper_bound(v.begin(), v.end(), x) - v.begin()) / static_cast<double>(v.size());
      };
      if (!fresh.empty())
        for (double x : all) largest = std::max(largest, std::abs(share(fitted, x) - share(fresh, x)));
      return largest;
    }
  };

  drift_monitor() = default;

  /// Half-width of a band around an empirical distribution function; both samples of all statistics share the risk.
  [[nodiscard]] double margin(double n) const { return std::sqrt(log_risk() / (2 * n)); }
  [[nodiscard]] double log_risk() const {
    return std::log(4 * static_cast<double>(tracks_.size()) / (1 - settings_.confidence));
  }

  [[nodiscard]] std::uint64_t missing(double room) const {
    const double total = std::ceil(log_risk() / (2 * room * room));
    if (!(total < 1e15)) return never;
    return std::max<std::uint64_t>(static_cast<std::uint64_t>(total), runs_ + 1) - runs_;
  }

  drift_settings settings_;
  std::vector<track> tracks_;
  std::uint64_t runs_ = 0;
  double peak_ = 0;
};

}  // namespace assay::inline v0::stats

#endif
