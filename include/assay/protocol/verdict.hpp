// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The outcome of an audit: what was decided, on what grounds, where, and how sure.
#ifndef ASSAY_PROTOCOL_VERDICT_HPP
#define ASSAY_PROTOCOL_VERDICT_HPP

#include <cstdint>

#include <assay/core/ids.hpp>

namespace assay::inline v0 {

enum class outcome : std::uint8_t { accept = 1, reject = 2, inconclusive = 3 };

/// How much the verifier held, and so what a pass means; see the threat model.
enum class audit_level : std::uint8_t {
  receipt = 0,  ///< receipt and openings only
  lm_head = 1,  ///< plus the LM head
  block = 2,    ///< plus some blocks
  model = 3,    ///< plus the whole model
};

/// Why an audit rejects. Every reason is attributable to the provider: local trouble is an `error`, never a reason.
enum class reason : std::uint16_t {
  none = 0,
  // exact: one honest provider in no universe
  malformed_receipt = 1,     ///< the receipt contradicts itself
  wrong_run = 2,             ///< the receipt is for another run description
  wrong_request = 3,         ///< the receipt is for another request: prompt, nonce or id differ
  wrong_output = 4,          ///< the receipt is for other output tokens
  stale_beacon = 5,          ///< the receipt names a beacon round that was public at its delivery
  unacceptable_terms = 6,       ///< the receipt's terms do not meet the policy
  malformed_openings = 7,    ///< the openings do not parse
  wrong_openings = 8,        ///< the openings answer another challenge
  bad_opening = 9,           ///< opened values do not belong to the committed root
  non_finite_row = 10,       ///< a committed row holds NaN, infinity or an absurd magnitude
  inconsistent_row = 11,     ///< an opened row does not have the fingerprint that was committed for it
  token_out_of_range = 12,   ///< an output token is not in the vocabulary
  withheld_openings = 13,    ///< no openings came within the retention the receipt promises
  // statistical: an honest provider is hit with at most the stated probability
  request_outlier = 20,      ///< this one request is further off than the policy's share of honest requests
  session_evidence = 21,     ///< the requests together contradict honesty
};

/// Which comparison a statistic belongs to.
enum class channel : std::uint8_t {
  head = 0,    ///< output tokens against logits from opened final rows (level 1)
  tokens = 1,  ///< output tokens against the reference model's logits (level 3)
  states = 2,  ///< opened fingerprints against the reference model's states (level 3)
  rows = 3,    ///< opened final rows, in full, against the reference model's (level 3)
  blocks = 4,  ///< opened rows coming out of a block against the block recomputed from the rows going in (level 2)
};
inline constexpr std::size_t channel_count = 5;

/// Place of the strongest deviation, as far as it has one.
struct audit_place {
  position at;            ///< absolute position in the sequence
  layer_index layer;      ///< checkpoint; for channels `states` and `blocks`, and opened rows
  channel where = channel::tokens;
};

/// An exact breach: what, where, and a sentence.
struct breach {
  reason why = reason::none;
  audit_place place;
  const char* message = "";
};

/// The decision about one request, with the evidence of the session so far.
struct verdict {
  outcome decision = outcome::inconclusive;
  audit_level level = audit_level::receipt;
  reason why = reason::none;
  audit_place place;
  double expected = 0;              ///< calibrated bound of the statistic that decided
  double got = 0;                   ///< its value
  double p_value = 1;               ///< of this request under honesty
  double e_value = 1;               ///< of the session under honesty
  std::uint64_t tokens = 0;         ///< output tokens examined in this session
  std::uint64_t opened_bytes = 0;   ///< bytes of openings received in this session
  std::uint64_t need_tokens = 0;    ///< inconclusive: at least so many more
  const char* message = "";         ///< static sentence for people
};

[[nodiscard]] constexpr const char* name(outcome o) noexcept {
  switch (o) {
    case outcome::accept: return "accept";
    case outcome::reject: return "reject";
    case outcome::inconclusive: return "inconclusive";
  }
  return "unknown";
}

[[nodiscard]] constexpr const char* name(reason r) noexcept {
  switch (r) {
    case reason::none: return "none";
    case reason::malformed_receipt: return "malformed_receipt";
    case reason::wrong_run: return "wrong_run";
    case reason::wrong_request: return "wrong_request";
    case reason::wrong_output: return "wrong_output";
    case reason::stale_beacon: return "stale_beacon";
    case reason::unacceptable_terms: return "unacceptable_terms";
    case reason::malformed_openings: return "malformed_openings";
    case reason::wrong_openings: return "wrong_openings";
    case reason::bad_opening: return "bad_opening";
    case reason::non_finite_row: return "non_finite_row";
    case reason::inconsistent_row: return "inconsistent_row";
    case reason::token_out_of_range: return "token_out_of_range";
    case reason::withheld_openings: return "withheld_openings";
    case reason::request_outlier: return "request_outlier";
    case reason::session_evidence: return "session_evidence";
  }
  return "unknown";
}

[[nodiscard]] constexpr const char* name(channel c) noexcept {
  switch (c) {
    case channel::head: return "head";
    case channel::tokens: return "tokens";
    case channel::states: return "states";
    case channel::rows: return "rows";
    case channel::blocks: return "blocks";
  }
  return "unknown";
}

}  // namespace assay::inline v0

#endif
