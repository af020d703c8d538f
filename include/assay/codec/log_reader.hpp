// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads the logs of inference servers: vLLM, OpenAI's API, llama.cpp, the DiFR repository; one document or many lines.
#ifndef ASSAY_CODEC_LOG_READER_HPP
#define ASSAY_CODEC_LOG_READER_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

#include <assay/codec/log_parser.hpp>
#include <assay/codec/log_scanner.hpp>
#include <assay/codec/log_source.hpp>
#include <assay/codec/logged_sequence.hpp>

namespace assay::inline v0::codec {

/// Reads records one after another and hands on their sequences: JSON Lines, one document, or documents in a row.
///
/// A record is an object, or a list of them, in any of these forms, recognised by the names of its members:
/// - vLLM (0.6 to 0.20), `RequestOutput` as JSON: "prompt_token_ids", "prompt_logprobs", "outputs"[]{"token_ids", "logprobs"}
/// - vLLM's server: "choices"[]{"prompt_logprobs", "prompt_token_ids", "token_ids" (with return_token_ids), "logprobs"};
///   chat puts the prompt's members beside "choices"
/// - OpenAI's completions: "logprobs"{"tokens", "token_logprobs", "top_logprobs"}; chat: "logprobs"{"content"[]}
/// - llama.cpp's server, /completion with n_probs: "completion_probabilities"[]{"id", "logprob", "top_logprobs"}, since
///   December 2024; before: {"content", "probs"}; and its chat responses, whose "content"[] has ids
/// - SGLang's /generate: "output_ids", and in "meta_info" lists of [score, id, text]: "input_token_logprobs",
///   "input_top_logprobs", "output_token_logprobs", "output_top_logprobs"
/// - the DiFR repository: {"config", "samples"[]} with "output_token_ids" or "outputs"[]{"token_ids"}, or one sample a line
/// - a line of an OpenAI batch output, as vLLM's run-batch writes it: the response in "response"{"body"}
///
/// Texts stand for tokens only as vLLM's "token_id:N" or through `log_options::names`; otherwise the rows of an output
/// are left out (`text_only`), and it is an error if no tokens are left. Rows after an echoed prompt count as `prompt_rows`
/// if the record has the prompt's ids. Memory: one record's rows, whatever the length of the log.
/// @return the number of sequences
/// @errors `where` is a line, from 1: malformed, truncated, too_large, wrong_type, missing_field, duplicate, out_of_range,
/// length_mismatch, unsupported (text only); those of `bytes` and `sink`, as they are
/// Complexity: linear; no recursion.
[[nodiscard]] inline result<std::uint64_t> read_log(const log_bytes& bytes, const sequence_sink& sink,
                                                    const log_options& options = {}, const log_progress& progress = {}) {
  std::uint64_t count = 0;
  const sequence_sink counted = [&](logged_sequence&& sequence) {
    ++count;
    return sink(std::move(sequence));
  };
  detail::log_source source{bytes, options.limits, progress};
  detail::log_parser parser{options, source, counted};
  detail::log_scanner scanner{source, parser};
  if (!scanner.skip_byte_order_mark()) return parser.problem;
  while (source.next_record()) {
    parser.begin();
    if (!scanner.read_value()) return parser.problem;
  }
  if (!source.problem()) return source.problem().error();
  return count;
}

/// Reads a log that is in memory.
[[nodiscard]] inline result<std::uint64_t> read_log(std::string_view text, const sequence_sink& sink,
                                                    const log_options& options = {}) {
  const log_bytes bytes = [&text](std::span<char> out) -> result<std::size_t> {
    const std::size_t n = std::min(out.size(), text.size());
    if (n != 0) std::memcpy(out.data(), text.data(), n);
    text.remove_prefix(n);
    return n;
  };
  return read_log(bytes, sink, options);
}

}  // namespace assay::inline v0::codec

#endif
