// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where a mixture puts its bets: a geometric grid over the range of effects that one wants to find soonest.
#ifndef ASSAY_STATS_PRIOR_GRID_HPP
#define ASSAY_STATS_PRIOR_GRID_HPP

#include <array>
#include <cmath>
#include <cstddef>
#include <span>

#include <assay/core/result.hpp>

namespace assay::inline v0::stats {

/// Points from `least` to `most`, each at most 1.6 times the one before while 16 of them suffice, with weights; both
/// ends weigh double, for they have a neighbour on one side only.
///
/// A mixture loses about -ln(share of its weight near the truth) against the test that knows the truth, out of the
/// ln(1 / alpha) that either must earn: a narrow range is quick inside and slow outside, a wide one middling
/// everywhere. It is a choice of power only: validity never depends on it.
class prior_grid {
 public:
  static constexpr std::size_t most_points = 16;
  static constexpr double spacing = 1.6;

  /// @errors out_of_range (not 0 < least <= most < infinity)
  [[nodiscard]] static result<prior_grid> make(double least, double most) {
    if (!(least > 0 && most >= least && most / least < 1e300))
      return fail(errc::out_of_range, "a grid needs 0 < least <= most");
    prior_grid grid;
    const double steps = std::ceil(std::log(most / least) / std::log(spacing) - 1e-9);
    grid.count_ = steps < 1 ? 1 : steps < most_points ? static_cast<std::size_t>(steps) + 1 : most_points;
    const double last = static_cast<double>(grid.count_ - 1);
    for (std::size_t i = 0; i < grid.count_; ++i) {
      const bool inner = i != 0 && i + 1 != grid.count_;
      grid.points_[i] = grid.count_ == 1 ? std::sqrt(least) * std::sqrt(most)
                                         : least * std::pow(most / least, static_cast<double>(i) / last);
      grid.weights_[i] = inner ? 1 : 2;
    }
    return grid;
  }

  [[nodiscard]] std::span<const double> points() const noexcept { return std::span(points_).first(count_); }
  [[nodiscard]] std::span<const double> weights() const noexcept { return std::span(weights_).first(count_); }

 private:
  prior_grid() = default;

  std::array<double, most_points> points_{}, weights_{};
  std::size_t count_ = 0;
};

/// The bet that is the likelihood ratio of an honest distribution tilted to another mean, 1 + (mean - mu0) (x - mu0) /
/// variance, as a share of the largest allowed one: mu0 (mean - mu0) / variance, cut at 0.95. The best bet of all against
/// that tilt, and a good one against others of the same mean.
/// @errors out_of_range (not 0 < honest_mean < mean <= 1, the honest variance not positive)
[[nodiscard]] inline result<double> best_share(double honest_mean, double honest_variance, double mean) {
  if (!(honest_mean > 0 && mean > honest_mean && mean <= 1 && honest_variance > 0))
    return fail(errc::out_of_range, "a best bet needs 0 < honest mean < mean <= 1 and a variance");
  const double share = honest_mean * (mean - honest_mean) / honest_variance;
  return share < 0.95 ? share : 0.95;
}

}  // namespace assay::inline v0::stats

#endif
