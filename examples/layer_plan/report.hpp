// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The plan as Markdown tables on standard output.
#ifndef ASSAY_LAYER_PLAN_REPORT_HPP
#define ASSAY_LAYER_PLAN_REPORT_HPP

#include <cstdint>
#include <span>
#include <vector>

#include <assay/layers/random_policy.hpp>

#include "cheats.hpp"
#include "measurement.hpp"

namespace layer_plan {

void print_matrices(const model_measure& model);

/// What the plan is judged by.
struct aims {
  double power = 1;      ///< probability that checking a tampered block notices it
  double escape = 0.01;  ///< tolerated probability that a cheat in one block escapes
};

void print_blocks(const model_measure& model, std::span<const double> scores, const assay::layer_policy& policy,
                  const aims& want);

void print_cheats(const cheat_losses& losses, std::span<const double> scores);

void print_verifiers(const model_measure& model, std::span<const std::uint64_t> budgets,
                     const assay::layer_policy& policy);

void print_draws(const assay::layer_policy& policy, const assay::seed& seed, std::uint64_t audits);

}  // namespace layer_plan

#endif
