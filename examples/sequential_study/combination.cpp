// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One e-value out of checks that depend on each other, p-values that share a calibration, and a ledger of many providers.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>

#include <assay/protocol/ledger.hpp>
#include <assay/stats/combination.hpp>
#include <assay/stats/evidence.hpp>
#include <assay/stats/normal.hpp>

#include "study.hpp"

namespace study {
namespace {

constexpr std::size_t checks = 3;
constexpr double honest_mean = 0.1;
using check_scores = std::array<double, checks>;

/// U^9 for uniform U has mean 1/10 exactly; a cheat of factor f has U^(10 / f - 1), of mean f / 10. The checks of a request
/// share a part `dependence` of the chance behind them; 1: all are the same number.
check_scores draw_checks(double dependence, const std::array<double, checks>& factor, assay::random_stream& stream) {
  const double common = stream.normal();
  check_scores x;
  for (std::size_t k = 0; k < checks; ++k) {
    const double z = std::sqrt(dependence) * common + std::sqrt(1 - dependence) * stream.normal();
    x[k] = std::pow(assay::stats::normal_tail(z), 10 / factor[k] - 1);
  }
  return x;
}

constexpr std::array<const char*, 4> ways{"average", "smallest part's p, times 3", "one check alone",
                                          "product (invalid)"};

/// The parts of one provider, combined in every way; ln of the largest evidence in units that reject at ln(1 / alpha).
class combiner {
 public:
  void update(const check_scores& x) {
    double sum = 0, top = -1e300;
    for (std::size_t k = 0; k < checks; ++k) {
      ASSAY_EXPECTS(parts_[k].update(x[k]));
      const double log_e = parts_[k].log_e_value();
      ASSAY_EXPECTS(average_.set(k, log_e));
      sum += log_e, top = std::max(top, log_e);
    }
    average_.look();
    peaks_[0] = average_.log_peak();
    peaks_[1] = std::max(peaks_[1], top - std::log(static_cast<double>(checks)));
    peaks_[2] = parts_[0].log_peak();
    peaks_[3] = std::max(peaks_[3], sum);
  }
  [[nodiscard]] const std::array<double, ways.size()>& peaks() const { return peaks_; }

 private:
  static assay::stats::betting_martingale part() { return assay::stats::betting_martingale::make(honest_mean).value(); }

  std::array<assay::stats::betting_martingale, checks> parts_{part(), part(), part()};
  assay::stats::combined_evidence average_ = assay::stats::combined_evidence::make(std::array{1.0, 1.0, 1.0}).value();
  std::array<double, ways.size()> peaks_{};
};

void honest_combinations(bench& with, double dependence) {
  const options& chosen = with.chosen;
  char where[48];
  std::snprintf(where, sizeof where, "3 checks, dependence %.2g", dependence);
  with.shown.stage(std::string("combination: ") + where);
  std::vector<std::array<bool, ways.size()>> alarms(chosen.audits);
  with.threads.for_each(chosen.audits, [&](std::size_t i) {
    auto stream = stream_of(chosen, std::string("combination/") + where, i);
    combiner all;
    for (std::uint32_t r = 0; r < chosen.requests; ++r) all.update(draw_checks(dependence, {1, 1, 1}, stream));
    for (std::size_t k = 0; k < ways.size(); ++k) alarms[i][k] = all.peaks()[k] >= -std::log(chosen.alpha);
  });
  for (std::size_t k = 0; k < ways.size(); ++k) {
    const auto count = std::count_if(alarms.begin(), alarms.end(), [&](const auto& a) { return a[k]; });
    with.rows.push_back(
        share_row("combination", where, ways[k], chosen.alpha, static_cast<std::uint64_t>(count), chosen.audits));
  }
  with.shown.step();
}

void dishonest_combinations(bench& with, const char* where, const std::array<double, checks>& factor) {
  const options& chosen = with.chosen;
  with.shown.stage(std::string("combination: ") + where);
  std::vector<std::array<double, ways.size()>> steps(chosen.runs);
  with.threads.for_each(chosen.runs, [&](std::size_t i) {
    auto stream = stream_of(chosen, std::string("combination/") + where, i);
    combiner all;
    for (int n = 1; n <= 2000; ++n) {
      all.update(draw_checks(0.5, factor, stream));
      for (std::size_t k = 0; k < ways.size(); ++k)
        if (steps[i][k] == 0 && (all.peaks()[k] >= -std::log(chosen.alpha) || n == 2000)) steps[i][k] = n;
    }
  });
  for (std::size_t k = 0; k + 1 < ways.size(); ++k) {
    std::vector<double> one;
    for (const auto& each : steps) one.push_back(each[k]);
    row r = mean_row(one);
    r.part = "combination", r.world = where, r.test = ways[k], r.alpha = chosen.alpha, r.effect = 2;
    r.quantity = "requests to reject, at most 2000";
    with.rows.push_back(r);
  }
  with.shown.step();
}

/// Conformal p-values of many requests against one calibration of 19: each is valid, their product is not.
void shared_calibration(bench& with) {
  const options& chosen = with.chosen;
  with.shown.stage("combination: p-values that share a calibration");
  std::vector<std::array<bool, 2>> alarms(chosen.audits);
  with.threads.for_each(chosen.audits, [&](std::size_t i) {
    auto stream = stream_of(chosen, "combination/conformal", i);
    std::vector<double> calibration(19), log_e;
    for (double& each : calibration) each = stream.normal();
    double sum = 0, peak = 0;
    for (std::uint32_t r = 0; r < 10 * chosen.requests; ++r) {
      const double p = assay::stats::conformal_p_value(calibration, stream.normal()).value();
      log_e.push_back(assay::stats::log_e_from_p(p, 0.8).value());
      sum += log_e.back(), peak = std::max(peak, sum);
    }
    alarms[i] = {assay::stats::log_mean_e(log_e).value() >= -std::log(chosen.alpha), peak >= -std::log(chosen.alpha)};
  });
  constexpr std::array names{"average, once", "product (invalid)"};
  for (std::size_t k = 0; k < names.size(); ++k) {
    const auto count = std::count_if(alarms.begin(), alarms.end(), [&](const auto& a) { return a[k]; });
    with.rows.push_back(share_row("combination", "p-values of one calibration", names[k], chosen.alpha,
                                  static_cast<std::uint64_t>(count), chosen.audits));
  }
  with.shown.step();
}

assay::digest numbered(std::uint64_t n) {
  assay::digest d;
  std::memcpy(d.bytes.data(), &n, sizeof n);
  return d;
}

struct ledger_outcome {
  bool wronged = false, fooled = false;
};

/// Ten honest providers and a cheat of exactly the excluded size, 40 requests each, in turn.
ledger_outcome run_one_ledger(const options& chosen, assay::random_stream stream) {
  constexpr std::uint64_t providers = 11, requests = 40;
  assay::ledger_terms terms;
  terms.alpha = chosen.alpha;
  terms.beta = 0.05;
  for (const char* check : {"tokens", "fingerprints", "openings"})
    terms.checks.push_back({{check}, honest_mean, 0.3, 1, {}});
  auto ledger = assay::ledger::open(terms).value();
  ledger_outcome found;
  for (std::uint64_t i = 0; i < providers * requests; ++i) {
    const bool cheats = i % providers == providers - 1;
    const auto x = draw_checks(0.5, cheats ? std::array{3.0, 1.0, 1.0} : std::array{1.0, 1.0, 1.0}, stream);
    assay::ledger_entry entry;
    entry.provider.value = numbered(i % providers), entry.request.value = numbered(i);
    entry.scores = {{0, x[0]}, {1, x[1]}, {2, x[2]}};
    ASSAY_EXPECTS(ledger.append(entry));
    if (cheats) found.fooled = found.fooled || ledger.statement(entry.provider)->decision == assay::outcome::accept;
  }
  for (const auto& s : ledger.statements())
    found.wronged = found.wronged || (s.place != providers && s.decision == assay::outcome::reject);
  return found;
}

}  // namespace

void run_combination(bench& with) {
  for (double dependence : {0.0, 0.5, 1.0}) honest_combinations(with, dependence);
  dishonest_combinations(with, "cheat doubles one check's mean", {2, 1, 1});
  dishonest_combinations(with, "cheat doubles the other checks' means", {1, 2, 2});
  dishonest_combinations(with, "cheat doubles all means", {2, 2, 2});
  shared_calibration(with);
}

void run_ledger(bench& with) {
  const options& chosen = with.chosen;
  with.shown.stage("ledger");
  std::vector<ledger_outcome> found(chosen.audits);
  with.threads.for_each(chosen.audits,
                        [&](std::size_t i) { found[i] = run_one_ledger(chosen, stream_of(chosen, "ledger", i)); });
  const auto count = [&](bool ledger_outcome::*which) {
    return static_cast<std::uint64_t>(
        std::count_if(found.begin(), found.end(), [&](const ledger_outcome& o) { return o.*which; }));
  };
  with.rows.push_back(share_row("ledger", "10 honest providers", "any rejected", chosen.alpha,
                                count(&ledger_outcome::wronged), chosen.audits));
  with.rows.push_back(share_row("ledger", "a cheat of the excluded size", "ever accepted", 0.05,
                                count(&ledger_outcome::fooled), chosen.audits));
  with.shown.step();
}

}  // namespace study
