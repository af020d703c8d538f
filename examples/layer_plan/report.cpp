// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "report.hpp"

#include <cinttypes>
#include <cstdio>
#include <string>

namespace layer_plan {

namespace {

std::string text(const assay::layer_range& r) {
  if (r.empty()) return "idle";
  if (r.end == r.first + 1) return std::to_string(r.first);
  return std::to_string(r.first) + "-" + std::to_string(r.end - 1);
}

std::string audits_text(double hit, const aims& want) {
  const auto needed = assay::audits_needed(hit, want.power, want.escape);
  return needed ? std::to_string(*needed) : "never";
}

}  // namespace

void print_matrices(const model_measure& model) {
  std::printf("| block | matrix | shape | alpha_peak | tail | alpha_mid | tail |\n|--:|---|--:|--:|--:|--:|--:|\n");
  for (const matrix_measure& m : model.matrices)
    std::printf("| %u | `%s` | %" PRIu64 " x %" PRIu64 " | %.3f | %zu | %.3f | %zu |\n", m.block, m.name.c_str(),
                m.rows, m.columns, m.peak.alpha, m.peak.tail, m.mid.alpha, m.mid.tail);
}

void print_blocks(const model_measure& model, std::span<const double> scores, const assay::layer_policy& policy,
                  const aims& want) {
  const assay::layer_selection& best = policy.selections()[0];
  std::printf("\n| block | parameters | alpha | score | in the best selection | checked with probability | audits of "
              "the best selection alone | audits of the policy |\n"
              "|--:|--:|--:|--:|---|--:|--:|--:|\n");
  for (std::uint32_t i = 0; i < model.blocks.size(); ++i) {
    const bool chosen = best.covers(i);
    std::printf("| %u | %" PRIu64 " | %.3f | %.3f | %s | %.4f | %s | %s |\n", i, model.blocks[i].parameters,
                model.blocks[i].alpha, scores[i], chosen ? "yes" : "no", policy.probability(i),
                audits_text(chosen ? 1 : 0, want).c_str(), audits_text(policy.probability(i), want).c_str());
  }
  std::printf("\nAudits until a cheat in one block alone escapes with probability %g at most, if a check notices it "
              "with probability %g.\n",
              want.escape, want.power);
}

void print_cheats(const cheat_losses& losses, std::span<const double> scores) {
  std::printf("\nHonest loss on held-out text: %.4f nats per token.\n\n| block | score | loss added if it is skipped | "
              "loss added by 4-bit weights |\n|--:|--:|--:|--:|\n",
              losses.honest);
  for (std::size_t i = 0; i < losses.skipped.size(); ++i)
    std::printf("| %zu | %.3f | %.4f | %.4f |\n", i, scores[i], losses.skipped[i] - losses.honest,
                losses.four_bits[i] - losses.honest);
}

void print_verifiers(const model_measure& model, std::span<const std::uint64_t> budgets,
                     const assay::layer_policy& policy) {
  std::uint64_t all = 0;
  for (const auto& block : model.blocks) all += block.parameters;
  std::printf("\n| verifier | budget in parameters | of all | best selection: blocks |\n|--:|--:|--:|---|\n");
  for (std::size_t k = 0; k < budgets.size(); ++k)
    std::printf("| %zu | %" PRIu64 " | %.1f %% | %s |\n", k, budgets[k],
                100.0 * static_cast<double>(budgets[k]) / static_cast<double>(all),
                text(policy.selections()[0].ranges[k]).c_str());
  std::printf("\nThe best selection is drawn with probability %.4f, else one of %zu that cover all blocks equally "
              "often. Least likely block: %.4f.\n",
              static_cast<double>(policy.weights()[0]) / static_cast<double>(policy.total_weight()),
              policy.selections().size() - 1, policy.least_probability());
}

void print_draws(const assay::layer_policy& policy, const assay::seed& seed, std::uint64_t audits) {
  if (audits == 0) return;
  std::printf("\n| audit | blocks per verifier |\n|--:|---|\n");
  for (std::uint64_t i = 0; i < audits; ++i) {
    std::printf("| %" PRIu64 " |", i);
    for (const assay::layer_range& r : policy.draw(seed, i).ranges) std::printf(" %s", text(r).c_str());
    std::printf(" |\n");
  }
}

}  // namespace layer_plan
