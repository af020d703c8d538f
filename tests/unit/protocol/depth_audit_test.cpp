// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/protocol/depth_audit.hpp>

#include <algorithm>
#include <array>
#include <set>

#include <assay/protocol/prover.hpp>
#include <assay/protocol/verifier.hpp>

#include "support/catch.hpp"
#include "support/toy_blocks.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

/// The verifier's model: counts the blocks it ran, and has no rows beyond the depth it was told.
struct counting_reference {
  const toy_blocks& model;
  std::span<const token_id> prompt, output;
  std::uint32_t depth = 0, deepest_asked = 0;
  std::uint64_t layers_run = 0;

  result<void> run_to(std::uint32_t to) {
    depth = to, layers_run += to;
    return {};
  }
  result<void> state(layer_index layer, position at, std::span<float> row) {
    if (layer.value >= depth) return fail(errc::wrong_state, "reference: this layer was not run");
    deepest_asked = std::max(deepest_asked, layer.value);
    std::vector<token_id> history(prompt.begin(), prompt.end());
    history.insert(history.end(), output.begin(), output.end());
    model.state(layer.value, std::span{history}.first(at.value + std::size_t{1}), row);
    return {};
  }
};
static_assert(prefix_reference<counting_reference>);

constexpr std::array<std::uint32_t, 4> every{1, 2, 3, 4};  // three blocks, then the LM head's input

run_description plain_run() {
  run_description run = toy_blocks_run();
  run.commitment.committed_rows.clear();
  return run;
}
verification_policy prefix_policy() {
  verification_policy policy;
  policy.request_alpha = policy.session_alpha = 0.05, policy.minimum_tokens = 1;
  policy.required = audit_level::receipt;
  policy.opened = {4, 1};
  return policy;
}
struct looked {
  audit seen;
  std::uint32_t depth;
};
looked look(const toy_blocks& provider, const toy_blocks& own, const depth_policy& policy, std::uint64_t index) {
  const run_description run = plain_run();
  const request asked = toy_request(index, 6, 8);
  const toy_answer answer = must(serve(provider, run, asked));
  audit seen = must(audit::begin(prefix_policy(), run, asked, answer.output, answer.receipt));
  const challenge question = must(seen.draw_challenge(derive_seed(seed_of(index), "nonce")));
  must(seen.check_openings(question, open_encoded(answer, run, question)));
  counting_reference reference{own, asked.prompt, answer.output};
  const std::uint32_t depth = must(compare_to_depth(seen, policy, question, reference));
  CHECK(reference.layers_run == depth);
  CHECK(reference.deepest_asked == depth - 1);
  return {std::move(seen), depth};
}
toy_blocks honest_stack(std::uint64_t n) {
  toy_blocks engine;
  engine.noise = 2e-3, engine.stack = n % 5;
  return engine;
}
double largest(const audit& seen) {
  double most = 0;
  for (const score_at& each : seen.evidence().of(channel::states)) most = std::max(most, each.score);
  return most;
}

}  // namespace

TEST_CASE("depth audit: how a verifier audits at random depth", "[protocol]") {
  // As docs/howto/audit-at-random-depth.md shows it.
  const run_description run = plain_run();
  const request request = toy_request(3, 6, 8);
  const toy_blocks model;
  const toy_answer answer = must(serve(model, run, request));
  const verification_policy policy = prefix_policy();
  counting_reference my_model{model, request.prompt, answer.output};

  const std::vector<std::uint32_t> depths{1, 2, 3, 4};  // checkpoints from the first on
  auto depth = assay::depth_policy::cheapest(4, depths, {0.99, 44}, 0.05 /*floor*/);  // 99 % within 44 requests
  REQUIRE(depth);
  REQUIRE_FALSE(depth->blind_from());
  auto audit = assay::audit::begin(policy, run, request, answer.output, answer.receipt);
  auto challenge = audit->draw_challenge(seed_of(5));
  REQUIRE(audit->check_openings(*challenge, open_encoded(answer, run, *challenge)));
  auto reached = assay::compare_to_depth(*audit, *depth, *challenge, my_model);  // runs my_model that deep
  REQUIRE(reached);
  CHECK(*reached == assay::depth_of(*depth, *challenge));
  CHECK(my_model.layers_run == *reached);
  const std::size_t positions = audit->evidence().of(channel::states).size() / *reached;
  CHECK((positions >= 4 && positions <= 5));
  CHECK(largest(*audit) == 0);
}

TEST_CASE("depth audit: every fingerprint up to the depth is compared, none beyond", "[protocol]") {
  const toy_blocks model;
  std::set<std::uint32_t> drawn;
  const auto policy = *depth_policy::uniform(4, every);
  for (std::uint64_t i = 0; i < 30; ++i) {
    const looked l = look(model, model, policy, i);
    drawn.insert(l.depth);
    std::set<std::uint32_t> layers;
    for (const score_at& each : l.seen.evidence().of(channel::states)) layers.insert(each.layer.value);
    CHECK(layers.size() == l.depth);
    CHECK(*layers.rbegin() == l.depth - 1);
    CHECK(l.seen.evidence().of(channel::rows).empty());
    CHECK(l.seen.level() == audit_level::receipt);  // however deep: the tokens were not replayed
  }
  CHECK(drawn.size() == 4);
}

TEST_CASE("depth audit: a cheat in the last block is met as often as the policy says, and by a fixed depth never",
          "[protocol]") {
  toy_blocks cheat;
  cheat.cheat = block_cheat::skipped, cheat.cheated_block = 2;
  const toy_blocks own;
  const auto met = [&](const depth_policy& policy, std::uint64_t first, std::uint64_t requests) {
    std::uint64_t n = 0;
    for (std::uint64_t i = first; i < first + requests; ++i) {
      const looked l = look(cheat, own, policy, i);
      CHECK((largest(l.seen) > 0.05) == (l.depth >= 3));
      n += largest(l.seen) > 0.05 ? 1u : 0u;
    }
    return static_cast<double>(n) / static_cast<double>(requests);
  };
  CHECK(met(*depth_policy::fixed_blind(4, 2), 100, 40) == 0);
  const auto heavy = *depth_policy::shallow_heavy(4, every);
  CHECK(met(heavy, 200, 80) == Approx(heavy.detection(3)).margin(0.16));
}

TEST_CASE("depth audit: verdicts with calibrated error rates", "[protocol]") {
  const auto policy = *depth_policy::make(4, {{1, 1}, {2, 1}, {4, 2}});
  const toy_blocks own;
  calibrator fit{plain_run(), prefix_policy().opened, {.confidence = 1 - prefix_policy().session_alpha / 2}};
  for (std::uint64_t i = 0; i < 100; ++i) fit.add(look(honest_stack(i), own, policy, 1000 + i).seen.evidence());
  const calibration fitted = must(fit.fit());
  toy_blocks cheat = honest_stack(0);
  cheat.cheat = block_cheat::int8_weights, cheat.cheated_block = 2;
  std::uint32_t honest_rejects = 0, cheat_rejects = 0, deep = 0;
  constexpr std::uint32_t requests = 40;
  for (std::uint64_t i = 0; i < requests; ++i) {
    const auto judged = [&](const audit& seen) {
      return must(verifier::make(prefix_policy(), fitted)).conclude(seen).decision;
    };
    honest_rejects += judged(look(honest_stack(i), own, policy, 2000 + i).seen) == outcome::reject ? 1u : 0u;
    const looked l = look(cheat, own, policy, 3000 + i);
    deep += l.depth == 4 ? 1u : 0u;
    cheat_rejects += judged(l.seen) == outcome::reject ? 1u : 0u;
  }
  CHECK(honest_rejects <= 7);  // 5 % each: 2 expected
  CHECK(cheat_rejects + 4 >= deep);
  CHECK(deep > requests / 4);
}

TEST_CASE("depth audit: policies and references that do not fit", "[protocol]") {
  const run_description run = plain_run();
  const request asked = toy_request(3, 6, 8);
  const toy_blocks model;
  const toy_answer answer = must(serve(model, run, asked));
  audit begun = must(audit::begin(prefix_policy(), run, asked, answer.output, answer.receipt));
  const challenge question = must(begun.draw_challenge(seed_of(5)));
  counting_reference reference{model, asked.prompt, answer.output};
  const auto policy = *depth_policy::uniform(4, every);
  CHECK(compare_to_depth(begun, policy, question, reference).error().code == errc::wrong_state);  // nothing opened yet
  must(begun.check_openings(question, open_encoded(answer, run, question)));
  CHECK(compare_to_depth(begun, *depth_policy::full(5), question, reference).error().code == errc::shape_mismatch);
  struct broken {
    result<void> run_to(std::uint32_t) { return fail(errc::io_failure, "no weights"); }
    result<void> state(layer_index, position, std::span<float>) { return {}; }
  } no_weights;
  CHECK(compare_to_depth(begun, policy, question, no_weights).error().code == errc::io_failure);
  CHECK_FALSE(begun.breached());
  CHECK(begun.evidence().of(channel::states).empty());
  // After a breach nothing is recomputed.
  audit caught = must(audit::begin(prefix_policy(), run, asked, answer.output, answer.receipt));
  must(caught.check_openings(question, {}));
  REQUIRE(caught.breached());
  reference.layers_run = 0;
  CHECK(compare_to_depth(caught, policy, question, reference));
  CHECK(reference.layers_run == 0);
}
