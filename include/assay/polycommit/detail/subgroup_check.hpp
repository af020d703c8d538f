// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Whether all of many points lie in the group of prime order, for much less than one test per point.
#ifndef ASSAY_POLYCOMMIT_DETAIL_SUBGROUP_CHECK_HPP
#define ASSAY_POLYCOMMIT_DETAIL_SUBGROUP_CHECK_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include <assay/math/point.hpp>
#include <assay/math/subgroup.hpp>
#include <assay/math/tree_sum.hpp>
#include <assay/polycommit/detail/random_coefficients.hpp>

namespace assay::inline v0::detail {

/// Puts every point into one of 2^bits buckets at random and tests the buckets' sums. True if all are in the group.
///
/// Random linear combinations would not do: a point whose stray part has order 3 vanishes from one in three of them.
/// Here, draw the bucket of one stray point last. If the other points leave no bucket or several buckets with a stray
/// part, it cannot mend them; if they leave one, it must hit that one. So a round misses with probability 2^-bits.
template <class G>
[[nodiscard]] bool bucket_sums_are_in_subgroup(std::span<const affine_point<G>> points, unsigned bits,
                                               random_coefficients& random, tree_sum_workspace<G>& work) {
  const std::size_t buckets = std::size_t{1} << bits, n = points.size();
  std::vector<std::uint32_t> bucket(n), offsets(buckets + 1), entries(n);
  limbs<2> word{};
  unsigned left = 0;
  for (std::uint32_t& b : bucket) {
    if (left < bits) word = random.next(), left = 128;
    b = bits_of(word, left - bits, bits);
    left -= bits;
    ++offsets[b + 1];
  }
  for (std::size_t b = 0; b < buckets; ++b) offsets[b + 1] += offsets[b];
  std::vector<std::uint32_t> next(offsets.begin(), offsets.end() - 1);
  for (std::size_t i = 0; i < n; ++i) entries[next[bucket[i]]++] = static_cast<std::uint32_t>(2 * i);
  std::vector<affine_point<G>> sums(buckets);
  tree_sums<G>(points.data(), entries.data(), offsets, sums, work);
  for (const affine_point<G>& sum : sums)
    if (!is_in_subgroup(sum)) return false;
  return true;
}

/// Index of the first point outside the group of prime order; their number if there is none. Wrong with probability
/// below 2^-128. @pre all points are on the curve
template <class G>
[[nodiscard]] std::size_t first_outside_subgroup(std::span<const affine_point<G>> points, random_coefficients& random) {
  using C = typename G::curve;
  if constexpr (std::is_same_v<G, typename C::g1> && C::family == curve_family::bn) return points.size();
  constexpr std::size_t worth_batching = 1u << 14;
  if (points.size() >= worth_batching) {
    const unsigned bits = points.size() < (1u << 18) ? 9 : 11;
    tree_sum_workspace<G> work;
    bool all = true;
    for (unsigned sure = 0; sure < 128 && all; sure += bits)
      all = bucket_sums_are_in_subgroup<G>(points, bits, random, work);
    if (all) return points.size();
  }
  for (std::size_t i = 0; i < points.size(); ++i)
    if (!is_in_subgroup(points[i])) return i;
  return points.size();
}

}  // namespace assay::inline v0::detail

#endif
