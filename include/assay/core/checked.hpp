// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Size arithmetic that reports overflow instead of wrapping.
#ifndef ASSAY_CORE_CHECKED_HPP
#define ASSAY_CORE_CHECKED_HPP

#include <concepts>
#include <cstddef>
#include <cstdint>

#include <assay/core/result.hpp>

namespace assay::inline v0 {

[[nodiscard]] inline result<std::uint64_t> checked_add(std::uint64_t a, std::uint64_t b) {
  std::uint64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return fail(errc::overflow, "a sum of sizes does not fit 64 bits");
  return sum;
}

[[nodiscard]] inline result<std::uint64_t> checked_mul(std::uint64_t a, std::uint64_t b) {
  std::uint64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) return fail(errc::overflow, "a product of sizes does not fit 64 bits");
  return product;
}

/// Converts to another integer type iff the value is kept.
template <std::integral To, std::integral From>
[[nodiscard]] inline result<To> checked_cast(From value) {
  To converted{};
  if (__builtin_add_overflow(value, From{0}, &converted)) return fail(errc::overflow, "a number does not fit its field");
  return converted;
}

}  // namespace assay::inline v0

#endif
