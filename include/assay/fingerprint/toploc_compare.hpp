// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How far a chunk is from its proof, in integers, and when that is too far.
#ifndef ASSAY_FINGERPRINT_TOPLOC_COMPARE_HPP
#define ASSAY_FINGERPRINT_TOPLOC_COMPARE_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

#include <assay/core/result.hpp>

namespace assay::inline v0::toploc {

/// Which median of an even number of errors.
enum class median_policy : std::uint8_t {
  upper = 0,    ///< the larger of the two in the middle, as the package's path for tensors
  average = 1,  ///< their mean, as its path for lists
};

/// The entries of a verifier's chunk against the codes that the proof has for their positions. Integers, from which
/// every convention for means and medians follows.
struct comparison {
  std::uint32_t entries = 0;  ///< top_k
  std::uint32_t exponent_mismatches = 0;  ///< entries whose exponent differs; the rest is about the others
  std::uint32_t sign_mismatches = 0;  ///< of the others; the package does not look at signs
  std::uint32_t modulus = 0;  ///< the proof's
  std::uint32_t least_modulus = 0;  ///< what an honest prover does not go below (see there)
  std::uint64_t mantissa_error_sum = 0;
  std::array<std::uint32_t, 128> mantissa_errors{};  ///< entries by the difference of their mantissas' seven bits

  friend bool operator==(const comparison&, const comparison&) = default;
};

/// Mean and median of nothing, as in the package.
inline constexpr double no_match = 0x1p64;

/// Entries with equal exponents.
[[nodiscard]] constexpr std::uint32_t matched(const comparison& c) noexcept {
  return c.entries - c.exponent_mismatches;
}

/// The package's mant_err_mean.
[[nodiscard]] constexpr double mantissa_mean(const comparison& c) noexcept {
  return matched(c) == 0 ? no_match : static_cast<double>(c.mantissa_error_sum) / matched(c);
}

namespace detail {
/// The error at a place of the sorted list. @pre place < matched(c)
[[nodiscard]] constexpr std::uint32_t sorted_error(const comparison& c, std::uint32_t place) noexcept {
  std::uint32_t error = 0;
  for (std::uint32_t seen = c.mantissa_errors[0]; seen <= place; seen += c.mantissa_errors[error]) ++error;
  return error;
}
}  // namespace detail

/// The package's mant_err_median, by either of its rules.
[[nodiscard]] constexpr double mantissa_median(const comparison& c, median_policy rule) noexcept {
  const std::uint32_t n = matched(c);
  if (n == 0) return no_match;
  const std::uint32_t upper = detail::sorted_error(c, n / 2);
  if (rule == median_policy::upper || n % 2 == 1) return upper;
  return (upper + detail::sorted_error(c, n / 2 - 1)) / 2.0;
}

/// Counts the entry `own` of the verifier against the proof's `claimed`.
constexpr void add_entry(comparison& c, std::uint16_t own, std::uint16_t claimed) noexcept {
  ++c.entries;
  if (((own ^ claimed) & 0x7f80) != 0) {
    ++c.exponent_mismatches;
    return;
  }
  c.sign_mismatches += static_cast<std::uint32_t>(own ^ claimed) >> 15;
  const int difference = (own & 0x7f) - (claimed & 0x7f);
  const auto error = static_cast<std::uint32_t>(difference < 0 ? -difference : difference);
  c.mantissa_error_sum += error;
  ++c.mantissa_errors[error];
}

/// What is still accepted; a chunk is rejected when a number is above its limit. The defaults are those of the authors'
/// experiments, for top_k = 128 and bf16, and they let weak forgeries through: calibrate, and see the module's page.
struct thresholds {
  std::uint32_t exponent_mismatches = 38;
  double mantissa_mean = 10;
  double mantissa_median = 8;
  median_policy median = median_policy::upper;
  std::uint32_t sign_mismatches = std::numeric_limits<std::uint32_t>::max();  ///< no limit: the package has none
  bool any_modulus = false;  ///< accept moduli that an honest prover does not use, as the package does
};

/// Why a request is rejected.
enum class reason : std::uint8_t {
  none = 0,
  proof_count = 1,  ///< not as many proofs as chunks
  modulus = 2,
  exponents = 3,
  mean = 4,
  median = 5,
  signs = 6,
  nothing_compared = 7,  ///< the verifier had no rows: nothing speaks for the request either
};

/// The first reason against a chunk, in the order modulus, exponents, mean, median, signs.
[[nodiscard]] constexpr reason judge(const comparison& c, const thresholds& limits) noexcept {
  if (!limits.any_modulus && c.modulus < c.least_modulus) return reason::modulus;
  if (c.exponent_mismatches > limits.exponent_mismatches) return reason::exponents;
  if (mantissa_mean(c) > limits.mantissa_mean) return reason::mean;
  if (mantissa_median(c, limits.median) > limits.mantissa_median) return reason::median;
  if (c.sign_mismatches > limits.sign_mismatches) return reason::signs;
  return reason::none;
}

}  // namespace assay::inline v0::toploc

#endif
