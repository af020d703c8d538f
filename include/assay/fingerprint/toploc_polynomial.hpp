// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Polynomials modulo 65497: the one of least degree through given points, and its values at many points.
#ifndef ASSAY_FINGERPRINT_TOPLOC_POLYNOMIAL_HPP
#define ASSAY_FINGERPRINT_TOPLOC_POLYNOMIAL_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <assay/fingerprint/toploc_kernels.hpp>

namespace assay::inline v0::toploc {

/// Scratch memory of the functions below; one per thread, grows to the largest polynomial seen.
class polynomial_workspace {
 public:
  /// @pre none; every array is zero
  [[nodiscard]] detail::polynomial_task task(std::size_t terms, std::size_t points) {
    const std::size_t padded_terms = padded(terms + 1), padded_points = padded(points);
    const std::size_t words = detail::polynomial_padding + 3 * padded_terms + 2 * padded_points;
    scratch_.assign(words, 0);
    detail::polynomial_task t;
    t.terms = terms;
    t.padded_points = padded_points;
    t.master = scratch_.data() + detail::polynomial_padding;
    t.coefficients = t.master + padded_terms;
    t.sums = t.coefficients + padded_terms;
    t.points = t.sums + padded_terms;
    t.values = t.points + padded_points;
    return t;
  }

 private:
  [[nodiscard]] static std::size_t padded(std::size_t n) noexcept {
    return (n + detail::polynomial_padding - 1) / detail::polynomial_padding * detail::polynomial_padding;
  }

  std::vector<std::uint32_t> scratch_;
};

/// Writes the coefficients, lowest power first, of the polynomial of degree < points.size() that takes the values at
/// the points. Values are reduced. The result does not depend on the order of the points. Determinism: exact.
/// Complexity: O(n^2) products, vectorised, and one inversion.
/// @pre points are below 65497 and distinct; all three have the same size, at least 1
inline void interpolate(std::span<const std::uint16_t> points, std::span<const std::uint16_t> values,
                        std::span<std::uint16_t> coefficients, polynomial_workspace& work) {
  const std::size_t n = points.size();
  ASSAY_EXPECTS(n >= 1 && n <= prime && values.size() == n && coefficients.size() == n);
  const detail::polynomial_task task = work.task(n, n);
  for (std::size_t j = 0; j < n; ++j) task.points[j] = points[j];
  detail::dispatch_polynomial<detail::step::derivative>(task);
  detail::divide(values, std::span{task.values, n}, std::span{task.coefficients, n});
  for (std::size_t j = n; j < task.padded_points; ++j) task.values[j] = 0;  // the derivative at the padding is not
  detail::dispatch_polynomial<detail::step::power_sums>(task);
  detail::correlate(task, coefficients);
}

/// The same by Newton's divided differences, as the package does it.
inline void interpolate_ref(std::span<const std::uint16_t> points, std::span<const std::uint16_t> values,
                            std::span<std::uint16_t> coefficients) {
  const std::size_t n = points.size();
  ASSAY_EXPECTS(n >= 1 && values.size() == n && coefficients.size() == n);
  std::vector<std::uint32_t> difference(n), out(n, 0);
  for (std::size_t j = 0; j < n; ++j) difference[j] = reduce(values[j]);
  for (std::size_t order = 1; order < n; ++order)
    for (std::size_t j = n - 1; j >= order; --j)
      difference[j] =
          multiply(subtract(difference[j], difference[j - 1]), invert(subtract(points[j], points[j - order])));
  for (std::size_t j = n; j-- > 0;) {  // out = out * (X - x_j) + difference_j
    for (std::size_t i = n - 1; i > 0; --i) out[i] = subtract(out[i - 1], multiply(out[i], points[j]));
    out[0] = reduce(difference[j] + prime - multiply(out[0], points[j]));
  }
  for (std::size_t i = 0; i < n; ++i) coefficients[i] = static_cast<std::uint16_t>(out[i]);
}

/// The value at one point, by Horner. Coefficients, lowest power first, and the point are below 65497.
[[nodiscard]] constexpr std::uint16_t evaluate(std::span<const std::uint16_t> coefficients,
                                               std::uint32_t point) noexcept {
  std::uint32_t value = 0;
  for (std::size_t i = coefficients.size(); i-- > 0;) value = reduce(value * point + coefficients[i]);
  return static_cast<std::uint16_t>(value);
}

/// The values at many points. Determinism: exact. Complexity: O(coefficients * points), vectorised.
/// @pre coefficients and points are below 65497; values has the size of points
inline void evaluate(std::span<const std::uint16_t> coefficients, std::span<const std::uint16_t> points,
                     std::span<std::uint16_t> values, polynomial_workspace& work) {
  ASSAY_EXPECTS(values.size() == points.size());
  const detail::polynomial_task task = work.task(coefficients.size(), points.size());
  for (std::size_t i = 0; i < coefficients.size(); ++i) task.coefficients[i] = coefficients[i];
  for (std::size_t j = 0; j < points.size(); ++j) task.points[j] = points[j];
  detail::dispatch_polynomial<detail::step::values>(task);
  for (std::size_t j = 0; j < points.size(); ++j) values[j] = static_cast<std::uint16_t>(task.values[j]);
}

}  // namespace assay::inline v0::toploc

#endif
