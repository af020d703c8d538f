// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// JSON and CBOR of ledgers: what a third party replays.
#ifndef ASSAY_CODEC_LEDGER_HPP
#define ASSAY_CODEC_LEDGER_HPP

#include <array>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <assay/codec/object.hpp>
#include <assay/codec/verdict.hpp>
#include <assay/protocol/ledger_entry.hpp>

namespace assay::inline v0::codec {

template <>
struct enum_names<stats::spending> {
  static constexpr std::array all = {std::pair{stats::spending::inverse_square, "inverse_square"},
                                     std::pair{stats::spending::telescoping, "telescoping"},
                                     std::pair{stats::spending::geometric, "geometric"}};
};

template <>
struct value_format<check_name> {
  // Text that is no name may not be text at all, which JSON cannot carry.
  static nlohmann::json encode(const check_name& name, carrier) {
    return assay::detail::is_check_name(name.text) ? name.text : std::string{};
  }
  static result<void> decode(const nlohmann::json& in, carrier, const char* path, check_name& out) {
    const auto* text = in.get_ptr<const std::string*>();
    if (text == nullptr) return fail(errc::wrong_type, path);
    if (text->size() > ledger_limits::name) return fail(errc::too_large, path, text->size());
    out.text = *text;
    return {};
  }
};

template <>
struct record<ledger_check> {
  static constexpr const char* name = "check";

  template <class Visitor, class Check>
  static void fields(Visitor& visit, Check& check) {
    auto& [named, honest_mean, cheat_mean, weight, bets] = check;
    visit("check.name", named);
    visit("check.honest_mean", honest_mean);
    visit("check.cheat_mean", cheat_mean);
    visit("check.weight", weight);
    visit("check.bets", bets);
  }
};

template <>
struct record<ledger_terms> {
  static constexpr const char* name = "ledger_terms";
  static constexpr document_limits limits{std::size_t{1} << 18, std::size_t{1} << 13};

  template <class Visitor, class Terms>
  static void fields(Visitor& visit, Terms& terms) {
    auto& [alpha, beta, spending, ratio, calibration, checks] = terms;
    visit("ledger_terms.alpha", alpha);
    visit("ledger_terms.beta", beta);
    visit("ledger_terms.spending", spending);
    visit("ledger_terms.ratio", ratio);
    visit("ledger_terms.calibration", calibration);
    visit("ledger_terms.checks", checks);
  }

  static result<void> check(const ledger_terms& terms) { return validate(terms); }
};

/// The scores of one request, by column: two lists of one length.
template <>
struct record<std::vector<ledger_score>> {
  static constexpr const char* name = "scores";

  template <class Visitor, class Scores>
  static void fields(Visitor& visit, Scores& scores) {
    std::size_t columns = 0;
    visit.column("scores.check", scores, &ledger_score::check, columns);
    visit.column("scores.score", scores, &ledger_score::score, columns);
  }
};

template <>
struct record<ledger_entry> {
  static constexpr const char* name = "entry";

  template <class Visitor, class Entry>
  static void fields(Visitor& visit, Entry& entry) {
    auto& [provider, session, request, receipt, breach, tokens, opened_bytes, scores] = entry;
    visit("entry.provider", provider);
    visit("entry.session", session);
    visit("entry.request", request);
    visit("entry.receipt", receipt);
    visit("entry.breach", breach);
    visit("entry.tokens", tokens);
    visit("entry.opened_bytes", opened_bytes);
    visit("entry.scores", scores);
  }
};

/// What each field alone can say is checked here; the chain, and that no request is entered twice, by `ledger::replay`.
template <>
struct record<ledger_record> {
  static constexpr const char* name = "ledger";
  static constexpr document_limits limits{std::size_t{64} << 20, std::size_t{1} << 21};

  template <class Visitor, class Ledger>
  static void fields(Visitor& visit, Ledger& kept) {
    auto& [terms, entries, head] = kept;
    visit("ledger.terms", terms);
    visit("ledger.entries", entries);
    visit("ledger.head", head);
  }

  static result<void> check(const ledger_record& kept) {
    if (auto valid = validate(kept.terms); !valid) return valid.error();
    for (std::size_t i = 0; i < kept.entries.size(); ++i)
      if (auto valid = validate(kept.entries[i], kept.terms); !valid)
        return fail(valid.error().code, valid.error().message, i);
    return {};
  }
};

}  // namespace assay::inline v0::codec

#endif
