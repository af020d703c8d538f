// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <reference_engine/kernels.hpp>

#include <algorithm>
#include <cstring>

#include <assay/core/config.hpp>

namespace reference {
namespace {

using vector4 = float __attribute__((vector_size(16), may_alias));
using vector8 = float __attribute__((vector_size(32), may_alias));
using vector16 = float __attribute__((vector_size(64), may_alias));

/// The inner indices of one partial sum.
struct segment {
  std::size_t begin, end, step;
};

/// A summation over [first, last) as a list of segments, without storing the list.
struct segments {
  std::size_t first, last, length, count, step;

  segments(std::size_t from, std::size_t to, summation s)
      : first(from), last(to), length(to - from), count(1), step(1) {
    const std::size_t n = std::max<std::size_t>(s.count, 1), size = to - from;
    switch (s.how) {
      case summation::order::sequential: return;
      case summation::order::blocked: length = n; break;
      case summation::order::split: length = std::max<std::size_t>((size + n - 1) / n, 1); break;
      case summation::order::interleaved: count = std::clamp<std::size_t>(size, 1, n), step = n; return;
    }
    count = std::max<std::size_t>((size + length - 1) / length, 1);
  }
  segment operator[](std::size_t i) const {
    if (step > 1) return {first + i, last, step};
    return {first + i * length, std::min(last, first + (i + 1) * length), 1};
  }
};

/// One register tile: Rows x (16 * Panels) outputs over all segments. Products and sums are rounded separately
/// (this file is compiled without contraction), so the tile's shape cannot change a bit.
template <class Vector, std::size_t Rows, std::size_t Panels>
[[gnu::always_inline]] inline void tile(const float* x, std::size_t x_stride, const float* panel,
                                        std::size_t panel_stride, const segments& parts, float* y, std::size_t y_stride,
                                        std::size_t columns) {
  constexpr std::size_t length = sizeof(Vector) / sizeof(float), per_panel = panel_width / length,
                        wide = Panels * per_panel;
  Vector total[Rows][wide] = {};
  for (std::size_t part = 0; part < parts.count; ++part) {
    const segment s = parts[part];
    Vector sum[Rows][wide] = {};
    for (std::size_t k = s.begin; k < s.end; k += s.step) {
      Vector w[wide];
      for (std::size_t v = 0; v < wide; ++v)
        w[v] = *reinterpret_cast<const Vector*>(panel + v / per_panel * panel_stride + k * panel_width +
                                                v % per_panel * length);
      for (std::size_t r = 0; r < Rows; ++r) {
        const float value = x[r * x_stride + k];
        for (std::size_t v = 0; v < wide; ++v) sum[r][v] += value * w[v];
      }
    }
    for (std::size_t r = 0; r < Rows; ++r)
      for (std::size_t v = 0; v < wide; ++v) total[r][v] = part == 0 ? sum[r][v] : total[r][v] + sum[r][v];
  }
  for (std::size_t r = 0; r < Rows; ++r)
    for (std::size_t v = 0; v < wide; ++v)
      if (const std::size_t at = v * length; at < columns)
        std::memcpy(y + r * y_stride + at, &total[r][v], std::min(length, columns - at) * sizeof(float));
}

/// One row and one panel with `Lanes` strided accumulators, in a single pass over memory: the same sums as tile<1, 1>.
template <class Vector, std::size_t Lanes>
[[gnu::always_inline]] inline void strided_panel(const float* x, const float* panel, std::size_t first,
                                                 std::size_t last, float* y, std::size_t columns) {
  constexpr std::size_t length = sizeof(Vector) / sizeof(float), per_panel = panel_width / length;
  for (std::size_t at = 0; at < std::min(panel_width, columns); at += length) {
    const auto* weights = reinterpret_cast<const Vector*>(panel + at);  // of index k: [k * per_panel]
    Vector sum[Lanes] = {};
    std::size_t k = first;
    for (; k + Lanes <= last; k += Lanes)
      for (std::size_t lane = 0; lane < Lanes; ++lane) sum[lane] += x[k + lane] * weights[(k + lane) * per_panel];
    for (std::size_t lane = 0; k < last; ++k, ++lane) sum[lane] += x[k] * weights[k * per_panel];
    Vector total = sum[0];
    for (std::size_t lane = 1; lane < std::min(Lanes, std::max<std::size_t>(last - first, 1)); ++lane)
      total += sum[lane];
    std::memcpy(y + at, &total, std::min(length, columns - at) * sizeof(float));
  }
}

template <class Vector, std::size_t Lanes>
[[gnu::always_inline]] inline void strided_rows(const float* x, std::size_t x_stride, std::size_t rows, panels_view w,
                                                const segments& parts, float* y, std::size_t y_stride) {
  for (std::size_t at = 0; at < w.outputs; at += panel_width)
    for (std::size_t r = 0; r < rows; ++r)
      strided_panel<Vector, Lanes>(x + r * x_stride, w.data + at / panel_width * w.panel_stride, parts.first,
                                   parts.last, y + r * y_stride + at, w.outputs - at);
}

/// Covers all outputs with tiles of Rows x Panels, or 1 x SinglePanels; a panel stays in cache while all rows pass it.
template <class Vector, std::size_t Rows, std::size_t Panels, std::size_t SinglePanels>
[[gnu::always_inline]] inline void cover(const float* x, std::size_t x_stride, std::size_t rows, panels_view w,
                                         const segments& parts, float* y, std::size_t y_stride) {
  const std::size_t panel_count = (w.outputs + panel_width - 1) / panel_width;
  const std::size_t tall = rows / Rows * Rows;  // rows that fill whole tiles
  if (tall == 0 && parts.step == 4) return strided_rows<Vector, 4>(x, x_stride, rows, w, parts, y, y_stride);
  if (tall == 0 && parts.step == 8) return strided_rows<Vector, 8>(x, x_stride, rows, w, parts, y, y_stride);
  for (std::size_t p = 0; p < panel_count;) {
    const float* panel = w.data + p * w.panel_stride;
    const std::size_t at = p * panel_width, columns = w.outputs - at, left = panel_count - p;
    const std::size_t group = tall != 0 && left >= Panels         ? Panels
                              : tall == 0 && left >= SinglePanels ? SinglePanels
                                                                  : 1;
    for (std::size_t r = 0; r < rows;) {
      const float* from = x + r * x_stride;
      float* to = y + r * y_stride + at;
      if (r < tall && group == Panels) {
        tile<Vector, Rows, Panels>(from, x_stride, panel, w.panel_stride, parts, to, y_stride, columns);
        r += Rows;
        continue;
      }
      if (group == 1) tile<Vector, 1, 1>(from, x_stride, panel, w.panel_stride, parts, to, y_stride, columns);
      else if (tall != 0) tile<Vector, 1, Panels>(from, x_stride, panel, w.panel_stride, parts, to, y_stride, columns);
      else tile<Vector, 1, SinglePanels>(from, x_stride, panel, w.panel_stride, parts, to, y_stride, columns);
      ++r;
    }
    p += group;
  }
}

void multiply_portable(const float* x, std::size_t x_stride, std::size_t rows, panels_view w, const segments& parts,
                       float* y, std::size_t y_stride) {
  cover<vector4, 2, 1, 2>(x, x_stride, rows, w, parts, y, y_stride);
}

#if ASSAY_X86_64
__attribute__((target("avx2"))) void multiply_avx2(const float* x, std::size_t x_stride, std::size_t rows,
                                                   panels_view w, const segments& parts, float* y,
                                                   std::size_t y_stride) {
  cover<vector8, 4, 1, 4>(x, x_stride, rows, w, parts, y, y_stride);
}

__attribute__((target("avx512f"))) void multiply_avx512(const float* x, std::size_t x_stride, std::size_t rows,
                                                        panels_view w, const segments& parts, float* y,
                                                        std::size_t y_stride) {
  cover<vector16, 4, 2, 4>(x, x_stride, rows, w, parts, y, y_stride);
}
#endif

}  // namespace

packed_matrix::packed_matrix(std::span<const float> weights, std::size_t outputs, std::size_t inner)
    : outputs_(outputs), inner_(inner), data_((outputs + panel_width - 1) / panel_width * panel_width * inner) {
  for (std::size_t o = 0; o < outputs; ++o)
    for (std::size_t k = 0; k < inner; ++k)
      data_[o / panel_width * panel_width * inner + k * panel_width + o % panel_width] = weights[o * inner + k];
}

bool is_supported(instruction_set set) noexcept {
#if ASSAY_X86_64
  if (set == instruction_set::avx512) return __builtin_cpu_supports("avx512f") != 0;
  if (set == instruction_set::avx2) return __builtin_cpu_supports("avx2") != 0;
#endif
  return set == instruction_set::portable;
}

instruction_set best_instruction_set() noexcept {
  static const instruction_set best = is_supported(instruction_set::avx512) ? instruction_set::avx512
                                      : is_supported(instruction_set::avx2) ? instruction_set::avx2
                                                                            : instruction_set::portable;
  return best;
}

void multiply(instruction_set set, const float* x, std::size_t x_stride, std::size_t rows, panels_view w,
              std::size_t first, std::size_t last, summation s, float* y, std::size_t y_stride) {
  const segments parts{first, last, s};
  switch (set) {
#if ASSAY_X86_64
    case instruction_set::avx512: return multiply_avx512(x, x_stride, rows, w, parts, y, y_stride);
    case instruction_set::avx2: return multiply_avx2(x, x_stride, rows, w, parts, y, y_stride);
#endif
    default: return multiply_portable(x, x_stride, rows, w, parts, y, y_stride);
  }
}

void multiply(const float* x, std::size_t x_stride, std::size_t rows, panels_view w, std::size_t first,
              std::size_t last, summation s, float* y, std::size_t y_stride) {
  multiply(best_instruction_set(), x, x_stride, rows, w, first, last, s, y, y_stride);
}

}  // namespace reference
