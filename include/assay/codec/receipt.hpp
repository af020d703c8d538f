// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// JSON and CBOR of receipts.
#ifndef ASSAY_CODEC_RECEIPT_HPP
#define ASSAY_CODEC_RECEIPT_HPP

#include <array>
#include <utility>

#include <assay/codec/object.hpp>
#include <assay/protocol/receipt.hpp>

namespace assay::inline v0::codec {

template <>
struct enum_names<challenge_source> {
  static constexpr std::array all = {std::pair{challenge_source::interactive, "interactive"},
                                     std::pair{challenge_source::beacon, "beacon"}};
};

template <>
struct record<challenge_terms> {
  static constexpr const char* name = "terms";

  template <class Visitor, class Terms>
  static void fields(Visitor& visit, Terms& terms) {
    auto& [source, retention_seconds, beacon, round] = terms;
    visit("terms.source", source);
    visit("terms.retention_seconds", retention_seconds);
    visit("terms.beacon", beacon);
    visit("terms.round", round);
  }
};

/// At most 448 bytes of CBOR. The root of block rows is null if there is no such tree. An interactive receipt carries its zero beacon too, so that nothing is implied.
template <>
struct record<receipt> {
  static constexpr const char* name = "receipt";
  static constexpr document_limits limits{4096, 64};

  template <class Visitor, class Receipt>
  static void fields(Visitor& visit, Receipt& left) {
    auto& [run, asked, prompt_tokens, output_tokens, output, states, final_rows, block_rows, terms] = left;
    bool present = has_block_rows(left);
    visit("receipt.run", run);
    visit("receipt.request", asked);
    visit("receipt.prompt_tokens", prompt_tokens);
    visit("receipt.output_tokens", output_tokens);
    visit("receipt.output", output);
    visit("receipt.states", states);
    visit("receipt.final_rows", final_rows);
    visit.optional("receipt.block_rows", present, block_rows);
    visit("receipt.terms", terms);
  }

  static result<void> check(const receipt& left) { return validate(left); }
};

}  // namespace assay::inline v0::codec

#endif
