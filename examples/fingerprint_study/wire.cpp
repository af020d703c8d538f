// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wire.hpp"

#include <assay/core/tensor_view.hpp>
#include <assay/protocol/prover.hpp>
#include <assay/protocol/wire.hpp>

namespace study {
namespace {

constexpr std::uint32_t prompt_tokens = 36, challenges = 40;

assay::run_description run_of(const world& with) {
  const auto& c = with.base.config();
  assay::run_description run;
  run.model = {assay::model_digest{with.base.claimed_digest()}, {}, assay::dtype::bf16, assay::dtype::bf16,
               with.base.checkpoint_count(), c.width, c.vocabulary};
  run.commitment.steps.assign(with.base.checkpoint_count(), 0x1p-8f);
  return run;
}

assay::request request_of(const world& with, std::uint32_t output) {
  assay::request asked;
  asked.nonce = study_seed(with.chosen, "wire", output);
  asked.prompt.assign(with.held_out.begin(), with.held_out.begin() + prompt_tokens);
  asked.max_output = output;
  return asked;
}

assay::result<void> observe(assay::prover& prover, const assay::run_description& run, const assay::request& asked) {
  const std::uint32_t positions = prompt_tokens + asked.max_output - 1;
  assay::random_stream stream{asked.nonce, "states"};
  std::vector<float> rows(std::size_t{positions} * run.model.width);
  for (std::uint32_t c = 0; c < run.model.checkpoints; ++c) {
    for (float& x : rows) x = static_cast<float>(stream.normal());
    const auto where = assay::row_map::contiguous(assay::sequence_id{}, assay::position{0}, positions);
    const auto view = assay::matrix_view(rows.data(), positions, run.model.width);
    if (auto seen = prover.observe(assay::layer_index{c}, view, where); !seen) return seen.error();
  }
  for (std::uint32_t i = 0; i < asked.max_output; ++i)
    if (auto told = prover.sampled(assay::position{prompt_tokens + i}, assay::token_id{i % run.model.vocabulary}); !told)
      return told.error();
  return {};
}

}  // namespace

assay::result<std::vector<wire_cost>> measure_wire(const world& with, const std::vector<std::uint32_t>& output_tokens) {
  const assay::run_description run = run_of(with);
  std::vector<wire_cost> found;
  for (std::uint32_t output : output_tokens) {
    const assay::request asked = request_of(with, output);
    auto prover = assay::prover::start(run, asked);
    if (!prover) return prover.error();
    if (auto seen = observe(*prover, run, asked); !seen) return seen.error();
    const auto receipt = prover->seal();
    if (!receipt) return receipt.error();
    for (std::uint32_t positions : {1u, 2u, 4u, 8u, 16u}) {
      wire_cost cost{output, positions, static_cast<double>(encode(*receipt).size()), 0, 0, 0};
      cost.sent = 2.0 * run.commitment.sketch * run.model.checkpoints * assay::observed_positions(*receipt);
      for (std::uint32_t i = 0; i < challenges; ++i) {
        const assay::challenge drawn{assay::digest_of(*receipt), study_seed(with.chosen, "wire/challenge", i),
                                     {positions, 0}};
        const auto openings = prover->open(drawn);
        if (!openings) return openings.error();
        cost.challenge = static_cast<double>(encode(drawn).size());
        cost.openings += static_cast<double>(encode(*openings, run, *receipt).size()) / challenges;
      }
      found.push_back(cost);
    }
  }
  return found;
}

}  // namespace study
