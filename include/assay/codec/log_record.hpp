// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Collects what one record of a log says, choice by choice, and hands it on as sequences.
#ifndef ASSAY_CODEC_LOG_RECORD_HPP
#define ASSAY_CODEC_LOG_RECORD_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <assay/codec/log_entry.hpp>
#include <assay/codec/logged_sequence.hpp>

#include <nlohmann/json.hpp>

namespace assay::inline v0::codec::detail {

/// The lists of one choice, or of the record itself. Each is read at most once.
struct log_choice {
  std::uint32_t index = 0;
  std::optional<std::vector<token_id>> prompt, output;
  std::optional<logged_rows> prompt_rows, output_rows;
  // Of the completions API and of SGLang, whose tokens and their scores come in lists beside the candidates.
  std::optional<std::vector<std::optional<token_id>>> texts, prompt_texts;
  std::optional<std::vector<float>> scores, prompt_scores;
  bool text_only = false;
};

/// Reads a number into an optional setting. Negative counts and seeds mean "off" and "random".
template <class T>
result<void> read_setting(const nlohmann::json& in, const char* message, std::optional<T>& out) {
  if (in.is_null()) return {};
  if (!in.is_number()) return fail(errc::wrong_type, message);
  if constexpr (std::is_floating_point_v<T>) {
    const double value = in.get<double>();
    if (!(value >= 0 && value <= 1e6)) return fail(errc::out_of_range, message);
    out = static_cast<T>(value);
    return {};
  } else {
    if (!in.is_number_integer()) return fail(errc::wrong_type, message);
    if (!in.is_number_unsigned() && in.get<std::int64_t>() < 0) {
      if (sizeof(T) == 4) out = T{0};
      return {};
    }
    const auto value = in.get<std::uint64_t>();
    if (value > std::numeric_limits<T>::max()) return fail(errc::out_of_range, message);
    out = static_cast<T>(value);
    return {};
  }
}

/// One member of an object that states settings; other members say nothing here.
inline result<void> read_setting(const std::string& key, const nlohmann::json& in, logged_settings& settings) {
  if (key == "temperature") return read_setting(in, "log: the temperature", settings.temperature);
  if (key == "top_p") return read_setting(in, "log: top-p", settings.top_p);
  if (key == "min_p") return read_setting(in, "log: min-p", settings.min_p);
  if (key == "top_k") return read_setting(in, "log: top-k", settings.top_k);
  if (key == "seed") return read_setting(in, "log: the seed", settings.seed);
  return {};
}

/// llama.cpp states the values of all samplers, also of those that its chain leaves out: these do nothing.
inline void apply_chain(const nlohmann::json& chain, logged_settings& settings) {
  const auto* names = chain.get_ptr<const nlohmann::json::array_t*>();
  if (names == nullptr) return;
  const auto has = [&](const char* name) { return std::find(names->begin(), names->end(), name) != names->end(); };
  if (!has("top_k")) settings.top_k = 0;
  if (!has("top_p")) settings.top_p = 1.0f;
  if (!has("min_p")) settings.min_p = 0.0f;
  if (!has("temperature")) settings.temperature = 1.0f;
}

/// A record under construction.
struct log_record {
  std::string name;
  int name_rank = 0;  ///< custom_id outranks request_id outranks id
  std::uint64_t line = 0;
  std::optional<std::uint64_t> prompt_tokens;
  logged_settings settings;
  log_choice own;
  std::vector<log_choice> choices;
  bool holds_sequences = false;  ///< its "samples" were handed on

  void set_name(const std::string& text, int rank) {
    if (rank <= name_rank) return;
    name_rank = rank;
    name = text.substr(0, 256);
  }

  /// Hands on the sequences. @errors missing_field (no tokens, no rows), unsupported (text only), length_mismatch
  /// Without `rows` only tokens and settings go on.
  result<void> deliver(const sequence_sink& sink, bool rows) {
    if (choices.empty() && holds_sequences) return {};
    if (choices.empty()) choices.emplace_back();
    for (std::size_t i = 0; i < choices.size(); ++i) {
      const bool last = i + 1 == choices.size();
      auto sequence = make_sequence(choices[i], last);
      if (!sequence) return sequence.error();
      if (!rows) sequence->prompt_rows = sequence->output_rows = {};
      if (auto taken = sink(std::move(*sequence)); !taken) return taken;
    }
    return {};
  }

 private:
  /// What the choice says, else what the record says for all of them.
  template <class T>
  [[nodiscard]] static std::optional<T> pick(std::optional<T>& mine, std::optional<T>& shared, bool last) {
    if (mine) return std::move(mine);
    return last ? std::move(shared) : shared;
  }

  result<logged_sequence> make_sequence(log_choice& c, bool last) {
    const bool counted = c.output.has_value();
    const std::size_t generated = counted ? c.output->size() : 0;
    if (auto done = finish_lists(c); !done) return done.error();
    if (auto done = finish_lists(own); !done) return done.error();
    logged_sequence out;
    out.name = name;
    out.line = line;
    out.choice = c.index;
    out.settings = settings;
    out.prompt = pick(c.prompt, own.prompt, last);
    out.output = pick(c.output, own.output, last);
    out.prompt_rows = pick(c.prompt_rows, own.prompt_rows, last).value_or(logged_rows{});
    out.output_rows = pick(c.output_rows, own.output_rows, last).value_or(logged_rows{});
    out.text_only = c.text_only || own.text_only;
    out.prompt_tokens = out.prompt ? std::optional<std::uint64_t>(out.prompt->size()) : prompt_tokens;
    if (counted && is_echo(out, generated)) out.prompt_rows = std::exchange(out.output_rows, {});
    if (!out.output && !out.output_rows.empty()) out.output = out.output_rows.tokens();
    if (out.output && !out.output_rows.empty() && out.output->size() != out.output_rows.size())
      return fail(errc::length_mismatch, "log: the tokens and the rows of an output differ in number");
    if (out.text_only && !out.output && out.prompt_rows.empty()) return fail(errc::unsupported, text_only_message);
    if (!out.output && out.output_rows.empty() && out.prompt_rows.empty())
      return fail(errc::missing_field, "log: a record without tokens and without rows");
    return out;
  }

  /// True if the rows of the output begin with those of the prompt (completions API, "echo": true).
  /// @param generated the number of generated tokens, as the record lists them
  static bool is_echo(const logged_sequence& s, std::size_t generated) {
    return s.prompt && !s.output_rows.empty() && s.prompt_rows.empty() &&
           s.output_rows.size() == s.prompt->size() + generated;
  }

  /// Joins lists of tokens and scores with rows, and drops rows whose tokens cannot be told.
  static result<void> finish_lists(log_choice& c) {
    if (auto done = join(c.texts, c.scores, c.output_rows, c.output, c.text_only); !done) return done;
    bool unnamed = false;  // SGLang gives ids
    if (auto done = join(c.prompt_texts, c.prompt_scores, c.prompt_rows, c.prompt, unnamed); !done) return done;
    if (c.text_only) c.output_rows.reset();
    if (c.output && c.output->empty()) c.output.reset();  // llama.cpp's "tokens" without return_tokens
    return {};
  }

  using named = std::vector<std::optional<token_id>>;

  static result<void> join(std::optional<named>& texts, const std::optional<std::vector<float>>& scores,
                           std::optional<logged_rows>& rows, std::optional<std::vector<token_id>>& tokens,
                           bool& text_only) {
    if (!texts) return {};
    std::vector<token_id> ids;
    for (const auto& id : *texts) {
      if (id) ids.push_back(*id);
      else text_only = true;
    }
    if (rows && !text_only)
      if (auto merged = merge_own(ids, scores, *rows); !merged) return merged;
    if (!tokens && ids.size() == texts->size()) tokens = std::move(ids);
    texts.reset();
    return {};
  }

  /// Puts each position's own token into its row, if the candidates leave it out.
  static result<void> merge_own(const std::vector<token_id>& ids, const std::optional<std::vector<float>>& scores,
                                logged_rows& rows) {
    if (!scores || scores->size() != ids.size() || rows.size() != ids.size())
      return fail(errc::length_mismatch, "log: tokens, token_logprobs and top_logprobs differ in number");
    logged_rows merged;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const logged_position at = rows[i];
      bool listed = at.row.ids.empty();  // null: the first token of a prompt
      for (std::size_t k = 0; k < at.row.ids.size(); ++k) {
        merged.add(at.row.ids[k], at.row.values[k]);
        listed = listed || at.row.ids[k] == ids[i];
      }
      if (!listed) merged.add(ids[i], (*scores)[i]);
      merged.end_row(ids[i]);
    }
    rows = std::move(merged);
    return {};
  }
};

}  // namespace assay::inline v0::codec::detail

#endif
