// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a verifier demands and how often it may wrong an honest provider.
#ifndef ASSAY_PROTOCOL_POLICY_HPP
#define ASSAY_PROTOCOL_POLICY_HPP

#include <cstdint>

#include <assay/protocol/challenge.hpp>
#include <assay/protocol/verdict.hpp>

namespace assay::inline v0 {

/// Against seeds chosen to fit a text. The sampler's seed follows from the client's nonce, so a provider cannot choose it
/// where the nonce is a client's own, fresh and unknown to it. Where a provider may have made the request itself, an
/// accept needs so much entropy that no search over nonces finds one that fits: see `required_nats`.
struct grinding_demand {
  double nats = 0;         ///< summed surprisal that the examined tokens of a request must have; 0: nonces are trusted
  double tolerance = 0.1;  ///< deviation that passes for honest, in the sampler's unit: lowers every token's surprisal

  friend bool operator==(const grinding_demand&, const grinding_demand&) = default;
};

/// A verifier's terms. Error rates are probabilities of rejecting an honest provider.
struct verification_policy {
  double request_alpha = 0.01;  ///< per request, by rank among honest calibration requests
  double session_alpha = 0.01;  ///< over a whole session, however long, and at any stopping time
  audit_level required = audit_level::model;  ///< an accept needs this level
  challenge_size opened;                      ///< what is asked for per request
  std::uint32_t minimum_tokens = 16;          ///< fewer examined output tokens than this decide nothing
  std::uint64_t minimum_retention_seconds = 600;  ///< shorter promises of a provider are not taken
  bool allow_beacon = true;
  digest trusted_beacon{};                ///< the only beacon that receipts may name
  std::uint64_t most_rounds_ahead = 1000; ///< a receipt may name a round at most so far after the newest public one
  grinding_demand grinding;               ///< per request; not asked at temperature 0
};

/// @errors invalid_settings
[[nodiscard]] inline result<void> validate(const verification_policy& p) {
  const auto rate = [](double a) { return a > 0 && a < 1; };
  if (!rate(p.request_alpha) || !rate(p.session_alpha)) return fail(errc::invalid_settings, "policy: an error rate lies outside (0, 1)");
  if (!(p.grinding.nats >= 0 && p.grinding.nats <= 1e9) || !(p.grinding.tolerance >= 0 && p.grinding.tolerance <= 1e9))
    return fail(errc::invalid_settings, "policy: the demand against chosen seeds is negative or absurd");
  if (p.grinding.nats > 0 && p.required == audit_level::receipt)
    return fail(errc::invalid_settings, "policy: entropy is measured by replaying tokens, which level 0 does not");
  if (!validate(p.opened)) return fail(errc::invalid_settings, "policy: it opens nothing, or blocks in a way that no challenge can");
  if (!within(p.opened, largest_challenge()))
    return fail(errc::invalid_settings, "policy: it opens more than provers answer by default");
  if (p.required == audit_level::model && p.opened.positions == 0)
    return fail(errc::invalid_settings, "policy: level 3 needs positions to be opened");
  if (p.required == audit_level::lm_head && p.opened.final_rows == 0)
    return fail(errc::invalid_settings, "policy: level 1 needs final rows to be opened");
  if (p.required == audit_level::block && (p.opened.final_rows == 0 || !p.opened.recheck.asks()))
    return fail(errc::invalid_settings, "policy: level 2 needs final rows and blocks to be opened");
  return {};
}

}  // namespace assay::inline v0

#endif
