// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a sweep found, as tidy tables.
#ifndef ASSAY_EVALUATION_SWEEP_TABLE_HPP
#define ASSAY_EVALUATION_SWEEP_TABLE_HPP

#include <cstdint>
#include <optional>

#include <assay/core/result.hpp>
#include <assay/evaluation/sweep.hpp>
#include <assay/evaluation/tidy_csv.hpp>

namespace assay::inline v0::evaluation {

namespace detail {
inline csv_cell whole(std::uint64_t n) { return static_cast<std::int64_t>(n); }
inline csv_cell maybe_whole(const std::optional<std::uint32_t>& n) { return n ? whole(*n) : csv_cell{}; }
inline csv_cell maybe(const std::optional<double>& x) { return x ? csv_cell{*x} : csv_cell{}; }
}  // namespace detail

/// One row per attack, check, setting and batch size: AUC and detected share with their intervals.
/// @errors non_finite, duplicate: never, for what `run_sweep` returned
[[nodiscard]] inline result<tidy_csv> detection_table(const sweep_plan& plan, const sweep_result& found) {
  auto table = tidy_csv::make({{"attack", csv_type::text, csv_role::key},
                               {"check", csv_type::text, csv_role::key},
                               {"setting", csv_type::text, csv_role::key},
                               {"tokens", csv_type::integer, csv_role::key},
                               {"bytes_per_token", csv_type::real},
                               {"bytes", csv_type::real},
                               {"share_of_pool", csv_type::real},
                               {"auc", csv_type::real},
                               {"auc_low", csv_type::real},
                               {"auc_high", csv_type::real},
                               {"detected", csv_type::real},
                               {"detected_low", csv_type::real},
                               {"detected_high", csv_type::real}});
  for (const sweep_row& r : found.rows) {
    const sweep_check& c = plan.checks[r.check];
    if (auto ok = table->add({plan.attacks[r.attack], c.name, c.setting, detail::whole(r.tokens), c.bytes_per_token,
                              r.bytes, r.share_of_pool, r.auc.value, r.auc.limits.low, r.auc.limits.high,
                              r.detected.value, r.detected.limits.low, r.detected.limits.high});
        !ok)
      return ok.error();
  }
  return table;
}

/// One row per check, setting and batch size: alarms of honest batches that share no sequence. @errors as above
[[nodiscard]] inline result<tidy_csv> baseline_table(const sweep_plan& plan, const sweep_result& found) {
  auto table = tidy_csv::make({{"check", csv_type::text, csv_role::key},
                               {"setting", csv_type::text, csv_role::key},
                               {"tokens", csv_type::integer, csv_role::key},
                               {"threshold", csv_type::real},
                               {"alarms", csv_type::integer},
                               {"batches", csv_type::integer},
                               {"rate_low", csv_type::real},
                               {"rate_high", csv_type::real}});
  for (const sweep_baseline& b : found.baselines) {
    const sweep_check& c = plan.checks[b.check];
    if (auto ok = table->add({c.name, c.setting, detail::whole(b.tokens), b.threshold, detail::whole(b.alarms),
                              detail::whole(b.batches), b.limits.low, b.limits.high});
        !ok)
      return ok.error();
  }
  return table;
}

/// One row per attack, check and setting: tokens that it takes. A missing cell: not within the pools. @errors as above
[[nodiscard]] inline result<tidy_csv> need_table(const sweep_plan& plan, const sweep_result& found) {
  auto table = tidy_csv::make({{"attack", csv_type::text, csv_role::key},
                               {"check", csv_type::text, csv_role::key},
                               {"setting", csv_type::text, csv_role::key},
                               {"bytes_per_token", csv_type::real},
                               {"tokens_to_auc", csv_type::integer, csv_role::optional},
                               {"tokens_to_tpr", csv_type::integer, csv_role::optional},
                               {"extrapolated_tokens", csv_type::real, csv_role::optional},
                               {"honest_mean", csv_type::real},
                               {"shift", csv_type::real},
                               {"z", csv_type::real},
                               {"d_prime", csv_type::real, csv_role::optional}});
  for (const sweep_need& n : found.needs) {
    const sweep_check& c = plan.checks[n.check];
    if (auto ok = table->add({plan.attacks[n.attack], c.name, c.setting, c.bytes_per_token,
                              detail::maybe_whole(n.tokens_to_auc), detail::maybe_whole(n.tokens_to_tpr),
                              detail::maybe(n.extrapolated), n.honest_mean, n.shift.shift, n.shift.z,
                              detail::maybe(n.d_prime)});
        !ok)
      return ok.error();
  }
  return table;
}

}  // namespace assay::inline v0::evaluation

#endif
