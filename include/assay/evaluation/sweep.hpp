// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Every attack against every check, over batch sizes in tokens and in bytes: what a study measures, cell by cell.
#ifndef ASSAY_EVALUATION_SWEEP_HPP
#define ASSAY_EVALUATION_SWEEP_HPP

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <assay/core/executor.hpp>
#include <assay/core/result.hpp>
#include <assay/random/seed.hpp>
#include <assay/random/stream.hpp>
#include <assay/stats/binomial.hpp>
#include <assay/stats/bootstrap.hpp>
#include <assay/stats/sequence_pool.hpp>
#include <assay/stats/tokens_needed.hpp>

namespace assay::inline v0::evaluation {

/// A check in one setting, and what it sends. Scores are larger for worse.
struct sweep_check {
  std::string name, setting;
  double bytes_per_token = 0;
  std::uint32_t tokens_per_unit = 1;  ///< tokens behind one score
};

struct sweep_plan {
  std::vector<std::string> attacks;
  std::vector<sweep_check> checks;
  std::vector<std::uint32_t> tokens;       ///< batch sizes, rounded down to whole units
  std::vector<std::uint32_t> byte_budgets; ///< further batch sizes: as many units as the bytes buy
  double false_positive_rate = 0.01;
  double auc_goal = 0.999, tpr_goal = 0.99;
  std::uint32_t batches = 2000;            ///< per figure; thresholds take ten times as many
  std::uint32_t interval_batches = 400;    ///< per resample
  stats::bootstrap_settings intervals{.resamples = 200};
  seed from;
};

/// One attack under one check at one batch size.
struct sweep_row {
  std::size_t attack = 0, check = 0;
  std::uint32_t tokens = 0;
  double bytes = 0;
  double share_of_pool = 0;                 ///< of the smaller pool's smallest group; at most a tenth
  stats::bootstrap_estimate auc, detected;  ///< `detected`: share of batches above the calibration's threshold
};

/// One check at one batch size on honest runs that did not choose its threshold.
struct sweep_baseline {
  std::size_t check = 0;
  std::uint32_t tokens = 0;
  double threshold = 0;
  std::uint64_t alarms = 0, batches = 0;  ///< of batches that share no sequence
  stats::interval limits;                 ///< of the alarm rate, Clopper-Pearson
};

/// What one attack asks of one check.
struct sweep_need {
  std::size_t attack = 0, check = 0;
  std::optional<std::uint32_t> tokens_to_auc, tokens_to_tpr;
  std::optional<double> extrapolated;  ///< tokens to AUC .999 if batch means were normal
  double honest_mean = 0;              ///< of sequence means
  stats::pool_shift shift;             ///< of the attack's mean from it
  std::optional<double> d_prime;       ///< between sequence means; none if neither pool varies
};

struct sweep_result {
  std::vector<sweep_row> rows;
  std::vector<sweep_baseline> baselines;
  std::vector<sweep_need> needs;
};

/// Honest scores of one check: for thresholds, and for everything else. They share no sequence.
struct honest_scores {
  stats::sequence_pool calibration, evaluation;
};

namespace detail {

[[nodiscard]] inline random_stream sweep_stream(const sweep_plan& plan, std::size_t check, std::string_view attack,
                                                std::uint32_t units, std::string_view purpose) {
  const sweep_check& c = plan.checks[check];
  std::string where;
  for (std::string_view part : {std::string_view{c.name}, std::string_view{c.setting}, attack})
    where.append(part).append(1, '\0');
  where += std::to_string(units);
  const auto* bytes = reinterpret_cast<const std::byte*>(where.data());
  return random_stream{derive_seed(plan.from, "sweep", {bytes, where.size()}), purpose};
}

/// Batch sizes in units: from tokens and from bytes, ascending, each once, none above the limit.
[[nodiscard]] inline std::vector<std::uint32_t> sweep_sizes(const sweep_plan& plan, const sweep_check& check,
                                                            std::uint32_t limit) {
  std::vector<std::uint32_t> sizes;
  for (std::uint32_t tokens : plan.tokens) sizes.push_back(tokens / check.tokens_per_unit);
  const double unit = check.bytes_per_token * check.tokens_per_unit;
  for (std::uint32_t bytes : plan.byte_budgets)
    if (unit > 0) sizes.push_back(static_cast<std::uint32_t>(std::min(bytes / unit, 4294967295.0)));
  std::erase_if(sizes, [&](std::uint32_t n) { return n == 0 || n > limit; });
  std::sort(sizes.begin(), sizes.end());
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  return sizes;
}

[[nodiscard]] inline result<sweep_baseline> sweep_baseline_at(const sweep_plan& plan, std::size_t check,
                                                              honest_scores honest, std::uint32_t units) {
  random_stream stream = sweep_stream(plan, check, "", units, "threshold");
  const auto threshold =
      stats::batch_threshold(honest.calibration, plan.false_positive_rate, units, 10 * plan.batches, stream);
  if (!threshold) return threshold.error();
  const std::vector<double> fresh = honest.evaluation.disjoint(units);
  sweep_baseline found{check, units * plan.checks[check].tokens_per_unit, *threshold, 0, fresh.size(), {}};
  for (double mean : fresh) found.alarms += mean > *threshold;
  const auto limits = stats::clopper_pearson(found.alarms, found.batches, plan.intervals.confidence);
  if (!limits) return limits.error();
  found.limits = *limits;
  return found;
}

[[nodiscard]] inline result<stats::bootstrap_estimate> sweep_auc(const sweep_plan& plan, honest_scores honest,
                                                                 stats::sequence_pool attacked, std::uint32_t units,
                                                                 random_stream stream) {
  const auto value = stats::batch_auc(honest.evaluation, attacked, units, plan.batches, stream);
  if (!value) return value.error();
  const auto limits = stats::replicate_interval(plan.intervals, [&] {
    auto negatives = honest.evaluation.resampled(stream), positives = attacked.resampled(stream);
    return stats::batch_auc(negatives, positives, units, plan.interval_batches, stream);
  });
  if (!limits) return limits.error();
  return stats::bootstrap_estimate{*value, *limits};
}

/// The interval finds the threshold again in every resample of the calibration: its own uncertainty counts.
[[nodiscard]] inline result<stats::bootstrap_estimate> sweep_power(const sweep_plan& plan, honest_scores honest,
                                                                   stats::sequence_pool attacked, double threshold,
                                                                   std::uint32_t units, random_stream stream) {
  const auto value = stats::batch_share_above(attacked, threshold, units, plan.batches, stream);
  if (!value) return value.error();
  const auto limits = stats::replicate_interval(plan.intervals, [&]() -> result<double> {
    auto calibration = honest.calibration.resampled(stream), positives = attacked.resampled(stream);
    const auto again =
        stats::batch_threshold(calibration, plan.false_positive_rate, units, 2 * plan.interval_batches, stream);
    if (!again) return again.error();
    return stats::batch_share_above(positives, *again, units, plan.interval_batches, stream);
  });
  if (!limits) return limits.error();
  return stats::bootstrap_estimate{*value, *limits};
}

[[nodiscard]] inline result<sweep_need> sweep_needs(const sweep_plan& plan, std::size_t check, std::size_t attack,
                                                    const honest_scores& honest, const stats::sequence_pool& attacked,
                                                    std::uint32_t limit) {
  const std::string& label = plan.attacks[attack];
  const std::uint32_t unit = plan.checks[check].tokens_per_unit;
  random_stream for_auc = sweep_stream(plan, check, label, 0, "units-to-auc");
  random_stream for_tpr = sweep_stream(plan, check, label, 0, "units-to-tpr");
  const auto auc = stats::units_to_auc(honest.evaluation, attacked, plan.auc_goal, limit, plan.batches, for_auc);
  if (!auc) return auc.error();
  const auto tpr = stats::units_to_tpr(honest.calibration, attacked, plan.false_positive_rate, plan.tpr_goal, limit,
                                       plan.batches, for_tpr);
  if (!tpr) return tpr.error();
  const auto before = honest.evaluation.sequence_moments(), after = attacked.sequence_moments();
  if (!before) return before.error();
  if (!after) return after.error();
  sweep_need found{attack, check, {}, {}, {}, before->mean, stats::shift_between(*before, *after), {}};
  if (const double spread = (before->variance + after->variance) / 2; spread > 0)
    found.d_prime = found.shift.shift / std::sqrt(spread);
  if (*auc) found.tokens_to_auc = **auc * unit;
  if (*tpr) found.tokens_to_tpr = **tpr * unit;
  const double length = static_cast<double>(attacked.unit_count()) / static_cast<double>(attacked.sequence_count());
  if (const auto units = stats::extrapolated_units(*before, *after, length)) found.extrapolated = *units * unit;
  return found;
}

/// All sizes of one attack under one check. `thresholds`: one a size, in the order of `sweep_sizes`.
struct sweep_cells {
  std::vector<sweep_row> rows;
  sweep_need need;
};
[[nodiscard]] inline result<sweep_cells> sweep_attack(const sweep_plan& plan, std::size_t check, std::size_t attack,
                                                      const honest_scores& honest,
                                                      const stats::sequence_pool& attacked,
                                                      const std::vector<sweep_baseline>& baselines) {
  const sweep_check& how = plan.checks[check];
  const std::string& label = plan.attacks[attack];
  const std::uint32_t limit = std::min({honest.calibration.largest_batch(), honest.evaluation.largest_batch(),
                                        attacked.largest_batch()});
  sweep_cells cells;
  for (const sweep_baseline& base : baselines) {
    const std::uint32_t units = base.tokens / how.tokens_per_unit;
    if (units > limit) break;
    const auto auc = sweep_auc(plan, honest, attacked, units, sweep_stream(plan, check, label, units, "auc"));
    if (!auc) return auc.error();
    const auto power = sweep_power(plan, honest, attacked, base.threshold, units,
                                   sweep_stream(plan, check, label, units, "power"));
    if (!power) return power.error();
    cells.rows.push_back({attack, check, base.tokens, base.tokens * how.bytes_per_token,
                          stats::sequence_pool::largest_share * units / limit, *auc, *power});
  }
  auto need = sweep_needs(plan, check, attack, honest, attacked, limit);
  if (!need) return need.error();
  cells.need = std::move(*need);
  return cells;
}

[[nodiscard]] inline result<void> check_plan(const sweep_plan& plan) {
  if (plan.attacks.empty() || plan.checks.empty()) return fail(errc::empty, "a sweep without attacks or checks");
  if (plan.batches == 0 || plan.interval_batches == 0) return fail(errc::out_of_range, "a sweep with no batches");
  if (!(plan.false_positive_rate > 0 && plan.false_positive_rate < 1))
    return fail(errc::out_of_range, "a false-positive rate is not in (0, 1)");
  for (std::size_t i = 0; i < plan.checks.size(); ++i) {
    if (plan.checks[i].tokens_per_unit == 0 || !(plan.checks[i].bytes_per_token >= 0))
      return fail(errc::out_of_range, "a check's tokens or bytes", i);
    for (std::size_t j = 0; j < i; ++j)
      if (plan.checks[i].name == plan.checks[j].name && plan.checks[i].setting == plan.checks[j].setting)
        return fail(errc::duplicate, "a check is planned twice", i);
  }
  for (std::size_t i = 0; i < plan.attacks.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (plan.attacks[i] == plan.attacks[j]) return fail(errc::duplicate, "an attack is planned twice", i);
  return {};
}

}  // namespace detail

/// Where a sweep takes scores from: pools of one check over the honest runs, and over one attack's.
template <class S>
concept score_source = requires(const S& source, std::size_t check, std::size_t attack) {
  { source.honest(check) } -> std::convertible_to<result<honest_scores>>;
  { source.attacked(check, attack) } -> std::convertible_to<result<stats::sequence_pool>>;
};

/// Fills the grid. Sizes beyond a tenth of the pools have no row: they would say nothing.
///
/// `progress(done, all)` is called on this thread after each check, counted in checks. The executor runs attacks side by
/// side. Determinism: exact on one build; every cell has draws of its own, so a figure does not depend on what else is
/// in the plan, on its order, or on threads.
/// @errors empty, out_of_range, duplicate (the plan); those of the source and of the statistics
template <score_source Source, executor Executor, class Progress>
[[nodiscard]] result<sweep_result> run_sweep(const sweep_plan& plan, const Source& source, Executor& ex,
                                             Progress&& progress) {
  if (auto ok = detail::check_plan(plan); !ok) return ok.error();
  sweep_result all;
  for (std::size_t c = 0; c < plan.checks.size(); ++c) {
    const result<honest_scores> honest = source.honest(c);
    if (!honest) return honest.error();
    std::vector<sweep_baseline> baselines;
    const std::uint32_t limit = std::min(honest->calibration.largest_batch(), honest->evaluation.largest_batch());
    for (std::uint32_t units : detail::sweep_sizes(plan, plan.checks[c], limit)) {
      auto base = detail::sweep_baseline_at(plan, c, *honest, units);
      if (!base) return base.error();
      baselines.push_back(std::move(*base));
    }
    std::vector<std::optional<result<detail::sweep_cells>>> cells(plan.attacks.size());
    ex.for_each(plan.attacks.size(), [&](std::size_t a) {
      const result<stats::sequence_pool> attacked = source.attacked(c, a);
      if (attacked) cells[a] = detail::sweep_attack(plan, c, a, *honest, *attacked, baselines);
      else cells[a] = attacked.error();
    });
    for (const auto& cell : cells) {
      const result<detail::sweep_cells>& found = *cell;
      if (!found) return found.error();
      all.rows.insert(all.rows.end(), found->rows.begin(), found->rows.end());
      all.needs.push_back(found->need);
    }
    all.baselines.insert(all.baselines.end(), baselines.begin(), baselines.end());
    progress(c + 1, plan.checks.size());
  }
  return all;
}

}  // namespace assay::inline v0::evaluation

#endif
