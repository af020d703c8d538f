// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Activation-DiFR: how far the sketches of two parties' hidden states are apart.
#ifndef ASSAY_FINGERPRINT_ACTIVATION_DIFR_HPP
#define ASSAY_FINGERPRINT_ACTIVATION_DIFR_HPP

#include <cstddef>
#include <cstdint>
#include <span>

#include <assay/core/bytes.hpp>
#include <assay/core/fp.hpp>
#include <assay/core/result.hpp>
#include <assay/fingerprint/quantiser.hpp>

namespace assay::inline v0 {

namespace detail {

/// Sums squares in index order, one rounding each.
[[nodiscard]] inline double squared_length(std::span<const float> a) noexcept {
  double sum = 0;
  for (const float x : a) sum = fp::add(sum, fp::mul(static_cast<double>(x), static_cast<double>(x)));
  return sum;
}

[[nodiscard]] inline double squared_distance(std::span<const float> a, std::span<const float> b) noexcept {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = fp::sub(static_cast<double>(a[i]), static_cast<double>(b[i]));
    sum = fp::add(sum, fp::mul(difference, difference));
  }
  return sum;
}

}  // namespace detail

/// ||a - b||. @pre a.size() == b.size() Determinism: exact. Source: DiFR, Activation-DiFR's score; summed in double
/// here because bf16 arithmetic, as in the authors' code, hides small differences.
[[nodiscard]] inline double sketch_distance(std::span<const float> a, std::span<const float> b) {
  ASSAY_EXPECTS(a.size() == b.size());
  return __builtin_sqrt(detail::squared_distance(a, b));
}

/// ||a - b|| / (||b|| + floor): free of the state's scale, which differs by orders of magnitude between checkpoints.
/// `b` is the reference; `floor` keeps the quotient finite where the reference vanishes.
/// @pre a.size() == b.size(), floor > 0 Determinism: exact.
[[nodiscard]] inline double relative_distance(std::span<const float> a, std::span<const float> b, double floor = 1e-6) {
  ASSAY_EXPECTS(a.size() == b.size() && floor > 0);
  const double reference = fp::add(__builtin_sqrt(detail::squared_length(b)), floor);
  return fp::div(__builtin_sqrt(detail::squared_distance(a, b)), reference);
}

/// Distance between two quantised sketches of one quantiser: an exact integer sum, one root, one product. Codes that
/// wrap are compared the short way round: the distance is that of the sketches while these are less than half the range
/// of codes apart in every coordinate, and no coordinate counts more than half the range.
/// Any bytes will do; those of another party should have passed check_codes.
/// @errors length_mismatch (sizes differ or are no multiple of a code's), those of validate(quantiser),
///         too_large (2^24 codes or more)
[[nodiscard]] inline result<double> quantised_distance(const quantiser& q, byte_view a, byte_view b) {
  if (auto valid = validate(q); !valid) return valid.error();
  const unsigned bits = code_bits(q.type);
  const std::size_t count = a.size() * 8 / bits;
  if (a.size() != b.size() || packed_size(q.type, count) != a.size())
    return fail(errc::length_mismatch, "fingerprints of different lengths", b.size());
  if (count >= (std::size_t{1} << 24)) return fail(errc::too_large, "a fingerprint with 2^24 codes or more", count);
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    std::int64_t difference = std::int64_t{code_at(q, a, i)} - code_at(q, b, i);
    if (q.beyond == beyond_range::wrap) difference = detail::wrap_code(difference, bits);
    sum += difference * difference;
  }
  return fp::mul(__builtin_sqrt(static_cast<double>(sum)), static_cast<double>(q.step));
}

}  // namespace assay::inline v0

#endif
