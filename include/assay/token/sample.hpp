// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Seeded sampling: the token is a function of logits, settings, key and step, so anyone with the logits can repeat it.
#ifndef ASSAY_TOKEN_SAMPLE_HPP
#define ASSAY_TOKEN_SAMPLE_HPP

#include <cstddef>
#include <cstdint>
#include <span>

#include <assay/core/ids.hpp>
#include <assay/core/result.hpp>
#include <assay/random/noise.hpp>
#include <assay/token/filter.hpp>
#include <assay/token/logits.hpp>
#include <assay/token/race.hpp>
#include <assay/token/settings.hpp>
#include <assay/token/workspace.hpp>

namespace assay::inline v0 {

namespace detail {

/// Enters a whole row without filters, the largest logit ahead: it spares most others their noise.
template <noise_profile Noise>
void run_race(gumbel_race<Noise>& race, const selection& s, std::span<const float> row) {
  race.lead(s.largest_id, s.largest);
  race.enter_row(row);
}

/// Enters the kept candidates, the likeliest ahead.
template <noise_profile Noise>
void run_race(gumbel_race<Noise>& race, const selection& s, token_scratch& scratch) {
  std::uint64_t* bits = token_scratch::room(scratch.spare, s.size);
  race.lead(scratch.ids[s.size - 1], scratch.logits[s.size - 1]);
  race.enter(scratch.ids.data() + s.first, scratch.logits.data() + s.first, s.count(), bits);
}

}  // namespace detail

/// Samples from a whole row: argmax over the kept ids of l + T g(key, step, id); the lower id wins ties.
/// Temperatures below 1e-5 take the largest logit instead. A profile other than assay's own comes in as `noise`.
/// @errors invalid_settings, empty, non_finite (NaN or +infinity; `where`: the index), empty_kept_set (all -infinity)
/// Determinism: exact. Complexity: a pass over the row; noise is drawn for kept ids only, or without filters for those
/// within T * 36.74 of the leader. Top-p without top-k sorts the row.
template <noise_profile Noise = philox_noise>
[[nodiscard]] result<token_id> sample_token(std::span<const float> logits, const sampler_settings& settings,
                                            noise_key key, std::uint32_t step, token_workspace& work,
                                            const Noise& noise = {}) {
  if (auto valid = validate(settings); !valid) return valid.error();
  if (settings.greedy()) {
    if (logits.empty()) return fail(errc::empty, "a row of logits without entries");
    const detail::row_maximum m = detail::scan_blocks(logits, detail::no_claim, work.scratch().maxima);
    if (m.bad) return detail::non_finite_logit(logits);
    if (m.value == detail::minus_infinity) return fail(errc::empty_kept_set, "every logit is -infinity");
    return token_id{detail::first_largest(logits, m)};
  }
  detail::token_scratch& scratch = work.scratch();
  const auto selected = detail::select(logits, settings, detail::no_claim, scratch);
  if (!selected) return selected.error();
  detail::gumbel_race<Noise> race(noise, key, step, settings.temperature);
  if (selected->whole_row) detail::run_race(race, *selected, logits);
  else detail::run_race(race, *selected, scratch);
  return race.winner();
}

/// Samples from a sparse row, as from the whole row with -infinity elsewhere.
/// @errors as above, and length_mismatch, duplicate, too_large. Determinism: exact.
template <noise_profile Noise = philox_noise>
[[nodiscard]] result<token_id> sample_token(const sparse_logits& logits, const sampler_settings& settings,
                                            noise_key key, std::uint32_t step, token_workspace& work,
                                            const Noise& noise = {}) {
  if (auto valid = validate(settings); !valid) return valid.error();
  detail::token_scratch& scratch = work.scratch();
  const auto selected = detail::select(logits, settings, detail::no_claim, scratch);
  if (!selected) return selected.error();
  if (settings.greedy()) return token_id{selected->largest_id};
  detail::gumbel_race<Noise> race(noise, key, step, settings.temperature);
  detail::run_race(race, *selected, scratch);
  return race.winner();
}

}  // namespace assay::inline v0

#endif
