// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How a small tensor lies on the grid of a structured reference string, and Lagrange interpolation on one axis.
#ifndef ASSAY_POLYCOMMIT_PST_GRID_HPP
#define ASSAY_POLYCOMMIT_PST_GRID_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <assay/core/expects.hpp>
#include <assay/core/result.hpp>
#include <assay/math/batch_add.hpp>
#include <assay/math/field.hpp>
#include <assay/math/point.hpp>
#include <assay/polycommit/grid.hpp>

namespace assay::inline v0 {

/// A tensor on some of a grid's axes. It is constant along the other axes, and zero at nodes beyond `extents`.
struct pst_grid {
  std::uint8_t rank = 0;  ///< 0: a single value
  std::array<std::uint8_t, 8> axes{};  ///< ascending places in the reference string
  std::array<std::uint32_t, 8> extents{};  ///< values per axis
  std::array<std::uint32_t, 8> nodes{};  ///< what the reference string has there: at least `extents`

  /// Values with the first `fixed` coordinates given. @pre fixed <= rank
  [[nodiscard]] constexpr std::size_t tile_size(std::size_t fixed) const noexcept {
    std::size_t n = 1;
    for (std::size_t j = fixed; j < rank; ++j) n *= extents[j];
    return n;
  }
  [[nodiscard]] constexpr std::size_t size() const noexcept { return tile_size(0); }

  friend bool operator==(const pst_grid&, const pst_grid&) = default;
};

/// Lays extents over a reference string's axes, in order: of all ways that fit, the one with the fewest nodes; of
/// those, the one with the earliest axes. Both sides derive the same place. Exact.
/// @errors shape_mismatch (an extent is zero, or nothing fits)
[[nodiscard]] inline result<pst_grid> place_grid(const grid_shape& reference, std::span<const std::uint32_t> extents) {
  pst_grid best;
  std::uint64_t fewest = ~std::uint64_t{0};
  for (std::uint32_t n : extents)
    if (n == 0) return fail(errc::shape_mismatch, "pst: an extent is zero");
  for (std::uint32_t mask = 0; mask < (1u << reference.rank); ++mask) {
    pst_grid g;
    std::uint64_t nodes = 1;
    bool fits = true;
    for (std::uint8_t axis = 0; axis < reference.rank && fits; ++axis) {
      if (((mask >> axis) & 1u) == 0) continue;
      fits = g.rank < extents.size() && extents[g.rank] <= reference.extents[axis];
      if (!fits) break;
      g.axes[g.rank] = axis, g.extents[g.rank] = extents[g.rank], g.nodes[g.rank] = reference.extents[axis];
      nodes *= reference.extents[axis];
      ++g.rank;
    }
    if (!fits || g.rank != extents.size() || nodes > fewest) continue;
    if (nodes < fewest || g.axes < best.axes) best = g;
    fewest = nodes;
  }
  if (fewest == ~std::uint64_t{0}) return fail(errc::shape_mismatch, "pst: the reference string's grid is too small");
  return best;
}

/// The constants of interpolation on the nodes 0..n-1; w_i are the barycentric weights.
template <class Fr>
class lagrange_axis {
 public:
  /// @pre 1 <= n < r
  explicit lagrange_axis(std::uint32_t n) : inverse_(n), weight_(barycentric_weights<Fr>(n)), weight_inverse_(weight_) {
    std::vector<Fr> scratch(n);
    for (std::uint32_t i = 0; i < n; ++i) inverse_[i] = Fr::from_u64(i);
    invert_all<Fr>(inverse_, scratch);
    invert_all<Fr>(weight_inverse_, scratch);
  }

  [[nodiscard]] std::uint32_t nodes() const noexcept { return static_cast<std::uint32_t>(inverse_.size()); }
  /// 1 / (i - a). @pre i != a, both are nodes
  [[nodiscard]] Fr inverse_difference(std::uint32_t i, std::uint32_t a) const noexcept {
    return i > a ? inverse_[i - a] : -inverse_[a - i];
  }
  /// w_i / w_a
  [[nodiscard]] Fr weight_ratio(std::uint32_t i, std::uint32_t a) const noexcept {
    return weight_[i] * weight_inverse_[a];
  }

  /// All L_i(z), for any z.
  [[nodiscard]] std::vector<Fr> values_at(const Fr& z) const { return lagrange_values<Fr>(weight_, z); }

 private:
  std::vector<Fr> inverse_, weight_, weight_inverse_;
};

namespace detail {

/// One halving of sum_axis: slices i and i + n/2 of every block are added; a middle slice is kept as it is.
template <class G>
std::vector<affine_point<G>> halve_axis(const std::vector<affine_point<G>>& in, std::size_t outer, std::size_t n,
                                        std::size_t inner, batch_add_workspace<G>& work) {
  constexpr std::size_t most = 4096;
  const std::size_t half = n / 2, left_over = n - 2 * half, kept = half + left_over;
  std::vector<affine_point<G>> out(outer * kept * inner);
  std::vector<std::uint32_t> left(most), right(most), to(most);
  std::size_t count = 0;
  const auto flush = [&] {
    batch_add<G>(in.data(), left.data(), right.data(), to.data(), out.data(), count, work);
    count = 0;
  };
  for (std::size_t o = 0; o < outer; ++o) {
    for (std::size_t t = 0; t < half * inner; ++t) {
      left[count] = static_cast<std::uint32_t>((o * n * inner + t) << 1);
      right[count] = static_cast<std::uint32_t>((o * n * inner + (kept * inner) + t) << 1);
      to[count] = static_cast<std::uint32_t>(o * kept * inner + t);
      if (++count == most) flush();
    }
    for (std::size_t t = 0; t < left_over * inner; ++t)
      out[(o * kept + half) * inner + t] = in[(o * n + half) * inner + t];
  }
  if (count != 0) flush();
  return out;
}

/// Sums an (outer, n, inner) array of points over its middle axis. Since the Lagrange basis sums to 1, this takes a
/// variable out of a basis. @pre fewer than 2^31 points
template <class G>
std::vector<affine_point<G>> sum_axis(std::vector<affine_point<G>> points, std::size_t outer, std::size_t n,
                                      std::size_t inner, batch_add_workspace<G>& work) {
  ASSAY_EXPECTS(points.size() == outer * n * inner && points.size() < (std::size_t{1} << 31));
  for (; n > 1; n = n - n / 2) points = halve_axis(points, outer, n, inner, work);
  return points;
}

}  // namespace detail

}  // namespace assay::inline v0

#endif
