// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Texts that the promised sampler did not choose, under every profile, and seeds searched for to fit a text.
#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <assay/protocol/calibration.hpp>
#include <assay/protocol/verifier.hpp>
#include <assay/token/grinding.hpp>

#include "support/catch.hpp"
#include "support/toy_protocol.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

constexpr sampler_profile every_profile[] = {
    sampler_profile::assay_philox, sampler_profile::torch_cuda_f32,  sampler_profile::torch_cuda_f64, sampler_profile::torch_cpu_f32,
    sampler_profile::vllm_triton,  sampler_profile::vllm_triton_log, sampler_profile::vllm_cpu,       sampler_profile::sglang,
    sampler_profile::llama_cpp_dist, sampler_profile::prefix_cdf_cpu, sampler_profile::prefix_cdf_cuda};

run_description run_with(sampler_profile profile, std::uint32_t top_k = 24) {
  run_description run = toy_run();
  run.sampler.profile = profile;
  run.sampler.filters.sampler = {1.2f, top_k, 0.97f};
  if (profile == sampler_profile::llama_cpp_dist) run.sampler.filters.rule = filter_rule::llama_cpp;
  if (profile == sampler_profile::sglang) run.sampler.filters.rule = filter_rule::sglang;
  if (is_torch_cuda(profile)) run.sampler.cuda_grid = cuda_grids::a100;
  return run;
}

double largest(const audit& a, channel c) {
  double worst = 0;
  for (const score_at& s : a.evidence().of(c)) worst = std::max(worst, s.score);
  return worst;
}

/// Generates with another sampler than the promised one: receipts name the promise.
toy_answer serve_with(const sampler_description& other, const run_description& run, const request& asked) {
  const toy_engine engine;
  auto prover = must(prover::start(run, asked));
  auto sampler = must(promised_sampler::make(other, run.model.vocabulary, prover.sampling_noise(), asked.prompt));
  std::vector<token_id> history;
  std::vector<float> row(run.model.width), logits(run.model.vocabulary);
  const auto feed = [&](token_id token) {
    history.push_back(token);
    for (std::uint32_t l = 0; l < run.model.checkpoints; ++l) {
      engine.state(l, history, row);
      must(prover.observe(layer_index{l}, matrix_view(row.data(), 1, static_cast<std::int64_t>(row.size())),
                          row_map::contiguous({}, position{static_cast<std::uint32_t>(history.size() - 1)}, 1)));
    }
  };
  for (token_id t : asked.prompt) feed(t);
  for (std::uint32_t step = 0; step < asked.max_output; ++step) {
    engine.logits(row, logits);
    const token_id token = must(sampler.sample(std::span<const float>{logits}));
    must(sampler.accept(token));
    must(prover.sampled(position{static_cast<std::uint32_t>(history.size())}, token));
    if (step + 1 < asked.max_output) feed(token);
  }
  const receipt sealed = must(prover.seal());
  return {{prover.output().begin(), prover.output().end()}, sealed, std::move(prover)};
}

}  // namespace

TEST_CASE("forgery: under every profile honest texts score nothing, and another sampler's text does", "[forgeries]") {
  verification_policy policy;
  policy.opened = {4, 8};
  for (const sampler_profile profile : every_profile) {
    CAPTURE(static_cast<int>(profile));
    const run_description run = run_with(profile);
    const request asked = toy_request(7, 5, 24);
    const toy_engine engine;
    const toy_answer honest = must(serve(engine, run, asked));
    const audit fine = inspect(policy, run, asked, honest, engine);
    CHECK_FALSE(fine.breached());
    CHECK(fine.level() == audit_level::model);
    CHECK(largest(fine, channel::tokens) == 0);
    CHECK(largest(fine, channel::head) < 0.1);  // final rows are rounded to bf16

    sampler_description hotter = run.sampler;
    hotter.filters.sampler.temperature *= 1.5f;
    sampler_description wider = run.sampler;
    wider.filters.sampler.top_k = 0, wider.filters.sampler.top_p = 1;
    wider.filters.sampler.temperature = 3;  // so that it reaches beyond the promised filters
    sampler_description elsewhere = run_with(profile == sampler_profile::assay_philox ? sampler_profile::torch_cpu_f32 : sampler_profile::assay_philox).sampler;
    for (const sampler_description& other : {hotter, wider, elsewhere}) {
      const audit seen = inspect(policy, run, asked, serve_with(other, run, asked), engine);
      CHECK_FALSE(seen.breached());  // all of it is consistent but for the choice of tokens
      CHECK(largest(seen, channel::tokens) > 0.02);
    }
  }
}

TEST_CASE("forgery: receipts of one sampler do not speak for a run with another", "[forgeries]") {
  const request asked = toy_request(7, 5, 6);
  const toy_engine engine;
  const run_description promised = run_with(sampler_profile::torch_cuda_f32);
  run_description other = promised;
  other.sampler.cuda_grid = cuda_grids::t4;
  const toy_answer answer = must(serve(engine, other, asked));
  const audit seen = must(audit::begin({}, promised, asked, answer.output, answer.receipt));
  REQUIRE(seen.breached());
  CHECK(seen.breached()->why == reason::wrong_run);
}

TEST_CASE("forgery: a nonce searched for until a short text fits passes, unless entropy is demanded", "[forgeries]") {
  // The provider writes a text by other means, here greedily, and invents the client: it tries nonces.
  run_description run = run_with(sampler_profile::assay_philox, 0);
  const toy_engine engine;
  request asked = toy_request(3, 5, 2);
  run_description greedy = run;
  greedy.sampler.filters.sampler.temperature = 0;
  const std::vector<token_id> wanted = must(serve(engine, greedy, asked)).output;
  std::uint64_t tries = 0;
  toy_answer found = must(serve(engine, run, asked));
  while (found.output != wanted) {
    REQUIRE(++tries < 20000);
    asked.nonce = derive_seed(seed_of(tries), "search");
    found = must(serve(engine, run, asked));
  }
  CHECK(tries > 2);  // it does take a search

  verification_policy policy;
  policy.opened = {4, 2};
  policy.minimum_tokens = 1;
  policy.request_alpha = 0.005, policy.session_alpha = 0.2;
  calibrator calibrate{run, policy.opened, {.confidence = 0.9}};
  for (std::uint64_t i = 100; i < 600; ++i) {
    const request honest = toy_request(i, 5, 2);
    calibrate.add(inspect(policy, run, honest, must(serve(engine, run, honest)), engine).evidence());
  }
  const calibration fitted = must(calibrate.fit());
  const auto decide = [&](const verification_policy& p) {
    auto judge = must(verifier::make(p, fitted));
    auto seen = must(judge.begin(run, asked, found.output, found.receipt));
    const challenge question = must(seen.draw_challenge(seed_of(1)));
    must(seen.check_openings(question, open_encoded(found, run, question)));
    replay(seen, engine, asked, found.output, p.required);
    return judge.conclude(seen);
  };
  CHECK(decide(policy).decision == outcome::accept);
  policy.grinding.nats = must(required_nats({.seed_bits = 64, .trial_bits = 43}, 1e-6));
  const verdict careful = decide(policy);
  CHECK(careful.decision == outcome::inconclusive);
  CHECK(careful.need_tokens > 0);
}

TEST_CASE("forgery: entropy is demanded of what was examined, and excluded tokens bring none", "[forgeries]") {
  verification_policy policy;
  policy.opened = {4, 3};
  const toy_engine engine;
  const run_description run = run_with(sampler_profile::vllm_triton);
  const request asked = toy_request(9, 5, 24);
  const toy_answer honest = must(serve(engine, run, asked));
  const double whole = inspect(policy, run, asked, honest, engine).evidence().nats;
  CHECK(whole > 10);
  policy.required = audit_level::lm_head;  // three tokens of 24
  const double some = inspect(policy, run, asked, honest, engine).evidence().nats;
  CHECK((some > 0 && some < whole));

  policy.required = audit_level::model;
  sampler_description wide = run.sampler;
  wide.filters.sampler = {50.0f, 0, 1.0f};  // tokens from anywhere
  const audit seen = inspect(policy, run, asked, serve_with(wide, run, asked), engine);
  CHECK(seen.evidence().nats < 1e6);  // infinite surprisals are left out
  CHECK(largest(seen, channel::tokens) > 1);
}
