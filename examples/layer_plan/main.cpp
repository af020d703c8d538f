// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which blocks of a model should verifiers with limited budgets check? Spectra, scores, the best selection, and the
// randomised policy that leaves no block predictably unchecked.
#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "report.hpp"

namespace {

struct options {
  std::filesystem::path model = ASSAY_LAYER_PLAN_MODELS "/base", tokenizer = ASSAY_LAYER_PLAN_MODELS "/tokenizer.json",
                        text = ASSAY_LAYER_PLAN_MODELS "/held_out.txt";
  std::string metric = "peak";
  std::vector<double> budgets{0.25};
  double floor = 0.1;
  assay::significance_settings score;
  layer_plan::aims want;
  std::uint64_t seed = 1, audits = 8;
  bool matrices = false;
  std::uint32_t cheat_tokens = 0;
};

int stop(const char* what, const assay::error& e) {
  std::fprintf(stderr, "%s: %s (%s, at %llu)\n", what, e.message, name(e.code),
               static_cast<unsigned long long>(e.where));
  return 2;
}

/// In a real audit the seed follows from randomness that exists only after the commitment.
assay::seed seed_of(std::uint64_t number) {
  assay::seed s;
  for (std::size_t i = 0; i < 8; ++i) s.bytes[i] = static_cast<std::byte>(number >> (8 * i));
  return s;
}

std::vector<std::uint64_t> budgets_of(const options& chosen, const layer_plan::model_measure& model) {
  std::uint64_t all = 0;
  for (const auto& block : model.blocks) all += block.parameters;
  std::vector<std::uint64_t> out;
  for (const double share : chosen.budgets)
    out.push_back(static_cast<std::uint64_t>(std::floor(share * static_cast<double>(all))));
  return out;
}

int plan(const options& chosen) {
  const auto weights = reference::load_weights(chosen.model);
  if (!weights) return stop("the model cannot be read", weights.error());
  const auto model =
      layer_plan::measure(*weights, chosen.metric == "peak" ? layer_plan::metric::peak : layer_plan::metric::mid);
  if (!model) return stop("the spectra cannot be measured", model.error());
  const auto scores = assay::significance(model->blocks, chosen.score);
  if (!scores) return stop("the blocks cannot be scored", scores.error());
  std::vector<assay::layer_item> layers;
  for (std::size_t i = 0; i < scores->size(); ++i)
    layers.push_back({assay::significance_units((*scores)[i]), model->blocks[i].parameters});
  const auto budgets = budgets_of(chosen, *model);
  const auto policy = assay::layer_policy::make(layers, budgets, chosen.floor);
  if (!policy) return stop("no policy keeps to these budgets", policy.error());
  if (chosen.matrices) layer_plan::print_matrices(*model);
  layer_plan::print_blocks(*model, *scores, *policy, chosen.want);
  if (chosen.cheat_tokens > 0) {
    const auto losses = layer_plan::measure_cheats(*weights, chosen.tokenizer, chosen.text, chosen.cheat_tokens);
    if (!losses) return stop("the cheats cannot be measured", losses.error());
    layer_plan::print_cheats(*losses, *scores);
  }
  layer_plan::print_verifiers(*model, budgets, *policy);
  layer_plan::print_draws(*policy, seed_of(chosen.seed), chosen.audits);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  options chosen;
  CLI::App app{"assay layer plan: which blocks verifiers with limited budgets should check"};
  app.add_option("--model", chosen.model, "folder with config.json and model.safetensors, or a .gguf file")
      ->capture_default_str();
  app.add_option("--metric", chosen.metric, "where a spectrum's tail begins")
      ->capture_default_str()
      ->check(CLI::IsMember({"peak", "mid"}));
  app.add_option("--budget", chosen.budgets, "one per verifier: share of all blocks' parameters")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--floor", chosen.floor, "least probability that a block is checked in an audit")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--target", chosen.score.target, "share of parameters that the score's pruner would remove")
      ->capture_default_str();
  app.add_option("--spread", chosen.score.spread, "how far shares may lie apart")->capture_default_str();
  app.add_option("--power", chosen.want.power, "probability that checking a tampered block notices it")
      ->capture_default_str()
      ->check(CLI::Range(0.001, 1.0));
  app.add_option("--escape", chosen.want.escape, "tolerated probability that a cheat in one block escapes")
      ->capture_default_str()
      ->check(CLI::Range(1e-12, 0.999));
  app.add_option("--seed", chosen.seed, "of the draws that are shown")->capture_default_str();
  app.add_option("--audits", chosen.audits, "draws to show")->capture_default_str()->check(CLI::Range(0, 10000));
  app.add_flag("--matrices", chosen.matrices, "also list every matrix");
  app.add_option("--cheats", chosen.cheat_tokens,
                 "also measure what cheating in each block does to the loss, on so many tokens")
      ->capture_default_str();
  app.add_option("--tokenizer", chosen.tokenizer, "for --cheats")->capture_default_str();
  app.add_option("--text", chosen.text, "for --cheats: text that the model has not seen")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return plan(chosen);
}
