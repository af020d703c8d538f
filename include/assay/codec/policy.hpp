// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// JSON and CBOR of verification policies.
#ifndef ASSAY_CODEC_POLICY_HPP
#define ASSAY_CODEC_POLICY_HPP

#include <assay/codec/challenge.hpp>
#include <assay/codec/object.hpp>
#include <assay/codec/verdict.hpp>
#include <assay/protocol/policy.hpp>

namespace assay::inline v0::codec {

template <>
struct record<grinding_demand> {
  static constexpr const char* name = "grinding";

  template <class Visitor, class Demand>
  static void fields(Visitor& visit, Demand& demand) {
    auto& [nats, tolerance] = demand;
    visit("grinding.nats", nats);
    visit("grinding.tolerance", tolerance);
  }
};

template <>
struct record<verification_policy> {
  static constexpr const char* name = "policy";
  static constexpr document_limits limits{std::size_t{1} << 14, run_limits::checkpoints + 64};

  template <class Visitor, class Policy>
  static void fields(Visitor& visit, Policy& policy) {
    auto& [request_alpha, session_alpha, required, opened, minimum_tokens, minimum_retention_seconds, allow_beacon,
           trusted_beacon, most_rounds_ahead, grinding] = policy;
    visit("policy.request_alpha", request_alpha);
    visit("policy.session_alpha", session_alpha);
    visit("policy.required", required);
    visit("policy.opened", opened);
    visit("policy.minimum_tokens", minimum_tokens);
    visit("policy.minimum_retention_seconds", minimum_retention_seconds);
    visit("policy.allow_beacon", allow_beacon);
    visit("policy.trusted_beacon", trusted_beacon);
    visit("policy.most_rounds_ahead", most_rounds_ahead);
    visit("policy.grinding", grinding);
  }

  static result<void> check(const verification_policy& policy) { return validate(policy); }
};

}  // namespace assay::inline v0::codec

#endif
