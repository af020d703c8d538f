// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// assay in one page: a provider answers and leaves a receipt, a client audits it; then one that runs another model.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <assay/protocol.hpp>
#include <assay/token/sample.hpp>

#include "toy_engine.hpp"

namespace {

using assay::position;

/// Any error ends this example; a real host would handle it.
template <class T>
T value(assay::result<T> result) {
  if (result) return *std::move(result);
  std::fprintf(stderr, "%s: %s\n", assay::name(result.error().code), result.error().message);
  std::exit(2);
}
void done(const assay::result<void>& result) {
  if (!result) value(assay::result<int>{result.error()});
}

struct answer {
  std::vector<assay::token_id> output;
  assay::receipt receipt;
  assay::prover prover;
};

answer serve(const toy_engine& model, const assay::run_description& run, const assay::request& request) {
  toy_engine::session engine{model};
  // [prover]
  assay::prover prover = value(assay::prover::start(run, request));
  engine.on_hidden([&](assay::layer_index layer, const assay::tensor_view& rows, position first, std::uint32_t count) {
    done(prover.observe(layer, rows, assay::row_map::contiguous({}, first, count)));
  });
  std::vector<assay::token_id> output;
  auto sampler = value(assay::promised_sampler::make(run.sampler, run.model.vocabulary, prover.sampling_noise(), request.prompt));
  std::span<const float> logits = engine.feed(request.prompt);
  for (std::uint32_t step = 0; step < request.max_output; ++step) {
    output.push_back(value(sampler.sample(logits)));
    done(sampler.accept(output.back()));
    done(prover.sampled(position{static_cast<std::uint32_t>(request.prompt.size()) + step}, output.back()));
    if (step + 1 < request.max_output) logits = engine.feed({&output.back(), 1});
  }
  const assay::receipt receipt = value(prover.seal());  // goes out with the answer
  // [/prover]
  return {output, receipt, prover};
}

assay::audit inspect(const toy_engine& reference, const assay::verification_policy& policy,
                     const assay::run_description& run, const assay::request& request, const answer& given,
                     const assay::seed& fresh) {
  const toy_engine::replay replayed{reference, request.prompt, given.output};  // one prefill
  // [verifier]
  assay::audit audit = value(assay::audit::begin(policy, run, request, given.output, given.receipt));
  const assay::challenge challenge = value(audit.draw_challenge(fresh));  // after the receipt; goes to the provider
  const auto openings = assay::encode(value(given.prover.open(challenge)), run, given.receipt);  // its answer
  done(audit.check_openings(challenge, openings));
  done(audit.replay_head([&](auto row, auto logits) { return reference.head(row, logits); }));
  done(audit.replay_tokens([&](std::uint32_t step, auto logits) { return replayed.logits(step, logits); }));
  done(audit.compare_states([&](auto layer, auto at, auto row) { return replayed.state(layer, at, row); }));
  // [/verifier]
  return audit;
}

assay::seed numbered(const char* purpose, std::uint32_t n) {  // a client would take 32 random bytes
  return assay::derive_seed({}, purpose, std::as_bytes(std::span{&n, 1}));
}

assay::request numbered_request(std::uint32_t n) {
  assay::request request;
  request.nonce = numbered("nonce", n);
  for (std::uint32_t i = 0; i < 8; ++i) request.prompt.push_back(assay::token_id{(n * 7 + i * i) % 64});
  request.max_output = 24;
  return request;
}

}  // namespace

int main() {
  const toy_engine promised{1, 0.01}, reference{1, 0.01, "the verifier's arithmetic"}, cheaper{2, 0.01};
  const assay::run_description run = promised.description();
  assay::verification_policy policy;
  std::uint32_t next = 0;
  const auto run_and_inspect = [&](const toy_engine& model) {
    const assay::request request = numbered_request(next++);
    return inspect(reference, policy, run, request, serve(model, run, request), numbered("challenge", next));
  };

  // [calibration]
  assay::calibrator honest{run, policy.opened};  // once per model: honest requests, as this verifier's machine sees them
  for (int i = 0; i < 300; ++i) honest.add(run_and_inspect(promised).evidence());
  assay::verifier verifier = value(assay::verifier::make(policy, value(honest.fit())));
  // [/calibration]

  const assay::verdict good = verifier.conclude(run_and_inspect(promised));
  const assay::verdict bad = verifier.conclude(run_and_inspect(cheaper));
  std::printf("promised model: %s\n", name(good.decision));
  std::printf("another model:  %s, %s in channel %s at position %u\n", name(bad.decision), name(bad.why),
              name(bad.place.where), bad.place.at.value);
  return good.decision == assay::outcome::accept && bad.decision == assay::outcome::reject ? 0 : 1;
}
