// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a request asks to be done to logits before they are filtered: biases, forbidden and allowed tokens, penalties.
#ifndef ASSAY_TOKEN_PROCESSOR_SETTINGS_HPP
#define ASSAY_TOKEN_PROCESSOR_SETTINGS_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <assay/core/fp.hpp>
#include <assay/core/ids.hpp>
#include <assay/core/result.hpp>

namespace assay::inline v0 {

/// One kind of processing. Numbers are stable.
enum class processor_step : std::uint8_t {
  allowed = 1,     ///< all but the listed tokens become impossible
  bad_words = 2,   ///< a token that would complete a listed sequence of generated tokens becomes impossible
  min_tokens = 3,  ///< stop tokens are impossible until so many tokens are generated
  bias = 4,        ///< l + bias
  penalties = 5,   ///< repetition, frequency, presence
};

/// The order of an engine's steps; each occurs once. llama.cpp has only biases and penalties: the others do nothing
/// there.
using processor_order = std::array<processor_step, 5>;
inline constexpr processor_order vllm_processor_order{processor_step::allowed, processor_step::bad_words,
                                                      processor_step::min_tokens, processor_step::bias,
                                                      processor_step::penalties};

/// Whose definition of the penalties. All operations are float32, one rounding each.
enum class penalty_style : std::uint8_t {
  /// For tokens of the prompt or the output: l / repetition if l > 0, else l * repetition. For generated tokens, that
  /// occur n times: l - frequency * n, and then - presence. As vLLM's CUDA kernel; its PyTorch path multiplies by 1 /
  /// repetition, which can differ in the last bit.
  vllm = 1,
  /// For the tokens among the last `window` ones, of prompt and output alike, that occur n times there: l / repetition
  /// if l > 0, else l * repetition; then l - (n * frequency + presence). A build of llama.cpp that fuses the product
  /// with the sum can differ in the last bit.
  llama_cpp = 2,
};

struct penalty_settings {
  penalty_style style = penalty_style::vllm;
  float repetition = 1;  ///< 1: off
  float frequency = 0;  ///< 0: off
  float presence = 0;  ///< 0: off
  std::uint32_t window = 64;  ///< llama_cpp only; 0: penalties off

  [[nodiscard]] constexpr bool active() const noexcept {
    return (repetition != 1 || frequency != 0 || presence != 0) && (style == penalty_style::vllm || window != 0);
  }
  friend bool operator==(const penalty_settings&, const penalty_settings&) noexcept = default;
};

struct token_bias {
  token_id id;
  float bias = 0;  ///< -infinity forbids the token
  friend bool operator==(const token_bias&, const token_bias&) noexcept = default;
};

/// All processing of a request. The default does nothing.
struct processor_settings {
  std::vector<token_id> allowed;  ///< empty: all
  std::vector<std::vector<token_id>> bad_words;  ///< sequences of one token or more
  std::uint32_t min_tokens = 0;
  std::vector<token_id> stop_ids;  ///< end of sequence and stop tokens
  std::vector<token_bias> bias;
  penalty_settings penalties;
  processor_order order = vllm_processor_order;

  friend bool operator==(const processor_settings&, const processor_settings&) noexcept = default;
};

/// Longest accepted lists, in tokens; and the longest penalty window.
inline constexpr std::size_t largest_processor_list = std::size_t{1} << 20;

namespace detail {
[[nodiscard]] inline result<void> check_ids(const std::vector<token_id>& ids, std::uint32_t vocabulary) {
  if (ids.size() > largest_processor_list) return fail(errc::too_large, "a list of tokens is too long", ids.size());
  for (token_id id : ids)
    if (id.value >= vocabulary)
      return fail(errc::token_out_of_range, "a processor names a token outside the vocabulary", id.value);
  return {};
}

[[nodiscard]] inline result<void> check_penalties(const penalty_settings& p) {
  if (p.style != penalty_style::vllm && p.style != penalty_style::llama_cpp)
    return fail(errc::unsupported, "an unknown style of penalties");
  if (!fp::is_finite(p.repetition) || !(p.repetition > 0))
    return fail(errc::invalid_settings, "the repetition penalty is not positive");
  if (!fp::is_finite(p.frequency) || !fp::is_finite(p.presence))
    return fail(errc::invalid_settings, "a penalty is not finite");
  if (p.window > largest_processor_list) return fail(errc::too_large, "the window of penalties is too long", p.window);
  return {};
}

[[nodiscard]] inline result<void> check_bias(const std::vector<token_bias>& bias, std::uint32_t vocabulary) {
  if (bias.size() > largest_processor_list) return fail(errc::too_large, "too many biases", bias.size());
  std::vector<token_id> ids;
  for (const token_bias& b : bias) {
    if (fp::is_nan(b.bias) || b.bias > std::numeric_limits<float>::max())
      return fail(errc::invalid_settings, "a bias is NaN or +infinity", b.id.value);
    ids.push_back(b.id);
  }
  if (auto known = check_ids(ids, vocabulary); !known) return known;
  std::sort(ids.begin(), ids.end());
  const auto twice = std::adjacent_find(ids.begin(), ids.end());
  if (twice != ids.end()) return fail(errc::duplicate, "a token has two biases", twice->value);
  return {};
}
}  // namespace detail

/// Checks settings against a vocabulary.
/// @errors invalid_settings, token_out_of_range (`where`: the id), duplicate (biases, steps), empty (a bad word),
/// too_large, unsupported (an unknown step or style)
[[nodiscard]] inline result<void> validate(const processor_settings& s, std::uint32_t vocabulary) {
  for (const auto* ids : {&s.allowed, &s.stop_ids})
    if (auto known = detail::check_ids(*ids, vocabulary); !known) return known;
  std::size_t words = 0;
  for (const auto& word : s.bad_words) {
    if (word.empty()) return fail(errc::empty, "a bad word without tokens");
    words += word.size();
    if (words > largest_processor_list) return fail(errc::too_large, "too many bad words");
    if (auto known = detail::check_ids(word, vocabulary); !known) return known;
  }
  if (auto bias = detail::check_bias(s.bias, vocabulary); !bias) return bias;
  unsigned seen = 0;
  for (const processor_step step : s.order) {
    const auto number = static_cast<unsigned>(step);
    if (number < 1 || number > 5) return fail(errc::unsupported, "an unknown step of processing", number);
    if ((seen >> number & 1) != 0) return fail(errc::duplicate, "a step of processing occurs twice", number);
    seen |= 1u << number;
  }
  return detail::check_penalties(s.penalties);
}

}  // namespace assay::inline v0

#endif
