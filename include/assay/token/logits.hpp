// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rows of logits, whole or reduced to the largest entries, and the reduction.
#ifndef ASSAY_TOKEN_LOGITS_HPP
#define ASSAY_TOKEN_LOGITS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <assay/core/ids.hpp>
#include <assay/core/result.hpp>
#include <assay/token/row_scan.hpp>

namespace assay::inline v0 {

/// Some entries of a row of logits; every other entry counts as -infinity. Whole rows are `std::span<const float>`.
/// Scores equal those of the whole row if top-k filtering is on and the entries include the k largest (and their ties).
struct sparse_logits {
  std::span<const token_id> ids;  ///< all different, any order; descending values are fastest
  std::span<const float> values;  ///< no NaN, no +infinity; -infinity means impossible
};

/// Owns the entries of a reduced row.
struct recorded_logits {
  std::vector<token_id> ids;
  std::vector<float> values;

  [[nodiscard]] sparse_logits view() const noexcept { return {ids, values}; }
};

/// The `n` largest entries, descending, lower ids first among equals; -infinity is left out.
/// Entries equal to the last one are all kept, as top-k filtering keeps them: the result may be longer than `n`.
/// @errors empty, non_finite (`where`: the index), invalid_settings (n = 0). Complexity: one pass and O(n log n).
[[nodiscard]] inline result<recorded_logits> top_logits(std::span<const float> logits, std::uint32_t n) {
  if (logits.empty()) return fail(errc::empty, "a row of logits without entries");
  if (n == 0) return fail(errc::invalid_settings, "no logits asked for");
  std::vector<std::uint64_t> keys;
  std::vector<float> maxima;
  if (detail::scan_blocks(logits, detail::no_claim, maxima).bad) return detail::non_finite_logit(logits);
  const detail::row_collection found = detail::collect_largest(logits, n, 1.0f, maxima, keys);
  std::sort(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(found.size),
            [](std::uint64_t a, std::uint64_t b) { return a >> 32 != b >> 32 ? a >> 32 > b >> 32 : a < b; });
  recorded_logits out;
  out.ids.reserve(found.size);
  out.values.reserve(found.size);
  for (std::size_t i = 0; i < found.size; ++i) {
    out.ids.push_back(token_id{static_cast<std::uint32_t>(keys[i])});
    out.values.push_back(logits[static_cast<std::uint32_t>(keys[i])]);
  }
  return out;
}

}  // namespace assay::inline v0

#endif
