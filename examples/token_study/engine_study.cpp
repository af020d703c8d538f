// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "engine_study.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include <assay/token/kept_set.hpp>
#include <assay/token/softmax.hpp>

namespace study {
namespace {

/// One position of a text: the cheap model's logits, and what each token would cost in cross-entropy under the promise.
struct position_costs {
  std::vector<float> cheap, costs;
};

/// Costs of all tokens under the promised model and sampler.
assay::result<std::vector<float>> costs_of(const world& with, std::span<const float> row,
                                           assay::token_workspace& work) {
  const auto kept = assay::kept_set(row, with.promised, work);
  if (!kept) return kept.error();
  double sum = 0;
  for (float x : kept->scaled) sum += std::exp(static_cast<double>(x - kept->scaled_max));
  std::vector<float> costs(row.size(), static_cast<float>(-std::log(1e-8)));
  for (std::size_t i = 0; i < kept->ids.size(); ++i) {
    const double p = std::exp(static_cast<double>(kept->scaled[i] - kept->scaled_max)) / sum;
    costs[kept->ids[i]] = static_cast<float>(-std::log(p + 1e-8));
  }
  return costs;
}

/// The mean cost of a token drawn from `logits` under `sampler`.
assay::result<double> expected_cost(std::span<const float> logits, std::span<const float> costs,
                                    const assay::sampler_settings& sampler, assay::token_workspace& work) {
  const auto kept = assay::kept_set(logits, sampler, work);
  if (!kept) return kept.error();
  double sum = 0, weighted = 0;
  for (std::size_t i = 0; i < kept->ids.size(); ++i) {
    const double term = std::exp(static_cast<double>(kept->scaled[i] - kept->scaled_max));
    sum += term;
    weighted += term * static_cast<double>(costs[kept->ids[i]]);
  }
  return weighted / sum;
}

struct tuning_texts {
  std::vector<position_costs> positions;
  double target = 0;  ///< sum of the honest expectations
};

assay::result<tuning_texts> write_tuning_texts(const world& with, const reference::engine& cheap,
                                               const arrangement& how) {
  tuning_texts texts;
  assay::token_workspace work;
  const conduct honest = honest_provider(with);
  const std::uint32_t count = with.chosen.quick ? 4 : 80;
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto& stack = how.stacks[i % how.stacks.size()];
    const request asked = make_request(with, "tuning", i);
    auto given = serve(with, honest, stack, asked, i);
    if (!given) return given.error();
    auto promised = recompute(with.base, how.verifier, asked.prompt, given->output);
    auto cheated = recompute(cheap, stack, asked.prompt, given->output);
    if (!promised) return promised.error();
    if (!cheated) return cheated.error();
    for (std::size_t j = 0; j < given->output.size(); ++j) {
      auto costs = costs_of(with, promised->row(j), work);
      if (!costs) return costs.error();
      auto honest_cost = expected_cost(promised->row(j), *costs, with.promised, work);
      if (!honest_cost) return honest_cost.error();
      texts.target += *honest_cost;
      const auto row = cheated->row(j);
      texts.positions.push_back({{row.begin(), row.end()}, std::move(*costs)});
    }
  }
  return texts;
}

}  // namespace

std::vector<arrangement> arrangements(bool quick) {
  const auto& known = reference::honest_numerics;
  const auto& f32 = *reference::find_numerics("sequential");
  const auto& bf16 = *reference::find_numerics("bf16");
  if (quick) return {{"bf16", {bf16}, bf16}};
  return {{"bf16", {bf16}, bf16},
          {"f32", {known[1], known[2], known[3]}, f32},
          {"mixed", {known[1], known[4], known[5]}, f32}};
}

std::vector<conduct> tried_in(const arrangement& how, const std::vector<conduct>& cheats) {
  constexpr std::array few{"int4-weights", "int8-weights",      "int4-kv", "fp8-kv",
                           "int8-kv",      "temperature +0.05", "bug-2"};
  std::vector<conduct> chosen;
  for (const conduct& who : cheats)
    if (how.name == "bf16" || std::ranges::find(few, std::string_view{who.id}) != few.end()) chosen.push_back(who);
  return chosen;
}

std::uint32_t requests_of(const options& chosen, const std::vector<conduct>& cheats) {
  std::uint32_t sum = chosen.calibration + chosen.evaluation;
  for (const conduct& who : cheats) sum += who.subtle ? chosen.subtle_cheat : chosen.cheat;
  return sum;
}

assay::result<float> blinding_temperature(const world& with, const reference::engine& cheap, const arrangement& how) {
  auto texts = write_tuning_texts(with, cheap, how);
  if (!texts) return texts.error();
  assay::token_workspace work;
  float low = with.promised.temperature / 2, high = with.promised.temperature * 1.5f;
  for (int i = 0; i < 14; ++i) {
    auto sampler = with.promised;
    sampler.temperature = (low + high) / 2;
    double sum = 0;
    for (const position_costs& p : texts->positions) {
      auto cost = expected_cost(p.cheap, p.costs, sampler, work);
      if (!cost) return cost.error();
      sum += *cost;
    }
    (sum < texts->target ? low : high) = sampler.temperature;
  }
  return (low + high) / 2;
}

assay::result<arrangement_result> run_arrangement(const world& with, const arrangement& how,
                                                  const std::vector<conduct>& cheats, assay::thread_pool& threads,
                                                  demo::progress& shown) {
  const std::string prefix = std::string(how.name) + "/";
  const conduct honest = honest_provider(with);
  arrangement_result result;
  result.name = how.name, result.verifier = how.verifier.name;
  for (const auto& stack : how.stacks) result.stacks.emplace_back(stack.name);
  shown.stage(prefix + "honest");
  auto calibration = collect(with, honest, how, prefix + "calibration", with.chosen.calibration, threads, shown);
  if (!calibration) return calibration.error();
  auto evaluation = collect(with, honest, how, prefix + "evaluation", with.chosen.evaluation, threads, shown);
  if (!evaluation) return evaluation.error();
  auto prepared = prepare_pools(with.chosen, std::move(*calibration), std::move(*evaluation), prefix + "honest");
  if (!prepared) return prepared.error();
  const honest_pools& pools = *prepared;
  result.cap = pools.cap;
  result.baselines = pools.baselines;
  result.honest = summarise(pools.evaluation, with.promised);
  result.calibration_tokens = pools.calibration.size() * with.chosen.output_tokens;
  for (const conduct& who : cheats) {
    shown.stage(prefix + who.id);
    auto seen = collect(with, who, how, prefix + who.id, who.subtle ? with.chosen.subtle_cheat : with.chosen.cheat,
                        threads, shown);
    if (!seen) return seen.error();
    auto found = detect(with.chosen, pools, *seen, prefix + who.id);
    if (!found) return found.error();
    result.cheats.push_back({who.id, who.name, static_cast<double>(who.sampler.temperature),
                             summarise(*seen, with.promised), std::move(*found)});
  }
  return result;
}

}  // namespace study
