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
  /// The chance that two draws differ and both lie `border_width` logits or more above the smallest kept logit: noise
  /// does not move such candidates across a filter's border. `gini` without filters.
  double inner_gini = 0;
};

/// Several times the noise between honest computations of a logit.
inline constexpr float border_width = 0.5f;

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
  /// What was added so far lies at the border.
  void end_border() noexcept { border_sum_ = sum_, border_squares_ = squares_; }

  /// -ln p = ln(sum) - (x - max x)
  [[nodiscard]] choice_spread spread() const noexcept {
    const double all = sum_ * sum_, inner = sum_ - border_sum_, inner_squares = squares_ - border_squares_;
    return {kept_, std::max(0.0, 1 - squares_ / all), std::max(0.0, fp::log(sum_) - moment_ / sum_),
            std::max(0.0, (inner * inner - inner_squares) / all)};
  }

 private:
  std::uint32_t kept_ = 0;
  double sum_ = 0, squares_ = 0, moment_ = 0, border_sum_ = 0, border_squares_ = 0;
};

/// Whether a filter may have drawn a border through the candidates. A whole row is one that no filter could cut.
template <class Settings>
[[nodiscard]] bool is_bordered(const selection& s, const Settings& settings) noexcept {
  return !s.whole_row && has_filters(s, settings);
}

/// The first candidate that is clear of the border. Candidates ascend.
[[nodiscard]] inline std::size_t border_end(const selection& s, const token_scratch& scratch) noexcept {
  const double clear = static_cast<double>(scratch.logits[s.first]) + static_cast<double>(border_width);
  std::size_t i = s.first;
  while (i < s.size && static_cast<double>(scratch.logits[i]) < clear) ++i;
  return i;
}

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

/// Whether two kept tokens are clear of the border.
[[nodiscard]] inline bool are_inner(const selection& s, token_id a, token_id b, const token_scratch& scratch) noexcept {
  const std::uint32_t *first = scratch.ids.data() + border_end(s, scratch), *last = scratch.ids.data() + s.size;
  return std::find(first, last, a.value) != last && (a == b || std::find(first, last, b.value) != last);
}

/// The spread over a selection that lies in the workspace. @pre not greedy
/// @param bordered a filter was on
[[nodiscard]] inline choice_spread spread_over(const selection& s, std::span<const float> row, float temperature,
                                               bool bordered, token_scratch& scratch) {
  constexpr std::size_t stretch = 256;
  float scaled[stretch], terms[stretch];
  spread_sums sums;
  if (!s.whole_row) {
    if (!s.terms_ready) compute_terms(s, scratch);
    const std::size_t inner = bordered ? border_end(s, scratch) : s.first;
    const auto add = [&](std::size_t from, std::size_t to) {
      sums.add(scratch.scaled.data() + from, to - from, s.scaled_max, scratch.terms.data() + from);
    };
    add(s.first, inner);
    sums.end_border();
    add(inner, s.size);
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
  return detail::spread_over(*s, detail::values_of(logits), temperature_of(settings),
                             detail::is_bordered(*s, settings), work.scratch());
}

/// A token's scores and the spread of the choice that it came from.
struct scored_choice {
  token_score score;
  choice_spread spread;
  bool inner = true;  ///< the claimed and the predicted token are both clear of the filters' border; see `inner_gini`
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
  if (auto columns = detail::check_columns(*s, settings, noise); !columns) return columns.error();
  if (settings.greedy()) return scored_choice{detail::score_greedy(*s, *claim, settings, values, scratch), {1, 0, 0}};
  scored_choice out;
  out.score = detail::score_sampled(*s, *claim, settings, key, step, values, scratch, noise, {});
  const bool bordered = detail::is_bordered(*s, settings);
  out.spread = detail::spread_over(*s, values, temperature_of(settings), bordered, scratch);
  if (bordered) out.inner = !out.score.filtered && detail::are_inner(*s, claimed, out.score.predicted, scratch);
  return out;
}

}  // namespace assay::inline v0

#endif
