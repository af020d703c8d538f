// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Logit processors: what an engine does to logits, as a function of the tokens so far, before it filters and samples.
#ifndef ASSAY_TOKEN_PROCESSORS_HPP
#define ASSAY_TOKEN_PROCESSORS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <assay/core/fp.hpp>
#include <assay/core/ids.hpp>
#include <assay/core/result.hpp>
#include <assay/token/logits.hpp>
#include <assay/token/processor_settings.hpp>

namespace assay::inline v0 {

/// Settings that were checked against a vocabulary.
class logit_processors {
 public:
  /// @errors as `validate`
  [[nodiscard]] static result<logit_processors> make(processor_settings settings, std::uint32_t vocabulary) {
    if (auto valid = validate(settings, vocabulary); !valid) return valid.error();
    std::sort(settings.allowed.begin(), settings.allowed.end());
    std::size_t longest = 1;
    for (const auto& word : settings.bad_words) longest = std::max(longest, word.size());
    return logit_processors{std::move(settings), vocabulary, longest - 1};
  }
  [[nodiscard]] const processor_settings& settings() const noexcept { return settings_; }
  [[nodiscard]] std::uint32_t vocabulary() const noexcept { return vocabulary_; }
  /// How many generated tokens bad words look back.
  [[nodiscard]] std::size_t lookback() const noexcept { return lookback_; }

 private:
  logit_processors(processor_settings settings, std::uint32_t vocabulary, std::size_t lookback)
      : settings_(std::move(settings)), vocabulary_(vocabulary), lookback_(lookback) {}

  processor_settings settings_;
  std::uint32_t vocabulary_;
  std::size_t lookback_;
};

namespace detail {

/// How often a sequence used a token.
struct token_usage {
  std::uint32_t id;
  std::uint32_t count;  ///< generated (vLLM), or in the window (llama.cpp)
};

/// Entries of a sparse row by id.
class sparse_index {
 public:
  void build(std::span<const token_id> ids) {
    order_.resize(ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i) order_[i] = std::uint64_t{ids[i].value} << 32 | i;
    std::sort(order_.begin(), order_.end());
  }
  /// The number of entries, if there is none.
  [[nodiscard]] std::size_t find(std::uint32_t id) const noexcept {
    const auto at = std::lower_bound(order_.begin(), order_.end(), std::uint64_t{id} << 32);
    return at != order_.end() && *at >> 32 == id ? static_cast<std::uint32_t>(*at) : order_.size();
  }

 private:
  std::vector<std::uint64_t> order_;
};

}  // namespace detail

/// One sequence under its request's processors: takes tokens as they come, and rows before each of them.
/// Memory: a row, what penalties and bad words look back to, and a counter for each different token.
class processor_state {
 public:
  explicit processor_state(logit_processors processors) : processors_(std::move(processors)) {}

  /// Takes the prompt's tokens; before any generated one. @errors token_out_of_range (`where`: the index), wrong_state
  result<void> prompt(std::span<const token_id> tokens) {
    if (generated_ != 0) return fail(errc::wrong_state, "a prompt after generated tokens");
    for (std::size_t i = 0; i < tokens.size(); ++i)
      if (tokens[i].value >= processors_.vocabulary())
        return fail(errc::token_out_of_range, "a prompt token is not in the vocabulary", i);
    const penalty_settings& p = processors_.settings().penalties;
    if (p.style == penalty_style::llama_cpp)
      for (token_id id : tokens) count(id.value, true);
    else if (p.active()) use_all(tokens);
    return {};
  }

  /// Takes the next generated token. @errors token_out_of_range (`where`: the id), overflow
  result<void> accept(token_id token) {
    if (token.value >= processors_.vocabulary())
      return fail(errc::token_out_of_range, "a generated token is not in the vocabulary", token.value);
    if (generated_ == 0xffffffffu) return fail(errc::overflow, "a sequence of 2^32 tokens");
    ++generated_;
    count(token.value, false);
    if (processors_.lookback() == 0) return {};
    if (tail_.size() == processors_.lookback()) tail_.erase(tail_.begin());
    tail_.push_back(token);
    return {};
  }

  [[nodiscard]] std::uint32_t generated() const noexcept { return generated_; }

  /// The processed row: the given one if nothing changes, else a copy that lasts until the next call.
  /// @errors length_mismatch. Determinism: exact. Complexity: a copy, and work for the tokens concerned.
  [[nodiscard]] result<std::span<const float>> apply(std::span<const float> row) {
    if (row.size() != processors_.vocabulary())
      return fail(errc::length_mismatch, "a row of logits and the vocabulary differ in length", row.size());
    if (idle()) return row;
    values_.assign(row.begin(), row.end());
    for (const processor_step step : processors_.settings().order) {
      if (step == processor_step::allowed) keep_allowed();
      else (void)run(step, [this](std::uint32_t id) { return &values_[id]; });
    }
    return std::span<const float>(values_);
  }

  /// The processed sparse row, in the order given. Its raw entries must reach far enough down: lowered ones give their
  /// places to others, so list as many more than top-k as tokens can be lowered. Where a token that is not listed would
  /// be raised, or is on the list of allowed ones, the row does not suffice.
  /// @errors length_mismatch, token_out_of_range (`where`: the index), incomplete (`where`: the id). Determinism:
  /// exact.
  [[nodiscard]] result<sparse_logits> apply(const sparse_logits& row) {
    if (row.ids.size() != row.values.size())
      return fail(errc::length_mismatch, "a sparse row's ids and values differ in number", row.values.size());
    for (std::size_t i = 0; i < row.ids.size(); ++i)
      if (row.ids[i].value >= processors_.vocabulary())
        return fail(errc::token_out_of_range, "a listed token is not in the vocabulary", i);
    if (idle()) return row;
    values_.assign(row.values.begin(), row.values.end());
    index_.build(row.ids);
    const auto find = [this](std::uint32_t id) {
      const std::size_t at = index_.find(id);
      return at < values_.size() ? &values_[at] : nullptr;
    };
    for (const processor_step step : processors_.settings().order) {
      if (step == processor_step::penalties && !may_raise(1, processors_.settings().penalties)) {
        penalise_listed(row.ids);
        continue;
      }
      if (auto done = step == processor_step::allowed ? keep_allowed(row.ids) : run(step, find); !done)
        return done.error();
    }
    return sparse_logits{row.ids, values_};
  }

 private:
  using settings_type = processor_settings;
  static constexpr float impossible = -std::numeric_limits<float>::infinity();

  /// The prompt's tokens at once: one by one, a prompt of many different ones would take the square of their number.
  void use_all(std::span<const token_id> tokens) {
    for (token_id id : tokens) usage_.push_back({id.value, 0});
    std::sort(usage_.begin(), usage_.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    usage_.erase(std::unique(usage_.begin(), usage_.end(), [](const auto& a, const auto& b) { return a.id == b.id; }),
                 usage_.end());
  }

  void count(std::uint32_t id, bool prompt) {
    const penalty_settings& p = processors_.settings().penalties;
    if (!p.active()) return;
    const bool windowed = p.style == penalty_style::llama_cpp;
    usage(id).count += windowed || !prompt ? 1 : 0;
    if (!windowed) return;
    if (window_.size() < p.window) return window_.push_back(id);
    const std::uint32_t old = std::exchange(window_[oldest_], id);
    oldest_ = (oldest_ + 1) % window_.size();
    const auto at = place(old);
    if (--at->count == 0) usage_.erase(at);
  }
  [[nodiscard]] std::vector<detail::token_usage>::iterator place(std::uint32_t id) {
    return std::lower_bound(usage_.begin(), usage_.end(), id,
                            [](const detail::token_usage& u, std::uint32_t v) { return u.id < v; });
  }
  detail::token_usage& usage(std::uint32_t id) {
    const auto at = place(id);
    return at != usage_.end() && at->id == id ? *at : *usage_.insert(at, {id, 0});
  }

  /// Whether the last generated tokens are all of a bad word but its last one.
  [[nodiscard]] bool completes(const std::vector<token_id>& word) const noexcept {
    const std::size_t n = word.size() - 1;
    return n <= tail_.size() && std::equal(word.begin(), word.end() - 1, tail_.end() - static_cast<std::ptrdiff_t>(n));
  }
  [[nodiscard]] bool idle() const noexcept {
    const settings_type& s = processors_.settings();
    if (!s.allowed.empty() || !s.bias.empty() || !usage_.empty()) return false;
    if (generated_ < s.min_tokens && !s.stop_ids.empty()) return false;
    return std::none_of(s.bad_words.begin(), s.bad_words.end(), [this](const auto& word) { return completes(word); });
  }

  void keep_allowed() {
    const auto& allowed = processors_.settings().allowed;
    if (allowed.empty()) return;
    kept_.resize(allowed.size());
    for (std::size_t i = 0; i < allowed.size(); ++i) kept_[i] = values_[allowed[i].value];
    std::fill(values_.begin(), values_.end(), impossible);
    for (std::size_t i = 0; i < allowed.size(); ++i) values_[allowed[i].value] = kept_[i];
  }
  [[nodiscard]] result<void> keep_allowed(std::span<const token_id> ids) {
    const auto& allowed = processors_.settings().allowed;
    if (allowed.empty()) return {};
    for (token_id id : allowed)
      if (index_.find(id.value) == ids.size())
        return fail(errc::incomplete, "a sparse row does not list an allowed token", id.value);
    for (std::size_t i = 0; i < ids.size(); ++i)
      if (!std::binary_search(allowed.begin(), allowed.end(), ids[i])) values_[i] = impossible;
    return {};
  }

  /// Penalties that only lower concern nobody outside the row.
  void penalise_listed(std::span<const token_id> ids) {
    for (std::size_t i = 0; !usage_.empty() && i < ids.size(); ++i)
      if (const auto at = place(ids[i].value); at != usage_.end() && at->id == ids[i].value)
        values_[i] = penalised(values_[i], at->count, processors_.settings().penalties);
  }

  /// Runs any other step; `find` yields where a token's logit is, or null where the row does not list it.
  template <class Find>
  [[nodiscard]] result<void> run(processor_step step, Find find) {
    const settings_type& s = processors_.settings();
    const auto forbid = [&](token_id id) {
      if (float* v = find(id.value)) *v = impossible;
    };
    if (step == processor_step::bad_words)
      for (const auto& word : s.bad_words)
        if (completes(word)) forbid(word.back());
    if (step == processor_step::min_tokens && generated_ < s.min_tokens)
      for (token_id id : s.stop_ids) forbid(id);
    if (step == processor_step::bias)
      for (const token_bias& b : s.bias) {
        if (float* v = find(b.id.value)) *v = fp::add(*v, b.bias);
        else if (b.bias > 0)
          return fail(errc::incomplete, "a bias raises a token that the row does not list", b.id.value);
      }
    if (step == processor_step::penalties)
      for (const detail::token_usage& u : usage_) {
        if (float* v = find(u.id)) *v = penalised(*v, u.count, s.penalties);
        else if (may_raise(u.count, s.penalties))
          return fail(errc::incomplete, "a penalty raises a token that the row does not list", u.id);
      }
    return {};
  }

  [[nodiscard]] static float penalised(float logit, std::uint32_t n, const penalty_settings& p) noexcept {
    logit = logit > 0 ? fp::div(logit, p.repetition) : fp::mul(logit, p.repetition);
    const auto times = static_cast<float>(n);
    if (p.style == penalty_style::llama_cpp) return fp::sub(logit, fp::add(fp::mul(times, p.frequency), p.presence));
    if (n == 0) return logit;
    return fp::sub(fp::sub(logit, fp::mul(p.frequency, times)), p.presence);
  }
  [[nodiscard]] static bool may_raise(std::uint32_t n, const penalty_settings& p) noexcept {
    return p.repetition < 1 || (n != 0 && (p.frequency < 0 || p.presence < 0));
  }

  logit_processors processors_;
  std::uint32_t generated_ = 0;
  std::vector<token_id> tail_;  ///< the last generated tokens, as far as bad words look back
  std::vector<std::uint32_t> window_;  ///< llama.cpp: a ring of the last tokens
  std::size_t oldest_ = 0;
  std::vector<detail::token_usage> usage_;  ///< by id
  std::vector<float> values_, kept_;
  detail::sparse_index index_;
};

}  // namespace assay::inline v0

#endif
