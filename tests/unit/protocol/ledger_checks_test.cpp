// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/protocol/ledger_checks.hpp>

#include <assay/protocol/ledger.hpp>
#include <assay/random/stream.hpp>

#include "support/catch.hpp"

using namespace assay;

namespace {

calibration two_channels() {
  calibration fitted;
  for (const auto c : {channel::head, channel::tokens}) {
    channel_calibration& each = fitted.channels[static_cast<std::size_t>(c)];
    each.present = true;
    each.caps = {0.1};
    each.statistics[0] = {0.2, {0.3, 0.1, 0.02}};
    each.statistics[1] = {2.0, {0.4, 1.0, 0.0}};  // nothing can be won on the last two
  }
  return fitted;
}

request_evidence evidence(double head, double token) {
  request_evidence e;
  e.of(channel::head) = {{head, position{1}, {}}, {0.0, position{2}, {}}};
  if (token >= 0) e.of(channel::tokens) = {{token, position{1}, {}}};
  return e;
}

}  // namespace

TEST_CASE("ledger checks: one for every statistic that can be bet on, by name", "[protocol]") {
  const auto checks = ledger_checks(two_channels(), 3);
  REQUIRE(checks.size() == 8);
  CHECK(checks[0].name.text == "head/mean/1");
  CHECK(checks[2].name.text == "head/mean/16");
  CHECK(checks[3].name.text == "head/largest/1");
  CHECK(checks[4].name.text == "tokens/mean/1");
  CHECK(checks[1].honest_mean == 0.1);
  CHECK(checks[0].cheat_mean == Approx(0.9));
  CHECK(checks[1].cheat_mean == Approx(0.3));
  CHECK(checks[3].cheat_mean == 0);  // three times 0.4 is no mean of scores in [0, 1]
  for (const auto& each : ledger_checks(two_channels())) CHECK(each.cheat_mean == 0);
  ledger_terms terms;
  terms.checks = checks;
  CHECK(validate(terms));
}

TEST_CASE("ledger checks: scores are what the verifier bets on", "[protocol]") {
  const calibration fitted = two_channels();
  const auto scores = ledger_scores(fitted, evidence(0.06, 0.5));
  REQUIRE(scores.size() == 8);
  for (std::uint32_t i = 0; i < 8; ++i) CHECK(scores[i].check == i);
  CHECK(scores[0].score == 1);                          // mean 0.3 of the cap, over 0.2, cut at 1
  CHECK(scores[1].score == Approx(0.3 / 0.8));
  CHECK(scores[3].score == Approx(0.6 / 2));            // largest
  CHECK(scores[4].score == 1);
  CHECK(scores[7].score == 1);                          // 5 caps over 2
  const auto without_tokens = ledger_scores(fitted, evidence(0.06, -1));
  REQUIRE(without_tokens.size() == 4);
  CHECK(without_tokens.back().check == 3);
}
