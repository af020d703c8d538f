// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How wide windows should be, from a cost model fitted to measurements.
#ifndef ASSAY_MATH_DETAIL_WINDOW_CHOICE_HPP
#define ASSAY_MATH_DETAIL_WINDOW_CHOICE_HPP

#include <cstddef>

#include <assay/math/detail/window_sums.hpp>
#include <assay/math/kernel.hpp>

namespace assay::inline v0::detail {

/// Costs in units of one batched affine addition.
struct addition_costs {
  double entry;      // reading, sorting and indexing one digit
  double bucket;     // visiting one bucket, empty or not
  double doubling;   // an addition or a doubling in extended coordinates
  double inversion;  // one level of a tree, however small

  template <class G>
  [[nodiscard]] static constexpr addition_costs of(math_kernel kernel) noexcept {
    if (kernel == math_kernel::ifma && requires { G::coordinate::limb_count; }) return {0.15, 0.35, 6.5, 50};
    return {0.03, 0.08, 1.5, 8};
  }
};

/// Estimated cost of one of `nodes` sums over `size` values of `bits` signed bits that are computed together.
[[nodiscard]] constexpr double window_cost(const addition_costs& costs, double size, double nodes, unsigned bits,
                                           unsigned width) {
  const unsigned count = (bits + width - 1) / width;
  const double all = static_cast<double>(std::size_t{1} << (width - 1));
  const auto window = [&](unsigned digit_bits) {
    const double buckets = static_cast<double>(std::size_t{1} << (digit_bits - 1));
    const double nonzero = size * (1 - 0.5 / buckets);
    const double filled = buckets * nonzero / (buckets + nonzero);
    const double reduction = width <= 5 ? filled * digit_bits / 2 : 2 * filled;
    return nonzero - filled + reduction + costs.entry * size + costs.bucket * all;
  };
  const unsigned last = bits - (count - 1) * width;
  const double trees = (count - 1) * window(width) + window(last);
  double levels = width <= 5 ? 2 : 4;  // inversions: down each bucket, then over the buckets
  for (double in_bucket = size / all; in_bucket > 1; in_bucket /= 2) ++levels;
  levels += width - 1;
  return trees + 2 * costs.doubling * bits + levels * costs.inversion / nodes;
}

struct window_estimate {
  window_plan plan;
  double cost;
};

template <class G>
[[nodiscard]] window_estimate choose_windows(std::size_t size, std::size_t nodes, unsigned bits) {
  constexpr unsigned widest = 15;
  const addition_costs costs = addition_costs::of<G>(active_kernel);
  window_estimate best{{}, 0};
  for (unsigned width = 2; width <= widest; ++width) {
    const double cost = window_cost(costs, static_cast<double>(size), static_cast<double>(nodes), bits, width);
    if (width == 2 || cost < best.cost) best = {{width, (bits + width - 1) / width}, cost};
    if (width >= bits) break;
  }
  return best;
}

}  // namespace assay::inline v0::detail

#endif
