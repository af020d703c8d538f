// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How two parties' hidden states differ, in integers and exact sums, and the statistics that follow from them.
#ifndef ASSAY_FINGERPRINT_STATE_COUNTS_HPP
#define ASSAY_FINGERPRINT_STATE_COUNTS_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include <assay/core/fp.hpp>
#include <assay/fingerprint/state_sum.hpp>

namespace assay::inline v0 {

/// What was counted over pairs (claimed, reference) of one format. Plain integers and exact sums: `merge` is
/// associative and commutative, so threads, rows and layers may be counted apart and pooled in any order with the same
/// bits.
///
/// Non-finite numbers enter no statistic but their own counters. A pair is one of: finite, both_non_finite,
/// claimed_non_finite (alone), reference_non_finite (alone).
struct state_counts {
  std::uint64_t finite = 0;  ///< pairs of finite numbers: N, of which all below speak
  std::uint64_t same_bits = 0;  ///< bit for bit
  std::uint64_t sign_flips = 0;  ///< signs differ, and not both are zero
  std::uint64_t exponent_mismatches = 0;  ///< exponent fields differ
  std::uint64_t large_deviations = 0;  ///< among exponent mismatches: of the mantissa
  std::uint64_t small_deviations = 0;  ///< among exponent matches: of the mantissa
  std::uint64_t both_non_finite = 0;
  std::uint64_t claimed_non_finite = 0;
  std::uint64_t reference_non_finite = 0;
  /// By how many representable numbers the pair is apart: [k] counts distances d with bit_width(d) = k, so [0] equal
  /// numbers, [1] neighbours, [2] 2 or 3 apart, … Both zeros are one number.
  std::array<std::uint64_t, 33> distances{};
  exact_sum above;  ///< of claimed - reference where it is positive
  exact_sum below;  ///< of reference - claimed where it is positive
  exact_sum magnitude;  ///< of |reference|

  void merge(const state_counts& other) noexcept {
    finite += other.finite, same_bits += other.same_bits, sign_flips += other.sign_flips;
    exponent_mismatches += other.exponent_mismatches;
    large_deviations += other.large_deviations, small_deviations += other.small_deviations;
    both_non_finite += other.both_non_finite, claimed_non_finite += other.claimed_non_finite;
    reference_non_finite += other.reference_non_finite;
    for (std::size_t i = 0; i < distances.size(); ++i) distances[i] += other.distances[i];
    above.merge(other.above), below.merge(other.below), magnitude.merge(other.magnitude);
  }

  friend bool operator==(const state_counts&, const state_counts&) noexcept = default;
};

/// All layers or rows as one.
[[nodiscard]] inline state_counts pooled(std::span<const state_counts> parts) noexcept {
  state_counts all;
  for (const state_counts& part : parts) all.merge(part);
  return all;
}

/// The statistics of VeriLLM and a few that it lacks; nullopt where the denominator is 0. Each is one correctly rounded
/// quotient of exact numbers.
struct state_ratios {
  std::optional<double> exponent_mismatch;  ///< P_e = exponent mismatches / N
  std::optional<double> large_in_mismatch;  ///< P_m = large mantissa deviations / exponent mismatches
  std::optional<double> small_in_match;  ///< P_w = small mantissa deviations / exponent matches
  std::optional<double> mean_signed;  ///< mean of claimed - reference; no power against noise of mean 0
  std::optional<double> mean_absolute;  ///< mean of |claimed - reference|
  std::optional<double> relative_deviation;  ///< sum of |claimed - reference| / sum of |reference|: free of scale
  std::optional<double> sign_flip;  ///< sign flips / N; the paper's statistics do not look at signs
  std::optional<double> same_bits;  ///< bit-equal pairs / N
};

/// Determinism: exact.
[[nodiscard]] inline state_ratios ratios(const state_counts& c) noexcept {
  const auto share = [](double part, double whole) -> std::optional<double> {
    if (whole == 0) return std::nullopt;
    return fp::div(part, whole);
  };
  const auto count = [](std::uint64_t n) { return static_cast<double>(n); };
  exact_sum deviation = c.above, difference = c.below;
  deviation.merge(c.below);
  difference.negate();
  difference.merge(c.above);
  const double n = count(c.finite);
  return {share(count(c.exponent_mismatches), n),
          share(count(c.large_deviations), count(c.exponent_mismatches)),
          share(count(c.small_deviations), count(c.finite - c.exponent_mismatches)),
          share(difference.value(), n),
          share(deviation.value(), n),
          share(deviation.value(), c.magnitude.value()),
          share(count(c.sign_flips), n),
          share(count(c.same_bits), n)};
}

}  // namespace assay::inline v0

#endif
