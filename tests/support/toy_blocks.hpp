// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A toy model that is made of blocks: each position sees all earlier ones, and a block can be recomputed alone. It can
// cheat in one block at a time, or run on another prompt.
#ifndef ASSAY_TESTS_SUPPORT_TOY_BLOCKS_HPP
#define ASSAY_TESTS_SUPPORT_TOY_BLOCKS_HPP

#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <assay/core/ids.hpp>
#include <assay/core/result.hpp>
#include <assay/protocol/run.hpp>

#include "support/toy_protocol.hpp"

namespace assay_tests {

enum class block_cheat : std::uint8_t { none, skipped, int8_weights, other_weights };

class toy_blocks {
 public:
  static constexpr std::uint32_t width = 24, vocabulary = 64, blocks = 3, checkpoints = blocks + 1;

  std::uint64_t stack = 0;  ///< whose arithmetic
  double noise = 0;         ///< relative size of the arithmetic's noise
  block_cheat cheat = block_cheat::none;
  std::uint32_t cheated_block = 1;
  std::optional<assay::token_id> first_token{};  ///< runs on a prompt that starts with this one

  toy_blocks() {
    for (std::uint32_t l = 0; l < blocks; ++l) weights_.push_back(matrix(l));
  }

  void embed(assay::token_id token, std::span<float> row) const {
    for (std::uint32_t i = 0; i < width; ++i) row[i] = static_cast<float>(normal(token.value + 0x1000u, i));
  }

  /// One row coming out, of the rows going in up to it.
  void block(std::uint32_t l, std::span<const float> rows_in, std::span<float> out, bool honest) const {
    const std::size_t last = rows_in.size() / width - 1;
    const auto in = rows_in.subspan(last * width, width);
    const bool cheats = !honest && cheat != block_cheat::none && cheated_block == l;
    std::copy(in.begin(), in.end(), out.begin());
    if (cheats && cheat == block_cheat::skipped) return;
    std::vector<double> seen(width);
    for (std::size_t p = 0; p <= last; ++p)
      for (std::size_t i = 0; i < width; ++i) seen[i] += static_cast<double>(rows_in[p * width + i]) / static_cast<double>(last + 1);
    const std::vector<float> other = cheats && cheat == block_cheat::other_weights ? matrix(l + 100) : std::vector<float>{};
    const std::vector<float>& w = other.empty() ? weights_[l] : other;
    for (std::size_t i = 0; i < width; ++i) {
      double sum = 0;
      for (std::size_t j = 0; j < width; ++j) {
        const float exact = w[i * width + j];
        const float used = cheats && cheat == block_cheat::int8_weights ? std::round(exact * 40) / 40 : exact;
        sum += static_cast<double>(used) * (static_cast<double>(in[j]) + seen[j]);
      }
      const double shaken = noise > 0 ? sum * (1 + noise * normal(stack + 77, i + 1000 * l + 100000 * last)) : sum;
      out[i] += static_cast<float>(0.5 * std::tanh(shaken));
    }
  }

  void final_norm(std::span<const float> in, std::span<float> out) const {
    double square = 1e-6;
    for (float x : in) square += static_cast<double>(x) * static_cast<double>(x) / width;
    for (std::size_t i = 0; i < in.size(); ++i) out[i] = static_cast<float>(static_cast<double>(in[i]) / std::sqrt(square));
  }

  /// The state of the last position of `history`, as `serve` wants it.
  void state(std::uint32_t layer, std::span<const assay::token_id> history, std::span<float> row) const {
    std::vector<float> rows(history.size() * width), next(rows.size());
    for (std::size_t p = 0; p < history.size(); ++p)
      embed(p == 0 && first_token ? *first_token : history[p], std::span{rows}.subspan(p * width, width));
    for (std::uint32_t l = 0; l <= std::min(layer, blocks - 1); ++l) {
      for (std::size_t p = 0; p < history.size(); ++p)
        block(l, std::span{rows}.first((p + 1) * width), std::span{next}.subspan(p * width, width), false);
      rows.swap(next);
    }
    const auto last = std::span<const float>{rows}.last(width);
    if (layer < blocks) std::copy(last.begin(), last.end(), row.begin());
    else final_norm(last, row);
  }

  void logits(std::span<const float> row, std::span<float> out) const {
    for (std::size_t v = 0; v < out.size(); ++v) {
      double sum = 0;
      for (std::size_t i = 0; i < row.size(); ++i) sum += 0.5 * normal(v + 0x5000u, i) * static_cast<double>(row[i]);
      out[v] = static_cast<float>(sum);
    }
  }

 private:
  static std::vector<float> matrix(std::uint64_t which) {
    std::vector<float> w(width * width);
    for (std::size_t i = 0; i < w.size(); ++i) w[i] = static_cast<float>(normal(which + 0x9000u, i) / std::sqrt(2.0 * width));
    return w;
  }
  static double normal(std::uint64_t key, std::uint64_t index) noexcept {
    std::uint64_t z = key * 0x9e3779b97f4a7c15u + index * 0xd1342543de82ef95u + 0x632be59bd9b4e019u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    double sum = 0;
    for (unsigned shift = 0; shift < 64; shift += 16) sum += static_cast<double>((z >> shift) & 0xffffu) / 65536.0 - 0.5;
    return sum * 1.7320508075688772;
  }

  std::vector<std::vector<float>> weights_;
};

/// A verifier's view of the model: blocks alone, or with embedding and final norm.
struct toy_block_weights {
  const toy_blocks& model;

  assay::result<void> recompute(assay::layer_index block, std::span<const float> rows_in, std::span<const assay::position> wanted,
                                std::span<float> rows_out) const {
    for (std::size_t i = 0; i < wanted.size(); ++i)
      model.block(block.value, rows_in.first((wanted[i].value + std::size_t{1}) * toy_blocks::width),
                  rows_out.subspan(i * toy_blocks::width, toy_blocks::width), true);
    return {};
  }
};
struct toy_block_reference : toy_block_weights {
  assay::result<void> embed(std::span<const assay::token_id> tokens, std::span<float> rows) const {
    for (std::size_t i = 0; i < tokens.size(); ++i) model.embed(tokens[i], rows.subspan(i * toy_blocks::width, toy_blocks::width));
    return {};
  }
  assay::result<void> final_norm(std::span<const float> in, std::span<float> out) const {
    model.final_norm(in, out);
    return {};
  }
};

/// A run that commits to the rows between all blocks.
inline assay::run_description toy_blocks_run(assay::dtype rows = assay::dtype::bf16) {
  toy_settings t;
  t.width = toy_blocks::width, t.vocabulary = toy_blocks::vocabulary, t.checkpoints = toy_blocks::checkpoints;
  assay::run_description run = toy_run(t);
  run.commitment.row_type = rows;
  for (std::uint32_t l = 0; l < toy_blocks::blocks; ++l) run.commitment.committed_rows.push_back(assay::layer_index{l});
  return run;
}

/// A verifier of all blocks, one of them at a time.
inline assay::verification_policy toy_blocks_policy(std::vector<std::uint32_t> among = {0, 1, 2}, std::uint32_t blocks = 1) {
  assay::verification_policy policy;
  policy.required = assay::audit_level::block;
  policy.request_alpha = 0.05, policy.session_alpha = 0.05;
  policy.minimum_tokens = 1;
  policy.opened = {2, 3};
  policy.opened.recheck.blocks = blocks, policy.opened.recheck.positions = 4, policy.opened.recheck.prefix = 256;
  for (std::uint32_t block : among) policy.opened.recheck.among.push_back(assay::layer_index{block});
  return policy;
}

/// A whole level-2 audit of an answer.
template <class Reference>
assay::audit recheck_answer(const assay::verification_policy& policy, const assay::run_description& run, const assay::request& asked,
                            const toy_answer& a, const Reference& reference, std::uint64_t nonce = 99) {
  auto audit = must(assay::audit::begin(policy, run, asked, a.output, a.receipt));
  if (audit.breached()) return audit;
  const auto challenge = must(audit.draw_challenge(seed_of(nonce)));
  must(audit.check_openings(challenge, open_encoded(a, run, challenge)));
  must(audit.replay_head([&](std::span<const float> row, std::span<float> logits) {
    reference.model.logits(row, logits);
    return assay::result<void>{};
  }));
  must(audit.recheck_blocks(reference));
  return audit;
}

}  // namespace assay_tests

#endif
