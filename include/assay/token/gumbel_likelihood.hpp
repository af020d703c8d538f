// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The post-Gumbel likelihood score (GLS), the classes of tokens it leads to, and how much they could smuggle out.
#ifndef ASSAY_TOKEN_GUMBEL_LIKELIHOOD_HPP
#define ASSAY_TOKEN_GUMBEL_LIKELIHOOD_HPP

#include <cmath>
#include <cstdint>
#include <span>

#include <assay/core/expects.hpp>
#include <assay/core/fp.hpp>
#include <assay/core/result.hpp>
#include <assay/random/noise.hpp>
#include <assay/stats/normal.hpp>
#include <assay/token/choice_spread.hpp>
#include <assay/token/race.hpp>
#include <assay/token/sample.hpp>
#include <assay/token/score.hpp>
#include <assay/token/workspace.hpp>

namespace assay::inline v0 {

/// GLS = ln Phi(-margin / (sigma sqrt 2)): ln of the chance that noise N(0, sigma^2) on both logits lifts the claimed
/// token to the predicted one. ln(1/2) for a margin of 0, -infinity for an infinite one; relative error below 1e-10
/// between. It falls with the margin, so it ranks tokens as the margin does; what differs is their weight in a mean.
/// @pre margin >= 0, sigma positive and finite. Determinism: exact.
[[nodiscard]] inline double gumbel_likelihood(double margin, double sigma = 1) {
  ASSAY_EXPECTS(margin >= 0 && sigma > 0 && fp::is_finite(sigma));
  return stats::log_normal_cdf(-fp::div(margin, fp::mul(sigma, 1.4142135623730951)));
}

/// Where the border between natural and doubtful tokens lies.
struct substitution_rule {
  double sigma = 1;              ///< noise of a logit, in logits
  double safe_above = -5;        ///< GLS above this is safe; at sigma 1 that is a margin below 3.494
  std::uint32_t rank_limit = 32; ///< below it, tokens of a logit rank up to this are suspicious, others dangerous
};

/// @errors invalid_settings
[[nodiscard]] inline result<void> validate(const substitution_rule& rule) {
  if (!(rule.sigma > 0 && fp::is_finite(rule.sigma)))
    return fail(errc::invalid_settings, "a substitution rule's sigma is not positive");
  if (!(rule.safe_above < -0.6931471805599453 && fp::is_finite(rule.safe_above)))
    return fail(errc::invalid_settings, "a substitution rule's GLS limit is not below ln(1/2)");
  return {};
}

/// What a claimed token may be.
enum class token_class : std::uint8_t {
  safe,        ///< numeric noise explains it
  suspicious,  ///< noise does not, but the token is among the likely ones
  dangerous,   ///< neither
};

/// Sorts a scored token into its class. A token that the filters exclude is never safe. @pre valid rule
[[nodiscard]] inline token_class classify(const token_score& score, const substitution_rule& rule = {}) {
  if (gumbel_likelihood(score.margin, rule.sigma) > rule.safe_above) return token_class::safe;
  return score.logit_rank > rule.rank_limit ? token_class::dangerous : token_class::suspicious;
}

/// The margin at which tokens cease to be safe. @pre valid rule. Complexity: some 60 evaluations of GLS.
[[nodiscard]] inline double safe_margin(const substitution_rule& rule = {}) {
  ASSAY_EXPECTS(validate(rule).has_value());
  double low = 0, high = 2 * rule.sigma * __builtin_sqrt(-rule.safe_above);  // GLS <= -(margin / (2 sigma))^2
  for (int i = 0; i < 100; ++i) {
    const double middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) break;
    (gumbel_likelihood(middle, rule.sigma) > rule.safe_above ? low : high) = middle;
  }
  return low;
}

namespace detail {
[[nodiscard]] inline std::uint32_t count_near(std::span<const float> logits, float largest, double within) noexcept {
  std::uint32_t count = 0;
  for (float l : logits) count += static_cast<double>(largest) - static_cast<double>(l) < within;
  return count;
}
}  // namespace detail

/// How many kept tokens a provider could have claimed with a margin below `within`: at least 1, the predicted token.
/// With `safe_margin` as the border these are the substitutions that the score calls safe.
/// @errors as `kept_tokens`. @pre within > 0. Determinism: exact. Complexity: a filtering and two races over the kept.
template <noise_profile Noise = philox_noise, class Row, class Settings>
[[nodiscard]] result<std::uint32_t> choices_within(const Row& logits, const Settings& settings, noise_key key,
                                                   std::uint32_t step, double within, token_workspace& work,
                                                   const Noise& noise = {}) {
  ASSAY_EXPECTS(within > 0);
  if (auto valid = validate(settings); !valid) return valid.error();
  detail::token_scratch& scratch = work.scratch();
  const auto s = detail::select(logits, settings, detail::no_claim, scratch);
  if (!s) return s.error();
  const std::span<const float> values = detail::values_of(logits);
  if (settings.greedy())
    return detail::count_near(s->whole_row ? values : std::span(scratch.logits).subspan(s->first, s->count()),
                              s->largest, within);
  if (auto columns = detail::check_columns(*s, settings, noise); !columns) return columns.error();
  detail::gumbel_race<Noise> race(noise, key, step, temperature_of(settings));
  detail::run_race(race, *s, values, scratch, noise);
  detail::gumbel_race<Noise> count(noise, key, step, temperature_of(settings));
  count.set_rival(fp::sub(race.best(), within));
  detail::run_race(count, *s, values, scratch, noise);
  return count.beat_rival();
}

/// Bits that a provider could hide in one token of a class: log2 of the choices open to it.
/// Summed over tokens and divided by their number times log2(vocabulary), the share of the channel that remains.
/// @pre safe_choices >= 1, vocabulary >= 1, rank_limit >= 1
[[nodiscard]] inline double extractable_bits(token_class c, std::uint32_t safe_choices, const substitution_rule& rule,
                                             std::uint32_t vocabulary) {
  ASSAY_EXPECTS(safe_choices >= 1 && vocabulary >= 1 && rule.rank_limit >= 1);
  if (c == token_class::safe) return std::log2(static_cast<double>(safe_choices));
  return std::log2(static_cast<double>(c == token_class::suspicious ? rule.rank_limit : vocabulary));
}

}  // namespace assay::inline v0

#endif
