// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/protocol/profile_scope.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"
#include "support/profiles.hpp"

using namespace assay;
using namespace assay_tests;

TEST_CASE("profile scope: texts are short and printable", "[protocol]") {
  CHECK(profile_text{"H100 80GB, TP 2"}.view() == "H100 80GB, TP 2");
  CHECK(profile_text{}.empty());
  CHECK(*profile_text::make("a") == profile_text{"a"});
  CHECK(profile_text{"a"} < profile_text{"b"});
  CHECK(profile_text{"a"} < profile_text{"aa"});
  CHECK(profile_text::make(std::string(120, 'x')));
  CHECK(profile_text::make(std::string(121, 'x')).error() == fail(errc::too_large, "", 121));
  CHECK(profile_text::make("").error().code == errc::empty);
  using namespace std::string_view_literals;
  for (std::string_view bad : {" a"sv, "a "sv, "a\nb"sv, "a\0b"sv, "\x7f"sv, "\xc3\xa9"sv})
    CHECK(profile_text::make(bad).error().code == errc::malformed);
}

TEST_CASE("profile scope: what contradicts itself or says nothing is refused", "[protocol]") {
  const auto error_after = [](auto change) {
    profile_scope s = toy_scope();
    change(s);
    const auto valid = validate(s);
    return valid ? errc{} : valid.error().code;
  };
  CHECK(error_after([](profile_scope&) {}) == errc{});
  CHECK(error_after([](profile_scope& s) { s.settings.clear(), s.software.clear(); }) == errc{});
  CHECK(error_after([](profile_scope& s) { s.provider_hardware = {}; }) == errc::empty);
  CHECK(error_after([](profile_scope& s) { s.verifier_hardware = {}; }) == errc::empty);
  CHECK(error_after([](profile_scope& s) { s.check = {}; }) == errc::empty);
  CHECK(error_after([](profile_scope& s) { s.provider_hardware = "*"; }) == errc::unsupported);
  CHECK(error_after([](profile_scope& s) { s.verifier_hardware = "H*"; }) == errc::unsupported);
  CHECK(error_after([](profile_scope& s) { s.weight_type = dtype{}; }) == errc::unsupported);
  CHECK(error_after([](profile_scope& s) { s.activation_type = static_cast<dtype>(15); }) == errc::unsupported);
  CHECK(error_after([](profile_scope& s) { s.phase = execution_phase{}; }) == errc::unsupported);
  CHECK(error_after([](profile_scope& s) { std::swap(s.settings[0], s.settings[1]); }) == errc::wrong_order);
  CHECK(error_after([](profile_scope& s) { s.settings[1].name = s.settings[0].name; }) == errc::duplicate);
  CHECK(error_after([](profile_scope& s) { s.software[1].value = {}; }) == errc::empty);
  CHECK(error_after([](profile_scope& s) { s.settings.assign(65, {"a", "b"}); }) == errc::too_large);
}

TEST_CASE("profile scope: a profile speaks for exactly its circumstances", "[protocol]") {
  const profile_scope fitted = toy_scope();
  CHECK(check_scope(fitted, toy_scope()));
  std::vector<std::string> said;
  const auto differs = [&](auto change, software_rule software = software_rule::may_differ) {
    profile_scope now = toy_scope();
    change(now);
    const auto same = check_scope(fitted, now, software);
    REQUIRE_FALSE(same);
    CHECK(same.error().code == errc::calibration_mismatch);
    CHECK_FALSE(check_scope(now, fitted, software));
    said.push_back(same.error().message);
  };
  differs([](profile_scope& s) { s.model.value.bytes[31] = std::byte{1}; });
  differs([](profile_scope& s) { s.tokenizer.value.bytes[31] = std::byte{1}; });
  differs([](profile_scope& s) { s.weight_type = dtype::f8_e4m3fn; });
  differs([](profile_scope& s) { s.activation_type = dtype::f16; });
  differs([](profile_scope& s) { s.phase = execution_phase::prefill; });
  differs([](profile_scope& s) { s.provider_hardware = "A100, TP 4"; });
  differs([](profile_scope& s) { s.verifier_hardware = "A100"; });
  differs([](profile_scope& s) { s.check = "toploc"; });
  differs([](profile_scope& s) { s.settings[0].value = "0.7"; });
  differs([](profile_scope& s) { s.software[0].value = "9.2"; }, software_rule::must_match);
  std::sort(said.begin(), said.end());
  CHECK(std::adjacent_find(said.begin(), said.end()) == said.end());  // each message names its own field
  differs([](profile_scope& s) { s.settings.pop_back(); });
  profile_scope swapped = toy_scope();
  std::swap(swapped.provider_hardware, swapped.verifier_hardware);
  CHECK_FALSE(check_scope(fitted, swapped));
  profile_scope newer = toy_scope();
  newer.software[0].value = "9.2";
  CHECK(check_scope(fitted, newer, software_rule::may_differ));
  CHECK_FALSE(check_scope(fitted, newer));  // strict unless asked
}
