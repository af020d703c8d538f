// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How open the choice of a token was: what scales the effect of numeric noise, and what a forger of seeds has to pay.
#ifndef ASSAY_TOKEN_CHOICE_SPREAD_HPP
#define ASSAY_TOKEN_CHOICE_SPREAD_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include <assay/core/fp.hpp>
#include <assay/core/ids.hpp>
#include <assay/core/result.hpp>
#include <assay/random/elementary.hpp>
#include <assay/random/noise.hpp>
#include <assay/token/filter.hpp>
#include <assay/token/filter_rules.hpp>
#include <assay/token/logits.hpp>
#include <assay/token/score.hpp>
#include <assay/token/softmax.hpp>
#include <assay/token/workspace.hpp>

namespace assay::inline v0 {

/// The spread of the sampler's distribution over the kept candidates.
struct choice_spread {
  std::uint32_t kept = 0;  ///< candidates that the filters left
  double gini = 0;         ///< 1 - sum of p^2 over them: the chance that two independent draws differ
  double entropy = 0;      ///< -sum of p ln p, in nats
};

namespace detail {

class spread_sums {
 public:
  void add(const float* scaled, std::size_t n, float top, const float* terms) noexcept {
    for (std::size_t i = 0; i < n; ++i) {
      if (!(scaled[i] > minus_infinity)) continue;
      const double term = static_cast<double>(terms[i]);
      ++kept_;
      sum_ += term;
      squares_ += term * term;
      moment_ += term * static_cast<double>(scaled[i] - top);
    }
  }
  /// -ln p = ln(sum) - (x - max x)
  [[nodiscard]] choice_spread spread() const noexcept {
    return {kept_, std::max(0.0, 1 - squares_ / (sum_ * sum_)), std::max(0.0, fp::log(sum_) - moment_ / sum_)};
  }

 private:
  std::uint32_t kept_ = 0;
  double sum_ = 0, squares_ = 0, moment_ = 0;
};

[[nodiscard]] inline std::span<const float> values_of(std::span<const float> row) noexcept { return row; }
[[nodiscard]] inline std::span<const float> values_of(const sparse_logits& row) noexcept { return row.values; }

/// @errors empty, token_out_of_range
[[nodiscard]] inline result<claim> claim_in(std::span<const float> row, token_id id) {
  if (row.empty()) return fail(errc::empty, "a row of logits without entries");
  if (id.value >= row.size())
    return fail(errc::token_out_of_range, "the claimed token is not in the vocabulary", id.value);
  return claim{id, row[id.value]};
}
/// @errors length_mismatch
[[nodiscard]] inline result<claim> claim_in(const sparse_logits& row, token_id id) {
  if (row.values.size() != row.ids.size())
    return fail(errc::length_mismatch, "a sparse row's ids and values differ in number", row.values.size());
  claim c{id, minus_infinity};
  for (std::size_t i = 0; i < row.ids.size(); ++i)
    if (row.ids[i] == id) c.logit = row.values[i];
  return c;
}

/// The spread over a selection that lies in the workspace. @pre not greedy
[[nodiscard]] inline choice_spread spread_over(const selection& s, std::span<const float> row, float temperature,
                                               token_scratch& scratch) {
  constexpr std::size_t stretch = 256;
  float scaled[stretch], terms[stretch];
  spread_sums sums;
  if (!s.whole_row) {
    if (!s.terms_ready) compute_terms(s, scratch);
    sums.add(scratch.scaled.data() + s.first, s.count(), s.scaled_max, scratch.terms.data() + s.first);
    return sums.spread();
  }
  for (std::size_t at = 0; at < row.size(); at += stretch) {
    const std::size_t n = std::min(stretch, row.size() - at);
    for (std::size_t i = 0; i < n; ++i) scaled[i] = fp::div(row[at + i], temperature);
    softmax_terms(scaled, n, s.scaled_max, terms);
    sums.add(scaled, n, s.scaled_max, terms);
  }
  return sums.spread();
}

}  // namespace detail

/// The spread of a whole or sparse row under either kind of settings. At temperature 0 there is no choice: kept is 1.
/// @errors as `kept_tokens`. Accuracy: about 1e-7, as float32 terms allow. Complexity: a filtering and an exponential
/// per kept candidate. No allocation once the workspace is warm.
template <class Row, class Settings>
[[nodiscard]] result<choice_spread> spread_of(const Row& logits, const Settings& settings, token_workspace& work) {
  if (auto valid = validate(settings); !valid) return valid.error();
  const auto s = detail::select(logits, settings, detail::no_claim, work.scratch());
  if (!s) return s.error();
  if (settings.greedy()) return choice_spread{1, 0, 0};
  return detail::spread_over(*s, detail::values_of(logits), temperature_of(settings), work.scratch());
}

/// A token's scores and the spread of the choice that it came from.
struct scored_choice {
  token_score score;
  choice_spread spread;
};

/// `score_token` and `spread_of` with one filtering. @errors as `score_token`. Determinism: the score is exact.
template <noise_profile Noise = philox_noise, class Row, class Settings>
[[nodiscard]] result<scored_choice> score_with_spread(const Row& logits, const Settings& settings, noise_key key,
                                                      std::uint32_t step, token_id claimed, token_workspace& work,
                                                      const Noise& noise = {}) {
  if (auto valid = validate(settings); !valid) return valid.error();
  const auto claim = detail::claim_in(logits, claimed);
  if (!claim) return claim.error();
  detail::token_scratch& scratch = work.scratch();
  const auto s = detail::select(logits, settings, claim->logit, scratch);
  if (!s) return s.error();
  const std::span<const float> values = detail::values_of(logits);
  if (settings.greedy()) return scored_choice{detail::score_greedy(*s, *claim, settings, values, scratch), {1, 0, 0}};
  const token_score score = detail::score_sampled(*s, *claim, settings, key, step, values, scratch, noise, {});
  return scored_choice{score, detail::spread_over(*s, values, temperature_of(settings), scratch)};
}

}  // namespace assay::inline v0

#endif
