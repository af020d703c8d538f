// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What an inference server's log says about one generated sequence: its tokens, and rows of scores of candidates.
#ifndef ASSAY_CODEC_LOGGED_SEQUENCE_HPP
#define ASSAY_CODEC_LOGGED_SEQUENCE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <assay/core/expects.hpp>
#include <assay/core/ids.hpp>
#include <assay/core/result.hpp>
#include <assay/token/logits.hpp>

namespace assay::inline v0::codec {

/// Bounds on what a log may hold. They apply before anything is allocated for what exceeds them, so that memory is
/// bounded by one record: about 8 bytes per entry of its rows and 4 per token.
struct log_limits {
  std::uint64_t record_bytes = std::uint64_t{1} << 30;  ///< one record: a line of JSON Lines, or a whole document
  std::size_t string_bytes = std::size_t{16} << 20;     ///< one text inside a record
  std::size_t depth = 16;                               ///< nested objects and arrays
  std::size_t tokens = 100'000;                         ///< tokens of a prompt, of an output, and rows of either
  std::size_t candidates = 10'000;                      ///< entries of one row
  std::size_t entries = std::size_t{1} << 24;           ///< entries of all rows of a record
  std::size_t choices = 1024;                           ///< sequences that share a prompt in one record
};

/// Token ids by text, for logs that give text only. One text, one id: ambiguous vocabularies cannot be mapped back.
using token_names = std::map<std::string, token_id, std::less<>>;

/// Sampler settings as far as a log states them; an absent or "random" seed is not stated. `top_k` 0: off.
struct logged_settings {
  std::optional<float> temperature, top_p, min_p;
  std::optional<std::uint32_t> top_k;
  std::optional<std::uint64_t> seed;
};

/// One position: the token that the log names, if any, and the candidates with their scores.
struct logged_position {
  std::optional<token_id> token;
  sparse_logits row;        ///< empty: the log has no row here, as for the first token of a prompt
  bool is_logprob = true;   ///< as `logged_rows::is_logprob`
};

/// Rows one after another, in three flat arrays. The entries of a row are in no particular order.
class logged_rows {
 public:
  [[nodiscard]] std::size_t size() const noexcept { return ends_.size(); }
  [[nodiscard]] bool empty() const noexcept { return ends_.empty(); }
  [[nodiscard]] std::size_t entries() const noexcept { return ids_.size(); }

  /// True: no value is positive, as is true of log-probabilities. False: they are logits. Margins are differences of
  /// values, so both give the same; nothing tells raw log-probabilities from logits that happen to be all negative.
  [[nodiscard]] bool is_logprob() const noexcept { return !positive_; }
  /// True: the log holds probabilities after temperature and filters. They are kept as logarithms, but are no rows to
  /// score against.
  [[nodiscard]] bool post_sampling() const noexcept { return post_sampling_; }

  /// @pre i < size()
  [[nodiscard]] logged_position operator[](std::size_t i) const {
    ASSAY_EXPECTS(i < size());
    const std::size_t first = i == 0 ? 0 : ends_[i - 1], n = ends_[i] - first;
    logged_position out{{}, {std::span(ids_).subspan(first, n), std::span(values_).subspan(first, n)}, is_logprob()};
    if (tokens_[i] != no_token) out.token = token_id{static_cast<std::uint32_t>(tokens_[i])};
    return out;
  }

  /// Adds an entry to the row that `end_row` will close.
  void add(token_id id, float value) {
    ids_.push_back(id);
    values_.push_back(value);
    positive_ = positive_ || value > 0;
  }
  void end_row(std::optional<token_id> token = {}) {
    ends_.push_back(ids_.size());
    tokens_.push_back(token ? std::uint64_t{token->value} : no_token);
  }
  void mark_post_sampling() noexcept { post_sampling_ = true; }

  /// Appends the rows of `other`.
  void append(const logged_rows& other) {
    for (const std::size_t end : other.ends_) ends_.push_back(ids_.size() + end);
    ids_.insert(ids_.end(), other.ids_.begin(), other.ids_.end());
    values_.insert(values_.end(), other.values_.begin(), other.values_.end());
    tokens_.insert(tokens_.end(), other.tokens_.begin(), other.tokens_.end());
    positive_ = positive_ || other.positive_;
    post_sampling_ = post_sampling_ || other.post_sampling_;
  }

  /// The tokens that the log names, if it names all of them.
  [[nodiscard]] std::optional<std::vector<token_id>> tokens() const {
    std::vector<token_id> out;
    for (const std::uint64_t t : tokens_) {
      if (t == no_token) return std::nullopt;
      out.push_back(token_id{static_cast<std::uint32_t>(t)});
    }
    return out;
  }

 private:
  static constexpr std::uint64_t no_token = ~std::uint64_t{0};

  std::vector<token_id> ids_;
  std::vector<float> values_;
  std::vector<std::size_t> ends_;
  std::vector<std::uint64_t> tokens_;
  bool positive_ = false, post_sampling_ = false;
};

/// One sequence of a log. A record with several choices gives one for each.
struct logged_sequence {
  std::string name;            ///< "custom_id", "request_id" or "id" of the record, cut at 256 bytes
  std::uint64_t line = 0;      ///< line on which the record begins, from 1
  std::uint32_t choice = 0;
  std::optional<std::vector<token_id>> prompt, output;
  std::optional<std::uint64_t> prompt_tokens;  ///< length of the prompt, if stated or known
  logged_rows prompt_rows;     ///< row i belongs to token i of the prompt: the model read the tokens before it
  logged_rows output_rows;     ///< row j belongs to token j of the output as the server generated it
  bool text_only = false;      ///< the output's rows name tokens by text that cannot be mapped, and are left out
  logged_settings settings;
};

/// Takes sequences as they are read; an error stops the reading and is passed on.
using sequence_sink = std::function<result<void>(logged_sequence&&)>;

}  // namespace assay::inline v0::codec

#endif
