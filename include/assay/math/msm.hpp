// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Multi-scalar multiplication: sums of integers times points, for small, 128-bit and full-width integers.
#ifndef ASSAY_MATH_MSM_HPP
#define ASSAY_MATH_MSM_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include <assay/core/executor.hpp>
#include <assay/core/expects.hpp>
#include <assay/math/detail/scratch.hpp>
#include <assay/math/detail/signed_windows.hpp>
#include <assay/math/detail/window_choice.hpp>
#include <assay/math/detail/window_sums.hpp>
#include <assay/math/glv.hpp>
#include <assay/math/point.hpp>
#include <assay/math/tree_sum.hpp>

namespace assay::inline v0 {

/// Scratch of multiplications and of fixed-base sums. Grows to what the largest call needs, then allocates no more.
/// One per thread; the contents mean nothing between calls.
template <class G>
struct msm_workspace {
  tree_sum_workspace<G> trees;
  batch_add_workspace<G> additions;
  detail::window_summer<G> windows;
  detail::scratch<affine_point<G>> points, more_points;
  detail::scratch<xyzz_point<G>> extended;
  detail::scratch<typename G::coordinate> products;
  detail::scratch<limbs<G::scalar::limb_count>> integers;
  detail::scratch<glv_half> halves;
  detail::scratch<std::uint32_t> left, right, out;
};

namespace detail {

inline constexpr std::size_t most_points = std::size_t{1} << 29;

template <class G, class Value>
[[nodiscard]] xyzz_point<G> single_msm(const affine_point<G>* bases, std::span<const Value> values, unsigned bits,
                                       msm_workspace<G>& work) {
  if (bits == 0) return {};
  const window_plan plan = choose_windows<G>(values.size(), 1, bits).plan;
  const node_values<Value> node{values};
  return sum_of_powers(work.windows.template run<Value>(bases, {&node, 1}, plan, work.trees), plan.bits());
}

/// Twice the points, half the bits.
template <class G>
[[nodiscard]] xyzz_point<G> glv_msm(const affine_point<G>* bases, std::span<const limbs<4>> scalars,
                                    msm_workspace<G>& work) {
  const std::size_t n = scalars.size();
  affine_point<G>* const points = work.points.room(2 * n);
  glv_half* const halves = work.halves.room(2 * n);
  for (std::size_t i = 0; i < n; ++i) {
    const auto [first, second] = glv_split<G>(scalars[i]);
    points[2 * i] = bases[i], points[2 * i + 1] = glv_image(bases[i]);
    halves[2 * i] = first, halves[2 * i + 1] = second;
  }
  const std::span<const glv_half> both{halves, 2 * n};
  return single_msm<G, glv_half>(points, both, signed_bits(both), work);
}

/// True if splitting `size` scalars of `bits` bits saves more than it costs.
template <class G>
[[nodiscard]] bool glv_pays(std::size_t size, unsigned bits) {
  constexpr double split = 1;  // of a scalar and a point, in batched additions
  if (bits <= 128) return false;
  return choose_windows<G>(2 * size, 1, 128).cost + split * static_cast<double>(size) <
         choose_windows<G>(size, 1, bits).cost;
}

}  // namespace detail

/// Sum of scalars[i] bases[i] for small integers, with the sign of Int. Cost grows with the largest magnitude in use,
/// and never depends on how often values or points repeat. Exact. Variable time.
/// @pre scalars.size() <= bases.size(), at most 2^29 scalars; bases that are left over are not read
template <class G, small_integer Int>
[[nodiscard]] xyzz_point<G> msm(std::type_identity_t<std::span<const affine_point<G>>> bases,
                                std::span<const Int> scalars, msm_workspace<G>& work) {
  ASSAY_EXPECTS(scalars.size() <= bases.size() && scalars.size() <= detail::most_points);
  return detail::single_msm<G, Int>(bases.data(), scalars, detail::signed_bits(scalars), work);
}

/// Likewise for unsigned integers of 128 bits, which is what random combinations need.
template <class G>
[[nodiscard]] xyzz_point<G> msm(std::type_identity_t<std::span<const affine_point<G>>> bases,
                                std::span<const limbs<2>> scalars, msm_workspace<G>& work) {
  ASSAY_EXPECTS(scalars.size() <= bases.size() && scalars.size() <= detail::most_points);
  return detail::single_msm<G, limbs<2>>(bases.data(), scalars, detail::signed_bits(scalars), work);
}

/// Likewise for scalars modulo the group's order. @pre every base has that order
template <class G>
[[nodiscard]] xyzz_point<G> msm(std::type_identity_t<std::span<const affine_point<G>>> bases,
                                std::span<const typename G::scalar> scalars, msm_workspace<G>& work) {
  ASSAY_EXPECTS(scalars.size() <= bases.size() && scalars.size() <= detail::most_points);
  using integer = limbs<G::scalar::limb_count>;
  integer* const integers = work.integers.room(scalars.size());
  for (std::size_t i = 0; i < scalars.size(); ++i) integers[i] = scalars[i].to_limbs();
  const std::span<const integer> values{integers, scalars.size()};
  const unsigned bits = detail::signed_bits(values);
  if constexpr (has_glv<G>)
    if (detail::glv_pays<G>(values.size(), bits)) return detail::glv_msm<G>(bases.data(), values, work);
  return detail::single_msm<G, integer>(bases.data(), values, bits, work);
}

/// The same on several threads: piece t of the scalars is summed with workspaces[t]. @pre !workspaces.empty()
template <class G, class Scalar, executor Executor>
[[nodiscard]] xyzz_point<G> msm(std::type_identity_t<std::span<const affine_point<G>>> bases,
                                std::span<const Scalar> scalars, Executor& ex, std::span<msm_workspace<G>> workspaces) {
  ASSAY_EXPECTS(scalars.size() <= bases.size() && !workspaces.empty());
  const std::size_t pieces = workspaces.size(), n = scalars.size();
  for (msm_workspace<G>& w : workspaces) w.extended.room(1);
  ex.for_each(pieces, [&](std::size_t t) {
    const std::size_t begin = n / pieces * t + (t < n % pieces ? t : n % pieces);
    const std::size_t size = n / pieces + (t < n % pieces ? 1 : 0);
    workspaces[t].extended.data()[0] = msm<G>(bases.subspan(begin), scalars.subspan(begin, size), workspaces[t]);
  });
  xyzz_point<G> total;
  for (const msm_workspace<G>& w : workspaces) total += w.extended.data()[0];
  return total;
}

namespace detail {

/// out[k] = sum over i of 2^i sums[k count + i], for all k in the same batches (Horner's rule).
template <class G>
void sums_of_powers(const affine_point<G>* sums, std::size_t count, std::span<affine_point<G>> out,
                    msm_workspace<G>& work) {
  const std::size_t n = out.size();
  if (n < 32) {
    xyzz_point<G>* const totals = work.extended.room(n);
    for (std::size_t k = 0; k < n; ++k) totals[k] = sum_of_powers(sums + k * count, count);
    to_affine<G>(totals, n, work.products.room(n), [&](std::size_t k) -> affine_point<G>& { return out[k]; });
    return;
  }
  std::uint32_t *const left = work.left.room(n), *const right = work.right.room(n), *const to = work.out.room(n);
  affine_point<G>* const totals = work.points.room(n);
  affine_point<G>* const terms = work.more_points.room(2 * n);  // doubled totals, then what to add to them
  for (std::size_t k = 0; k < n; ++k) {
    left[k] = static_cast<std::uint32_t>(2 * k), to[k] = static_cast<std::uint32_t>(k);
    right[k] = static_cast<std::uint32_t>(2 * (n + k));
    totals[k] = sums[k * count + count - 1];
  }
  for (std::size_t i = count - 1; i-- > 0;) {
    batch_add<G>(totals, left, left, to, terms, n, work.additions);
    for (std::size_t k = 0; k < n; ++k) terms[n + k] = sums[k * count + i];
    batch_add<G>(terms, left, right, to, totals, n, work.additions);
  }
  for (std::size_t k = 0; k < n; ++k) out[k] = totals[k];
}

/// Nodes [begin, end) that are summed together: enough to fill batches, few enough for the caches.
template <class V>
[[nodiscard]] std::size_t chunk_end(std::span<const node_values<V>> nodes, std::size_t begin,
                                    std::size_t most_values) noexcept {
  std::size_t end = begin, values = 0;
  while (end < nodes.size() && (end == begin || values + nodes[end].values.size() <= most_values)) {
    values += nodes[end++].values.size();
    if (end - begin >= most_values) break;  // many empty nodes
  }
  return end;
}

template <class V>
void expect_node(const node_values<V>& node, std::size_t bases) {
  ASSAY_EXPECTS(node.bases.empty() ? node.values.size() <= bases : node.bases.size() == node.values.size());
  std::uint32_t highest = 0;
  for (const std::uint32_t base : node.bases) highest = base > highest ? base : highest;
  ASSAY_EXPECTS(node.bases.empty() || highest < bases);
}

}  // namespace detail

/// out[k] = sum of node k's values times its bases: many sums over the same bases, without tables, in shared batches.
/// For bases that are used again and again `fixed_base_table` is several times faster. Exact. Variable time.
/// @pre out.size() == nodes.size(); base numbers are below bases.size() <= 2^29
template <class G, small_integer Int>
void msm_many(std::type_identity_t<std::span<const affine_point<G>>> bases, std::span<const node_values<Int>> nodes,
              std::span<affine_point<G>> out, msm_workspace<G>& work) {
  ASSAY_EXPECTS(out.size() == nodes.size() && bases.size() <= detail::most_points);
  for (std::size_t begin = 0; begin < nodes.size();) {
    const std::size_t end = detail::chunk_end(nodes, begin, std::size_t{1} << 14), count = end - begin;
    unsigned bits = 0;
    std::size_t values = 0;
    const std::span<const node_values<Int>> chunk = nodes.subspan(begin, count);
    for (const node_values<Int>& node : chunk) {
      detail::expect_node(node, bases.size());
      const unsigned own_bits = detail::signed_bits(node.values);
      bits = own_bits > bits ? own_bits : bits;
      values += node.values.size();
    }
    const std::span<affine_point<G>> results = out.subspan(begin, count);
    if (bits == 0) {
      for (affine_point<G>& r : results) r = {};
    } else {
      const detail::window_plan plan = detail::choose_windows<G>(values / count + 1, count, bits).plan;
      const affine_point<G>* const sums = work.windows.template run<Int>(bases.data(), chunk, plan, work.trees);
      detail::sums_of_powers<G>(sums, plan.bits(), results, work);
    }
    begin = end;
  }
}

}  // namespace assay::inline v0

#endif
