// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How many tokens a statistic needs to tell one pool of transcripts from another, without the usual self-deceptions.
//
// - A batch is consecutive tokens of whole requests of one stack, as an auditor would see them, so correlation inside a
//   request counts; requests of a batch are different ones.
// - No batch exceeds a tenth of the pool that it is drawn from: larger ones overlap, and their AUC means nothing.
// - Caps and thresholds come from a calibration pool, false alarms from an evaluation pool of other requests.
// - Intervals resample whole requests.
#ifndef ASSAY_TOKEN_STUDY_DETECTION_HPP
#define ASSAY_TOKEN_STUDY_DETECTION_HPP

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <assay/core/result.hpp>
#include <assay/stats/binomial.hpp>
#include <assay/stats/bootstrap.hpp>
#include <assay/stats/sequence_pool.hpp>

#include "transcript.hpp"

namespace study {

enum class statistic : std::uint8_t { margin, capped_margin, mismatch, cross_entropy, likelihood, capped_likelihood };
inline constexpr std::array all_statistics{statistic::margin,     statistic::capped_margin,
                                           statistic::mismatch,   statistic::cross_entropy,
                                           statistic::likelihood, statistic::capped_likelihood};
std::string_view name_of(statistic);

/// A token's contribution; larger is worse, but for the cross-entropy, whose direction depends on the cheat.
/// margin: the finite one, uncapped. likelihood: -GLS at sigma 1, at most 20, which excluded tokens get.
/// capped_likelihood: -GLS of the capped margin.
double contribution(const assay::token_score& score, statistic which, double cap);

/// Caps below this would cut everything where honest margins are all but zero, as with one arithmetic on both sides.
inline constexpr double least_cap = 0.01;
/// The 99.9th percentile of the finite margins, at least `least_cap`.
assay::result<double> cap_of(const pool& honest);

/// One statistic over one pool, grouped by arithmetic. sign: -1 where less is worse.
assay::result<assay::stats::sequence_pool> scores_of(const pool& from, statistic which, double cap, double sign = 1);

/// What one statistic achieves against one cheat.
struct power {
  double shift = 0;  ///< mean of the cheat minus mean of the honest
  double z = 0;  ///< the shift in standard errors over requests: below 3 nothing was shown
  std::optional<std::uint32_t> tokens;  ///< the smallest batch with AUC >= .999, if the ratio allows one
  std::optional<double> extrapolated;  ///< the same from means and variances of requests; given if |z| >= 4
  assay::stats::bootstrap_estimate auc;  ///< at `detection::equal_tokens`; 95 %, requests resampled
};

/// How often honest batches of one size alarm: capped margin, threshold from the calibration pool.
struct baseline {
  std::uint32_t tokens = 0;
  double threshold = 0;
  std::uint64_t false_alarms = 0, batches = 0;  ///< disjoint batches of the evaluation pool
  assay::stats::interval interval;  ///< 95 %, Clopper-Pearson
};

struct honest_pools {
  pool calibration, evaluation;
  double cap = 0;
  std::vector<baseline> baselines;  ///< 1, 4, 16, … requests
};

/// Finds the cap and the baselines. @errors as the statistics'
assay::result<honest_pools> prepare_pools(const options& chosen, pool calibration, pool evaluation,
                                          std::string_view id);

/// Batches of a cheat that exceed a baseline's threshold.
struct detection_rate {
  std::uint32_t tokens = 0;
  assay::stats::bootstrap_estimate share;  ///< 95 %, requests resampled
};

struct detection {
  std::uint32_t largest_batch = 0;
  std::uint32_t equal_tokens = 0;  ///< what the capped margin needs for AUC .999, or the largest batch
  std::array<power, all_statistics.size()> by_statistic;
  std::vector<detection_rate> at_rate;

  [[nodiscard]] const power& of(statistic which) const { return by_statistic[static_cast<std::size_t>(which)]; }
};

/// Measures one cheat against the honest pools. @errors as the statistics'
assay::result<detection> detect(const options& chosen, const honest_pools& honest, const pool& cheat,
                                std::string_view id);

/// The threshold that a fresh honest value, exchangeable with the sample, exceeds with probability at most alpha: the
/// ceil((n + 1)(1 - alpha))-th smallest. @errors insufficient_data (fewer than 1 / alpha - 1 values)
assay::result<double> exchangeable_threshold(std::vector<double> sample, double alpha);

}  // namespace study

#endif
