// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/protocol/receipt.hpp>

#include <functional>
#include <set>

#include "support/catch.hpp"
#include "support/toy_protocol.hpp"

using namespace assay;
using namespace assay_tests;

namespace {
receipt plain() {
  receipt r;
  r.prompt_tokens = 5, r.output_tokens = 8;
  return r;
}
}  // namespace

TEST_CASE("receipt: every field changes the digest", "[protocol]") {
  const std::function<void(receipt&)> edits[] = {
      [](auto& r) { r.run.value.bytes[0] ^= std::byte{1}; },
      [](auto& r) { r.request.value.bytes[0] ^= std::byte{1}; },
      [](auto& r) { r.prompt_tokens += 1; },
      [](auto& r) { r.output_tokens += 1; },
      [](auto& r) { r.output.value.bytes[0] ^= std::byte{1}; },
      [](auto& r) { r.states.value.bytes[0] ^= std::byte{1}; },
      [](auto& r) { r.final_rows.value.bytes[0] ^= std::byte{1}; },
      [](auto& r) { r.terms.source = challenge_source::beacon; },
      [](auto& r) { r.terms.retention_seconds += 1; },
      [](auto& r) { r.terms.beacon.bytes[0] ^= std::byte{1}; },
      [](auto& r) { r.terms.round += 1; },
  };
  std::set<receipt_digest> seen{digest_of(plain())};
  for (const auto& edit : edits) {
    receipt r = plain();
    edit(r);
    CHECK(seen.insert(digest_of(r)).second);
  }
}

TEST_CASE("receipt: what it says of itself must be possible", "[protocol]") {
  CHECK(validate(plain()));
  receipt r = plain();
  r.prompt_tokens = 0;
  CHECK(validate(r).error().code == errc::empty);
  r = plain(), r.output_tokens = 0;
  CHECK(validate(r).error().code == errc::empty);
  r = plain(), r.prompt_tokens = ~0u;
  CHECK(validate(r).error().code == errc::out_of_range);
  r = plain(), r.output_tokens = run_limits::tokens - r.prompt_tokens + 1;
  CHECK(validate(r).error().code == errc::out_of_range);
  r.output_tokens -= 1;
  CHECK(validate(r));
  r = plain(), r.terms.round = 1;
  CHECK(validate(r).error().code == errc::non_canonical);
  r.terms.source = challenge_source::beacon;
  CHECK(validate(r));
  r = plain(), r.terms.beacon.bytes[31] = std::byte{1};
  CHECK(validate(r).error().code == errc::non_canonical);
  for (unsigned source : {0u, 3u, 255u}) {
    r = plain(), r.terms.source = static_cast<challenge_source>(source);
    CHECK(validate(r).error().code == errc::unsupported);
  }
}

TEST_CASE("receipt: the last output token has no state", "[protocol]") {
  receipt r = plain();
  CHECK(observed_positions(r) == 12);
  r.prompt_tokens = r.output_tokens = 1;
  CHECK(observed_positions(r) == 1);
}
