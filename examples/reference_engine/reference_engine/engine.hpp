// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A small Llama decoder on the CPU: the engine whose runs the examples prove and check.
#ifndef REFERENCE_ENGINE_ENGINE_HPP
#define REFERENCE_ENGINE_ENGINE_HPP

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include <assay/core/ids.hpp>
#include <assay/core/result.hpp>
#include <assay/hash/digest.hpp>
#include <reference_engine/hidden_hook.hpp>
#include <reference_engine/lm_head.hpp>
#include <reference_engine/model.hpp>
#include <reference_engine/numerics.hpp>
#include <reference_engine/tampering.hpp>

namespace reference {

namespace detail {
struct loaded_model;
struct session_state;
}  // namespace detail

/// Logits of consecutive positions, row-major [count, vocabulary]; valid until the session's next step.
struct logits_rows {
  const float* data = nullptr;
  std::uint32_t count = 0;
  std::uint32_t vocabulary = 0;
  assay::position first;

  [[nodiscard]] std::span<const float> row(std::uint32_t i) const {
    ASSAY_EXPECTS(i < count);
    return {data + std::size_t{i} * vocabulary, vocabulary};
  }
};

enum class which_logits : std::uint8_t { none, last, all };

/// One sequence: its KV cache and scratch memory. Not shared between threads; many sessions of one engine may run at once.
class session {
 public:
  session(session&&) noexcept;
  session& operator=(session&&) noexcept;
  ~session();

  /// Appends tokens. Prefills may follow each other and decoded tokens.
  /// @errors empty, token_out_of_range (where: index), too_large (the cache is full); on error nothing is appended
  assay::result<logits_rows> prefill(std::span<const assay::token_id> tokens, which_logits = which_logits::last,
                                     hidden_hook = {});

  /// Appends one token and returns the logits of the next. @errors as prefill
  assay::result<std::span<const float>> decode(assay::token_id, hidden_hook = {});

  /// The place of the next token; equals the number of tokens seen.
  [[nodiscard]] assay::position next() const noexcept;

  /// Forgets all tokens from `to` on. @pre to <= next()
  void rewind(assay::position to);

 private:
  friend class engine;
  explicit session(std::unique_ptr<detail::session_state>);
  std::unique_ptr<detail::session_state> state_;
};

/// A loaded model, honest or not. Copies share the weights; all const members may be used from several threads.
///
/// Checkpoints: `layer_index{i}` for i < blocks is the residual stream after block i, `layer_index{blocks}` the
/// LM head's input after the final norm. The embedding is none: anybody who has the table can look it up.
class engine {
 public:
  /// Loads a directory (config.json, model.safetensors) or a .gguf file, then tampers with it if asked to.
  /// @errors as load_weights; invalid_settings (tampering that does not fit the model)
  static assay::result<engine> load(const std::filesystem::path&, const tampering& = {});
  /// Takes weights that are in memory already.
  static assay::result<engine> assemble(model_weights, const tampering& = {});

  [[nodiscard]] const model_config& config() const noexcept;
  /// The digest of the model that this engine claims to run: taken before any tampering.
  [[nodiscard]] const assay::digest& claimed_digest() const noexcept;
  [[nodiscard]] const lm_head& head() const noexcept;

  [[nodiscard]] std::uint32_t checkpoint_count() const noexcept { return config().blocks + 1; }
  [[nodiscard]] std::string checkpoint_name(assay::layer_index) const;

  /// Opens an empty sequence of at most `max_tokens` (0: as many as the model has positions).
  [[nodiscard]] session new_session(const numerics& = {}, std::uint32_t max_tokens = 0) const;

  /// Writes the embedding of each token: the rows that enter block 0.
  /// @pre out.size() == tokens.size() * width @errors token_out_of_range
  assay::result<void> embed(std::span<const assay::token_id> tokens, std::span<float> out) const;

  /// Recomputes one block from the rows that enter it, for a sequence from position 0 on: all that a verifier of a
  /// single block runs. @pre rows_in.size() == rows_out.size(), a multiple of width
  /// @errors out_of_range (no such block), too_large (more rows than positions), empty
  assay::result<void> replay_block(std::uint32_t block, const numerics&, std::span<const float> rows_in,
                                   std::span<float> rows_out) const;

  /// Applies the final norm: from the last block's row to the LM head's input. @pre both have `width` elements
  void final_norm(std::span<const float> row_in, const numerics&, std::span<float> row_out) const;

 private:
  explicit engine(std::shared_ptr<const detail::loaded_model> model) : model_(std::move(model)) {}
  std::shared_ptr<const detail::loaded_model> model_;
};

}  // namespace reference

#endif
