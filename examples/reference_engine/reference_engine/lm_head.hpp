// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The LM head alone: all of the model that a verifier of opened final rows has to own.
#ifndef REFERENCE_ENGINE_LM_HEAD_HPP
#define REFERENCE_ENGINE_LM_HEAD_HPP

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

#include <assay/core/result.hpp>
#include <reference_engine/kernels.hpp>

namespace reference {

/// Maps the last checkpoint (after the final norm) to logits. Cheap to copy; usable from several threads.
class lm_head {
 public:
  /// Reads config.json and, from model.safetensors, only the head (or the embedding it is tied to).
  /// @errors as load_weights
  static assay::result<lm_head> load(const std::filesystem::path& directory);

  /// Takes a matrix [vocabulary, width]. @pre weights.size() == vocabulary * width
  lm_head(std::span<const float> weights, std::size_t vocabulary, std::size_t width)
      : matrix_(std::make_shared<packed_matrix>(weights, vocabulary, width)) {}

  [[nodiscard]] std::size_t vocabulary() const noexcept { return matrix_->outputs(); }
  [[nodiscard]] std::size_t width() const noexcept { return matrix_->inner(); }

  /// Computes one row's logits. @pre row.size() == width(), out.size() == vocabulary(). Determinism: exact
  void logits(std::span<const float> row, std::span<float> out, summation order = {}) const {
    ASSAY_EXPECTS(row.size() == width() && out.size() == vocabulary());
    logits(row.data(), 1, out.data(), order);
  }
  /// Computes `count` contiguous rows' logits.
  void logits(const float* rows, std::size_t count, float* out, summation order = {}) const {
    multiply(rows, width(), count, matrix_->view(), 0, width(), order, out, vocabulary());
  }

 private:
  std::shared_ptr<const packed_matrix> matrix_;
};

}  // namespace reference

#endif
