// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/codec/ledger.hpp>

#include <cmath>

#include <assay/protocol/ledger.hpp>

#include "laws.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

/// A ledger as its owner would write it: the chain is whole.
ledger_record any_record(std::uint64_t number) {
  arbitrary any{number};
  ledger_terms terms;
  terms.alpha = any.share(), terms.beta = any.share();
  terms.spending = static_cast<stats::spending>(1 + any.below(3));
  if (terms.spending == stats::spending::geometric) terms.ratio = any.share();
  if (any.coin()) terms.calibration = any.digest();
  const std::uint64_t checks = 1 + any.below(4);
  for (std::uint64_t i = 0; i < checks; ++i) {
    ledger_check c;
    c.name.text = "check-" + std::to_string(i);
    c.honest_mean = 0.5 * any.share();
    if (any.coin()) c.cheat_mean = 0.5 + 0.5 * any.share();
    c.weight = 1 + any.share();
    for (std::uint64_t b = any.below(4); b != 0; --b) c.bets.push_back(any.share());
    terms.checks.push_back(c);
  }
  ledger made = ledger::open(terms).value();
  for (std::uint64_t i = any.below(6); i != 0; --i) {
    ledger_entry e;
    e.provider.value = any.digest(), e.session.value = any.digest();
    e.request.value = any.digest(), e.receipt.value = any.digest();
    constexpr auto reasons = codec::enum_names<reason>::all;
    const reason r = reasons[any.below(reasons.size())].first;
    if (is_exact(r)) e.breach = r;
    e.tokens = any.u64(), e.opened_bytes = any.u64();
    for (std::uint32_t c = 0; c < checks; ++c)
      if (any.coin()) e.scores.push_back({c, any.share()});
    REQUIRE(made.append(e));
  }
  return made.record();
}

}  // namespace

TEST_CASE("codec ledger: a round trip keeps every bit, and the ledger is replayed from it", "[codec]") {
  for (std::uint64_t i = 0; i < 100; ++i) {
    const ledger_record kept = any_record(i), read = check_round_trip(kept);
    const auto again = ledger::replay(read);
    REQUIRE(again);
    CHECK(again->head() == kept.head);
  }
}

TEST_CASE("codec ledger: terms travel alone too", "[codec]") {
  for (std::uint64_t i = 0; i < 20; ++i) CHECK(digest_of(check_round_trip(any_record(i).terms)) == digest_of(any_record(i).terms));
}

TEST_CASE("codec ledger: every field is required, typed and alone", "[codec]") {
  std::uint64_t number = 0;
  while (any_record(number).entries.size() != 2 || any_record(number).entries[0].scores.empty()) ++number;
  ledger_record kept = any_record(number);
  kept.terms.checks.resize(1), kept.terms.checks[0].bets = {0.5};
  kept.terms.checks[0].name.text.assign(ledger_limits::name, 'a');  // one more is too long
  kept.entries.resize(1), kept.entries[0].scores = {{0, 0.25}};
  check_laws(kept);
}

TEST_CASE("codec ledger: hostile files get typed errors", "[codec]") {
  const auto error_of = [](auto change) {
    ledger_record kept = any_record(4);
    kept.entries.resize(2);
    kept.entries[0].scores = {{0, 0.25}};
    change(kept);
    CHECK(json_error<ledger_record>(codec::to_json_text(kept)) == cbor_error<ledger_record>(codec::to_cbor(kept)));
    return json_error<ledger_record>(codec::to_json_text(kept));
  };
  CHECK(error_of([](auto&) {}) == errc{});
  CHECK(error_of([](auto& k) { k.terms.alpha = 2; }) == errc::out_of_range);
  CHECK(error_of([](auto& k) { k.terms.checks.clear(); }) == errc::empty);
  CHECK(error_of([](auto& k) { k.terms.checks[0].honest_mean = std::nan(""); }) == errc::non_finite);
  CHECK(error_of([](auto& k) { k.terms.checks[0].honest_mean = HUGE_VAL; }) == errc::out_of_range);
  CHECK(error_of([](auto& k) { k.terms.checks[0].name.text = "\xff\xfe"; }) == errc::non_canonical);  // written as no name
  CHECK(error_of([](auto& k) { k.terms.checks[0].name.text = std::string(1000, 'a'); }) == errc::non_canonical);
  CHECK(error_of([](auto& k) { k.terms.checks[0].bets.assign(100, 0.5); }) == errc::invalid_settings);
  CHECK(error_of([](auto& k) { k.entries[0].scores[0].check = 4000000000; }) == errc::out_of_range);
  CHECK(error_of([](auto& k) { k.entries[0].scores.assign(3, {0, 0.5}); }) == errc::wrong_order);
  CHECK(error_of([](auto& k) { k.entries[0].scores[0].score = -0.5; }) == errc::out_of_range);
  CHECK(error_of([](auto& k) { k.entries[1].breach = reason::session_evidence; }) == errc::unsupported);
  CHECK(error_of([](auto& k) { k.entries[1].breach = static_cast<reason>(999); }) == errc::unsupported);
  CHECK(error_of([](auto& k) { k.terms.spending = static_cast<stats::spending>(9); }) == errc::unsupported);
  json tree = codec::to_json(any_record(4));
  tree["terms"]["checks"][0]["name"] = std::string(49, 'a');
  CHECK(json_error<ledger_record>(tree.dump()) == errc::too_large);
  // The carrier does not judge the chain: replay does.
  ledger_record forged = any_record(4);
  forged.head.value.bytes[0] ^= std::byte{1};
  const auto read = codec::parse_json_text<ledger_record>(codec::to_json_text(forged));
  REQUIRE(read);
  CHECK(ledger::replay(*read).error().code == errc::commitment_mismatch);
}
