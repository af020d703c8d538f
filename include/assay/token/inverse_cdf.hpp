// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Samplers that spend one uniform per token and walk the cumulative distribution, and scores for what they chose.
#ifndef ASSAY_TOKEN_INVERSE_CDF_HPP
#define ASSAY_TOKEN_INVERSE_CDF_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include <assay/core/expects.hpp>
#include <assay/core/fp.hpp>
#include <assay/core/ids.hpp>
#include <assay/core/result.hpp>
#include <assay/random/elementary.hpp>
#include <assay/stats/normal.hpp>
#include <assay/token/logits.hpp>
#include <assay/token/row_scan.hpp>
#include <assay/token/score.hpp>
#include <assay/token/softmax.hpp>
#include <assay/token/workspace.hpp>

namespace assay::inline v0 {

// The rule (llama.cpp's `dist`; for a vocabulary-ordered row also the textbook's inverse transform): candidates keep
// the order in which they come, x_i already divided by the temperature and filtered. p_i = exp(x_i - max x) rounded to
// float32; sums run in double in that order; the first i whose running sum reaches u times the total is chosen.
// A change of one logit shifts every later border, so margins of a Gumbel race have no counterpart here: the score is
// how far u lies outside the claimed token's interval, in probability.

/// What one claimed token says about a draw u. Intervals are parts of [0, 1] in the order of accumulation.
struct inverse_cdf_score {
  token_id predicted{};    ///< the token that u selects
  bool exact = false;      ///< it is the claimed one
  bool excluded = false;   ///< the claimed token is not a candidate, or has probability zero
  double low = 0, high = 0;  ///< cumulative probability before and after the claimed token; 1 if it is no candidate
  double distance = 0;  ///< how far u lies outside [low, high]; 0 if exact
  double cross_entropy = 0;  ///< -ln(high - low + 1e-8)
};

namespace detail {

/// Walks the cumulative sums once more and stops at the target; the last candidate if rounding leaves none.
[[nodiscard]] inline std::size_t first_reaching(const float* terms, std::size_t n, double target) noexcept {
  double running = 0;
  for (std::size_t i = 0; i < n; ++i) {
    running = fp::add(running, static_cast<double>(terms[i]));
    if (running >= target) return i;
  }
  return n - 1;
}

/// Computes the terms of ordered candidates in the workspace and returns their sum.
/// @errors out_of_range (u), empty, non_finite (`where`: the index), empty_kept_set
[[nodiscard]] inline result<double> ordered_terms(std::span<const float> scaled, double u, token_scratch& scratch) {
  if (!(u >= 0 && u <= 1)) return fail(errc::out_of_range, "a uniform draw is not in [0, 1]");
  if (scaled.empty()) return fail(errc::empty, "a row of logits without entries");
  float top = minus_infinity;
  bool bad = false;
  for (float x : scaled) {
    bad |= !(x <= largest_float);
    top = std::max(top, x);
  }
  if (bad) return non_finite_logit(scaled);
  if (top == minus_infinity) return fail(errc::empty_kept_set, "every logit is -infinity");
  float* terms = token_scratch::room(scratch.terms, scaled.size());
  softmax_terms(scaled.data(), scaled.size(), top, terms);
  double sum = 0;
  for (std::size_t i = 0; i < scaled.size(); ++i) {
    if (scaled[i] == minus_infinity) terms[i] = 0;
    sum = fp::add(sum, static_cast<double>(terms[i]));
  }
  return sum;
}

/// The claimed token's interval and its distance to u. `at` is its place, n if it has none.
inline void place_claim(inverse_cdf_score& score, const float* terms, std::size_t n, std::size_t at, double sum,
                        double u) noexcept {
  double before = 0;
  for (std::size_t i = 0; i < at; ++i) before = fp::add(before, static_cast<double>(terms[i]));
  const double own = at < n ? static_cast<double>(terms[at]) : 0.0;
  score.excluded = !(own > 0);
  score.low = fp::div(before, sum);
  score.high = fp::div(fp::add(before, own), sum);
  if (!score.exact) score.distance = std::max({0.0, fp::sub(score.low, u), fp::sub(u, score.high)});
  score.cross_entropy = cross_entropy_of(fp::div(own, sum));
}

/// @errors length_mismatch
[[nodiscard]] inline result<void> check_lengths(const sparse_logits& row) {
  if (row.values.size() != row.ids.size())
    return fail(errc::length_mismatch, "a sparse row's ids and values differ in number", row.values.size());
  return {};
}

}  // namespace detail

/// Samples from candidates in the given order: see the rule above. Whole rows are in vocabulary order.
/// @param scaled logits divided by the temperature, filtered ones left out or -infinity
/// @errors empty, non_finite (NaN or +infinity; `where`: the index), out_of_range (u not in [0, 1]), empty_kept_set
/// Determinism: exact. It equals an engine's choice while its expf rounds as ours does, to nearest, and u is not within
/// 1e-16 of a border. Complexity: a pass for the maximum, an exponential per candidate, two passes of additions.
[[nodiscard]] inline result<token_id> sample_inverse_cdf(std::span<const float> scaled, double u,
                                                         token_workspace& work) {
  const result<double> sum = detail::ordered_terms(scaled, u, work.scratch());
  if (!sum) return sum.error();
  const float* terms = work.scratch().terms.data();
  return token_id{static_cast<std::uint32_t>(detail::first_reaching(terms, scaled.size(), fp::mul(*sum, u)))};
}
/// @errors as above, and length_mismatch
[[nodiscard]] inline result<token_id> sample_inverse_cdf(const sparse_logits& scaled, double u, token_workspace& work) {
  if (auto ok = detail::check_lengths(scaled); !ok) return ok.error();
  const auto index = sample_inverse_cdf(scaled.values, u, work);
  if (!index) return index.error();
  return scaled.ids[index->value];
}

namespace detail {
/// Scores the claim at place `at` (n: it is no candidate); `predicted` is a place, too.
[[nodiscard]] inline result<inverse_cdf_score> score_ordered(std::span<const float> scaled, double u, std::size_t at,
                                                             token_scratch& scratch) {
  const result<double> sum = ordered_terms(scaled, u, scratch);
  if (!sum) return sum.error();
  const float* terms = scratch.terms.data();
  const std::size_t chosen = first_reaching(terms, scaled.size(), fp::mul(*sum, u));
  inverse_cdf_score score{token_id{static_cast<std::uint32_t>(chosen)}, chosen == at};
  place_claim(score, terms, scaled.size(), at, *sum, u);
  return score;
}
}  // namespace detail

/// Scores a claimed token against whole rows in vocabulary order. @errors as `sample_inverse_cdf`, token_out_of_range
/// Determinism: exact.
[[nodiscard]] inline result<inverse_cdf_score> score_inverse_cdf(std::span<const float> scaled, double u,
                                                                 token_id claimed, token_workspace& work) {
  if (!scaled.empty() && claimed.value >= scaled.size())
    return fail(errc::token_out_of_range, "the claimed token is not in the vocabulary", claimed.value);
  return detail::score_ordered(scaled, u, claimed.value, work.scratch());
}
/// Against ordered candidates; a claimed token that is not among them is excluded. Any id is a valid claim.
/// @errors as `sample_inverse_cdf`, duplicate (the claimed id is listed twice; `where`: the later index)
[[nodiscard]] inline result<inverse_cdf_score> score_inverse_cdf(const sparse_logits& scaled, double u,
                                                                 token_id claimed, token_workspace& work) {
  if (auto ok = detail::check_lengths(scaled); !ok) return ok.error();
  const std::size_t n = scaled.ids.size();
  std::size_t at = n;
  for (std::size_t i = 0; i < n; ++i) {
    if (scaled.ids[i] != claimed) continue;
    if (at != n) return fail(errc::duplicate, "the claimed token id is listed twice", i);
    at = i;
  }
  auto score = detail::score_ordered(scaled.values, u, at, work.scratch());
  if (score) score->predicted = scaled.ids[score->predicted.value];
  return score;
}

/// CGS: ln(Phi((high - u) / sigma) - Phi((low - u) / sigma) + 1e-12), the chance that a draw shifted by N(0, sigma^2)
/// falls into [low, high]. About 0 for a safe token, never below ln(1e-12) = -27.63.
/// @pre sigma positive and finite; low <= high. Determinism: exact.
[[nodiscard]] inline double cdf_likelihood(double low, double high, double u, double sigma = 0.01) {
  ASSAY_EXPECTS(sigma > 0 && fp::is_finite(sigma) && low <= high);
  const double mass = stats::normal_interval(fp::div(fp::sub(low, u), sigma), fp::div(fp::sub(high, u), sigma));
  return fp::log(fp::add(mass, 1e-12));
}
[[nodiscard]] inline double cdf_likelihood(const inverse_cdf_score& score, double u, double sigma = 0.01) {
  return cdf_likelihood(score.low, score.high, u, sigma);
}

}  // namespace assay::inline v0

#endif
