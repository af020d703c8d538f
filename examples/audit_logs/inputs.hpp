// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The files of an audit: the provider's tokens, the verifier's rows, and which row belongs to which token.
#ifndef ASSAY_AUDIT_LOGS_INPUTS_HPP
#define ASSAY_AUDIT_LOGS_INPUTS_HPP

#include <assay/codec/logged_sequence.hpp>
#include <assay/core/result.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace audit_logs {

/// An error and the file it is about.
struct failure {
  std::string file;
  assay::error why;
};

/// One output that a provider vouches for.
struct claim {
  std::string name;
  std::uint64_t line = 0;
  std::uint32_t choice = 0;
  std::optional<std::vector<assay::token_id>> prompt;
  std::optional<std::uint64_t> prompt_tokens;
  std::vector<assay::token_id> output;
  assay::codec::logged_settings settings;
};

struct input_options {
  assay::codec::log_limits limits;
  assay::codec::token_names names;
  bool one_record_per_token = false;
  std::uint64_t most_claims = 1'000'000;
};

/// Rows for the first `count` tokens of a claim: row j is number `first` + j.
struct aligned_rows {
  const assay::codec::logged_rows* rows = nullptr;
  std::size_t first = 0, count = 0;
  std::size_t incomparable = 0;  ///< tokens after a generated reference went another way
};

/// Reads a JSON object {"text": id, ...}.
assay::result<assay::codec::token_names> read_token_names(const std::string& path);

/// Reads every claim: tokens and settings only, so memory is that of the tokens. "-" is standard input.
assay::result<std::vector<claim>> read_claims(const std::string& path, const input_options& options);

/// Called with each claim, its number and its rows.
using pair_sink = std::function<assay::result<void>(std::size_t, const claim&, const aligned_rows&)>;

/// Reads the reference one record at a time and pairs it with the claims, in order.
/// @errors those of `read_log`; length_mismatch (not as many records as claims, rows that do not fit), conflicting (the
/// reference was computed for other tokens), unsupported (probabilities after sampling), insufficient_data (no rows)
assay::result<void> pair_with_reference(const std::vector<claim>& claims, const std::string& path,
                                        const input_options& options, const pair_sink& sink);

}  // namespace audit_logs

#endif
