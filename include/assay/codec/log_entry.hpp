// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One position of a server's log, in the spellings of vLLM, OpenAI's API and llama.cpp, into a row of candidates.
#ifndef ASSAY_CODEC_LOG_ENTRY_HPP
#define ASSAY_CODEC_LOG_ENTRY_HPP

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include <assay/codec/logged_sequence.hpp>
#include <assay/codec/value.hpp>

#include <nlohmann/json.hpp>

namespace assay::inline v0::codec::detail {

/// How the rows of a list are spelt.
enum class row_spelling : std::uint8_t {
  by_id,    ///< vLLM: {"<token id>": {"logprob": x, "rank": r, "decoded_token": s}}
  by_text,  ///< completions API: {"<token text, or token_id:N>": x}
  triples,  ///< SGLang: [[x, token id, text or null], ...]
  items,    ///< chat API and llama.cpp: {"id"?: n, "token": s, "logprob": x, "top_logprobs": [...]} and its variants
};

/// A token whose id cannot be had from what the log says.
inline constexpr const char* text_only_message =
    "log: tokens are given as text only; ask the server for token ids, or give a map from text to ids";

/// Decimal digits into an id. @errors out_of_range, malformed
[[nodiscard]] inline result<token_id> id_of_digits(std::string_view digits) {
  std::uint32_t id = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), id);
  if (problem == std::errc::result_out_of_range) return fail(errc::out_of_range, "log: a token id beyond 32 bits");
  if (problem != std::errc{} || end != digits.data() + digits.size())
    return fail(errc::malformed, "log: a token id is not a decimal number");
  return token_id{id};
}

/// The id of a token given by text: vLLM's "token_id:N", or a mapped text; nothing if it cannot be told.
[[nodiscard]] inline std::optional<token_id> id_of_text(std::string_view text, const token_names* names) {
  constexpr std::string_view placeholder = "token_id:";
  if (text.starts_with(placeholder))
    if (const auto id = id_of_digits(text.substr(placeholder.size()))) return *id;
  if (names == nullptr) return std::nullopt;
  const auto found = names->find(text);
  return found == names->end() ? std::nullopt : std::optional(found->second);
}

/// A score. Servers write -9999 (vLLM) or the lowest float (llama.cpp) for a logarithm of zero, as JSON has no infinity.
/// @errors wrong_type, out_of_range
[[nodiscard]] inline result<float> read_score(const nlohmann::json& in) {
  if (!in.is_number()) return fail(errc::wrong_type, "log: a score is not a number");
  const double value = in.get<double>();
  if (value <= -9999.0) return -std::numeric_limits<float>::infinity();
  if (!(value <= static_cast<double>(std::numeric_limits<float>::max())))
    return fail(errc::out_of_range, "log: a score beyond 32-bit floats");
  return static_cast<float>(value);
}

/// A probability, as its logarithm. @errors wrong_type, out_of_range
[[nodiscard]] inline result<float> read_probability(const nlohmann::json& in) {
  if (!in.is_number()) return fail(errc::wrong_type, "log: a probability is not a number");
  const double value = in.get<double>();
  if (!(value >= 0 && value <= 1.0001)) return fail(errc::out_of_range, "log: a probability is not in [0, 1]");
  return value > 0 ? static_cast<float>(std::min(0.0, std::log(value))) : -std::numeric_limits<float>::infinity();
}

/// The id that a key of a table stands for; nothing if it is a text that cannot be told. @errors as `id_of_digits`
[[nodiscard]] inline result<std::optional<token_id>> id_of_key(std::string_view key, row_spelling spelling,
                                                               const token_names* names) {
  if (spelling == row_spelling::by_text) return id_of_text(key, names);
  const auto id = id_of_digits(key);
  if (!id) return id.error();
  return std::optional(*id);
}

/// SGLang's [score or null, token id, text or null], member by member.
struct scored_id {
  std::size_t seen = 0;
  std::optional<float> score;
  token_id id{};

  /// @errors wrong_type, out_of_range
  result<void> take(const nlohmann::json& member) {
    switch (seen++) {
      case 0: {
        if (member.is_null()) return {};
        const auto value = read_score(member);
        if (!value) return value.error();
        score = *value;
        return {};
      }
      case 1: return value_format<std::uint32_t>::decode(member, carrier::json, "log: a token id", id.value);
      case 2: return {};
      default: return fail(errc::wrong_type, "log: a scored token has more than three members");
    }
  }
};

/// Reads items into rows.
class entry_reader {
 public:
  entry_reader(const log_limits& limits, const token_names* names) : limits_(limits), names_(names) {}

  /// Set once a token could not be told from its text: the rows are of no use then.
  bool text_only = false;

  /// Appends one row. @pre `room_for_row` @errors wrong_type, missing_field, out_of_range, too_large
  result<void> read(const nlohmann::json& in, logged_rows& rows) {
    const auto* object = in.get_ptr<const nlohmann::json::object_t*>();
    if (object == nullptr) return fail(errc::wrong_type, "log: a row is not an object");
    return read_item(*object, rows);
  }

  /// Checks that one row more is allowed.
  [[nodiscard]] result<void> room_for_row(const logged_rows& rows) const {
    if (rows.size() >= limits_.tokens) return fail(errc::too_large, "log: too many rows", rows.size());
    return {};
  }
  /// Checks that so many entries more are allowed, in one row of `n`.
  [[nodiscard]] result<void> room_for(std::size_t n, std::size_t more, const logged_rows& rows) const {
    if (n > limits_.candidates) return fail(errc::too_large, "log: too many candidates in a row", n);
    if (more > limits_.entries - std::min(limits_.entries, rows.entries()))
      return fail(errc::too_large, "log: too many candidates in a record", rows.entries());
    return {};
  }

 private:
  using object_t = nlohmann::json::object_t;

  [[nodiscard]] static const nlohmann::json* find(const object_t& object, const char* key) {
    const auto found = object.find(key);
    return found == object.end() || found->second.is_null() ? nullptr : &found->second;
  }

  struct candidate {
    std::optional<token_id> id;
    std::optional<float> value;
  };

  /// "id" and "logprob", or what stands for them: llama.cpp's "prob", and "tok_str" of servers before December 2024.
  result<candidate> read_candidate(const object_t& object, logged_rows& rows) const {
    candidate out;
    if (const auto* id = find(object, "id")) {
      std::uint32_t number = 0;
      if (auto ok = value_format<std::uint32_t>::decode(*id, carrier::json, "log: a token id", number); !ok)
        return ok.error();
      out.id = token_id{number};
    } else {
      const nlohmann::json* text = find(object, "token");
      if (text == nullptr) text = find(object, "tok_str");
      if (text == nullptr) text = find(object, "content");
      const auto* string = text == nullptr ? nullptr : text->get_ptr<const std::string*>();
      if (string == nullptr) return fail(errc::missing_field, "log: a candidate names no token");
      out.id = id_of_text(*string, names_);
    }
    const nlohmann::json* logprob = find(object, "logprob");
    const nlohmann::json* prob = logprob != nullptr ? nullptr : find(object, "prob");
    if (prob != nullptr) rows.mark_post_sampling();
    if (logprob == nullptr && prob == nullptr) return out;
    const auto value = logprob != nullptr ? read_score(*logprob) : read_probability(*prob);
    if (!value) return value.error();
    out.value = *value;
    return out;
  }

  result<void> read_item(const object_t& object, logged_rows& rows) {
    const auto own = read_candidate(object, rows);
    if (!own) return own.error();
    text_only = text_only || !own->id;
    const nlohmann::json* top = find(object, "top_logprobs");
    if (top == nullptr) top = find(object, "top_probs");
    if (top == nullptr) top = find(object, "probs");
    bool listed = false;
    if (top != nullptr) {
      const auto* list = top->get_ptr<const nlohmann::json::array_t*>();
      if (list == nullptr) return fail(errc::wrong_type, "log: the candidates are not a list");
      if (auto room = room_for(list->size(), list->size() + 1, rows); !room) return room;
      for (const auto& each : *list) {
        const auto* entry = each.get_ptr<const object_t*>();
        if (entry == nullptr) return fail(errc::wrong_type, "log: a candidate is not an object");
        const auto read = read_candidate(*entry, rows);
        if (!read) return read.error();
        if (!read->value) return fail(errc::missing_field, "log: a candidate without a score");
        text_only = text_only || !read->id;
        if (read->id) rows.add(*read->id, *read->value);
        listed = listed || (own->id && read->id == own->id);
      }
    }
    if (own->id && own->value && !listed) rows.add(*own->id, *own->value);
    rows.end_row(own->id);
    return {};
  }

  log_limits limits_;
  const token_names* names_;
};

}  // namespace assay::inline v0::codec::detail

#endif
