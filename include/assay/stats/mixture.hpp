// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Mixture e-values for standardised scores: a shift upwards is looked for without knowing its size.
#ifndef ASSAY_STATS_MIXTURE_HPP
#define ASSAY_STATS_MIXTURE_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include <assay/core/fp.hpp>
#include <assay/core/result.hpp>
#include <assay/stats/e_process.hpp>
#include <assay/stats/evidence.hpp>
#include <assay/stats/normal.hpp>
#include <assay/stats/prior_grid.hpp>

namespace assay::inline v0::stats {

namespace detail {

/// Number and sum of standardised scores, and the largest evidence so far.
struct score_sum {
  double n = 0, sum = 0, peak = 0;

  result<void> add(double z) {
    if (!fp::is_finite(z))
      return fail(errc::non_finite, "a standardised score is not finite", static_cast<std::uint64_t>(n));
    n += 1;
    sum = fp::add(sum, z);
    return {};
  }
};

}  // namespace detail

/// An e-process for "z_i, given the past, is sub-Gaussian: E exp(d z_i) <= exp(d^2 / 2) for every d >= 0", which holds for
/// - N(m, s^2) with m <= 0 and s <= 1: scores standardised by the honest mean and spread, if honest scores are normal;
/// - (x - mu0) / (1/2) with x in [0, 1] of mean at most mu0 (Hoeffding's lemma), whatever the distribution.
/// It does **not** hold for heavy-tailed scores, nor for tokens that depend on each other inside a request, however they
/// are standardised: there the false-alarm rate can exceed any alpha. `betting_martingale` asks less.
///
/// The shift d has a half-normal prior of scale t: ln E_n = ln 2 + ln Phi(a) + a^2 / 2 - ln(1 + n t^2) / 2 with
/// a = t S_n / sqrt(1 + n t^2). Up to twice the published one-sided form `log_normal_mixture_e`.
/// Determinism: exact.
class normal_mixture {
 public:
  /// @errors out_of_range (scale not in (0, 1e6))
  [[nodiscard]] static result<normal_mixture> make(double scale) {
    if (!(scale > 0 && scale < 1e6)) return fail(errc::out_of_range, "a mixture's scale is not positive");
    normal_mixture m;
    m.scale_ = scale;
    return m;
  }

  /// Takes the next standardised score. @errors non_finite: the state does not change
  result<void> update(double z) {
    if (auto taken = seen_.add(z); !taken) return taken;
    seen_.peak = std::max(seen_.peak, log_e_value());
    return {};
  }

  [[nodiscard]] double log_e_value() const noexcept {
    const double spread = fp::add(1.0, fp::mul(seen_.n, fp::mul(scale_, scale_)));
    const double a = fp::div(fp::mul(scale_, seen_.sum), __builtin_sqrt(spread));
    // ln(2 Phi(a)) + a^2 / 2; below zero without the cancellation.
    const double log_e = a < 0
                             ? fp::log(detail::scaled_erfc(fp::mul(-a, detail::root_half)))
                             : fp::add(fp::add(log_normal_cdf(a), fp::mul(0.5, fp::mul(a, a))), 0.69314718055994530942);
    return fp::sub(log_e, fp::mul(0.5, fp::log(spread)));
  }
  [[nodiscard]] double log_peak() const noexcept { return seen_.peak; }
  /// @pre 0 < alpha < 1
  [[nodiscard]] bool rejects(double alpha) const noexcept { return seen_.peak >= log_threshold(alpha); }
  [[nodiscard]] std::uint64_t steps() const noexcept { return static_cast<std::uint64_t>(seen_.n); }

 private:
  normal_mixture() = default;

  double scale_ = 1;
  detail::score_sum seen_;
};

/// The same hypothesis, with the prior on a grid of shifts: ln of the average of exp(d S_n - n d^2 / 2). The quickest test
/// for shifts inside the grid's range, and slower than others outside. Determinism: exact, given the grid.
class shift_mixture {
 public:
  explicit shift_mixture(const prior_grid& shifts) : shifts_(shifts) {}

  /// Takes the next standardised score. @errors non_finite: the state does not change
  result<void> update(double z) {
    if (auto taken = seen_.add(z); !taken) return taken;
    seen_.peak = std::max(seen_.peak, log_e_value());
    return {};
  }

  [[nodiscard]] double log_e_value() const noexcept {
    std::array<double, prior_grid::most_points> log_ratio{};
    const auto shifts = shifts_.points();
    for (std::size_t i = 0; i < shifts.size(); ++i)
      log_ratio[i] = fp::mul(shifts[i], fp::sub(seen_.sum, fp::mul(0.5, fp::mul(seen_.n, shifts[i]))));
    return detail::log_mean_exp(std::span(log_ratio).first(shifts.size()), shifts_.weights());
  }
  [[nodiscard]] double log_peak() const noexcept { return seen_.peak; }
  /// @pre 0 < alpha < 1
  [[nodiscard]] bool rejects(double alpha) const noexcept { return seen_.peak >= log_threshold(alpha); }
  [[nodiscard]] std::uint64_t steps() const noexcept { return static_cast<std::uint64_t>(seen_.n); }

 private:
  prior_grid shifts_;
  detail::score_sum seen_;
};

static_assert(e_process<normal_mixture> && e_process<shift_mixture>);

}  // namespace assay::inline v0::stats

#endif
