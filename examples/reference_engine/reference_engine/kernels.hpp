// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The one hot loop of the engine: rows times packed panels, for linear layers and both products of attention.
#ifndef REFERENCE_ENGINE_KERNELS_HPP
#define REFERENCE_ENGINE_KERNELS_HPP

#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <vector>

#include <reference_engine/numerics.hpp>

namespace reference {

/// Output columns that are computed together: one AVX-512 register of floats.
inline constexpr std::size_t panel_width = 16;

/// Allocates on cache lines.
template <class T>
struct cache_aligned {
  using value_type = T;
  cache_aligned() noexcept = default;
  template <class U>
  cache_aligned(const cache_aligned<U>&) noexcept {}
  [[nodiscard]] T* allocate(std::size_t n) {
    return static_cast<T*>(::operator new(n * sizeof(T), std::align_val_t{64}));
  }
  void deallocate(T* p, std::size_t) noexcept { ::operator delete(p, std::align_val_t{64}); }
  friend bool operator==(cache_aligned, cache_aligned) noexcept { return true; }
};

using aligned_floats = std::vector<float, cache_aligned<float>>;

/// Views a matrix [outputs, inner] as panels of 16 outputs: element (o, k) lies at
/// `data[(o / 16) * panel_stride + k * 16 + o % 16]`. Panels start on a cache line.
struct panels_view {
  const float* data = nullptr;
  std::size_t panel_stride = 0;
  std::size_t outputs = 0;
};

/// A weight matrix in panel order; missing outputs of the last panel are zero.
class packed_matrix {
 public:
  packed_matrix() = default;
  /// Packs `weights`, row-major [outputs, inner]. @pre weights.size() == outputs * inner
  packed_matrix(std::span<const float> weights, std::size_t outputs, std::size_t inner);

  [[nodiscard]] std::size_t outputs() const noexcept { return outputs_; }
  [[nodiscard]] std::size_t inner() const noexcept { return inner_; }
  [[nodiscard]] panels_view view() const noexcept { return {data_.data(), inner_ * panel_width, outputs_}; }

 private:
  std::size_t outputs_ = 0, inner_ = 0;
  aligned_floats data_;
};

/// What the run-time dispatch chose; tests ask for each that the CPU has.
enum class instruction_set : std::uint8_t { portable, avx2, avx512 };
[[nodiscard]] bool is_supported(instruction_set) noexcept;
[[nodiscard]] instruction_set best_instruction_set() noexcept;

/// y[r, o] = sum over k in [first, last) of x[r, k] * panels[o, k], added in the order of `s`.
/// `x` and `y` are row-major with the given strides in floats. Determinism: exact, for any number of rows and any CPU.
void multiply(const float* x, std::size_t x_stride, std::size_t rows, panels_view panels, std::size_t first,
              std::size_t last, summation s, float* y, std::size_t y_stride);
void multiply(instruction_set, const float* x, std::size_t x_stride, std::size_t rows, panels_view panels,
              std::size_t first, std::size_t last, summation s, float* y, std::size_t y_stride);

}  // namespace reference

#endif
