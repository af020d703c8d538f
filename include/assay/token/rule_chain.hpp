// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The steps of each engine's filters on sorted candidates, in float32 and in the engine's order.
#ifndef ASSAY_TOKEN_RULE_CHAIN_HPP
#define ASSAY_TOKEN_RULE_CHAIN_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <assay/core/fp.hpp>
#include <assay/random/elementary.hpp>
#include <assay/token/filter.hpp>
#include <assay/token/filter_settings.hpp>

namespace assay::inline v0::detail {

// Read from the engines' sources in 2026 (vLLM's topk_topp_triton.py, SGLang's sampler.py, llama.cpp's
// llama-sampler.cpp), not compared with running engines.
//
// In all rules e_i = exp(x_i - max x) is the double exponential rounded to float32, and every quotient and running sum
// is float32, one operation at a time. x_i = l_i / T, but l_i itself for descending_keep and for llama_cpp, whose
// temperature comes last. S is the sum of e_i: exact and rounded once, as GPUs' orders of summation are not specified;
// llama_cpp: one by one. Engines' own exp and log differ from ours by an ulp at times, so borders closer than that are
// not theirs for sure.
//
// vllm_sort (token/filter.hpp) with min-p: before top-k, entries with p_i < p_max * min_p go.
//
// vllm_triton: min-p as above. top-k: exactly k; among equals of the k-th the lower ids stay. top-p, descending: the
//   smallest number of distinct probabilities whose sum c reaches p; of the n equals of the last one, floor((c - p) /
//   p_i) go, the higher ids, at least one stays. Not exact: the kernel searches for the border at most 18 times and
//   then takes the middle of the interval; it takes probabilities closer than 1e-9 for equal; and it finds the equals
//   to be dropped through exp and log, so that often all of them stay. Its sums are those of tiles.
//
// sglang: p_i = e_i / S over the whole row; c: running sums of all p_i, descending, lower ids first. Entry j (from 0)
//   goes if j >= k, or c_j - p_j > p. Top-k does not renormalise. Then entries with p_i < p_max * min_p go. Not exact:
//   torch's sort is not stable and its GPU cumsum adds in another order. With a seed SGLang refuses min-p. Sparse rows
//   count only what they list towards S.
//
// llama_cpp: top-k: exactly k (equals in an order that std::partial_sort leaves open; here lower ids stay). typical, if
//   below 1: entries sorted by |-ln p_i - H|, kept up to the first whose running sum exceeds typical_p. top-p: kept up
//   to the first whose running sum reaches p. min-p: l_i >= l_max + ln(min_p). min_keep bounds all three from below. S
//   runs over the candidates in the order in which they lie: ids if nothing sorted them, else descending, after typical
//   in its order. Entries with p_i = 0 under typical make llama.cpp's H a NaN; here they are dropped.
//
// descending_keep: top-k exactly k; running sums c of p_i over what is left, descending; entries with c <= p stay, and
//   the first.

[[nodiscard]] inline bool tempers_last(const filter_settings& f) noexcept {
  return f.rule == filter_rule::descending_keep || (f.rule == filter_rule::llama_cpp && !f.temperature_first);
}
/// What logits are divided by before the filters see them.
[[nodiscard]] inline float filter_divisor(const filter_settings& f) noexcept {
  return tempers_last(f) ? 1.0f : divisor(f.sampler);
}
[[nodiscard]] inline bool needs_every_entry(const filter_settings& f) noexcept {
  return f.sampler.top_k == 0 && f.typical_p < 1;
}
/// Whether the sum over all entries enters the rule, not only that over what an earlier filter left.
[[nodiscard]] inline bool needs_row_total(const filter_settings& f) noexcept {
  const bool top_p = f.sampler.top_p < 1;
  if (f.rule == filter_rule::sglang) return top_p || f.min_p > 0;
  if (f.rule == filter_rule::llama_cpp) return f.sampler.top_k == 0 && f.typical_p >= 1 && top_p;
  return f.min_p > 0 || (f.sampler.top_k == 0 && top_p);
}

/// Candidates ascend in the workspace; position j counts from the top.
struct rule_chain {
  const filter_settings& f;
  token_scratch& scratch;
  float top;  ///< the largest x of the row
  float row_total;  ///< S over the row, if the rule needs it
  bool complete;  ///< no entry below the candidates can be kept

  /// Sorts by x and then in the rule's order of equals.
  [[nodiscard]] std::uint64_t key(float logit, std::uint32_t id) const noexcept {
    return sort_key(fp::div(logit, filter_divisor(f)), f.rule == filter_rule::vllm_sort ? id : ~id);
  }
  void unpack(const selection& s) const {
    unpack_keys(s, scratch);
    if (f.rule == filter_rule::vllm_sort) return;
    for (std::size_t i = s.first; i < s.size; ++i) scratch.ids[i] = ~scratch.ids[i];
  }

  /// S of terms in the order given, one by one.
  template <class TermAt>
  [[nodiscard]] static float sum_of(std::size_t n, TermAt term_at) noexcept {
    float sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum = fp::add(sum, term_at(i));
    return sum;
  }
  /// S of the candidates, exact and rounded. @pre their terms are in place
  [[nodiscard]] float exact_sum(const selection& s) const noexcept {
    term_sum sum;
    add_terms(sum, scratch.terms.data() + s.first, s.count());
    return static_cast<float>(sum.value());
  }
  void compute_terms(const selection& s) const {
    softmax_terms(scratch.scaled.data(), s.size, top, token_scratch::room(scratch.terms, s.size));
  }

  /// Applies all filters to the candidates. @returns false if candidates that were not collected could be kept too
  [[nodiscard]] bool apply(selection& s) {
    float total = row_total;
    if (f.rule == filter_rule::llama_cpp) return apply_llama(s, total);
    compute_terms(s);
    const bool renormalises = f.rule != filter_rule::sglang;
    bool narrowed = f.sampler.top_k != 0;
    if (renormalises && f.min_p > 0) {
      if (!drop_improbable(s, total)) return false;
      narrowed = true;
    }
    keep_top_k(s);
    if (renormalises && narrowed) total = exact_sum(s);
    if (f.sampler.top_p < 1 && !apply_top_p_rule(s, total)) return false;
    return renormalises || f.min_p == 0 || drop_improbable(s, total);
  }

 private:
  [[nodiscard]] float probability(std::size_t i, float total) const noexcept {
    return fp::div(scratch.terms[i], total);
  }

  void keep_top_k(selection& s) const noexcept {
    if (f.sampler.top_k == 0 || f.sampler.top_k >= s.count()) return;
    s.first = s.size - f.sampler.top_k;
    if (f.rule != filter_rule::vllm_sort) return;
    while (s.first > 0 && scratch.scaled[s.first - 1] == scratch.scaled[s.first]) --s.first;
  }

  /// min-p on probabilities. @returns whether its border lies among the candidates
  [[nodiscard]] bool drop_improbable(selection& s, float total) const noexcept {
    const float least = fp::mul(probability(s.size - 1, total), f.min_p);
    std::size_t at = s.size - 1;
    while (at > s.first && !(probability(at - 1, total) < least)) --at;
    const bool inside = at > s.first || complete;
    s.first = at;
    return inside;
  }

  [[nodiscard]] bool apply_top_p_rule(selection& s, float total) {
    if (f.rule == filter_rule::vllm_sort) {
      float running = 0;
      const float dropped = fp::sub(1.0f, f.sampler.top_p);
      for (; s.first + 1 < s.size; ++s.first) {
        running = fp::add(running, probability(s.first, total));
        if (!(running <= dropped)) break;
      }
      return true;
    }
    float sum = 0;
    for (std::size_t i = s.size; i-- > s.first;) {
      const float p = probability(i, total);
      sum = fp::add(sum, p);
      if (f.rule == filter_rule::vllm_triton) {
        if (!(sum >= f.sampler.top_p)) continue;
        return drop_equals(s, i, p, total, sum);
      }
      const bool drop = f.rule == filter_rule::sglang ? fp::sub(sum, p) > f.sampler.top_p : sum > f.sampler.top_p;
      if (!drop || i + 1 == s.size) continue;
      s.first = i + 1;
      return true;
    }
    return complete;
  }

  /// vllm_triton: the probability p at i takes the sum to the goal; of its equals as many go as the excess has room
  /// for.
  [[nodiscard]] bool drop_equals(selection& s, std::size_t i, float p, float total, float sum) const noexcept {
    std::size_t end = i + 1, from = i;
    while (end < s.size && probability(end, total) == p) ++end;
    while (from > s.first && probability(from - 1, total) == p) {
      --from;
      sum = fp::add(sum, p);
    }
    if (from == s.first && !complete && s.first == 0) return false;  // more equals may follow
    const auto excess = static_cast<double>(fp::div(fp::sub(sum, f.sampler.top_p), p));
    const auto room = excess < static_cast<double>(end - from) ? static_cast<std::size_t>(excess) : end - from;
    s.first = from + std::min(room, end - from - 1);
    return true;
  }

  // llama.cpp, below.

  [[nodiscard]] bool apply_llama(selection& s, float total) {
    keep_top_k(s);
    if (f.typical_p < 1) total = apply_typical(s);
    if (f.sampler.top_p < 1) {
      compute_terms(s);
      const auto term = [&](std::size_t j) { return scratch.terms[s.size - 1 - j]; };
      if (f.sampler.top_k != 0 && f.typical_p >= 1) total = sum_of(s.count(), term);
      float sum = 0;
      std::size_t j = 0;
      bool reached = false;
      for (; j < s.count() && !reached; ++j) {
        sum = fp::add(sum, fp::div(term(j), total));
        reached = sum >= f.sampler.top_p && j + 1 >= f.min_keep;
      }
      if (!reached && !complete) return false;
      s.first = s.size - j;
      complete = true;
    }
    if (f.min_p > 0) {
      const float least = fp::add(scratch.scaled[s.size - 1], log_of(f.min_p));
      std::size_t j = 1;
      while (j < s.count() && !(scratch.scaled[s.size - 1 - j] < least && j >= f.min_keep)) ++j;
      if (j == s.count() && !complete) return false;
      s.first = s.size - j;
    }
    return true;
  }

  [[nodiscard]] static float log_of(float v) noexcept { return static_cast<float>(fp::log(static_cast<double>(v))); }

  /// Typical-p; leaves the survivors ascending, and returns the sum over them in llama.cpp's order.
  float apply_typical(selection& s) {
    compute_terms(s);
    float* p = scratch.terms.data();
    const std::size_t last = s.size - 1;
    const float total = sum_of(s.count(), [&](std::size_t j) { return p[last - j]; });
    float entropy = 0;
    for (std::size_t i = s.size; i-- > s.first;) {
      p[i] = fp::div(p[i], total);
      if (p[i] > 0) entropy = fp::add(entropy, fp::mul(-p[i], log_of(p[i])));
    }
    std::uint64_t* order = token_scratch::room(scratch.spare, s.count());
    std::size_t scored = 0;
    for (std::size_t j = 0; j < s.count() && p[last - j] > 0; ++j) {
      const float off = fp::sub(-log_of(p[last - j]), entropy);
      order[scored++] = sort_key(off < 0 ? -off : off, static_cast<std::uint32_t>(j));
    }
    std::sort(order, order + scored);
    std::size_t kept = 0;
    float sum = 0;
    while (kept < scored) {
      sum = fp::add(sum, p[last - static_cast<std::uint32_t>(order[kept++])]);
      if (sum > f.typical_p && kept >= f.min_keep) break;
    }
    return compact(s, order, kept);
  }

  float compact(selection& s, const std::uint64_t* order, std::size_t kept) {
    std::uint64_t* keys = scratch.keys.data();  // holds at least the candidates
    top = minus_infinity;
    for (std::size_t j = 0; j < kept; ++j) {
      const std::size_t at = s.size - 1 - static_cast<std::uint32_t>(order[j]);
      keys[j] = sort_key(scratch.scaled[at], ~scratch.ids[at]);
      top = std::max(top, scratch.scaled[at]);
    }
    const float total = sum_of(kept, [&](std::size_t j) { return softmax_term(key_value(keys[j]), top); });
    std::sort(keys, keys + kept);
    s.first = 0;
    s.size = kept;
    unpack(s);
    return total;
  }
};

}  // namespace assay::inline v0::detail

#endif
