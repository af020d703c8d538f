// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How many more steps a sequential test is likely to take: an estimate with a range, never a promise.
#ifndef ASSAY_STATS_FORECAST_HPP
#define ASSAY_STATS_FORECAST_HPP

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace assay::inline v0::stats {

/// What the logarithm of an e-value gained per step so far.
struct growth {
  std::uint64_t steps = 0;
  double mean = 0;
  double variance = 0;  ///< of one step's gain
};

/// Further steps until a threshold; infinite: not at the present rate.
struct forecast {
  double low = 1;
  double likely = std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
};

/// When a random walk that goes on as it began passes a barrier `distance` above it. `likely` is distance / mean gain; `low`
/// and `high` are the n at which the predicted sum of n more gains, its own spread and the rate's uncertainty together,
/// reaches the barrier z standard deviations early or late: n m -+ z sqrt(v (n + n^2 / steps)) = distance. z = 1.645
/// makes it a 90 % range if gains are independent and alike; for the leading bet of a mixture, picked with hindsight, 75 to
/// 83 % were measured. A provider may change its mind, so it binds nobody.
/// No range from fewer than 8 steps. @pre z > 0
[[nodiscard]] inline forecast forecast_steps(double distance, const growth& seen, double z = 1.645) noexcept {
  if (!(distance > 0)) return {0, 0, 0};
  forecast f;
  if (seen.steps < 8 || !(seen.variance >= 0)) return f;
  const double m = seen.mean, v = z * z * seen.variance, n = static_cast<double>(seen.steps);
  if (m > 0) f.likely = std::max(1.0, distance / m);
  // (n m - distance)^2 = v (n + n^2 / steps) is a n^2 - b n + distance^2 = 0; b^2 - 4 a distance^2 without cancellation.
  const double a = m * m - v / n, b = 2 * distance * m + v;
  const double square = v * (v + 4 * distance * m + 4 * distance * distance / n);
  const double sum = b + std::sqrt(std::max(0.0, square));
  f.low = square >= 0 && sum > 0 ? std::max(1.0, 2 * distance * distance / sum) : f.high;
  if (m > 0 && a > 0) f.high = std::max(f.likely, sum / (2 * a));
  f.low = std::min(f.low, f.likely);  // rounding may turn equal ends around
  return f;
}

}  // namespace assay::inline v0::stats

#endif
