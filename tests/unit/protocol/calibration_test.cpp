// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/protocol/calibration.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include <assay/random/stream.hpp>
#include <assay/stats/binomial.hpp>

#include "support/catch.hpp"
#include "support/toy_protocol.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

constexpr challenge_size opened{3, 4};

/// Scores of an honest request: margins are mostly 0 with rare larger ones, distances are positive with heavy tails.
request_evidence honest(random_stream& draw, double factor = 1) {
  request_evidence e;
  e.tokens = 16;
  for (std::uint32_t i = 0; i < 16; ++i) {
    const double margin = draw.uniform() < 0.9 ? 0.0 : 0.05 * draw.exponential();
    e.of(channel::tokens).push_back({factor * margin, position{5 + i}, {}});
    if (i >= 4) continue;
    e.of(channel::head).push_back({factor * 0.01 * draw.exponential(), position{5 + i}, {}});
    e.of(channel::rows).push_back({factor * 1e-3 * draw.exponential(), position{5 + i}, layer_index{2}});
  }
  const double request_level = std::exp(0.5 * draw.normal());  // scores of one request are dependent
  for (std::uint32_t p = 0; p < 3; ++p)
    for (std::uint32_t l = 0; l < 3; ++l)
      e.of(channel::states)
          .push_back({factor * request_level * 1e-3 * (l + 1) * draw.exponential(), position{p}, layer_index{l}});
  return e;
}

calibration fitted_on(random_stream& draw, std::size_t requests, calibration_settings settings = {}) {
  calibrator c{toy_run(), opened, settings};
  for (std::size_t i = 0; i < requests; ++i) c.add(honest(draw));
  return must(c.fit());
}

}  // namespace

TEST_CASE("calibration: it says what it was fitted on, and half of the requests rank", "[protocol]") {
  random_stream draw{seed_of(1), "calibration"};
  const calibration c = fitted_on(draw, 101);
  CHECK(c.run == digest_of(toy_run()));
  CHECK(c.opened == opened);
  CHECK(c.honest_deviations.size() == 51);
  CHECK(std::is_sorted(c.honest_deviations.begin(), c.honest_deviations.end()));
  CHECK(c.channels[static_cast<std::size_t>(channel::tokens)].caps.size() == 1);
  const auto& states = c.channels[static_cast<std::size_t>(channel::states)];
  REQUIRE(states.caps.size() == 3);
  CHECK(states.caps[2] > states.caps[0]);  // checkpoints have scales of their own
  CHECK(c.channels[static_cast<std::size_t>(channel::rows)].caps.size() == 1);  // one checkpoint only
  for (const auto& channel : c.channels)
    for (const auto& s : channel.statistics) {
      CHECK(s.scale > 0);
      for (double b : s.bounds) CHECK((b > 0 && b <= 1));
      CHECK(s.bounds[2] <= s.bounds[0]);
    }
}

TEST_CASE("calibration: too little, or uneven, or broken data is refused", "[protocol]") {
  random_stream draw{seed_of(2), "calibration"};
  calibrator few{toy_run(), opened};
  for (int i = 0; i < 7; ++i) few.add(honest(draw));
  CHECK(few.fit().error() == fail(errc::insufficient_data, "", 7));
  few.add(honest(draw));
  CHECK(few.fit());

  const auto with_last = [&](auto edit) {
    calibrator c{toy_run(), opened};
    for (int i = 0; i < 12; ++i) {
      request_evidence e = honest(draw);
      if (i == 3) edit(e);  // in the fitting half
      c.add(e);
    }
    const auto fitted = c.fit();
    return fitted ? errc{} : fitted.error().code;
  };
  CHECK(with_last([](auto&) {}) == errc{});
  CHECK(with_last([](auto& e) { e.of(channel::states).clear(); }) == errc::insufficient_data);
  CHECK(with_last([](auto& e) { e.of(channel::tokens)[0].score = std::numeric_limits<double>::quiet_NaN(); }) ==
        errc::non_finite);
  CHECK(with_last([](auto& e) { e.of(channel::head)[0].score = std::numeric_limits<double>::infinity(); }) ==
        errc::non_finite);
  CHECK(with_last([](auto& e) { e.of(channel::head)[0].score = -1; }) == errc::non_finite);
  CHECK(with_last([](auto& e) { e.of(channel::states)[0].layer = layer_index{3}; }) == errc::shape_mismatch);

  calibrator nothing{toy_run(), opened};
  for (int i = 0; i < 10; ++i) nothing.add({});
  CHECK(nothing.fit().error().code == errc::insufficient_data);
  calibrator blind{toy_run(), opened};
  for (int i = 0; i < 10; ++i) {
    request_evidence e = honest(draw);
    std::erase_if(e.of(channel::states), [](const score_at& s) { return s.layer.value == 1; });
    blind.add(e);
  }
  CHECK(blind.fit().error().code == errc::insufficient_data);
}

TEST_CASE("calibration: broken scores of the ranking half are refused too", "[protocol]") {
  random_stream draw{seed_of(3), "calibration"};
  for (double bad : {std::numeric_limits<double>::quiet_NaN(), -1.0, std::numeric_limits<double>::infinity()}) {
    calibrator c{toy_run(), opened};
    for (int i = 0; i < 12; ++i) {
      request_evidence e = honest(draw);
      if (i == 9) e.of(channel::tokens)[0].score = bad;
      c.add(e);
    }
    CHECK(c.fit().error().code == errc::non_finite);
  }
}

TEST_CASE("calibration: an honest channel that never deviated still has units", "[protocol]") {
  calibrator c{toy_run(), opened};
  request_evidence e;
  e.of(channel::tokens).push_back({0, position{5}, {}});
  for (int i = 0; i < 40; ++i) c.add(e);
  const calibration fitted = must(c.fit());
  CHECK(p_value(fitted, deviation_of(fitted, e).value) == 1);
  e.of(channel::tokens)[0].score = 0.5;
  CHECK(p_value(fitted, deviation_of(fitted, e).value) == Approx(1.0 / 21));
}

TEST_CASE("calibration: the least cap of a channel is in the unit of its scores", "[protocol]") {
  calibrator c{toy_run(), opened};
  request_evidence e;
  for (channel which : {channel::head, channel::tokens, channel::rows}) e.of(which).push_back({0, position{5}, {}});
  for (std::uint32_t l = 0; l < 3; ++l) e.of(channel::states).push_back({0, position{5}, layer_index{l}});
  for (int i = 0; i < 8; ++i) c.add(e);
  const calibration fitted = must(c.fit());
  const calibration_settings settings;
  const auto caps = [&](channel which) { return fitted.channels[static_cast<std::size_t>(which)].caps; };
  CHECK(caps(channel::head) == std::vector<double>{settings.token_cap_floor});
  CHECK(caps(channel::tokens) == std::vector<double>{settings.token_cap_floor});
  CHECK(caps(channel::states) == std::vector<double>(3, settings.state_cap_floor));
  CHECK(caps(channel::rows) == std::vector<double>{settings.state_cap_floor});
}

TEST_CASE("calibration: rows that deviate stand out as such", "[protocol]") {
  random_stream draw{seed_of(8), "calibration"};
  const calibration c = fitted_on(draw, 200);
  request_evidence e = honest(draw);
  e.of(channel::rows)[1].score = 5;
  const deviation d = deviation_of(c, e);
  CHECK(d.which == channel::rows);
  CHECK(d.by == statistic::largest);
  CHECK((d.where.at.value == 6 && d.where.layer.value == 2));
}

TEST_CASE("calibration: a deviation names the channel, statistic and place that stand out", "[protocol]") {
  random_stream draw{seed_of(4), "calibration"};
  const calibration c = fitted_on(draw, 200);
  request_evidence e = honest(draw);
  e.of(channel::tokens)[7].score = 50;
  deviation d = deviation_of(c, e);
  CHECK(d.which == channel::tokens);
  CHECK(d.by == statistic::largest);
  CHECK(d.where.at.value == 12);
  CHECK(d.value > 10);
  e = honest(draw);
  for (auto& s : e.of(channel::states))
    s.score = c.channels[2].caps[s.layer.value];  // every score at the cap: the mean says so
  d = deviation_of(c, e);
  CHECK(d.which == channel::states);
  CHECK(d.by == statistic::mean);
  CHECK(p_value(c, d.value) == Approx(1.0 / 101));
  CHECK(deviation_of(c, {}).value == 0);
}

TEST_CASE("calibration: p-values of honest requests are valid", "[protocol]") {
  // Exchangeability is over calibration and request together: a new calibration for every few requests.
  random_stream draw{seed_of(5), "calibration"};
  constexpr double alpha = 0.05;
  std::uint64_t alarms = 0, requests = 0;
  for (int round = 0; round < 500; ++round) {
    const calibration c = fitted_on(draw, 80);
    for (int i = 0; i < 4; ++i, ++requests) alarms += p_value(c, deviation_of(c, honest(draw)).value) <= alpha;
  }
  const auto rate = must(stats::clopper_pearson(alarms, requests, 0.999));
  INFO(alarms << " of " << requests);
  CHECK(rate.low <= alpha);
  CHECK(rate.high > alpha / 3);  // not valid by never alarming
}

TEST_CASE("calibration: p-values of dishonest requests are small", "[protocol]") {
  random_stream draw{seed_of(6), "calibration"};
  const calibration c = fitted_on(draw, 200);
  int caught = 0;
  for (int i = 0; i < 200; ++i) caught += p_value(c, deviation_of(c, honest(draw, 10)).value) <= 0.01;
  CHECK(caught > 150);
}

TEST_CASE("calibration: betting bounds lie above honest means", "[protocol]") {
  random_stream draw{seed_of(7), "calibration"};
  int broken = 0;
  for (int round = 0; round < 20; ++round) {
    const calibration c = fitted_on(draw, 100);
    std::array<double, 3> sums{};
    constexpr int fresh = 1000;
    for (int i = 0; i < fresh; ++i) {
      const auto summary = summarise(c.channels[2], honest(draw).of(channel::states));
      for (std::size_t b = 0; b < 3; ++b) sums[b] += bet_on(c.channels[2].statistics[1], b, summary.value[1]);
    }
    for (std::size_t b = 0; b < 3; ++b) broken += sums[b] / fresh > c.channels[2].statistics[1].bounds[b];
  }
  CHECK(broken == 0);
}
