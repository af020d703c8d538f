// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "study.hpp"

#include <algorithm>
#include <cstdio>
#include <string_view>

#include <assay/evaluation/sweep_table.hpp>

#include "pools.hpp"

namespace study {
namespace {

using assay::evaluation::csv_role;
using assay::evaluation::csv_type;
using assay::evaluation::honest_scores;
using assay::evaluation::tidy_csv;

/// Pools of all providers, as the sweep asks for them.
struct collected {
  scored calibration, evaluation;
  std::vector<scored> by_attack;

  [[nodiscard]] assay::result<honest_scores> honest(std::size_t check) const {
    return honest_scores{calibration[check], evaluation[check]};
  }
  [[nodiscard]] assay::result<assay::stats::sequence_pool> attacked(std::size_t check, std::size_t attack) const {
    return by_attack[attack][check];
  }
};

/// The quick run tries one cheat that nobody can miss and one that no fingerprint can see.
bool wanted(const options& chosen, std::string_view label) {
  return !chosen.quick || label == "weights(bits=4)" || label == "cheap-text";
}

assay::evaluation::sweep_plan plan_of(const options& chosen, const check_list& checks) {
  assay::evaluation::sweep_plan plan;
  for (const auto& each : checks) plan.checks.push_back(each->about());
  plan.tokens = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 640};
  plan.intervals.resamples = chosen.bootstraps;
  plan.from = study_seed(chosen, "sweep", 0);
  if (chosen.quick) plan.batches = 300, plan.interval_batches = 100;
  return plan;
}

assay::result<collected> collect(const world& with, const check_list& checks,
                                 const assay::evaluation::attack_registry<conduct>& attacks,
                                 std::vector<std::string>& labels, assay::thread_pool& threads,
                                 demo::progress& shown) {
  collected all;
  const conduct honest = honest_provider(with);
  const auto pool = [&](const conduct& who, std::string_view purpose, std::uint32_t count) {
    shown.stage(std::string(purpose));
    return score_all(with, who, purpose, count, checks, threads, shown);
  };
  auto calibration = pool(honest, "calibration", with.chosen.calibration);
  if (!calibration) return calibration.error();
  auto evaluation = pool(honest, "evaluation", with.chosen.evaluation);
  if (!evaluation) return evaluation.error();
  all.calibration = std::move(*calibration), all.evaluation = std::move(*evaluation);
  for (std::size_t a = 0; a < attacks.size(); ++a) {
    const std::string& label = attacks.attacks()[a].label;
    if (!wanted(with.chosen, label)) continue;
    const auto who = attacks.make(a);
    if (!who) return who.error();
    auto scores = pool(*who, label, with.chosen.cheat);
    if (!scores) return scores.error();
    all.by_attack.push_back(std::move(*scores));
    labels.push_back(label);
  }
  return all;
}

assay::result<std::string> wire_table(const std::vector<wire_cost>& wire) {
  auto table = tidy_csv::make({{"output_tokens", csv_type::integer, csv_role::key},
                               {"positions", csv_type::integer, csv_role::key},
                               {"receipt", csv_type::real},
                               {"challenge", csv_type::real},
                               {"openings", csv_type::real},
                               {"sent", csv_type::real},
                               {"fraction", csv_type::real}});
  for (const wire_cost& w : wire)
    if (auto ok = table->add({std::int64_t{w.output_tokens}, std::int64_t{w.positions}, w.receipt, w.challenge,
                              w.openings, w.sent, w.committed() / w.sent});
        !ok)
      return ok.error();
  return table->text();
}

assay::result<std::string> time_table(const std::vector<time_cost>& times) {
  auto table = tidy_csv::make({{"check", csv_type::text, csv_role::key},
                               {"setting", csv_type::text, csv_role::key},
                               {"provider_us", csv_type::real},
                               {"verifier_us", csv_type::real}});
  for (const time_cost& t : times)
    if (auto ok = table->add({t.check, t.setting, t.provider, t.verifier}); !ok) return ok.error();
  return table->text();
}

assay::result<std::string> settings_table(const options& chosen, const study_results& results,
                                          const std::string& command, double seconds) {
  auto table = tidy_csv::make({{"setting", csv_type::text, csv_role::key}, {"value", csv_type::text}});
  const auto number = [](auto n) { return std::to_string(n); };
  const std::pair<std::string, std::string> rows[]{
      {"command", command},
      {"seconds", number(static_cast<std::uint64_t>(seconds))},
      {"seed", number(chosen.seed)},
      {"tokens_per_request", number(chosen.output_tokens)},
      {"calibration", number(chosen.calibration)},
      {"evaluation", number(chosen.evaluation)},
      {"cheat", number(chosen.cheat)},
      {"fitting", number(fitting_requests)},
      {"stacks", number(provider_stacks().size())},
      {"batches", number(results.plan.batches)},
      {"resamples", number(results.plan.intervals.resamples)},
      {"false_positive_rate", number(results.plan.false_positive_rate)}};
  for (const auto& [name, value] : rows)
    if (auto ok = table->add({name, value}); !ok) return ok.error();
  return table->text();
}

}  // namespace

assay::result<study_results> run_study(const options& chosen) {
  auto with = load_world(chosen);
  if (!with) return with.error();
  assay::thread_pool threads{chosen.threads - 1};
  study_results results;
  auto wire = measure_wire(*with, {chosen.output_tokens, 256, 1024, 4096});
  if (!wire) return wire.error();
  results.wire = std::move(*wire);
  auto times = measure_times();
  if (!times) return times.error();
  results.times = std::move(*times);

  demo::progress fitting{fitting_requests};
  fitting.stage("quantisation steps");
  const auto to_fit = trace_all(*with, honest_provider(*with), "fitting", fitting_requests, threads, fitting);
  if (!to_fit) return to_fit.error();
  fitting.finish();
  const auto attacks = attacks_of(*with, *to_fit);
  if (!attacks) return attacks.error();
  const auto tried = static_cast<std::uint32_t>(std::ranges::count_if(
      attacks->attacks(), [&](const auto& a) { return wanted(chosen, a.label); }));
  std::vector<committed_bytes> committed;
  for (const wire_cost& w : results.wire)
    if (w.output_tokens == chosen.output_tokens) committed.push_back({w.positions, w.committed()});
  const auto checks = all_checks(*with, *to_fit, committed);
  if (!checks) return checks.error();
  results.plan = plan_of(chosen, *checks);
  demo::progress shown{chosen.calibration + chosen.evaluation + tried * chosen.cheat};
  const auto all = collect(*with, *checks, *attacks, results.plan.attacks, threads, shown);
  if (!all) return all.error();
  shown.finish();
  demo::progress swept{static_cast<std::uint32_t>(checks->size())};
  auto found = assay::evaluation::run_sweep(results.plan, *all, threads, [&](std::size_t done, std::size_t) {
    swept.stage("batches of " + results.plan.checks[done - 1].name + " " + results.plan.checks[done - 1].setting);
    swept.step();
  });
  if (!found) return found.error();
  swept.finish();
  results.found = std::move(*found);
  return results;
}

assay::result<std::vector<std::pair<std::string, std::string>>> tables_of(const options& chosen,
                                                                          const study_results& results,
                                                                          const std::string& command, double seconds) {
  std::vector<std::pair<std::string, std::string>> files;
  const auto detection = assay::evaluation::detection_table(results.plan, results.found);
  const auto baselines = assay::evaluation::baseline_table(results.plan, results.found);
  const auto needs = assay::evaluation::need_table(results.plan, results.found);
  for (const auto* table : {&detection, &baselines, &needs})
    if (!*table) return table->error();
  files.emplace_back("detection.csv", detection->text());
  files.emplace_back("baselines.csv", baselines->text());
  files.emplace_back("needs.csv", needs->text());
  const std::pair<const char*, assay::result<std::string>> own[]{
      {"wire.csv", wire_table(results.wire)},
      {"times.csv", time_table(results.times)},
      {"settings.csv", settings_table(chosen, results, command, seconds)}};
  for (const auto& [name, text] : own) {
    if (!text) return text.error();
    files.emplace_back(name, *text);
  }
  return files;
}

void print(const study_results& results) {
  std::printf("tokens to AUC .999 (in brackets extrapolated; -: not told apart)\n%-46s %8s", "", "B/token");
  for (const std::string& attack : results.plan.attacks) std::printf(" %11.11s", attack.c_str());
  for (const auto& need : results.found.needs) {
    const auto& c = results.plan.checks[need.check];
    if (need.attack == 0) std::printf("\n%-46s %8.3f", (c.name + " " + c.setting).c_str(), c.bytes_per_token);
    if (need.tokens_to_auc) std::printf(" %11u", *need.tokens_to_auc);
    else if (need.extrapolated) std::printf("   (%7.0f)", *need.extrapolated);
    else std::printf("           -");
  }
  std::printf("\n");
}

bool plausible(const study_results& results) {
  bool seen = true;
  for (const auto& row : results.found.rows) {
    const std::string& attack = results.plan.attacks[row.attack];
    const auto& check = results.plan.checks[row.check];
    if (attack == "cheap-text") seen = seen && row.detected.value < 0.5;
    if (attack == "weights(bits=4)" && check.setting == "k=16 i16" && row.tokens >= 8)
      seen = seen && row.auc.value > 0.99;
  }
  return seen;
}

}  // namespace study
