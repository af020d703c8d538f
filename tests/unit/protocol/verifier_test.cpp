// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/protocol/verifier.hpp>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include <assay/stats/binomial.hpp>

#include "support/catch.hpp"
#include "support/toy_protocol.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

/// An auditor whose arithmetic differs a little from the provider's, with a calibration from honest requests.
struct court {
  run_description run = toy_run();
  toy_engine reference{toy_settings{1, 2, 0.01}};
  verification_policy policy;
  std::uint64_t next = 0;

  court() {
    policy.opened = {4, 3}, policy.minimum_tokens = 8;
    policy.request_alpha = 0.02;
  }
  static toy_engine provider(double noise, std::uint64_t weights = 1) {
    return toy_engine{toy_settings{weights, 7, noise}};
  }
  audit examine(const toy_engine& by, std::optional<audit_level> level = {}) {
    const request asked = toy_request(next++, 6, 8);
    const toy_answer given = must(serve(by, run, asked));
    verification_policy p = policy;
    p.required = level.value_or(policy.required);
    return inspect(p, run, asked, given, reference, 0, next);
  }
  calibration calibrate(std::size_t requests, audit_level level = audit_level::model,
                        calibration_settings settings = {}) {
    calibrator c{run, policy.opened, settings};
    const toy_engine honest = provider(0.01);
    for (std::size_t i = 0; i < requests; ++i) c.add(examine(honest, level).evidence());
    return must(c.fit());
  }
};

}  // namespace

TEST_CASE("verifier: an honest provider is accepted, at the level that was asked for", "[protocol]") {
  for (audit_level level : {audit_level::receipt, audit_level::lm_head, audit_level::model}) {
    court c;
    const calibration fitted = c.calibrate(120);
    c.policy.required = level;
    c.policy.minimum_tokens = level == audit_level::model ? 8 : 3;  // level 0 examines none, whatever is asked
    verifier v = must(verifier::make(c.policy, fitted));
    int accepted = 0;
    for (int i = 0; i < 20; ++i) {
      const verdict said = v.conclude(c.examine(court::provider(0.01)));
      accepted += said.decision == outcome::accept;
      CHECK(said.level == level);
      CHECK((said.why == reason::none || said.why == reason::request_outlier));
    }
    CHECK(accepted >= 17);
  }
}

TEST_CASE("verifier: other weights and coarser arithmetic are rejected", "[protocol]") {
  court c;
  const calibration fitted = c.calibrate(120);
  verifier v = must(verifier::make(c.policy, fitted));
  verdict said = v.conclude(c.examine(court::provider(0.01, 2)));
  CHECK(said.decision == outcome::reject);
  CHECK(said.why == reason::request_outlier);
  CHECK(said.p_value <= c.policy.request_alpha);
  CHECK(said.got > said.expected);
  CHECK(said.level == audit_level::model);

  verifier coarse = must(verifier::make(c.policy, fitted));
  int rejected = 0;
  for (int i = 0; i < 20; ++i)
    rejected += coarse.conclude(c.examine(court::provider(0.05))).decision == outcome::reject;
  CHECK(rejected >= 15);
}

TEST_CASE("verifier: what no single request shows, a session does", "[protocol]") {
  court c;
  c.policy.request_alpha = 0.0101;
  const calibration fitted = c.calibrate(400);
  verifier v = must(verifier::make(c.policy, fitted));
  const toy_engine cheat = court::provider(0.016);  // noise of another stack, 60% larger
  int sessions_worth = 0;
  verdict said;
  for (; sessions_worth < 400 && said.why != reason::session_evidence; ++sessions_worth)
    said = v.conclude(c.examine(cheat));
  CHECK(said.why == reason::session_evidence);
  CHECK(said.decision == outcome::reject);
  CHECK(said.e_value >= v.session_threshold());
  CHECK(said.got == said.e_value);
  INFO(sessions_worth);
}

TEST_CASE("verifier: an honest session is rejected no more often than promised", "[protocol]") {
  // Each session has a calibration of its own: the promise is over both, and at any stopping time.
  constexpr double alpha = 0.1;
  constexpr std::uint64_t sessions = 40;
  std::uint64_t alarms = 0, outliers = 0, requests = 0;
  court c;
  c.policy.session_alpha = alpha, c.policy.request_alpha = 0.05;
  for (std::uint64_t s = 0; s < sessions; ++s) {
    calibration_settings settings;
    settings.confidence = 1 - alpha / 2;
    verifier v = must(verifier::make(c.policy, c.calibrate(60, audit_level::model, settings)));
    bool alarmed = false;
    for (int i = 0; i < 60; ++i, ++requests) {
      const verdict said = v.conclude(c.examine(court::provider(0.01)));
      alarmed |= said.why == reason::session_evidence;
      outliers += said.why == reason::request_outlier;
    }
    alarms += alarmed;
  }
  INFO(alarms << " sessions, " << outliers << " of " << requests << " requests");
  CHECK(must(stats::clopper_pearson(alarms, sessions, 0.999)).low <= alpha);
  CHECK(alarms <= 8);
  // Requests of a session share a calibration, so this count varies more than a binomial one: twice the rate is far.
  CHECK(static_cast<double>(outliers) / static_cast<double>(requests) < 2 * c.policy.request_alpha);
}

TEST_CASE("verifier: totals and tokens accumulate, and too few tokens decide nothing", "[protocol]") {
  court c;
  c.policy.minimum_tokens = 20;
  const calibration fitted = c.calibrate(120);
  verifier v = must(verifier::make(c.policy, fitted));
  verdict said = v.conclude(c.examine(court::provider(0.01)));
  CHECK(said.decision == outcome::inconclusive);
  CHECK((said.tokens == 8 && said.need_tokens == 12));
  const std::uint64_t bytes = said.opened_bytes;
  CHECK(bytes > 0);
  said = v.conclude(c.examine(court::provider(0.01)));
  CHECK((said.tokens == 16 && said.need_tokens == 4));
  CHECK(said.opened_bytes > bytes);
  said = v.conclude(c.examine(court::provider(0.01)));
  CHECK((said.tokens == 24 && said.need_tokens == 0));
  CHECK(said.decision != outcome::inconclusive);
}

TEST_CASE("verifier: level 0 examines no tokens and so needs none", "[protocol]") {
  court c;
  const calibration fitted = c.calibrate(120);
  c.policy.required = audit_level::receipt, c.policy.minimum_tokens = 1000;
  verifier v = must(verifier::make(c.policy, fitted));
  const verdict said = v.conclude(c.examine(court::provider(0.01)));
  CHECK(said.decision == outcome::accept);
  CHECK((said.tokens == 0 && said.need_tokens == 0));
  // The other levels do.
  c.policy.required = audit_level::lm_head;
  verifier head = must(verifier::make(c.policy, fitted));
  const verdict undecided = head.conclude(c.examine(court::provider(0.01)));
  CHECK(undecided.decision == outcome::inconclusive);
  CHECK(undecided.need_tokens == 997);
}

TEST_CASE("verifier: a request counts once, however often it is concluded", "[protocol]") {
  court c;
  c.policy.minimum_tokens = 20;
  verifier v = must(verifier::make(c.policy, c.calibrate(120)));
  const audit cheated = c.examine(court::provider(0.01, 2));
  const verdict first = v.conclude(cheated);
  CHECK(first.decision == outcome::reject);
  CHECK(first.e_value > 1);
  for (int i = 0; i < 200; ++i) {
    const verdict again = v.conclude(cheated);
    REQUIRE(again.why == reason::request_outlier);  // not session_evidence
    REQUIRE(again.e_value == first.e_value);
    REQUIRE((again.tokens == first.tokens && again.opened_bytes == first.opened_bytes));
  }
  // Another audit of the same request, with a challenge of its own, is the same request.
  const request asked = toy_request(903, 6, 8);
  const toy_answer given = must(serve(court::provider(0.01), c.run, asked));
  const auto once = v.conclude(inspect(c.policy, c.run, asked, given, c.reference, 0, 1));
  CHECK(once.tokens == first.tokens + 8);
  const auto twice = v.conclude(inspect(c.policy, c.run, asked, given, c.reference, 0, 2));
  CHECK((twice.tokens == once.tokens && twice.opened_bytes == once.opened_bytes && twice.e_value == once.e_value));
  CHECK(v.conclude(c.examine(court::provider(0.01))).tokens == once.tokens + 8);
}

TEST_CASE("verifier: a session that was rejected stays rejected", "[protocol]") {
  court c;
  verifier v = must(verifier::make(c.policy, c.calibrate(400)));
  verdict said;
  for (int i = 0; i < 400 && said.why != reason::session_evidence; ++i)
    said = v.conclude(c.examine(court::provider(0.01, 2)));
  REQUIRE(said.why == reason::session_evidence);
  // Honest requests lose bets: the evidence sinks, the verdict does not change.
  for (int i = 0; i < 300; ++i) {
    said = v.conclude(c.examine(court::provider(0.0)));
    REQUIRE(said.decision == outcome::reject);
    REQUIRE(said.why == reason::session_evidence);
  }
  CHECK(said.e_value < v.session_threshold());
  CHECK(said.expected == v.session_threshold());
}

TEST_CASE("verifier: withheld openings are rejected without statistics", "[protocol]") {
  court c;
  verifier v = must(verifier::make(c.policy, c.calibrate(120)));
  const request asked = toy_request(904, 6, 8);
  const toy_answer given = must(serve(court::provider(0.01), c.run, asked));
  audit silent = must(v.begin(c.run, asked, given.output, given.receipt));
  const challenge question = must(silent.draw_challenge(seed_of(1)));
  must(silent.report_withheld(question, given.receipt.terms.retention_seconds));
  const verdict said = v.conclude(silent);
  CHECK(said.decision == outcome::reject);
  CHECK(said.why == reason::withheld_openings);
  CHECK((said.e_value == 1 && said.tokens == 0));
}

TEST_CASE("verifier: a level that was not reached is inconclusive, whatever else was checked", "[protocol]") {
  court c;
  const calibration fitted = c.calibrate(120);
  verifier v = must(verifier::make(c.policy, fitted));
  for (audit_level level : {audit_level::receipt, audit_level::lm_head}) {
    const verdict said = v.conclude(c.examine(court::provider(0.01), level));
    CHECK(said.decision == outcome::inconclusive);
    CHECK(said.level == level);
  }
  // Not opened at all: a provider that stays silent is not accepted.
  const request asked = toy_request(900, 6, 8);
  const toy_answer given = must(serve(court::provider(0.01), c.run, asked));
  audit silent = must(v.begin(c.run, asked, given.output, given.receipt));
  const toy_reference reference{c.reference, asked.prompt, given.output};
  must(silent.replay_tokens([&](std::uint32_t i, std::span<float> logits) { return reference.logits_for(i, logits); }));
  CHECK(v.conclude(silent).decision != outcome::accept);
}

TEST_CASE("verifier: a breach rejects at once, with its reason and place", "[protocol]") {
  court c;
  verifier v = must(verifier::make(c.policy, c.calibrate(120)));
  const request asked = toy_request(901, 6, 8);
  toy_answer given = must(serve(court::provider(0.01), c.run, asked));
  given.output[1].value ^= 1;
  const verdict said = v.conclude(must(v.begin(c.run, asked, given.output, given.receipt)));
  CHECK(said.decision == outcome::reject);
  CHECK(said.why == reason::wrong_output);
  CHECK(std::string(said.message) == "the receipt is for other output tokens");
  CHECK(said.e_value == 1);  // a breach of form is not statistical evidence
}

TEST_CASE("verifier: the calibration must fit the run and the promised rates", "[protocol]") {
  court c;
  const calibration fitted = c.calibrate(60);  // 30 ranked
  c.policy.request_alpha = 0.05;
  verifier v = must(verifier::make(c.policy, fitted));
  run_description other = c.run;
  other.sampler.filters.sampler.temperature = 0.9f;
  const request asked = toy_request(902, 6, 8);
  const toy_answer given = must(serve(court::provider(0.01), other, asked));
  CHECK(v.begin(other, asked, given.output, given.receipt).error().code == errc::calibration_mismatch);

  const challenge_size opened = c.policy.opened;
  for (const challenge_size& size : {challenge_size{5, 3}, challenge_size{4, 4}, challenge_size{4, 0}}) {
    c.policy.opened = size;
    CHECK(verifier::make(c.policy, fitted).error().code == errc::calibration_mismatch);
  }
  c.policy.opened = opened;

  c.policy.request_alpha = 1.0 / 31;
  CHECK(verifier::make(c.policy, fitted));
  c.policy.request_alpha = 0.032;
  CHECK(verifier::make(c.policy, fitted).error().code == errc::insufficient_data);
  c.policy.request_alpha = 0.05, c.policy.session_alpha = 0.001;
  CHECK(verifier::make(c.policy, fitted).error().code == errc::insufficient_data);
  CHECK(verifier::make(c.policy, calibration{}).error().code == errc::insufficient_data);
  c.policy.session_alpha = 2;
  CHECK(verifier::make(c.policy, fitted).error().code == errc::invalid_settings);
}

TEST_CASE("verifier: the request threshold is the deviation from which on p-values reject", "[protocol]") {
  court c;
  const calibration fitted = c.calibrate(120);
  verifier v = must(verifier::make(c.policy, fitted));
  const double threshold = v.request_threshold();
  CHECK(p_value(fitted, std::nextafter(threshold, 1e9)) <= c.policy.request_alpha);
  CHECK(p_value(fitted, threshold) > c.policy.request_alpha);
}
