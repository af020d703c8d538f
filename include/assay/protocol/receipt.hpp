// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a provider leaves behind with every answer: a few hundred bytes that bind all of it.
#ifndef ASSAY_PROTOCOL_RECEIPT_HPP
#define ASSAY_PROTOCOL_RECEIPT_HPP

#include <cstdint>

#include <assay/commit/terkle.hpp>
#include <assay/protocol/request.hpp>

namespace assay::inline v0 {

using receipt_digest = typed_digest<struct receipt_digest_tag>;

/// Where the challenge's randomness comes from; it must not exist before the receipt does.
enum class challenge_source : std::uint8_t {
  interactive = 1,  ///< a verifier's nonce, drawn when it holds the receipt
  beacon = 2,       ///< a round of a public randomness beacon, later than the receipt's delivery
};

/// The provider's side of the challenge: how it may be asked, and for how long it can answer.
struct challenge_terms {
  challenge_source source = challenge_source::interactive;
  std::uint64_t retention_seconds = 3600;  ///< the openings can be asked for this long after delivery
  digest beacon{};                         ///< beacon only: which beacon (its chain's digest)
  std::uint64_t round = 0;                 ///< beacon only: the round that will be used

  friend bool operator==(const challenge_terms&, const challenge_terms&) = default;
};

/// Binds run, request, answer and all committed states.
struct receipt {
  run_digest run;
  request_digest request;
  std::uint32_t prompt_tokens = 0;
  std::uint32_t output_tokens = 0;
  output_digest output;
  tree_root states;      ///< fingerprints of every checkpoint at every position
  tree_root final_rows;  ///< the LM head's inputs that led to the output tokens
  tree_root block_rows;  ///< rows between blocks, if the run commits to any; else zeros
  challenge_terms terms;

  friend bool operator==(const receipt&, const receipt&) = default;
};

/// Positions with hidden states: the last output token is sampled but never fed back.
[[nodiscard]] constexpr std::uint32_t observed_positions(const receipt& r) noexcept { return r.prompt_tokens + r.output_tokens - 1; }

/// No tree has a root of zeros, so zeros say that there is none.
[[nodiscard]] constexpr bool has_block_rows(const receipt& r) noexcept { return r.block_rows != tree_root{}; }

[[nodiscard]] inline receipt_digest digest_of(const receipt& r) {
  transcript t{domains::receipt};
  t.digest("run", r.run.value).digest("request", r.request.value);
  t.u64("prompt-tokens", r.prompt_tokens).u64("output-tokens", r.output_tokens);
  t.digest("output", r.output.value).digest("states", r.states.value).digest("final-rows", r.final_rows.value);
  t.u64("challenge-source", static_cast<std::uint64_t>(r.terms.source)).u64("retention-seconds", r.terms.retention_seconds);
  t.digest("beacon", r.terms.beacon).u64("round", r.terms.round);
  if (has_block_rows(r)) t.digest("block-rows", r.block_rows.value);
  return receipt_digest{t.finish()};
}

/// Checks what a receipt states of itself, before any of it is used.
/// @errors empty (no token), out_of_range, unsupported, non_canonical (beacon fields in an interactive receipt)
[[nodiscard]] inline result<void> validate(const receipt& r) {
  if (r.prompt_tokens == 0 || r.output_tokens == 0) return fail(errc::empty, "receipt: prompt and output need a token each");
  if (r.prompt_tokens > run_limits::tokens || r.output_tokens > run_limits::tokens - r.prompt_tokens)
    return fail(errc::out_of_range, "receipt: too many tokens", r.output_tokens);
  if (r.terms.source == challenge_source::interactive) {
    if (r.terms.beacon != digest{} || r.terms.round != 0)
      return fail(errc::non_canonical, "receipt: an interactive challenge names no beacon");
  } else if (r.terms.source != challenge_source::beacon) {
    return fail(errc::unsupported, "receipt: unknown source of challenges");
  }
  return {};
}

}  // namespace assay::inline v0

#endif
