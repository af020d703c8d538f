// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Spectra of every linear layer of a model, and the scores of its blocks.
#ifndef ASSAY_LAYER_PLAN_MEASUREMENT_HPP
#define ASSAY_LAYER_PLAN_MEASUREMENT_HPP

#include <cstdint>
#include <string>
#include <vector>

#include <assay/layers/power_law.hpp>
#include <assay/layers/significance.hpp>
#include <reference_engine/model.hpp>

namespace layer_plan {

/// One linear layer.
struct matrix_measure {
  std::uint32_t block = 0;
  std::string name;  ///< as in the checkpoint, without the block
  std::uint64_t rows = 0, columns = 0;
  assay::power_law peak, mid;
};

struct model_measure {
  std::vector<matrix_measure> matrices;
  std::vector<assay::layer_metric> blocks;  ///< exponents averaged over a block's matrices
};

enum class metric : std::uint8_t { peak, mid };

/// @errors those of weight_spectrum and of the fits
assay::result<model_measure> measure(const reference::model_weights& weights, metric which);

}  // namespace layer_plan

#endif
