// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a calibration profile speaks for: model, numerics, machines, phase, check and settings, compared exactly.
#ifndef ASSAY_PROTOCOL_PROFILE_SCOPE_HPP
#define ASSAY_PROTOCOL_PROFILE_SCOPE_HPP

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <assay/core/dtype.hpp>
#include <assay/core/result.hpp>
#include <assay/hash/transcript.hpp>
#include <assay/protocol/run.hpp>

namespace assay::inline v0 {

namespace detail {

/// 1 to 120 printable ASCII characters, no space at either end: what people type and machines compare.
[[nodiscard]] constexpr bool is_profile_text(std::string_view text) noexcept {
  if (text.empty() || text.size() > 120 || text.front() == ' ' || text.back() == ' ') return false;
  for (char c : text)
    if (c < 0x20 || c > 0x7e) return false;
  return true;
}

// Never defined: a call to it in a constant expression is the compiler's error message.
void a_profile_text_must_be_1_to_120_printable_characters();

}  // namespace detail

/// A short text of bounded length, such as "NVIDIA H100 80GB HBM3, TP 2"; empty until set.
class profile_text {
 public:
  static constexpr std::size_t longest = 120;

  constexpr profile_text() = default;
  consteval profile_text(const char* literal) {
    if (!detail::is_profile_text(literal)) detail::a_profile_text_must_be_1_to_120_printable_characters();
    assign(literal);
  }
  /// @errors malformed (a character that is not printable ASCII, a space at an end), empty, too_large
  [[nodiscard]] static result<profile_text> make(std::string_view text) {
    if (text.empty()) return fail(errc::empty, "profile: an empty text");
    if (text.size() > longest) return fail(errc::too_large, "profile: a text of more than 120 characters", text.size());
    if (!detail::is_profile_text(text))
      return fail(errc::malformed, "profile: a text is not printable ASCII, or has a space at an end");
    profile_text made;
    made.assign(text);
    return made;
  }

  [[nodiscard]] constexpr std::string_view view() const noexcept { return {chars_.data(), size_}; }
  [[nodiscard]] constexpr bool empty() const noexcept { return size_ == 0; }

  friend constexpr bool operator==(const profile_text& a, const profile_text& b) noexcept {
    return a.view() == b.view();
  }
  friend constexpr auto operator<=>(const profile_text& a, const profile_text& b) noexcept {
    return a.view() <=> b.view();
  }

 private:
  constexpr void assign(std::string_view text) {
    size_ = static_cast<std::uint8_t>(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) chars_[i] = text[i];
  }

  std::array<char, longest> chars_{};
  std::uint8_t size_ = 0;
};

/// A setting or a version, by name: {"projection", "hadamard"}, {"provider.engine", "vllm 0.10.1"}.
struct named_text {
  profile_text name, value;

  friend bool operator==(const named_text&, const named_text&) = default;
};

/// In which of the provider's phases the checked values arose: the verifier has prefill alone.
enum class execution_phase : std::uint8_t { prefill = 1, decode = 2 };

/// The circumstances of honest runs, and of what is judged by them. No field has a wildcard.
struct profile_scope {
  model_digest model;               ///< the reference weights
  tokenizer_digest tokenizer;
  dtype weight_type = dtype::bf16;
  dtype activation_type = dtype::bf16;
  execution_phase phase = execution_phase::decode;
  profile_text provider_hardware;   ///< device, number, parallelism: whatever changes the order of sums
  profile_text verifier_hardware;
  profile_text check;  ///< which scores: "token-difr", "activation-difr", "toploc", "hidden-states", ...
  std::vector<named_text>
      settings;  ///< of the check and of the sampler, ascending by name: {"k", "16"}, {"temperature", "1"}
  std::vector<named_text> software;  ///< versions on both sides, ascending by name

  static constexpr std::size_t most_texts = 64;  ///< settings, and again software

  friend bool operator==(const profile_scope&, const profile_scope&) = default;
};

/// A scope with a run's model; the rest is for the caller to say.
[[nodiscard]] inline profile_scope scope_of(const run_description& run) {
  profile_scope scope;
  scope.model = run.model.weights, scope.tokenizer = run.model.tokenizer;
  scope.weight_type = run.model.weight_type, scope.activation_type = run.model.activation_type;
  return scope;
}

namespace detail {

[[nodiscard]] inline result<void> validate_texts(const std::vector<named_text>& texts) {
  if (texts.size() > profile_scope::most_texts)
    return fail(errc::too_large, "profile: too many settings or versions", texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (texts[i].name.empty() || texts[i].value.empty())
      return fail(errc::empty, "profile: a setting or version is empty", i);
    if (i > 0 && texts[i].name == texts[i - 1].name)
      return fail(errc::duplicate, "profile: a setting or version is named twice", i);
    if (i > 0 && texts[i].name < texts[i - 1].name)
      return fail(errc::wrong_order, "profile: settings and versions must ascend by name", i);
  }
  return {};
}

inline void absorb_texts(transcript& t, std::string_view label, const std::vector<named_text>& texts) {
  t.u64(label, texts.size());
  for (const named_text& each : texts) t.text("name", each.name.view()).text("value", each.value.view());
}

inline void absorb_scope(transcript& t, const profile_scope& s) {
  t.digest("model", s.model.value).digest("tokenizer", s.tokenizer.value);
  t.u64("weight-type", static_cast<std::uint64_t>(s.weight_type))
      .u64("activation-type", static_cast<std::uint64_t>(s.activation_type));
  t.u64("phase", static_cast<std::uint64_t>(s.phase));
  t.text("provider-hardware", s.provider_hardware.view()).text("verifier-hardware", s.verifier_hardware.view());
  t.text("check", s.check.view());
  absorb_texts(t, "settings", s.settings);
  absorb_texts(t, "software", s.software);
}

}  // namespace detail

/// @errors empty, duplicate, wrong_order, too_large, unsupported (an enumerator, or '*' in a hardware name: there are
/// no         wildcards, and a name that looks like one would match nothing)
[[nodiscard]] inline result<void> validate(const profile_scope& scope) {
  const auto known = [](dtype t) { return t >= dtype::f32 && t <= dtype::opaque; };
  if (!known(scope.weight_type) || !known(scope.activation_type))
    return fail(errc::unsupported, "profile: unknown element type");
  if (scope.phase != execution_phase::prefill && scope.phase != execution_phase::decode)
    return fail(errc::unsupported, "profile: unknown phase", static_cast<std::uint64_t>(scope.phase));
  for (const profile_text* each : {&scope.provider_hardware, &scope.verifier_hardware, &scope.check})
    if (each->empty()) return fail(errc::empty, "profile: both machines and the check must be named");
  for (const profile_text* each : {&scope.provider_hardware, &scope.verifier_hardware})
    if (each->view().find('*') != std::string_view::npos)
      return fail(errc::unsupported, "profile: hardware has no wildcards");
  if (auto valid = detail::validate_texts(scope.settings); !valid) return valid;
  return detail::validate_texts(scope.software);
}

/// Whether other software than that of the fit is still judged. New versions may change honest noise: run a drift check
/// before `may_differ`.
enum class software_rule : std::uint8_t { must_match, may_differ };

/// Whether what was fitted in one scope speaks for another. @errors calibration_mismatch; the message says which field
[[nodiscard]] inline result<void> check_scope(const profile_scope& fitted, const profile_scope& now,
                                              software_rule software = software_rule::must_match) {
  const auto other = [](const char* what) { return fail(errc::calibration_mismatch, what); };
  if (fitted.model != now.model) return other("profile: fitted on another model");
  if (fitted.tokenizer != now.tokenizer) return other("profile: fitted on another tokenizer");
  if (fitted.weight_type != now.weight_type) return other("profile: fitted on another type of weights");
  if (fitted.activation_type != now.activation_type) return other("profile: fitted on another type of activations");
  if (fitted.phase != now.phase) return other("profile: fitted on another phase");
  if (fitted.provider_hardware != now.provider_hardware)
    return other("profile: fitted on other hardware of the provider");
  if (fitted.verifier_hardware != now.verifier_hardware)
    return other("profile: fitted on other hardware of the verifier");
  if (fitted.check != now.check) return other("profile: fitted for another check");
  if (fitted.settings != now.settings) return other("profile: fitted with other settings");
  if (software == software_rule::must_match && fitted.software != now.software)
    return other("profile: fitted on other software");
  return {};
}

}  // namespace assay::inline v0

#endif
