// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How many tokens it takes to catch whom, and how often the honest are accused: all of docs/results/token_detection.md.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>

#include <stopwatch.hpp>

#include "results.hpp"

namespace {

void shorten(study::options& chosen) {
  chosen.output_tokens = 16;
  chosen.calibration = chosen.evaluation = 24;
  chosen.cheat = chosen.subtle_cheat = 16;
  chosen.null_requests = 20;
  chosen.simulated_tokens = 4000;
  chosen.bootstraps = 20;
  chosen.alpha = 0.1;
}

/// The dishonest providers, with the temperature that blinds the cross-entropy found for the int4 one.
assay::result<std::vector<study::conduct>> all_cheats(const study::world& with, const study::arrangement& how) {
  auto cheats = study::dishonest_providers(with);
  if (!cheats) return cheats;
  const auto int4 = std::ranges::find(*cheats, "int4-weights", &study::conduct::id);
  std::fprintf(stderr, "looking for the temperature that hides int4 weights from the cross-entropy\n");
  auto temperature = study::blinding_temperature(with, int4->engine, how);
  if (!temperature) return temperature.error();
  study::conduct blinding = *int4;
  blinding.id = "int4-blinding", blinding.name = "int4 weights, temperature tuned";
  blinding.sampler.temperature = *temperature;
  cheats->insert(std::ranges::find(*cheats, "int4-weights", &study::conduct::id) + 1, std::move(blinding));
  return cheats;
}

assay::result<study::study_results> run(const study::options& chosen, const std::vector<std::string>& parts) {
  const auto wanted = [&](const char* part) { return std::ranges::find(parts, part) != parts.end(); };
  auto with = study::load_world(chosen);
  if (!with) return with.error();
  const auto arrangements = study::arrangements(chosen.quick);
  std::vector<study::conduct> cheats;
  std::uint32_t steps = 0;
  if (wanted("engine")) {
    auto found = all_cheats(*with, arrangements.front());
    if (!found) return found.error();
    cheats = std::move(*found);
    for (const auto& how : arrangements) steps += study::requests_of(chosen, study::tried_in(how, cheats));
  }
  if (wanted("null")) steps += study::null_request_count(chosen);
  if (wanted("simulation")) steps += static_cast<std::uint32_t>(study::scenarios.size()) * study::simulation_steps();
  assay::thread_pool threads{chosen.threads - 1};
  demo::progress shown{steps};
  study::study_results results;
  if (wanted("engine"))
    for (const auto& how : arrangements) {
      auto one = study::run_arrangement(*with, how, study::tried_in(how, cheats), threads, shown);
      if (!one) return one.error();
      results.arrangements.push_back(std::move(*one));
    }
  if (wanted("null")) {
    auto null = study::run_honest_null(*with, threads, shown);
    if (!null) return null.error();
    results.null = std::move(*null);
  }
  if (wanted("simulation"))
    for (const study::scenario& what : study::scenarios) {
      auto one = study::simulate(chosen, what, threads, shown);
      if (!one) return one.error();
      results.simulations.push_back(std::move(*one));
    }
  shown.finish();
  return results;
}

/// The quick run is a test: what cannot be missed must be found.
bool plausible(const study::study_results& results) {
  for (const auto& a : results.arrangements)
    for (const auto& c : a.cheats)
      if (c.id == "wrong-seed" && c.found.of(study::statistic::capped_margin).auc.value < 0.99) return false;
  for (const auto& s : results.simulations)
    if (s.cheats.front().seen.mean_margin < 4 * s.honest.mean_margin) return false;
  return true;
}

void add_count(CLI::App& app, const char* name, std::uint32_t& value, const char* meaning, std::uint32_t least) {
  app.add_option(name, value, meaning)->capture_default_str()->check(CLI::Range(least, 100000000u));
}

void declare(CLI::App& app, study::options& chosen, std::vector<std::string>& parts, std::string& json_file) {
  app.add_flag("--quick", chosen.quick, "a few cheats on tiny pools, in seconds; sets all counts below");
  app.add_option("--seed", chosen.seed, "changes every prompt, noise and draw")->capture_default_str();
  auto* which = app.add_option("--parts", parts, "engine, null, simulation")->delimiter(',');
  which->check(CLI::IsMember({"engine", "null", "simulation"}));
  app.add_option("--models", chosen.models, "folder with base/, small/, tokenizer.json and held_out.txt")
      ->capture_default_str();
  app.add_option("--threads", chosen.threads, "threads")->capture_default_str()->check(CLI::Range(1, 256));
  app.add_option("--tokens", chosen.output_tokens, "output tokens per request")
      ->capture_default_str()
      ->check(CLI::Range(2, 192));
  add_count(app, "--calibration", chosen.calibration, "honest requests for caps and thresholds", 30);
  add_count(app, "--evaluation", chosen.evaluation, "honest requests to compare with", 30);
  add_count(app, "--cheat", chosen.cheat, "requests per cheat", 30);
  add_count(app, "--subtle-cheat", chosen.subtle_cheat, "requests per subtle cheat", 30);
  add_count(app, "--null", chosen.null_requests, "honest requests per arithmetic", 200);
  add_count(app, "--simulated-tokens", chosen.simulated_tokens, "tokens per simulated pool", 20000);
  app.add_option("--json", json_file, "also write the results as JSON");
}

}  // namespace

int main(int argc, char** argv) {
  study::options chosen;
  chosen.models = ASSAY_STUDY_MODELS;
  std::string json_file;
  std::vector<std::string> parts{"engine", "null", "simulation"};
  CLI::App app{"assay token study: how many tokens it takes to catch whom, and how often the honest are accused"};
  declare(app, chosen, parts, json_file);
  CLI11_PARSE(app, argc, argv);
  if (chosen.quick) shorten(chosen);

  std::string command = "assay_token_study";
  for (int i = 1; i < argc; ++i) command += std::string(" ") + argv[i];
  const demo::stopwatch watch;
  const auto found = run(chosen, parts);
  if (!found) {
    std::fprintf(stderr, "the study stopped: %s (%s, at %llu)\n", found.error().message, name(found.error().code),
                 static_cast<unsigned long long>(found.error().where));
    return 2;
  }
  study::print(*found);
  if (!json_file.empty())
    std::ofstream{json_file} << study::to_json(chosen, *found, command, watch.seconds()).dump(1) << '\n';
  if (chosen.quick && !plausible(*found)) {
    std::fprintf(stderr, "the study finds nothing where nothing can be missed\n");
    return 1;
  }
  return 0;
}
