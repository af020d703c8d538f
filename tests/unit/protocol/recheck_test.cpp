// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/protocol/recheck.hpp>

#include <cstring>
#include <limits>

#include <assay/protocol/verifier.hpp>

#include "support/catch.hpp"
#include "support/flat_commitment.hpp"
#include "support/toy_blocks.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

toy_blocks honest_stack(std::uint64_t number) {
  toy_blocks engine;
  engine.noise = 2e-3, engine.stack = number % 5;
  return engine;
}

/// One verifier's means: what it asks for, and the calibration that goes with it.
struct bench {
  verification_policy policy;
  run_description run = toy_blocks_run();
  toy_blocks model{};  ///< the verifier's own arithmetic has no noise
  calibration fitted{};

  explicit bench(const verification_policy& p, std::size_t requests = 160) : policy(p) {
    calibrator fit{run, policy.opened, {.confidence = 1 - policy.session_alpha / 2}};
    for (std::uint64_t i = 0; i < requests; ++i) fit.add(look(honest_stack(i), i).evidence());
    fitted = must(fit.fit());
  }
  audit look(const toy_blocks& provider, std::uint64_t index) const {
    const request asked = toy_request(index, 6, 8);
    return recheck_answer(policy, run, asked, must(serve(provider, run, asked)), toy_block_reference{{model}}, 1000 + index);
  }
  /// How many of `count` requests are rejected one by one, and whether the session ends rejected.
  std::pair<std::uint32_t, bool> session(auto provider_of, std::uint64_t first, std::uint32_t count) const {
    auto judge = must(verifier::make(policy, fitted));
    std::uint32_t rejected = 0;
    bool caught = false;
    for (std::uint64_t i = first; i < first + count; ++i) {
      auto alone = must(verifier::make(policy, fitted));
      const audit seen = look(provider_of(i), i);
      CHECK_FALSE(seen.breached());
      rejected += alone.conclude(seen).decision == outcome::reject ? 1u : 0u;
      caught = judge.conclude(seen).why == reason::session_evidence || caught;
    }
    return {rejected, caught};
  }
};

}  // namespace

TEST_CASE("recheck: the distance is in units of what the block did", "[protocol]") {
  const std::vector<float> in{3, 4}, ours{3, 5}, same{3, 5}, skipped = in;
  CHECK(block_distance(same, ours, in, dtype::bf16) == 0);
  CHECK(block_distance(skipped, ours, in, dtype::f32) == Approx(1).margin(1e-5));
  const std::vector<float> small{3, 4.001f};
  CHECK(block_distance(in, small, in, dtype::f32) == Approx(1).margin(2e-2));
  CHECK(block_distance(in, small, in, dtype::bf16) < 0.06);  // rounding alone may do that
  CHECK(block_distance(std::vector<float>{0, 0}, std::vector<float>{0, 0}, std::vector<float>{0, 0}, dtype::bf16) == 0);
}

TEST_CASE("recheck: honest states agree to the bit when the arithmetic does", "[protocol]") {
  for (const dtype rows : {dtype::f32, dtype::bf16, dtype::f16}) {
    const run_description run = toy_blocks_run(rows);
    const request asked = toy_request(3, 6, 8);
    const toy_blocks model;
    const audit seen = recheck_answer(toy_blocks_policy({0, 1, 2}, 3), run, asked, must(serve(model, run, asked)), toy_block_reference{{model}});
    CHECK_FALSE(seen.breached());
    CHECK(*seen.level() == audit_level::block);
    const auto& scores = seen.evidence().of(channel::blocks);
    REQUIRE(scores.size() == 3 * 4 + 3);  // three blocks at four positions, three final rows
    for (const score_at& s : scores) {
      INFO("checkpoint " << s.layer.value << ", position " << s.at.value);
      CHECK(s.score < (rows == dtype::f32 ? 1e-12 : 0.1));  // the engine went on with unrounded rows
      if (s.layer.value == 0) CHECK(s.score == 0);           // embeddings are not rounded
    }
  }
}

TEST_CASE("recheck: one verdict with stated error rates", "[protocol]") {
  const bench b{toy_blocks_policy({0, 1, 2}, 3)};
  const auto honest = b.session(honest_stack, 5000, 100);
  CHECK(honest.first <= 12);  // 5 expected
  CHECK_FALSE(honest.second);
  const auto with = [](block_cheat how, std::uint32_t block) {
    return [=](std::uint64_t i) {
      toy_blocks engine = honest_stack(i);
      engine.cheat = how, engine.cheated_block = block;
      return engine;
    };
  };
  for (const block_cheat how : {block_cheat::skipped, block_cheat::int8_weights, block_cheat::other_weights})
    for (std::uint32_t block = 0; block < toy_blocks::blocks; ++block) {
      INFO("cheat " << static_cast<int>(how) << " in block " << block);
      const auto [rejected, caught] = b.session(with(how, block), 9000, 25);
      CHECK(rejected >= 20);
      CHECK(caught);
    }
}

TEST_CASE("recheck: a verifier that draws one block of three still catches a cheat in one", "[protocol]") {
  const bench b{toy_blocks_policy()};
  const auto skipping = [](std::uint64_t i) {
    toy_blocks engine = honest_stack(i);
    engine.cheat = block_cheat::skipped, engine.cheated_block = 2;
    return engine;
  };
  const auto [rejected, caught] = b.session(skipping, 9000, 40);
  CHECK(rejected >= 6);
  CHECK(caught);
}

TEST_CASE("recheck: states of another prompt do not start from this prompt's embeddings", "[protocol]") {
  const auto elsewhere = [](std::uint64_t i) {
    toy_blocks engine = honest_stack(i);
    engine.first_token = token_id{63};
    return engine;
  };
  const bench first{toy_blocks_policy({0})};
  const auto [rejected, caught] = first.session(elsewhere, 7000, 20);
  CHECK(caught);
  CHECK(rejected >= 10);
  // A later block alone is consistent with any prompt: that is what level 2 without block 0 does not see.
  const bench later{toy_blocks_policy({1, 2})};
  CHECK_FALSE(later.session(elsewhere, 7000, 20).second);
}

TEST_CASE("recheck: final rows of another model do not follow from the last block", "[protocol]") {
  struct forged_head : toy_blocks {
    void state(std::uint32_t layer, std::span<const token_id> history, std::span<float> row) const {
      toy_blocks::state(layer, history, row);
      if (layer == blocks)
        for (std::size_t i = 0; i < row.size(); i += 2) row[i] += 0.3f;
    }
  };
  const run_description run = toy_blocks_run();
  const request asked = toy_request(4, 6, 8);
  const toy_blocks model;
  const audit seen = recheck_answer(toy_blocks_policy(), run, asked, must(serve(forged_head{}, run, asked)), toy_block_reference{{model}});
  CHECK_FALSE(seen.breached());
  double worst = 0;
  for (const score_at& s : seen.evidence().of(channel::blocks))
    if (s.layer.value == toy_blocks::blocks) worst = std::max(worst, s.score);
  CHECK(worst > 0.1);
}

TEST_CASE("recheck: the verifier's own trouble is an error, never a reject", "[protocol]") {
  struct broken : toy_block_reference {
    int how = 0;
    result<void> recompute(layer_index, std::span<const float>, std::span<const position>, std::span<float> out) const {
      if (how == 0) return fail(errc::host_failure, "the disk is gone");
      std::fill(out.begin(), out.end(), how == 1 ? std::numeric_limits<float>::quiet_NaN() : 0.0f);
      return {};
    }
    result<void> embed(std::span<const token_id>, std::span<float>) const { return fail(errc::not_found, "no embedding"); }
  };
  const run_description run = toy_blocks_run();
  const request asked = toy_request(5, 6, 8);
  const toy_blocks model;
  const toy_answer answer = must(serve(model, run, asked));
  const auto opened = [&](std::uint32_t block) {
    const auto policy = toy_blocks_policy({block});
    audit a = must(audit::begin(policy, run, asked, answer.output, answer.receipt));
    CHECK(a.recheck_blocks(toy_block_reference{{model}}).error().code == errc::wrong_state);
    const challenge c = must(a.draw_challenge(seed_of(1)));
    must(a.check_openings(c, open_encoded(answer, run, c)));
    return a;
  };
  audit a = opened(1);
  CHECK(a.recheck_blocks(broken{{{model}}, 0}).error().code == errc::host_failure);
  CHECK(a.recheck_blocks(broken{{{model}}, 1}).error().code == errc::non_finite);
  audit first = opened(0);
  CHECK(first.recheck_blocks(broken{{{model}}, 2}).error().code == errc::not_found);
  CHECK(first.recheck_blocks(toy_block_weights{model}).error().code == errc::unsupported);
  for (audit* each : {&a, &first}) {
    CHECK_FALSE(each->breached());
    CHECK(each->evidence().of(channel::blocks).empty());
    CHECK(*each->level() == audit_level::receipt);
    must(each->recheck_blocks(toy_block_reference{{model}}));  // the trouble has passed
    CHECK_FALSE(each->evidence().of(channel::blocks).empty());
  }
}

TEST_CASE("recheck: a level needs the levels below", "[protocol]") {
  const run_description run = toy_blocks_run();
  const request asked = toy_request(6, 6, 8);
  const toy_blocks model;
  const toy_answer answer = must(serve(model, run, asked));
  audit a = must(audit::begin(toy_blocks_policy(), run, asked, answer.output, answer.receipt));
  const challenge c = must(a.draw_challenge(seed_of(2)));
  must(a.check_openings(c, open_encoded(answer, run, c)));
  must(a.recheck_blocks(toy_block_weights{model}));  // may lack block 0 only if it was not drawn
  CHECK(*a.level() == audit_level::receipt);
  must(a.replay_head([&](std::span<const float> row, std::span<float> logits) {
    model.logits(row, logits);
    return result<void>{};
  }));
  CHECK(*a.level() == audit_level::block);
}

TEST_CASE("recheck: which blocks can be asked for follows from the run", "[protocol]") {
  run_description run = toy_blocks_run();
  run.commitment.committed_rows = {layer_index{1}, layer_index{2}};
  CHECK_FALSE(recheckable(run, layer_index{0}));
  CHECK_FALSE(recheckable(run, layer_index{1}));  // what goes in is not committed
  CHECK(recheckable(run, layer_index{2}));
  CHECK_FALSE(recheckable(run, layer_index{3}));
  CHECK_FALSE(recheckable(run, layer_index{~0u}));
  run.commitment.committed_rows = {layer_index{0}};
  CHECK(recheckable(run, layer_index{0}));

  const request asked = toy_request(7, 6, 8);
  const toy_answer answer = must(serve(toy_blocks{}, run, asked));
  CHECK(audit::begin(toy_blocks_policy({1}), run, asked, answer.output, answer.receipt).error().code == errc::out_of_range);
  challenge c{digest_of(answer.receipt), seed_of(1), toy_blocks_policy({1}).opened};
  CHECK(answer.prover.open(c).error().code == errc::out_of_range);
  c.size = toy_blocks_policy({0}).opened;
  CHECK(answer.prover.open(c));
  c.size.recheck.blocks = challenge_limits::blocks + 1;
  CHECK(answer.prover.open(c).error().code == errc::too_large);
  c.size.recheck.blocks = 1, c.size.recheck.prefix = challenge_limits::block_prefix + 1;
  CHECK(answer.prover.open(c).error().code == errc::too_large);

  const run_description plain = toy_run();
  const toy_answer without = must(serve(toy_engine{}, plain, asked));
  CHECK_FALSE(has_block_rows(without.receipt));
  c = {digest_of(without.receipt), seed_of(1), toy_blocks_policy({0}).opened};
  CHECK(expand(c, without.receipt).error().code == errc::out_of_range);
}

TEST_CASE("recheck: every row going in is opened, from position 0 to the last one asked for", "[protocol]") {
  const run_description run = toy_blocks_run(dtype::f32);
  const request asked = toy_request(8, 6, 8);
  const toy_blocks model;
  const toy_answer answer = must(serve(model, run, asked));
  challenge c{digest_of(answer.receipt), seed_of(3), toy_blocks_policy({2}).opened};
  c.size.recheck.prefix = 9;
  const challenged_places places = must(expand(c, answer.receipt));
  REQUIRE(places.blocks.size() == 1);
  CHECK(places.blocks[0].positions.size() == 4);
  CHECK(places.blocks[0].positions.back() < 9);
  const auto set = must(parse_openings(merkle{}, open_encoded(answer, run, c), run, answer.receipt, c, places));
  const opened_places opened = must(verify_openings(merkle{}, run, answer.receipt, places, set));
  REQUIRE(opened.blocks.size() == 1);
  const opened_block& block = opened.blocks[0];
  CHECK(block.rows_in.size() == (places.blocks[0].positions.back() + 1) * run.model.width * 4);
  std::vector<token_id> history = asked.prompt;
  history.insert(history.end(), answer.output.begin(), answer.output.end());
  std::vector<float> row(run.model.width), committed(run.model.width);
  for (std::size_t p = 0; p <= places.blocks[0].positions.back(); ++p) {
    model.state(1, std::span{history}.first(p + 1), row);
    std::memcpy(committed.data(), block.rows_in.data() + p * row.size() * 4, row.size() * 4);
    CHECK(row == committed);
  }
  for (const opened_final_row& final : opened.final_rows) CHECK(final.before_norm.size() == run.model.width * 4);
}

TEST_CASE("recheck: calibrations know which blocks they speak for", "[protocol]") {
  const bench b{toy_blocks_policy({1, 2}), 60};
  CHECK(b.fitted.channels[static_cast<std::size_t>(channel::blocks)].caps.size() == toy_blocks::checkpoints);
  auto other = toy_blocks_policy({0, 1, 2});
  CHECK(verifier::make(other, b.fitted).error().code == errc::calibration_mismatch);
  calibrator fit{b.run, other.opened};  // block 0 was never drawn
  for (std::uint64_t i = 0; i < 20; ++i) fit.add(b.look(honest_stack(i), i).evidence());
  CHECK(fit.fit().error().code == errc::insufficient_data);
}

TEST_CASE("run: the scheme and its parameters are promised", "[protocol]") {
  run_description run = toy_blocks_run();
  const request asked = toy_request(9, 6, 4);
  const flat_commitment flat;
  CHECK(basic_prover<flat_commitment>::start(run, asked).error().code == errc::wrong_type);
  const run_digest merkle_run = digest_of(run);
  run.commitment.scheme = flat_commitment::id;
  CHECK(basic_prover<flat_commitment>::start(run, asked).error().code == errc::untrusted_parameters);
  run.commitment.parameters = flat.parameters();
  CHECK(digest_of(run) != merkle_run);
  CHECK(prover::start(run, asked).error().code == errc::wrong_type);
  CHECK(basic_prover<flat_commitment>::start(run, asked));
  run.commitment.parameters.bytes[0] ^= std::byte{1};
  CHECK(basic_prover<flat_commitment>::start(run, asked).error().code == errc::untrusted_parameters);
  run.commitment.scheme = static_cast<commitment_scheme>(77);
  CHECK(validate(run).error().code == errc::unsupported);
  run.commitment.scheme = commitment_scheme::merkle_sha256;
  CHECK(validate(run).error().code == errc::invalid_settings);
}

TEST_CASE("recheck: the protocol runs on a scheme whose openings do not determine commitments", "[protocol]") {
  run_description run = toy_blocks_run();
  run.commitment.scheme = flat_commitment::id, run.commitment.parameters = flat_commitment{}.parameters();
  const request asked = toy_request(10, 6, 1);
  const toy_blocks model;
  auto observed = must(basic_prover<flat_commitment>::start(run, asked));
  std::vector<float> row(run.model.width), logits(run.model.vocabulary);
  for (std::uint32_t p = 0; p < 6; ++p)
    for (std::uint32_t l = 0; l < run.model.checkpoints; ++l) {
      model.state(l, std::span{asked.prompt}.first(p + 1), row);
      must(observed.observe(layer_index{l}, std::span<const float>{row}, row_map::contiguous({}, position{p}, 1)));
    }
  token_workspace work;
  model.logits(row, logits);
  must(observed.sampled(position{6}, must(sample_token(logits, run.sampler.filters.sampler, observed.sampling_noise(), 0, work))));
  const receipt sealed = must(observed.seal());
  const auto policy = toy_blocks_policy({0, 1, 2}, 2);
  CHECK(audit::begin(policy, run, asked, observed.output(), sealed).error().code == errc::wrong_type);
  auto seen = must(basic_audit<flat_commitment>::begin(policy, run, asked, observed.output(), sealed));
  const challenge c = must(seen.draw_challenge(seed_of(4)));
  auto bytes = encode(must(observed.open(c)), run, sealed);
  must(seen.check_openings(c, bytes));
  CHECK_FALSE(seen.breached());
  must(seen.recheck_blocks(toy_block_reference{{model}}));
  CHECK(seen.evidence().of(channel::blocks).size() == 2 * 4 + 1);
  bytes[bytes.size() - 3] ^= std::byte{1};
  auto again = must(basic_audit<flat_commitment>::begin(policy, run, asked, observed.output(), sealed));
  must(again.check_openings(c, bytes));
  CHECK(again.breached()->why == reason::bad_opening);
}

TEST_CASE("recheck: rows between blocks may arrive in any order and split", "[protocol]") {
  const run_description run = toy_blocks_run();
  const request asked = toy_request(11, 40, 2);
  const toy_blocks model;
  const toy_answer answer = must(serve(model, run, asked));
  prover backwards = must(prover::start(run, asked));
  std::vector<token_id> history = asked.prompt;
  history.push_back(answer.output[0]);
  std::vector<float> row(run.model.width);
  for (std::uint32_t l = run.model.checkpoints; l-- > 0;)
    for (std::uint32_t p = 41; p-- > 0;) {
      model.state(l, std::span{history}.first(p + 1), row);
      must(backwards.observe(layer_index{l}, std::span<const float>{row}, row_map::contiguous({}, position{p}, 1)));
    }
  for (std::uint32_t t = 0; t < 2; ++t) must(backwards.sampled(position{40 + t}, answer.output[t]));
  CHECK(must(backwards.seal()).block_rows == answer.receipt.block_rows);
}

TEST_CASE("recheck: the tree of rows narrows for any number of checkpoints and any fan-out", "[protocol]") {
  for (std::uint32_t checkpoints = 2; checkpoints <= run_limits::checkpoints; checkpoints += checkpoints < 40 ? 1 : 97)
    for (std::uint32_t fan_out : {2u, 3u, 4u, 16u, 256u}) {
      run_description run = toy_blocks_run();
      run.model.checkpoints = checkpoints, run.commitment.fan_out = fan_out;
      run.commitment.steps.assign(checkpoints, 0.5f);
      run.commitment.committed_rows.clear();
      for (std::uint32_t l = 0; l + 1 < checkpoints; ++l) run.commitment.committed_rows.push_back(layer_index{l});
      must(validate(run));
      for (std::uint32_t positions : {1u, 17u, 5000u}) {
        const tree_shape shape = detail::block_rows_shape(run, positions);
        INFO(checkpoints << " checkpoints, fan-out " << fan_out);
        must(validate(shape));
        CHECK(shape.arity_at(0)[0] == fan_out);
        CHECK(tree_geometry{shape}.slots(tree_geometry{shape}.levels()) == tree_axes{1, 1});
      }
    }
}
