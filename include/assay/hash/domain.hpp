// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The registry of hash domains: two different uses of a hash can never produce the same input.
#ifndef ASSAY_HASH_DOMAIN_HPP
#define ASSAY_HASH_DOMAIN_HPP

#include <array>
#include <cstddef>
#include <string_view>

#include <assay/core/config.hpp>

namespace assay::inline v0 {

namespace detail {

/// Lower-case words joined by '-' and '/', after the prefix "assay/v0/"; at most 48 characters.
[[nodiscard]] constexpr bool is_domain_name(std::string_view name) noexcept {
  constexpr std::string_view prefix = "assay/v0/";
  if (!name.starts_with(prefix) || name.size() == prefix.size() || name.size() > 48) return false;
  for (char c : name)
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '/')) return false;
  return true;
}

// Never defined: a call to it in a constant expression is the compiler's error message.
void a_hash_domain_must_be_named_assay_v0_and_lower_case_words();

[[nodiscard]] consteval std::string_view checked_domain_name(std::string_view name) {
  if (!is_domain_name(name)) a_hash_domain_must_be_named_assay_v0_and_lower_case_words();
  return name;
}

}  // namespace detail

/// A use of a hash, spelled out. Only literals make one, and their spelling is checked when compiling.
struct domain {
  std::string_view name;

  consteval explicit domain(std::string_view literal) : name(detail::checked_domain_name(literal)) {}
};

/// All domains of the library. A name is never given a second meaning; a new format gets a new name.
namespace domains {
inline constexpr domain run{"assay/v0/run"};
inline constexpr domain request{"assay/v0/request"};
inline constexpr domain output{"assay/v0/output"};
inline constexpr domain receipt{"assay/v0/receipt"};
inline constexpr domain challenge{"assay/v0/challenge"};
inline constexpr domain seed{"assay/v0/seed"};
inline constexpr domain stream{"assay/v0/stream"};
inline constexpr domain noise{"assay/v0/noise"};
inline constexpr domain model{"assay/v0/model"};
inline constexpr domain tokenizer{"assay/v0/tokenizer"};
inline constexpr domain committed_rows{"assay/v0/committed-rows"};
inline constexpr domain tree_context{"assay/v0/tree-context"};
inline constexpr domain tree_node{"assay/v0/tree-node"};
inline constexpr domain tree_root{"assay/v0/tree-root"};
inline constexpr domain tree_opening{"assay/v0/tree-opening"};

inline constexpr domain srs{"assay/v0/srs"};
inline constexpr domain ceremony{"assay/v0/ceremony"};
inline constexpr domain scheme_parameters{"assay/v0/scheme-parameters"};
inline constexpr domain pairing_batch{"assay/v0/pairing-batch"};
inline constexpr domain multiproof{"assay/v0/multiproof"};
inline constexpr domain recheck{"assay/v0/recheck"};
inline constexpr domain session_turn{"assay/v0/session-turn"};
inline constexpr domain session_entry{"assay/v0/session-entry"};
inline constexpr domain session_log{"assay/v0/session-log"};
inline constexpr domain late_promise{"assay/v0/late-promise"};
inline constexpr domain late_reveal{"assay/v0/late-reveal"};
inline constexpr domain late_sketches{"assay/v0/late-sketches"};
inline constexpr domain late_check{"assay/v0/late-check"};
inline constexpr domain ledger{"assay/v0/ledger"};
inline constexpr domain ledger_entry{"assay/v0/ledger-entry"};
inline constexpr domain calibration_profile{"assay/v0/calibration-profile"};
inline constexpr domain calibration_origin{"assay/v0/calibration-origin"};

inline constexpr std::array all = {run, request, output, receipt, challenge, seed, stream, noise, model, tokenizer,
                                   committed_rows, tree_context, tree_node, tree_root, tree_opening, srs, ceremony,
                                   scheme_parameters, pairing_batch, multiproof, recheck, session_turn, session_entry, session_log, ledger, ledger_entry,
                                   calibration_profile, calibration_origin,
                                   late_promise, late_reveal, late_sketches, late_check};
}  // namespace domains

namespace detail {
[[nodiscard]] consteval bool domains_are_distinct() {
  for (std::size_t i = 0; i < domains::all.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (domains::all[i].name == domains::all[j].name) return false;
  return true;
}
}  // namespace detail

static_assert(detail::domains_are_distinct(), "two hash domains share a name");

}  // namespace assay::inline v0

#endif
