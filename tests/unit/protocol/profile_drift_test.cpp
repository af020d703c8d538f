// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/protocol/profile_drift.hpp>

#include <cmath>
#include <limits>

#include "support/catch.hpp"
#include "support/profiles.hpp"

using namespace assay;
using namespace assay_tests;
using stats::drift_status;

namespace {

profile_drift drift_of(calibration_profile p, const profile_drift_settings& settings = {}) {
  auto made = profile_drift::make(std::move(p), settings);
  REQUIRE(made);
  return *made;
}

profile_settings strict() { return toy_settings_of(stats::guarantee::conformal, 0.01); }

}  // namespace

TEST_CASE("profile drift: unchanged runs become fine, after as many as it says", "[protocol]") {
  toy_population honest{1};
  for (std::uint32_t together : {1u, 2u}) {
    auto settings = strict();
    settings.sequences_per_decision = together;
    auto drift = drift_of(toy_profile(honest, 400 * together, settings));
    CHECK(drift.report().status == drift_status::insufficient);
    std::uint64_t runs = 0;
    for (auto r = drift.report(); r.status == drift_status::insufficient && runs < 2000; r = drift.report()) {
      REQUIRE(r.need > 0);
      REQUIRE(r.need < 1000);
      for (std::uint64_t i = 0; i < r.need; ++i, ++runs) REQUIRE(drift.add(toy_scope(), honest.next()));
    }
    const auto r = drift.report();
    CHECK(r.status == drift_status::fine);
    CHECK(r.need == 0);
    CHECK(r.runs.runs == runs);
    CHECK(r.decisions == runs / together);
    CHECK(r.rate_bound <= 0.05);
    CHECK(r.runs.distance_bound <= 0.3);
  }
}

TEST_CASE("profile drift: another noise level is drift, whichever way", "[protocol]") {
  for (double factor : {3.0, 0.3}) {
    toy_population honest{2};
    auto drift = drift_of(toy_profile(honest, 400, strict()));
    for (int i = 0; i < 150; ++i) REQUIRE(drift.add(toy_scope(), honest.next(factor)));
    CHECK(drift.report().status == drift_status::drifting);
    CHECK(drift.report().runs.upwards == (factor > 1));
  }
}

TEST_CASE("profile drift: a few far-off runs are drift", "[protocol]") {
  toy_population honest{3};
  auto drift = drift_of(toy_profile(honest, 400, strict()));
  for (int i = 0; i < 72; ++i) REQUIRE(drift.add(toy_scope(), honest.next(i % 12 == 0 ? 60 : 1)));
  const auto r = drift.report();
  CHECK(r.status == drift_status::drifting);
  CHECK(r.beyond >= 5);
  CHECK(r.rate_bound > 0.05);
}

TEST_CASE("profile drift: false alarms keep to alpha", "[protocol][slow]") {
  toy_population honest{4};
  int alarms = 0;
  profile_drift_settings settings;
  settings.runs.alpha = 0.1;
  for (int audit = 0; audit < 400; ++audit) {
    auto drift = drift_of(toy_profile(honest, 100), settings);
    for (int i = 0; i < 100; ++i) REQUIRE(drift.add(toy_scope(), honest.next()));
    alarms += drift.report().status == drift_status::drifting;
  }
  INFO(alarms);
  CHECK(alarms <= 40);
}

TEST_CASE("profile drift: only fresh honest runs of the same scope are taken; software may differ", "[protocol]") {
  toy_population honest{5};
  auto p = toy_profiler(honest, 100);
  const auto known = honest.next();
  REQUIRE(p.add(known));
  auto drift = drift_of(*p.fit());
  const auto error_of = [&](const measured_sequence& m, const profile_scope& now = toy_scope()) {
    const auto taken = drift.add(now, m);
    return taken ? errc{} : taken.error().code;
  };
  CHECK(error_of(known) == errc::duplicate);
  const auto fresh = honest.next();
  CHECK(error_of(fresh) == errc{});
  CHECK(error_of(fresh) == errc::duplicate);
  auto broken = honest.next();
  broken.values[1] = std::numeric_limits<double>::quiet_NaN();
  CHECK(error_of(broken) == errc::non_finite);
  auto now = toy_scope();
  now.software[0].value = "10";
  CHECK(error_of(honest.next(), now) == errc{});
  now.verifier_hardware = "B200";
  CHECK(error_of(honest.next(), now) == errc::calibration_mismatch);
  CHECK(drift.report().runs.runs == 2);
  CHECK(drift.report().decisions == 2);

  profile_drift_settings bad;
  bad.tolerated_rate = 0;
  CHECK(profile_drift::make(toy_profile(honest, 100), bad).error().code == errc::out_of_range);
  bad = {};
  bad.runs.alpha = 2;
  CHECK(profile_drift::make(toy_profile(honest, 100), bad).error().code == errc::out_of_range);
  CHECK(profile_drift::make({}).error().code == errc::empty);
}
