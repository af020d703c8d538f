// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/protocol/ledger.hpp>

#include <cmath>
#include <string>

#include <assay/random/stream.hpp>
#include <assay/stats/binomial.hpp>

#include "support/catch.hpp"

using namespace assay;

namespace {

digest number(std::uint64_t n, unsigned kind) {
  digest d;
  for (std::size_t i = 0; i < 8; ++i) d.bytes[i] = static_cast<std::byte>(n >> (8 * i) & 255);
  d.bytes[31] = static_cast<std::byte>(kind);
  return d;
}

ledger_terms two_checks() {
  ledger_terms t;
  t.checks = {{{"tokens/mean"}, 0.1, 0.3, 1, {}}, {{"states/mean"}, 0.2, 0, 2, {0.5, 0.1}}};
  return t;
}

ledger_entry entry(std::uint64_t provider, std::uint64_t request, double tokens, double states) {
  ledger_entry e;
  e.provider.value = number(provider, 1);
  e.session.value = number(request / 10, 2);
  e.request.value = number(request, 3);
  e.tokens = 64, e.opened_bytes = 1000;
  e.scores = {{0, tokens}, {1, states}};
  return e;
}

ledger opened(const ledger_terms& terms = two_checks()) { return ledger::open(terms).value(); }

}  // namespace

TEST_CASE("ledger: evidence is the average of products over requests", "[protocol]") {
  ledger l = opened();
  auto a = stats::betting_martingale::make(0.1);
  auto b = stats::betting_martingale::make(0.2, std::vector<double>{0.5, 0.1});
  for (std::uint64_t i = 0; i < 30; ++i) {
    const double x = 0.06 * static_cast<double>(i % 7), y = 0.3 * static_cast<double>(i % 2);
    REQUIRE(l.append(entry(1, i, x, y)));
    REQUIRE((a->update(x) && b->update(y)));
  }
  const auto s = l.statement({number(1, 1)});
  REQUIRE(s);
  CHECK(std::exp(s->log_e_value) == Approx((std::exp(a->log_e_value()) + 2 * std::exp(b->log_e_value())) / 3));
  CHECK(s->decision == outcome::inconclusive);
  CHECK((s->place == 1 && s->alpha == 0.005 && s->log_threshold == Approx(std::log(200.0))));
  CHECK((s->sessions == 3 && s->requests == 30 && s->tokens == 30 * 64 && s->opened_bytes == 30000 && s->decided_after == 0));
  CHECK(l.statement({number(2, 1)}).error().code == errc::not_found);
}

TEST_CASE("ledger: alpha is spent over providers in the order of their first entries", "[protocol]") {
  for (auto kind : {stats::spending::inverse_square, stats::spending::telescoping, stats::spending::geometric}) {
    ledger_terms terms = two_checks();
    terms.spending = kind;
    terms.ratio = kind == stats::spending::geometric ? 0.9 : 0;
    ledger l = opened(terms);
    for (std::uint64_t i = 0; i < 100; ++i) REQUIRE(l.append(entry(i * 7919 % 50, i, 0, 0)));
    double spent = 0;
    const auto all = l.statements();
    REQUIRE(all.size() == 50);
    for (std::size_t i = 0; i < all.size(); ++i) {
      CHECK(all[i].place == i + 1);
      CHECK(all[i].requests == 2);
      CHECK(all[i].provider.value == number(i * 7919 % 50, 1));
      if (i != 0) CHECK(all[i].alpha < all[i - 1].alpha);
      spent += all[i].alpha;
    }
    CHECK(spent < terms.alpha);
  }
}

TEST_CASE("ledger: a cheat is rejected over several sessions, finally, and the forecast has led there", "[protocol]") {
  ledger l = opened();
  std::uint64_t request = 0;
  stats::forecast before;
  while (l.providers() == 0 || l.statement({number(1, 1)})->decision != outcome::reject) {
    REQUIRE(request < 1000);
    REQUIRE(l.append(entry(1, request, request % 2 == 0 ? 0.5 : 0.1, 0.2)));
    if (++request == 10) before = l.statement({number(1, 1)})->to_reject;
  }
  const auto s = *l.statement({number(1, 1)});
  CHECK(s.why == reason::session_evidence);
  CHECK(s.strongest == 0);
  CHECK((s.sessions > 1 && s.decided_after == request));
  const double further = static_cast<double>(request - 10);
  CHECK((before.likely > further / 2 && before.likely < 2 * further));
  for (std::uint64_t i = 0; i < 500; ++i) REQUIRE(l.append(entry(1, 1000 + i, 0, 0)));
  const auto later = *l.statement({number(1, 1)});
  CHECK(later.log_e_value < 0);
  CHECK((later.decision == outcome::reject && later.decided_after == request && later.to_reject.high == 0));
}

TEST_CASE("ledger: an exact breach rejects at once and costs no other provider", "[protocol]") {
  ledger l = opened();
  REQUIRE(l.append(entry(1, 1, 0, 0)));
  ledger_entry broken = entry(1, 2, 0, 0);
  broken.breach = reason::bad_opening, broken.scores.clear();
  REQUIRE(l.append(broken));
  REQUIRE(l.append(entry(2, 1, 0, 0)));
  const auto s = *l.statement({number(1, 1)});
  CHECK((s.decision == outcome::reject && s.why == reason::bad_opening && s.decided_after == 2));
  CHECK(s.log_e_value == HUGE_VAL);
  CHECK(l.statement({number(2, 1)})->decision == outcome::inconclusive);
}

TEST_CASE("ledger: an accept takes enough requests to exclude the stated cheat", "[protocol]") {
  ledger l = opened();
  std::uint64_t request = 0;
  stats::forecast before;
  while (request == 0 || l.statement({number(1, 1)})->decision != outcome::accept) {
    REQUIRE(request < 1000);
    REQUIRE(l.append(entry(1, request, request % 4 == 0 ? 0.2 : 0.0, 0.1)));
    if (++request == 10) before = l.statement({number(1, 1)})->to_accept;
  }
  CHECK(request > 10);
  const double further = static_cast<double>(request - 10);
  CHECK((before.likely > further / 2 && before.likely < 2 * further && before.low < before.likely && before.likely < before.high));
  CHECK(l.statement({number(1, 1)})->to_accept.high == 0);
  CHECK(*l.score_bound({number(1, 1)}, 0) < 0.3);  // what was refuted
  CHECK(*l.score_bound({number(1, 1)}, 0) > 0.05);
  CHECK(l.score_bound({number(2, 1)}, 0).error().code == errc::not_found);
  // One that gives no scores in the deciding check is never accepted; nor is anybody if no check excludes a cheat.
  for (std::uint64_t i = 0; i < 200; ++i) {
    ledger_entry e = entry(2, i, 0, 0);
    e.scores.erase(e.scores.begin());
    REQUIRE(l.append(e));
  }
  CHECK(l.statement({number(2, 1)})->decision == outcome::inconclusive);
  CHECK(l.score_bound({number(2, 1)}, 0).error().code == errc::insufficient_data);
  ledger_terms no_accepts = two_checks();
  no_accepts.checks[0].cheat_mean = 0;
  ledger other = opened(no_accepts);
  for (std::uint64_t i = 0; i < 200; ++i) REQUIRE(other.append(entry(1, i, 0, 0)));
  CHECK(other.statement({number(1, 1)})->decision == outcome::inconclusive);
  CHECK(std::isinf(other.statement({number(1, 1)})->to_accept.low));
}

TEST_CASE("ledger: both error rates hold over many providers, by simulation", "[protocol]") {
  ledger_terms terms = two_checks();
  terms.alpha = 0.2, terms.beta = 0.2;
  std::uint64_t wronged = 0, fooled = 0;
  constexpr std::uint64_t ledgers = 200;
  random_stream r(seed{}, "ledger error rates");
  for (std::uint64_t k = 0; k < ledgers; ++k) {
    ledger l = opened(terms);
    bool any = false;
    for (std::uint64_t i = 0; i < 6 * 40; ++i) {  // five honest providers, the sixth a cheat of exactly the excluded size
      const bool cheats = i % 6 == 5;
      const double shared = r.uniform();  // both checks see the same chance: as dependent as can be
      REQUIRE(l.append(entry(i % 6, i, shared < (cheats ? 0.3 : 0.1) ? 1 : 0, shared < 0.2 ? 1 : 0)));
      if (i < 6 * 40 - 6) continue;
      any = any || (!cheats && l.statements()[i % 6].decision == outcome::reject);
      fooled += cheats && l.statements()[5].decision == outcome::accept;
    }
    wronged += any;
  }
  CHECK(*stats::binomial_lower_bound(wronged, ledgers, 0.9999) <= terms.alpha);
  CHECK(*stats::binomial_lower_bound(fooled, ledgers, 0.9999) <= terms.beta);
}

TEST_CASE("ledger: nothing changes when an entry is refused", "[protocol]") {
  ledger l = opened();
  REQUIRE(l.append(entry(1, 1, 0.1, 0.1)));
  const ledger_record before = l.record();
  const auto refused = [&](auto change) {
    ledger_entry e = entry(1, 2, 0.1, 0.1);
    change(e);
    const auto taken = l.append(e);
    CHECK(l.record() == before);
    return taken ? errc{} : taken.error().code;
  };
  CHECK(refused([](auto& e) { e.request.value = number(1, 3); }) == errc::duplicate);
  CHECK(refused([](auto& e) { e.scores[0].score = 1.5; }) == errc::out_of_range);
  CHECK(refused([](auto& e) { e.scores[1].score = std::nan(""); }) == errc::out_of_range);
  CHECK(refused([](auto& e) { e.scores[1].check = 2; }) == errc::out_of_range);
  CHECK(refused([](auto& e) { e.scores[1].check = 0; }) == errc::wrong_order);
  CHECK(refused([](auto& e) { e.breach = reason::request_outlier; }) == errc::unsupported);
  CHECK(refused([](auto& e) { e.breach = static_cast<reason>(999); }) == errc::unsupported);
  REQUIRE(l.append(entry(2, 1, 0.1, 0.1)));  // another provider may be asked the same
  ledger_entry huge = entry(2, 2, 0, 0);
  huge.tokens = ~std::uint64_t{0};
  REQUIRE(l.append(huge));
  CHECK(l.statement({number(2, 1)})->tokens == ~std::uint64_t{0});  // counts saturate
}

TEST_CASE("ledger: terms that promise nonsense are refused", "[protocol]") {
  const auto refused = [](auto change) {
    ledger_terms t = two_checks();
    change(t);
    const auto made = ledger::open(t);
    return made ? errc{} : made.error().code;
  };
  CHECK(refused([](auto&) {}) == errc{});
  CHECK(refused([](auto& t) { t.alpha = 0; }) == errc::out_of_range);
  CHECK(refused([](auto& t) { t.beta = 1; }) == errc::out_of_range);
  CHECK(refused([](auto& t) { t.ratio = 0.5; }) == errc::non_canonical);
  CHECK(refused([](auto& t) { t.spending = stats::spending::geometric; }) == errc::non_canonical);
  CHECK(refused([](auto& t) { t.checks.clear(); }) == errc::empty);
  CHECK(refused([](auto& t) { t.checks.resize(257, t.checks[0]); }) == errc::too_large);
  CHECK(refused([](auto& t) { t.checks[1].name = t.checks[0].name; }) == errc::duplicate);
  CHECK(refused([](auto& t) { t.checks[0].name.text = "Upper"; }) == errc::non_canonical);
  CHECK(refused([](auto& t) { t.checks[0].name.text = std::string(49, 'a'); }) == errc::non_canonical);
  CHECK(refused([](auto& t) { t.checks[0].honest_mean = 1; }) == errc::out_of_range);
  CHECK(refused([](auto& t) { t.checks[0].honest_mean = std::nan(""); }) == errc::out_of_range);
  CHECK(refused([](auto& t) { t.checks[0].cheat_mean = 0.05; }) == errc::out_of_range);
  CHECK(refused([](auto& t) { t.checks[0].cheat_mean = std::nan(""); }) == errc::out_of_range);
  CHECK(refused([](auto& t) { t.checks[0].honest_mean = 1e-299, t.checks[0].cheat_mean = 1e-298; }) == errc::out_of_range);  // 1 - 1e-298 is 1
  CHECK(refused([](auto& t) { t.checks[0].weight = 0; }) == errc::out_of_range);
  CHECK(refused([](auto& t) { t.checks[1].bets = {1.5}; }) == errc::out_of_range);
  CHECK(refused([](auto& t) { t.checks[1].bets.assign(17, 0.5); }) == errc::invalid_settings);
}

TEST_CASE("ledger: whoever replays it comes to the same decisions, and to no others from other entries", "[protocol]") {
  ledger l = opened();
  random_stream r(seed{}, "ledger replay");
  for (std::uint64_t i = 0; i < 120; ++i) REQUIRE(l.append(entry(i % 3, i, r.uniform() * (i % 3 == 2 ? 1 : 0.15), r.uniform() * 0.3)));
  const auto again = ledger::replay(l.record());
  REQUIRE(again);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(again->statements()[i].decision == l.statements()[i].decision);
    CHECK(again->statements()[i].log_e_value == l.statements()[i].log_e_value);
  }
  CHECK(l.statements()[2].decision == outcome::reject);

  const auto error_after = [&](auto change) {
    ledger_record forged = l.record();
    change(forged);
    const auto read = ledger::replay(forged);
    return read ? errc{} : read.error().code;
  };
  CHECK(error_after([](auto& f) { f.entries.pop_back(); }) == errc::commitment_mismatch);
  CHECK(error_after([](auto& f) { std::swap(f.entries[3], f.entries[4]); }) == errc::commitment_mismatch);
  CHECK(error_after([](auto& f) { f.entries[7].scores[0].score = std::nextafter(f.entries[7].scores[0].score, 1); }) == errc::commitment_mismatch);
  CHECK(error_after([](auto& f) { f.entries[7].tokens += 1; }) == errc::commitment_mismatch);
  CHECK(error_after([](auto& f) { f.entries[7].breach = reason::bad_opening; }) == errc::commitment_mismatch);
  CHECK(error_after([](auto& f) { f.entries[7].receipt.value = number(9, 9); }) == errc::commitment_mismatch);
  CHECK(error_after([](auto& f) { f.entries[7].session.value = number(9, 9); }) == errc::commitment_mismatch);
  CHECK(error_after([](auto& f) { f.entries[7].opened_bytes = 0; }) == errc::commitment_mismatch);
  CHECK(error_after([](auto& f) { f.entries[7].scores.pop_back(); }) == errc::commitment_mismatch);
  CHECK(error_after([](auto& f) { f.terms.alpha = 0.02; }) == errc::commitment_mismatch);
  CHECK(error_after([](auto& f) { f.terms.checks[1].bets.pop_back(); }) == errc::commitment_mismatch);
  CHECK(error_after([](auto& f) { f.terms.calibration = number(1, 1); }) == errc::commitment_mismatch);
  CHECK(error_after([](auto& f) { f.entries.push_back(f.entries[3]); }) == errc::duplicate);
  ledger_record bad = l.record();
  bad.entries[5].scores[0].score = 2;
  CHECK(ledger::replay(bad).error().where == 5);
}

TEST_CASE("ledger: golden chain", "[protocol]") {
  ledger l = opened();
  const auto hex = [](const ledger_digest& d) {
    const auto digits = to_hex(d);
    return std::string(digits.begin(), digits.end());
  };
  CHECK(hex(l.head()) == "26c58e3097fb5c8446a31c5d345203a514a9cc7dd66451dd11b56476cce09ae4");
  ledger_entry e = entry(1, 1, 0.25, 0.5);
  e.breach = reason::bad_opening;
  REQUIRE(l.append(e));
  CHECK(hex(l.head()) == "76af4361b57fa3fadce01580a89554b7de521ef6f776328fe396719d50d8bc30");
}
