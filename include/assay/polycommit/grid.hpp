// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The integer grid on which a multivariate polynomial is given by its values, and the Lagrange basis of each axis.
#ifndef ASSAY_POLYCOMMIT_GRID_HPP
#define ASSAY_POLYCOMMIT_GRID_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

#include <assay/core/expects.hpp>
#include <assay/core/result.hpp>
#include <assay/math/field.hpp>

namespace assay::inline v0 {

/// Bounds of a grid, checked before anything is computed or allocated from it.
struct grid_limits {
  static constexpr std::size_t axes = 8;
  static constexpr std::uint32_t extent = 1u << 20;
  static constexpr std::uint64_t points = std::uint64_t{1} << 24;
};

/// The grid {0..n_0-1} x ... x {0..n_{m-1}-1}. Points are numbered row-major, axis 0 slowest.
struct grid_shape {
  std::uint8_t rank = 0;
  std::array<std::uint32_t, grid_limits::axes> extents{};  ///< nodes per axis; 0 beyond the rank

  /// @pre at most 8 extents; validate() decides on the rest
  [[nodiscard]] static constexpr grid_shape of(std::initializer_list<std::uint32_t> extents) {
    ASSAY_EXPECTS(extents.size() <= grid_limits::axes);
    grid_shape s;
    for (const std::uint32_t n : extents) s.extents[s.rank++] = n;
    return s;
  }

  /// Number of grid points. @pre validate(*this)
  [[nodiscard]] constexpr std::uint64_t size() const noexcept { return stride_from(0); }
  /// Distance of neighbours along an axis in the numbering: points of the sub-grid of later axes. @pre validate(*this)
  [[nodiscard]] constexpr std::uint64_t stride(std::size_t axis) const noexcept { return stride_from(axis + 1); }

  friend bool operator==(const grid_shape&, const grid_shape&) = default;

 private:
  [[nodiscard]] constexpr std::uint64_t stride_from(std::size_t axis) const noexcept {
    std::uint64_t n = 1;
    for (std::size_t j = axis; j < rank; ++j) n *= extents[j];
    return n;
  }
};

/// Checks a shape, which may come from another party. An axis of one node is refused: no relation would tie its
/// variable to the points of a reference string (leave such an axis out).
/// @errors out_of_range (`where`: the rank, or the axis), invalid_settings (an extent beyond the rank), too_large
[[nodiscard]] inline result<void> validate(const grid_shape& s) {
  if (s.rank < 1 || s.rank > grid_limits::axes) return fail(errc::out_of_range, "grid: 1 to 8 axes", s.rank);
  std::uint64_t points = 1;
  for (std::size_t j = 0; j < grid_limits::axes; ++j) {
    const std::uint32_t n = s.extents[j];
    if (j >= s.rank) {
      if (n != 0) return fail(errc::invalid_settings, "grid: an extent beyond the rank", j);
      continue;
    }
    if (n < 2 || n > grid_limits::extent) return fail(errc::out_of_range, "grid: 2 to 2^20 nodes per axis", j);
    points *= n;  // below 2^44: the product so far is at most 2^24
    if (points > grid_limits::points) return fail(errc::too_large, "grid: more than 2^24 points", j);
  }
  return {};
}

/// For callers who do not want to be told how far a long computation is.
struct no_progress {
  void operator()(double) const noexcept {}
};

/// Barycentric weights of the nodes 0..n-1: w_i = 1 / prod_{k != i} (i - k) = (-1)^(n-1-i) / (i! (n-1-i)!).
/// @pre n < modulus
template <class F>
[[nodiscard]] std::vector<F> barycentric_weights(std::size_t n) {
  std::vector<F> factorials(n), weights(n);
  F product = F::one();
  for (std::size_t i = 0; i < n; ++i) {
    if (i > 0) product *= F::from_u64(i);
    factorials[i] = product;
  }
  for (std::size_t i = 0; i < n; ++i) {
    weights[i] = factorials[i] * factorials[n - 1 - i];
    if ((n - 1 - i) % 2 != 0) weights[i] = -weights[i];
  }
  invert_all<F>(weights, factorials);
  return weights;
}

/// L_0(z) .. L_{n-1}(z): L_i(z) = w_i / (z - i) * prod_k (z - k), or the unit vector where z is a node.
/// @pre weights are those of the nodes 0..n-1
template <class F>
[[nodiscard]] std::vector<F> lagrange_values(std::span<const F> weights, const F& z) {
  const std::size_t n = weights.size();
  std::vector<F> values(n), scratch(n);
  F vanishing = F::one(), node = F::zero();
  for (std::size_t i = 0; i < n; ++i, node += F::one()) {
    values[i] = z - node;
    if (values[i].is_zero()) {
      std::vector<F> unit(n);
      unit[i] = F::one();
      return unit;
    }
    vanishing *= values[i];
  }
  invert_all<F>(values, scratch);
  for (std::size_t i = 0; i < n; ++i) values[i] *= weights[i] * vanishing;
  return values;
}

}  // namespace assay::inline v0

#endif
