// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Many independent additions of affine points at once, sharing one inversion: the inner loop of every multi-scalar sum.
#ifndef ASSAY_MATH_BATCH_ADD_HPP
#define ASSAY_MATH_BATCH_ADD_HPP

#include <cstddef>
#include <cstdint>
#include <vector>

#include <assay/math/detail/batch_add_ifma.hpp>
#include <assay/math/kernel.hpp>
#include <assay/math/point.hpp>
#include <assay/math/quadratic.hpp>

namespace assay::inline v0 {

namespace detail {

/// How one addition of a batch is done.
enum class addition_case : std::uint8_t {
  chord,  // different x: the ordinary case
  tangent,  // the same point twice
  left,  // the right operand is infinity: the sum is the left one
  right,  // the left operand is infinity
  none,  // both are infinity, or they cancel
};

/// Additions that share an inversion in the portable kernel: operands and results of a chunk stay in the L2 cache.
inline constexpr std::size_t batch_add_chunk = 512;
/// Fewer additions than this are done sooner one by one than in lanes.
inline constexpr std::size_t least_ifma_additions = 8;

}  // namespace detail

/// Scratch memory of `batch_add`, kept between calls; for one thread at a time. Its members are the kernels' own.
template <class Group>
struct batch_add_workspace {
  std::vector<typename Group::coordinate> denominators, prefixes;
  std::vector<detail::addition_case> cases;
  std::vector<detail::vector_block> blocks;
};

namespace detail {

template <class Group>
[[nodiscard]] inline affine_point<Group> signed_point(const affine_point<Group>* points, std::uint32_t index) noexcept {
  const affine_point<Group>& p = points[index >> 1];
  return (index & 1) != 0 ? -p : p;
}

/// True for zeros and next to nothing else: looks at the lowest limb.
template <class P>
[[nodiscard]] inline bool may_be_zero(const field<P>& a) noexcept {
  const std::uint64_t low = a.montgomery_form()[0];
  return low == 0 || low == P::modulus[0];
}
template <class F>
[[nodiscard]] inline bool may_be_zero(const quadratic<F>& a) noexcept {
  return may_be_zero(a.c0);
}

/// What to do with operands of which one may be infinity or whose x may be equal; the denominator of the slope, if any.
template <class Group>
[[gnu::noinline]] addition_case classify_addition(const affine_point<Group>& a, const affine_point<Group>& b,
                                                  typename Group::coordinate& denominator) noexcept {
  const bool no_a = a.is_infinity(), no_b = b.is_infinity();
  if (no_a || no_b) return no_a && no_b ? addition_case::none : no_a ? addition_case::right : addition_case::left;
  if (!denominator.is_zero()) return addition_case::chord;
  denominator = a.y + b.y;  // 2 y, for equal points
  return denominator.is_zero() ? addition_case::none : addition_case::tangent;
}

template <class Group>
inline void prefetch_point(const affine_point<Group>& p) noexcept {
  __builtin_prefetch(&p);
  __builtin_prefetch(&p.y);
}

/// The first half of Montgomery's trick for a chunk: denominators and, in two interleaved chains, their products.
template <class Group>
void multiply_denominators(const affine_point<Group>* points, const std::uint32_t* left, const std::uint32_t* right,
                           std::size_t count, batch_add_workspace<Group>& work) {
  using coordinate = typename Group::coordinate;
  coordinate* const prefix = work.prefixes.data();  // prefix[i + 2] = prefix[i] times denominator i
  prefix[0] = prefix[1] = coordinate::one();
  for (std::size_t i = 0; i < count; ++i) {
    if (i + 8 < count) {  // points of tables and of long sums lie far apart
      prefetch_point(points[left[i + 8] >> 1]);
      prefetch_point(points[right[i + 8] >> 1]);
    }
    const coordinate &a = points[left[i] >> 1].x, &b = points[right[i] >> 1].x;
    coordinate denominator = b - a;
    addition_case how = addition_case::chord;
    if (may_be_zero(denominator) || may_be_zero(a) || may_be_zero(b))
      how = classify_addition(signed_point(points, left[i]), signed_point(points, right[i]), denominator);
    work.cases[i] = how;
    if (how > addition_case::tangent) denominator = coordinate::one();
    work.denominators[i] = denominator;
    prefix[i + 2] = prefix[i] * denominator;
  }
}

/// One chunk: the ends of both chains share one inversion, and walk back.
template <class Group>
void batch_add_chunk_portable(const affine_point<Group>* points, const std::uint32_t* left, const std::uint32_t* right,
                              const std::uint32_t* out, affine_point<Group>* sums, std::size_t count,
                              batch_add_workspace<Group>& work) {
  using coordinate = typename Group::coordinate;
  multiply_denominators(points, left, right, count, work);
  const coordinate* const prefix = work.prefixes.data();
  const std::size_t even = (count + 1) / 2 * 2, odd = count / 2 * 2 + 1;  // where the two chains end
  const coordinate both = (prefix[even] * prefix[odd]).inverse();
  coordinate inverse[2] = {both * prefix[odd], both * prefix[even]};
  for (std::size_t i = count; i-- > 0;) {
    const addition_case how = work.cases[i];
    const affine_point<Group>&a = points[left[i] >> 1], &b = points[right[i] >> 1];
    // Signs are random: to choose an address costs less than a missed branch.
    const coordinate minus_y[2] = {-a.y, -b.y};
    const coordinate* const ya[2] = {&a.y, minus_y};
    const coordinate* const yb[2] = {&b.y, minus_y + 1};
    const coordinate &y1 = *ya[left[i] & 1], &y2 = *yb[right[i] & 1];
    const coordinate own_inverse = inverse[i & 1] * prefix[i];
    inverse[i & 1] *= work.denominators[i];
    affine_point<Group>& sum = sums[out[i]];
    if (how > addition_case::tangent) {
      if (how == addition_case::left) sum = {a.x, y1};
      else if (how == addition_case::right) sum = {b.x, y2};
      else sum = {};
      continue;
    }
    coordinate numerator = y2 - y1;
    if (how == addition_case::tangent) {
      const coordinate square = a.x.squared();
      numerator = square.doubled() + square;
    }
    const coordinate slope = own_inverse * numerator;
    sum.x = slope.squared() - a.x - b.x;
    sum.y = slope * (a.x - sum.x) - y1;
  }
}

/// `batch_add` through the coordinate field alone.
template <class Group>
void batch_add_portable(const affine_point<Group>* points, const std::uint32_t* left, const std::uint32_t* right,
                        const std::uint32_t* out, affine_point<Group>* sums, std::size_t count,
                        batch_add_workspace<Group>& work) {
  const std::size_t chunk = count < batch_add_chunk ? count : batch_add_chunk;
  if (work.cases.size() < chunk) {
    work.denominators.resize(chunk);
    work.prefixes.resize(chunk + 2);
    work.cases.resize(chunk);
  }
  for (std::size_t at = 0; at < count; at += chunk)
    batch_add_chunk_portable(points, left + at, right + at, out + at, sums, count - at < chunk ? count - at : chunk,
                             work);
}

}  // namespace detail

/// sums[out[i]] = +-points[left[i] / 2] +- points[right[i] / 2] for every i < count; an odd index negates its point.
/// Complete: infinity, equal and opposite points are sorted out lane by lane, for less than twice the time of others
/// even if they are everywhere. Coordinates come out below the field's bound (2p), infinity as exact zeros.
/// Exact: every kernel gives the same points.
/// @pre the sums written do not overlap the points read; the indices in `out` differ from one another
/// Complexity: 5 products, one square and a 512th (portable) or 1024th (IFMA) of an inversion for each addition.
/// Source: Montgomery's simultaneous inversion (Speeding the Pollard and elliptic curve methods, section 10.3.1).
template <class Group>
void batch_add(const affine_point<Group>* points, const std::uint32_t* left, const std::uint32_t* right,
               const std::uint32_t* out, affine_point<Group>* sums, std::size_t count,
               batch_add_workspace<Group>& work) {
#if ASSAY_X86_64
  if constexpr (detail::has_ifma_batch_add<Group>) {
    if (active_kernel == math_kernel::ifma && count >= detail::least_ifma_additions)
      return detail::batch_add_ifma(points, left, right, out, sums, count, work.blocks);
  }
#endif
  detail::batch_add_portable(points, left, right, out, sums, count, work);
}

}  // namespace assay::inline v0

#endif
