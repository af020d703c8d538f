// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Temperature, top-k and top-p as engines compute them in float32: which tokens the sampler could have chosen.
#ifndef ASSAY_TOKEN_FILTER_HPP
#define ASSAY_TOKEN_FILTER_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <assay/core/fp.hpp>
#include <assay/core/ids.hpp>
#include <assay/core/result.hpp>
#include <assay/token/logits.hpp>
#include <assay/token/row_scan.hpp>
#include <assay/token/row_softmax.hpp>
#include <assay/token/settings.hpp>
#include <assay/token/softmax.hpp>
#include <assay/token/workspace.hpp>

namespace assay::inline v0 {

// The rule (vLLM's native sampler), in float32:
//   x_i = l_i / T; at temperature 0, x_i = l_i.
//   top-k: entries below the k-th largest x are dropped; all that tie with it stay, so more than k can.
//   top-p: e_i = exp(x_i - max x), p_i = e_i / (sum of e); in ascending order of (x, id), running sums c_i; entries
//   with c_i <= 1 - p are dropped, the last one never. So among equals at the border the larger ids stay.
// Where implementations of the rule differ in the last bit, ours is: e_i is the double exponential rounded to float32,
// the sum is exact in fixed point and rounded to float32, p_i is a float32 quotient, c_i is summed in float32 one by
// one.

namespace detail {

/// Candidates in the workspace, ascending by (x, id): entries [first, size) of its arrays are kept.
struct selection {
  std::size_t first = 0;
  std::size_t size = 0;
  bool terms_ready = false;  ///< the softmax terms of the kept candidates are in place
  bool ranked = false;  ///< the engine draws from the row in descending order: see `ranked_noise_profile`
  bool whole_row = false;  ///< no filter on a whole row: nothing was collected, all finite entries are kept
  float scaled_max = 0;  ///< the largest x
  float largest = 0;  ///< the largest logit, kept or not, and the lowest id that has it
  std::uint32_t largest_id = 0;
  std::uint64_t greater = 0;  ///< entries of the row above the claimed logit

  [[nodiscard]] std::size_t count() const noexcept { return size - first; }
};

[[nodiscard]] inline float divisor(const sampler_settings& s) noexcept { return s.greedy() ? 1.0f : s.temperature; }

/// Sorts keys ascending by their upper half; equal ones keep their order. Complexity: O(n), four byte passes.
inline void radix_sort_by_value(std::uint64_t* keys, std::size_t n, std::uint64_t* spare) noexcept {
  for (int shift = 32; shift < 64; shift += 8) {
    std::array<std::size_t, 257> start{};
    for (std::size_t i = 0; i < n; ++i) ++start[(keys[i] >> shift & 255) + 1];
    for (std::size_t d = 1; d < 257; ++d) start[d] += start[d - 1];
    for (std::size_t i = 0; i < n; ++i) spare[start[keys[i] >> shift & 255]++] = keys[i];
    std::swap(keys, spare);  // an even number of passes ends where it began
  }
}

/// Computes the softmax terms of the candidates.
inline void compute_terms(const selection& s, token_scratch& scratch) {
  float* terms = token_scratch::room(scratch.terms, s.size);
  softmax_terms(scratch.scaled.data() + s.first, s.count(), s.scaled_max, terms + s.first);
}

/// Drops the head of the sorted candidates by the top-p rule. @pre the scaled values are in place and not empty
inline void apply_top_p(selection& s, float top_p, token_scratch& scratch) {
  if (top_p >= 1.0f) return;
  compute_terms(s, scratch);
  s.terms_ready = true;
  const float* terms = scratch.terms.data();
  term_sum sum;
  sum.add(terms + s.first, s.count());
  const float total = static_cast<float>(sum.value()), dropped = fp::sub(1.0f, top_p);
  float running = 0;
  while (s.first + 1 < s.size) {
    running = fp::add(running, fp::div(terms[s.first], total));
    if (!(running <= dropped)) break;
    ++s.first;
  }
}

/// Reads sorted keys of (x, id) back into the arrays of ids and scaled values.
inline void unpack_keys(const selection& s, token_scratch& scratch) {
  std::uint32_t* ids = token_scratch::room(scratch.ids, s.size);
  float* scaled = token_scratch::room(scratch.scaled, s.size);
  for (std::size_t i = s.first; i < s.size; ++i) {
    ids[i] = static_cast<std::uint32_t>(scratch.keys[i]);
    scaled[i] = key_value(scratch.keys[i]);
  }
}

/// Turns keys of (logit, id) into sorted keys of (logit / T, id).
inline void scale_and_sort(std::size_t n, bool ids_ascend, float temperature, token_scratch& scratch) {
  std::uint64_t* keys = scratch.keys.data();
  if (temperature != 1.0f)
    for (std::size_t i = 0; i < n; ++i)
      keys[i] = sort_key(fp::div(key_value(keys[i]), temperature), static_cast<std::uint32_t>(keys[i]));
  if (n < 1024 || !ids_ascend) std::sort(keys, keys + n);
  else radix_sort_by_value(keys, n, token_scratch::room(scratch.spare, n));
}

/// The pass that every use of a whole row starts with: its maximum, and that it can be used at all.
/// @errors empty, non_finite, empty_kept_set
[[nodiscard]] inline result<selection> scan_row(std::span<const float> row, float temperature, float claim,
                                                token_scratch& scratch) {
  if (row.empty()) return fail(errc::empty, "a row of logits without entries");
  const row_maximum m = scan_blocks(row, claim, scratch.maxima);
  if (m.bad) return non_finite_logit(row);
  if (m.value == minus_infinity) return fail(errc::empty_kept_set, "every logit is -infinity");
  selection s;
  s.greater = m.greater;
  s.largest = m.value;
  s.largest_id = first_largest(row, m);
  s.scaled_max = fp::div(m.value, temperature);
  if (!fp::is_finite(s.scaled_max)) return fail(errc::non_finite, "a logit divided by the temperature overflows");
  return s;
}

/// Top-p on a whole row. Only what is kept, and what shares the probability at the border, is collected and sorted.
inline void select_nucleus(selection& s, std::span<const float> row, float temperature, float top_p,
                           token_scratch& scratch) {
  const std::size_t n = row.size();
  float* p = token_scratch::room(scratch.terms, n);
  const auto total = static_cast<float>(row_terms(row, temperature, s.scaled_max, scratch.maxima.data(), p).value());
  divide_all(p, n, total, p);
  float* space = token_scratch::room(scratch.scaled, n);
  std::uint64_t* counts = token_scratch::room(scratch.spare, bucket_count + 1);
  const nucleus_border border = find_border(p, n, fp::sub(1.0f, top_p), space, counts);
  const float least = border.crossed ? border.probability : fp::div(1.0f, total);
  s.size = collect_from({p, n}, least, scratch.keys).size;
  std::uint64_t* keys = scratch.keys.data();
  for (std::size_t i = 0; i < s.size; ++i) {
    const auto id = static_cast<std::uint32_t>(keys[i]);
    keys[i] = sort_key(row[id], id);
  }
  scale_and_sort(s.size, true, temperature, scratch);
  s.first = std::min(border.crossed ? border.dropped_equals : s.size, s.size - 1);
}

/// Filters a whole row. `claim` is a logit above which entries are counted.
/// @errors empty, non_finite, empty_kept_set
[[nodiscard]] inline result<selection> select(std::span<const float> row, const sampler_settings& settings, float claim,
                                              token_scratch& scratch) {
  const float temperature = divisor(settings);
  const bool by_count = settings.top_k != 0 && settings.top_k < row.size();
  auto scanned = scan_row(row, temperature, claim, scratch);
  if (!scanned) return scanned;
  selection& s = *scanned;
  if (!by_count) {
    s.whole_row = settings.top_p >= 1.0f;
    if (s.whole_row) return scanned;
    select_nucleus(s, row, temperature, settings.top_p, scratch);
    unpack_keys(s, scratch);
  } else {
    s.size = collect_largest(row, settings.top_k, temperature, scratch.maxima, scratch.keys).size;
    scale_and_sort(s.size, false, temperature, scratch);
    unpack_keys(s, scratch);
    apply_top_p(s, settings.top_p, scratch);
  }
  float* logits = token_scratch::room(scratch.logits, s.size);
  for (std::size_t i = s.first; i < s.size; ++i) logits[i] = row[scratch.ids[i]];
  return scanned;
}

/// Longer sparse rows are indexed by sorting: ids chosen to collide could make a long hash table quadratic.
inline constexpr std::size_t longest_hashed_row = 512;

/// Indexes the ids of a sparse row in the workspace. @errors duplicate (`where`: the later index)
[[nodiscard]] inline result<void> index_ids(std::span<const token_id> ids, token_scratch& scratch) {
  if (ids.size() > longest_hashed_row) {
    std::uint64_t* sorted = token_scratch::room(scratch.spare, ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i) sorted[i] = std::uint64_t{ids[i].value} << 32 | i;
    std::sort(sorted, sorted + ids.size());
    for (std::size_t i = 1; i < ids.size(); ++i)
      if (sorted[i] >> 32 == sorted[i - 1] >> 32)
        return fail(errc::duplicate, "a token id is listed twice", static_cast<std::uint32_t>(sorted[i]));
    return {};
  }
  if (scratch.table.empty() || ++scratch.stamp == 0) {
    scratch.table.assign(4 * longest_hashed_row, 0);
    scratch.stamp = 1;
  }
  const std::size_t mask = scratch.table.size() - 1;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    std::size_t at = (ids[i].value * 0x9E3779B1u >> 7) & mask;
    for (; scratch.table[at] >> 32 == scratch.stamp; at = (at + 1) & mask)
      if (ids[static_cast<std::uint32_t>(scratch.table[at])] == ids[i])
        return fail(errc::duplicate, "a token id is listed twice", i);
    scratch.table[at] = std::uint64_t{scratch.stamp} << 32 | i;
  }
  return {};
}

/// The index at which an id is listed. @pre it is listed and `index_ids` was called with these ids
[[nodiscard]] inline std::size_t index_of(std::uint32_t id, std::span<const token_id> ids,
                                          const token_scratch& scratch) noexcept {
  if (ids.size() > longest_hashed_row) {
    const std::uint64_t* sorted = scratch.spare.data();
    return static_cast<std::uint32_t>(*std::lower_bound(sorted, sorted + ids.size(), std::uint64_t{id} << 32));
  }
  const std::size_t mask = scratch.table.size() - 1;
  std::size_t at = (id * 0x9E3779B1u >> 7) & mask;
  while (ids[static_cast<std::uint32_t>(scratch.table[at])].value != id) at = (at + 1) & mask;
  return static_cast<std::uint32_t>(scratch.table[at]);
}

/// Filters a sparse row. @errors length_mismatch, empty, non_finite, duplicate, empty_kept_set, too_large (2^31
/// entries)
[[nodiscard]] inline result<selection> select(const sparse_logits& row, const sampler_settings& settings, float claim,
                                              token_scratch& scratch) {
  const std::size_t n = row.ids.size();
  if (row.values.size() != n)
    return fail(errc::length_mismatch, "a sparse row's ids and values differ in number", row.values.size());
  if (n == 0) return fail(errc::empty, "a row of logits without entries");
  if (n >= std::size_t{1} << 31) return fail(errc::too_large, "a sparse row of 2^31 entries or more");
  if (auto unique = index_ids(row.ids, scratch); !unique) return unique.error();
  const float temperature = divisor(settings);
  std::uint64_t* keys = token_scratch::room(scratch.keys, n);
  std::uint32_t* ids = token_scratch::room(scratch.ids, n);
  float* logits = token_scratch::room(scratch.logits, n);
  float* scaled = token_scratch::room(scratch.scaled, n);
  selection s;
  bool sorted = true, bad = false;
  std::uint64_t previous = 0;
  for (std::size_t i = n; i-- > 0;) {  // recorded rows descend: backwards, they need no sorting
    const float v = row.values[i];
    bad |= !(v <= largest_float);
    s.greater += v > claim;
    if (v == minus_infinity) continue;
    ids[s.size] = row.ids[i].value;
    logits[s.size] = v;
    scaled[s.size] = fp::add(fp::div(v, temperature), 0.0f);
    keys[s.size] = sort_key(scaled[s.size], ids[s.size]);
    sorted &= keys[s.size] >= previous;
    if (s.size == 0 || v > s.largest || (v == s.largest && ids[s.size] < s.largest_id)) {
      s.largest = v;
      s.largest_id = ids[s.size];
    }
    previous = keys[s.size++];
  }
  if (bad) return non_finite_logit(row.values);
  if (s.size == 0) return fail(errc::empty_kept_set, "every logit is -infinity");
  if (!sorted) {
    std::sort(keys, keys + s.size);
    unpack_keys(s, scratch);
    for (std::size_t i = 0; i < s.size; ++i) logits[i] = row.values[index_of(ids[i], row.ids, scratch)];
  }
  s.scaled_max = scaled[s.size - 1];
  if (!fp::is_finite(s.scaled_max)) return fail(errc::non_finite, "a logit divided by the temperature overflows");
  if (settings.top_k != 0 && settings.top_k < s.size) {
    s.first = s.size - settings.top_k;
    while (s.first > 0 && scaled[s.first - 1] == scaled[s.first]) --s.first;
  }
  apply_top_p(s, settings.top_p, scratch);
  return s;
}

}  // namespace detail

namespace detail {
template <class Row, class Settings>
[[nodiscard]] result<std::vector<token_id>> kept_tokens(const Row& row, std::span<const float> whole,
                                                        const Settings& settings, token_workspace& work) {
  if (auto valid = validate(settings); !valid) return valid.error();
  auto selected = select(row, settings, no_claim, work.scratch());
  if (!selected) return selected.error();
  std::vector<token_id> out;
  for (std::size_t i = selected->first; i < selected->size; ++i) out.push_back(token_id{work.scratch().ids[i]});
  for (std::size_t i = 0; selected->whole_row && i < whole.size(); ++i)
    if (whole[i] > minus_infinity) out.push_back(token_id{static_cast<std::uint32_t>(i)});
  std::sort(out.begin(), out.end());
  return out;
}
}  // namespace detail

/// The ids that the filters leave, ascending. For inspection and tests: allocates its result.
/// @errors invalid_settings, empty, non_finite, empty_kept_set, and for sparse rows length_mismatch, duplicate,
/// too_large
[[nodiscard]] inline result<std::vector<token_id>>
kept_tokens(std::span<const float> logits, const sampler_settings& settings, token_workspace& work) {
  return detail::kept_tokens(logits, logits, settings, work);
}
[[nodiscard]] inline result<std::vector<token_id>>
kept_tokens(const sparse_logits& logits, const sampler_settings& settings, token_workspace& work) {
  return detail::kept_tokens(logits, {}, settings, work);
}

}  // namespace assay::inline v0

#endif
