// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Thresholds of several dependent statistics under one bound, without dividing alpha between them.
#ifndef ASSAY_STATS_JOINT_THRESHOLD_HPP
#define ASSAY_STATS_JOINT_THRESHOLD_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <assay/core/expects.hpp>
#include <assay/core/result.hpp>
#include <assay/stats/quantile.hpp>

namespace assay::inline v0::stats {

/// The statistics take turns; whoever's turn it is cuts off the block with its largest value among those that are left,
/// and `levels[j]` is the value cut off in turn j, by statistic j mod count. Ties: the earlier block goes first.
///
/// A new block is cut at the first turn j with a value above `levels[j]`. Under exchangeability it is cut within r
/// turns with probability at most r / (n + 1): in each turn it is the largest of what is left, itself included, with
/// probability at most 1 / (n + 1). For independent blocks the probability that a fitted region leaves outside is at
/// most a Beta(r, n + 1 - r) variable. However the statistics depend on each other, nothing is divided between them.
/// Source: Tukey, "Statistically equivalent blocks and multivariate tolerance regions", 1947; ties: part III, 1948.
class cut_order {
 public:
  /// `columns`: for each statistic its values by block, one length. Complexity: O(S n log n).
  /// @errors empty (no statistics), length_mismatch, insufficient_data (no blocks), non_finite (`where`: the block)
  [[nodiscard]] static result<cut_order> make(std::span<const std::vector<double>> columns) {
    if (columns.empty()) return fail(errc::empty, "a joint threshold of no statistics");
    const std::size_t n = columns[0].size();
    for (const auto& column : columns) {
      if (column.size() != n)
        return fail(errc::length_mismatch, "statistics of different numbers of blocks", column.size());
      if (auto ok = detail::check_sample(column, 1); !ok) return ok.error();
    }
    cut_order made;
    made.statistics_ = columns.size();
    made.levels_.resize(n);
    std::vector<std::vector<std::size_t>> left(columns.size());  // the worst last
    for (std::size_t s = 0; s < columns.size(); ++s) left[s] = ascending(columns[s]);
    std::vector<char> cut(n);
    for (std::size_t turn = 0; turn < n; ++turn) {
      auto& own = left[turn % columns.size()];
      while (cut[own.back()] != 0) own.pop_back();
      cut[own.back()] = 1;
      made.levels_[turn] = columns[turn % columns.size()][own.back()];
    }
    return made;
  }

  [[nodiscard]] std::size_t blocks() const noexcept { return levels_.size(); }
  [[nodiscard]] std::size_t statistics() const noexcept { return statistics_; }
  [[nodiscard]] std::span<const double> levels() const noexcept { return levels_; }

  /// Each statistic's threshold after so many cuts; +infinity if it had no turn. @pre cuts <= blocks()
  [[nodiscard]] std::vector<double> thresholds(std::uint64_t cuts) const {
    ASSAY_EXPECTS(cuts <= levels_.size());
    std::vector<double> at(statistics_, std::numeric_limits<double>::infinity());
    for (std::size_t turn = 0; turn < cuts; ++turn) at[turn % statistics_] = levels_[turn];
    return at;
  }

  /// The turn in which a block with these values would be cut, `blocks()` if never. A NaN is larger than anything.
  /// It is beyond one of `thresholds(r)` exactly if this is less than r. @pre one value per statistic
  [[nodiscard]] std::size_t turn_of(std::span<const double> values) const {
    ASSAY_EXPECTS(values.size() == statistics_);
    std::size_t turn = 0;
    while (turn < levels_.size() && values[turn % statistics_] <= levels_[turn]) ++turn;
    return turn;
  }

 private:
  cut_order() = default;

  /// Blocks by their values, ascending, of equal ones the later first: read from the end, the worst that came first.
  /// A sort of plain doubles, and a place for each: a sort of its own would be dear to compile.
  [[nodiscard]] static std::vector<std::size_t> ascending(const std::vector<double>& values) {
    std::vector<double> sorted = values;
    std::sort(sorted.begin(), sorted.end());
    std::vector<std::size_t> order(values.size()), taken(values.size());
    for (std::size_t i = values.size(); i-- > 0;) {
      const auto first =
          static_cast<std::size_t>(std::lower_bound(sorted.begin(), sorted.end(), values[i]) - sorted.begin());
      order[first + taken[first]++] = i;
    }
    return order;
  }

  std::size_t statistics_ = 0;
  std::vector<double> levels_;
};

}  // namespace assay::inline v0::stats

#endif
