// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Byte-level BPE from a Hugging Face tokenizer.json with GPT-2's pre-tokenisation.
#ifndef REFERENCE_ENGINE_TOKENIZER_HPP
#define REFERENCE_ENGINE_TOKENIZER_HPP

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <assay/core/bytes.hpp>
#include <assay/core/ids.hpp>
#include <assay/core/result.hpp>
#include <assay/hash/digest.hpp>

namespace reference {

/// Text to tokens and back. Encoding equals Hugging Face's for ASCII text; bytes above 127 count as letters when text is
/// split into words, so other scripts round-trip, but may be split otherwise than there. Usable from several threads.
class tokenizer {
 public:
  /// @errors malformed, missing_field, wrong_type, unsupported (another kind of tokenizer), too_large, out_of_range
  static assay::result<tokenizer> parse(assay::byte_view json);
  /// @errors io_failure, those of parse
  static assay::result<tokenizer> load(const std::filesystem::path&);

  /// Spells of special tokens in `text` become those tokens, as in Hugging Face: escape them in foreign prompts.
  [[nodiscard]] std::vector<assay::token_id> encode(std::string_view text) const;
  /// Bytes of the tokens, one after the other; unknown ids and special tokens contribute nothing.
  [[nodiscard]] std::string decode(std::span<const assay::token_id> tokens) const;

  [[nodiscard]] std::uint32_t vocabulary() const noexcept { return static_cast<std::uint32_t>(spelling_.size()); }
  /// SHA-256 of the file, in the library's tokenizer domain.
  [[nodiscard]] const assay::digest& digest() const noexcept { return digest_; }

 private:
  struct merge {
    std::uint32_t rank, result;
  };
  struct special {
    std::string text;
    std::uint32_t id;
  };

  void encode_word(std::string_view word, std::vector<assay::token_id>& out) const;
  void encode_plain(std::string_view text, std::vector<assay::token_id>& out) const;

  std::vector<std::string> spelling_;  // bytes of each token; empty for special ones
  std::vector<std::uint32_t> byte_token_;  // the token of each single byte
  std::unordered_map<std::uint64_t, merge> merges_;  // (left << 32 | right)
  std::vector<special> specials_;
  assay::digest digest_;
};

/// The length of the first word of `text` under GPT-2's rule:
/// 's|'t|'re|'ve|'m|'ll|'d| ?letters| ?digits| ?others|\s+(?!\S)|\s+. @pre !text.empty()
[[nodiscard]] std::size_t first_word(std::string_view text);

}  // namespace reference

#endif
