// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Checks that reference strings and ceremonies share: every point is a proper one, and neighbours have the right ratio.
#ifndef ASSAY_POLYCOMMIT_DETAIL_GRID_CHECK_HPP
#define ASSAY_POLYCOMMIT_DETAIL_GRID_CHECK_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <assay/core/expects.hpp>
#include <assay/core/result.hpp>
#include <assay/math/msm.hpp>
#include <assay/math/pairing.hpp>
#include <assay/math/point.hpp>
#include <assay/polycommit/detail/random_coefficients.hpp>
#include <assay/polycommit/detail/subgroup_check.hpp>
#include <assay/polycommit/grid.hpp>

namespace assay::inline v0::detail {

/// @errors identity_point, not_on_curve, not_in_subgroup (`where`: `first` plus the index)
template <class G>
[[nodiscard]] result<void> check_points(std::span<const affine_point<G>> points, random_coefficients& random,
                                        std::uint64_t first = 0) {
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (points[i].is_infinity())
      return fail(errc::identity_point, "reference string: a point is the identity", first + i);
    if (!points[i].is_on_curve())
      return fail(errc::not_on_curve, "reference string: a point is not on the curve", first + i);
  }
  if (const std::size_t at = first_outside_subgroup<G>(points, random); at != points.size())
    return fail(errc::not_in_subgroup, "reference string: a point is outside the group of prime order", first + at);
  return {};
}

/// Coefficients of two sums over the slices of an axis.
template <class F>
struct slice_weights {
  std::vector<F> left, right;
};

/// {sum left_i S_i, sum right_i S_i}, where S_i = sum over the other axes of r_rest P_{i, rest} with random 128-bit r.
/// Complexity: one multi-scalar multiplication of all points by 128-bit scalars (two of full width if slices are thin).
template <class G>
[[nodiscard]] std::array<affine_point<G>, 2>
combine_slices(const grid_shape& shape, std::size_t axis, std::span<const affine_point<G>> points,
               const slice_weights<typename G::scalar>& weights, random_coefficients& random, msm_workspace<G>& work) {
  using scalar = typename G::scalar;
  constexpr std::size_t thin = 32;
  const std::size_t n = shape.extents[axis], stride = static_cast<std::size_t>(shape.stride(axis)),
                    rest = points.size() / n;
  const auto r = random.next(rest);
  const auto number = [&](std::size_t i, std::size_t k) { return (k / stride * n + i) * stride + k % stride; };
  std::vector<scalar> left, right;
  if (rest < thin) {
    left.resize(points.size()), right.resize(points.size());
    for (std::size_t k = 0; k < rest; ++k) {
      const scalar own = scalar::from_limbs({r[k][0], r[k][1]});
      for (std::size_t i = 0; i < n; ++i)
        left[number(i, k)] = own * weights.left[i], right[number(i, k)] = own * weights.right[i];
    }
    return {msm<G>(points, std::span<const scalar>{left}, work).to_affine(),
            msm<G>(points, std::span<const scalar>{right}, work).to_affine()};
  }
  std::vector<affine_point<G>> slice(rest), sums(n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < rest; ++k) slice[k] = points[number(i, k)];
    sums[i] = msm<G>(slice, std::span<const limbs<2>>{r}, work).to_affine();
  }
  return {msm<G>(sums, std::span<const scalar>{weights.left}, work).to_affine(),
          msm<G>(sums, std::span<const scalar>{weights.right}, work).to_affine()};
}

/// True iff b = tau a for the tau of [tau]_2.
template <class C>
[[nodiscard]] bool has_ratio(const affine_point<typename C::g1>& a, const affine_point<typename C::g1>& b,
                             const affine_point<typename C::g2>& tau_g2) {
  const prepared_g2<C> tau{tau_g2}, one{C::g2::generator()};
  const std::array<pairing_term<C>, 2> terms = {pairing_term<C>{a, &tau}, pairing_term<C>{-b, &one}};
  return pairing_product_is_one<C>(terms);
}

}  // namespace assay::inline v0::detail

#endif
