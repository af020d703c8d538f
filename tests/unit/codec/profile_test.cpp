// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/codec/profile.hpp>

#include <string>

#include "laws.hpp"
#include "support/profiles.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

/// Of several shapes: both guarantees, several sequences per decision, distrusted ones, other types and phases.
calibration_profile any_profile(std::uint64_t number) {
  arbitrary any{number};
  toy_population honest{number};
  profile_settings settings =
      toy_settings_of(any.coin() ? stats::guarantee::tolerance : stats::guarantee::conformal, 0.2 + 0.1 * any.share());
  settings.most_pool_share = 0.25 + 0.75 * any.share();
  if (any.coin()) settings.sequences_per_decision = 2;
  else settings.distrusted = static_cast<std::uint32_t>(any.below(2));
  calibration_profile p = toy_profile(honest, *needed_sequences(settings, 3) + any.below(10) + 10, settings);
  p.scope.model.value = any.digest(), p.scope.tokenizer.value = any.digest();
  p.scope.weight_type = any.coin() ? dtype::f8_e4m3fn : dtype::opaque;
  p.scope.phase = any.coin() ? execution_phase::prefill : execution_phase::decode;
  if (any.coin()) p.scope.settings.clear();
  return p;
}

/// A small one, for laws that try every field.
calibration_profile small_profile() {
  toy_population honest{1};
  profile_settings settings = toy_settings_of(stats::guarantee::conformal, 0.5);
  settings.most_pool_share = 0.5;
  calibration_profile p = toy_profile(honest, 5, settings);
  p.scope.settings.resize(1), p.scope.software.resize(1);
  p.statistics[2].what.rule.cap = 100;  // finite, so that it is written as a number
  return p;
}

errc text_error(const json& tree) { return json_error<calibration_profile>(tree.dump()); }

}  // namespace

TEST_CASE("codec profile: a round trip keeps every bit and the digest", "[codec]") {
  for (std::uint64_t i = 0; i < 30; ++i) {
    const calibration_profile p = any_profile(i);
    CHECK(digest_of(check_round_trip(p)) == digest_of(p));
  }
}

TEST_CASE("codec profile: every field is required, typed and alone", "[codec]") {
  check_laws(small_profile(), {}, {"name", "value", "provider_hardware", "verifier_hardware", "check"});
}

TEST_CASE("codec profile: texts are bounded and printable", "[codec]") {
  const json good = codec::to_json(small_profile());
  const auto error_with = [&](const char* pointer, const std::string& text) {
    json changed = good;
    changed[json::json_pointer{pointer}] = text;
    return text_error(changed);
  };
  for (const char* at : {"/scope/check", "/scope/provider_hardware", "/scope/settings/0/value",
                         "/scope/software/0/name", "/statistics/0/name"}) {
    INFO(at);
    CHECK(error_with(at, "another") == errc{});
    CHECK(error_with(at, "") == errc::empty);
    CHECK(error_with(at, std::string(121, 'x')) == errc::too_large);
    CHECK(error_with(at, std::string(100000, 'x')) == errc::too_large);
    CHECK(error_with(at, "a\nb") == errc::malformed);
    CHECK(error_with(at, "\xc3\xa9") == errc::malformed);
    CHECK(error_with(at, "a ") == errc::malformed);
  }
  CHECK(error_with("/scope/provider_hardware", "*") == errc::unsupported);
  CHECK(error_with("/scope/phase", "training") == errc::unsupported);
  CHECK(error_with("/settings/guarantee", "none") == errc::unsupported);
  CHECK(error_with("/statistics/0/reduction", "median") == errc::unsupported);
}

TEST_CASE("codec profile: hostile numbers and counts are typed errors", "[codec]") {
  const json good = codec::to_json(small_profile());
  const auto error_with = [&](const char* pointer, const json& value) {
    json changed = good;
    changed[json::json_pointer{pointer}] = value;
    return text_error(changed);
  };
  const std::uint64_t huge = std::numeric_limits<std::uint64_t>::max();
  CHECK(error_with("/settings/sequences_per_decision", huge) == errc::out_of_range);
  CHECK(error_with("/settings/sequences_per_decision", 4294967295u) == errc::out_of_range);
  CHECK(error_with("/settings/sequences_per_decision", 65536) == errc::insufficient_data);
  CHECK(error_with("/settings/sequences_per_decision", 0) == errc::out_of_range);
  CHECK(error_with("/settings/distrusted", 4294967295u) == errc::out_of_range);
  CHECK(error_with("/settings/distrusted", 65535) == errc::insufficient_data);
  CHECK(error_with("/settings/most_tokens", 4294967295u) == errc::out_of_range);
  CHECK(error_with("/settings/alpha", 0) == errc::out_of_range);
  CHECK(error_with("/settings/alpha", 1e-300) == errc::out_of_range);
  CHECK(error_with("/settings/alpha", 1e-6) == errc::insufficient_data);
  CHECK(error_with("/settings/alpha", "nan") == errc::non_finite);
  CHECK(error_with("/settings/alpha", "infinity") == errc::out_of_range);
  CHECK(error_with("/settings/confidence", 1) == errc::out_of_range);
  CHECK(error_with("/settings/most_pool_share", -0.5) == errc::out_of_range);
  CHECK(error_with("/cuts", huge) == errc::invalid_settings);
  CHECK(error_with("/pool_tokens", huge) == errc::out_of_range);
  CHECK(error_with("/statistics/0/threshold", "infinity") == errc::invalid_settings);
  CHECK(error_with("/statistics/0/threshold", "nan") == errc::non_finite);
  CHECK(error_with("/statistics/0/values/1", "infinity") == errc::non_finite);
  CHECK(error_with("/statistics/0/values/1", "nan") == errc::non_finite);
  CHECK(error_with("/statistics/0/values/1", -1) == errc::non_finite);
  CHECK(error_with("/statistics/0/cap", 0) == errc::out_of_range);
  CHECK(error_with("/statistics/0/cap", "nan") == errc::non_finite);
  CHECK(error_with("/statistics", json::array()) == errc::empty);
  CHECK(error_with("/statistics", json(std::vector<json>(17, good["statistics"][0]))) == errc::too_large);
  CHECK(error_with("/origins", json::array()) != errc{});
  CHECK(error_with("/origins/1", good["origins"][0]) == errc::duplicate);
  CHECK(error_with("/scope/settings", json(std::vector<json>(2, good["scope"]["settings"][0]))) == errc::duplicate);
  CHECK(error_with("/scope/settings", json(std::vector<json>(65, good["scope"]["settings"][0]))) == errc::too_large);
  json many = good;
  many["origins"] = json(std::vector<json>(std::size_t{1} << 17, good["origins"][0]));
  CHECK(text_error(many) == errc::too_large);
}

TEST_CASE("codec profile: edited evidence no longer fits its thresholds", "[codec]") {
  const json good = codec::to_json(small_profile());
  for (std::size_t s = 0; s < 3; ++s) {
    json changed = good;
    changed["statistics"][s]["threshold"] = 2 * good["statistics"][s]["threshold"].get<double>() + 1;
    CHECK(text_error(changed) == errc::invalid_settings);
    changed = good;
    for (json& v : changed["statistics"][s]["values"]) v = 0;
    CHECK(text_error(changed) == errc::invalid_settings);
  }
}
