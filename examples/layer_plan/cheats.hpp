// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What cheating in one block does to the model: whether a block's score says anything about that.
#ifndef ASSAY_LAYER_PLAN_CHEATS_HPP
#define ASSAY_LAYER_PLAN_CHEATS_HPP

#include <cstdint>
#include <filesystem>
#include <vector>

#include <reference_engine/model.hpp>

namespace layer_plan {

/// Mean loss on held-out text, in nats per token.
struct cheat_losses {
  double honest = 0;
  std::vector<double> skipped, four_bits;  ///< per block: not run at all; its linear layers rounded to 4 bits
};

/// Scores the first `tokens` tokens of `text`, in windows of 256, once honestly and twice per block.
/// @errors those of reading the files, insufficient_data (text too short), those of the engine
assay::result<cheat_losses> measure_cheats(const reference::model_weights& weights,
                                           const std::filesystem::path& tokenizer, const std::filesystem::path& text,
                                           std::uint32_t tokens);

}  // namespace layer_plan

#endif
