// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/protocol/audit.hpp>

#include <algorithm>
#include <limits>

#include "support/catch.hpp"
#include "support/toy_protocol.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

struct fixture {
  run_description run = toy_run();
  request asked = toy_request(2, 6, 5);
  toy_engine engine;
  verification_policy policy;
  toy_answer answer = must(serve(engine, run, asked));

  fixture() { policy.opened = {4, 3}; }
  audit begin(std::uint64_t round = 0) const {
    return must(audit::begin(policy, run, asked, answer.output, answer.receipt, round));
  }
  audit opened() const {
    audit a = begin();
    const challenge question = must(a.draw_challenge(seed_of(1)));
    must(a.check_openings(question, open_encoded(answer, run, question)));
    return a;
  }
  reason why(std::uint64_t round = 0) const {
    const audit a = begin(round);
    return a.breached() ? a.breached()->why : reason::none;
  }
  auto head() const {
    return [this](std::span<const float> row, std::span<float> logits) {
      engine.logits(row, logits);
      return result<void>{};
    };
  }
  auto logits() const {
    return [this](std::uint32_t i, std::span<float> out) {
      return toy_reference{engine, asked.prompt, answer.output}.logits_for(i, out);
    };
  }
  auto states() const { return toy_reference{engine, asked.prompt, answer.output}; }
};

bool empty(const request_evidence& e) {
  return std::all_of(e.scores.begin(), e.scores.end(), [](const auto& s) { return s.empty(); }) && e.tokens == 0;
}

}  // namespace

TEST_CASE("audit: the level follows from what was checked, in any order of replays", "[protocol]") {
  const fixture f;
  audit a = f.begin();
  CHECK_FALSE(a.breached());
  CHECK_FALSE(a.level());
  must(a.replay_tokens(f.logits()));  // needs no openings
  CHECK_FALSE(a.level());
  CHECK(a.replay_head(f.head()).error().code == errc::wrong_state);
  CHECK(a.compare_states(f.states()).error().code == errc::wrong_state);
  const challenge question = must(a.draw_challenge(seed_of(1)));
  const auto bytes = open_encoded(f.answer, f.run, question);
  must(a.check_openings(question, bytes));
  CHECK(a.openings_verified());
  CHECK(a.level() == audit_level::receipt);
  must(a.replay_head(f.head()));
  CHECK(a.level() == audit_level::lm_head);
  must(a.compare_states(f.states()));
  CHECK(a.level() == audit_level::model);
  CHECK(a.evidence().opened_bytes == bytes.size());
  CHECK(a.evidence().tokens == 5);
}

TEST_CASE("audit: the same arithmetic leaves no deviation, and scores say where they are", "[protocol]") {
  const fixture f;
  audit a = f.opened();
  replay(a, f.engine, f.asked, f.answer.output, audit_level::model);
  CHECK(a.evidence().of(channel::tokens).size() == 5);
  CHECK(a.evidence().of(channel::head).size() == 3);
  CHECK(a.evidence().of(channel::states).size() >= 12);
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(a.evidence().of(channel::tokens)[i].score == 0);
    CHECK(a.evidence().of(channel::tokens)[i].at.value == 6 + i);
  }
  for (const score_at& s : a.evidence().of(channel::states)) CHECK(s.score == 0);
  REQUIRE(a.evidence().of(channel::rows).size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    const score_at& row = a.evidence().of(channel::rows)[i];
    CHECK(row.score == 0);  // the reference's row is rounded as the committed one was
    CHECK(row.layer.value == 2);
    CHECK(row.at.value + 1 >= f.asked.prompt.size());
  }
  for (const score_at& s : a.evidence().of(channel::head))
    CHECK((s.score >= 0 && s.score < 0.1));  // the row was rounded to bf16
}

TEST_CASE("audit: other weights show in every channel that can see them", "[protocol]") {
  const fixture f;
  toy_settings other;
  other.weights = 2;
  const toy_engine imposter{other};
  const toy_answer given = must(serve(imposter, f.run, f.asked));
  const audit a = inspect(f.policy, f.run, f.asked, given, f.engine);
  CHECK_FALSE(a.breached());
  const auto largest = [&](channel c) { return std::ranges::max(a.evidence().of(c), {}, &score_at::score).score; };
  CHECK(largest(channel::tokens) > 1);
  CHECK(largest(channel::states) > 0.5);
  CHECK(largest(channel::head) > 1);
  CHECK(largest(channel::rows) > 0.5);
}

TEST_CASE("audit: binding finds each way a receipt can be for something else", "[protocol]") {
  fixture f;
  CHECK(f.why() == reason::none);
  SECTION("run") {
    f.answer.receipt.run.value.bytes[0] ^= std::byte{1};
    CHECK(f.why() == reason::wrong_run);
  }
  SECTION("temperature") {
    f.run.sampler.filters.sampler.temperature = 0.9f;
    CHECK(f.why() == reason::wrong_run);
  }
  SECTION("nonce") {
    f.asked.nonce.bytes[0] ^= std::byte{1};
    CHECK(f.why() == reason::wrong_request);
  }
  SECTION("prompt edited") {
    f.asked.prompt[0].value ^= 1;
    CHECK(f.why() == reason::wrong_request);
  }
  SECTION("prompt length claimed") {
    f.answer.receipt.prompt_tokens -= 1;
    CHECK(f.why() == reason::wrong_request);
  }
  SECTION("output edited") {
    f.answer.output[2].value ^= 1;
    CHECK(f.why() == reason::wrong_output);
  }
  SECTION("output cut") {
    f.answer.output.pop_back();
    CHECK(f.why() == reason::wrong_output);
  }
  SECTION("output cut, and counted so") {
    f.answer.output.pop_back();
    f.answer.receipt.output_tokens -= 1;
    CHECK(f.why() == reason::wrong_output);
  }
  SECTION("a token out of the vocabulary") {
    f.answer.output[3] = token_id{64};
    f.answer.receipt.output = digest_of(f.answer.receipt.request, f.answer.output);
    CHECK(f.why() == reason::token_out_of_range);
    CHECK(f.begin().breached()->place.at.value == 9);
  }
  SECTION("more tokens than asked for") {
    f.answer.output.push_back(token_id{0});
    f.answer.receipt.output_tokens += 1;
    f.answer.receipt.output = digest_of(f.answer.receipt.request, f.answer.output);
    CHECK(f.why() == reason::wrong_output);
  }
  SECTION("no tokens") {
    f.answer.output.clear();
    f.answer.receipt.output_tokens = 0;
    CHECK(f.why() == reason::malformed_receipt);
  }
  SECTION("interactive terms with a beacon") {
    f.answer.receipt.terms.round = 1;
    CHECK(f.why() == reason::malformed_receipt);
  }
  SECTION("retention") {
    f.answer.receipt.terms.retention_seconds = 600;
    CHECK(f.why() == reason::none);
    f.answer.receipt.terms.retention_seconds = 599;  // the default policy's minimum is ten minutes
    CHECK(f.why() == reason::unacceptable_terms);
    f.answer.receipt.terms.retention_seconds = 3600;
    f.policy.minimum_retention_seconds = 3600;
    CHECK(f.why() == reason::none);
    f.answer.receipt.terms.retention_seconds = 3599;
    CHECK(f.why() == reason::unacceptable_terms);
  }
}

TEST_CASE("audit: a beacon must be trusted, allowed, in the future, and near", "[protocol]") {
  fixture f;
  auto& terms = f.answer.receipt.terms;
  terms.source = challenge_source::beacon, terms.round = 101, terms.beacon.bytes[0] = std::byte{7};
  f.policy.trusted_beacon = terms.beacon;
  CHECK(f.why(100) == reason::none);
  CHECK(f.why(101) == reason::stale_beacon);
  CHECK(f.why(5000) == reason::stale_beacon);
  terms.round = 1100;
  CHECK(f.why(100) == reason::none);
  terms.round = 1101;
  CHECK(f.why(100) == reason::unacceptable_terms);
  terms.round = ~std::uint64_t{0};
  CHECK(f.why(100) == reason::unacceptable_terms);
  terms.round = 101, terms.beacon.bytes[0] = std::byte{8};
  CHECK(f.why(100) == reason::unacceptable_terms);
  terms.beacon = f.policy.trusted_beacon, f.policy.allow_beacon = false;
  CHECK(f.why(100) == reason::unacceptable_terms);
  CHECK(f.why() == reason::unacceptable_terms);
  // Not knowing the beacon's present round is the verifier's trouble.
  f.policy.allow_beacon = true;
  CHECK(audit::begin(f.policy, f.run, f.asked, f.answer.output, f.answer.receipt).error().code ==
        errc::invalid_settings);
}

TEST_CASE("audit: the verifier's own broken inputs are errors", "[protocol]") {
  fixture f;
  const auto code = [&] {
    return audit::begin(f.policy, f.run, f.asked, f.answer.output, f.answer.receipt).error().code;
  };
  SECTION("policy") {
    f.policy.request_alpha = 0;
    CHECK(code() == errc::invalid_settings);
  }
  SECTION("run") {
    f.run.commitment.steps.clear();
    CHECK(code() == errc::length_mismatch);
  }
  SECTION("request") {
    f.asked.prompt.clear();
    CHECK(code() == errc::empty);
  }
}

TEST_CASE("audit: a mixed-up challenge is an error, not a breach", "[protocol]") {
  const fixture f;
  audit a = f.begin();
  const challenge question = must(a.draw_challenge(seed_of(1)));
  const auto bytes = open_encoded(f.answer, f.run, question);
  challenge other = question;
  other.receipt.value.bytes[3] ^= std::byte{1};
  CHECK(a.check_openings(other, bytes).error().code == errc::wrong_statement);
  other = question, other.size.positions -= 1;  // as a provider would like it, if it could name the challenge
  CHECK(a.check_openings(other, open_encoded(f.answer, f.run, other)).error().code == errc::wrong_statement);
  CHECK_FALSE(a.breached());
  CHECK_FALSE(a.openings_verified());
  must(a.check_openings(question, bytes));
  CHECK(a.openings_verified());
}

TEST_CASE("audit: a broken head is the verifier's trouble and leaves no evidence", "[protocol]") {
  const fixture f;
  audit a = f.opened();
  int calls = 0;
  const auto dies = [&](std::span<const float> row, std::span<float> logits) -> result<void> {
    if (++calls == 2) return fail(errc::host_failure, "out of memory");
    return f.head()(row, logits);
  };
  CHECK(a.replay_head(dies).error().code == errc::host_failure);
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  for (float bad : {nan, inf}) {
    const auto breaks = [&](std::span<const float>, std::span<float> logits) {
      std::ranges::fill(logits, 0.0f), logits[9] = bad;
      return result<void>{};
    };
    CHECK(a.replay_head(breaks).error() == fail(errc::non_finite, "", 9));
    CHECK(a.replay_tokens([&](std::uint32_t, std::span<float> logits) { return breaks({}, logits); }).error().code ==
          errc::non_finite);
  }
  CHECK_FALSE(a.breached());
  CHECK(empty(a.evidence()));
  CHECK(a.level() == audit_level::receipt);
}

TEST_CASE("audit: a broken reference is the verifier's trouble and leaves no evidence", "[protocol]") {
  const fixture f;
  audit a = f.opened();
  const auto broken = [](layer_index layer, position, std::span<float> row) {
    std::ranges::fill(row, layer.value == 1 ? std::numeric_limits<float>::quiet_NaN() : 1.0f);
    return result<void>{};
  };
  CHECK(a.compare_states(broken).error().code == errc::non_finite);
  int calls = 0;
  CHECK(a.compare_states([&](layer_index l, position p, std::span<float> row) -> result<void> {
           if (++calls == 5) return fail(errc::io_failure, "disk");
           return f.states()(l, p, row);
         })
            .error()
            .code == errc::io_failure);
  calls = 0;
  CHECK(a.replay_tokens([&](std::uint32_t i, std::span<float> logits) -> result<void> {
           if (++calls == 3) return fail(errc::io_failure, "disk");
           return f.logits()(i, logits);
         })
            .error()
            .code == errc::io_failure);
  CHECK_FALSE(a.breached());
  CHECK(empty(a.evidence()));
  CHECK(a.level() == audit_level::receipt);
}

TEST_CASE("audit: a reference that breaks on the final rows leaves no states either", "[protocol]") {
  const fixture f;
  audit whole = f.opened();
  replay(whole, f.engine, f.asked, f.answer.output, audit_level::model);
  const std::size_t states = whole.evidence().of(channel::states).size();
  audit a = f.opened();
  for (std::size_t good : {states, states + 2}) {
    std::size_t calls = 0;
    const auto fails = [&](layer_index l, position p, std::span<float> row) -> result<void> {
      if (calls++ == good) return fail(errc::io_failure, "disk");
      return f.states()(l, p, row);
    };
    CHECK(a.compare_states(fails).error().code == errc::io_failure);
    calls = 0;
    const auto poisoned = [&](layer_index l, position p, std::span<float> row) {
      if (calls++ != good) return f.states()(l, p, row);
      std::ranges::fill(row, std::numeric_limits<float>::quiet_NaN());
      return result<void>{};
    };
    CHECK(a.compare_states(poisoned).error().code == errc::non_finite);
  }
  CHECK_FALSE(a.breached());
  CHECK(empty(a.evidence()));
  CHECK(a.level() == audit_level::receipt);
}

TEST_CASE("audit: openings that never came are a breach once the retention has passed", "[protocol]") {
  const fixture f;
  const std::uint64_t retention = f.answer.receipt.terms.retention_seconds;
  audit a = f.begin();
  const challenge question = must(a.draw_challenge(seed_of(1)));
  CHECK(a.report_withheld(question, 0).error() == fail(errc::wrong_state, "", retention));
  CHECK(a.report_withheld(question, retention - 1).error().code == errc::wrong_state);
  challenge other = question;
  other.receipt.value.bytes[0] ^= std::byte{1};
  CHECK(a.report_withheld(other, retention).error().code == errc::wrong_statement);
  REQUIRE_FALSE(a.breached());

  audit late = a;  // nothing was lost by asking too early
  must(late.check_openings(question, open_encoded(f.answer, f.run, question)));
  CHECK(late.openings_verified());
  CHECK(late.report_withheld(question, retention).error().code == errc::wrong_state);
  CHECK_FALSE(late.breached());

  must(a.report_withheld(question, retention));
  REQUIRE(a.breached());
  CHECK(a.breached()->why == reason::withheld_openings);
  CHECK_FALSE(a.level());
  must(a.check_openings(question, open_encoded(f.answer, f.run, question)));  // too late
  CHECK_FALSE(a.openings_verified());
}

TEST_CASE("audit: an earlier breach is not replaced by withheld openings", "[protocol]") {
  const fixture f;
  audit a = f.begin();
  const challenge question = must(a.draw_challenge(seed_of(1)));
  must(a.check_openings(question, {}));
  REQUIRE(a.breached());
  must(a.report_withheld(question, ~std::uint64_t{0}));
  CHECK(a.breached()->why == reason::malformed_openings);
}

TEST_CASE("audit: a replay that is repeated counts once", "[protocol]") {
  const fixture f;
  audit a = f.opened();
  for (int i = 0; i < 3; ++i) replay(a, f.engine, f.asked, f.answer.output, audit_level::model);
  audit once = f.opened();
  replay(once, f.engine, f.asked, f.answer.output, audit_level::model);
  for (std::size_t c = 0; c < channel_count; ++c)
    CHECK(a.evidence().scores[c].size() == once.evidence().scores[c].size());
  CHECK(a.evidence().tokens == 5);
}

TEST_CASE("audit: after a breach nothing more is asked or checked", "[protocol]") {
  fixture f;
  f.answer.output[0].value ^= 1;
  audit a = f.begin();
  REQUIRE(a.breached());
  CHECK(a.draw_challenge(seed_of(1)).error().code == errc::wrong_state);
  must(a.check_openings(challenge{}, {}));
  replay(a, f.engine, f.asked, f.answer.output, audit_level::model);
  CHECK(a.breached()->why == reason::wrong_output);
  CHECK(empty(a.evidence()));
  CHECK_FALSE(a.level());
}
