// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Openings of PST commitments at any point: one of them compares two whole tensors.
#ifndef ASSAY_POLYCOMMIT_PST_POINT_HPP
#define ASSAY_POLYCOMMIT_PST_POINT_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <assay/core/expects.hpp>
#include <assay/polycommit/pst_open.hpp>

namespace assay::inline v0 {

namespace detail {

/// Takes the first variable out: out[rest] = sum_i L_i(z) v[i, rest], the values at z on the axis.
template <class Fr, class V>
[[nodiscard]] std::vector<Fr> fold_axis(std::span<const Fr> lagrange, std::uint32_t extent, std::span<const V> values) {
  const std::size_t rest = values.size() / extent;
  std::vector<Fr> out(rest);
  for (std::uint32_t i = 0; i < extent; ++i)
    for (std::size_t t = 0; t < rest; ++t) out[t] += lagrange[i] * to_scalar<Fr>(values[i * rest + t]);
  return out;
}

/// (f_i - f(z)) / (i - z) for every node i of the axis; at a node z = a the limit, as in an opening on the grid.
template <class Fr>
[[nodiscard]] std::vector<Fr> quotient_values(const lagrange_axis<Fr>& axis, std::span<const Fr> f,
                                              std::span<const Fr> at_z, const Fr& z) {
  const std::size_t rest = at_z.size();
  const std::uint32_t n = axis.nodes();
  std::vector<Fr> inverse(n), scratch(n), q(n * rest);
  std::uint32_t node = n;  // z, if it is one
  for (std::uint32_t i = 0; i < n; ++i) {
    inverse[i] = Fr::from_u64(i) - z;
    if (inverse[i].is_zero()) node = i;
  }
  invert_all<Fr>(inverse, scratch);
  for (std::uint32_t i = 0; i < n; ++i) {
    if (i == node) continue;
    const Fr ratio = node < n ? axis.weight_ratio(i, node) : Fr::zero();
    for (std::size_t t = 0; t < rest; ++t) {
      const Fr value = i * rest < f.size() ? f[i * rest + t] : Fr::zero();
      q[i * rest + t] = (value - at_z[t]) * inverse[i];
      if (node < n) q[node * rest + t] -= ratio * q[i * rest + t];
    }
  }
  return q;
}

}  // namespace detail

/// The committed polynomial's value at z, from the tensor itself: what a verifier who has the tensor computes. About N
/// field products. Exact. @pre values.size() == grid.size(), point.size() == grid.rank
template <class Fr, class V>
[[nodiscard]] Fr evaluate(const pst_grid& grid, std::span<const V> values, std::span<const Fr> point) {
  ASSAY_EXPECTS(values.size() == grid.size() && point.size() == grid.rank);
  std::vector<Fr> f;
  for (std::size_t j = 0; j < grid.rank; ++j) {
    const auto lagrange = lagrange_values<Fr>(barycentric_weights<Fr>(grid.nodes[j]), point[j]);
    f = j == 0 ? detail::fold_axis<Fr, V>(lagrange, grid.extents[j], values)
               : detail::fold_axis<Fr, Fr>(lagrange, grid.extents[j], f);
  }
  return grid.rank == 0 ? detail::to_scalar<Fr>(values[0]) : f[0];
}

/// A value at a point with its proof, one group element per axis.
template <class C>
struct point_opening {
  typename C::fr value;
  std::vector<affine_point<typename C::g1>> proof;
};

/// Opens at any point of Fr^rank, grid points included. Two different tensors agree at a random point with probability
/// at most sum_j (n_j - 1) / r, so this one opening compares whole tensors, if z is drawn after both are fixed. Exact.
/// Complexity: about N (1 + 1/n_0 + ..) terms with whole scalars.
/// @pre values.size() == key.grid().size(), point.size() == key.grid().rank
template <class C, class V>
[[nodiscard]] point_opening<C> open_at(const pst_key<C>& key, std::span<const V> values,
                                       std::span<const typename C::fr> point) {
  using fr = typename C::fr;
  using g1 = typename C::g1;
  ASSAY_EXPECTS(values.size() == key.grid().size() && point.size() == key.grid().rank);
  std::vector<fr> f(values.size());
  for (std::size_t i = 0; i < f.size(); ++i) f[i] = detail::to_scalar<fr>(values[i]);
  msm_workspace<g1> work;
  std::vector<xyzz_point<g1>> proof;
  for (std::size_t j = 0; j < point.size(); ++j) {
    const lagrange_axis<fr>& axis = key.axis(j);
    std::vector<fr> at_z = detail::fold_axis<fr, fr>(axis.values_at(point[j]), key.grid().extents[j], f);
    const std::vector<fr> q = detail::quotient_values<fr>(axis, f, at_z, point[j]);
    proof.push_back(msm<g1>(key.slices(j), std::span<const fr>{q}, work));
    f = std::move(at_z);
  }
  point_opening<C> out{f[0], std::vector<affine_point<g1>>(proof.size())};
  to_affine<g1>(proof, out.proof);
  return out;
}

}  // namespace assay::inline v0

#endif
