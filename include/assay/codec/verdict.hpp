// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// JSON and CBOR of verdicts.
#ifndef ASSAY_CODEC_VERDICT_HPP
#define ASSAY_CODEC_VERDICT_HPP

#include <array>
#include <utility>

#include <assay/codec/object.hpp>
#include <assay/protocol/verdict.hpp>

namespace assay::inline v0::codec {

template <>
struct enum_names<outcome> {
  static constexpr std::array all = detail::with_names(outcome::accept, outcome::reject, outcome::inconclusive);
};

template <>
struct enum_names<audit_level> {
  static constexpr std::array all = {std::pair{audit_level::receipt, "receipt"},
                                     std::pair{audit_level::lm_head, "lm_head"}, std::pair{audit_level::block, "block"},
                                     std::pair{audit_level::model, "model"}};
};

template <>
struct enum_names<reason> {
  static constexpr std::array all = detail::with_names(
      reason::none, reason::malformed_receipt, reason::wrong_run, reason::wrong_request, reason::wrong_output,
      reason::stale_beacon, reason::unacceptable_terms, reason::malformed_openings, reason::wrong_openings,
      reason::bad_opening, reason::non_finite_row, reason::inconsistent_row, reason::token_out_of_range,
      reason::withheld_openings, reason::request_outlier, reason::session_evidence);
};

template <>
struct enum_names<channel> {
  static constexpr std::array all = detail::with_names(channel::head, channel::tokens, channel::states, channel::rows,
                                                           channel::blocks);
};

template <>
struct record<audit_place> {
  static constexpr const char* name = "place";

  template <class Visitor, class Place>
  static void fields(Visitor& visit, Place& place) {
    auto& [at, layer, where] = place;
    visit("place.position", at);
    visit("place.checkpoint", layer);
    visit("place.channel", where);
  }
};

/// The verdict's sentence for people does not travel: a reader has its own text for the reason, a read verdict none.
template <>
struct record<verdict> {
  static constexpr const char* name = "verdict";
  static constexpr document_limits limits{4096, 64};

  template <class Visitor, class Verdict>
  static void fields(Visitor& visit, Verdict& v) {
    auto& [decision, level, why, place, expected, got, p_value, e_value, tokens, opened_bytes, need_tokens, message] =
        v;
    static_cast<void>(message);
    visit("verdict.decision", decision);
    visit("verdict.level", level);
    visit("verdict.reason", why);
    visit("verdict.place", place);
    visit("verdict.expected", expected);
    visit("verdict.got", got);
    visit("verdict.p_value", p_value);
    visit("verdict.e_value", e_value);
    visit("verdict.tokens", tokens);
    visit("verdict.opened_bytes", opened_bytes);
    visit("verdict.need_tokens", need_tokens);
  }

  static result<void> check(const verdict& v) {
    if (!(v.p_value >= 0 && v.p_value <= 1)) return fail(errc::out_of_range, "verdict: the p-value is no probability");
    if (!(v.e_value >= 0)) return fail(errc::out_of_range, "verdict: the e-value is negative");
    if ((v.decision == outcome::reject) != (v.why != reason::none))
      return fail(errc::invalid_settings, "verdict: a reject, and nothing else, has a reason");
    return {};
  }
};

}  // namespace assay::inline v0::codec

#endif
