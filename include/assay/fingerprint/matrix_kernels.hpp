// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rows times a matrix of few columns. Every sum runs over the row's elements in order, one product and one addition
// each, so all kernels have the same bits; what runs side by side is columns and rows.
#ifndef ASSAY_FINGERPRINT_MATRIX_KERNELS_HPP
#define ASSAY_FINGERPRINT_MATRIX_KERNELS_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <assay/core/fp.hpp>

namespace assay::inline v0::detail {

/// Some rows and their products, as the kernels need them.
struct matrix_task {
  const float* rows;    ///< `count` rows of `width` elements
  const float* matrix;  ///< `width` rows of `columns` elements
  float* out;           ///< `count` rows of `columns` elements
  std::size_t count, width, columns;
};

inline void matrix_ref(const matrix_task& task) noexcept {
  for (std::size_t r = 0; r < task.count; ++r) {
    float* const out = task.out + r * task.columns;
    for (std::size_t c = 0; c < task.columns; ++c) out[c] = 0;
    const float* weight = task.matrix;
    for (std::size_t i = 0; i < task.width; ++i)
      for (std::size_t c = 0; c < task.columns; ++c)
        out[c] = fp::add(out[c], fp::mul(task.rows[r * task.width + i], *weight++));
  }
}

template <std::size_t Lanes>
struct matrix_lanes {
  using floats [[gnu::vector_size(Lanes * sizeof(float))]] = float;
  using words [[gnu::vector_size(Lanes * sizeof(std::uint32_t))]] = std::uint32_t;
};

/// A zero that the compiler does not know to be one: between a product and a sum it keeps the two from being fused.
/// fp::opaque_value does so for scalars, but compilers take no vectors wider than their baseline for its barrier.
[[nodiscard, gnu::always_inline]] inline std::uint32_t unknown_zero() noexcept {
  std::uint32_t zero = 0;
  __asm__("" : "+r"(zero));
  return zero;
}

/// `Rows` rows times `Vectors` vectors of columns from column `c` on.
template <std::size_t Lanes, std::size_t Rows, std::size_t Vectors>
[[gnu::always_inline]] inline void matrix_tile(const matrix_task& task, std::size_t r, std::size_t c) noexcept {
  using lanes = matrix_lanes<Lanes>;
  using floats = typename lanes::floats;
  using words = typename lanes::words;
  const words zero = words{} + unknown_zero();
  floats sum[Rows][Vectors] = {};
  const float* weights = task.matrix + c;
  const float* row = task.rows + r * task.width;
  for (std::size_t i = 0; i < task.width; ++i, ++row, weights += task.columns) {
    floats weight[Vectors];
#pragma GCC unroll 2
    for (std::size_t v = 0; v < Vectors; ++v) std::memcpy(&weight[v], weights + v * Lanes, sizeof weight[v]);
#pragma GCC unroll 4
    for (std::size_t k = 0; k < Rows; ++k) {
      const float x = row[k * task.width];
#pragma GCC unroll 2
      for (std::size_t v = 0; v < Vectors; ++v) {
        const floats product = weight[v] * x;
        sum[k][v] += reinterpret_cast<floats>(reinterpret_cast<words>(product) ^ zero);
      }
    }
  }
#pragma GCC unroll 4
  for (std::size_t k = 0; k < Rows; ++k)
#pragma GCC unroll 2
    for (std::size_t v = 0; v < Vectors; ++v)
      std::memcpy(task.out + (r + k) * task.columns + c + v * Lanes, &sum[k][v], sizeof sum[k][v]);
}

template <std::size_t Lanes, std::size_t Vectors>
[[gnu::always_inline]] inline void matrix_columns(const matrix_task& task, std::size_t c) noexcept {
  std::size_t r = 0;
  for (; r + 4 <= task.count; r += 4) matrix_tile<Lanes, 4, Vectors>(task, r, c);
  for (; r < task.count; ++r) matrix_tile<Lanes, 1, Vectors>(task, r, c);
}

template <std::size_t Lanes>
[[gnu::always_inline]] inline void matrix_kernel(const matrix_task& task) noexcept {
  std::size_t c = 0;
  for (; c + 2 * Lanes <= task.columns; c += 2 * Lanes) matrix_columns<Lanes, 2>(task, c);
  for (; c + Lanes <= task.columns; c += Lanes) matrix_columns<Lanes, 1>(task, c);
  for (; c < task.columns; ++c) {
    for (std::size_t r = 0; r < task.count; ++r) {
      float sum = 0;
      for (std::size_t i = 0; i < task.width; ++i)
        sum = fp::add(sum, fp::mul(task.rows[r * task.width + i], task.matrix[i * task.columns + c]));
      task.out[r * task.columns + c] = sum;
    }
  }
}

[[gnu::noinline]] inline void matrix_portable(const matrix_task& task) noexcept { matrix_kernel<4>(task); }

#if ASSAY_X86_64
__attribute__((target("avx2"), noinline)) inline void matrix_avx2(const matrix_task& task) noexcept {
  matrix_kernel<8>(task);
}
#endif

/// The widest kernel this processor has.
inline void matrix_dispatch(const matrix_task& task) noexcept {
#if ASSAY_X86_64
  static const bool wide = __builtin_cpu_supports("avx2") != 0;
  if (wide) return matrix_avx2(task);
#endif
  matrix_portable(task);
}

}  // namespace assay::inline v0::detail

#endif
