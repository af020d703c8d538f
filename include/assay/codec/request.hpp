// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// JSON and CBOR of requests and of lists of tokens.
#ifndef ASSAY_CODEC_REQUEST_HPP
#define ASSAY_CODEC_REQUEST_HPP

#include <vector>

#include <assay/codec/object.hpp>
#include <assay/protocol/request.hpp>

namespace assay::inline v0::codec {

/// Tokens that travel alone: the answer that a receipt is about.
struct token_list {
  std::vector<token_id> tokens;

  friend bool operator==(const token_list&, const token_list&) = default;
};

namespace detail {
// A million tokens by default, so that a hostile document costs some 150 MB at most; run_limits::tokens needs larger
// limits.
inline constexpr document_limits token_limits{std::size_t{16} << 20, (std::size_t{1} << 20) + 64};
}  // namespace detail

template <>
struct record<token_list> {
  static constexpr const char* name = "tokens";
  static constexpr document_limits limits = detail::token_limits;

  template <class Visitor, class List>
  static void fields(Visitor& visit, List& list) {
    auto& [tokens] = list;
    visit("tokens.tokens", tokens);
  }

  static result<void> check(const token_list& list) {
    if (list.tokens.size() > run_limits::tokens) return fail(errc::too_large, "tokens: too many", list.tokens.size());
    return {};
  }
};

/// Checked without the run: `validate(run, request)` also knows the vocabulary.
template <>
struct record<request> {
  static constexpr const char* name = "request";
  static constexpr document_limits limits = detail::token_limits;

  template <class Visitor, class Request>
  static void fields(Visitor& visit, Request& asked) {
    auto& [id, nonce, prompt, max_output] = asked;
    visit("request.id", id);
    visit("request.nonce", nonce);
    visit("request.prompt", prompt);
    visit("request.max_output", max_output);
  }

  static result<void> check(const request& asked) {
    if (asked.prompt.empty()) return fail(errc::empty, "request: the prompt has no token");
    if (asked.prompt.size() > run_limits::tokens || asked.max_output > run_limits::tokens - asked.prompt.size())
      return fail(errc::out_of_range, "request: too many tokens", asked.prompt.size());
    if (asked.max_output == 0) return fail(errc::out_of_range, "request: no output token is asked for");
    return {};
  }
};

}  // namespace assay::inline v0::codec

#endif
