// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A structured reference string in the Lagrange basis of a grid: bare data, nothing checked.
#ifndef ASSAY_POLYCOMMIT_REFERENCE_STRING_HPP
#define ASSAY_POLYCOMMIT_REFERENCE_STRING_HPP

#include <cstdint>
#include <span>
#include <vector>

#include <assay/hash/digest.hpp>
#include <assay/hash/transcript.hpp>
#include <assay/math/point.hpp>
#include <assay/polycommit/grid.hpp>
#include <assay/polycommit/raw_point.hpp>

namespace assay::inline v0 {

/// The powers that commitments over a grid are made with, for secret tau_0..tau_{m-1}: what a polynomial's values at
/// the grid points are multiplied with, so that sum f(i) G_i = [f(tau)]_1 without any interpolation.
/// Says nothing of its own validity: `verified_srs` does.
template <class C>
struct structured_reference_string {
  using g1_point = affine_point<typename C::g1>;
  using g2_point = affine_point<typename C::g2>;

  grid_shape shape;
  std::vector<g1_point> lagrange;  ///< [prod_j L_{j,i_j}(tau_j)]_1, row-major, axis 0 slowest; nodes 0..n_j-1
  std::vector<g2_point> tau_g2;    ///< [tau_j]_2 per axis

  /// Binds curve, shape and every point. Hashes all of them: the holders below keep it. Exact.
  [[nodiscard]] digest id() const {
    transcript t{domains::srs};
    t.u64("curve", static_cast<std::uint64_t>(C::id)).u64("rank", shape.rank);
    for (const std::uint32_t n : shape.extents) t.u64("extent", n);
    t.u64("points", lagrange.size()).digest("lagrange", digest_of_points<typename C::g1>(lagrange));
    t.u64("variables", tau_g2.size()).digest("tau", digest_of_points<typename C::g2>(tau_g2));
    return t.finish();
  }

  friend bool operator==(const structured_reference_string&, const structured_reference_string&) = default;
};

}  // namespace assay::inline v0

#endif
