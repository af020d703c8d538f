// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Hidden-state statistics of tensors with many rows, layer by layer and pooled.
#ifndef ASSAY_FINGERPRINT_STATE_LAYERS_HPP
#define ASSAY_FINGERPRINT_STATE_LAYERS_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <assay/core/ids.hpp>
#include <assay/core/row_source.hpp>
#include <assay/fingerprint/state_statistics.hpp>

namespace assay::inline v0 {

/// Counts every row of two tensors or row sources of the same shape; their element types may differ, and each number is
/// rounded to the comparison's format. `scratch` only grows.
/// @errors those of row_reader, shape_mismatch (rows or widths differ): rows before the failing one are counted
template <hidden_rows Claimed, hidden_rows Reference>
[[nodiscard]] result<void> add_rows(state_comparison& comparison, const Claimed& claimed, const Reference& reference,
                                    std::vector<float>& scratch) {
  const auto a = row_reader<Claimed>::open(claimed);
  if (!a) return a.error();
  const auto b = row_reader<Reference>::open(reference);
  if (!b) return b.error();
  if (a->count() != b->count() || a->width() != b->width())
    return fail(errc::shape_mismatch, "hidden states: tensors of different shapes", a->count());
  const auto width = static_cast<std::size_t>(a->width());
  if (scratch.size() < 2 * width) scratch.resize(2 * width);
  const auto one = std::span{scratch}.first(width), other = std::span{scratch}.subspan(width, width);
  for (std::uint64_t row = 0; row < a->count(); ++row) {
    if (auto read = a->read(row, one); !read) return read;
    if (auto read = b->read(row, other); !read) return read;
    if (auto added = comparison.add(std::span<const float>{one}, std::span<const float>{other}); !added) return added;
  }
  return {};
}

/// A comparison per layer, so that a verdict can name the layer; not shared between threads: one each, then merge.
class layered_state_comparison {
 public:
  /// @errors those of state_comparison::make, empty (no layers)
  [[nodiscard]] static result<layered_state_comparison> make(std::uint32_t layers, dtype format,
                                                             const state_tolerances& tolerances = {}) {
    if (layers == 0) return fail(errc::empty, "hidden states: no layers");
    auto one = state_comparison::make(format, tolerances);
    if (!one) return one.error();
    layered_state_comparison out;
    out.layers_.assign(layers, *one);
    return out;
  }

  /// The comparison of one layer, to add rows to or to read. @pre layer < layers()
  [[nodiscard]] state_comparison& of(layer_index layer) {
    ASSAY_EXPECTS(layer.value < layers_.size());
    return layers_[layer.value];
  }
  [[nodiscard]] const state_comparison& of(layer_index layer) const {
    ASSAY_EXPECTS(layer.value < layers_.size());
    return layers_[layer.value];
  }
  [[nodiscard]] std::uint32_t layers() const noexcept { return static_cast<std::uint32_t>(layers_.size()); }

  /// All layers as one.
  [[nodiscard]] state_counts pooled() const noexcept {
    state_counts all;
    for (const state_comparison& layer : layers_) all.merge(layer.counts());
    return all;
  }

  /// @errors shape_mismatch (another number of layers), those of state_comparison::merge: nothing changes
  result<void> merge(const layered_state_comparison& other) {
    if (other.layers_.size() != layers_.size())
      return fail(errc::shape_mismatch, "hidden states: counts of another number of layers", other.layers_.size());
    for (std::size_t i = 0; i < layers_.size(); ++i)
      if (auto merged = layers_[i].merge(other.layers_[i]); !merged) return merged;  // the first fails, or none
    return {};
  }

 private:
  layered_state_comparison() = default;
  std::vector<state_comparison> layers_;
};

}  // namespace assay::inline v0

#endif
