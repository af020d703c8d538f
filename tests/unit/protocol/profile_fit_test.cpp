// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/protocol/profile_fit.hpp>

#include <algorithm>
#include <limits>
#include <vector>

#include "support/catch.hpp"
#include "support/profiles.hpp"

using namespace assay;
using namespace assay_tests;
using stats::guarantee;

TEST_CASE("profile fit: it holds what it was fitted on, in any order", "[protocol]") {
  toy_population honest{1};
  std::vector<measured_sequence> sequences;
  for (int i = 0; i < 200; ++i)
    sequences.push_back(honest.next(1, 30 + static_cast<std::uint32_t>(honest.draw().below(21))));
  const auto fit_all = [&] {
    auto p = toy_profiler(honest, 0);
    for (const auto& each : sequences) REQUIRE(p.add(each));
    CHECK(p.size() == 200);
    auto fitted = p.fit();
    REQUIRE(fitted);
    return *fitted;
  };
  const calibration_profile fitted = fit_all();
  CHECK(fitted.scope == toy_scope());
  CHECK(fitted.settings == toy_settings_of());
  CHECK(fitted.decisions() == 200);
  CHECK(fitted.cuts == 10);
  CHECK(fitted.origins.size() == 200);
  CHECK(std::is_sorted(fitted.origins.begin(), fitted.origins.end()));
  std::uint64_t tokens = 0;
  for (const auto& each : sequences) tokens += each.tokens;
  CHECK(fitted.pool_tokens == tokens);
  for (const auto& each : fitted.statistics) {
    CHECK(each.values.size() == 200);
    CHECK(std::count_if(each.values.begin(), each.values.end(), [&](double v) { return v > each.threshold; }) < 10);
  }
  CHECK(validate(fitted));
  std::reverse(sequences.begin(), sequences.end());
  CHECK(fit_all() == fitted);
  CHECK(digest_of(fit_all()) == digest_of(fitted));
}

TEST_CASE("profile fit: too few sequences are refused with the number that is missing", "[protocol]") {
  for (auto kind : {guarantee::conformal, guarantee::tolerance})
    for (std::uint32_t together : {1u, 3u})
      for (std::uint32_t distrusted : {0u, 2u}) {
        if (together > 1 && distrusted > 0) continue;
        auto settings = toy_settings_of(kind);
        settings.sequences_per_decision = together, settings.distrusted = distrusted;
        toy_population honest{2};
        auto p = toy_profiler(honest, 10, settings);
        const auto refused = p.fit();
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == errc::insufficient_data);
        CHECK(10 + refused.error().where == *needed_sequences(settings, 3));
        for (std::uint64_t i = 0; i + 1 < refused.error().where; ++i) REQUIRE(p.add(honest.next()));
        CHECK(p.fit().error() == fail(errc::insufficient_data, "", 1));
        REQUIRE(p.add(honest.next()));
        const auto fitted = p.fit();
        REQUIRE(fitted);
        CHECK(fitted->decisions() == p.size() / together);
        for (const auto& each : fitted->statistics) CHECK(each.threshold < 1e9);
      }
}

TEST_CASE("profile fit: a decision that asks for much of the pool is refused", "[protocol]") {
  // At alpha = 50 % five sequences would do for three statistics; but one decision may ask for a tenth of the pool at
  // most.
  const auto settings = toy_settings_of(guarantee::conformal, 0.5);
  REQUIRE(*needed_sequences(settings, 3) == 5);
  toy_population honest{3};
  auto p = toy_profiler(honest, 6, settings);
  const auto refused = p.fit();
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == fail(errc::insufficient_data, "", 7));  // 50 tokens of at least 500; 240 are there, 40 each
  for (int i = 0; i < 7; ++i) REQUIRE(p.add(honest.next()));
  CHECK(p.fit());
  auto loose = settings;
  loose.most_pool_share = 1;
  CHECK(toy_profiler(honest, 6, loose).fit());
}

TEST_CASE("profile fit: one sequence counts once", "[protocol]") {
  toy_population honest{4};
  auto p = toy_profiler(honest, 100);
  auto again = honest.next();
  REQUIRE(p.add(again));
  CHECK(p.fit());
  again.values[0] += 1;  // another answer to the same prompt
  REQUIRE(p.add(again));
  CHECK(p.fit().error().code == errc::duplicate);
}

TEST_CASE("profile fit: broken sequences are not taken", "[protocol]") {
  toy_population honest{5};
  auto p = toy_profiler(honest, 100);
  const auto error_of = [&](auto change) {
    auto sequence = honest.next();
    change(sequence);
    const auto taken = p.add(sequence);
    return taken ? error{} : taken.error();
  };
  using s = measured_sequence&;
  CHECK(error_of([](s m) { m.values.pop_back(); }).code == errc::length_mismatch);
  CHECK(error_of([](s m) { m.tokens = 29; }) == fail(errc::out_of_range, "", 29));
  CHECK(error_of([](s m) { m.tokens = 51; }) == fail(errc::out_of_range, "", 51));
  for (double bad : {-1.0, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()})
    CHECK(error_of([&](s m) { m.values[1] = bad; }) == fail(errc::non_finite, "", 1));
  CHECK(p.size() == 100);
  CHECK(p.fit());

  CHECK(profiler::make({}, toy_statistics(), toy_settings_of()).error().code == errc::empty);
  CHECK(profiler::make(toy_scope(), {}, toy_settings_of()).error().code == errc::empty);
  auto settings = toy_settings_of();
  settings.bound.alpha = 2;
  CHECK(profiler::make(toy_scope(), toy_statistics(), settings).error().code == errc::out_of_range);
  CHECK(profiler::make(toy_scope(), {{"a", {}}, {"a", {}}}, toy_settings_of()).error().code == errc::duplicate);
}

TEST_CASE("profile fit: smaller alpha never lowers a statistic's threshold", "[protocol]") {
  toy_population honest{6};
  std::vector<measured_sequence> sequences;
  for (int i = 0; i < 400; ++i) sequences.push_back(honest.next());
  for (auto kind : {guarantee::conformal, guarantee::tolerance}) {
    std::vector<double> last(3, 1e9);
    for (double alpha : {0.03, 0.05, 0.08, 0.2, 0.5}) {
      auto p = toy_profiler(honest, 0, toy_settings_of(kind, alpha));
      for (const auto& each : sequences) REQUIRE(p.add(each));
      const auto fitted = p.fit();
      REQUIRE(fitted);
      for (std::size_t s = 0; s < 3; ++s) {
        CHECK(fitted->statistics[s].threshold <= last[s]);
        last[s] = fitted->statistics[s].threshold;
      }
    }
  }
}

TEST_CASE("profile fit: as many poisoned sequences as were distrusted cannot lift a threshold at will", "[protocol]") {
  for (std::uint32_t poisoned : {3u, 10u}) {
    auto settings = toy_settings_of();
    settings.distrusted = poisoned;
    toy_population honest{7};
    const std::size_t clean = *needed_sequences(settings, 3) - poisoned;
    auto p = toy_profiler(honest, clean, settings);
    double worst_honest = 0;
    for (std::uint32_t i = 0; i < poisoned; ++i) {
      auto dirt = honest.next();
      dirt.values = {1e6, 1e6, 1e6};
      REQUIRE(p.add(dirt));
    }
    const auto fitted = p.fit();
    REQUIRE(fitted);
    for (const auto& each : fitted->statistics)
      for (double v : each.values) worst_honest = v < 1e6 ? std::max(worst_honest, v) : worst_honest;
    for (const auto& each : fitted->statistics) CHECK(each.threshold <= worst_honest);
    // Without `distrusted` and with no more cuts than poisoned sequences, they set the thresholds.
    settings.distrusted = 0,
    settings.bound.alpha = static_cast<double>(poisoned) / static_cast<double>(clean + poisoned + 1);
    auto naive = toy_profiler(honest, clean, settings);
    for (std::uint32_t i = 0; i < poisoned; ++i) {
      auto dirt = honest.next();
      dirt.values = {1e6, 1e6, 1e6};
      REQUIRE(naive.add(dirt));
    }
    const auto lifted = naive.fit();
    REQUIRE(lifted);
    for (const auto& each : lifted->statistics) CHECK(each.threshold == 1e6);
  }
}
