// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An "engine" without a model: hidden states are a pure function of the token history, so tests of the protocol need no
// weights, run in microseconds, and can be dishonest in every way that matters.
#ifndef ASSAY_TESTS_SUPPORT_TOY_ENGINE_HPP
#define ASSAY_TESTS_SUPPORT_TOY_ENGINE_HPP

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include <assay/core/ids.hpp>
#include <assay/core/result.hpp>

namespace assay_tests {

struct toy_settings {
  std::uint64_t weights = 1;  ///< which model; another value is another model
  std::uint64_t stack = 0;  ///< whose arithmetic: noise is a function of it and of the history
  double noise = 0;  ///< relative size of the arithmetic's noise; 0: all stacks agree to the bit
  std::uint32_t vocabulary = 64;
  std::uint32_t width = 24;
  std::uint32_t checkpoints = 3;
};

class toy_engine {
 public:
  explicit toy_engine(const toy_settings& settings = {})
      : settings_(settings), head_(std::size_t{settings.vocabulary} * settings.width) {
    const double scale = 3 / std::sqrt(static_cast<double>(settings.width));
    for (std::size_t i = 0; i < head_.size(); ++i)
      head_[i] = static_cast<float>(scale * normal(mix(settings.weights, 0x6865616468656164u), i));
  }

  [[nodiscard]] const toy_settings& settings() const noexcept { return settings_; }

  /// The state of the last position of `history` at a checkpoint.
  void state(std::uint32_t layer, std::span<const assay::token_id> history, std::span<float> row) const {
    std::uint64_t key = mix(settings_.weights, layer);
    for (assay::token_id t : history) key = mix(key, t.value);
    const std::uint64_t own = mix(key, settings_.stack + 0x9e3779b9u);
    for (std::size_t i = 0; i < row.size(); ++i)
      row[i] = static_cast<float>(normal(key, i) + (settings_.noise > 0 ? settings_.noise * normal(own, i) : 0.0));
  }

  void logits(std::span<const float> row, std::span<float> out) const {
    for (std::size_t v = 0; v < out.size(); ++v) {
      double sum = 0;
      for (std::size_t i = 0; i < row.size(); ++i)
        sum += static_cast<double>(head_[v * row.size() + i]) * static_cast<double>(row[i]);
      out[v] = static_cast<float>(sum);
    }
  }

 private:
  [[nodiscard]] static std::uint64_t mix(std::uint64_t key, std::uint64_t value) noexcept {
    std::uint64_t z = key * 0x9e3779b97f4a7c15u + value + 0x632be59bd9b4e019u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  /// About normal, mean 0 and variance 1: four uniform 16-bit draws.
  [[nodiscard]] static double normal(std::uint64_t key, std::uint64_t index) noexcept {
    const std::uint64_t bits = mix(key, index);
    double sum = 0;
    for (unsigned shift = 0; shift < 64; shift += 16)
      sum += static_cast<double>((bits >> shift) & 0xffffu) / 65536.0 - 0.5;
    return sum * 1.7320508075688772;
  }

  toy_settings settings_;
  std::vector<float> head_;
};

}  // namespace assay_tests

#endif
