// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Element types of tensors, with stable numbers because receipts name them.
#ifndef ASSAY_CORE_DTYPE_HPP
#define ASSAY_CORE_DTYPE_HPP

#include <cstddef>
#include <cstdint>

#include <assay/core/config.hpp>

namespace assay::inline v0 {

/// Type of one element. Numbers are stable: never renumbered, never reused.
enum class dtype : std::uint8_t {
  f32 = 1,
  f64 = 2,
  f16 = 3,        ///< IEEE binary16
  bf16 = 4,       ///< upper half of an f32
  f8_e4m3fn = 5,  ///< OCP FP8 with 448 as largest number, no infinity, one NaN per sign
  f8_e5m2 = 6,    ///< OCP FP8 with infinities and NaNs
  i8 = 7,
  u8 = 8,
  i16 = 9,
  u16 = 10,
  i32 = 11,
  u32 = 12,
  i64 = 13,
  opaque = 14,    ///< block-quantised or otherwise without a scalar element
  i4 = 15,        ///< two's complement, two to a byte: elements 2i and 2i + 1 in the low and the high half of byte i
};

/// Bytes per element; 0 for opaque, for elements of less than a byte (see packed_size), and for numbers that are no dtype.
[[nodiscard]] constexpr std::size_t size_of(dtype type) noexcept {
  switch (type) {
    case dtype::f8_e4m3fn:
    case dtype::f8_e5m2:
    case dtype::i8:
    case dtype::u8: return 1;
    case dtype::f16:
    case dtype::bf16:
    case dtype::i16:
    case dtype::u16: return 2;
    case dtype::f32:
    case dtype::i32:
    case dtype::u32: return 4;
    case dtype::f64:
    case dtype::i64: return 8;
    case dtype::opaque:
    case dtype::i4: return 0;
  }
  return 0;
}

/// Bytes of `count` elements without gaps; what is left of the last byte is zero. 0 where elements have no size.
/// @pre count < 2^60
[[nodiscard]] constexpr std::size_t packed_size(dtype type, std::size_t count) noexcept {
  return type == dtype::i4 ? count / 2 + count % 2 : count * size_of(type);
}

/// True iff elements are floating-point numbers.
[[nodiscard]] constexpr bool is_floating(dtype type) noexcept {
  return type == dtype::f32 || type == dtype::f64 || type == dtype::f16 || type == dtype::bf16 ||
         type == dtype::f8_e4m3fn || type == dtype::f8_e5m2;
}

/// The type's name, for logs, reports and JSON.
[[nodiscard]] constexpr const char* name(dtype type) noexcept {
  switch (type) {
    case dtype::f32: return "f32";
    case dtype::f64: return "f64";
    case dtype::f16: return "f16";
    case dtype::bf16: return "bf16";
    case dtype::f8_e4m3fn: return "f8_e4m3fn";
    case dtype::f8_e5m2: return "f8_e5m2";
    case dtype::i8: return "i8";
    case dtype::u8: return "u8";
    case dtype::i16: return "i16";
    case dtype::u16: return "u16";
    case dtype::i32: return "i32";
    case dtype::u32: return "u32";
    case dtype::i64: return "i64";
    case dtype::opaque: return "opaque";
    case dtype::i4: return "i4";
  }
  return "unknown";
}

}  // namespace assay::inline v0

#endif
