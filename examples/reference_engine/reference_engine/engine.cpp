// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <reference_engine/engine.hpp>

#include <algorithm>
#include <utility>

#include <reference_engine/block.hpp>
#include <reference_engine/operations.hpp>

namespace reference {

using assay::errc;
using assay::fail;
using assay::result;

namespace detail {

struct loaded_model {
  model_config config;
  assay::digest claimed;
  tampering cheat;
  std::vector<float> embedding, final_norm;
  std::vector<packed_block> blocks;
  lm_head head;
  rope_table rope;

  loaded_model(model_weights&& w, const assay::digest& claim, const tampering& t)
      : config(w.config), claimed(claim), cheat(t), embedding(std::move(w.embedding)),
        final_norm(std::move(w.final_norm)),
        head(config.tied_head ? embedding : w.head, config.vocabulary, config.width), rope(config) {
    blocks.reserve(w.blocks.size());
    for (const block_weights& b : w.blocks) blocks.emplace_back(b, config);
  }
};

struct session_state {
  std::shared_ptr<const loaded_model> model;
  numerics how;
  std::size_t capacity;
  std::vector<layer_cache> caches;
  std::size_t next = 0;
  std::vector<float> rows, final_rows, logits;
  workspace scratch;

  /// Runs one step of prefill or decode; `wanted` final rows at its end get logits at `out`.
  void advance(std::span<const assay::token_id> tokens, summation order, std::size_t wanted, float* out,
               hidden_hook hook);
};

namespace {

result<void> check_tokens(const model_config& c, std::span<const assay::token_id> tokens) {
  for (std::size_t i = 0; i < tokens.size(); ++i)
    if (tokens[i].value >= c.vocabulary)
      return fail(errc::token_out_of_range, "a token that the vocabulary does not have", i);
  return {};
}

void look_up(const loaded_model& m, std::span<const assay::token_id> tokens, std::span<float> out) {
  const std::size_t n = m.config.width;
  for (std::size_t i = 0; i < tokens.size(); ++i)
    std::copy_n(m.embedding.begin() + static_cast<std::ptrdiff_t>(tokens[i].value * n), n,
                out.begin() + static_cast<std::ptrdiff_t>(i * n));
}

}  // namespace

void session_state::advance(std::span<const assay::token_id> tokens, summation order, std::size_t wanted, float* out,
                            hidden_hook hook) {
  const model_config& c = model->config;
  const std::size_t n = tokens.size(), width = c.width;
  const auto count = static_cast<std::uint32_t>(n);
  const assay::position first{static_cast<std::uint32_t>(next)};
  rows.resize(n * width);
  final_rows.resize(n * width);
  look_up(*model, tokens, rows);
  round_to(how.activation, rows);

  const step s{c, model->rope, how, order, model->cheat.kv_cache, next, n > 1 ? next : 0};
  for (std::uint32_t i = 0; i < c.blocks; ++i) {
    if (model->cheat.skipped_block != i) run_block(model->blocks[i], s, caches[i], rows, scratch);
    hook(assay::layer_index{i}, assay::matrix_view(rows.data(), count, c.width), first, count);
  }
  for (std::size_t r = 0; r < n; ++r)
    rms_norm(std::span(rows).subspan(r * width, width), model->final_norm, c.norm_epsilon, how.activation,
             std::span(final_rows).subspan(r * width, width));
  hook(assay::layer_index{c.blocks}, assay::matrix_view(final_rows.data(), count, c.width), first, count);
  next += n;

  if (wanted == 0) return;
  model->head.logits(final_rows.data() + (n - wanted) * width, wanted, out, order);
  round_to(how.logits, {out, wanted * c.vocabulary});
}

}  // namespace detail

session::session(std::unique_ptr<detail::session_state> state) : state_(std::move(state)) {}
session::session(session&&) noexcept = default;
session& session::operator=(session&&) noexcept = default;
session::~session() = default;

assay::position session::next() const noexcept { return assay::position{static_cast<std::uint32_t>(state_->next)}; }

void session::rewind(assay::position to) {
  ASSAY_EXPECTS(to.value <= state_->next);
  state_->next = to.value;
}

result<logits_rows> session::prefill(std::span<const assay::token_id> tokens, which_logits which, hidden_hook hook) {
  detail::session_state& s = *state_;
  const model_config& c = s.model->config;
  if (tokens.empty()) return fail(errc::empty, "a prefill without tokens");
  if (tokens.size() > s.capacity - s.next)
    return fail(errc::too_large, "more tokens than the KV cache has room for", s.next);
  if (auto ok = detail::check_tokens(c, tokens); !ok) return ok.error();

  const std::size_t total = tokens.size(), chunk = s.how.prefill_chunk == 0 ? total : s.how.prefill_chunk,
                    first = s.next;
  const std::size_t wanted = which == which_logits::all ? total : which == which_logits::last ? 1 : 0;
  if (s.logits.size() < wanted * c.vocabulary) s.logits.resize(wanted * c.vocabulary);
  for (std::size_t at = 0; at < total; at += chunk) {
    const std::size_t n = std::min(chunk, total - at);
    const bool is_last = at + n == total;
    if (which == which_logits::all)
      s.advance(tokens.subspan(at, n), s.how.prefill, n, s.logits.data() + at * c.vocabulary, hook);
    else s.advance(tokens.subspan(at, n), s.how.prefill, is_last ? wanted : 0, s.logits.data(), hook);
  }
  return logits_rows{s.logits.data(), static_cast<std::uint32_t>(wanted), c.vocabulary,
                     assay::position{static_cast<std::uint32_t>(which == which_logits::all ? first : s.next - wanted)}};
}

result<std::span<const float>> session::decode(assay::token_id token, hidden_hook hook) {
  detail::session_state& s = *state_;
  const model_config& c = s.model->config;
  if (s.next == s.capacity) return fail(errc::too_large, "more tokens than the KV cache has room for", s.next);
  if (auto ok = detail::check_tokens(c, {&token, 1}); !ok) return ok.error();
  if (s.logits.size() < c.vocabulary) s.logits.resize(c.vocabulary);
  s.advance({&token, 1}, s.how.decode, 1, s.logits.data(), hook);
  return std::span<const float>(s.logits.data(), c.vocabulary);
}

result<engine> engine::load(const std::filesystem::path& path, const tampering& t) {
  auto weights = load_weights(path);
  if (!weights) return weights.error();
  return assemble(std::move(*weights), t);
}

result<engine> engine::assemble(model_weights claimed, const tampering& t) {
  if (t.weight_bits != 0 && t.weight_bits != 4 && t.weight_bits != 8)
    return fail(errc::invalid_settings, "weights can be rounded to 8 or 4 bits", t.weight_bits);
  if (t.weight_bits != 0 && t.weight_group == 0) return fail(errc::invalid_settings, "a group of no weights");
  const assay::digest claim = digest_of(claimed);
  if (!t.substitute.empty()) {
    auto other = load_weights(t.substitute);
    if (!other) return other.error();
    claimed = std::move(*other);
  }
  if (t.skipped_block && *t.skipped_block >= claimed.config.blocks)
    return fail(errc::invalid_settings, "a block to skip that the model does not have", *t.skipped_block);
  if (t.weight_bits != 0) quantise_weights(claimed, t.weight_bits, t.weight_group);
  return engine{std::make_shared<const detail::loaded_model>(std::move(claimed), claim, t)};
}

const model_config& engine::config() const noexcept { return model_->config; }
const assay::digest& engine::claimed_digest() const noexcept { return model_->claimed; }
const lm_head& engine::head() const noexcept { return model_->head; }

std::string engine::checkpoint_name(assay::layer_index layer) const {
  ASSAY_EXPECTS(layer.value < checkpoint_count());
  return layer.value == config().blocks ? "final_norm" : "block." + std::to_string(layer.value);
}

session engine::new_session(const numerics& how, std::uint32_t max_tokens) const {
  auto state = std::make_unique<detail::session_state>();
  const std::uint32_t limit = config().max_positions;
  state->model = model_;
  state->how = how;
  state->capacity = max_tokens == 0 ? limit : std::min(max_tokens, limit);
  for (std::uint32_t i = 0; i < config().blocks; ++i) state->caches.emplace_back(config(), state->capacity);
  return session{std::move(state)};
}

result<void> engine::embed(std::span<const assay::token_id> tokens, std::span<float> out) const {
  ASSAY_EXPECTS(out.size() == tokens.size() * config().width);
  if (auto ok = detail::check_tokens(config(), tokens); !ok) return ok;
  detail::look_up(*model_, tokens, out);
  return {};
}

result<void> engine::replay_block(std::uint32_t block, const numerics& how, std::span<const float> rows_in,
                                  std::span<float> rows_out) const {
  const std::size_t width = config().width, total = rows_in.size() / width;
  ASSAY_EXPECTS(rows_in.size() == rows_out.size() && rows_in.size() % width == 0);
  if (block >= config().blocks) return fail(errc::out_of_range, "a block that the model does not have", block);
  if (total == 0) return fail(errc::empty, "no rows to replay a block on");
  if (total > config().max_positions) return fail(errc::too_large, "more rows than the model has positions", total);
  detail::layer_cache cache{config(), total};
  detail::workspace scratch;
  std::copy(rows_in.begin(), rows_in.end(), rows_out.begin());
  const std::size_t chunk = how.prefill_chunk == 0 ? total : how.prefill_chunk;
  for (std::size_t at = 0; at < total; at += chunk) {
    const std::size_t n = std::min(chunk, total - at);
    const detail::step s{config(), model_->rope, how, how.prefill, model_->cheat.kv_cache, at, n > 1 ? at : 0};
    detail::run_block(model_->blocks[block], s, cache, rows_out.subspan(at * width, n * width), scratch);
  }
  return {};
}

void engine::final_norm(std::span<const float> row_in, const numerics& how, std::span<float> row_out) const {
  ASSAY_EXPECTS(row_in.size() == config().width && row_out.size() == config().width);
  rms_norm(row_in, model_->final_norm, config().norm_epsilon, how.activation, row_out);
}

}  // namespace reference
