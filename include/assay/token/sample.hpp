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

[[nodiscard]] inline bool has_filters(const selection&, const sampler_settings& settings) noexcept {
  return settings.top_k != 0 || settings.top_p < 1;
}

/// Whether this selection's candidates take the noise of their ranks.
template <noise_profile Noise>
[[nodiscard]] bool takes_ranks(const selection& s, const Noise& noise) noexcept {
  if constexpr (ranked_noise_profile<Noise>) return s.ranked && noise.keyed_by_rank();
  else return false;
}

/// Noise keyed by rank is that of a sampler whose filters sort; what it would be under others is nobody's to say.
/// @errors unsupported
template <class Settings, noise_profile Noise>
[[nodiscard]] result<void> check_columns(const selection& s, const Settings& settings, const Noise& noise) {
  if constexpr (ranked_noise_profile<Noise>)
    if (noise.keyed_by_rank() && !s.ranked && has_filters(s, settings) && !settings.greedy())
      return fail(errc::unsupported, "noise keyed by rank needs the filters of its own engine");
  return {};
}

/// Enters what the filters left: all of a whole row, or the kept candidates. The likeliest goes ahead of the others: it
/// spares most of them their noise.
template <noise_profile Noise>
void run_race(gumbel_race<Noise>& race, const selection& s, std::span<const float> values, token_scratch& scratch,
              const Noise& noise) {
  if (s.whole_row) {
    race.lead(s.largest_id, s.largest);
    race.enter_row(values, scratch.maxima.data());
    return;
  }
  if (takes_ranks(s, noise)) {
    race.enter_ranked(scratch.ids.data() + s.first, scratch.logits.data() + s.first, s.count());
    return;
  }
  std::uint64_t* bits = token_scratch::room(scratch.spare, s.size);
  race.lead(scratch.ids[s.size - 1], scratch.logits[s.size - 1]);
  race.enter(scratch.ids.data() + s.first, scratch.logits.data() + s.first, s.count(), bits);
}

/// Draws from a row, whole (`values` are its logits) or sparse, under either kind of settings.
template <class Row, class Settings, noise_profile Noise>
[[nodiscard]] result<token_id> sample_row(const Row& row, std::span<const float> values, const Settings& settings,
                                          noise_key key, std::uint32_t step, token_workspace& work,
                                          const Noise& noise) {
  if (auto valid = validate(settings); !valid) return valid.error();
  token_scratch& scratch = work.scratch();
  const auto selected = select(row, settings, no_claim, scratch);
  if (!selected) return selected.error();
  if (settings.greedy()) return token_id{selected->largest_id};
  if (auto columns = check_columns(*selected, settings, noise); !columns) return columns.error();
  gumbel_race<Noise> race(noise, key, step, temperature_of(settings));
  run_race(race, *selected, values, scratch, noise);
  return race.winner();
}

}  // namespace detail

/// Samples from a whole row: argmax over the kept ids of l + T g(key, step, id); the lower id wins ties.
/// Temperatures below 1e-5 take the largest logit instead. A profile other than assay's own comes in as `noise`.
/// @errors invalid_settings, empty, non_finite (NaN or +infinity; `where`: the index), empty_kept_set (all -infinity)
/// Determinism: exact. Complexity: a pass over the row; noise is drawn for kept ids only, or without filters for those
/// within T * 36.74 of the leader. Top-p without top-k takes an exponential per entry.
template <noise_profile Noise = philox_noise>
[[nodiscard]] result<token_id> sample_token(std::span<const float> logits, const sampler_settings& settings,
                                            noise_key key, std::uint32_t step, token_workspace& work,
                                            const Noise& noise = {}) {
  // Without noise the filters do not matter: the largest logit is never dropped.
  const sampler_settings used = settings.greedy() ? sampler_settings{settings.temperature, 0, 1} : settings;
  if (auto valid = validate(settings); !valid) return valid.error();
  return detail::sample_row(logits, logits, used, key, step, work, noise);
}

/// Samples from a sparse row, as from the whole row with -infinity elsewhere.
/// @errors as above, and length_mismatch, duplicate, too_large. Determinism: exact.
template <noise_profile Noise = philox_noise>
[[nodiscard]] result<token_id> sample_token(const sparse_logits& logits, const sampler_settings& settings,
                                            noise_key key, std::uint32_t step, token_workspace& work,
                                            const Noise& noise = {}) {
  return detail::sample_row(logits, logits.values, settings, key, step, work, noise);
}

}  // namespace assay::inline v0

#endif
