// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "results.hpp"

#include <cstdio>

namespace study {
namespace {

using json = nlohmann::ordered_json;

json to_json(const assay::stats::interval& i) { return json::array({i.low, i.high}); }

json to_json(const pool_summary& p) {
  return {{"tokens", p.tokens},
          {"mismatches", p.mismatches},
          {"mean_margin", p.mean_margin},
          {"mean_gini", p.mean_gini},
          {"implied_sigma", p.sigma},
          {"replaced", p.replaced},
          {"bits_per_token", p.bits_per_token}};
}

template <class T>
json maybe(const std::optional<T>& value) {
  return value ? json(*value) : json();
}

json to_json(const power& p) {
  return {{"shift", p.shift},
          {"z", p.z},
          {"tokens_to_auc_999", maybe(p.tokens)},
          {"extrapolated", maybe(p.extrapolated)},
          {"auc", p.auc.value},
          {"auc_interval", to_json(p.auc.limits)}};
}

json to_json(const detection_rate& r) {
  return {{"tokens", r.tokens}, {"share", r.share.value}, {"interval", to_json(r.share.limits)}};
}

json to_json(const baseline& b) {
  return {{"tokens", b.tokens},
          {"threshold", b.threshold},
          {"false_alarms", b.false_alarms},
          {"batches", b.batches},
          {"interval", to_json(b.interval)}};
}

template <class T>
json list(const std::vector<T>& items);

json to_json(const detection& d) {
  json by = json::object();
  for (statistic which : all_statistics) by[std::string(name_of(which))] = to_json(d.of(which));
  return {{"largest_batch", d.largest_batch},
          {"equal_tokens", d.equal_tokens},
          {"statistics", by},
          {"at_rate", list(d.at_rate)}};
}

json to_json(const arrangement_result& a) {
  json cheats = json::array();
  for (const cheat_result& c : a.cheats)
    cheats.push_back({{"id", c.id},
                      {"name", c.name},
                      {"temperature", c.temperature},
                      {"pool", to_json(c.seen)},
                      {"detection", to_json(c.found)}});
  return {{"name", a.name},
          {"verifier", a.verifier},
          {"providers", a.stacks},
          {"calibration_tokens", a.calibration_tokens},
          {"cap", a.cap},
          {"honest", to_json(a.honest)},
          {"baselines", list(a.baselines)},
          {"cheats", cheats}};
}

json to_json(const alarms& a) {
  return {{"count", a.count}, {"requests", a.requests}, {"interval", to_json(a.interval)}};
}

json to_json(const null_result& n) {
  json pairs = json::array();
  for (const null_pair& p : n.pairs)
    pairs.push_back({{"provider", p.provider},
                     {"mismatches", p.mismatches},
                     {"mean_margin", p.mean_margin},
                     {"implied_sigma", p.sigma},
                     {"own", to_json(p.own)},
                     {"every", to_json(p.every)},
                     {"verifiers", to_json(p.verifiers)}});
  return {{"verifier", n.verifier},
          {"alpha", n.alpha},
          {"calibration_requests", n.calibration_requests},
          {"cap", n.cap},
          {"pairs", pairs},
          {"own", to_json(n.own)},
          {"every", to_json(n.every)}};
}

json to_json(const simulation_result& s) {
  json cheats = json::array();
  for (const simulated_cheat& c : s.cheats)
    cheats.push_back({{"ratio", c.ratio}, {"pool", to_json(c.seen)}, {"detection", to_json(c.found)}});
  return {{"name", s.name},
          {"honest_sigma", s.honest_sigma},
          {"cap", s.cap},
          {"calibration_tokens", s.calibration_tokens},
          {"honest", to_json(s.honest)},
          {"baselines", list(s.baselines)},
          {"cheats", cheats}};
}

template <class T>
json list(const std::vector<T>& items) {
  json all = json::array();
  for (const T& item : items) all.push_back(to_json(item));
  return all;
}

void print_row(const std::string& name, const detection& d) {
  std::printf("  %-36s", name.c_str());
  for (const power& p : d.by_statistic) {
    if (p.tokens) std::printf(" %13u", *p.tokens);
    else if (p.extrapolated) std::printf("      (%7.0f)", *p.extrapolated);
    else std::printf("             -");
  }
  std::printf("\n");
}

}  // namespace

json to_json(const options& chosen, const study_results& results, const std::string& command, double seconds) {
  return {{"command", command},
          {"seconds", seconds},
          {"settings",
           {{"seed", chosen.seed},
            {"alpha", chosen.alpha},
            {"tokens_per_request", chosen.output_tokens},
            {"largest_batch_to_pool", assay::stats::sequence_pool::largest_share},
            {"bootstraps", chosen.bootstraps},
            {"calibration", chosen.calibration},
            {"evaluation", chosen.evaluation},
            {"cheat", chosen.cheat},
            {"subtle_cheat", chosen.subtle_cheat},
            {"null_requests", chosen.null_requests},
            {"simulated_tokens", chosen.simulated_tokens},
            {"vocabulary", simulated_vocabulary},
            {"candidates", simulated_candidates}}},
          {"arrangements", list(results.arrangements)},
          {"honest_null", list(results.null)},
          {"simulations", list(results.simulations)}};
}

void print(const study_results& results) {
  std::printf("tokens to AUC .999; in brackets extrapolated beyond what the pool allows; -: not told apart\n");
  const auto heading = [](const std::string& name) {
    std::printf("\n%-38s", name.c_str());
    for (statistic which : all_statistics) std::printf(" %13s", std::string(name_of(which)).c_str());
    std::printf("\n");
  };
  for (const arrangement_result& a : results.arrangements) {
    heading(a.name + ", verifier " + a.verifier);
    for (const cheat_result& c : a.cheats) print_row(c.name, c.found);
  }
  for (const simulation_result& s : results.simulations) {
    heading("simulated, " + s.name);
    for (const simulated_cheat& c : s.cheats) print_row("sigma ratio " + std::to_string(c.ratio).substr(0, 4), c.found);
  }
  std::printf("\nhonest requests that alarm at %.3g %%\n",
              results.null.empty() ? 0.0 : 100 * results.null.front().alpha);
  for (const null_result& n : results.null)
    for (const null_pair& p : n.pairs)
      std::printf("  provider %-14s verifier %-11s own threshold %2llu/%llu, everybody's %2llu/%llu, the verifier's "
                  "precision %3llu/%llu\n",
                  p.provider.c_str(), n.verifier.c_str(), static_cast<unsigned long long>(p.own.count),
                  static_cast<unsigned long long>(p.own.requests), static_cast<unsigned long long>(p.every.count),
                  static_cast<unsigned long long>(p.every.requests), static_cast<unsigned long long>(p.verifiers.count),
                  static_cast<unsigned long long>(p.verifiers.requests));
}

}  // namespace study
