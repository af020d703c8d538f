// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Wald's sequential probability ratio test for a known shift: the quickest of all, if the shift is what one expects.
#ifndef ASSAY_STATS_SPRT_HPP
#define ASSAY_STATS_SPRT_HPP

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <assay/core/fp.hpp>
#include <assay/core/result.hpp>
#include <assay/stats/e_process.hpp>

namespace assay::inline v0::stats {

/// Where the logarithm of the likelihood ratio decides: at or above `reject`, at or below `accept`.
struct sprt_bounds {
  double reject = 0, accept = 0;
};

namespace detail {
[[nodiscard]] inline result<void> check_error_rates(double alpha, double beta) {
  if (!(alpha > 0 && beta > 0 && alpha + beta < 1))
    return fail(errc::out_of_range, "error rates must be positive and sum to less than 1");
  return {};
}
}  // namespace detail

/// Wald's approximation: ln((1 - beta) / alpha) and ln(beta / (1 - alpha)). The true rates are at most alpha / (1 - beta)
/// and beta / (1 - alpha), and sum to at most alpha + beta. @errors out_of_range. Source: Wald, 1945.
[[nodiscard]] inline result<sprt_bounds> wald_bounds(double alpha, double beta) {
  if (auto ok = detail::check_error_rates(alpha, beta); !ok) return ok.error();
  return sprt_bounds{std::log((1 - beta) / alpha), std::log(beta / (1 - alpha))};
}

/// ln(1 / alpha) and ln(beta): both rates hold as stated, at the price of slightly later decisions. @errors out_of_range
[[nodiscard]] inline result<sprt_bounds> strict_bounds(double alpha, double beta) {
  if (auto ok = detail::check_error_rates(alpha, beta); !ok) return ok.error();
  return sprt_bounds{-std::log(alpha), std::log(beta)};
}

enum class sprt_decision : std::uint8_t { undecided = 0, accept = 1, reject = 2 };

/// The test of "z_i is, given the past, standard normal or smaller" against "z_i is N(d, 1) or larger": the ratio is
/// ln = d S_n - n d^2 / 2, an e-process under the first, its inverse one under the second. Sub-Gaussian scores suffice
/// for both; the warnings of `normal_mixture` hold here too. The first bound that is reached decides for good.
/// A shift r d instead of d costs r^2 / (2 r - 1) times the steps of a test that knew it, and below d / 2 there is no power.
/// Determinism: exact, given the bounds.
class gaussian_sprt {
 public:
  /// @errors out_of_range (the shift not in (0, 1e6)), invalid_settings (bounds not accept < 0 < reject)
  [[nodiscard]] static result<gaussian_sprt> make(double shift, const sprt_bounds& bounds) {
    if (!(shift > 0 && shift < 1e6)) return fail(errc::out_of_range, "a shift is not positive");
    if (!(bounds.accept < 0 && bounds.reject > 0))
      return fail(errc::invalid_settings, "a sequential test needs a bound on either side of 0");
    gaussian_sprt t;
    t.shift_ = shift, t.bounds_ = bounds;
    return t;
  }

  /// Takes the next standardised score. @errors non_finite: the state does not change
  result<void> update(double z) {
    if (!fp::is_finite(z)) return fail(errc::non_finite, "a standardised score is not finite", steps_);
    ++steps_;
    log_ratio_ = fp::add(log_ratio_, fp::mul(shift_, fp::sub(z, 0.5 * shift_)));
    peak_ = std::max(peak_, log_ratio_);
    if (decision_ != sprt_decision::undecided) return {};
    if (log_ratio_ >= bounds_.reject) decision_ = sprt_decision::reject;
    else if (log_ratio_ <= bounds_.accept) decision_ = sprt_decision::accept;
    return {};
  }

  [[nodiscard]] sprt_decision decision() const noexcept { return decision_; }
  [[nodiscard]] double log_e_value() const noexcept { return log_ratio_; }
  [[nodiscard]] double log_peak() const noexcept { return peak_; }
  /// As an e-process, whatever the bounds: evidence has reached 1/alpha at some time. @pre 0 < alpha < 1
  [[nodiscard]] bool rejects(double alpha) const noexcept { return peak_ >= log_threshold(alpha); }
  [[nodiscard]] std::uint64_t steps() const noexcept { return steps_; }

 private:
  gaussian_sprt() = default;

  double shift_ = 1;
  sprt_bounds bounds_;
  double log_ratio_ = 0, peak_ = 0;
  std::uint64_t steps_ = 0;
  sprt_decision decision_ = sprt_decision::undecided;
};

static_assert(e_process<gaussian_sprt>);

}  // namespace assay::inline v0::stats

#endif
