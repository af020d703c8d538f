// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The filters of engines other than vLLM's native sampler, and min-p: which candidates each keeps, in its own
// arithmetic.
#ifndef ASSAY_TOKEN_FILTER_RULES_HPP
#define ASSAY_TOKEN_FILTER_RULES_HPP

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <assay/core/fp.hpp>
#include <assay/core/ids.hpp>
#include <assay/core/result.hpp>
#include <assay/random/elementary.hpp>
#include <assay/token/filter.hpp>
#include <assay/token/filter_settings.hpp>
#include <assay/token/kept_set.hpp>
#include <assay/token/rule_chain.hpp>
#include <assay/token/sample.hpp>
#include <assay/token/score.hpp>

namespace assay::inline v0 {

namespace detail {

[[nodiscard]] inline float divisor(const filter_settings& f) noexcept { return divisor(f.sampler); }

/// The plain filters, if a profile asks for no more: its fast paths are theirs.
[[nodiscard]] inline bool is_plain(const filter_settings& f) noexcept {
  return f.min_p == 0 &&
         (f.rule == filter_rule::vllm_sort || (f.sampler.top_k == 0 && f.sampler.top_p >= 1 && f.typical_p >= 1));
}

[[nodiscard]] inline bool has_filters(const selection& s, const filter_settings& f) noexcept {
  return has_filters(s, f.sampler) || f.min_p > 0 || f.typical_p < 1;
}

[[nodiscard]] inline bool is_kept(const selection& s, const claim& c, const filter_settings& f,
                                  const token_scratch& scratch) noexcept {
  if (is_plain(f)) return is_kept(s, c, f.sampler, scratch);
  const std::uint32_t* ids = scratch.ids.data();
  return std::find(ids + s.first, ids + s.size, c.id.value) != ids + s.size;
}

/// Puts the kept candidates into the form that sampling and scoring expect: ascending logits over temperature.
template <class LogitOf>
void finish_rule(selection& s, const filter_settings& f, LogitOf logit_of, token_scratch& scratch) {
  float* logits = token_scratch::room(scratch.logits, s.size);
  const float temperature = divisor(f.sampler);
  for (std::size_t i = s.first; i < s.size; ++i) {
    logits[i] = logit_of(scratch.ids[i]);
    scratch.scaled[i] = fp::add(fp::div(logits[i], temperature), 0.0f);
  }
  s.scaled_max = scratch.scaled[s.size - 1];
  s.ranked = f.rule == filter_rule::sglang;
  if (f.typical_p >= 1) return;
  s.largest = logits[s.size - 1];  // the row's may be dropped
  std::size_t at = s.size - 1;
  s.largest_id = scratch.ids[at];
  while (at-- > s.first && logits[at] == s.largest) s.largest_id = std::min(s.largest_id, scratch.ids[at]);
}

/// The sum that top-p of llama.cpp divides by when nothing sorted the candidates: float32, in the order of ids.
[[nodiscard]] inline float sum_by_id(std::span<const float> row, float temperature, float top) {
  float sum = 0, scaled[scan_block], terms[scan_block];
  for (std::size_t at = 0; at < row.size(); at += scan_block) {
    const std::size_t n = std::min(scan_block, row.size() - at);
    divide_all(row.data() + at, n, temperature, scaled);
    softmax_terms(scaled, n, top, terms);
    for (std::size_t i = 0; i < n; ++i) sum = fp::add(sum, terms[i]);
  }
  return sum;
}

/// Filters a whole row. Where the rule needs only the head, ever larger heads are tried until the border lies inside
/// one.
/// @errors empty, non_finite, empty_kept_set
[[nodiscard]] inline result<selection> select(std::span<const float> row, const filter_settings& f, float claim,
                                              token_scratch& scratch) {
  if (is_plain(f)) return select(row, f.sampler, claim, scratch);
  const float temperature = filter_divisor(f);
  auto scanned = scan_row(row, temperature, claim, scratch);
  if (!scanned) return scanned;
  if (!fp::is_finite(fp::div(scanned->largest, divisor(f.sampler))))
    return fail(errc::non_finite, "a logit divided by the temperature overflows");
  rule_chain chain{f, scratch, scanned->scaled_max, 0, false};
  if (needs_row_total(f)) {
    chain.row_total = f.rule == filter_rule::llama_cpp
                          ? sum_by_id(row, temperature, chain.top)
                          : static_cast<float>(row_terms(row, temperature, chain.top, scratch.maxima.data()).value());
  }
  std::size_t head = f.sampler.top_k != 0 ? f.sampler.top_k : std::max<std::size_t>(256, f.min_keep);
  if (needs_every_entry(f)) head = row.size();
  for (selection s = *scanned;; head *= 8) {
    const bool all = head >= row.size();
    s.first = 0;
    s.size = all ? collect_from(row, -largest_float, scratch.keys).size
                 : collect_largest(row, head, temperature, scratch.maxima, scratch.keys).size;
    chain.complete = all || f.sampler.top_k != 0;
    std::uint64_t* keys = scratch.keys.data();
    for (std::size_t i = 0; i < s.size; ++i) {
      const auto id = static_cast<std::uint32_t>(keys[i]);
      keys[i] = chain.key(row[id], id);
    }
    std::sort(keys, keys + s.size);
    chain.unpack(s);
    if (!chain.apply(s)) continue;
    finish_rule(
        s, f, [row](std::uint32_t id) { return row[id]; }, scratch);
    return s;
  }
}

/// Filters a sparse row: as the whole row with -infinity elsewhere.
/// @errors length_mismatch, empty, non_finite, duplicate, empty_kept_set, too_large (2^31 entries)
[[nodiscard]] inline result<selection> select(const sparse_logits& row, const filter_settings& f, float claim,
                                              token_scratch& scratch) {
  if (is_plain(f)) return select(row, f.sampler, claim, scratch);
  // The plain selection checks the row and ranks the claim.
  auto checked = select(row, sampler_settings{1, 0, 1}, claim, scratch);
  if (!checked) return checked;
  selection s = *checked;
  s.terms_ready = false;
  const float temperature = filter_divisor(f);
  rule_chain chain{f, scratch, fp::div(s.largest, temperature), 0, true};
  if (!fp::is_finite(chain.top) || !fp::is_finite(fp::div(s.largest, divisor(f.sampler))))
    return fail(errc::non_finite, "a logit divided by the temperature overflows");
  std::uint64_t* keys = token_scratch::room(scratch.keys, s.size);
  if (needs_row_total(f) && f.rule == filter_rule::llama_cpp) {
    for (std::size_t i = 0; i < s.size; ++i) keys[i] = std::uint64_t{scratch.ids[i]} << 32 | i;
    std::sort(keys, keys + s.size);
    chain.row_total = chain.sum_of(s.size, [&](std::size_t i) {
      return softmax_term(fp::div(scratch.logits[static_cast<std::uint32_t>(keys[i])], temperature), chain.top);
    });
  }
  for (std::size_t i = 0; i < s.size; ++i) keys[i] = chain.key(scratch.logits[i], scratch.ids[i]);
  std::sort(keys, keys + s.size);
  chain.unpack(s);
  if (needs_row_total(f) && f.rule != filter_rule::llama_cpp) {
    chain.compute_terms(s);
    chain.row_total = chain.exact_sum(s);
  }
  (void)chain.apply(s);
  if (row.ids.size() > longest_hashed_row) (void)index_ids(row.ids, scratch);  // its index may have been overwritten
  finish_rule(
      s, f, [&](std::uint32_t id) { return row.values[index_of(id, row.ids, scratch)]; }, scratch);
  return s;
}

}  // namespace detail

/// The settings that come with a rule. Deduced, so that a braced list still means `sampler_settings`.
template <class F>
concept filter_profile = std::same_as<F, filter_settings>;

/// `sample_token` under an engine's filters. @errors as with plain settings, and unsupported (an unknown rule)
/// Determinism: exact; how far that is the engine's own choice is said at each rule.
template <filter_profile F, noise_profile Noise = philox_noise>
[[nodiscard]] result<token_id> sample_token(std::span<const float> logits, const F& settings, noise_key key,
                                            std::uint32_t step, token_workspace& work, const Noise& noise = {}) {
  return detail::sample_row(logits, logits, settings, key, step, work, noise);
}
template <filter_profile F, noise_profile Noise = philox_noise>
[[nodiscard]] result<token_id> sample_token(const sparse_logits& logits, const F& settings, noise_key key,
                                            std::uint32_t step, token_workspace& work, const Noise& noise = {}) {
  return detail::sample_row(logits, logits.values, settings, key, step, work, noise);
}

/// `score_token` under an engine's filters. @errors as with plain settings, and unsupported (an unknown rule)
template <filter_profile F, noise_profile Noise = philox_noise>
[[nodiscard]] result<token_score> score_token(std::span<const float> logits, const F& settings, noise_key key,
                                              std::uint32_t step, token_id claimed, token_workspace& work,
                                              const Noise& noise = {}, score_options options = {}) {
  return detail::score_whole(logits, settings, key, step, claimed, work, noise, options);
}
template <filter_profile F, noise_profile Noise = philox_noise>
[[nodiscard]] result<token_score> score_token(const sparse_logits& logits, const F& settings, noise_key key,
                                              std::uint32_t step, token_id claimed, token_workspace& work,
                                              const Noise& noise = {}, score_options options = {}) {
  return detail::score_sparse(logits, settings, key, step, claimed, work, noise, options);
}

/// The ids that an engine's filters leave, ascending. @errors as `score_token`
template <filter_profile F>
[[nodiscard]] result<std::vector<token_id>> kept_tokens(std::span<const float> logits, const F& settings,
                                                        token_workspace& work) {
  return detail::kept_tokens(logits, logits, settings, work);
}
template <filter_profile F>
[[nodiscard]] result<std::vector<token_id>> kept_tokens(const sparse_logits& logits, const F& settings,
                                                        token_workspace& work) {
  return detail::kept_tokens(logits, {}, settings, work);
}

/// The candidates that an engine's filters leave, for samplers that are no race. With a filter on, they ascend by logit
/// over temperature and then in the rule's order of equals (vllm_sort: ascending ids; the others: descending ones).
/// @errors as `score_token`
template <filter_profile F>
[[nodiscard]] result<kept_view> kept_set(std::span<const float> logits, const F& settings, token_workspace& work) {
  if (auto valid = validate(settings); !valid) return valid.error();
  auto s = detail::select(logits, settings, detail::no_claim, work.scratch());
  if (!s) return s.error();
  if (s->whole_row) detail::collect_whole_row(*s, logits, detail::divisor(settings), work.scratch());
  return detail::view_of(*s, work.scratch());
}
template <filter_profile F>
[[nodiscard]] result<kept_view> kept_set(const sparse_logits& logits, const F& settings, token_workspace& work) {
  if (auto valid = validate(settings); !valid) return valid.error();
  const auto s = detail::select(logits, settings, detail::no_claim, work.scratch());
  if (!s) return s.error();
  return detail::view_of(*s, work.scratch());
}

}  // namespace assay::inline v0

#endif
