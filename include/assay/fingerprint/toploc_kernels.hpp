// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The loops behind TOPLOC's polynomials. Exact integers: every kernel gives the same numbers.
#ifndef ASSAY_FINGERPRINT_TOPLOC_KERNELS_HPP
#define ASSAY_FINGERPRINT_TOPLOC_KERNELS_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include <assay/fingerprint/toploc_field.hpp>

namespace assay::inline v0::toploc::detail {

/// Arrays are padded with zeros to a multiple of this many words, so that vector loops need no remainder.
inline constexpr std::size_t polynomial_padding = 32;

/// Arrays of one interpolation or evaluation; all numbers are below the prime.
struct polynomial_task {
  std::size_t terms;            ///< coefficients of the polynomial
  std::size_t padded_points;    ///< points, with the padding
  std::uint32_t* master;        ///< terms + 1 coefficients; readable for a padding in front
  std::uint32_t* coefficients;  ///< terms
  std::uint32_t* sums;          ///< terms
  std::uint32_t* points;
  std::uint32_t* values;
};

/// Parts of the work that have vector loops.
enum class step : std::uint8_t {
  values,      ///< values = coefficients at the points
  derivative,  ///< master = product of (X - x_j); values = its derivative at the points
  power_sums,  ///< sums_t = sum over j of values_j x_j^t; uses up the values
};

/// Horner for four vectors of points at a time: one chain of products alone would wait for itself.
template <std::size_t Lanes>
[[gnu::always_inline]] inline void values_at(const polynomial_task& task) noexcept {
  using words = typename field_lanes<Lanes>::words;
  static_assert(polynomial_padding % (4 * Lanes) == 0);
  for (std::size_t j = 0; j < task.padded_points; j += 4 * Lanes) {
    words x[4], value[4] = {};
    std::memcpy(x, task.points + j, sizeof x);
    for (std::size_t i = task.terms; i-- > 0;) {
      const std::uint32_t coefficient = task.coefficients[i];
#pragma GCC unroll 4
      for (std::size_t v = 0; v < 4; ++v) {
        value[v] = value[v] * x[v] + coefficient;
        reduce_lanes<Lanes>(value[v]);
      }
    }
    std::memcpy(task.values + j, value, sizeof value);
  }
}

/// Multiplies the master polynomial by one factor after the other, from its highest coefficient down, in place.
template <std::size_t Lanes>
[[gnu::always_inline]] inline void master_polynomial(const polynomial_task& task) noexcept {
  using words = typename field_lanes<Lanes>::words;
  task.master[0] = 1;
  for (std::size_t degree = 0; degree < task.terms; ++degree) {
    const std::uint32_t negated = prime - task.points[degree];
    for (std::size_t block = (degree + 1) / Lanes + 1; block-- > 0;) {
      std::uint32_t* const at = task.master + block * Lanes;
      words same, below;
      std::memcpy(&same, at, sizeof same);
      std::memcpy(&below, at - 1, sizeof below);
      same = same * negated + below;  // at most (p - 1) p + (p - 1) < 2^32
      reduce_lanes<Lanes>(same);
      std::memcpy(at, &same, sizeof same);
    }
  }
}

template <std::size_t Lanes>
[[gnu::always_inline]] inline void derivative_at(const polynomial_task& task) noexcept {
  master_polynomial<Lanes>(task);
  for (std::size_t i = 0; i < task.terms; ++i)
    task.coefficients[i] = reduce(static_cast<std::uint32_t>(i + 1) * task.master[i + 1]);
  values_at<Lanes>(task);
}

template <std::size_t Lanes>
[[gnu::always_inline]] inline void power_sums(const polynomial_task& task) noexcept {
  using words = typename field_lanes<Lanes>::words;
  for (std::size_t t = 0; t < task.terms; ++t) {
    words sum = {};
    for (std::size_t j = 0; j < task.padded_points; j += Lanes) {
      words value, x;
      std::memcpy(&value, task.values + j, sizeof value);
      std::memcpy(&x, task.points + j, sizeof x);
      sum += value;  // fewer than 2^16 terms per lane
      value *= x;
      reduce_lanes<Lanes>(value);
      std::memcpy(task.values + j, &value, sizeof value);
    }
    std::uint32_t total = 0;
    for (std::size_t lane = 0; lane < Lanes; ++lane) total = reduce(total + reduce(sum[lane]));
    task.sums[t] = total;
  }
}

template <step Which, std::size_t Lanes>
[[gnu::always_inline]] inline void polynomial_step(const polynomial_task& task) noexcept {
  if constexpr (Which == step::values) values_at<Lanes>(task);
  else if constexpr (Which == step::derivative) derivative_at<Lanes>(task);
  else power_sums<Lanes>(task);
}

template <step Which>
[[gnu::noinline]] void polynomial_portable(const polynomial_task& task) noexcept {
  polynomial_step<Which, 4>(task);
}

#if ASSAY_X86_64
template <step Which>
__attribute__((target("avx2"), noinline)) void polynomial_avx2(const polynomial_task& task) noexcept {
  polynomial_step<Which, 8>(task);
}
#endif

/// The widest kernel this processor has.
template <step Which>
void dispatch_polynomial(const polynomial_task& task) noexcept {
#if ASSAY_X86_64
  static const bool wide = __builtin_cpu_supports("avx2") != 0;
  if (wide) return polynomial_avx2<Which>(task);
#endif
  polynomial_portable<Which>(task);
}

/// denominators_j = numerators_j / denominators_j with a single inversion (Montgomery's trick).
/// @pre no denominator is 0; prefixes has as many elements
inline void divide(std::span<const std::uint16_t> numerators, std::span<std::uint32_t> denominators,
                   std::span<std::uint32_t> prefixes) noexcept {
  std::uint32_t product = 1;
  for (std::size_t j = 0; j < denominators.size(); ++j) {
    prefixes[j] = product;
    product = multiply(product, denominators[j]);
  }
  std::uint32_t inverse = invert(product);
  for (std::size_t j = denominators.size(); j-- > 0;) {
    const std::uint32_t own = multiply(inverse, prefixes[j]);
    inverse = multiply(inverse, denominators[j]);
    denominators[j] = multiply(own, reduce(numerators[j]));
  }
}

/// With weights w_j = y_j / M'(x_j), the polynomial is the sum over j of w_j M(X) / (X - x_j). The quotient's
/// coefficient i is the sum over t of m_(i+1+t) x_j^t, so coefficient i of the whole is the sum over t of m_(i+1+t)
/// sums_t.
inline void correlate(const polynomial_task& task, std::span<std::uint16_t> coefficients) noexcept {
  for (std::size_t i = 0; i < task.terms; ++i) {
    std::uint64_t sum = 0;  // fewer than 2^16 products below 2^32
    for (std::size_t t = 0; i + t < task.terms; ++t) sum += std::uint64_t{task.master[i + 1 + t]} * task.sums[t];
    coefficients[i] = static_cast<std::uint16_t>(sum % prime);
  }
}

}  // namespace assay::inline v0::toploc::detail

#endif
