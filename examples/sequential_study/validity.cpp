// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How often honest providers are accused, when one looks after every step and stops at the first alarm.
#include <algorithm>
#include <cmath>
#include <numeric>

#include <assay/stats/mean_bound.hpp>

#include "contenders.hpp"
#include "study.hpp"

namespace study {
namespace {

constexpr double token_target = 0.1;  // what the tests that aim, aim at: shifts about 0.1 per token

struct setting {
  world where;
  unit step;
};
constexpr std::array settings{
    setting{world::normal, unit::token},           setting{world::autoregressive, unit::token},
    setting{world::autoregressive, unit::request}, setting{world::random_effect, unit::token},
    setting{world::random_effect, unit::request},  setting{world::margins, unit::token},
    setting{world::bursty_margins, unit::token},   setting{world::bursty_margins, unit::request}};

std::string label(const setting& s) {
  return std::string(name_of(s.where)) + (s.step == unit::token ? " / token" : " / request");
}

/// Which of the contenders alarm in one honest audit.
std::vector<bool> audit(const options& chosen, const setting& s, const scale& fitted, assay::random_stream stream) {
  const double target =
      s.step == unit::token ? token_target : token_target * std::sqrt(static_cast<double>(chosen.tokens));
  auto tests = validity_contenders(fitted, target);
  std::vector<double> raw;
  for (std::uint32_t r = 0; r < chosen.requests; ++r) {
    draw_request(s.where, 0, chosen.tokens, stream, raw);
    if (s.step == unit::request) raw = {std::accumulate(raw.begin(), raw.end(), 0.0) / chosen.tokens};
    for (double each : raw)
      for (contender& test : tests) test.update(fitted.of(each));
  }
  std::vector<bool> alarms;
  for (const contender& test : tests) alarms.push_back(test.log_peak() >= -std::log(chosen.alpha));
  return alarms;
}

/// Counts, per column, how many of `n` rows are true. one(i) -> vector<bool>
template <class One>
std::vector<std::uint64_t> count_true(bench& with, std::uint64_t n, One&& one) {
  std::vector<std::vector<bool>> found(n);
  with.threads.for_each(n, [&](std::size_t i) { found[i] = one(i); });
  std::vector<std::uint64_t> counts(found.front().size());
  for (const auto& each : found)
    for (std::size_t k = 0; k < counts.size(); ++k) counts[k] += each[k];
  return counts;
}

/// The whole way: scale and honest mean from the audit's own calibration requests, half of alpha for each.
bool calibrated_audit(const options& chosen, assay::random_stream stream) {
  std::vector<double> raw;
  const auto request_mean = [&] {
    draw_request(world::bursty_margins, 0, chosen.tokens, stream, raw);
    return std::accumulate(raw.begin(), raw.end(), 0.0) / chosen.tokens;
  };
  double largest = 1e-9;
  for (std::uint32_t i = 0; i < chosen.requests; ++i) largest = std::max(largest, request_mean());
  std::vector<double> seen;
  for (std::uint32_t i = 0; i < chosen.requests; ++i) seen.push_back(std::min(1.0, request_mean() / largest));
  const double bound = assay::stats::mean_upper_bound(seen, 1 - chosen.alpha / 2).value();
  auto test = assay::stats::betting_martingale::make(bound);
  if (!test) return false;  // a bound of 1: nothing can be won
  for (std::uint32_t i = 0; i < chosen.requests; ++i)
    ASSAY_EXPECTS(test->update(std::min(1.0, request_mean() / largest)));
  return test->rejects(chosen.alpha / 2);
}

}  // namespace

void run_validity(bench& with) {
  const options& chosen = with.chosen;
  for (const setting& s : settings) {
    with.shown.stage("validity: " + label(s));
    const scale fitted = fit_scale(s.where, s.step, chosen.tokens, stream_of(chosen, "validity scale/" + label(s), 0));
    const auto counts = count_true(with, chosen.audits, [&](std::size_t i) {
      return audit(chosen, s, fitted, stream_of(chosen, "validity/" + label(s), i));
    });
    const auto names = validity_contenders(fitted, token_target);
    for (std::size_t k = 0; k < counts.size(); ++k) {
      static constexpr const char* titles[] = {
          "SPRT",           "mixture of shifts", "half-normal mixture", "published mixture", "betting, default",
          "betting, aimed", "plug-in bet"};
      with.rows.push_back(share_row("validity", label(s), titles[k], chosen.alpha, counts[k], chosen.audits));
    }
    with.shown.step();
  }
  with.shown.stage("validity: with calibration");
  const auto alarms = count_true(with, chosen.audits, [&](std::size_t i) {
    return std::vector<bool>{calibrated_audit(chosen, stream_of(chosen, "validity/calibrated", i))};
  });
  with.rows.push_back(share_row("validity", "margins, bursty / request, calibrated", "betting, default", chosen.alpha,
                                alarms[0], chosen.audits));
  with.shown.step();
}

}  // namespace study
