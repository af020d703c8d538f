// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "detection.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <assay/random/stream.hpp>
#include <assay/stats/quantile.hpp>
#include <assay/stats/tokens_needed.hpp>
#include <assay/token/gumbel_likelihood.hpp>

namespace study {

using assay::stats::sequence_pool;

namespace {

constexpr std::uint32_t batch_count = 2000, resampled_batch_count = 400;
constexpr double goal = 0.999;

struct contest {
  sequence_pool honest, cheat;
  double sign;
};

assay::result<contest> contest_of(const honest_pools& honest, const pool& cheat, statistic which) {
  for (double sign : {1.0, -1.0}) {
    auto before = scores_of(honest.evaluation, which, honest.cap, sign);
    auto after = scores_of(cheat, which, honest.cap, sign);
    if (!before) return before.error();
    if (!after) return after.error();
    const bool told_direction = which == statistic::cross_entropy && sign > 0;
    if (told_direction && after->sequence_moments()->mean < before->sequence_moments()->mean) continue;
    return contest{std::move(*before), std::move(*after), sign};
  }
  return assay::fail(assay::errc::wrong_state, "neither direction is worse");
}

assay::result<power> measure(const options& chosen, const contest& c, std::uint32_t limit,
                             assay::random_stream& stream) {
  const auto needed = assay::stats::units_to_auc(c.honest, c.cheat, goal, limit, batch_count, stream);
  if (!needed) return needed.error();
  const auto honest = c.honest.sequence_moments(), cheat = c.cheat.sequence_moments();
  if (!honest) return honest.error();
  if (!cheat) return cheat.error();
  const auto seen = assay::stats::shift_between(*honest, *cheat);
  return power{c.sign * seen.shift, c.sign * seen.z, *needed,
               assay::stats::extrapolated_units(*honest, *cheat, chosen.output_tokens), {}};
}

assay::result<assay::stats::bootstrap_estimate> auc_at(const options& chosen, contest c, std::uint32_t n,
                                                       assay::random_stream& stream) {
  const auto area = assay::stats::batch_auc(c.honest, c.cheat, n, batch_count, stream);
  if (!area) return area.error();
  const auto interval = assay::stats::replicate_interval({.resamples = chosen.bootstraps}, [&] {
    auto honest = c.honest.resampled(stream), cheat = c.cheat.resampled(stream);
    return assay::stats::batch_auc(honest, cheat, n, resampled_batch_count, stream);
  });
  if (!interval) return interval.error();
  return assay::stats::bootstrap_estimate{*area, *interval};
}

assay::result<detection_rate> rate_of(const options& chosen, const baseline& against, sequence_pool cheat,
                                      assay::random_stream& stream) {
  const auto share_of = [&](sequence_pool& seen, std::uint32_t count) {
    return assay::stats::batch_share_above(seen, against.threshold, against.tokens, count, stream);
  };
  const auto share = share_of(cheat, batch_count);
  if (!share) return share.error();
  const auto interval = assay::stats::replicate_interval({.resamples = chosen.bootstraps}, [&] {
    sequence_pool again = cheat.resampled(stream);
    return share_of(again, resampled_batch_count);
  });
  if (!interval) return interval.error();
  return detection_rate{against.tokens, {*share, *interval}};
}

assay::result<baseline> baseline_at(const options& chosen, sequence_pool& calibration,
                                    const sequence_pool& evaluation, std::uint32_t n, assay::random_stream& stream) {
  const auto threshold = assay::stats::batch_threshold(calibration, chosen.alpha, n, 10 * batch_count, stream);
  if (!threshold) return threshold.error();
  const std::vector<double> fresh = evaluation.disjoint(n);
  baseline found{n, *threshold, 0, fresh.size(), {}};
  for (double v : fresh) found.false_alarms += v > *threshold;
  const auto limits = assay::stats::clopper_pearson(found.false_alarms, found.batches, 0.95);
  if (!limits) return limits.error();
  found.interval = *limits;
  return found;
}

}  // namespace

std::string_view name_of(statistic which) {
  switch (which) {
    case statistic::margin: return "margin";
    case statistic::capped_margin: return "capped margin";
    case statistic::mismatch: return "exact match";
    case statistic::cross_entropy: return "cross-entropy";
    case statistic::likelihood: return "GLS";
    case statistic::capped_likelihood: break;
  }
  return "capped GLS";
}

double contribution(const assay::token_score& score, statistic which, double cap) {
  switch (which) {
    case statistic::margin: return score.finite_margin;
    case statistic::capped_margin: return assay::capped_margin(score, cap);
    case statistic::mismatch: return score.exact ? 0 : 1;
    case statistic::cross_entropy: return score.cross_entropy;
    case statistic::likelihood: return std::min(-assay::gumbel_likelihood(score.margin), 20.0);
    case statistic::capped_likelihood: break;
  }
  return -assay::gumbel_likelihood(assay::capped_margin(score, cap));
}

assay::result<double> cap_of(const pool& honest) {
  std::vector<double> margins;
  for (const transcript& t : honest)
    for (const assay::token_score& s : t.tokens) margins.push_back(s.margin);
  auto cap = assay::stats::margin_cap(margins);
  if (cap) *cap = std::max(*cap, least_cap);
  return cap;
}

assay::result<sequence_pool> scores_of(const pool& from, statistic which, double cap, double sign) {
  sequence_pool scores;
  std::vector<double> one;
  for (const transcript& t : from) {
    one.clear();
    for (const assay::token_score& s : t.tokens) one.push_back(sign * contribution(s, which, cap));
    if (auto added = scores.add(one, t.stack); !added) return added.error();
  }
  return scores;
}

assay::result<honest_pools> prepare_pools(const options& chosen, pool calibration, pool evaluation,
                                          std::string_view id) {
  auto cap = cap_of(calibration);
  if (!cap) return cap.error();
  honest_pools pools{std::move(calibration), std::move(evaluation), *cap, {}};
  assay::random_stream stream{study_seed(chosen, id, 0), "baselines"};
  auto reference = scores_of(pools.calibration, statistic::capped_margin, *cap);
  auto fresh = scores_of(pools.evaluation, statistic::capped_margin, *cap);
  if (!reference) return reference.error();
  if (!fresh) return fresh.error();
  const std::uint32_t limit = std::min(reference->largest_batch(), fresh->largest_batch());
  for (std::uint32_t n = chosen.output_tokens; n <= limit; n *= 4) {
    auto found = baseline_at(chosen, *reference, *fresh, n, stream);
    if (!found) return found.error();
    pools.baselines.push_back(*found);
  }
  return pools;
}

assay::result<detection> detect(const options& chosen, const honest_pools& honest, const pool& cheat,
                                std::string_view id) {
  assay::random_stream stream{study_seed(chosen, id, 0), "batches"};
  std::vector<contest> contests;
  for (statistic which : all_statistics) {
    auto made = contest_of(honest, cheat, which);
    if (!made) return made.error();
    contests.push_back(std::move(*made));
  }
  const contest& margins = contests[static_cast<std::size_t>(statistic::capped_margin)];
  detection found;
  found.largest_batch = std::min(margins.honest.largest_batch(), margins.cheat.largest_batch());
  for (std::size_t i = 0; i < contests.size(); ++i) {
    auto measured = measure(chosen, contests[i], found.largest_batch, stream);
    if (!measured) return measured.error();
    found.by_statistic[i] = *measured;
  }
  found.equal_tokens = found.of(statistic::capped_margin).tokens.value_or(found.largest_batch);
  for (std::size_t i = 0; i < contests.size(); ++i) {
    auto area = auc_at(chosen, contests[i], found.equal_tokens, stream);
    if (!area) return area.error();
    found.by_statistic[i].auc = *area;
  }
  for (const baseline& against : honest.baselines) {
    if (against.tokens > found.largest_batch) break;
    auto rate = rate_of(chosen, against, margins.cheat, stream);
    if (!rate) return rate.error();
    found.at_rate.push_back(*rate);
  }
  return found;
}

assay::result<double> exchangeable_threshold(std::vector<double> sample, double alpha) {
  const auto rank = static_cast<std::size_t>(std::ceil(static_cast<double>(sample.size() + 1) * (1 - alpha)));
  if (rank > sample.size())
    return assay::fail(assay::errc::insufficient_data, "too few honest values for this rate", sample.size());
  const auto at = sample.begin() + static_cast<std::ptrdiff_t>(rank - 1);
  std::nth_element(sample.begin(), at, sample.end());
  return *at;
}

}  // namespace study
