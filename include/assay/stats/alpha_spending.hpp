// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Error budgets: how one false-alarm rate is divided over checks, and over a stream of tests without a last one.
#ifndef ASSAY_STATS_ALPHA_SPENDING_HPP
#define ASSAY_STATS_ALPHA_SPENDING_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <assay/core/expects.hpp>
#include <assay/core/fp.hpp>
#include <assay/core/result.hpp>

namespace assay::inline v0::stats {

/// How shares fall from one test to the next.
enum class spending : std::uint8_t {
  inverse_square = 1,  ///< 6 / (pi^2 n^2)
  telescoping = 2,     ///< 1 / (n (n + 1)): what is left after n tests is exactly 1 / (n + 1)
  geometric = 3,       ///< (1 - r) r^(n - 1): favours the first few, is soon used up
};

/// A series of shares that sums to 1: the n-th test of a stream gets alpha * share(n). By the union bound the probability
/// that *any* of them ever alarms falsely is at most alpha, for any number of tests and any dependence, if a test's place
/// n is fixed before its evidence. Determinism: exact.
class alpha_schedule {
 public:
  explicit alpha_schedule(spending kind = spending::telescoping) noexcept : kind_(kind) {}

  /// @errors out_of_range (ratio not in (0, 1))
  [[nodiscard]] static result<alpha_schedule> geometric(double ratio) {
    if (!(ratio > 0 && ratio < 1)) return fail(errc::out_of_range, "a geometric schedule's ratio is not in (0, 1)");
    alpha_schedule s{spending::geometric};
    s.ratio_ = ratio;
    return s;
  }

  [[nodiscard]] spending kind() const noexcept { return kind_; }
  [[nodiscard]] double ratio() const noexcept { return ratio_; }

  /// The n-th share. @pre n >= 1
  [[nodiscard]] double share(std::uint64_t n) const {
    ASSAY_EXPECTS(n >= 1);
    const double k = static_cast<double>(n);
    switch (kind_) {
      case spending::inverse_square: return fp::div(0.60792710185402662866, fp::mul(k, k));
      case spending::telescoping: return fp::div(1.0, fp::mul(k, k + 1));
      case spending::geometric: break;
    }
    return fp::mul(fp::sub(1.0, ratio_), power(ratio_, n - 1));
  }

  /// The part of the budget that is left after n tests: the sum of all later shares.
  [[nodiscard]] double left_after(std::uint64_t n) const {
    if (kind_ == spending::telescoping) return fp::div(1.0, static_cast<double>(n) + 1);
    if (kind_ == spending::geometric) return power(ratio_, n);
    // The sum of 1 / i^2 over i > n: the first terms, then Euler and Maclaurin.
    double sum = 0, k = static_cast<double>(n);
    for (; k < 64; k += 1) sum = fp::add(sum, fp::div(1.0, fp::mul(k + 1, k + 1)));
    const double u = fp::div(1.0, k), u2 = fp::mul(u, u), u3 = fp::mul(u, u2);
    const double tail =
        fp::add(fp::sub(u, fp::mul(0.5, u2)), fp::sub(fp::div(u3, 6.0), fp::div(fp::mul(u2, u3), 30.0)));
    return fp::mul(0.60792710185402662866, fp::add(sum, tail));
  }

 private:
  [[nodiscard]] static double power(double base, std::uint64_t exponent) noexcept {
    double result = 1;
    for (; exponent != 0; exponent >>= 1) {
      if ((exponent & 1) != 0) result = fp::mul(result, base);
      base = fp::mul(base, base);
    }
    return result;
  }

  spending kind_;
  double ratio_ = 0.5;
};

/// Divides alpha over checks that run side by side, in proportion to weights: the union bound. Averaging e-values
/// (`combined_evidence`) is the better way where checks yield them; this is for thresholds and p-values.
/// @errors insufficient_data (none), out_of_range (alpha not in (0, 1), a weight not in (0, 1e100))
[[nodiscard]] inline result<std::vector<double>> split_alpha(double alpha, std::span<const double> weights) {
  if (!(alpha > 0 && alpha < 1)) return fail(errc::out_of_range, "an error rate is not in (0, 1)");
  if (weights.empty()) return fail(errc::insufficient_data, "no checks to divide an error rate over");
  double total = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (!(weights[i] > 0 && weights[i] < 1e100)) return fail(errc::out_of_range, "a check's weight is not positive", i);
    total += weights[i];
  }
  std::vector<double> parts;
  for (double w : weights) parts.push_back(alpha * (w / total));
  return parts;
}

}  // namespace assay::inline v0::stats

#endif
