// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <reference_engine/tampering.hpp>

#include <algorithm>
#include <cmath>

#include <assay/core/expects.hpp>
#include <assay/core/float_formats.hpp>

namespace reference {
namespace {

float largest_magnitude(std::span<const float> values) {
  float largest = 0;
  for (float v : values) largest = std::max(largest, std::abs(v));
  return largest;
}

void round_to_integers(std::span<float> values, float levels) {
  const float scale = largest_magnitude(values) / levels;
  if (!(scale > 0)) return;
  for (float& v : values) v = scale * std::clamp(std::nearbyint(v / scale), -levels, levels);
}

}  // namespace

void quantise_groups(std::span<float> matrix, std::size_t columns, std::uint32_t bits, std::uint32_t group) {
  ASSAY_EXPECTS((bits == 8 || bits == 4) && group > 0 && columns > 0 && matrix.size() % columns == 0);
  for (std::size_t row = 0; row < matrix.size(); row += columns)
    for (std::size_t at = 0; at < columns; at += group)
      round_to_integers(matrix.subspan(row + at, std::min<std::size_t>(group, columns - at)),
                        bits == 8 ? 127.0f : 7.0f);
}

void quantise_weights(model_weights& weights, std::uint32_t bits, std::uint32_t group) {
  for_each_tensor(
      weights, [&](const std::string&, std::size_t, std::size_t columns, tensor_role role, std::vector<float>& values) {
        if (role == tensor_role::linear) quantise_groups(values, columns, bits, group);
      });
}

void store_as(kv_format format, std::span<float> row) {
  switch (format) {
    case kv_format::exact: return;
    case kv_format::int8: return round_to_integers(row, 127.0f);
    case kv_format::int4: return round_to_integers(row, 7.0f);
    case kv_format::fp8_e4m3: {
      const float scale = largest_magnitude(row) / 448.0f;
      if (!(scale > 0)) return;
      for (float& v : row) v = scale * assay::f8_e4m3fn_to_float(assay::float_to_f8_e4m3fn(v / scale));
      return;
    }
  }
}

}  // namespace reference
