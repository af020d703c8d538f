// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The likelihood of a claimed token by Monte Carlo: how often it wins when the verifier's logits are shaken.
#ifndef ASSAY_TOKEN_NOISY_REPLAY_HPP
#define ASSAY_TOKEN_NOISY_REPLAY_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <assay/core/fp.hpp>
#include <assay/core/ids.hpp>
#include <assay/core/result.hpp>
#include <assay/random/noise.hpp>
#include <assay/random/stream.hpp>
#include <assay/stats/binomial.hpp>
#include <assay/token/filter_rules.hpp>
#include <assay/token/logits.hpp>
#include <assay/token/sample.hpp>
#include <assay/token/workspace.hpp>

namespace assay::inline v0 {

/// In how many of the simulated draws the claimed token won.
struct replay_likelihood {
  std::uint32_t wins = 0, draws = 0;

  [[nodiscard]] double probability() const noexcept { return static_cast<double>(wins) / draws; }
  /// ln of it; -infinity without a win, which only says that the probability is likely below 3 / draws.
  [[nodiscard]] double log_likelihood() const {
    return wins == 0 ? -std::numeric_limits<double>::infinity() : std::log(probability());
  }
  /// Of the probability. 0 when all or none won: ask `interval` then.
  [[nodiscard]] double standard_error() const { return std::sqrt(probability() * (1 - probability()) / draws); }
  /// Of the probability, exact. @errors insufficient_data (no draws), out_of_range (confidence not in (0, 1))
  [[nodiscard]] result<stats::interval> interval(double confidence) const {
    return stats::clopper_pearson(wins, draws, confidence);
  }
};

/// Adds N(0, sigma^2) to every logit of the support, filters and samples with the request's own Gumbel noise, and
/// counts how often the claimed token comes out; `draws` times. Unlike margin and GLS this sees every competitor and
/// the filters' edges. A claimed token outside the support never wins. At temperature 0 the largest shaken logit wins.
/// @param support the candidates that may matter: with top-k on, half as many again as k (the published choice)
/// @errors as `sample_token`; invalid_settings (no draws, sigma negative or not finite)
/// Determinism: exact for a stream in a given state. Complexity: a normal per entry and a sampling, times `draws`.
template <noise_profile Noise = philox_noise, class Settings>
[[nodiscard]] result<replay_likelihood> simulate_likelihood(const sparse_logits& support, const Settings& settings,
                                                            noise_key key, std::uint32_t step, token_id claimed,
                                                            double sigma, std::uint32_t draws, random_stream& random,
                                                            token_workspace& work, const Noise& noise = {}) {
  if (draws == 0) return fail(errc::invalid_settings, "a likelihood from no draws");
  if (!(sigma >= 0 && fp::is_finite(sigma)))
    return fail(errc::invalid_settings, "a noise level is negative or not finite");
  if (auto honest = sample_token(support, settings, key, step, work, noise); !honest) return honest.error();
  replay_likelihood out{0, draws};
  bool listed = false;
  for (token_id id : support.ids) listed |= id == claimed;
  if (!listed) return out;
  std::vector<float> shaken(support.values.size());
  for (std::uint32_t d = 0; d < draws; ++d) {
    for (std::size_t i = 0; i < shaken.size(); ++i)
      shaken[i] = static_cast<float>(fp::add(static_cast<double>(support.values[i]), fp::mul(sigma, random.normal())));
    const auto token = sample_token(sparse_logits{support.ids, shaken}, settings, key, step, work, noise);
    if (!token) return token.error();
    out.wins += *token == claimed;
  }
  return out;
}

/// The same with the `support` largest logits of a whole row. @errors as above, invalid_settings (support 0)
template <noise_profile Noise = philox_noise, class Settings>
[[nodiscard]] result<replay_likelihood>
simulate_likelihood(std::span<const float> logits, std::uint32_t support, const Settings& settings, noise_key key,
                    std::uint32_t step, token_id claimed, double sigma, std::uint32_t draws, random_stream& random,
                    token_workspace& work, const Noise& noise = {}) {
  const auto top = top_logits(logits, support);
  if (!top) return top.error();
  if (top->ids.empty()) return fail(errc::empty_kept_set, "every logit is -infinity");
  return simulate_likelihood(top->view(), settings, key, step, claimed, sigma, draws, random, work, noise);
}

}  // namespace assay::inline v0

#endif
