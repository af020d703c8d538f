// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the tokens of one request say together, and all requests together without losing sight of the worst.
#ifndef ASSAY_TOKEN_SEQUENCE_SCORE_HPP
#define ASSAY_TOKEN_SEQUENCE_SCORE_HPP

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include <assay/core/expects.hpp>
#include <assay/core/fp.hpp>
#include <assay/core/result.hpp>
#include <assay/stats/binomial.hpp>
#include <assay/token/gumbel_likelihood.hpp>
#include <assay/token/score.hpp>

namespace assay::inline v0 {

namespace detail {

/// A sum of doubles, each cut to a multiple of 2^-40 and to +-2^22: neither order nor grouping changes it.
class fixed_sum {
 public:
  void add(double v) noexcept {
    constexpr double limit = 0x1p22;
    const double bounded = v < limit ? (v > -limit ? v : -limit) : limit;
    sum_ += static_cast<std::int64_t>(bounded * 0x1p40);
  }
  void merge(const fixed_sum& other) noexcept { sum_ += other.sum_; }
  [[nodiscard]] double value() const noexcept { return static_cast<double>(sum_) * 0x1p-40; }

  friend bool operator==(const fixed_sum&, const fixed_sum&) = default;

 private:
  __extension__ typedef __int128 wide;
  wide sum_ = 0;
};

}  // namespace detail

/// How many margins reach each of 32 fixed thresholds: 2^-10, 1.5 * 2^-10, 2^-9, … 1.5 * 2^5 logits.
class margin_counts {
 public:
  static constexpr std::size_t thresholds = 32;

  /// The j-th threshold, ascending.
  [[nodiscard]] static constexpr double threshold(std::size_t j) noexcept {
    return std::bit_cast<double>((lowest + j) << 51);
  }

  /// @pre margin >= 0 or infinite
  void add(double margin) noexcept {
    const std::uint64_t bin = std::bit_cast<std::uint64_t>(margin + 0.0) >> 51;  // exponent and one bit of the fraction
    ++counts_[bin < lowest ? 0 : std::min<std::uint64_t>(bin - lowest + 1, thresholds)];
  }
  void merge(const margin_counts& other) noexcept {
    for (std::size_t j = 0; j < counts_.size(); ++j) counts_[j] += other.counts_[j];
  }
  /// The number of margins at or above the j-th threshold. @pre j < thresholds
  [[nodiscard]] std::uint64_t reaching(std::size_t j) const {
    ASSAY_EXPECTS(j < thresholds);
    std::uint64_t sum = 0;
    for (std::size_t i = j + 1; i < counts_.size(); ++i) sum += counts_[i];
    return sum;
  }
  [[nodiscard]] std::uint64_t total() const noexcept {
    std::uint64_t sum = 0;
    for (std::uint64_t c : counts_) sum += c;
    return sum;
  }

  friend bool operator==(const margin_counts&, const margin_counts&) = default;

 private:
  static constexpr std::uint64_t lowest = (1023 - 10) << 1;
  std::array<std::uint64_t, thresholds + 1> counts_{};
};

/// The bounds that keep single tokens from swamping a mean.
struct score_limits {
  double margin_cap = 0;  ///< from a calibration run: `stats::margin_cap`
  double sigma = 1;  ///< of the GLS
  double likelihood_floor = -20;  ///< lower values of the GLS count as this

  friend bool operator==(const score_limits&, const score_limits&) = default;
};

/// @errors invalid_settings
[[nodiscard]] inline result<void> validate(const score_limits& limits) {
  if (!(limits.margin_cap > 0 && limits.margin_cap <= 0x1p20))
    return fail(errc::invalid_settings, "a margin cap is not positive or absurdly large");
  if (!(limits.sigma > 0 && fp::is_finite(limits.sigma)))
    return fail(errc::invalid_settings, "a GLS sigma is not positive");
  if (!(limits.likelihood_floor < 0 && limits.likelihood_floor >= -0x1p20))
    return fail(errc::invalid_settings, "a GLS floor is not negative or absurdly low");
  return {};
}

/// Accumulates the token scores of one request, one at a time. Constant size; merging two halves gives the bits of the
/// whole, in any order. Determinism: exact.
///
/// At temperature 0 margins are differences of raw logits and the cross-entropy is that of a one-hot distribution, 0 or
/// 18.42: comparable among greedy requests only, so keep them in a calibration and a pool of their own.
class sequence_score {
 public:
  /// @pre valid limits
  explicit sequence_score(const score_limits& limits) : limits_(limits) { ASSAY_EXPECTS(validate(limits).has_value()); }

  void add(const token_score& score) {
    ++tokens_;
    exact_ += score.exact;
    filtered_ += score.filtered;
    capped_.add(capped_margin(score, limits_.margin_cap));
    capped_finite_.add(std::min(score.finite_margin, limits_.margin_cap));
    if (!score.filtered) finite_.add(score.margin);
    cross_entropy_.add(score.cross_entropy);
    likelihood_.add(score.margin == 0
                        ? -0.6931471805599453
                        : std::max(gumbel_likelihood(score.margin, limits_.sigma), limits_.likelihood_floor));
    largest_ = std::max(largest_, score.finite_margin);
    counts_.add(score.finite_margin);
  }

  /// Adds what another one saw. @pre equal limits
  void merge(const sequence_score& other) {
    ASSAY_EXPECTS(limits_ == other.limits_);
    tokens_ += other.tokens_;
    exact_ += other.exact_;
    filtered_ += other.filtered_;
    capped_.merge(other.capped_);
    capped_finite_.merge(other.capped_finite_);
    finite_.merge(other.finite_);
    cross_entropy_.merge(other.cross_entropy_);
    likelihood_.merge(other.likelihood_);
    largest_ = std::max(largest_, other.largest_);
    counts_.merge(other.counts_);
  }

  [[nodiscard]] const score_limits& limits() const noexcept { return limits_; }
  [[nodiscard]] std::uint64_t tokens() const noexcept { return tokens_; }
  [[nodiscard]] std::uint64_t exact() const noexcept { return exact_; }
  [[nodiscard]] std::uint64_t mismatches() const noexcept { return tokens_ - exact_; }
  [[nodiscard]] std::uint64_t filtered() const noexcept { return filtered_; }

  // Means over the tokens; 0 while there are none.
  [[nodiscard]] double match_rate() const noexcept { return share(exact_); }
  [[nodiscard]] double filtered_rate() const noexcept { return share(filtered_); }  ///< of infinite margins
  [[nodiscard]] double mean_capped_margin() const noexcept { return mean(capped_, tokens_); }
  /// With the finite margins of excluded tokens, which tell a narrow miss of the filter from a far one.
  [[nodiscard]] double mean_capped_finite_margin() const noexcept { return mean(capped_finite_, tokens_); }
  /// Over the tokens that the filters keep, uncapped.
  [[nodiscard]] double mean_kept_margin() const noexcept { return mean(finite_, tokens_ - filtered_); }
  [[nodiscard]] double mean_cross_entropy() const noexcept { return mean(cross_entropy_, tokens_); }
  [[nodiscard]] double mean_likelihood() const noexcept { return mean(likelihood_, tokens_); }  ///< of the GLS, floored
  [[nodiscard]] double largest_margin() const noexcept { return largest_; }  ///< of the finite margins
  [[nodiscard]] const margin_counts& margins() const noexcept { return counts_; }

  friend bool operator==(const sequence_score&, const sequence_score&) = default;

 private:
  [[nodiscard]] double share(std::uint64_t count) const noexcept {
    return tokens_ == 0 ? 0.0 : static_cast<double>(count) / static_cast<double>(tokens_);
  }
  [[nodiscard]] static double mean(const detail::fixed_sum& sum, std::uint64_t count) noexcept {
    return count == 0 ? 0.0 : sum.value() / static_cast<double>(count);
  }

  score_limits limits_;
  std::uint64_t tokens_ = 0, exact_ = 0, filtered_ = 0;
  detail::fixed_sum capped_, capped_finite_, finite_, cross_entropy_, likelihood_;
  double largest_ = 0;
  margin_counts counts_;
};

/// How surprising a sequence's large margins are beside honest ones.
struct tail_excess {
  double score = 0;  ///< -ln(32 min p), at least 0: the most surprising threshold, after paying for having 32
  double threshold = 0;  ///< where that was, in logits; 0 if nowhere
};

/// Compares how many margins reach each threshold with the honest rates, by exact binomial tails, and takes the most
/// surprising threshold: a few large margins among a thousand good tokens count in full instead of being averaged away.
/// Were tokens independent, exp(-score) would be a p-value; since those of a sequence are not, rank the score against
/// honest sequences (`stats::conformal_p_value`). Honest rates are (count + 1) / (total + 2).
/// @param honest counts of a calibration run, pooled; not of the sequence itself @errors insufficient_data (no honest
/// tokens)
/// Source: the minimum of p-values over thresholds is Berk and Jones' statistic; binning is ours.
[[nodiscard]] inline result<tail_excess> tail_excess_of(const margin_counts& sequence, const margin_counts& honest) {
  const double reference = static_cast<double>(honest.total());
  if (honest.total() == 0) return fail(errc::insufficient_data, "a tail statistic without honest tokens");
  const std::uint64_t tokens = sequence.total();
  double least = 1;
  tail_excess out;
  for (std::size_t j = 0; j < margin_counts::thresholds; ++j) {
    const std::uint64_t seen = sequence.reaching(j);
    if (seen == 0) break;
    const double rate = (static_cast<double>(honest.reaching(j)) + 1) / (reference + 2);
    const double p = stats::incomplete_beta(static_cast<double>(seen), static_cast<double>(tokens - seen) + 1, rate);
    if (p < least) {
      least = p;
      out.threshold = margin_counts::threshold(j);
    }
  }
  const double penalised = least * static_cast<double>(margin_counts::thresholds);
  out.score = penalised < 1 ? -std::log(std::max(penalised, 1e-300)) : 0.0;
  if (!(out.score > 0)) out.threshold = 0;
  return out;
}

/// A request and the value for which it stands out.
struct worst_request {
  std::size_t index = 0;
  double value = 0;
};

/// All requests together, and the worst by each statistic: a cheat in one of a thousand requests vanishes in the pool.
struct score_report {
  sequence_score pooled;
  worst_request margin;  ///< by mean capped margin
  worst_request mismatch;  ///< by share of mismatches
  worst_request filtered;  ///< by share of excluded tokens
  worst_request tail;  ///< by `tail_excess_of`
};

/// Pools requests. The worst of many is large by chance too: compare it with the worst of as many honest ones.
/// @param honest margins of a calibration run @errors insufficient_data (no requests, no honest tokens)
/// @pre all have equal limits
[[nodiscard]] inline result<score_report> report_of(std::span<const sequence_score> requests,
                                                    const margin_counts& honest) {
  if (requests.empty()) return fail(errc::insufficient_data, "a report of no requests");
  score_report report{sequence_score(requests.front().limits()), {}, {}, {}, {}};
  const auto raise = [](worst_request& worst, std::size_t index, double value) {
    if (value > worst.value) worst = {index, value};
  };
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const sequence_score& r = requests[i];
    report.pooled.merge(r);
    const auto tail = tail_excess_of(r.margins(), honest);
    if (!tail) return tail.error();
    raise(report.margin, i, r.mean_capped_margin());
    if (r.tokens() > 0) raise(report.mismatch, i, 1 - r.match_rate());
    raise(report.filtered, i, r.filtered_rate());
    raise(report.tail, i, tail->score);
  }
  return report;
}

}  // namespace assay::inline v0

#endif
