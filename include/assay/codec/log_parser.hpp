// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The parser of server logs: follows a record member by member, keeps what it knows and skips the rest unread.
#ifndef ASSAY_CODEC_LOG_PARSER_HPP
#define ASSAY_CODEC_LOG_PARSER_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <assay/codec/document.hpp>
#include <assay/codec/log_entry.hpp>
#include <assay/codec/log_record.hpp>
#include <assay/codec/log_source.hpp>
#include <assay/codec/logged_sequence.hpp>

#include <nlohmann/json.hpp>

namespace assay::inline v0::codec {

/// How to read a log.
struct log_options {
  log_limits limits{};
  const token_names* names = nullptr;  ///< ids of tokens that a log gives as text
  bool rows = true;                    ///< false: only tokens and settings are kept
};

namespace detail {

/// Takes the events of `log_scanner`. What it knows it collects; every other member is skipped unread.
/// Positions and settings are small trees of their own, so memory does not grow with the document.
class log_parser {
 public:
  log_parser(const log_options& options, log_source& source, const sequence_sink& sink)
      : options_(options), source_(source), sink_(sink), entries_(options.limits, options.names) {}

  /// Why parsing stopped.
  error problem = fail(errc::malformed, "log: not well-formed JSON");

  void begin() {
    stack_.clear();
    records_.clear();
    depth_ = skipping_ = 0;
    capture_.reset();
  }

  /// Whether the next text or key is looked at.
  [[nodiscard]] bool wants_text() const { return skipping_ == 0 && !passes_over(); }
  [[nodiscard]] bool wants_key() const { return skipping_ == 0; }

  bool null() { return scalar(nullptr); }
  bool boolean(bool value) { return scalar(value); }
  bool number_integer(std::int64_t value) { return scalar(value); }
  bool number_unsigned(std::uint64_t value) { return scalar(value); }
  bool number_float(double value, const std::string&) { return scalar(value); }
  bool string(std::string& value) { return skipping_ != 0 ? pass() : scalar(std::move(value)); }
  bool key(std::string& name) {
    source_.mark_event();
    if (skipping_ != 0) return true;
    if (capture_) return captured(capture_->key(name));
    key_ = std::move(name);
    return true;
  }
  bool start_object(std::size_t) { return open(true); }
  bool start_array(std::size_t) { return open(false); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool malformed() {
    if (!source_.problem()) problem = source_.problem().error();
    else if (source_.ended()) refuse(fail(errc::truncated, "log: it ends inside a record"));
    else refuse(fail(errc::malformed, "log: not well-formed JSON"));
    return false;
  }
  bool number_too_large() { return refuse(fail(errc::out_of_range, "log: a number beyond 64-bit floats")); }

 private:
  enum class place : std::uint8_t {
    record, alias, records, choices, choice, logprobs, ids, rows, table, entry, texts, scores, triples, triple
  };

  struct frame {
    place at{};
    std::vector<token_id>* ids = nullptr;
    logged_rows* rows = nullptr;
    row_spelling spelling{};
    bool of_output = false;
  };

  enum class capture_of : std::uint8_t { position, settings, usage };

  bool pass() {
    source_.mark_event();
    return true;
  }
  bool refuse(error e) {
    problem = fail(e.code, e.message, source_.line());
    return false;
  }
  bool accept(const result<void>& outcome) { return outcome ? true : refuse(outcome.error()); }
  bool duplicate() { return refuse(fail(errc::duplicate, "log: a list occurs twice in one record")); }
  bool wrong_type() { return refuse(fail(errc::wrong_type, "log: a member has another type than its name says")); }

  [[nodiscard]] log_record& record() { return records_.back(); }
  [[nodiscard]] bool in_choice() const {
    for (std::size_t i = stack_.size(); i-- > 0;) {
      if (stack_[i].at == place::choice) return true;
      if (stack_[i].at == place::record) return false;
    }
    return false;
  }
  [[nodiscard]] log_choice& choice() { return in_choice() ? record().choices.back() : record().own; }

  /// True at the members of an entry that say nothing of its score.
  [[nodiscard]] bool passes_over() const {
    return !capture_ && !stack_.empty() && stack_.back().at == place::entry && key_ != "logprob";
  }

  // --- Scalars ---------------------------------------------------------------------------------------------------------
  template <class Value>
  bool scalar(Value&& in) {
    source_.mark_event();
    if (skipping_ != 0 || passes_over()) return true;
    nlohmann::json value(std::forward<Value>(in));
    if (capture_) return captured(put(value));
    if (stack_.empty()) return refuse(fail(errc::wrong_type, "log: a record is neither an object nor a list"));
    frame& top = stack_.back();
    switch (top.at) {
      case place::ids: return add_id(value, *top.ids);
      case place::rows: return value.is_null() ? add_row(top) : wrong_type();
      case place::table:
        if (top.spelling == row_spelling::triples) return wrong_type();
        return (entry_key_ = key_, add_entry(value, top));
      case place::entry: return value.is_null() || (scored_ = true, add_entry(value, top));
      case place::texts: return add_text(value);
      case place::scores: return add_score(value);
      case place::triple: return accept(triple_.take(value));
      case place::record:
      case place::alias: return record_member(value);
      case place::choice:
        if (key_ == "index")
          return accept(value_format<std::uint32_t>::decode(value, carrier::json, "log: a choice's index",
                                                            record().choices.back().index));
        return value.is_null() || !is_list(key_) || wrong_type();
      case place::logprobs: return true;
      case place::records:
      case place::choices:
      case place::triples: return value.is_null() || wrong_type();
    }
    return false;
  }

  /// Passes a scalar to the tree that is being built.
  bool put(nlohmann::json& value) {
    if (auto* text = value.get_ptr<std::string*>()) return capture_->string(*text);
    if (value.is_null()) return capture_->null();
    if (value.is_boolean()) return capture_->boolean(value.get<bool>());
    if (value.is_number_unsigned()) return capture_->number_unsigned(value.get<std::uint64_t>());
    if (value.is_number_integer()) return capture_->number_integer(value.get<std::int64_t>());
    return capture_->number_float(value.get<double>());
  }

  [[nodiscard]] static bool is_list(std::string_view key) {
    return key == "prompt_token_ids" || key == "output_token_ids" || key == "token_ids" || key == "prompt_logprobs" ||
           key == "completion_probabilities" || key == "outputs" || key == "choices" || key == "samples" || key == "output_ids" ||
           key == "input_token_logprobs" || key == "input_top_logprobs" || key == "output_token_logprobs" ||
           key == "output_top_logprobs";
  }

  bool record_member(const nlohmann::json& value) {
    if (value.is_null()) return true;
    if (is_list(key_)) return wrong_type();
    if (const auto* text = value.get_ptr<const std::string*>()) {
      const int rank = key_ == "custom_id" ? 3 : key_ == "request_id" ? 2 : key_ == "id" ? 1 : 0;
      if (rank != 0) record().set_name(*text, rank);
    }
    if (key_ == "tokens_evaluated" || key_ == "prompt_tokens") return accept(read_setting(value, "log: the prompt's length", record().prompt_tokens));
    return !value.is_number() || accept(read_setting(key_, value, record().settings));
  }

  bool add_id(const nlohmann::json& value, std::vector<token_id>& ids) {
    if (ids.size() >= options_.limits.tokens) return refuse(fail(errc::too_large, "log: too many tokens"));
    std::uint32_t id = 0;
    if (auto ok = value_format<std::uint32_t>::decode(value, carrier::json, "log: a token id", id); !ok)
      return refuse(ok.error());
    ids.push_back(token_id{id});
    return true;
  }

  bool add_text(const nlohmann::json& value) {
    auto& texts = *choice().texts;
    const auto* text = value.get_ptr<const std::string*>();
    if (text == nullptr) return wrong_type();
    if (texts.size() >= options_.limits.tokens) return refuse(fail(errc::too_large, "log: too many tokens"));
    texts.push_back(id_of_text(*text, options_.names));
    return true;
  }

  bool add_score(const nlohmann::json& value) {
    auto& scores = *choice().scores;
    if (scores.size() >= options_.limits.tokens) return refuse(fail(errc::too_large, "log: too many tokens"));
    if (value.is_null()) return scores.push_back(0), true;
    const auto score = read_score(value);
    if (!score) return refuse(score.error());
    scores.push_back(*score);
    return true;
  }

  /// An item of llama.cpp or of the chat API.
  bool add_position(const nlohmann::json& tree, frame& to) {
    if (auto room = entries_.room_for_row(*to.rows); !room) return refuse(room.error());
    entries_.text_only = false;
    if (auto read = entries_.read(tree, *to.rows); !read) return refuse(read.error());
    if (to.of_output && entries_.text_only) choice().text_only = true;
    return true;
  }

  /// Ends the row whose entries were added.
  bool add_row(frame& to) {
    if (auto room = entries_.room_for_row(*to.rows); !room) return refuse(room.error());
    to.rows->end_row();
    return true;
  }

  /// One entry of a table: "id or text": score.
  bool add_entry(const nlohmann::json& value, frame& to) {
    const auto id = id_of_key(entry_key_, to.spelling, options_.names);
    if (!id) return refuse(id.error());
    const auto score = read_score(value);
    if (!score) return refuse(score.error());
    if (auto room = entries_.room_for(++listed_, 1, *to.rows); !room) return refuse(room.error());
    if (*id) {
      to.rows->add(**id, *score);
      row_ids_.push_back(**id);
    } else if (to.of_output) {
      choice().text_only = true;
    }
    return true;
  }

  /// A scored token that is complete: an entry of a row, or an item of a list of tokens.
  bool add_triple() {
    const frame& top = stack_.back();
    if (triple_.seen < 2) return refuse(fail(errc::missing_field, "log: a scored token names no id"));
    if (stack_[stack_.size() - 2].at == place::table) {
      if (!triple_.score) return refuse(fail(errc::missing_field, "log: a candidate without a score"));
      if (auto room = entries_.room_for(++listed_, 1, *top.rows); !room) return refuse(room.error());
      top.rows->add(triple_.id, *triple_.score);
      row_ids_.push_back(triple_.id);
      return true;
    }
    auto& texts = top.of_output ? *record().own.texts : *record().own.prompt_texts;
    if (texts.size() >= options_.limits.tokens) return refuse(fail(errc::too_large, "log: too many tokens"));
    texts.push_back(triple_.id);
    (top.of_output ? *record().own.scores : *record().own.prompt_scores).push_back(triple_.score.value_or(0.0f));
    return true;
  }

  bool close_table() {
    std::sort(row_ids_.begin(), row_ids_.end());
    if (std::adjacent_find(row_ids_.begin(), row_ids_.end()) != row_ids_.end())
      return refuse(fail(errc::duplicate, "log: a row lists a token twice"));
    return add_row(stack_.back());
  }

  // --- Objects and lists -----------------------------------------------------------------------------------------------
  bool open(bool object) {
    source_.mark_event();
    if (++depth_ > options_.limits.depth) return refuse(fail(errc::too_large, "log: nested too deeply"));
    if (skipping_ != 0) return ++skipping_, true;
    if (capture_) return captured(object ? capture_->start_object(0) : capture_->start_array(0));
    if (stack_.empty()) return object ? open_record(place::record) : push({place::records});
    switch (stack_.back().at) {
      case place::records: return object ? open_record(place::record) : wrong_type();
      case place::choices: return object ? open_choice() : wrong_type();
      case place::rows:
        if (stack_.back().spelling == row_spelling::triples) return object ? wrong_type() : open_table();
        if (!object) return wrong_type();
        return stack_.back().spelling == row_spelling::items ? begin_capture(capture_of::position, object) : open_table();
      case place::table:
        if (stack_.back().spelling == row_spelling::triples) return object ? wrong_type() : open_triple();
        if (!object) return wrong_type();
        entry_key_ = key_;
        scored_ = false;
        return push_like(place::entry);
      case place::entry: return skip();
      case place::triples: return object ? wrong_type() : open_triple();
      case place::triple:
      case place::ids:
      case place::texts:
      case place::scores: return wrong_type();
      case place::record:
      case place::alias: return open_in_record(object);
      case place::choice: return open_in_choice(object);
      case place::logprobs: return open_in_logprobs(object);
    }
    return false;
  }

  bool push(frame f) {
    stack_.push_back(f);
    return true;
  }
  bool push_like(place at) {
    frame inner = stack_.back();
    inner.at = at;
    return push(inner);
  }
  bool skip() { return ++skipping_, true; }
  bool open_triple() {
    triple_ = {};
    return push_like(place::triple);
  }
  /// Tokens and their scores, for the output or the prompt.
  bool open_triples(bool of_output) {
    log_choice& own = record().own;
    auto& texts = of_output ? own.texts : own.prompt_texts;
    if (texts) return duplicate();
    texts.emplace();
    (of_output ? own.scores : own.prompt_scores).emplace();
    return push({place::triples, nullptr, nullptr, row_spelling::triples, of_output});
  }
  bool open_table() {
    listed_ = 0;
    row_ids_.clear();
    return push_like(place::table);
  }

  bool open_record(place at) {
    log_record fresh;
    fresh.line = source_.line();
    if (!records_.empty()) {
      fresh.settings = record().settings;  // a "config" before "samples" holds for all of them
      record().holds_sequences = true;
    }
    records_.push_back(std::move(fresh));
    return push({at});
  }
  bool open_choice() {
    if (record().choices.size() >= options_.limits.choices) return refuse(fail(errc::too_large, "log: too many choices"));
    const auto index = static_cast<std::uint32_t>(record().choices.size());
    record().choices.emplace_back().index = index;
    return push({place::choice});
  }

  bool open_ids(std::optional<std::vector<token_id>>& list, bool object) {
    if (object) return wrong_type();
    if (list) return duplicate();
    return push({place::ids, &list.emplace()});
  }
  bool open_rows(std::optional<logged_rows>& list, row_spelling spelling, bool of_output) {
    if (list) return duplicate();
    if (!options_.rows && spelling != row_spelling::items) return skip();  // items may be all that names the tokens
    return push({place::rows, nullptr, &list.emplace(), spelling, of_output});
  }

  bool open_in_record(bool object) {
    log_choice& own = record().own;
    if (object) {
      if (key_ == "response" || key_ == "body" || key_ == "meta_info") return push({place::alias});
      if (key_ == "config" || key_ == "generation_settings" || key_ == "sampling_params")
        return begin_capture(capture_of::settings, true);
      if (key_ == "usage") return begin_capture(capture_of::usage, true);
      return is_list(key_) ? wrong_type() : skip();
    }
    if (key_ == "prompt_token_ids") return open_ids(own.prompt, object);
    if (key_ == "output_token_ids" || key_ == "token_ids" || key_ == "tokens" || key_ == "output_ids")
      return open_ids(own.output, object);
    if (key_ == "prompt_logprobs") return open_rows(own.prompt_rows, row_spelling::by_id, false);
    if (key_ == "completion_probabilities" || key_ == "probs")
      return open_rows(own.output_rows, row_spelling::items, true);
    if (key_ == "input_token_logprobs" || key_ == "output_token_logprobs")
      return open_triples(key_ == "output_token_logprobs");
    if (key_ == "input_top_logprobs") return open_rows(own.prompt_rows, row_spelling::triples, false);
    if (key_ == "output_top_logprobs") return open_rows(own.output_rows, row_spelling::triples, true);
    if (key_ == "samples") return push({place::records});
    if (key_ == "outputs" || key_ == "choices") return push({place::choices});
    return skip();
  }

  bool open_in_choice(bool object) {
    log_choice& c = record().choices.back();
    if (object) return key_ == "logprobs" ? push({place::logprobs}) : is_list(key_) ? wrong_type() : skip();
    if (key_ == "prompt_token_ids") return open_ids(c.prompt, object);
    if (key_ == "token_ids") return open_ids(c.output, object);
    if (key_ == "prompt_logprobs") return open_rows(c.prompt_rows, row_spelling::by_id, false);
    if (key_ == "logprobs") return open_rows(c.output_rows, row_spelling::by_id, true);
    return skip();
  }

  bool open_in_logprobs(bool object) {
    log_choice& c = choice();
    if (object) return skip();
    if (key_ == "content") return open_rows(c.output_rows, row_spelling::items, true);
    if (key_ == "top_logprobs") return open_rows(c.output_rows, row_spelling::by_text, true);
    if (key_ == "tokens") return c.texts ? duplicate() : (c.texts.emplace(), push({place::texts}));
    if (key_ == "token_logprobs") return c.scores ? duplicate() : (c.scores.emplace(), push({place::scores}));
    return skip();
  }

  bool close() {
    source_.mark_event();
    --depth_;
    if (skipping_ != 0) return --skipping_, true;
    if (capture_) return captured(capture_->end_object());
    const place left = stack_.back().at;
    if (left == place::entry && !scored_) return refuse(fail(errc::missing_field, "log: a candidate without \"logprob\""));
    if (left == place::triple && !add_triple()) return false;
    if (left == place::table && !close_table()) return false;
    stack_.pop_back();
    if (left != place::record) return true;
    log_record done = std::move(record());
    records_.pop_back();
    const auto delivered = done.deliver(sink_, options_.rows);
    if (!delivered) problem = fail(delivered.error().code, delivered.error().message, done.line);
    return static_cast<bool>(delivered);
  }

  // --- Small trees -----------------------------------------------------------------------------------------------------
  bool begin_capture(capture_of what, bool object) {
    // A candidate has some five members, one of them a list of the bytes of its text.
    document_limits limits{std::numeric_limits<std::size_t>::max(), 64 * options_.limits.candidates + 1024,
                           document_limits::deepest};
    capture_what_ = what;
    capture_.emplace(limits);
    return captured(object ? capture_->start_object(0) : capture_->start_array(0));
  }

  /// After each event that the tree took.
  bool captured(bool taken) {
    if (!taken) return refuse(capture_->problem);
    if (!capture_->complete()) return true;
    const nlohmann::json tree = std::move(capture_->root);
    capture_.reset();
    if (capture_what_ == capture_of::position) return add_position(tree, stack_.back());
    const auto* members = tree.get_ptr<const nlohmann::json::object_t*>();
    if (members == nullptr) return wrong_type();
    for (const auto& [name, value] : *members) {
      if (capture_what_ == capture_of::settings && value.is_number())
        if (auto read = read_setting(name, value, record().settings); !read) return refuse(read.error());
      if (capture_what_ == capture_of::usage && name == "prompt_tokens")
        if (auto read = read_setting(value, "log: prompt_tokens", record().prompt_tokens); !read)
          return refuse(read.error());
    }
    if (const auto chain = members->find("samplers"); capture_what_ == capture_of::settings && chain != members->end())
      apply_chain(chain->second, record().settings);
    return true;
  }

  log_options options_;
  log_source& source_;
  const sequence_sink& sink_;
  std::vector<frame> stack_;
  std::vector<log_record> records_;
  entry_reader entries_;
  std::string key_, entry_key_;
  bool scored_ = false;
  std::vector<token_id> row_ids_;
  scored_id triple_;
  std::size_t listed_ = 0;
  std::size_t depth_ = 0, skipping_ = 0;
  std::optional<document_builder> capture_;
  capture_of capture_what_{};
};

}  // namespace detail
}  // namespace assay::inline v0::codec

#endif
