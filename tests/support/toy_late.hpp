// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Providers that commit to rows of their own choice, and whole exchanges of late sketches with them.
#ifndef ASSAY_TESTS_SUPPORT_TOY_LATE_HPP
#define ASSAY_TESTS_SUPPORT_TOY_LATE_HPP

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <assay/protocol/late_audit.hpp>

#include "support/toy_protocol.hpp"

namespace assay_tests {

/// A model of three checkpoints with rows wide enough that a sketch shows little of them.
inline toy_settings wide_toy(std::uint64_t stack = 0, double noise = 0) {
  toy_settings t;
  t.width = 192, t.stack = stack, t.noise = noise;
  return t;
}
/// A run of it that commits to the rows between blocks.
inline assay::run_description wide_run(assay::dtype rows = assay::dtype::bf16) {
  assay::run_description run = toy_run(wide_toy());
  run.commitment.sketch = 16, run.commitment.row_type = rows;
  run.commitment.committed_rows = {assay::layer_index{0}, assay::layer_index{1}};
  return run;
}

/// A provider whose tokens are honest, and that commits to whatever stands in `rows` when it is told to.
struct row_author {
  assay::run_description run;
  assay::request asked;
  std::vector<assay::token_id> output;
  assay::receipt receipt;
  std::vector<float> rows;  ///< [positions][checkpoints][width]; honest to begin with
  std::optional<assay::committed_trees<assay::merkle>> trees{};

  explicit row_author(const toy_engine& engine, std::uint64_t index = 2,
                      const assay::run_description& promised = wide_run())
      : run(promised), asked(toy_request(index, 6, 7)) {
    const toy_answer answer = must(serve(engine, run, asked));
    output = answer.output, receipt = answer.receipt;
    rows.resize(std::size_t{assay::observed_positions(receipt)} * run.model.checkpoints * run.model.width);
    const toy_reference honest{engine, asked.prompt, output};
    for (std::uint32_t p = 0; p < assay::observed_positions(receipt); ++p)
      for (std::uint32_t l = 0; l < run.model.checkpoints; ++l)
        must(honest(assay::layer_index{l}, assay::position{p}, row(p, l)));
  }
  [[nodiscard]] std::span<float> row(std::uint32_t at, std::uint32_t layer) {
    return std::span{rows}.subspan((std::size_t{at} * run.model.checkpoints + layer) * run.model.width,
                                   run.model.width);
  }
  [[nodiscard]] assay::row_encoder early_encoder() const {
    return must(assay::row_encoder::make(run, assay::derive_keys(asked.nonce, receipt.request).projection));
  }
  /// Commits to the rows and to their fingerprints. Rows may hold anything; those without a fingerprint get zeros.
  void commit() {
    auto encoder = early_encoder();
    std::vector<std::byte> states, final_rows, block_rows, print(encoder.fingerprint_bytes()),
        bits(encoder.row_bytes());
    for (std::uint32_t p = 0; p < assay::observed_positions(receipt); ++p)
      for (std::uint32_t l = 0; l < run.model.checkpoints; ++l) {
        std::vector<float> shown(row(p, l).begin(), row(p, l).end());
        if (!encoder.encode(assay::layer_index{l}, shown, bits, print)) {
          print.assign(print.size(), std::byte{0});
          for (std::size_t i = 0; i < shown.size(); ++i)
            assay::store_le(bits.data() + 2 * i, assay::float_to_bf16(shown[i]));
        }
        states.insert(states.end(), print.begin(), print.end());
        if (l + 1 < run.model.checkpoints) block_rows.insert(block_rows.end(), bits.begin(), bits.end());
        else if (p + 1 >= asked.prompt.size()) final_rows.insert(final_rows.end(), bits.begin(), bits.end());
      }
    trees = must(assay::commit_states(assay::merkle{}, run, receipt.request, states, final_rows,
                                      assay::observed_positions(receipt), receipt.output_tokens, block_rows));
    receipt.states = trees->states.root(), receipt.final_rows = trees->final_rows.root(),
    receipt.block_rows = trees->block_rows->root();
  }
  /// @pre commit()
  [[nodiscard]] assay::sealed_request<assay::merkle> sealed() const { return {&run, &receipt, &*trees}; }
  [[nodiscard]] std::vector<std::byte> openings(const assay::challenge& question) const {
    const auto wanted = assay::coordinates_of(run, receipt, must(assay::expand(question, receipt)));
    assay::opening_set<assay::merkle> set{assay::digest_of(question), must(trees->states.open(wanted.states)), {}, {}};
    if (!wanted.final_rows.empty()) set.final_rows = must(trees->final_rows.open(wanted.final_rows));
    if (!wanted.block_rows.empty()) set.block_rows = must(trees->block_rows->open(wanted.block_rows));
    return assay::encode(set, run, receipt);
  }
};

/// A whole exchange: reveal, sketches, check, rows. The audit ends checked or in breach.
inline assay::late_audit exchange(const assay::sealed_request<assay::merkle>& provider,
                                  const assay::late_reveal& revealed, std::uint64_t fresh = 31,
                                  std::uint32_t rows = 2) {
  auto late = must(assay::late_audit::begin(*provider.run, *provider.sealed, revealed));
  const auto sent = must(assay::answer_reveal(provider, revealed));
  must(late.take_sketches(assay::encode(sent)));
  const auto asked = must(late.draw_check(seed_of(fresh), rows));
  const auto opened = must(assay::answer_check(provider, revealed, assay::digest_of(sent), asked));
  must(late.check_rows(asked, assay::encode(opened, *provider.run, *provider.sealed)));
  return late;
}

}  // namespace assay_tests

#endif
