// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/protocol/profile_judge.hpp>

#include <algorithm>
#include <limits>
#include <span>
#include <vector>

#include "support/catch.hpp"
#include "support/profiles.hpp"

using namespace assay;
using namespace assay_tests;
using stats::guarantee;

namespace {

profile_judge judge_of(calibration_profile p) {
  auto made = profile_judge::make(std::move(p));
  REQUIRE(made);
  return *made;
}

std::vector<measured_sequence> some(toy_population& from, std::size_t count, double factor = 1) {
  std::vector<measured_sequence> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(from.next(factor));
  return out;
}

/// Share of honest decisions beyond, over many fits.
double alarm_rate(const profile_settings& settings, std::size_t sequences, std::size_t fits, std::uint64_t number) {
  toy_population honest{number};
  double beyond = 0;
  for (std::size_t f = 0; f < fits; ++f) {
    const auto judge = judge_of(toy_profile(honest, sequences, settings));
    for (int i = 0; i < 20; ++i) {
      const auto decided = judge.decide(toy_scope(), some(honest, settings.sequences_per_decision));
      REQUIRE(decided);
      beyond += decided->beyond ? 1.0 / (20 * static_cast<double>(fits)) : 0;
    }
  }
  return beyond;
}

}  // namespace

TEST_CASE("profile judge: honest decisions are within, as often as promised", "[protocol]") {
  const double conformal = alarm_rate(toy_settings_of(), 120, 100, 1);
  INFO(conformal);
  CHECK(conformal <= 0.05 + 0.02);
  CHECK(conformal > 0.01);
  CHECK(alarm_rate(toy_settings_of(guarantee::tolerance), 160, 60, 2) <= 0.05);
}

TEST_CASE("profile judge: honest decisions, many fits and shapes", "[protocol][slow]") {
  for (std::uint32_t together : {1u, 4u})
    for (auto kind : {guarantee::conformal, guarantee::tolerance}) {
      auto settings = toy_settings_of(kind);
      settings.sequences_per_decision = together;
      const std::size_t sequences = *needed_sequences(settings, 3) * 5 / 4;
      const double rate = alarm_rate(settings, sequences, 500, 10 + together);
      INFO(together << ' ' << static_cast<int>(kind) << ": " << rate);
      CHECK(rate <= 0.05 + 0.009);  // four standard errors
    }
  auto poisoned = toy_settings_of();
  poisoned.distrusted = 4;
  CHECK(alarm_rate(poisoned, *needed_sequences(poisoned, 3), 200, 20) <= 0.05);
}

TEST_CASE("profile judge: deviations are beyond, the more often the more sequences are asked for", "[protocol]") {
  std::vector<double> caught;
  for (std::uint32_t together : {1u, 8u}) {
    auto settings = toy_settings_of();
    settings.sequences_per_decision = together;
    toy_population honest{3};
    const auto judge = judge_of(toy_profile(honest, 120 * together, settings));
    double share = 0;
    for (int i = 0; i < 100; ++i) share += judge.decide(toy_scope(), some(honest, together, 4))->beyond ? 0.01 : 0;
    caught.push_back(share);
  }
  INFO(caught[0] << ' ' << caught[1]);
  CHECK(caught[0] > 0.1);
  CHECK(caught[1] > 0.8);
}

TEST_CASE("profile judge: the p-value and the thresholds agree", "[protocol]") {
  for (std::uint32_t distrusted : {0u, 2u}) {
    auto settings = toy_settings_of();
    settings.distrusted = distrusted;
    toy_population honest{4};
    const auto judge = judge_of(toy_profile(honest, 250, settings));
    const auto& p = judge.profile();
    const double level = static_cast<double>(p.cuts) / static_cast<double>(p.decisions() - distrusted + 1);
    CHECK(level <= 0.05);
    for (double factor : {1.0, 2.0, 5.0})
      for (int i = 0; i < 100; ++i) {
        const auto sequence = some(honest, 1, factor);
        const auto decided = judge.decide(toy_scope(), sequence);
        REQUIRE(decided);
        bool any = false;
        for (std::size_t s = 0; s < 3; ++s) any = any || sequence[0].values[s] > p.statistics[s].threshold;
        CHECK(decided->beyond == any);
        CHECK(decided->beyond == (decided->p_value <= level * (1 + 1e-12)));
        CHECK(decided->value == sequence[0].values[decided->statistic]);
        CHECK(decided->threshold == p.statistics[decided->statistic].threshold);
      }
  }
}

TEST_CASE("profile judge: broken numbers are the worst, never an escape", "[protocol]") {
  for (std::uint32_t together : {1u, 2u}) {
    auto settings = toy_settings_of();
    settings.sequences_per_decision = together;
    toy_population honest{5};
    const auto judge = judge_of(toy_profile(honest, 150, settings));
    for (double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()})
      for (std::size_t s = 0; s < 3; ++s)
        for (std::size_t i = 0; i < together; ++i) {
          auto sequences = some(honest, together, 0);
          sequences[i].values[s] = bad;
          const auto decided = judge.decide(toy_scope(), sequences);
          REQUIRE(decided);
          CHECK(decided->beyond);
          CHECK(decided->statistic == s);
          CHECK(decided->p_value < 0.05);
        }
  }
}

TEST_CASE("profile judge: it does not judge what it was fitted on, nor what it was not fitted for", "[protocol]") {
  toy_population honest{6};
  auto p = toy_profiler(honest, 150);
  const auto known = honest.next();
  REQUIRE(p.add(known));
  const auto judge = judge_of(*p.fit());
  const auto error_of = [&](std::vector<measured_sequence> sequences, const profile_scope& now = toy_scope()) {
    const auto decided = judge.decide(now, sequences);
    return decided ? errc{} : decided.error().code;
  };
  CHECK(error_of({honest.next()}) == errc{});
  CHECK(error_of({known}) == errc::duplicate);
  auto rescored = known;
  rescored.values = {0, 0, 0};
  CHECK(error_of({rescored}) == errc::duplicate);
  CHECK(error_of({}) == errc::length_mismatch);
  CHECK(error_of({honest.next(), honest.next()}) == errc::length_mismatch);
  auto odd = honest.next();
  odd.values.pop_back();
  CHECK(error_of({odd}) == errc::length_mismatch);
  CHECK(error_of({honest.next(1, 29)}) == errc::out_of_range);
  CHECK(error_of({honest.next(1, 51)}) == errc::out_of_range);
  profile_scope other = toy_scope();
  other.phase = execution_phase::prefill;
  CHECK(error_of({honest.next()}, other) == errc::calibration_mismatch);
  other = toy_scope();
  other.software[0].value = "10";
  CHECK(error_of({honest.next()}, other) == errc::calibration_mismatch);
  CHECK(judge.decide(other, some(honest, 1), software_rule::may_differ));

  auto settings = toy_settings_of();
  settings.sequences_per_decision = 2;
  const auto pairs = judge_of(toy_profile(honest, 150, settings));
  const auto one = honest.next();
  CHECK(pairs.decide(toy_scope(), std::vector{one, one}).error() == fail(errc::duplicate, "", 1));

  auto broken = judge.profile();
  broken.cuts = 0;
  CHECK(profile_judge::make(broken).error().code == errc::invalid_settings);
}
