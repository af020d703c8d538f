// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "campaign.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>
#include <optional>

#include <assay/core/thread_pool.hpp>

#include "progress.hpp"

namespace demo {
namespace {

using pool_results = std::vector<inspection>;

/// Inspects requests 0..count-1 of one purpose on all threads. Order and results do not depend on the threads.
assay::result<pool_results> inspect_all(const setting& with, const conduct& who, std::string_view purpose, std::uint32_t count,
                                        assay::thread_pool& threads, progress& shown) {
  std::vector<std::optional<inspection>> done(count);
  std::mutex guard;
  std::optional<assay::error> failure;
  threads.for_each(count, [&](std::size_t i) {
    auto one = inspect(with, who, purpose, i);
    const std::lock_guard lock{guard};
    if (one) done[i] = std::move(*one);
    else if (!failure) failure = one.error();
    shown.step();
  });
  if (failure) return *failure;
  pool_results all;
  all.reserve(count);
  for (auto& one : done) all.push_back(std::move(*one));
  return all;
}

const assay::audit& audit_of(const inspection& one, bool head) { return head ? one.with_head : one.with_model; }

assay::result<assay::calibration> calibrate(const setting& with, const pool_results& pool, bool head) {
  assay::calibrator fit{with.run, with.policy.opened, {.confidence = 1 - with.chosen.session_alpha / 2}};
  for (const inspection& one : pool) fit.add(audit_of(one, head).evidence());
  return fit.fit();
}

bool exact(const assay::verdict& v) { return v.why != assay::reason::request_outlier && v.why != assay::reason::session_evidence; }

/// Lets one verifier judge requests in order. Stops counting at the decision, but keeps deviations of all requests.
assay::result<session_outcome> judge(const assay::verification_policy& policy, const assay::calibration& fitted,
                                     std::span<const inspection> requests, bool head) {
  auto made = assay::verifier::make(policy, fitted);
  if (!made) return made.error();
  assay::verifier verifier = std::move(*made);
  session_outcome outcome;
  for (const inspection& one : requests) {
    const assay::audit& audit = audit_of(one, head);
    const assay::verdict v = verifier.conclude(audit);
    if (!audit.breached()) outcome.deviations.push_back(assay::deviation_of(fitted, audit.evidence()).value);
    if (outcome.caught) continue;
    ++outcome.requests;
    outcome.decisive = v;
    outcome.series.push_back({static_cast<double>(v.tokens), std::log10(std::max(v.e_value, 1e-12))});
    if (v.decision != assay::outcome::reject) continue;
    ++outcome.flagged;
    if (outcome.first_flagged == 0) outcome.first_flagged = outcome.requests;
    outcome.caught = exact(v) || v.why == assay::reason::session_evidence;
  }
  return outcome;
}

assay::result<honest_result> judge_honest(const assay::verification_policy& policy, const assay::calibration& fitted,
                                          const pool_results& fresh, bool head) {
  honest_result result;
  result.requests = static_cast<std::uint32_t>(fresh.size());
  for (const inspection& one : fresh) {  // each request on its own: the policy's per-request error rate
    auto alone = judge(policy, fitted, std::span{&one, 1}, head);
    if (!alone) return alone.error();
    result.flagged += alone->flagged;
    result.breached += audit_of(one, head).breached() ? 1u : 0u;
    result.deviations.insert(result.deviations.end(), alone->deviations.begin(), alone->deviations.end());
  }
  for (std::size_t at = 0; at + session_length <= fresh.size(); at += session_length) {
    auto session = judge(policy, fitted, std::span{fresh}.subspan(at, session_length), head);
    if (!session) return session.error();
    result.sessions.push_back(std::move(*session));
  }
  return result;
}

void add_costs(cost_totals& sum, const pool_results& pool) {
  for (const inspection& one : pool) {
    sum.provider.inference += one.provider.inference, sum.provider.observe += one.provider.observe;
    sum.provider.seal += one.provider.seal, sum.provider.open += one.provider.open;
    sum.verifier.prefill += one.verifier.prefill, sum.verifier.openings += one.verifier.openings;
    sum.verifier.tokens += one.verifier.tokens, sum.verifier.states += one.verifier.states, sum.verifier.head += one.verifier.head;
    sum.output_tokens += one.output_tokens, sum.opened_bytes += one.with_model.evidence().opened_bytes, ++sum.requests;
  }
}

assay::result<void> count_profiles(const setting& with, const pool_results& fresh, campaign_result& result) {
  const std::size_t profiles = with.provider_numerics.size();
  result.profile_requests.assign(profiles, 0), result.profile_flagged.assign(profiles, 0);
  for (std::size_t i = 0; i < fresh.size(); ++i) {
    auto alone = judge(with.policy, result.with_model, std::span{&fresh[i], 1}, false);
    if (!alone) return alone.error();
    ++result.profile_requests[i % profiles], result.profile_flagged[i % profiles] += alone->flagged;
  }
  return {};
}

}  // namespace

assay::result<campaign_result> run_campaign(const setting& with) {
  auto providers = dishonest_providers(with);
  if (!providers) return providers.error();
  const options& chosen = with.chosen;
  assay::thread_pool threads{chosen.threads};
  const conduct honest = honest_provider(with);
  campaign_result result;

  progress shown{chosen.calibration_requests + chosen.fresh_requests + chosen.provider_requests * static_cast<std::uint32_t>(providers->size())};
  shown.stage("calibrating on honest requests");
  auto calibration = inspect_all(with, honest, "calibration", chosen.calibration_requests, threads, shown);
  if (!calibration) return calibration.error();
  auto model = calibrate(with, *calibration, false), head = calibrate(with, *calibration, true);
  if (!model) return model.error();
  if (!head) return head.error();
  result.with_model = *model, result.with_head = *head;
  auto made = assay::verifier::make(with.policy, result.with_model);
  if (!made) return made.error();
  result.request_threshold = made->request_threshold(), result.session_threshold = made->session_threshold();

  shown.stage("fresh honest requests");
  auto fresh = inspect_all(with, honest, "fresh", chosen.fresh_requests, threads, shown);
  if (!fresh) return fresh.error();
  auto null_model = judge_honest(with.policy, result.with_model, *fresh, false);
  auto null_head = judge_honest(with.head_policy, result.with_head, *fresh, true);
  if (!null_model) return null_model.error();
  if (!null_head) return null_head.error();
  result.honest = std::move(*null_model), result.honest_head = std::move(*null_head);
  if (auto counted = count_profiles(with, *fresh, result); !counted) return counted.error();
  add_costs(result.costs, *calibration), add_costs(result.costs, *fresh);

  for (const conduct& who : *providers) {
    shown.stage(who.name);
    auto pool = inspect_all(with, who, who.id, chosen.provider_requests, threads, shown);
    if (!pool) return pool.error();
    auto by_model = judge(with.policy, result.with_model, *pool, false);
    auto by_head = judge(with.head_policy, result.with_head, *pool, true);
    if (!by_model) return by_model.error();
    if (!by_head) return by_head.error();
    result.providers.push_back({who.id, who.name, who.description, std::move(*by_model), std::move(*by_head)});
  }
  if (chosen.recheck_requests > 0) {
    shown.stage("blocks recomputed one at a time");
    auto rechecks = run_recheck(with, *providers, threads);
    if (!rechecks) return rechecks.error();
    result.rechecks = std::move(*rechecks);
  }
  shown.finish();
  return result;
}

}  // namespace demo
