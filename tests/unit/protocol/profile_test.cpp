// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/protocol/profile.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include "support/catch.hpp"
#include "support/profiles.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

constexpr double infinite = std::numeric_limits<double>::infinity(),
                 not_a_number = std::numeric_limits<double>::quiet_NaN();

errc error_after(const calibration_profile& fitted, auto change) {
  calibration_profile p = fitted;
  change(p);
  const auto valid = validate(p);
  return valid ? errc{} : valid.error().code;
}

}  // namespace

TEST_CASE("profile: scores of any check become one number per statistic", "[protocol]") {
  // Exponent mismatches and mantissa errors of a chunk, and the paper's P_m, which is good when large: each one number
  // already.
  const std::vector<profile_statistic> statistics{
      {"exponent-mismatches", {}}, {"mantissa-mean", {stats::reduction::mean, 1000}}, {"1 - P_m", {}}};
  const std::vector<double> mismatches{3}, mantissa{infinite}, match{1 - 0.93};
  const std::vector<std::span<const double>> scores{mismatches, mantissa, match};
  const auto made = measure(statistics, {}, 32, scores);
  REQUIRE(made);
  CHECK(made->values == std::vector<double>{3, 1000, 1 - 0.93});
  CHECK(made->tokens == 32);
  CHECK(measure(statistics, {}, 32, std::span{scores}.first(2)).error().code == errc::length_mismatch);
  const std::vector<double> negative{-1};
  CHECK(measure(statistics, {}, 32, std::vector<std::span<const double>>{negative, mantissa, match}).error().code ==
        errc::out_of_range);
  CHECK(measure(statistics, {}, 32, std::vector<std::span<const double>>{{}, mantissa, match}).error().code ==
        errc::insufficient_data);
}

TEST_CASE("profile: origins are prompts", "[protocol]") {
  const std::vector<token_id> a{token_id{1}, token_id{2}}, b{token_id{2}, token_id{1}}, c{token_id{1}};
  const std::set<origin_digest> all{derive_origin(a), derive_origin(b), derive_origin(c), derive_origin({})};
  CHECK(all.size() == 4);
  CHECK(derive_origin(a) == derive_origin(std::vector<token_id>{token_id{1}, token_id{2}}));
}

TEST_CASE("profile: settings that promise nothing are refused", "[protocol]") {
  const auto refused = [](auto change) {
    profile_settings s = toy_settings_of();
    change(s);
    const auto valid = validate(s);
    return valid ? errc{} : valid.error().code;
  };
  CHECK(refused([](profile_settings&) {}) == errc{});
  CHECK(refused([](profile_settings& s) { s.bound.alpha = 0; }) == errc::out_of_range);
  CHECK(refused([](profile_settings& s) { s.bound.kind = stats::guarantee{}; }) == errc::unsupported);
  CHECK(refused([](profile_settings& s) { s.least_tokens = 0; }) == errc::out_of_range);
  CHECK(refused([](profile_settings& s) { s.least_tokens = 51; }) == errc::out_of_range);
  CHECK(refused([](profile_settings& s) { s.most_tokens = run_limits::tokens + 1; }) == errc::out_of_range);
  CHECK(refused([](profile_settings& s) { s.sequences_per_decision = 0; }) == errc::out_of_range);
  CHECK(refused([](profile_settings& s) { s.sequences_per_decision = 1u << 31; }) == errc::out_of_range);
  CHECK(refused([](profile_settings& s) { s.distrusted = 3; }) == errc{});
  CHECK(refused([](profile_settings& s) { s.distrusted = 1u << 31; }) == errc::out_of_range);
  CHECK(refused([](profile_settings& s) { s.distrusted = 3, s.sequences_per_decision = 2; }) == errc::invalid_settings);
  for (double share : {0.0, 1.01, not_a_number})
    CHECK(refused([&](profile_settings& s) { s.most_pool_share = share; }) == errc::out_of_range);
}

TEST_CASE("profile: what does not follow from the honest values is refused", "[protocol]") {
  toy_population honest{1};
  const calibration_profile fitted = toy_profile(honest, 120);
  CHECK(error_after(fitted, [](auto&) {}) == errc{});
  using p = calibration_profile&;
  CHECK(error_after(fitted, [](p c) { c.statistics[1].threshold *= 1.0000001; }) == errc::invalid_settings);
  CHECK(error_after(fitted, [](p c) { c.statistics[1].threshold = infinite; }) == errc::invalid_settings);
  CHECK(error_after(fitted, [](p c) { c.statistics[2].threshold = not_a_number; }) == errc::invalid_settings);
  CHECK(error_after(fitted, [](p c) { c.cuts += 1; }) == errc::invalid_settings);
  CHECK(error_after(fitted, [](p c) { c.cuts = 2; }) == errc::invalid_settings);
  CHECK(error_after(fitted, [](p c) { c.cuts = std::numeric_limits<std::uint64_t>::max(); }) == errc::invalid_settings);
  CHECK(error_after(fitted, [](p c) { c.settings.bound.alpha = 0.04; }) ==
        errc::invalid_settings);  // thresholds of another alpha
  CHECK(error_after(fitted, [](p c) { c.settings.bound.alpha = 0.01; }) == errc::insufficient_data);
  CHECK(error_after(fitted, [](p c) { c.settings.sequences_per_decision = 3; }) == errc::insufficient_data);
  CHECK(error_after(fitted, [](p c) { c.settings.distrusted = 200; }) == errc::insufficient_data);
  CHECK(error_after(fitted, [](p c) { c.pool_tokens = 0; }) == errc::out_of_range);
  CHECK(error_after(fitted, [](p c) { c.pool_tokens = std::numeric_limits<std::uint64_t>::max(); }) ==
        errc::out_of_range);
  CHECK(error_after(fitted, [](p c) { std::swap(c.origins[3], c.origins[4]); }) == errc::wrong_order);
  CHECK(error_after(fitted, [](p c) { c.origins[3] = c.origins[4]; }) == errc::duplicate);
  CHECK(error_after(fitted, [](p c) { c.origins.pop_back(); }) != errc{});
  CHECK(error_after(fitted, [](p c) { c.origins.clear(); }) != errc{});
  CHECK(error_after(fitted, [](p c) { c.statistics.clear(); }) == errc::empty);
  CHECK(error_after(fitted, [](p c) { c.statistics.assign(17, c.statistics[0]); }) == errc::too_large);
  CHECK(error_after(fitted, [](p c) { c.statistics[1].what.name = c.statistics[0].what.name; }) == errc::duplicate);
  CHECK(error_after(fitted, [](p c) { c.statistics[1].what.name = {}; }) == errc::empty);
  CHECK(error_after(fitted, [](p c) { c.statistics[1].what.rule.cap = -1; }) == errc::out_of_range);
  CHECK(error_after(fitted, [](p c) { c.statistics[1].values.pop_back(); }) == errc::length_mismatch);
  for (double bad : {-1.0, infinite, not_a_number})
    CHECK(error_after(fitted, [&](p c) { c.statistics[1].values[5] = bad; }) == errc::non_finite);
  CHECK(error_after(fitted, [](p c) { c.scope.check = {}; }) == errc::empty);
  // The largest honest value defines a threshold; changing it without the threshold shows.
  CHECK(error_after(fitted, [](p c) {
          *std::max_element(c.statistics[0].values.begin(), c.statistics[0].values.end()) = 0;
        }) == errc::invalid_settings);
}

TEST_CASE("profile: every field is in the digest", "[protocol]") {
  toy_population honest{2};
  const calibration_profile fitted = toy_profile(honest, 120);
  std::set<profile_digest> digests{digest_of(fitted)};
  std::size_t changes = 1;
  const auto changed = [&](auto change) {
    calibration_profile p = fitted;
    change(p);
    digests.insert(digest_of(p));
    CHECK(digests.size() == ++changes);
  };
  using p = calibration_profile&;
  changed([](p c) { c.scope.model.value.bytes[5] = std::byte{1}; });
  changed([](p c) { c.scope.tokenizer.value.bytes[5] = std::byte{1}; });
  changed([](p c) { c.scope.weight_type = dtype::f32; });
  changed([](p c) { c.scope.activation_type = dtype::f32; });
  changed([](p c) { c.scope.phase = execution_phase::prefill; });
  changed([](p c) { c.scope.provider_hardware = "x"; });
  changed([](p c) { c.scope.verifier_hardware = "x"; });
  changed([](p c) { c.scope.check = "x"; });
  changed([](p c) { c.scope.settings[0].value = "x"; });
  changed([](p c) { c.scope.settings[0].name = "x"; });
  changed([](p c) { c.scope.software[0].value = "x"; });
  changed([](p c) { c.scope.software.push_back(c.scope.settings.back()), c.scope.settings.pop_back(); });
  changed([](p c) { c.settings.bound.kind = stats::guarantee::tolerance; });
  changed([](p c) { c.settings.bound.alpha = 0.06; });
  changed([](p c) { c.settings.bound.confidence = 0.91; });
  changed([](p c) { c.settings.least_tokens++; });
  changed([](p c) { c.settings.most_tokens++; });
  changed([](p c) { c.settings.sequences_per_decision++; });
  changed([](p c) { c.settings.distrusted++; });
  changed([](p c) { c.settings.most_pool_share = 0.2; });
  changed([](p c) { c.pool_tokens++; });
  changed([](p c) { c.cuts++; });
  changed([](p c) { c.origins[7].value.bytes[0] ^= std::byte{1}; });
  changed([](p c) { c.statistics[0].what.name = "x"; });
  changed([](p c) { c.statistics[0].what.rule.by = stats::reduction::largest; });
  changed([](p c) { c.statistics[0].what.rule.cap = 6; });
  changed([](p c) { c.statistics[2].what.rule.limit = 0.5; });
  changed([](p c) { c.statistics[0].threshold = 6; });
  changed([](p c) { c.statistics[0].values[3] += 1e-9; });
  changed([](p c) { c.statistics.pop_back(); });
  CHECK(digest_of(fitted) == *digests.find(digest_of(fitted)));
}
