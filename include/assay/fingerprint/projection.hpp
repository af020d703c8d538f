// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a random projection is: a linear map from a wide row to a short sketch.
#ifndef ASSAY_FINGERPRINT_PROJECTION_HPP
#define ASSAY_FINGERPRINT_PROJECTION_HPP

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include <assay/core/config.hpp>

namespace assay::inline v0 {

/// A linear map of `width()` numbers to `sketch()` numbers, drawn so that the expected squared length of the sketch is
/// that of the row. `project(row, out, scratch)` writes the sketch of `row` to `out`; `scratch` has `scratch_size()`
/// elements, overlaps neither, and holds nothing of value before or after.
template <class P>
concept projection = requires(const P& p, std::span<const float> row, std::span<float> out, std::span<float> scratch) {
  { p.width() } -> std::same_as<std::uint32_t>;
  { p.sketch() } -> std::same_as<std::uint32_t>;
  { p.scratch_size() } -> std::same_as<std::size_t>;
  p.project(row, out, scratch);
};

}  // namespace assay::inline v0

#endif
