// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Many multiples of a group's generator, from one table.
#ifndef ASSAY_POLYCOMMIT_DETAIL_GENERATOR_MULTIPLES_HPP
#define ASSAY_POLYCOMMIT_DETAIL_GENERATOR_MULTIPLES_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <assay/core/expects.hpp>
#include <assay/math/fixed_base.hpp>
#include <assay/math/point.hpp>

namespace assay::inline v0::detail {

/// out[i] = scalars[i] times the generator. About 24 (few scalars: 32) batched additions each. Variable time.
/// @pre equal sizes
template <class G>
void generator_multiples(std::span<const typename G::scalar> scalars, std::span<affine_point<G>> out) {
  ASSAY_EXPECTS(scalars.size() == out.size());
  const affine_point<G> generator = G::generator();
  if (scalars.size() < 32) {
    for (std::size_t i = 0; i < scalars.size(); ++i)
      out[i] = multiply(xyzz_point<G>{generator}, scalars[i]).to_affine();
    return;
  }
  const auto table = fixed_base_table<G>::build({&generator, 1}, G::scalar::bits, scalars.size() < 4096 ? 8 : 11);
  constexpr std::size_t batch = 4096;
  constexpr std::uint32_t only_base = 0;
  std::vector<node_values<typename G::scalar>> nodes;
  msm_workspace<G> work;
  for (std::size_t i = 0; i < scalars.size(); i += batch) {
    const std::size_t n = scalars.size() - i < batch ? scalars.size() - i : batch;
    nodes.clear();
    for (std::size_t k = 0; k < n; ++k) nodes.push_back({scalars.subspan(i + k, 1), {&only_base, 1}});
    sum_many<G, typename G::scalar>(table, nodes, out.subspan(i, n), work);
  }
}

}  // namespace assay::inline v0::detail

#endif
