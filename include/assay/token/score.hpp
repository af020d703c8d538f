// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Token-DiFR: how far a claimed token is from the one that the verifier's own logits and the shared noise produce.
#ifndef ASSAY_TOKEN_SCORE_HPP
#define ASSAY_TOKEN_SCORE_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include <assay/core/ids.hpp>
#include <assay/core/result.hpp>
#include <assay/random/elementary.hpp>
#include <assay/random/noise.hpp>
#include <assay/token/filter.hpp>
#include <assay/token/logits.hpp>
#include <assay/token/race.hpp>
#include <assay/token/sample.hpp>
#include <assay/token/settings.hpp>
#include <assay/token/softmax.hpp>
#include <assay/token/workspace.hpp>

namespace assay::inline v0 {

/// The Gumbel rank of a token that the filters exclude.
inline constexpr std::uint32_t unranked = 0xffffffffu;

/// What one claimed token says. With z_i = l_i + T g_i over the kept ids, v = argmax z and c the claimed token:
struct token_score {
  double margin = 0;          ///< z_v - z_c >= 0, in units of raw logits; +infinity if the filters exclude c
  double finite_margin = 0;   ///< the margin; for an excluded c: (z_v - z_c)^+ + (smallest kept logit - l_c)^+
  bool exact = false;         ///< v == c
  bool filtered = false;      ///< the filters exclude c
  token_id predicted{};       ///< v
  std::uint32_t logit_rank = 0;   ///< number of logits above l_c, in the row as given
  std::uint32_t gumbel_rank = 0;  ///< number of kept z above z_c, or `unranked`
  double probability = 0;     ///< softmax of c among the kept ids; 0 if excluded
  double cross_entropy =
      0;   ///< -ln(probability + 1e-8). For that of the unfiltered softmax, score with the filters off
};

/// What `score_token` may leave out.
struct score_options {
  bool probability = true;  ///< false: probability and cross-entropy stay 0, which spares an exponential per kept id
};

/// The margin cut at `cap`: what is averaged, so that one excluded token does not swamp a thousand good ones.
[[nodiscard]] inline double capped_margin(const token_score& score, double cap) noexcept {
  return std::min(score.margin, cap);
}

namespace detail {

/// The claimed token as the row has it.
struct claim {
  token_id id;
  float logit;  ///< -infinity: impossible, or not listed
};

[[nodiscard]] inline float smallest_finite(std::span<const float> values) noexcept {
  float low = largest_float;
  for (float v : values)
    if (v > minus_infinity && v < low) low = v;
  return low;
}

[[nodiscard]] inline float smallest_kept(const selection& s, std::span<const float> values,
                                         const token_scratch& scratch) noexcept {
  if (s.whole_row) return smallest_finite(values);
  float low = scratch.logits[s.first];
  for (std::size_t i = s.first + 1; i < s.size && scratch.scaled[i] == scratch.scaled[s.first]; ++i)
    low = std::min(low, scratch.logits[i]);
  return low;
}

[[nodiscard]] inline bool is_kept(const selection& s, const claim& c, const sampler_settings& settings,
                                  const token_scratch& scratch) noexcept {
  if (!(c.logit > minus_infinity)) return false;
  if (s.whole_row) return true;
  const float x = fp::div(c.logit, divisor(settings));
  return sort_key(x, c.id.value) >= sort_key(scratch.scaled[s.first], scratch.ids[s.first]);
}

/// The claimed token's rank in the descending list. An excluded one stands behind those kept, and among equals first.
[[nodiscard]] inline std::uint32_t rank_of(const selection& s, const claim& c, bool excluded,
                                           const token_scratch& scratch) noexcept {
  if (excluded) return static_cast<std::uint32_t>(std::max<std::uint64_t>(s.greater, s.count()));
  std::size_t at = s.size - 1;
  while (scratch.ids[at] != c.id.value) --at;
  return static_cast<std::uint32_t>(s.size - 1 - at);
}

/// @pre a whole row was scanned last, or the selection is not one
[[nodiscard]] inline double kept_probability(const selection& s, const claim& c, float temperature,
                                             std::span<const float> row, token_scratch& scratch) {
  const float own = softmax_term(fp::div(c.logit, temperature), s.scaled_max);
  if (s.whole_row)
    return static_cast<double>(own) / row_terms(row, temperature, s.scaled_max, scratch.maxima.data()).value();
  if (!s.terms_ready) compute_terms(s, scratch);
  term_sum sum;
  add_terms(sum, scratch.terms.data() + s.first, s.count());
  return static_cast<double>(own) / sum.value();
}

[[nodiscard]] inline double cross_entropy_of(double probability) noexcept { return -fp::log(probability + 1e-8); }

/// Margin and its finite form from the two values of the race and the two logits at the border.
inline void set_margins(token_score& score, double best, double own, float boundary, float logit) noexcept {
  if (!score.filtered) {
    score.margin = score.finite_margin = fp::sub(best, own);
    return;
  }
  score.margin = std::numeric_limits<double>::infinity();
  score.finite_margin = fp::add(std::max(0.0, fp::sub(best, own)),
                                std::max(0.0, fp::sub(static_cast<double>(boundary), static_cast<double>(logit))));
}

template <class Settings>
[[nodiscard]] token_score score_greedy(const selection& s, const claim& c, const Settings& settings,
                                       std::span<const float> values, const token_scratch& scratch) {
  token_score score;
  score.predicted = token_id{s.largest_id};
  score.exact = score.predicted == c.id;
  // Equals of the largest are never excluded.
  score.filtered = !is_kept(s, c, settings, scratch) && c.logit < s.largest;
  score.logit_rank = static_cast<std::uint32_t>(s.greater);
  score.gumbel_rank = score.filtered ? unranked : score.logit_rank;
  score.probability = score.exact ? 1 : 0;
  score.cross_entropy = cross_entropy_of(score.probability);
  const float logit = c.logit > minus_infinity ? c.logit : smallest_finite(values);
  set_margins(score, static_cast<double>(s.largest), static_cast<double>(logit), smallest_kept(s, values, scratch),
              logit);
  return score;
}

template <class Settings, noise_profile Noise>
[[nodiscard]] token_score score_sampled(const selection& s, const claim& c, const Settings& settings, noise_key key,
                                        std::uint32_t step, std::span<const float> values, token_scratch& scratch,
                                        const Noise& noise, score_options options) {
  const float temperature = temperature_of(settings);
  gumbel_race<Noise> race(noise, key, step, temperature);
  token_score score;
  score.filtered = !is_kept(s, c, settings, scratch);
  const float logit = c.logit > minus_infinity ? c.logit : smallest_finite(values);
  const std::uint32_t column = takes_ranks(s, noise) ? rank_of(s, c, score.filtered, scratch) : c.id.value;
  const double own = race.value_of(logit, column);
  if (!score.filtered) race.set_rival(own);
  run_race(race, s, values, scratch, noise);
  score.predicted = race.winner();
  score.exact = score.predicted == c.id;
  score.logit_rank = static_cast<std::uint32_t>(s.greater);
  score.gumbel_rank = score.filtered ? unranked : race.beat_rival();
  if (options.probability) {
    if (!score.filtered) score.probability = kept_probability(s, c, temperature, values, scratch);
    score.cross_entropy = cross_entropy_of(score.probability);
  }
  set_margins(score, race.best(), own, score.filtered ? smallest_kept(s, values, scratch) : 0.0f, logit);
  return score;
}

/// Scores a claim against a row, whole (`values` are its logits) or sparse, under either kind of settings.
template <class Row, class Settings, noise_profile Noise>
[[nodiscard]] result<token_score> score_row(const Row& row, std::span<const float> values, const claim& c,
                                            const Settings& settings, noise_key key, std::uint32_t step,
                                            token_workspace& work, const Noise& noise, score_options options) {
  const auto selected = select(row, settings, c.logit, work.scratch());
  if (!selected) return selected.error();
  if (auto columns = check_columns(*selected, settings, noise); !columns) return columns.error();
  if (settings.greedy()) return score_greedy(*selected, c, settings, values, work.scratch());
  return score_sampled(*selected, c, settings, key, step, values, work.scratch(), noise, options);
}

/// @errors invalid_settings, unsupported, empty, token_out_of_range
template <class Settings, noise_profile Noise>
[[nodiscard]] result<token_score> score_whole(std::span<const float> logits, const Settings& settings, noise_key key,
                                              std::uint32_t step, token_id claimed, token_workspace& work,
                                              const Noise& noise, score_options options) {
  if (auto valid = validate(settings); !valid) return valid.error();
  if (logits.empty()) return fail(errc::empty, "a row of logits without entries");
  if (claimed.value >= logits.size())
    return fail(errc::token_out_of_range, "the claimed token is not in the vocabulary", claimed.value);
  return score_row(logits, logits, {claimed, logits[claimed.value]}, settings, key, step, work, noise, options);
}

/// @errors invalid_settings, unsupported, length_mismatch
template <class Settings, noise_profile Noise>
[[nodiscard]] result<token_score> score_sparse(const sparse_logits& logits, const Settings& settings, noise_key key,
                                               std::uint32_t step, token_id claimed, token_workspace& work,
                                               const Noise& noise, score_options options) {
  if (auto valid = validate(settings); !valid) return valid.error();
  if (logits.values.size() != logits.ids.size())
    return fail(errc::length_mismatch, "a sparse row's ids and values differ in number", logits.values.size());
  claim c{claimed, minus_infinity};
  for (std::size_t i = 0; i < logits.ids.size(); ++i)
    if (logits.ids[i] == claimed) c.logit = logits.values[i];
  return score_row(logits, logits.values, c, settings, key, step, work, noise, options);
}

}  // namespace detail

/// Scores a claimed token against a whole row of the verifier's logits.
///
/// At temperature 0 there is no noise: the margin is l_max - l_c, the probability 1 for the largest logit and else 0,
/// the Gumbel rank is the logit rank; the filters apply to raw logits, but never exclude an equal of the largest.
/// A claimed logit of -infinity is excluded, and its finite margin taken from the smallest finite logit: a lower bound.
/// @errors invalid_settings, empty, non_finite (NaN or +infinity; `where`: the index), token_out_of_range,
/// empty_kept_set
/// Determinism: exact. Complexity: as `sample_token`; the probability without filters needs an exponential per entry.
/// Source: DiFR, section 4.2 (margin after the Gumbel noise); the finite margin of excluded tokens is ours.
template <noise_profile Noise = philox_noise>
[[nodiscard]] result<token_score>
score_token(std::span<const float> logits, const sampler_settings& settings, noise_key key, std::uint32_t step,
            token_id claimed, token_workspace& work, const Noise& noise = {}, score_options options = {}) {
  return detail::score_whole(logits, settings, key, step, claimed, work, noise, options);
}

/// Scores a claimed token against a sparse row: as against the whole row with -infinity elsewhere.
/// A token that is not listed is excluded; ranks count listed entries. Any id is a valid claim: a sparse row knows no
/// vocabulary.
/// @errors invalid_settings, empty, non_finite, empty_kept_set, length_mismatch, duplicate, too_large. Determinism:
/// exact.
template <noise_profile Noise = philox_noise>
[[nodiscard]] result<token_score>
score_token(const sparse_logits& logits, const sampler_settings& settings, noise_key key, std::uint32_t step,
            token_id claimed, token_workspace& work, const Noise& noise = {}, score_options options = {}) {
  return detail::score_sparse(logits, settings, key, step, claimed, work, noise, options);
}

}  // namespace assay::inline v0

#endif
