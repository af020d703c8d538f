// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How many steps each test needs to reject a cheat, against the one that knows the cheat; and how well that is foreseen.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include <assay/stats/forecast.hpp>

#include "contenders.hpp"
#include "study.hpp"

namespace study {
namespace {

constexpr std::array alphas{0.005, 1e-4, 1e-6};
constexpr std::array shifts{0.05, 0.0707, 0.1, 0.1414, 0.2, 0.4};

std::vector<contender> power_contenders(double shift) {
  const scale tokens;  // standard normal, x cut at three deviations
  return {sprt_for("oracle SPRT", shift),
          sprt_for("SPRT for 0.1", 0.1),
          shifts_between(0.0707, 0.1414),
          shifts_between(0.05, 0.2),
          shifts_between(0.02, 1),
          {"half-normal, scale 0.1", assay::stats::normal_mixture::make(0.1).value()},
          {"published, scale 0.05", published_mixture{0.05}},
          {"published, scale 0.1", published_mixture{0.1}},
          bets_between(tokens, 0.0707, 0.1414),
          bets_between(tokens, 0.05, 0.2),
          default_bets(tokens),
          {"plug-in bet", plug_in_bet{0.5}}};
}

/// Steps to reject, per contender and alpha; all contenders see the same scores.
using stopping_times = std::vector<std::array<double, alphas.size()>>;

stopping_times run_one(std::vector<contender> tests, const scale& fitted, std::uint64_t most, auto&& next) {
  stopping_times at(tests.size());
  std::size_t open = tests.size();
  for (std::uint64_t n = 1; n <= most && open != 0; ++n) {
    const score s = fitted.of(next());
    for (std::size_t k = 0; k < tests.size(); ++k) {
      if (at[k].back() != 0) continue;
      tests[k].update(s);
      const double peak = tests[k].log_peak();
      for (std::size_t a = 0; a < alphas.size(); ++a)
        if (at[k][a] == 0 && peak >= -std::log(alphas[a])) at[k][a] = static_cast<double>(n);
      open -= at[k].back() != 0;
    }
  }
  for (auto& each : at)
    for (double& n : each) n = n == 0 ? static_cast<double>(most) : n;
  return at;
}

void add_rows(bench& with, const std::string& where, double effect, const std::vector<contender>& tests,
              const std::vector<stopping_times>& found) {
  for (std::size_t a = 0; a < alphas.size(); ++a) {
    std::vector<double> oracle;
    for (const auto& run : found) oracle.push_back(run[0][a]);
    for (std::size_t k = 0; k < tests.size(); ++k) {
      std::vector<double> steps;
      for (const auto& run : found) steps.push_back(run[k][a]);
      row ratio = k == 0 ? mean_row(oracle) : ratio_row(steps, oracle);
      ratio.part = "power", ratio.world = where, ratio.test = tests[k].name(), ratio.alpha = alphas[a],
      ratio.effect = effect;
      ratio.quantity = k == 0 ? "steps to reject" : "steps over the oracle's";
      with.rows.push_back(std::move(ratio));
    }
  }
}

/// The fixed bet that wins most against a cheat, found by trying: the oracle among bets.
contender best_bet(const scale& fitted, double effect, assay::random_stream stream) {
  std::vector<double> raw, x;
  for (int i = 0; i < 20000; ++i) {
    draw_request(world::bursty_margins, effect, 32, stream, raw);
    double sum = 0;
    for (double each : raw) sum += each / 32;
    x.push_back(fitted.of(sum).x);
  }
  double best = 0, best_growth = 0;
  for (double share = 0.005; share < 0.95; share *= 1.05) {
    double growth = 0;
    for (double each : x) growth += std::log1p(share * (each / fitted.honest_x - 1));
    if (growth > best_growth) best = share, best_growth = growth;
  }
  return {"best fixed bet", assay::stats::betting_martingale::make(fitted.honest_x, std::vector<double>{best}).value()};
}

void run_margins(bench& with) {
  const options& chosen = with.chosen;
  const scale fitted = fit_scale(world::bursty_margins, unit::request, 32, stream_of(chosen, "power scale", 0));
  for (double effect : {0.25, 0.5, 1.0, 3.0}) {
    char where[48];
    std::snprintf(where, sizeof where, "margins %.3g times, per request", 1 + effect);
    with.shown.stage(std::string("power: ") + where);
    const std::vector<contender> tests{best_bet(fitted, effect, stream_of(chosen, "best bet", 0)),
                                       bets_between(fitted, 0.2, 0.8),
                                       default_bets(fitted),
                                       {"plug-in bet", plug_in_bet{fitted.honest_x}}};
    std::vector<stopping_times> found(chosen.runs);
    with.threads.for_each(chosen.runs, [&](std::size_t i) {
      auto stream = stream_of(chosen, std::string("power/") + where, i);
      std::vector<double> raw;
      found[i] = run_one(tests, fitted, 20000, [&] {
        draw_request(world::bursty_margins, effect, 32, stream, raw);
        double sum = 0;
        for (double each : raw) sum += each / 32;
        return sum;
      });
    });
    add_rows(with, "margins, bursty / request", 1 + effect, tests, found);
    with.shown.step();
  }
}

}  // namespace

void run_power(bench& with) {
  const options& chosen = with.chosen;
  const scale tokens;
  for (double shift : shifts) {
    char where[32];
    std::snprintf(where, sizeof where, "shift %.4g", shift);
    with.shown.stage(std::string("power: ") + where);
    const auto tests = power_contenders(shift);
    const auto most = static_cast<std::uint64_t>(20 * -std::log(alphas.back()) / (shift * shift));
    std::vector<stopping_times> found(chosen.runs);
    with.threads.for_each(chosen.runs, [&](std::size_t i) {
      auto stream = stream_of(chosen, std::string("power/") + where, i);
      found[i] = run_one(tests, tokens, most, [&] { return shift + stream.normal(); });
    });
    add_rows(with, "normal, independent / token", shift, tests, found);
    with.shown.step();
  }
  run_margins(with);
}

void run_forecasts(bench& with) {
  const options& chosen = with.chosen;
  const double threshold = -std::log(chosen.alpha);
  for (double shift : {0.1, 0.3, 0.6}) {
    with.shown.stage("forecasts");
    std::vector<int> inside(chosen.runs), not_early(chosen.runs);  // -1: decided before the forecast
    with.threads.for_each(chosen.runs, [&](std::size_t i) {
      auto stream = stream_of(chosen, "forecasts/" + std::to_string(shift), i);
      auto test = assay::stats::betting_martingale::make(0.5).value();
      const auto next = [&] { ASSAY_EXPECTS(test.update((std::clamp(shift + stream.normal(), -3.0, 3.0) + 3) / 6)); };
      const auto third = static_cast<int>(2 * threshold / (shift * shift) / 3);
      for (int n = 0; n < third; ++n) next();
      inside[i] = -1;
      if (test.log_peak() >= threshold) return;
      const auto f = assay::stats::forecast_steps(threshold - test.log_e_value(), test.present_growth());
      double more = 0;
      for (; test.log_e_value() < threshold && more < 1e6; ++more) next();
      inside[i] = more >= std::floor(f.low) && more <= f.high;
      not_early[i] = more >= std::floor(f.low);
    });
    const auto count = [](const std::vector<int>& v, int value) {
      return static_cast<std::uint64_t>(std::count(v.begin(), v.end(), value));
    };
    const std::uint64_t open = chosen.runs - count(inside, -1);
    row r =
        share_row("forecasts", "normal, independent / token", "betting, default", chosen.alpha, count(inside, 1), open);
    r.effect = shift, r.quantity = "share inside the range";
    with.rows.push_back(r);
    row l = share_row("forecasts", "normal, independent / token", "betting, default", chosen.alpha,
                      open - count(not_early, 1), open);
    l.effect = shift, l.quantity = "share earlier than the range";
    with.rows.push_back(l);
    with.shown.step();
  }
}

}  // namespace study
