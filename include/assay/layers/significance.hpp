// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From tail exponents to a score per layer: what a pruner would keep counts as significant. A heuristic, see docs.
#ifndef ASSAY_LAYERS_SIGNIFICANCE_HPP
#define ASSAY_LAYERS_SIGNIFICANCE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <assay/core/fp.hpp>
#include <assay/core/result.hpp>

namespace assay::inline v0 {

/// A layer, usually a whole block, as the score sees it.
struct layer_metric {
  double alpha = 0;              ///< tail exponent; of a block: the mean over its matrices
  std::uint64_t parameters = 0;  ///< of the matrices that were measured
};

struct significance_settings {
  double target = 0.7;  ///< share of parameters that the pruner would remove
  double spread = 0.3;  ///< how far shares may lie apart: in [1 - spread, 1 + spread] before they are scaled
};

/// The mean exponent of a block's matrices. @errors empty, non_finite (where: the index)
[[nodiscard]] inline result<double> block_alpha(std::span<const double> alphas) {
  if (alphas.empty()) return fail(errc::empty, "significance: a block without matrices");
  double sum = 0;
  for (std::size_t i = 0; i < alphas.size(); ++i) {
    if (!fp::is_finite(alphas[i])) return fail(errc::non_finite, "significance: an exponent is NaN or infinite", i);
    sum = fp::add(sum, alphas[i]);
  }
  return fp::div(sum, static_cast<double>(alphas.size()));
}

namespace detail {

/// @errors empty, non_finite, out_of_range (settings, or a layer without parameters; where: the layer)
[[nodiscard]] inline result<void> check_metrics(std::span<const layer_metric> layers,
                                                const significance_settings& settings) {
  if (!(settings.target > 0 && settings.target < 1))
    return fail(errc::out_of_range, "significance: the target is not in (0, 1)");
  if (!(settings.spread >= 0 && settings.spread < 1))
    return fail(errc::out_of_range, "significance: the spread is not in [0, 1)");
  if (layers.empty()) return fail(errc::empty, "significance: no layers");
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (!fp::is_finite(layers[i].alpha))
      return fail(errc::non_finite, "significance: an exponent is NaN or infinite", i);
    if (layers[i].parameters == 0) return fail(errc::out_of_range, "significance: a layer without parameters", i);
  }
  return {};
}

}  // namespace detail

/// A score in [0, 1] per layer: 1 - the share of its parameters that AlphaPruning would remove. Shares grow linearly
/// with alpha, from 1 - spread for the least to 1 + spread for the largest, and are scaled so that their mean, weighted
/// by parameters, is the target; what then exceeds 1 is cut to 1. Layers of equal alpha all score 1 - target.
///
/// A layer can score 0 and is then never selected; with target .85 and spread .9, as the layer-selection experiments of
/// TensorCommitments have it, many do. Keep a floor, as layer_policy does.
/// @errors empty, non_finite (where: the layer), out_of_range (settings; a layer without parameters, where: the layer)
/// Determinism: exact. Source: Lu et al., "AlphaPruning", 2024, block-wise assignment.
[[nodiscard]] inline result<std::vector<double>> significance(std::span<const layer_metric> layers,
                                                              const significance_settings& settings = {}) {
  if (auto valid = detail::check_metrics(layers, settings); !valid) return valid.error();
  double least = layers[0].alpha, most = least, weight = 0, weighted = 0;
  for (const layer_metric& layer : layers) least = std::min(least, layer.alpha), most = std::max(most, layer.alpha);
  std::vector<double> scores;
  for (const layer_metric& layer : layers) {
    // Halves, so that a range of exponents up to the largest doubles does not overflow.
    const double range = fp::sub(most / 2, least / 2), above = fp::sub(layer.alpha / 2, least / 2);
    const double at = range > 0 ? fp::div(above, range) : 0.5;
    const double share = fp::add(fp::sub(1.0, settings.spread), fp::mul(at, 2 * settings.spread));
    const auto parameters = static_cast<double>(layer.parameters);
    weight = fp::add(weight, parameters), weighted = fp::add(weighted, fp::mul(parameters, share));
    scores.push_back(share);
  }
  const double scale = fp::div(fp::mul(weight, settings.target), weighted);
  for (double& s : scores) s = fp::sub(1.0, std::min(fp::mul(s, scale), 1.0));
  return scores;
}

/// A score as an integer, in units of 2^-32: what a selection adds up exactly. @pre score is in [0, 1]
[[nodiscard]] inline std::uint64_t significance_units(double score) {
  ASSAY_EXPECTS(score >= 0 && score <= 1);
  return static_cast<std::uint64_t>(fp::add(fp::mul(score, 0x1p32), 0.5));
}

}  // namespace assay::inline v0

#endif
