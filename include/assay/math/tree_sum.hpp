// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Many sums of points at once, as trees of affine additions that share their inversions.
#ifndef ASSAY_MATH_TREE_SUM_HPP
#define ASSAY_MATH_TREE_SUM_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <assay/core/expects.hpp>
#include <assay/math/batch_add.hpp>
#include <assay/math/detail/scratch.hpp>
#include <assay/math/point.hpp>

namespace assay::inline v0 {

namespace detail {

/// out(k) = points[k] for all k below count, with one inversion. @pre room for count products
template <class G, class Out>
void to_affine(const xyzz_point<G>* points, std::size_t count, typename G::coordinate* products, Out&& out) {
  using coordinate = typename G::coordinate;
  coordinate product = coordinate::one();
  for (std::size_t k = 0; k < count; ++k) {
    products[k] = product;
    if (!points[k].is_infinity()) product *= points[k].zzz;
  }
  coordinate inverse = product.inverse();
  for (std::size_t k = count; k-- > 0;) {
    const xyzz_point<G>& p = points[k];
    if (p.is_infinity()) {
      out(k) = affine_point<G>::infinity();
      continue;
    }
    const coordinate own = inverse * products[k], z = own * p.zz;
    inverse *= p.zzz;
    out(k) = affine_point<G>{p.x * z.squared(), p.y * own};
  }
}

}  // namespace detail

/// Scratch of `tree_sums`; its size is bounded whatever the input, and it allocates nothing once warm.
/// One per thread; the contents mean nothing between calls.
template <class G>
class tree_sum_workspace {
 public:
  /// Entries that go through the tree together: their partial sums stay in the second-level cache.
  static constexpr std::size_t block = 8192;

  void sum_block(const affine_point<G>* points, const std::uint32_t* entries, const std::uint32_t* offsets,
                 std::size_t count, affine_point<G>* sums);
  void sum_long_segment(const affine_point<G>* points, const std::uint32_t* entries, std::uint32_t size,
                        affine_point<G>& sum);

 private:
  using coordinate = typename G::coordinate;
  struct segment {
    std::uint32_t id, size;
  };

  void first_level(const affine_point<G>* points, const std::uint32_t* entries, const std::uint32_t* offsets,
                   std::size_t count, affine_point<G>* sums);
  void next_level(affine_point<G>* sums);
  void finish_one_by_one(affine_point<G>* sums);
  [[nodiscard]] bool few_additions_left() const noexcept;

  batch_add_workspace<G> additions_;
  detail::scratch<std::uint32_t> left_, right_, out_;
  detail::scratch<affine_point<G>> current_, next_;
  detail::scratch<segment> live_;  // segments with more than one entry left, in the order of their entries in current_
  detail::scratch<xyzz_point<G>> rest_;
  detail::scratch<coordinate> products_;
  std::size_t live_count_ = 0, left_over_ = 0;
  std::uint32_t longest_ = 0;
};

/// sums[s] = sum of the entries [offsets[s], offsets[s + 1]): entry e is points[e >> 1], negated if bit 0 is set.
///
/// All segments advance level by level in the same batches, so the cost hardly depends on how entries are spread over
/// segments, and never on the values: repeated points, opposite points and infinities are ordinary. An empty segment
/// sums to infinity. Exact. About one affine addition per entry.
/// @pre offsets.size() == sums.size() + 1, ascending; sums and points do not overlap
template <class G>
[[gnu::noinline]] void tree_sums(const affine_point<G>* points, const std::uint32_t* entries,
                                 std::span<const std::uint32_t> offsets, std::span<affine_point<G>> sums,
                                 tree_sum_workspace<G>& work) {
  ASSAY_EXPECTS(offsets.size() == sums.size() + 1);
  constexpr std::size_t block = tree_sum_workspace<G>::block;
  for (std::size_t begin = 0; begin < sums.size();) {
    std::size_t end = begin + 1;
    while (end < sums.size() && end - begin < block && offsets[end + 1] - offsets[begin] <= block) ++end;
    const std::uint32_t size = offsets[begin + 1] - offsets[begin];
    if (size > block) work.sum_long_segment(points, entries + offsets[begin], size, sums[begin]);
    else work.sum_block(points, entries, offsets.data() + begin, end - begin, sums.data() + begin);
    begin = end;
  }
}

/// Pairs neighbours, and keeps an odd last entry.
template <class G>
void tree_sum_workspace<G>::first_level(const affine_point<G>* points, const std::uint32_t* entries,
                                        const std::uint32_t* offsets, std::size_t count, affine_point<G>* sums) {
  std::uint32_t *const left = left_.data(), *const right = right_.data(), *const out = out_.data();
  affine_point<G>* const to = current_.data();
  segment* const live = live_.data();
  const auto entry = [&](std::uint32_t e) { return (e & 1) != 0 ? -points[e >> 1] : points[e >> 1]; };
  std::size_t pairs = 0;
  std::uint32_t at = 0;
  live_count_ = 0, longest_ = 0;
  for (std::size_t s = 0; s < count; ++s) {
    std::uint32_t i = offsets[s];
    const std::uint32_t end = offsets[s + 1], size = end - i;
    if (size < 2) {
      sums[s] = size == 0 ? affine_point<G>::infinity() : entry(entries[i]);
      continue;
    }
    for (; i + 1 < end; i += 2, ++pairs) {
      left[pairs] = entries[i];
      right[pairs] = entries[i + 1];
      out[pairs] = at++;
    }
    if (i < end) to[at++] = entry(entries[i]);
    live[live_count_++] = {static_cast<std::uint32_t>(s), (size + 1) / 2};
    if ((size + 1) / 2 > longest_) longest_ = (size + 1) / 2;
  }
  left_over_ = at;
  if (pairs != 0) batch_add<G>(points, left, right, out, to, pairs, additions_);
}

template <class G>
void tree_sum_workspace<G>::next_level(affine_point<G>* sums) {
  std::uint32_t *const left = left_.data(), *const right = right_.data(), *const out = out_.data();
  const affine_point<G>* const from = current_.data();
  affine_point<G>* const to = next_.data();
  segment* const live = live_.data();
  std::size_t pairs = 0, kept = 0;
  std::uint32_t i = 0, at = 0;
  for (std::size_t k = 0; k < live_count_; ++k) {
    const segment s = live[k];
    const std::uint32_t end = i + s.size;
    if (s.size == 1) {
      sums[s.id] = from[i++];
      continue;
    }
    for (; i + 1 < end; i += 2, ++pairs) {
      left[pairs] = 2 * i;
      right[pairs] = 2 * i + 2;
      out[pairs] = at++;
    }
    if (i < end) to[at++] = from[i++];
    live[kept++] = {s.id, (s.size + 1) / 2};
  }
  live_count_ = kept, left_over_ = at, longest_ = (longest_ + 1) / 2;
  if (pairs != 0) batch_add<G>(from, left, right, out, to, pairs, additions_);
  std::swap(current_, next_);
}

/// True when the inversions of the levels to come would cost more than additions without inversion.
template <class G>
bool tree_sum_workspace<G>::few_additions_left() const noexcept {
  constexpr std::size_t inversion_in_additions = 10;  // measured: 9 to 19, over kernels and fields
  const std::size_t levels = static_cast<std::size_t>(std::bit_width(longest_ - 1));
  return levels > 1 && left_over_ < inversion_in_additions * (levels - 1);
}

/// Sums what is left in extended coordinates, then makes all sums affine with one inversion.
template <class G>
void tree_sum_workspace<G>::finish_one_by_one(affine_point<G>* sums) {
  const affine_point<G>* from = current_.data();
  const segment* const live = live_.data();
  xyzz_point<G>* const rest = rest_.room(live_count_);
  for (std::size_t k = 0; k < live_count_; ++k) {
    rest[k] = *from++;
    for (std::uint32_t i = 1; i < live[k].size; ++i) rest[k] += *from++;
  }
  detail::to_affine<G>(rest, live_count_, products_.room(live_count_),
                       [&](std::size_t k) -> affine_point<G>& { return sums[live[k].id]; });
  live_count_ = 0;
}

template <class G>
void tree_sum_workspace<G>::sum_block(const affine_point<G>* points, const std::uint32_t* entries,
                                      const std::uint32_t* offsets, std::size_t count, affine_point<G>* sums) {
  const std::size_t size = offsets[count] - offsets[0], half = size / 2 + (count < size ? count : size) + 1;
  left_.room(half), right_.room(half), out_.room(half), live_.room(half);
  current_.room(half), next_.room(half);
  first_level(points, entries, offsets, count, sums);
  while (live_count_ != 0) {
    if (few_additions_left()) finish_one_by_one(sums);
    else next_level(sums);
  }
}

template <class G>
void tree_sum_workspace<G>::sum_long_segment(const affine_point<G>* points, const std::uint32_t* entries,
                                             std::uint32_t size, affine_point<G>& sum) {
  xyzz_point<G> total;
  for (std::uint32_t begin = 0; begin < size; begin += block) {
    const std::uint32_t offsets[2] = {begin, size - begin < block ? size : begin + static_cast<std::uint32_t>(block)};
    affine_point<G> part;
    sum_block(points, entries, offsets, 1, &part);
    total += part;
  }
  sum = total.to_affine();
}

}  // namespace assay::inline v0

#endif
