// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/protocol/ledger_entry.hpp>

#include <set>

#include "support/catch.hpp"

using namespace assay;

TEST_CASE("ledger entry: exact reasons are those below the statistical ones", "[protocol]") {
  CHECK_FALSE(is_exact(reason::none));
  for (auto r : {reason::malformed_receipt, reason::bad_opening, reason::withheld_openings}) CHECK(is_exact(r));
  for (auto r : {reason::request_outlier, reason::session_evidence}) CHECK_FALSE(is_exact(r));
}

TEST_CASE("ledger entry: every field of the terms is in the first digest", "[protocol]") {
  ledger_terms terms;
  terms.checks = {{{"a"}, 0.1, 0.3, 1, {0.5}}, {{"b"}, 0.1, 0.3, 1, {}}};
  std::set<ledger_digest> seen{digest_of(terms)};
  const auto changed = [&](auto change) {
    ledger_terms other = terms;
    change(other);
    return seen.insert(digest_of(other)).second;
  };
  CHECK(changed([](auto& t) { t.alpha = 0.02; }));
  CHECK(changed([](auto& t) { t.beta = 0.02; }));
  CHECK(changed([](auto& t) { t.spending = stats::spending::inverse_square; }));
  CHECK(changed([](auto& t) { t.ratio = 0.5; }));
  CHECK(changed([](auto& t) { t.calibration.bytes[0] = std::byte{1}; }));
  CHECK(changed([](auto& t) { t.checks.pop_back(); }));
  CHECK(changed([](auto& t) { t.checks[0].name.text = "c"; }));
  CHECK(changed([](auto& t) { t.checks[0].honest_mean = 0.2; }));
  CHECK(changed([](auto& t) { t.checks[0].cheat_mean = 0.2; }));
  CHECK(changed([](auto& t) { t.checks[0].weight = 2; }));
  CHECK(changed([](auto& t) { t.checks[0].bets = {0.4}; }));
  CHECK(changed([](auto& t) { t.checks[0].bets = {}, t.checks[1].bets = {0.5}; }));
}

TEST_CASE("ledger entry: every field of an entry is in the next digest, and so is what came before", "[protocol]") {
  const ledger_digest head;
  ledger_entry entry;
  entry.scores = {{0, 0.5}, {1, 0.25}};
  std::set<ledger_digest> seen{digest_after(head, entry)};
  const auto changed = [&](auto change) {
    ledger_entry other = entry;
    change(other);
    return seen.insert(digest_after(head, other)).second;
  };
  const auto mark = [](auto& d) { d.value.bytes[0] = std::byte{1}; };
  CHECK(changed([&](auto& e) { mark(e.provider); }));
  CHECK(changed([&](auto& e) { mark(e.session); }));
  CHECK(changed([&](auto& e) { mark(e.request); }));
  CHECK(changed([&](auto& e) { mark(e.receipt); }));
  CHECK(changed([](auto& e) { e.breach = reason::bad_opening; }));
  CHECK(changed([](auto& e) { e.tokens = 1; }));
  CHECK(changed([](auto& e) { e.opened_bytes = 1; }));
  CHECK(changed([](auto& e) { e.scores.pop_back(); }));
  CHECK(changed([](auto& e) { e.scores[1].check = 2; }));
  CHECK(changed([](auto& e) { e.scores[1].score = 0.5; }));
  CHECK(seen.insert(digest_after(*seen.begin(), entry)).second);
}
