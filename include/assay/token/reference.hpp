// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sampling and scoring the obvious way: full sort, every noise value. What the fast paths are tested against.
#ifndef ASSAY_TOKEN_REFERENCE_HPP
#define ASSAY_TOKEN_REFERENCE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <assay/core/fp.hpp>
#include <assay/core/ids.hpp>
#include <assay/random/noise.hpp>
#include <assay/token/score.hpp>
#include <assay/token/settings.hpp>
#include <assay/token/softmax.hpp>

namespace assay::inline v0 {

/// Which entries of a row the filters keep. @pre valid settings; no NaN or +infinity; some entry is finite
[[nodiscard]] inline std::vector<bool> keep_ref(std::span<const float> logits, const sampler_settings& settings) {
  const float temperature = settings.greedy() ? 1.0f : settings.temperature;
  std::vector<float> x(logits.size());
  std::vector<std::uint32_t> order;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    x[i] = fp::div(logits[i], temperature);
    if (logits[i] > -std::numeric_limits<float>::infinity()) order.push_back(static_cast<std::uint32_t>(i));
  }
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return x[a] != x[b] ? x[a] < x[b] : a < b; });
  std::size_t first = 0;
  if (settings.top_k != 0 && settings.top_k < order.size()) {
    first = order.size() - settings.top_k;
    while (first > 0 && x[order[first - 1]] == x[order[first]]) --first;
  }
  if (settings.top_p < 1) {
    detail::term_sum sum;
    const float top = x[order.back()];
    for (std::size_t i = first; i < order.size(); ++i) sum.add(detail::softmax_term(x[order[i]], top));
    float running = 0;
    while (first + 1 < order.size()) {
      running = fp::add(running, fp::div(detail::softmax_term(x[order[first]], top), static_cast<float>(sum.value())));
      if (running > fp::sub(1.0f, settings.top_p)) break;
      ++first;
    }
  }
  std::vector<bool> kept(logits.size(), false);
  for (std::size_t i = first; i < order.size(); ++i) kept[order[i]] = true;
  return kept;
}

/// The race among all that are marked as kept. @pre not greedy; some entry is kept
template <noise_profile Noise>
[[nodiscard]] token_id race_ref(std::span<const float> logits, const std::vector<bool>& kept,
                                const sampler_settings& settings, noise_key key, std::uint32_t step,
                                const Noise& noise) {
  double best = -std::numeric_limits<double>::infinity();
  token_id winner{};
  for (std::uint32_t i = 0; i < logits.size(); ++i) {
    if (!kept[i]) continue;
    const double z =
        detail::perturbed(logits[i], static_cast<double>(settings.temperature), noise.gumbel(key, step, token_id{i}));
    if (z > best) {
      best = z;
      winner = token_id{i};
    }
  }
  return winner;
}

/// `sample_token` by evaluating every kept entry. @pre as `keep_ref`
template <noise_profile Noise = philox_noise>
[[nodiscard]] token_id sample_token_ref(std::span<const float> logits, const sampler_settings& settings, noise_key key,
                                        std::uint32_t step, const Noise& noise = {}) {
  if (settings.greedy())
    return token_id{static_cast<std::uint32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin())};
  return race_ref(logits, keep_ref(logits, settings), settings, key, step, noise);
}

/// The score against all that are marked as kept. @pre not greedy; some entry is kept; the claimed logit is finite
template <noise_profile Noise>
[[nodiscard]] token_score score_kept_ref(std::span<const float> logits, const std::vector<bool>& kept,
                                         const sampler_settings& settings, noise_key key, std::uint32_t step,
                                         token_id claimed, const Noise& noise) {
  const auto z = [&](std::uint32_t i) {
    return detail::perturbed(logits[i], static_cast<double>(settings.temperature),
                             noise.gumbel(key, step, token_id{i}));
  };
  token_score score;
  score.predicted = race_ref(logits, kept, settings, key, step, noise);
  score.exact = score.predicted == claimed;
  score.filtered = !kept[claimed.value];
  const double own = z(claimed.value), best = z(score.predicted.value);
  float boundary = std::numeric_limits<float>::max(), top = -boundary;
  for (std::uint32_t i = 0; i < logits.size(); ++i) {
    score.logit_rank += logits[i] > logits[claimed.value];
    if (!kept[i]) continue;
    score.gumbel_rank += z(i) > own;
    boundary = std::min(boundary, logits[i]);
    top = std::max(top, fp::div(logits[i], settings.temperature));
  }
  detail::term_sum sum;
  const auto term = [&](std::uint32_t i) {
    return detail::softmax_term(fp::div(logits[i], settings.temperature), top);
  };
  for (std::uint32_t i = 0; i < logits.size(); ++i)
    if (kept[i]) sum.add(term(i));
  if (score.filtered) score.gumbel_rank = unranked;
  else score.probability = static_cast<double>(term(claimed.value)) / sum.value();
  score.cross_entropy = detail::cross_entropy_of(score.probability);
  detail::set_margins(score, best, own, boundary, logits[claimed.value]);
  return score;
}

/// `score_token` by evaluating every kept entry. @pre as `keep_ref`; not greedy; the claimed logit is finite
template <noise_profile Noise = philox_noise>
[[nodiscard]] token_score score_token_ref(std::span<const float> logits, const sampler_settings& settings,
                                          noise_key key, std::uint32_t step, token_id claimed,
                                          const Noise& noise = {}) {
  return score_kept_ref(logits, keep_ref(logits, settings), settings, key, step, claimed, noise);
}

}  // namespace assay::inline v0

#endif
