// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The candidates that the filters leave, with their logits: for samplers that are no race, and for statistics.
#ifndef ASSAY_TOKEN_KEPT_SET_HPP
#define ASSAY_TOKEN_KEPT_SET_HPP

#include <cstddef>
#include <cstdint>
#include <span>

#include <assay/core/fp.hpp>
#include <assay/core/result.hpp>
#include <assay/token/filter.hpp>
#include <assay/token/logits.hpp>
#include <assay/token/settings.hpp>
#include <assay/token/workspace.hpp>

namespace assay::inline v0 {

/// Parallel arrays of the kept candidates inside the workspace: valid until its next use.
struct kept_view {
  std::span<const std::uint32_t> ids;
  std::span<const float> logits;  ///< as the row has them
  std::span<const float> scaled;  ///< divided by the temperature; at temperature 0 the logits themselves
  float scaled_max = 0;           ///< the largest of `scaled`
};

namespace detail {

/// Gathers a row that no filter touched, in vocabulary order.
inline void collect_whole_row(selection& s, std::span<const float> row, float temperature, token_scratch& scratch) {
  std::uint32_t* ids = token_scratch::room(scratch.ids, row.size());
  float* logits = token_scratch::room(scratch.logits, row.size());
  float* scaled = token_scratch::room(scratch.scaled, row.size());
  s.whole_row = false;
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (!(row[i] > minus_infinity)) continue;
    ids[s.size] = static_cast<std::uint32_t>(i);
    logits[s.size] = row[i];
    scaled[s.size++] = fp::add(fp::div(row[i], temperature), 0.0f);
  }
}

[[nodiscard]] inline kept_view view_of(const selection& s, const token_scratch& scratch) {
  return {{scratch.ids.data() + s.first, s.count()},
          {scratch.logits.data() + s.first, s.count()},
          {scratch.scaled.data() + s.first, s.count()},
          s.scaled_max};
}

}  // namespace detail

/// Filters a row. Candidates ascend by (logit over temperature, id); those of a whole row without filters keep its
/// order.
/// @errors as `kept_tokens`. Never empty. Determinism: exact.
[[nodiscard]] inline result<kept_view> kept_set(std::span<const float> logits, const sampler_settings& settings,
                                                token_workspace& work) {
  if (auto valid = validate(settings); !valid) return valid.error();
  auto selected = detail::select(logits, settings, detail::no_claim, work.scratch());
  if (!selected) return selected.error();
  if (selected->whole_row) detail::collect_whole_row(*selected, logits, detail::divisor(settings), work.scratch());
  return detail::view_of(*selected, work.scratch());
}
[[nodiscard]] inline result<kept_view> kept_set(const sparse_logits& logits, const sampler_settings& settings,
                                                token_workspace& work) {
  if (auto valid = validate(settings); !valid) return valid.error();
  const auto selected = detail::select(logits, settings, detail::no_claim, work.scratch());
  if (!selected) return selected.error();
  return detail::view_of(*selected, work.scratch());
}

}  // namespace assay::inline v0

#endif
