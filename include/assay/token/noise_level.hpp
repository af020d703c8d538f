// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The logit noise that a transcript's margins imply: a unit that does not depend on model, prompt or temperature.
#ifndef ASSAY_TOKEN_NOISE_LEVEL_HPP
#define ASSAY_TOKEN_NOISE_LEVEL_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include <assay/core/result.hpp>
#include <assay/stats/binomial.hpp>
#include <assay/token/choice_spread.hpp>
#include <assay/token/score.hpp>
#include <assay/token/settings.hpp>

namespace assay::inline v0 {

// If a provider's logits are the verifier's plus independent N(0, sigma^2), then to first order in sigma / T, with the
// Gini impurity G of the sampler's distribution:
//   mismatch rate = E[G] sigma / (T sqrt pi),    mean margin = E[G] sigma^2 / (2 T),
// since the gap between the two largest z has density G / T at 0. Both are solved for sigma; the margin is the sharper
// one. Of N tokens the standard deviation of ln sigma is 1.031 / sqrt(N E[G] sigma sqrt(2) / T); the Cramer-Rao bound,
// from the gaps of all tokens, has 0.952 in place of 1.031, a maximum of the likelihood of the margins 0.991.

/// Sums over the tokens of one sequence. Sequences are the independent units: tokens of one are correlated.
struct noise_sums {
  std::uint64_t tokens = 0;      ///< that count
  std::uint64_t mismatches = 0;  ///< among them
  std::uint64_t left_out = 0;    ///< at or beyond a filter's border, or sampled at temperature 0
  double margin = 0;             ///< sum of margins
  double weight = 0;             ///< sum of G / (2 T)
  double slope = 0;              ///< sum of G / (T sqrt pi)

  /// Adds a token. At temperature 0 there is no noise to compare with, so such tokens are left out. With filters on,
  /// `sigma` reads high this way: a candidate that one side keeps and the other cuts costs a margin far beyond sigma.
  /// @param gini the impurity of the kept distribution, from `spread_of`
  void add(const token_score& score, double gini, const sampler_settings& settings) noexcept {
    if (score.filtered || settings.greedy()) {
      ++left_out;
      return;
    }
    expect(gini, settings);
    count(score);
  }

  /// Adds a token without the bias of filters: margins count only between candidates that noise does not move across a
  /// filter's border, and G is the chance of a pair of those. Tokens elsewhere add to what is expected, not to margins.
  void add(const scored_choice& choice, const sampler_settings& settings) noexcept {
    if (!settings.greedy()) expect(choice.spread.inner_gini, settings);
    if (settings.greedy() || !choice.inner) ++left_out;
    else count(choice.score);
  }

  void merge(const noise_sums& other) noexcept {
    tokens += other.tokens;
    mismatches += other.mismatches;
    left_out += other.left_out;
    margin += other.margin;
    weight += other.weight;
    slope += other.slope;
  }

 private:
  void expect(double gini, const sampler_settings& settings) noexcept {
    const double share = gini / static_cast<double>(settings.temperature);
    weight += share / 2;
    slope += share * 0.56418958354775628695;
  }
  void count(const token_score& score) noexcept {
    ++tokens;
    mismatches += !score.exact;
    margin += score.margin;
  }
};

/// The implied standard deviation of the difference between two computations of a logit.
struct noise_level {
  double sigma = 0;                 ///< sqrt(sum of margins / sum of G / 2T)
  double low = 0;                   ///< confidence limits; for one sequence alone 0 and infinity
  double high = std::numeric_limits<double>::infinity();
  double sigma_of_mismatches = 0;   ///< the same from the mismatch rate; less sharp, but no single token weighs much
  /// Mismatches seen to those that `sigma` implies. 1 for Gaussian noise; below 1 when few tokens carry the margin
  /// (heavy tails, a bug or an attack on few tokens); 0 where there are no margins.
  double mismatch_ratio = 0;
};

/// Of one sequence or of pooled sums, without limits. @errors insufficient_data (no token with a choice)
[[nodiscard]] inline result<noise_level> implied_noise(const noise_sums& sums) {
  if (!(sums.weight > 0)) return fail(errc::insufficient_data, "implied noise: no token was sampled from a choice");
  noise_level level;
  level.sigma = std::sqrt(sums.margin / sums.weight);
  level.sigma_of_mismatches = static_cast<double>(sums.mismatches) / sums.slope;
  if (level.sigma > 0) level.mismatch_ratio = level.sigma_of_mismatches / level.sigma;
  return level;
}

namespace detail {
/// The quantile beyond which Student's t with `freedom` degrees lies with probability 1 - confidence, both sides
/// together.
[[nodiscard]] inline double student_quantile(double freedom, double confidence) {
  const double x = stats::detail::beta_quantile(freedom / 2, 0.5, 1 - confidence);
  return std::sqrt(freedom * (1 - x) / x);
}
}  // namespace detail

/// Pooled over sequences, with two-sided confidence limits. Method: the delta method for ln sigma as half the logarithm
/// of a ratio of sums, with whole sequences as units, and Student's t with n - 1 degrees of freedom. If no margin was
/// seen, the lower limit is 0 and the upper one that which makes so few mismatches improbable (Poisson).
/// The limits are approximate: their measured coverage is in the module's documentation. They speak of Gaussian noise
/// only.
/// @errors insufficient_data (no token with a choice, fewer than two sequences), out_of_range (confidence not in (0,
/// 1))
[[nodiscard]] inline result<noise_level> implied_noise(std::span<const noise_sums> sequences, double confidence) {
  if (!(confidence > 0 && confidence < 1)) return fail(errc::out_of_range, "a confidence level is not in (0, 1)");
  noise_sums pooled;
  for (const noise_sums& s : sequences) pooled.merge(s);
  auto level = implied_noise(pooled);
  if (!level) return level;
  std::size_t units = 0;
  double squares = 0;
  for (const noise_sums& s : sequences) {
    if (s.tokens == 0) continue;
    ++units;
    const double influence = s.margin / pooled.margin - s.weight / pooled.weight;
    squares += influence * influence;
  }
  if (units < 2) return fail(errc::insufficient_data, "implied noise: limits need two sequences or more", units);
  if (!(pooled.margin > 0)) {
    level->high = -std::log((1 - confidence) / 2) / pooled.slope;
    return level;
  }
  const double n = static_cast<double>(units);
  const double spread = detail::student_quantile(n - 1, confidence) * std::sqrt(squares * n / (n - 1)) / 2;
  level->low = level->sigma * std::exp(-spread);
  level->high = level->sigma * std::exp(spread);
  return level;
}

}  // namespace assay::inline v0

#endif
