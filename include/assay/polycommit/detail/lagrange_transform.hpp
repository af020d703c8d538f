// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From the monomial basis to the Lagrange basis, on points: the inverse Vandermonde matrix along every axis.
#ifndef ASSAY_POLYCOMMIT_DETAIL_LAGRANGE_TRANSFORM_HPP
#define ASSAY_POLYCOMMIT_DETAIL_LAGRANGE_TRANSFORM_HPP

#include <cstddef>
#include <span>
#include <vector>

#include <assay/math/msm.hpp>
#include <assay/math/point.hpp>
#include <assay/polycommit/grid.hpp>

namespace assay::inline v0::detail {

/// The coefficients of L_0 .. L_{n-1} on the nodes 0..n-1, one polynomial at a time: w_i times the quotient of
/// l(X) = prod_k (X - k) by X - i. Complexity: n products per polynomial, n^2 / 2 at the start.
template <class F>
class lagrange_coefficients {
 public:
  explicit lagrange_coefficients(std::size_t n) : weights_(barycentric_weights<F>(n)), vanishing_{F::one()}, row_(n) {
    for (std::size_t k = 0; k < n; ++k) {  // times X - k
      const F node = F::from_u64(k);
      vanishing_.push_back(F::zero());
      for (std::size_t a = vanishing_.size(); a-- > 0;)
        vanishing_[a] = (a > 0 ? vanishing_[a - 1] : F::zero()) - node * vanishing_[a];
    }
  }

  /// Coefficient of X^a at place a. Valid until the next call.
  [[nodiscard]] std::span<const F> row(std::size_t i) {
    const F node = F::from_u64(i);
    F carry = F::zero();
    for (std::size_t a = row_.size(); a-- > 0;) {
      carry = vanishing_[a + 1] + node * carry;
      row_[a] = carry * weights_[i];
    }
    return row_;
  }

 private:
  std::vector<F> weights_, vanishing_, row_;
};

/// Replaces [prod tau_j^{a_j}] by [prod L_{j,a_j}(tau_j)]. Exact. @pre as many points as the shape says
template <class G, class Progress>
void to_lagrange_basis(const grid_shape& shape, std::span<affine_point<G>> points, Progress& progress) {
  using scalar = typename G::scalar;
  std::size_t done = 0, all = 0;
  for (std::size_t j = 0; j < shape.rank; ++j) all += shape.extents[j];
  msm_workspace<G> work;
  std::vector<affine_point<G>> lines(points.size());
  std::vector<xyzz_point<G>> sums;
  std::vector<affine_point<G>> slice;
  for (std::size_t j = 0; j < shape.rank; ++j) {
    const std::size_t n = shape.extents[j], stride = static_cast<std::size_t>(shape.stride(j)),
                      rest = points.size() / n;
    const auto number = [&](std::size_t i, std::size_t k) { return (k / stride * n + i) * stride + k % stride; };
    for (std::size_t k = 0; k < rest; ++k)
      for (std::size_t i = 0; i < n; ++i) lines[k * n + i] = points[number(i, k)];
    lagrange_coefficients<scalar> coefficients{n};
    sums.resize(rest), slice.resize(rest);
    for (std::size_t i = 0; i < n; ++i) {
      const std::span<const scalar> row = coefficients.row(i);
      for (std::size_t k = 0; k < rest; ++k)
        sums[k] = msm<G>(std::span<const affine_point<G>>{lines}.subspan(k * n, n), row, work);
      to_affine<G>(sums, slice);
      for (std::size_t k = 0; k < rest; ++k) points[number(i, k)] = slice[k];
      progress(static_cast<double>(++done) / static_cast<double>(all));
    }
  }
}

}  // namespace assay::inline v0::detail

#endif
