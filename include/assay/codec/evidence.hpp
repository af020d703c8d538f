// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// JSON and CBOR of the scores of audited requests, which calibrations are fitted on.
#ifndef ASSAY_CODEC_EVIDENCE_HPP
#define ASSAY_CODEC_EVIDENCE_HPP

#include <array>
#include <cstddef>
#include <vector>

#include <assay/codec/object.hpp>
#include <assay/protocol/evidence.hpp>

namespace assay::inline v0::codec {

/// The scores of one channel, by column: three lists of one length.
template <>
struct record<std::vector<score_at>> {
  static constexpr const char* name = "channel";

  template <class Visitor, class Scores>
  static void fields(Visitor& visit, Scores& scores) {
    std::size_t columns = 0;
    visit.column("channel.score", scores, &score_at::score, columns);
    visit.column("channel.position", scores, &score_at::at, columns);
    visit.column("channel.checkpoint", scores, &score_at::layer, columns);
  }
};

template <>
struct record<std::array<std::vector<score_at>, channel_count>> {
  static constexpr const char* name = "scores";

  template <class Visitor, class Scores>
  static void fields(Visitor& visit, Scores& scores) {
    auto& [head, tokens, states, rows, blocks] = scores;
    visit("scores.head", head);
    visit("scores.tokens", tokens);
    visit("scores.states", states);
    visit("scores.rows", rows);
    visit("scores.blocks", blocks);
  }
};

template <>
struct record<request_evidence> {
  static constexpr const char* name = "evidence";
  static constexpr document_limits limits{std::size_t{32} << 20, std::size_t{1} << 20};

  template <class Visitor, class Evidence>
  static void fields(Visitor& visit, Evidence& evidence) {
    auto& [scores, tokens, opened_bytes, nats] = evidence;
    visit("evidence.scores", scores);
    visit("evidence.tokens", tokens);
    visit("evidence.opened_bytes", opened_bytes);
    visit("evidence.nats", nats);
  }

  static result<void> check(const request_evidence& evidence) {
    if (!(evidence.nats >= 0)) return fail(errc::out_of_range, "evidence: the entropy is negative");
    for (const auto& scores : evidence.scores)
      for (std::size_t i = 0; i < scores.size(); ++i)
        if (!(scores[i].score >= 0)) return fail(errc::out_of_range, "evidence: a score is negative", i);
    return {};
  }
};

}  // namespace assay::inline v0::codec

#endif
