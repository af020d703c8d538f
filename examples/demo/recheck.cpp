// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "recheck.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <optional>

#include "stopwatch.hpp"

namespace demo {
namespace {

/// The reference's blocks, one at a time, with embedding and final norm.
struct block_weights {
  const setting& with;

  assay::result<void> recompute(assay::layer_index block, std::span<const float> rows_in, std::span<const assay::position> wanted,
                                std::span<float> rows_out) const {
    const std::size_t width = with.run.model.width;
    std::vector<float> all(rows_in.size());
    if (auto done = with.honest.replay_block(block.value, with.verifier_numerics, rows_in, all); !done) return done;
    for (std::size_t i = 0; i < wanted.size(); ++i)
      std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(wanted[i].value * width), width, rows_out.begin() + static_cast<std::ptrdiff_t>(i * width));
    return {};
  }
  assay::result<void> embed(std::span<const assay::token_id> tokens, std::span<float> rows) const { return with.honest.embed(tokens, rows); }
  assay::result<void> final_norm(std::span<const float> row_in, std::span<float> row_out) const {
    with.honest.final_norm(row_in, with.verifier_numerics, row_out);
    return {};
  }
};

/// The same models and text, but every row between blocks is committed, and some of the blocks are rechecked per request.
setting with_block_rows(const setting& with) {
  setting level2 = with;
  level2.policy.required = assay::audit_level::block;
  level2.policy.opened = {0, with.chosen.final_rows_opened};
  auto& recheck = level2.policy.opened.recheck;
  recheck.blocks = std::min(with.chosen.blocks_rechecked, with.honest.config().blocks), recheck.positions = with.chosen.positions_opened, recheck.prefix = 512;
  for (std::uint32_t block = 0; block < with.honest.config().blocks; ++block) {
    level2.run.commitment.committed_rows.push_back(assay::layer_index{block});
    recheck.among.push_back(assay::layer_index{block});
  }
  return level2;
}

struct rechecked {
  assay::audit audit;
  provider_times provider;
  double verifier_us = 0;
};

assay::result<rechecked> recheck_one(const setting& with, const conduct& who, std::string_view purpose, std::uint64_t index) {
  const std::string own = "level2/" + std::string(purpose);
  const assay::request asked = make_request(with, own, index);
  auto given = serve(with, who, asked, index);
  if (!given) return given.error();
  auto audit = assay::audit::begin(with.policy, with.run, asked, given->output, given->receipt);
  if (!audit) return audit.error();
  auto challenge = audit->draw_challenge(demo_seed(with, own + "/challenge", index));
  if (!challenge) return challenge.error();
  auto openings = open(with, who, *given, *challenge);
  if (!openings) return openings.error();
  const stopwatch watch;
  if (auto checked = audit->check_openings(*challenge, *openings); !checked) return checked.error();
  const auto head = [&](std::span<const float> row, std::span<float> logits) {
    with.head.logits(row, logits);
    return assay::result<void>{};
  };
  if (auto replayed = audit->replay_head(head); !replayed) return replayed.error();
  if (auto done = audit->recheck_blocks(block_weights{with}); !done) return done.error();
  return rechecked{std::move(*audit), given->times, watch.microseconds()};
}

assay::result<std::vector<rechecked>> recheck_all(const setting& with, const conduct& who, std::string_view purpose, std::uint32_t count, assay::thread_pool& threads) {
  std::vector<std::optional<rechecked>> done(count);
  std::mutex guard;
  std::optional<assay::error> failure;
  threads.for_each(count, [&](std::size_t i) {
    auto one = recheck_one(with, who, purpose, i);
    const std::lock_guard lock{guard};
    if (one) done[i] = std::move(*one);
    else if (!failure) failure = one.error();
  });
  if (failure) return *failure;
  std::vector<rechecked> all;
  for (auto& one : done) all.push_back(std::move(*one));
  return all;
}

assay::result<recheck_outcome> judge(const assay::verification_policy& policy, const assay::calibration& fitted, std::string name,
                                     const std::vector<rechecked>& requests) {
  auto session = assay::verifier::make(policy, fitted);
  if (!session) return session.error();
  recheck_outcome outcome;
  outcome.name = std::move(name);
  for (const rechecked& one : requests) {
    auto alone = assay::verifier::make(policy, fitted);
    if (!alone) return alone.error();
    ++outcome.looked_at;
    outcome.flagged += alone->conclude(one.audit).decision == assay::outcome::reject ? 1u : 0u;
    if (outcome.caught) continue;
    ++outcome.requests;
    outcome.decisive = session->conclude(one.audit);
    outcome.caught = outcome.decisive.decision == assay::outcome::reject && outcome.decisive.why != assay::reason::request_outlier;
  }
  return outcome;
}

void add_costs(const setting& with, const std::vector<rechecked>& honest, recheck_result& result) {
  double prover = 0;
  const auto count = static_cast<double>(honest.size());
  for (const rechecked& one : honest) {
    result.verifier_us += one.verifier_us / count, result.inference_us += one.provider.inference / count;
    prover += one.provider.observe + one.provider.seal;
    result.opened_bytes += static_cast<double>(one.audit.evidence().opened_bytes) / count;
  }
  result.prover_us_per_token = prover / count / with.chosen.output_tokens;
  result.committed_bytes = static_cast<std::uint32_t>(with.run.commitment.committed_rows.size() * with.run.model.width * assay::size_of(with.run.commitment.row_type));
}

}  // namespace

assay::result<recheck_result> run_recheck(const setting& with, const std::vector<conduct>& providers, assay::thread_pool& threads) {
  const setting level2 = with_block_rows(with);
  if (auto valid = validate(level2.run); !valid) return valid.error();
  const conduct honest = honest_provider(level2);
  recheck_result result;
  result.calibration_requests = with.chosen.recheck_requests;
  auto pool = recheck_all(level2, honest, "calibration", result.calibration_requests, threads);
  if (!pool) return pool.error();
  assay::calibrator fit{level2.run, level2.policy.opened, {.confidence = 1 - with.chosen.session_alpha / 2}};
  for (const rechecked& one : *pool) fit.add(one.audit.evidence());
  auto fitted = fit.fit();
  if (!fitted) return fitted.error();
  add_costs(level2, *pool, result);

  auto fresh = recheck_all(level2, honest, "fresh", result.calibration_requests / 2, threads);
  if (!fresh) return fresh.error();
  auto judged = judge(level2.policy, *fitted, honest.name, *fresh);
  if (!judged) return judged.error();
  result.honest = std::move(*judged);
  constexpr std::array tried = {"int8-weights", "int4-weights", "int8-kv", "int4-kv", "skipped-block", "small-model", "edited-prompt", "cheap-text"};
  for (const conduct& who : providers) {
    if (std::ranges::find(tried, who.id) == tried.end()) continue;
    auto answers = recheck_all(level2, who, who.id, with.chosen.provider_requests, threads);
    if (!answers) return answers.error();
    auto session = judge(level2.policy, *fitted, who.name, *answers);
    if (!session) return session.error();
    result.providers.push_back(std::move(*session));
  }
  return result;
}

}  // namespace demo
