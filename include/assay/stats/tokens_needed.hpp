// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How many tokens a check needs to tell dishonest from honest runs, found by drawing batches of whole sequences.
#ifndef ASSAY_STATS_TOKENS_NEEDED_HPP
#define ASSAY_STATS_TOKENS_NEEDED_HPP

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <vector>

#include <assay/core/result.hpp>
#include <assay/random/stream.hpp>
#include <assay/stats/quantile.hpp>
#include <assay/stats/roc.hpp>
#include <assay/stats/sequence_pool.hpp>

namespace assay::inline v0::stats {

/// Batch sizes worth trying: 18 a decade up to `limit`, ascending (1, 2, 3, … 10, 11, 12, 13, 15, 17, 20, 22, 25, …).
[[nodiscard]] inline std::vector<std::uint32_t> batch_sizes(std::uint32_t limit) {
  std::vector<std::uint32_t> sizes;
  for (double decade = 1; decade <= limit; decade *= 10)
    for (double step : {1.0, 1.1, 1.2, 1.3, 1.5, 1.7, 2.0, 2.2, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 6.0, 7.0, 8.0, 9.0})
      if (const double n = std::round(decade * step * 10) / 10; n <= limit && n == std::floor(n))
        sizes.push_back(static_cast<std::uint32_t>(n));
  return sizes;
}

/// The AUC between means of `count` batches of n units of either pool. @errors as `sequence_pool::draw`, `auc`
[[nodiscard]] inline result<double> batch_auc(sequence_pool& honest, sequence_pool& dishonest, std::uint32_t n,
                                              std::uint32_t count, random_stream& stream) {
  const auto negatives = honest.draw(n, count, stream), positives = dishonest.draw(n, count, stream);
  if (!negatives) return negatives.error();
  if (!positives) return positives.error();
  return auc(*negatives, *positives);
}

/// The share of `count` batches of n units whose mean exceeds a threshold. @errors as `sequence_pool::draw`
[[nodiscard]] inline result<double> batch_share_above(sequence_pool& pool, double threshold, std::uint32_t n,
                                                      std::uint32_t count, random_stream& stream) {
  const auto means = pool.draw(n, count, stream);
  if (!means) return means.error();
  const auto above = std::count_if(means->begin(), means->end(), [&](double m) { return m > threshold; });
  return static_cast<double>(above) / count;
}

/// The batch mean that honest batches of n units exceed at a given rate, from a pool kept for calibration.
/// @errors as `sequence_pool::draw`, `quantile`
[[nodiscard]] inline result<double> batch_threshold(sequence_pool& calibration, double false_positive_rate,
                                                    std::uint32_t n, std::uint32_t count, random_stream& stream) {
  const auto means = calibration.draw(n, count, stream);
  if (!means) return means.error();
  return quantile(*means, 1 - false_positive_rate);
}

/// The smallest of `batch_sizes(limit)` at which `reached(n)` -> result<bool> holds, if it also does at the next one:
/// one lucky draw does not count. @errors those of `reached`
template <class Reached>
[[nodiscard]] result<std::optional<std::uint32_t>> smallest_batch(std::uint32_t limit, Reached&& reached) {
  std::optional<std::uint32_t> before;
  for (std::uint32_t n : batch_sizes(limit)) {
    const result<bool> now = reached(n);
    if (!now) return now.error();
    if (*now && before) return before;
    before = *now ? std::optional{n} : std::nullopt;
  }
  return std::optional<std::uint32_t>{};
}

/// Units until the AUC between batch means reaches `goal`; none if no size up to `limit` does.
/// @errors out_of_range (a size exceeds a tenth of either pool: give a `limit` that does not), as `auc`
[[nodiscard]] inline result<std::optional<std::uint32_t>> units_to_auc(sequence_pool honest, sequence_pool dishonest,
                                                                       double goal, std::uint32_t limit,
                                                                       std::uint32_t batches, random_stream& stream) {
  return smallest_batch(limit, [&](std::uint32_t n) -> result<bool> {
    const auto area = batch_auc(honest, dishonest, n, batches, stream);
    if (!area) return area.error();
    return *area >= goal;
  });
}

/// Units until a share `goal` of dishonest batches exceeds the threshold that calibration batches of the same size
/// exceed at `false_positive_rate`; none if no size up to `limit` does. @errors as `units_to_auc`
[[nodiscard]] inline result<std::optional<std::uint32_t>> units_to_tpr(sequence_pool calibration,
                                                                       sequence_pool dishonest,
                                                                       double false_positive_rate, double goal,
                                                                       std::uint32_t limit, std::uint32_t batches,
                                                                       random_stream& stream) {
  return smallest_batch(limit, [&](std::uint32_t n) -> result<bool> {
    const auto threshold = batch_threshold(calibration, false_positive_rate, n, batches, stream);
    if (!threshold) return threshold.error();
    const auto share = batch_share_above(dishonest, *threshold, n, batches, stream);
    if (!share) return share.error();
    return *share >= goal;
  });
}

/// The difference of two pools' means over sequences, and that in standard errors.
struct pool_shift {
  double shift = 0, z = 0;
};

[[nodiscard]] inline pool_shift shift_between(const sequence_pool::moments& honest,
                                              const sequence_pool::moments& dishonest) noexcept {
  const double squared_error = honest.variance / static_cast<double>(honest.sequences) +
                               dishonest.variance / static_cast<double>(dishonest.sequences);
  const double shift = dishonest.mean - honest.mean;
  return {shift, squared_error > 0 ? shift / std::sqrt(squared_error) : 0};
}

/// Units to AUC .999 for sequences of `length` units if batch means were normal: a guess beyond what the pools allow.
/// None where the shift is below four standard errors: from noise one can extrapolate anything.
[[nodiscard]] inline std::optional<double> extrapolated_units(const sequence_pool::moments& honest,
                                                              const sequence_pool::moments& dishonest, double length) {
  const pool_shift seen = shift_between(honest, dishonest);
  if (std::abs(seen.z) < 4) return std::nullopt;
  constexpr double quantile = 3.0902;  // Phi(3.0902) = .999
  return quantile * quantile * (honest.variance + dishonest.variance) * length / (seen.shift * seen.shift);
}

}  // namespace assay::inline v0::stats

#endif
