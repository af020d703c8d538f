// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Intervals by resampling whole sequences: tokens of one sequence depend on each other, sequences do not.
#ifndef ASSAY_STATS_BOOTSTRAP_HPP
#define ASSAY_STATS_BOOTSTRAP_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <assay/core/result.hpp>
#include <assay/random/seed.hpp>
#include <assay/random/stream.hpp>
#include <assay/stats/binomial.hpp>
#include <assay/stats/normal.hpp>
#include <assay/stats/quantile.hpp>
#include <assay/stats/roc.hpp>

namespace assay::inline v0::stats {

/// A sample of scores in blocks: all scores of a sequence are one block, which is drawn or left out as a whole.
class score_blocks {
 public:
  /// Adds a block. @errors empty, non_finite (where: the score; nothing is added)
  [[nodiscard]] result<void> add(std::span<const double> scores) {
    if (scores.empty()) return fail(errc::empty, "a block without scores");
    if (auto ok = detail::check_sample(scores, 1); !ok) return ok;
    values_.insert(values_.end(), scores.begin(), scores.end());
    ends_.push_back(values_.size());
    return {};
  }

  [[nodiscard]] std::size_t size() const noexcept { return ends_.size(); }
  [[nodiscard]] std::span<const double> values() const noexcept { return values_; }
  /// @pre i < size()
  [[nodiscard]] std::span<const double> block(std::size_t i) const {
    ASSAY_EXPECTS(i < ends_.size());
    const std::size_t first = i == 0 ? 0 : ends_[i - 1];
    return std::span{values_}.subspan(first, ends_[i] - first);
  }

 private:
  std::vector<double> values_;
  std::vector<std::size_t> ends_;
};

enum class bootstrap_kind : std::uint8_t {
  percentile,  ///< quantiles of the replicates
  bca,         ///< corrected for bias and skewness, by a jackknife over blocks
};

struct bootstrap_settings {
  std::uint32_t resamples = 2000;
  double confidence = 0.95;
  bootstrap_kind kind = bootstrap_kind::percentile;
};

/// A figure of a sample and the interval about it. [1, 1] means that no resample differed, not that none could.
struct bootstrap_estimate {
  double value = 0;
  interval limits;
};

namespace detail {

[[nodiscard]] inline result<void> check_bootstrap(const bootstrap_settings& how) {
  if (how.resamples < 20) return fail(errc::insufficient_data, "fewer than 20 resamples", how.resamples);
  if (!(how.confidence > 0 && how.confidence < 1))
    return fail(errc::out_of_range, "a confidence level is not in (0, 1)");
  return {};
}

/// The x with P(Z <= x) = p, by bisection. @pre 0 < p < 1
[[nodiscard]] inline double normal_quantile(double p) noexcept {
  double low = -40, high = 40;
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2;
    (normal_tail(-middle) < p ? low : high) = middle;
  }
  return (low + high) / 2;
}

/// Levels of the two quantiles that make a BCa interval. Efron, 1987; ties with the value count half.
[[nodiscard]] inline interval bca_levels(std::span<const double> replicates, double value, double acceleration,
                                         double confidence) {
  double below = 0;
  for (double r : replicates) below += r < value ? 1.0 : r == value ? 0.5 : 0.0;
  const double n = static_cast<double>(replicates.size());
  const double bias = normal_quantile(std::clamp(below / n, 0.5 / n, 1 - 0.5 / n));
  const auto level = [&](double p) {
    const double z = bias + normal_quantile(p), divisor = 1 - acceleration * z;
    return divisor > 0 ? normal_tail(-(bias + z / divisor)) : (z > 0 ? 1.0 : 0.0);
  };
  return {level((1 - confidence) / 2), level((1 + confidence) / 2)};
}

[[nodiscard]] inline result<interval> between_levels(std::span<const double> replicates, double low, double high) {
  const auto from = quantile(replicates, low), to = quantile(replicates, high);
  if (!from) return from.error();
  if (!to) return to.error();
  return interval{*from, *to};
}

/// The samples with some blocks drawn again, and what is computed of them.
template <class Statistic>
class block_resampler {
 public:
  block_resampler(std::span<const score_blocks* const> samples, Statistic& statistic)
      : samples_(samples), statistic_(statistic), drawn_(samples.size()) {}

  [[nodiscard]] result<double> whole() {
    for (std::size_t s = 0; s < samples_.size(); ++s) restore(s);
    return evaluate();
  }

  [[nodiscard]] result<double> again(random_stream& stream) {
    for (std::size_t s = 0; s < samples_.size(); ++s) {
      drawn_[s].clear();
      for (std::size_t i = 0; i < samples_[s]->size(); ++i) append(s, stream.below(samples_[s]->size()));
    }
    return evaluate();
  }

  /// The skewness of the jackknife's influence values over all samples. Davison and Hinkley, 1997, section 5.3.
  [[nodiscard]] result<double> acceleration() {
    double squares = 0, cubes = 0;
    for (std::size_t s = 0; s < samples_.size(); ++s) restore(s);
    for (std::size_t s = 0; s < samples_.size(); ++s) {
      const std::size_t n = samples_[s]->size();
      if (n < 2) return fail(errc::insufficient_data, "a jackknife needs two blocks a sample", s);
      std::vector<double> without;
      for (std::size_t left_out = 0; left_out < n; ++left_out) {
        drawn_[s].clear();
        for (std::size_t i = 0; i < n; ++i)
          if (i != left_out) append(s, i);
        const result<double> one = evaluate();
        if (!one) return one.error();
        without.push_back(*one);
      }
      restore(s);
      const double centre = *mean(without), weight = static_cast<double>(n - 1) / static_cast<double>(n);
      for (double w : without) {
        const double influence = weight * (centre - w);
        squares += influence * influence, cubes += influence * influence * influence;
      }
    }
    return squares > 0 ? cubes / (6 * std::pow(squares, 1.5)) : 0.0;
  }

 private:
  [[nodiscard]] result<double> evaluate() { return statistic_(std::span<const std::vector<double>>{drawn_}); }
  void restore(std::size_t s) { drawn_[s].assign(samples_[s]->values().begin(), samples_[s]->values().end()); }
  void append(std::size_t s, std::size_t block) {
    const auto scores = samples_[s]->block(block);
    drawn_[s].insert(drawn_[s].end(), scores.begin(), scores.end());
  }

  std::span<const score_blocks* const> samples_;
  Statistic& statistic_;
  std::vector<std::vector<double>> drawn_;
};

}  // namespace detail

/// The percentile interval of `resamples` values of `replicate()` -> result<double>, each of a fresh resample.
/// For figures that `block_bootstrap` does not fit.
/// @errors as the replicate's; insufficient_data, out_of_range (settings)
template <class Replicate>
[[nodiscard]] result<interval> replicate_interval(const bootstrap_settings& how, Replicate&& replicate) {
  if (auto ok = detail::check_bootstrap(how); !ok) return ok.error();
  std::vector<double> found;
  found.reserve(how.resamples);
  for (std::uint32_t i = 0; i < how.resamples; ++i) {
    const result<double> one = replicate();
    if (!one) return one.error();
    found.push_back(*one);
  }
  return detail::between_levels(found, (1 - how.confidence) / 2, (1 + how.confidence) / 2);
}

/// A figure of several samples with its interval; blocks of each sample are resampled on their own.
///
/// `statistic(std::span<const std::vector<double>> samples)` -> result<double> gets the scores of each sample.
/// Determinism: exact draws from the seed; so equal seeds give equal intervals. Memory: one copy of the samples.
/// Complexity: `resamples` calls of the statistic, and for bca one more for each block.
/// @errors empty (no sample), insufficient_data (a sample without blocks, too few resamples), those of the statistic
/// Source: Efron, "Better bootstrap confidence intervals", 1987; blocks as in Kuensch, 1989, of a sequence each.
template <class Statistic>
[[nodiscard]] result<bootstrap_estimate> block_bootstrap(std::span<const score_blocks* const> samples,
                                                         const bootstrap_settings& how, const seed& from,
                                                         Statistic&& statistic) {
  if (samples.empty()) return fail(errc::empty, "a bootstrap of no sample");
  for (std::size_t s = 0; s < samples.size(); ++s)
    if (samples[s]->size() == 0) return fail(errc::insufficient_data, "a sample without blocks", s);
  if (auto ok = detail::check_bootstrap(how); !ok) return ok.error();
  detail::block_resampler resampler{samples, statistic};
  const result<double> value = resampler.whole();
  if (!value) return value.error();
  random_stream stream{from, "block-bootstrap"};
  std::vector<double> found;
  for (std::uint32_t i = 0; i < how.resamples; ++i) {
    const result<double> one = resampler.again(stream);
    if (!one) return one.error();
    found.push_back(*one);
  }
  interval levels{(1 - how.confidence) / 2, (1 + how.confidence) / 2};
  if (how.kind == bootstrap_kind::bca) {
    const auto skewness = resampler.acceleration();
    if (!skewness) return skewness.error();
    levels = detail::bca_levels(found, *value, *skewness, how.confidence);
  }
  const auto limits = detail::between_levels(found, levels.low, levels.high);
  if (!limits) return limits.error();
  return bootstrap_estimate{*value, *limits};
}

/// AUC of single scores with its interval. @errors as `block_bootstrap`, `auc`
[[nodiscard]] inline result<bootstrap_estimate> auc_interval(const score_blocks& negatives,
                                                             const score_blocks& positives,
                                                             const bootstrap_settings& how, const seed& from) {
  const score_blocks* both[]{&negatives, &positives};
  return block_bootstrap(both, how, from,
                         [](std::span<const std::vector<double>> s) { return auc(s[0], s[1]); });
}

/// Standardised partial AUC with its interval. @errors as `block_bootstrap`, `partial_auc`
[[nodiscard]] inline result<bootstrap_estimate> partial_auc_interval(const score_blocks& negatives,
                                                                     const score_blocks& positives,
                                                                     double max_false_positive_rate,
                                                                     const bootstrap_settings& how, const seed& from) {
  const score_blocks* both[]{&negatives, &positives};
  return block_bootstrap(both, how, from, [&](std::span<const std::vector<double>> s) {
    return partial_auc(s[0], s[1], max_false_positive_rate);
  });
}

/// Power at a false-alarm rate with its interval; the threshold is found again in every resample of the negatives, so
/// that its own uncertainty counts. @errors as `block_bootstrap`, `tpr_at_fpr`
[[nodiscard]] inline result<bootstrap_estimate> tpr_at_fpr_interval(const score_blocks& calibration,
                                                                    const score_blocks& positives,
                                                                    double false_positive_rate,
                                                                    const bootstrap_settings& how, const seed& from) {
  const score_blocks* both[]{&calibration, &positives};
  return block_bootstrap(both, how, from, [&](std::span<const std::vector<double>> s) -> result<double> {
    const auto point = tpr_at_fpr(s[0], s[1], false_positive_rate);
    if (!point) return point.error();
    return point->true_positive_rate;
  });
}

}  // namespace assay::inline v0::stats

#endif
