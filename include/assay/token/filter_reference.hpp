// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The filters of other engines the obvious way, each as its engine writes it. What the fast paths are tested against.
#ifndef ASSAY_TOKEN_FILTER_REFERENCE_HPP
#define ASSAY_TOKEN_FILTER_REFERENCE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <assay/core/fp.hpp>
#include <assay/random/elementary.hpp>
#include <assay/token/filter_settings.hpp>
#include <assay/token/reference.hpp>
#include <assay/token/softmax.hpp>

namespace assay::inline v0 {

namespace detail {

struct ref_token {
  std::uint32_t id;
  float x, p;
};
using ref_list = std::vector<ref_token>;

inline bool ref_before(const ref_token& a, const ref_token& b) { return a.x != b.x ? a.x > b.x : a.id < b.id; }

/// p = softmax over the list as it lies. `in_order`: sums in float32 one by one, else exactly.
inline void ref_softmax(ref_list& list, bool in_order) {
  float top = list.front().x, single = 0;
  for (const ref_token& t : list) top = std::max(top, t.x);
  term_sum exact;
  for (ref_token& t : list) {
    t.p = softmax_term(t.x, top);
    single = fp::add(single, t.p);
    exact.add(t.p);
  }
  for (ref_token& t : list) t.p = fp::div(t.p, in_order ? single : static_cast<float>(exact.value()));
}

inline void ref_cut(ref_list& list, std::size_t n) { list.resize(std::min(n, list.size())); }

inline void ref_min_p(ref_list& list, float min_p) {
  const float least = fp::mul(list.front().p, min_p);
  list.erase(std::find_if(list.begin(), list.end(), [&](const ref_token& t) { return t.p < least; }), list.end());
}

/// @pre the list descends
inline void ref_vllm(ref_list& list, const filter_settings& f) {
  const bool ties = f.rule == filter_rule::vllm_sort;
  const std::uint32_t k = f.sampler.top_k;
  if (f.min_p > 0) {
    ref_softmax(list, false);
    ref_min_p(list, f.min_p);
  }
  if (k != 0 && k < list.size()) {
    std::size_t n = k;
    while (ties && n < list.size() && list[n].x == list[k - 1].x) ++n;
    ref_cut(list, n);
  }
  if (f.sampler.top_p >= 1) return;
  ref_softmax(list, false);
  float sum = 0;
  if (ties) {
    std::sort(list.begin(), list.end(), [](auto& a, auto& b) { return a.x != b.x ? a.x < b.x : a.id < b.id; });
    std::size_t n = 0;
    for (; n + 1 < list.size(); ++n)
      if (sum = fp::add(sum, list[n].p); sum > fp::sub(1.0f, f.sampler.top_p)) break;
    list.erase(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(n));
    return;
  }
  for (std::size_t from = 0, end = 0; from < list.size(); from = end) {
    for (end = from; end < list.size() && list[end].p == list[from].p; ++end) sum = fp::add(sum, list[end].p);
    if (!(sum >= f.sampler.top_p)) continue;
    std::size_t drop = 0;
    const float excess = fp::div(fp::sub(sum, f.sampler.top_p), list[from].p);
    while (drop + 1 < end - from && static_cast<float>(drop + 1) <= excess) ++drop;
    return ref_cut(list, end - drop);
  }
}

/// @pre the list descends
inline void ref_sglang(ref_list& list, const filter_settings& f) {
  ref_softmax(list, false);
  float sum = 0;
  std::size_t j = 0;
  ref_list kept;
  for (const ref_token& t : list) {
    sum = fp::add(sum, t.p);
    const bool beyond = f.sampler.top_k != 0 && j >= f.sampler.top_k;
    if (!beyond && (f.sampler.top_p >= 1 || !(fp::sub(sum, t.p) > f.sampler.top_p))) kept.push_back(t);
    ++j;
  }
  list = kept;
  if (f.min_p > 0) ref_min_p(list, f.min_p);
}

inline float ref_log(float v) { return static_cast<float>(fp::log(static_cast<double>(v))); }

inline void ref_typical(ref_list& list, const filter_settings& f) {
  std::sort(list.begin(), list.end(), ref_before);
  ref_softmax(list, true);
  list.erase(std::find_if(list.begin(), list.end(), [](const ref_token& t) { return t.p == 0; }), list.end());
  float entropy = 0;
  for (const ref_token& t : list) entropy = fp::add(entropy, fp::mul(-t.p, ref_log(t.p)));
  std::stable_sort(list.begin(), list.end(), [&](const ref_token& a, const ref_token& b) {
    const float x = fp::sub(-ref_log(a.p), entropy), y = fp::sub(-ref_log(b.p), entropy);
    return std::max(x, -x) < std::max(y, -y);
  });
  float sum = 0;
  for (std::size_t i = 0; i < list.size(); ++i) {
    sum = fp::add(sum, list[i].p);
    if (sum > f.typical_p && i + 1 >= f.min_keep) return ref_cut(list, i + 1);
  }
}

/// @pre the list ascends by id, as the vocabulary does
inline void ref_llama(ref_list& list, const filter_settings& f) {
  if (f.sampler.top_k != 0) {
    std::sort(list.begin(), list.end(), ref_before);
    ref_cut(list, f.sampler.top_k);
  }
  if (f.typical_p < 1) ref_typical(list, f);
  if (f.sampler.top_p < 1) {
    ref_softmax(list, true);
    std::sort(list.begin(), list.end(), ref_before);
    float sum = 0;
    for (std::size_t i = 0; i < list.size(); ++i) {
      sum = fp::add(sum, list[i].p);
      if (!(sum >= f.sampler.top_p && i + 1 >= f.min_keep)) continue;
      ref_cut(list, i + 1);
      break;
    }
  }
  if (f.min_p > 0) {
    std::sort(list.begin(), list.end(), ref_before);
    const float least = fp::add(list.front().x, ref_log(f.min_p));
    std::size_t i = 1;
    while (i < list.size() && !(list[i].x < least && i >= f.min_keep)) ++i;
    ref_cut(list, i);
  }
}

/// @pre the list descends
inline void ref_descending(ref_list& list, const filter_settings& f) {
  if (f.sampler.top_k != 0) ref_cut(list, f.sampler.top_k);
  if (f.sampler.top_p >= 1) return;
  ref_softmax(list, false);
  float sum = 0;
  for (std::size_t i = 0; i < list.size(); ++i) {
    sum = fp::add(sum, list[i].p);
    if (sum > f.sampler.top_p) return ref_cut(list, std::max<std::size_t>(i, 1));
  }
}

}  // namespace detail

/// Which entries of a row an engine's filters keep. @pre valid settings; no NaN or +infinity; some entry is finite
[[nodiscard]] inline std::vector<bool> keep_ref(std::span<const float> logits, const filter_settings& f) {
  const bool raw = f.greedy() || f.rule == filter_rule::descending_keep ||
                   (f.rule == filter_rule::llama_cpp && !f.temperature_first);
  detail::ref_list list;
  for (std::uint32_t i = 0; i < logits.size(); ++i)
    if (logits[i] > -std::numeric_limits<float>::infinity())
      list.push_back({i, fp::div(logits[i], raw ? 1.0f : f.sampler.temperature), 0});
  if (f.rule != filter_rule::llama_cpp) std::sort(list.begin(), list.end(), detail::ref_before);
  switch (f.rule) {
    case filter_rule::vllm_sort:
    case filter_rule::vllm_triton: detail::ref_vllm(list, f); break;
    case filter_rule::sglang: detail::ref_sglang(list, f); break;
    case filter_rule::llama_cpp: detail::ref_llama(list, f); break;
    case filter_rule::descending_keep: detail::ref_descending(list, f); break;
  }
  std::vector<bool> kept(logits.size(), false);
  for (const detail::ref_token& t : list) kept[t.id] = true;
  return kept;
}

}  // namespace assay::inline v0

#endif
