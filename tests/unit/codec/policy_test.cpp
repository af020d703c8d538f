// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/codec/policy.hpp>

#include "laws.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

verification_policy any_policy(std::uint64_t number) {
  arbitrary any{number};
  verification_policy p;
  p.request_alpha = any.share();
  p.session_alpha = any.share();
  constexpr audit_level levels[] = {audit_level::receipt, audit_level::lm_head, audit_level::model};
  p.required = levels[any.below(3)];
  p.opened = {1 + static_cast<std::uint32_t>(any.below(challenge_limits::positions)),
              1 + static_cast<std::uint32_t>(any.below(challenge_limits::final_rows))};
  if (number % 2 == 0) p.opened.recheck = {{layer_index{0}, layer_index{5}}, 1, 1 + static_cast<std::uint32_t>(any.below(100)), 512};
  p.minimum_tokens = any.u32();
  p.minimum_retention_seconds = any.u64();
  p.allow_beacon = any.coin();
  p.trusted_beacon = any.digest();
  p.most_rounds_ahead = any.u64();
  p.grinding = {p.required == audit_level::receipt ? 0 : 100 * any.share(), any.share()};
  return p;
}

}  // namespace

TEST_CASE("codec policy: a round trip keeps every bit", "[codec]") {
  for (std::uint64_t i = 0; i < 100; ++i) {
    const verification_policy p = any_policy(i), read = check_round_trip(p);
    CHECK(std::bit_cast<std::uint64_t>(read.request_alpha) == std::bit_cast<std::uint64_t>(p.request_alpha));
    CHECK(std::bit_cast<std::uint64_t>(read.session_alpha) == std::bit_cast<std::uint64_t>(p.session_alpha));
  }
}

TEST_CASE("codec policy: every field is required, typed and alone", "[codec]") {
  const std::set<std::string> nullable = {"/opened/recheck"};
  check_laws(any_policy(1), nullable);
  check_laws(any_policy(2), nullable);
  check_laws(verification_policy{}, nullable);
}

TEST_CASE("codec policy: settings that make no sense are refused", "[codec]") {
  verification_policy p;
  p.required = audit_level::block;
  CHECK(json_error<verification_policy>(codec::to_json_text(p)) == errc::invalid_settings);
  p = {};
  p.request_alpha = 0;
  CHECK(json_error<verification_policy>(codec::to_json_text(p)) == errc::invalid_settings);
  p = {};
  p.grinding.nats = -1;
  CHECK(json_error<verification_policy>(codec::to_json_text(p)) == errc::invalid_settings);
  p.grinding.nats = 40;
  CHECK(json_error<verification_policy>(codec::to_json_text(p)) == errc{});
  p.required = audit_level::receipt;  // replays no token
  CHECK(json_error<verification_policy>(codec::to_json_text(p)) == errc::invalid_settings);
  p = {};
  p.request_alpha = std::numeric_limits<double>::infinity();
  CHECK(json_error<verification_policy>(codec::to_json_text(p)) == errc::invalid_settings);
}
