// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Whether fitted thresholds are passed more often than their fit allows: the drift that matters, in the tail.
#ifndef ASSAY_STATS_EXCEEDANCE_HPP
#define ASSAY_STATS_EXCEEDANCE_HPP

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include <assay/core/result.hpp>
#include <assay/stats/evidence.hpp>

namespace assay::inline v0::stats {

/// An e-process for "new blocks are like the n that r cuts were made in". Then the i-th new block, after k before it
/// were beyond, is beyond with probability (r + k) / (n + 1 + i) at most: the urn of Polya that follows from a Beta(r,
/// n + 1 - r) rate. The alternatives are the same urns with c times as many r. Their likelihood ratio grows with k, so
/// that ties, which can only lower k, only lower it. May be looked at after every block.
class exceedance_monitor {
 public:
  /// @errors insufficient_data (no cuts, or more than blocks)
  [[nodiscard]] static result<exceedance_monitor> make(std::uint64_t blocks, std::uint64_t cuts) {
    if (cuts == 0 || cuts > blocks)
      return fail(errc::insufficient_data, "an exceedance check of thresholds without cuts", cuts);
    exceedance_monitor made;
    made.cuts_ = static_cast<double>(cuts);
    made.total_ = static_cast<double>(blocks) + 1;
    return made;
  }

  void update(bool beyond) {
    const double k = static_cast<double>(beyond_), i = static_cast<double>(blocks_);
    for (std::size_t a = 0; a < factors.size(); ++a) {
      const double cuts = factors[a] * cuts_, total = total_ + cuts - cuts_;
      const double each = beyond ? (cuts + k) / (cuts_ + k) : 1;
      log_wealth_[a] += std::log(each * (total_ + i) / (total + i));
    }
    ++blocks_;
    beyond_ += beyond;
  }

  /// ln of the present e-value.
  [[nodiscard]] double log_e_value() const { return log_mean_e(log_wealth_).value_or(0); }
  [[nodiscard]] std::uint64_t blocks() const noexcept { return blocks_; }
  [[nodiscard]] std::uint64_t beyond() const noexcept { return beyond_; }

 private:
  static constexpr std::array<double, 3> factors{2, 5, 20};

  exceedance_monitor() = default;

  double cuts_ = 1, total_ = 2;
  std::array<double, factors.size()> log_wealth_{};
  std::uint64_t blocks_ = 0, beyond_ = 0;
};

}  // namespace assay::inline v0::stats

#endif
