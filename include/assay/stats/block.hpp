// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From the scores of one sequence to one number: tokens of a sequence depend on each other, so a sequence counts once.
#ifndef ASSAY_STATS_BLOCK_HPP
#define ASSAY_STATS_BLOCK_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include <assay/core/expects.hpp>
#include <assay/core/result.hpp>

namespace assay::inline v0::stats {

/// What becomes of a block's scores. Numbers are stable.
enum class reduction : std::uint8_t {
  mean = 1,          ///< a small deviation on every token moves it
  largest = 2,       ///< a large deviation on one token moves it
  share_beyond = 3,  ///< share of scores above a limit; with limit 0 and margins: the rate of mismatches
};

/// How a block of scores becomes one number, larger being worse.
/// Cap and limit must be chosen without the blocks that thresholds are fitted on, or the guarantee is lost.
struct block_rule {
  reduction by = reduction::mean;
  double cap = std::numeric_limits<double>::infinity();  ///< scores are cut here first; infinite scores become the cap
  double limit = 0;  ///< for `share_beyond`, else 0

  friend bool operator==(const block_rule&, const block_rule&) = default;
};

/// @errors unsupported (an unknown reduction), out_of_range (a cap not above 0; a limit negative, infinite, not below
/// the         cap, or set without `share_beyond`)
[[nodiscard]] inline result<void> validate(const block_rule& rule) {
  if (rule.by != reduction::mean && rule.by != reduction::largest && rule.by != reduction::share_beyond)
    return fail(errc::unsupported, "a block rule has an unknown reduction", static_cast<std::uint64_t>(rule.by));
  if (!(rule.cap > 0)) return fail(errc::out_of_range, "a block rule's cap is not above 0");
  if (!(rule.limit >= 0 && rule.limit < rule.cap))
    return fail(errc::out_of_range, "a block rule's limit is not in [0, cap)");
  if (rule.by != reduction::share_beyond && rule.limit != 0)
    return fail(errc::out_of_range, "a block rule has a limit that it does not use");
  return {};
}

/// One number of a block of scores that are at least 0. NaN among them makes it NaN: a fit refuses that, a decision
/// takes it for the worst. @pre `validate(rule)` passes. @errors insufficient_data (no scores), out_of_range (a
/// negative one)
[[nodiscard]] inline result<double> reduce(const block_rule& rule, std::span<const double> scores) {
  if (scores.empty()) return fail(errc::insufficient_data, "a block without scores");
  double sum = 0, largest = 0;
  std::size_t beyond = 0;
  bool broken = false;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (scores[i] < 0) return fail(errc::out_of_range, "a score is negative", i);
    broken = broken || std::isnan(scores[i]);
    const double cut = std::min(scores[i], rule.cap);
    sum += cut;
    largest = std::max(largest, cut);
    beyond += cut > rule.limit;
  }
  if (broken) return std::numeric_limits<double>::quiet_NaN();
  const double count = static_cast<double>(scores.size());
  return rule.by == reduction::mean      ? sum / count
         : rule.by == reduction::largest ? largest
                                         : static_cast<double>(beyond) / count;
}

/// One number of several blocks that are decided on together: the largest, or the mean with equal weights; NaN if one
/// is.
/// @pre at least one block
[[nodiscard]] inline double reduce_blocks(reduction by, std::span<const double> blocks) {
  ASSAY_EXPECTS(!blocks.empty());
  double sum = 0, largest = blocks[0];
  for (double b : blocks) {
    sum += b;
    if (!(b <= largest)) largest = b;
    if (std::isnan(b)) return b;
  }
  return by == reduction::largest ? largest : sum / static_cast<double>(blocks.size());
}

}  // namespace assay::inline v0::stats

#endif
