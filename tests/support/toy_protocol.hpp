// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A provider and an auditor around the toy engine: whole protocol runs in a line or two.
#ifndef ASSAY_TESTS_SUPPORT_TOY_PROTOCOL_HPP
#define ASSAY_TESTS_SUPPORT_TOY_PROTOCOL_HPP

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <assay/protocol/audit.hpp>
#include <assay/protocol/prover.hpp>
#include <assay/token/promised_sampler.hpp>

#include "support/toy_engine.hpp"

namespace assay_tests {

/// The value, or an exception that names the error: set-up that must not fail.
template <class T>
T must(assay::result<T> r) {
  if (!r) throw std::runtime_error(std::string(assay::name(r.error().code)) + ": " + r.error().message);
  return *std::move(r);
}
inline void must(assay::result<void> r) {
  if (!r) throw std::runtime_error(std::string(assay::name(r.error().code)) + ": " + r.error().message);
}

inline assay::seed seed_of(std::uint64_t n) {
  assay::seed s;
  for (std::size_t i = 0; i < 8; ++i) s.bytes[i] = static_cast<std::byte>(n >> (8 * i));
  return s;
}

inline assay::run_description toy_run(const toy_settings& t = {}) {
  assay::run_description run;
  run.model.weights.value.bytes[0] = static_cast<std::byte>(t.weights);
  run.model.checkpoints = t.checkpoints, run.model.width = t.width, run.model.vocabulary = t.vocabulary;
  run.sampler.filters.sampler = {1.0f, 0, 1.0f};
  run.commitment.sketch = 8;
  run.commitment.steps.assign(t.checkpoints, 0.002f);
  run.commitment.fan_out = 4;
  return run;
}

inline assay::request toy_request(std::uint64_t index = 0, std::uint32_t prompt = 5, std::uint32_t most = 8) {
  assay::request r;
  r.id[0] = static_cast<std::byte>(index);
  r.nonce = assay::derive_seed(seed_of(index), "toy-request");
  assay::random_stream draw{r.nonce, "toy-prompt"};
  for (std::uint32_t i = 0; i < prompt; ++i)
    r.prompt.push_back(assay::token_id{static_cast<std::uint32_t>(draw.below(64))});
  r.max_output = most;
  return r;
}

/// What a provider has after it answered.
struct toy_answer {
  std::vector<assay::token_id> output;
  assay::receipt receipt;
  assay::prover prover;
};

/// Generates with `engine` whatever the run promises; the sampler is the run's.
template <class Engine>
assay::result<toy_answer> serve(const Engine& engine, const assay::run_description& run,
                                       const assay::request& asked, const assay::challenge_terms& terms = {}) {
  auto prover = assay::prover::start(run, asked);
  if (!prover) return prover.error();
  auto sampler = assay::promised_sampler::make(run.sampler, run.model.vocabulary, prover->sampling_noise(), asked.prompt);
  if (!sampler) return sampler.error();
  std::vector<assay::token_id> history;
  std::vector<float> row(run.model.width), logits(run.model.vocabulary);
  const auto feed = [&](assay::token_id token) -> assay::result<void> {
    const assay::position at{static_cast<std::uint32_t>(history.size())};
    history.push_back(token);
    for (std::uint32_t l = 0; l < run.model.checkpoints; ++l) {
      engine.state(l, history, row);
      const auto view = assay::matrix_view(row.data(), 1, static_cast<std::int64_t>(row.size()));
      if (auto seen = prover->observe(assay::layer_index{l}, view, assay::row_map::contiguous({}, at, 1)); !seen)
        return seen;
    }
    return {};
  };
  for (assay::token_id t : asked.prompt)
    if (auto fed = feed(t); !fed) return fed.error();
  for (std::uint32_t step = 0; step < asked.max_output; ++step) {
    engine.logits(row, logits);
    auto token = sampler->sample(std::span<const float>{logits});
    if (!token) return token.error();
    if (auto taken = sampler->accept(*token); !taken) return taken.error();
    if (auto told = prover->sampled(assay::position{static_cast<std::uint32_t>(history.size())}, *token); !told)
      return told.error();
    if (step + 1 < asked.max_output)
      if (auto fed = feed(*token); !fed) return fed.error();
  }
  auto receipt = prover->seal(terms);
  if (!receipt) return receipt.error();
  std::vector<assay::token_id> output(prover->output().begin(), prover->output().end());
  return toy_answer{std::move(output), *receipt, *std::move(prover)};
}

inline std::vector<std::byte> open_encoded(const toy_answer& a, const assay::run_description& run,
                                           const assay::challenge& asked) {
  return assay::encode(must(a.prover.open(asked)), run, a.receipt);
}

/// Which checks an auditor can afford.
struct toy_reference {
  const toy_engine& engine;
  std::span<const assay::token_id> prompt, output;

  [[nodiscard]] std::vector<assay::token_id> history(std::size_t tokens) const {
    std::vector<assay::token_id> all(prompt.begin(), prompt.end());
    all.insert(all.end(), output.begin(), output.end());
    all.resize(tokens);
    return all;
  }
  assay::result<void> operator()(assay::layer_index layer, assay::position at, std::span<float> row) const {
    engine.state(layer.value, history(std::size_t{at.value} + 1), row);
    return {};
  }
  assay::result<void> logits_for(std::uint32_t output_index, std::span<float> logits) const {
    std::vector<float> row(engine.settings().width);
    engine.state(engine.settings().checkpoints - 1, history(prompt.size() + output_index), row);
    engine.logits(row, logits);
    return {};
  }
};

/// Replays what `level` asks for. @pre the openings were checked
inline void replay(assay::audit& audit, const toy_engine& engine, const assay::request& asked,
                   std::span<const assay::token_id> output, assay::audit_level level) {
  if (level == assay::audit_level::receipt) return;
  must(audit.replay_head([&](std::span<const float> row, std::span<float> logits) {
    engine.logits(row, logits);
    return assay::result<void>{};
  }));
  if (level == assay::audit_level::lm_head) return;
  const toy_reference reference{engine, asked.prompt, output};
  must(audit.replay_tokens([&](std::uint32_t i, std::span<float> logits) { return reference.logits_for(i, logits); }));
  must(audit.compare_states(reference));
}

/// A whole audit of an answer.
inline assay::audit inspect(const assay::verification_policy& policy, const assay::run_description& run,
                            const assay::request& asked, const toy_answer& a, const toy_engine& reference,
                            std::uint64_t public_round = 0, std::uint64_t nonce = 99) {
  auto audit = must(assay::audit::begin(policy, run, asked, a.output, a.receipt, public_round));
  if (audit.breached()) return audit;
  const auto challenge = must(audit.draw_challenge(seed_of(nonce)));
  must(audit.check_openings(challenge, open_encoded(a, run, challenge)));
  if (!audit.breached()) replay(audit, reference, asked, a.output, policy.required);
  return audit;
}

}  // namespace assay_tests

#endif
