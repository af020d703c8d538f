// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "measurement.hpp"

#include <assay/layers/spectrum.hpp>

namespace layer_plan {

namespace {

assay::result<matrix_measure> measure_matrix(std::uint32_t block, std::string name, std::size_t rows,
                                             std::size_t columns, const std::vector<float>& values) {
  const auto found =
      assay::weight_spectrum(values, static_cast<std::uint32_t>(rows), static_cast<std::uint32_t>(columns));
  if (!found) return found.error();
  const auto peak = assay::alpha_peak(*found), mid = assay::alpha_mid(*found);
  if (!peak) return peak.error();
  if (!mid) return mid.error();
  return matrix_measure{block, std::move(name), rows, columns, *peak, *mid};
}

}  // namespace

assay::result<model_measure> measure(const reference::model_weights& weights, metric which) {
  model_measure out;
  std::vector<std::vector<double>> alphas(weights.blocks.size());
  out.blocks.resize(weights.blocks.size());
  assay::result<void> outcome;
  reference::for_each_tensor(weights, [&](const std::string& name, std::size_t rows, std::size_t columns,
                                          reference::tensor_role role, const std::vector<float>& values) {
    constexpr std::string_view prefix = "model.layers.";
    if (!outcome || role != reference::tensor_role::linear || name.rfind(prefix, 0) != 0) return;
    const std::size_t dot = name.find('.', prefix.size());
    const auto block = static_cast<std::uint32_t>(std::stoul(name.substr(prefix.size(), dot - prefix.size())));
    auto one = measure_matrix(block, name.substr(dot + 1), rows, columns, values);
    if (!one) {
      outcome = one.error();
      return;
    }
    alphas[block].push_back(which == metric::peak ? one->peak.alpha : one->mid.alpha);
    out.blocks[block].parameters += rows * columns;
    out.matrices.push_back(*std::move(one));
  });
  if (!outcome) return outcome.error();
  for (std::size_t i = 0; i < alphas.size(); ++i) {
    const auto mean = assay::block_alpha(alphas[i]);
    if (!mean) return mean.error();
    out.blocks[i].alpha = *mean;
  }
  return out;
}

}  // namespace layer_plan
