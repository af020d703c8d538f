// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "simulation.hpp"

#include <array>
#include <cmath>
#include <mutex>
#include <optional>

#include <assay/random/stream.hpp>
#include <assay/token/choice_spread.hpp>
#include <assay/token/sample.hpp>

namespace study {
namespace {

constexpr std::array ratios{4.15, 2.5, 1.87};
constexpr double honest_sigma = 0.05;

/// A row's largest entries: logits fall with the logarithm of the rank, steeply where the text is certain.
void draw_row(assay::random_stream& stream, std::vector<assay::token_id>& ids, std::vector<float>& values) {
  const double slope = std::exp(1.1 + 0.6 * stream.normal());
  const std::uint64_t start = stream.below(simulated_vocabulary);
  for (std::uint32_t r = 0; r < simulated_candidates; ++r) {
    ids[r] = assay::token_id{static_cast<std::uint32_t>((start + std::uint64_t{r} * 7919) % simulated_vocabulary)};
    values[r] = static_cast<float>(20 - slope * std::log(1.0 + r) + 0.5 * stream.normal());
  }
}

/// Unit variance.
double disturbance(assay::random_stream& stream, tail noise) {
  const double z = stream.normal();
  if (noise == tail::gaussian) return z;
  double squares = 0;
  for (int i = 0; i < 3; ++i) {
    const double y = stream.normal();
    squares += y * y;
  }
  return z / std::sqrt(squares);  // t with 3 degrees of freedom is sqrt(3) times this and has variance 3
}

assay::sampler_settings sampler_of(const scenario& what) {
  return {.temperature = 1, .top_k = 50, .top_p = what.top_p};
}

assay::result<transcript> simulate_request(const options& chosen, const scenario& what, double sigma,
                                           const assay::seed& own) {
  const assay::sampler_settings sampler = sampler_of(what);
  const tail noise = what.noise;
  assay::random_stream stream{own, "simulation"};
  const assay::noise_key key = assay::derive_noise_key(own);
  std::vector<assay::token_id> ids(simulated_candidates);
  std::vector<float> values(simulated_candidates), shaken(simulated_candidates);
  assay::token_workspace work;
  transcript seen;
  for (std::uint32_t step = 0; step < chosen.output_tokens; ++step) {
    draw_row(stream, ids, values);
    // A log-normal scale with E[scale^2] = 1.
    const double scale = noise == tail::heavy ? sigma * std::exp(stream.normal() - 1) : sigma;
    for (std::size_t i = 0; i < values.size(); ++i)
      shaken[i] = static_cast<float>(static_cast<double>(values[i]) + scale * disturbance(stream, noise));
    const auto claimed = assay::sample_token(assay::sparse_logits{ids, shaken}, sampler, key, step, work);
    if (!claimed) return claimed.error();
    const assay::sparse_logits row{ids, values};
    const auto score = assay::score_token(row, sampler, key, step, *claimed, work);
    if (!score) return score.error();
    const auto spread = assay::spread_of(row, sampler, work);
    if (!spread) return spread.error();
    seen.noise.add(*score, spread->gini, sampler);
    seen.tokens.push_back(*score);
  }
  return seen;
}

assay::result<pool> simulate_pool(const options& chosen, const scenario& what, double sigma, std::string_view purpose,
                                  assay::thread_pool& threads, demo::progress& shown) {
  pool all(chosen.simulated_tokens / chosen.output_tokens);
  std::mutex guard;
  std::optional<assay::error> failure;
  threads.for_each(all.size(), [&](std::size_t i) {
    auto seen = simulate_request(chosen, what, sigma, study_seed(chosen, purpose, i));
    const std::lock_guard lock{guard};
    if (seen) all[i] = std::move(*seen);
    else if (!failure) failure = seen.error();
  });
  if (failure) return *failure;
  shown.step();
  return all;
}

}  // namespace

assay::result<simulation_result> simulate(const options& chosen, const scenario& what, assay::thread_pool& threads,
                                          demo::progress& shown) {
  const std::string prefix = "simulation/" + std::string(what.name) + "/";
  const assay::sampler_settings sampler = sampler_of(what);
  shown.stage(prefix + "honest");
  auto calibration = simulate_pool(chosen, what, honest_sigma, prefix + "calibration", threads, shown);
  if (!calibration) return calibration.error();
  auto evaluation = simulate_pool(chosen, what, honest_sigma, prefix + "evaluation", threads, shown);
  if (!evaluation) return evaluation.error();
  auto prepared = prepare_pools(chosen, std::move(*calibration), std::move(*evaluation), prefix + "honest");
  if (!prepared) return prepared.error();
  const honest_pools& pools = *prepared;
  simulation_result result{std::string(what.name),
                           honest_sigma,
                           pools.cap,
                           pools.calibration.size() * chosen.output_tokens,
                           summarise(pools.evaluation, sampler),
                           pools.baselines,
                           {}};
  for (double ratio : ratios) {
    const std::string id = prefix + std::to_string(ratio).substr(0, 4);
    shown.stage(id);
    auto seen = simulate_pool(chosen, what, honest_sigma * ratio, id, threads, shown);
    if (!seen) return seen.error();
    auto found = detect(chosen, pools, *seen, id);
    if (!found) return found.error();
    result.cheats.push_back({ratio, summarise(*seen, sampler), std::move(*found)});
  }
  return result;
}

std::uint32_t simulation_steps() { return 2 + static_cast<std::uint32_t>(ratios.size()); }

}  // namespace study
