// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// JSON and CBOR of calibration profiles: fitted once, kept, exchanged, read with every check.
#ifndef ASSAY_CODEC_PROFILE_HPP
#define ASSAY_CODEC_PROFILE_HPP

#include <array>
#include <cstddef>
#include <string>
#include <utility>

#include <assay/codec/object.hpp>
#include <assay/codec/run.hpp>
#include <assay/protocol/profile.hpp>

namespace assay::inline v0::codec {

/// Text of a profile. @errors wrong_type, empty, too_large, malformed
template <>
struct value_format<profile_text> {
  static nlohmann::json encode(const profile_text& text, carrier) { return std::string{text.view()}; }
  static result<void> decode(const nlohmann::json& in, carrier, const char* path, profile_text& out) {
    const auto* text = in.get_ptr<const std::string*>();
    if (text == nullptr) return fail(errc::wrong_type, path);
    const auto made = profile_text::make(*text);
    if (!made) return fail(made.error().code, path, made.error().where);
    out = *made;
    return {};
  }
};

template <>
struct enum_names<execution_phase> {
  static constexpr std::array all = {std::pair{execution_phase::prefill, "prefill"},
                                     std::pair{execution_phase::decode, "decode"}};
};

template <>
struct enum_names<stats::reduction> {
  static constexpr std::array all = {std::pair{stats::reduction::mean, "mean"},
                                     std::pair{stats::reduction::largest, "largest"},
                                     std::pair{stats::reduction::share_beyond, "share_beyond"}};
};

template <>
struct enum_names<stats::guarantee> {
  static constexpr std::array all = {std::pair{stats::guarantee::conformal, "conformal"},
                                     std::pair{stats::guarantee::tolerance, "tolerance"}};
};

template <>
struct record<named_text> {
  static constexpr const char* name = "text";

  template <class Visitor, class Text>
  static void fields(Visitor& visit, Text& text) {
    auto& [key, value] = text;
    visit("text.name", key);
    visit("text.value", value);
  }
};

template <>
struct record<profile_scope> {
  static constexpr const char* name = "scope";

  template <class Visitor, class Scope>
  static void fields(Visitor& visit, Scope& scope) {
    auto& [model, tokenizer, weight_type, activation_type, phase, provider_hardware, verifier_hardware, check, settings,
           software] = scope;
    visit("scope.model", model);
    visit("scope.tokenizer", tokenizer);
    visit("scope.weight_type", weight_type);
    visit("scope.activation_type", activation_type);
    visit("scope.phase", phase);
    visit("scope.provider_hardware", provider_hardware);
    visit("scope.verifier_hardware", verifier_hardware);
    visit("scope.check", check);
    visit("scope.settings", settings);
    visit("scope.software", software);
  }
};

/// The bound lies flat among the other settings.
template <>
struct record<profile_settings> {
  static constexpr const char* name = "settings";

  template <class Visitor, class Settings>
  static void fields(Visitor& visit, Settings& settings) {
    auto& [bound, least_tokens, most_tokens, sequences_per_decision, distrusted, most_pool_share] = settings;
    auto& [kind, alpha, confidence] = bound;
    visit("settings.guarantee", kind);
    visit("settings.alpha", alpha);
    visit("settings.confidence", confidence);
    visit("settings.least_tokens", least_tokens);
    visit("settings.most_tokens", most_tokens);
    visit("settings.sequences_per_decision", sequences_per_decision);
    visit("settings.distrusted", distrusted);
    visit("settings.most_pool_share", most_pool_share);
  }
};

/// Name and rule lie flat beside threshold and values.
template <>
struct record<fitted_statistic> {
  static constexpr const char* name = "statistic";

  template <class Visitor, class Statistic>
  static void fields(Visitor& visit, Statistic& fitted) {
    auto& [what, threshold, values] = fitted;
    auto& [title, rule] = what;
    auto& [by, cap, limit] = rule;
    visit("statistic.name", title);
    visit("statistic.reduction", by);
    visit("statistic.cap", cap);
    visit("statistic.limit", limit);
    visit("statistic.threshold", threshold);
    visit("statistic.values", values);
  }
};

/// Read with the same checks that a decision relies on: thresholds must follow from the values. Where the values came
/// from is for the owner to know.
template <>
struct record<calibration_profile> {
  static constexpr const char* name = "profile";
  static constexpr document_limits limits{std::size_t{16} << 20,
                                          profile_limits::values + profile_limits::sequences + 1024};

  template <class Visitor, class Profile>
  static void fields(Visitor& visit, Profile& profile) {
    auto& [scope, settings, pool_tokens, cuts, origins, statistics] = profile;
    visit("profile.scope", scope);
    visit("profile.settings", settings);
    visit("profile.pool_tokens", pool_tokens);
    visit("profile.cuts", cuts);
    visit("profile.origins", origins);
    visit("profile.statistics", statistics);
  }

  static result<void> check(const calibration_profile& profile) { return validate(profile); }
};

}  // namespace assay::inline v0::codec

#endif
