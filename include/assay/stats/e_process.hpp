// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What sequential tests have in common: evidence that may be looked at after every score, and stopped at any time.
#ifndef ASSAY_STATS_E_PROCESS_HPP
#define ASSAY_STATS_E_PROCESS_HPP

#include <concepts>
#include <cstdint>
#include <limits>

#include <assay/core/result.hpp>
#include <assay/random/elementary.hpp>

namespace assay::inline v0::stats {

/// A test whose value E_n, at every stopping time, has expectation at most 1 under its hypothesis. Then (Ville)
///
///     P(E_n >= 1 / alpha for some n) <= alpha,
///
/// whatever rule decides when to look, to stop or to go on. What the hypothesis asks of the scores is each test's own
/// contract, and it is asked of every score *given the past*: scores of one request depend on each other, so a step is a
/// request, not a token, unless something makes tokens independent.
/// `log_peak` is what "reject once E_n >= 1 / alpha" has seen; it never falls.
template <class T>
concept e_process = requires(T& test, const T& seen, double x) {
  { test.update(x) } -> std::same_as<result<void>>;
  { seen.log_e_value() } -> std::same_as<double>;
  { seen.log_peak() } -> std::same_as<double>;
  { seen.rejects(x) } -> std::same_as<bool>;
  { seen.steps() } -> std::same_as<std::uint64_t>;
};

/// ln(1 / alpha): where a test of false-alarm rate alpha rejects. Infinite below the smallest normal double: never.
/// @pre 0 <= alpha <= 1. Determinism: exact.
[[nodiscard]] inline double log_threshold(double alpha) noexcept {
  return alpha >= std::numeric_limits<double>::min() ? -fp::log(alpha) : std::numeric_limits<double>::infinity();
}

}  // namespace assay::inline v0::stats

#endif
