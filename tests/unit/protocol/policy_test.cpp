// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/protocol/policy.hpp>

#include <limits>

#include "support/catch.hpp"

using namespace assay;

TEST_CASE("policy: rates lie between 0 and 1", "[protocol]") {
  CHECK(validate(verification_policy{}));
  for (double bad : {0.0, 1.0, -0.1, 2.0, std::numeric_limits<double>::quiet_NaN()}) {
    verification_policy p;
    p.request_alpha = bad;
    CHECK(validate(p).error().code == errc::invalid_settings);
    p = {}, p.session_alpha = bad;
    CHECK(validate(p).error().code == errc::invalid_settings);
  }
}

TEST_CASE("policy: by default openings are kept for ten minutes at least", "[protocol]") {
  CHECK(verification_policy{}.minimum_retention_seconds == 600);
}

TEST_CASE("policy: it opens no more than provers answer by default", "[protocol]") {
  verification_policy p;
  p.opened = {challenge_limits::positions, challenge_limits::final_rows};
  CHECK(validate(p));
  p.opened = {challenge_limits::positions + 1, challenge_limits::final_rows};
  CHECK(validate(p).error().code == errc::invalid_settings);
  p.opened = {challenge_limits::positions, challenge_limits::final_rows + 1};
  CHECK(validate(p).error().code == errc::invalid_settings);
}

TEST_CASE("policy: it must open what its level needs", "[protocol]") {
  verification_policy p;
  p.opened = {0, 0};
  CHECK(validate(p).error().code == errc::invalid_settings);
  p.opened = {0, 4};
  CHECK(validate(p).error().code == errc::invalid_settings);  // level 3 compares states
  p.opened = {8, 0};
  CHECK(validate(p));
  p.required = audit_level::lm_head;
  CHECK(validate(p).error().code == errc::invalid_settings);
  p.opened = {0, 1};
  CHECK(validate(p));
  p.required = audit_level::block;
  CHECK(validate(p).error().code == errc::invalid_settings);  // level 2 recomputes blocks
  p.opened.recheck = {{layer_index{1}, layer_index{3}}, 1, 4, 256};
  CHECK(validate(p));
  p.opened.final_rows = 0;
  CHECK(validate(p).error().code == errc::invalid_settings);
  p.opened.final_rows = 1, p.opened.recheck.positions = 0;
  CHECK(validate(p).error().code == errc::invalid_settings);
  p.opened.recheck.positions = challenge_limits::block_positions + 1;
  CHECK(validate(p).error().code == errc::invalid_settings);
  p.opened.recheck = {{layer_index{3}, layer_index{1}}, 1, 4, 256};
  CHECK(validate(p).error().code == errc::invalid_settings);
}
