// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Stands in for an inference engine: states are a hash of the text so far, plus noise as two machines have it.
#ifndef QUICKSTART_TOY_ENGINE_HPP
#define QUICKSTART_TOY_ENGINE_HPP

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include <assay/core/tensor_view.hpp>
#include <assay/protocol/run.hpp>
#include <assay/random/stream.hpp>

class toy_engine {
 public:
  static constexpr std::uint32_t width = 32, checkpoints = 3, vocabulary = 64;
  using text = std::span<const assay::token_id>;

  toy_engine(std::uint8_t weights, double noise, std::string_view machine = "the provider's arithmetic")
      : weights_{{std::byte{weights}}}, noise_(noise), machine_(machine), head_(vocabulary * width) {
    assay::random_stream draw{weights_, "head"};
    for (float& w : head_) w = static_cast<float>(0.6 * draw.normal());
  }

  [[nodiscard]] assay::run_description description() const {
    assay::run_description run;
    run.model.weights.value.bytes = weights_.bytes;
    run.model.checkpoints = checkpoints, run.model.width = width, run.model.vocabulary = vocabulary;
    run.commitment.steps.assign(checkpoints, 0.001f);
    return run;
  }

  void state(std::uint32_t layer, text history, std::span<float> row) const {
    const assay::seed here = assay::derive_seed(weights_, "state", std::as_bytes(history));
    assay::random_stream exact{here, layer == 0   ? "0"
                                     : layer == 1 ? "1"
                                                  : "2"},
        rounding{assay::derive_seed(here, machine_), "noise"};
    for (float& x : row) x = static_cast<float>(exact.normal() + noise_ * rounding.normal());
  }

  assay::result<void> head(std::span<const float> row, std::span<float> logits) const {
    for (std::uint32_t v = 0; v < vocabulary; ++v) {
      logits[v] = 0;
      for (std::uint32_t i = 0; i < width; ++i) logits[v] += head_[v * width + i] * row[i];
    }
    return {};
  }

  /// One sequence with its hook, as engines have them.
  class session {
   public:
    explicit session(const toy_engine& engine) : engine_(engine), logits_(vocabulary) {}
    void
    on_hidden(std::function<void(assay::layer_index, const assay::tensor_view&, assay::position, std::uint32_t)> hook) {
      hook_ = std::move(hook);
    }

    /// Computes the states of these tokens; returns the logits after the last one.
    std::span<const float> feed(text tokens) {
      const assay::position first{static_cast<std::uint32_t>(history_.size())};
      history_.insert(history_.end(), tokens.begin(), tokens.end());
      std::vector<float> rows(tokens.size() * width);
      for (std::uint32_t layer = 0; layer < checkpoints; ++layer) {
        for (std::size_t i = 0; i < tokens.size(); ++i)
          engine_.state(layer, text{history_}.first(first.value + i + 1), std::span{rows}.subspan(i * width, width));
        hook_(assay::layer_index{layer},
              assay::matrix_view(rows.data(), static_cast<std::int64_t>(tokens.size()), width), first,
              static_cast<std::uint32_t>(tokens.size()));
      }
      (void)engine_.head(std::span{rows}.last(width), logits_);
      return logits_;
    }

   private:
    const toy_engine& engine_;
    std::function<void(assay::layer_index, const assay::tensor_view&, assay::position, std::uint32_t)> hook_;
    std::vector<assay::token_id> history_;
    std::vector<float> logits_;
  };

  /// A verifier's prefill over prompt and answer.
  class replay {
   public:
    replay(const toy_engine& engine, text prompt, text output)
        : engine_(engine), prompt_(prompt.size()), history_(prompt.begin(), prompt.end()) {
      history_.insert(history_.end(), output.begin(), output.end());
    }
    assay::result<void> state(assay::layer_index layer, assay::position at, std::span<float> row) const {
      engine_.state(layer.value, text{history_}.first(at.value + std::size_t{1}), row);
      return {};
    }
    assay::result<void> logits(std::uint32_t step, std::span<float> out) const {
      std::vector<float> row(width);
      engine_.state(checkpoints - 1, text{history_}.first(prompt_ + step), row);
      return engine_.head(row, out);
    }

   private:
    const toy_engine& engine_;
    std::size_t prompt_;
    std::vector<assay::token_id> history_;
  };

 private:
  assay::seed weights_;
  double noise_;
  std::string_view machine_;
  std::vector<float> head_;
};

#endif
