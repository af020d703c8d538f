// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The scores of one audited request: what calibration is fitted on and decisions are made from.
#ifndef ASSAY_PROTOCOL_EVIDENCE_HPP
#define ASSAY_PROTOCOL_EVIDENCE_HPP

#include <array>
#include <cstdint>
#include <vector>

#include <assay/protocol/verdict.hpp>

namespace assay::inline v0 {

/// One comparison: how far off, and where. Scores are non-negative; 0 is agreement.
struct score_at {
  double score = 0;   ///< channels head, tokens: margin in logits; channels states, rows, blocks: relative distance
  position at;
  layer_index layer;  ///< channels states, rows, blocks: the checkpoint; otherwise 0
};

/// All comparisons of one request, by channel.
struct request_evidence {
  std::array<std::vector<score_at>, channel_count> scores;
  std::uint64_t tokens = 0;        ///< output tokens of the request that were examined
  std::uint64_t opened_bytes = 0;  ///< bytes of openings received
  /// Summed surprisals of the examined tokens: a random seed would have passed for the promised one with probability
  /// exp(-nats). 0 at temperature 0, where seeds play no part.
  double nats = 0;

  [[nodiscard]] const std::vector<score_at>& of(channel c) const { return scores[static_cast<std::size_t>(c)]; }
  [[nodiscard]] std::vector<score_at>& of(channel c) { return scores[static_cast<std::size_t>(c)]; }
};

}  // namespace assay::inline v0

#endif
