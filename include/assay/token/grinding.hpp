// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Seed grinding: could a provider that picks the seed after the text find one that fits, and what entropy forbids it?
#ifndef ASSAY_TOKEN_GRINDING_HPP
#define ASSAY_TOKEN_GRINDING_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <assay/core/expects.hpp>
#include <assay/core/fp.hpp>
#include <assay/core/result.hpp>
#include <assay/token/score.hpp>
#include <assay/token/settings.hpp>

namespace assay::inline v0 {

// A provider produces N tokens by other means, then tries seeds until the promised sampler would have chosen the same.
// A seed fits with probability q = product of p(token) = exp(-H), H the summed surprisals in nats. Against this a seed
// is bound before generation (to the client's nonce); where that cannot be shown, only texts with enough entropy prove
// anything.

/// -ln of the chance that a random seed makes the verifier accept this token: that its margin is at most `tolerance`.
/// With tolerance 0 it is the surprisal -ln p. Raising the claimed logit by the tolerance raises p to
/// p w / (1 - p + p w) with w = exp(tolerance / T). +infinity for a token that the filters exclude.
/// At temperature 0 seeds do not matter: 0. @pre tolerance >= 0
[[nodiscard]] inline double surprisal(const token_score& score, const sampler_settings& settings,
                                      double tolerance = 0) {
  ASSAY_EXPECTS(tolerance >= 0);
  if (settings.greedy()) return 0;
  const double p = score.probability;
  if (!(p > 0)) return std::numeric_limits<double>::infinity();
  return std::log(p + (1 - p) * std::exp(-tolerance / static_cast<double>(settings.temperature))) - std::log(p);
}

/// The nats that remain when a verifier lets `allowed` of the tokens mismatch: the largest surprisals are struck out,
/// and ln of the number of ways to choose the places is paid (a union bound). Never below 0.
/// @errors non_finite (NaN; `where`: the index), out_of_range (a negative surprisal, more allowed than tokens)
[[nodiscard]] inline result<double> grindable_nats(std::span<const double> surprisals, std::size_t allowed = 0) {
  if (allowed > surprisals.size())
    return fail(errc::out_of_range, "more mismatches allowed than there are tokens", allowed);
  for (std::size_t i = 0; i < surprisals.size(); ++i) {
    if (fp::is_nan(surprisals[i])) return fail(errc::non_finite, "a surprisal is NaN", i);
    if (surprisals[i] < 0) return fail(errc::out_of_range, "a surprisal is negative", i);
  }
  std::vector<double> sorted(surprisals.begin(), surprisals.end());
  std::sort(sorted.begin(), sorted.end());
  double nats = 0;
  for (std::size_t i = 0; i + allowed < sorted.size(); ++i) nats += sorted[i];
  const double n = static_cast<double>(sorted.size());
  for (std::size_t i = 0; i < allowed; ++i)
    nats -= std::log((n - static_cast<double>(i)) / (static_cast<double>(i) + 1));
  return std::max(nats, 0.0);
}

/// What a provider is assumed able to do.
struct grinding_effort {
  double seed_bits = 64;  ///< size of the seed space: 64 in most engines, 32 in llama.cpp and PyTorch's CPU generator
  double trial_bits = 43;  ///< log2 of the seeds it can try: 43 is 10^13 cheap trials
};

/// @errors invalid_settings
[[nodiscard]] inline result<void> validate(const grinding_effort& effort) {
  const auto sane = [](double bits) { return bits >= 0 && bits <= 4096; };
  if (!sane(effort.seed_bits) || !sane(effort.trial_bits))
    return fail(errc::invalid_settings, "a grinding effort is negative, absurd or not a number");
  return {};
}

/// ln of the number of seeds tried: no more than there are.
[[nodiscard]] inline double log_trials(const grinding_effort& effort) noexcept {
  return std::min(effort.seed_bits, effort.trial_bits) * 0.6931471805599453;
}

/// ln of the probability that some tried seed fits a text of so many nats, 1 - (1 - e^-nats)^trials. At most 0.
/// Relative error of the probability below 1e-9. @errors invalid_settings, out_of_range (nats negative or NaN)
[[nodiscard]] inline result<double> log_grinding_success(double nats, const grinding_effort& effort) {
  if (auto ok = validate(effort); !ok) return ok.error();
  if (!(nats >= 0)) return fail(errc::out_of_range, "summed surprisals are negative or NaN");
  const double trials = log_trials(effort), q = std::exp(-nats);
  // ln of the expected number of fitting seeds, -trials ln(1 - q); the failures are exp of minus that.
  const double log_expected = trials + (nats > 30 ? -nats : std::log(-std::log1p(-q)));
  if (log_expected < -30) return log_expected;
  const double failures = std::exp(-std::exp(std::min(log_expected, 700.0)));
  return failures < 0.5 ? std::log1p(-failures) : std::log(-std::expm1(-std::exp(log_expected)));
}

/// The summed surprisal from which grinding succeeds with at most this probability, trials spent: what a policy demands
/// of a transcript whose seed was not bound beforehand.
/// The whole 64-bit space costs 44.4 nats, to which -ln(success) is added.
/// @errors invalid_settings, out_of_range (success not in (0, 1))
[[nodiscard]] inline result<double> required_nats(const grinding_effort& effort, double success) {
  if (auto ok = validate(effort); !ok) return ok.error();
  if (!(success > 0 && success < 1)) return fail(errc::out_of_range, "a success probability is not in (0, 1)");
  // 1 - (1 - q)^n <= success  <=>  q <= 1 - (1 - success)^(1/n)
  const double share = std::log(-std::log1p(-success)) - log_trials(effort);  // ln of -ln(1 - q)
  if (share < -30) return -share;
  return -std::log(-std::expm1(-std::exp(share)));
}

}  // namespace assay::inline v0

#endif
