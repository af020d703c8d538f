// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tensor elements as the integers that polynomials take: one rule per element type, exact and injective.
#ifndef ASSAY_POLYCOMMIT_ENCODING_HPP
#define ASSAY_POLYCOMMIT_ENCODING_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>
#include <variant>
#include <vector>

#include <assay/commit/node.hpp>
#include <assay/core/bytes.hpp>
#include <assay/core/dtype.hpp>
#include <assay/core/endian.hpp>
#include <assay/core/expects.hpp>
#include <assay/core/result.hpp>
#include <assay/math/limbs.hpp>

namespace assay::inline v0 {

/// How bytes become integers. Part of every statement. Stable: never renumbered, never reused.
///
/// The raw encodings read an element's bits as a two's complement number. They are bijections between bit patterns and
/// an interval of integers below r, so they bind NaNs, infinities and both zeros, and an all-zero element is the
/// integer 0. All others are injective too, but for `fix`, to which the two zeros are one number.
enum class value_encoding : std::uint8_t {
  i8 = 1,
  i16 = 2,
  i32 = 3,
  u8 = 4,       ///< 0..255
  raw8 = 5,     ///< bits of an 8-bit element: -128..127
  raw16 = 6,    ///< bits of f16, bf16 or u16: -32768..32767
  raw32 = 7,    ///< bits of f32 or u32
  raw64 = 8,    ///< bits of f64, or an i64 as it is
  fix = 9,      ///< finite f16 as multiples of 2^-24: 41 bits; linear, so sums of tensors are sums of commitments
  bytes = 10,  ///< a row of bytes as limbs of 31 bytes, least significant first, the last one shorter; each below 2^248
  digest = 11,  ///< 32 bytes as one number below 2^253; larger ones are refused
};

/// The encoding of an element type unless `fix` is asked for.
[[nodiscard]] constexpr value_encoding default_encoding(dtype type) noexcept {
  switch (type) {
    case dtype::i8: return value_encoding::i8;
    case dtype::u8: return value_encoding::u8;
    case dtype::f8_e4m3fn:
    case dtype::f8_e5m2: return value_encoding::raw8;
    case dtype::i16: return value_encoding::i16;
    case dtype::f16:
    case dtype::bf16:
    case dtype::u16: return value_encoding::raw16;
    case dtype::i32: return value_encoding::i32;
    case dtype::f32:
    case dtype::u32: return value_encoding::raw32;
    case dtype::f64:
    case dtype::i64: return value_encoding::raw64;
    case dtype::opaque:
    case dtype::i4: return value_encoding::bytes;
  }
  return value_encoding::bytes;
}

/// Bits of a signed integer that holds every value; 0 for encodings that need whole scalars.
[[nodiscard]] constexpr unsigned value_bits(value_encoding e) noexcept {
  switch (e) {
    case value_encoding::i8:
    case value_encoding::raw8: return 8;
    case value_encoding::u8: return 9;
    case value_encoding::i16:
    case value_encoding::raw16: return 16;
    case value_encoding::i32:
    case value_encoding::raw32: return 32;
    case value_encoding::fix: return 41;
    case value_encoding::raw64:
    case value_encoding::bytes:
    case value_encoding::digest: return 0;
  }
  return 0;
}

/// Bytes of an opaque row that share a scalar: 2^248 is below both curves' r.
inline constexpr std::size_t bytes_per_limb = 31;
/// Bits of a digest that a parent's slot holds: 2^253 is below both curves' r, so no two digests share a scalar.
inline constexpr unsigned digest_bits = 253;

/// A digest with its top three bits cleared: a scalar of either curve, at a cost of three bits of 256.
[[nodiscard]] constexpr digest scalar_digest(digest d) noexcept {
  d.bytes[31] &= std::byte{0x1f};
  return d;
}

/// How a node's rows are encoded: digests above level 0, else by element type. @pre `f16_encoding` is raw16 or fix
[[nodiscard]] constexpr value_encoding encoding_of(std::uint32_t level, const node_shape& shape,
                                                   value_encoding f16_encoding = value_encoding::raw16) noexcept {
  if (level > 0 && shape.type == dtype::opaque && shape.width == sizeof(digest)) return value_encoding::digest;
  return shape.type == dtype::f16 ? f16_encoding : default_encoding(shape.type);
}

/// Integers, or scalars, per row.
[[nodiscard]] constexpr std::uint32_t values_per_row(value_encoding e, const node_shape& shape) noexcept {
  if (e == value_encoding::digest) return 1;
  if (e == value_encoding::bytes)
    return static_cast<std::uint32_t>((shape.row_bytes() + bytes_per_limb - 1) / bytes_per_limb);
  return shape.width;
}

/// Encoded values in the narrowest type that holds them; `Fr` only where 64-bit integers do not suffice.
template <class Fr>
using encoded_values = std::variant<std::vector<std::int8_t>, std::vector<std::int16_t>, std::vector<std::int32_t>,
                                    std::vector<std::int64_t>, std::vector<Fr>>;
/// A view of such values.
template <class Fr>
using value_span = std::variant<std::span<const std::int8_t>, std::span<const std::int16_t>,
                                std::span<const std::int32_t>, std::span<const std::int64_t>, std::span<const Fr>>;

template <class Fr>
[[nodiscard]] value_span<Fr> view_of(const encoded_values<Fr>& values) noexcept {
  return std::visit([](const auto& v) -> value_span<Fr> { return std::span{v.data(), v.size()}; }, values);
}
template <class Fr>
[[nodiscard]] std::size_t size_of(const value_span<Fr>& values) noexcept {
  return std::visit([](const auto& v) { return v.size(); }, values);
}
/// Part of a view. @pre it lies inside
template <class Fr>
[[nodiscard]] value_span<Fr> part_of(const value_span<Fr>& values, std::size_t first, std::size_t count) {
  return std::visit([&](const auto& v) -> value_span<Fr> { return v.subspan(first, count); }, values);
}

namespace detail {

/// Finite f16 codes as multiples of 2^-24. Exact.
[[nodiscard]] constexpr std::int64_t f16_to_fix(std::uint16_t code) noexcept {
  const unsigned exponent = (code >> 10) & 31u;
  const std::int64_t mantissa = code & 1023, magnitude = exponent == 0 ? mantissa : (1024 + mantissa) << (exponent - 1);
  return (code & 0x8000) != 0 ? -magnitude : magnitude;
}

template <class V>
void append_integers(byte_view bytes, std::vector<V>& out) {
  const std::size_t first = out.size(), count = bytes.size() / sizeof(V);
  out.resize(first + count);
  if constexpr (std::endian::native == std::endian::little) {
    if (count != 0) std::memcpy(out.data() + first, bytes.data(), count * sizeof(V));
  } else {
    for (std::size_t i = 0; i < count; ++i)
      out[first + i] = static_cast<V>(load_le<std::make_unsigned_t<V>>(bytes.data() + i * sizeof(V)));
  }
}

inline result<void> append_fix(byte_view bytes, std::vector<std::int64_t>& out) {
  for (std::size_t i = 0; i + 2 <= bytes.size(); i += 2) {
    const auto code = load_le<std::uint16_t>(bytes.data() + i);
    if ((code & 0x7c00) == 0x7c00) return fail(errc::non_finite, "encoding: fix has no NaN and no infinity", i / 2);
    out.push_back(f16_to_fix(code));
  }
  return {};
}

/// A scalar from at most 32 bytes, least significant first. @pre the number is below r
template <class Fr>
[[nodiscard]] Fr scalar_of_bytes(byte_view bytes) noexcept {
  typename Fr::limbs_type v{};
  for (std::size_t i = 0; i < bytes.size(); ++i) v[i / 8] |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * (i % 8));
  return Fr::from_limbs(v);
}

template <class Fr>
result<void> append_scalars(value_encoding e, std::size_t row_bytes, byte_view rows, std::vector<Fr>& out) {
  if (e == value_encoding::raw64) {
    for (std::size_t i = 0; i + 8 <= rows.size(); i += 8)
      out.push_back(Fr::from_i64(static_cast<std::int64_t>(load_le<std::uint64_t>(rows.data() + i))));
    return {};
  }
  const std::size_t limb = e == value_encoding::digest ? sizeof(digest) : bytes_per_limb;
  for (std::size_t row = 0; row < rows.size(); row += row_bytes)
    for (std::size_t at = 0; at < row_bytes; at += limb) {
      const byte_view bytes = rows.subspan(row + at, at + limb < row_bytes ? limb : row_bytes - at);
      if (e == value_encoding::digest && (bytes[31] & std::byte{0xe0}) != std::byte{0})
        return fail(errc::non_canonical, "encoding: a digest has 253 bits", row / row_bytes);
      out.push_back(scalar_of_bytes<Fr>(bytes));
    }
  return {};
}

}  // namespace detail

/// Encodes whole rows of little-endian elements, replacing `out`. Exact.
/// @pre rows.size() is a multiple of row_bytes, which suits the encoding
/// @errors non_finite (`fix`; `where`: the element), non_canonical (`digest`; `where`: the row)
template <class Fr>
[[nodiscard]] result<void> encode_values(value_encoding e, std::size_t row_bytes, byte_view rows,
                                         encoded_values<Fr>& out) {
  ASSAY_EXPECTS(row_bytes != 0 && rows.size() % row_bytes == 0);
  switch (e) {
    case value_encoding::i8:
    case value_encoding::raw8:
      detail::append_integers(rows, out.template emplace<std::vector<std::int8_t>>());
      return {};
    case value_encoding::u8: {
      auto& v = out.template emplace<std::vector<std::int16_t>>(rows.size());
      for (std::size_t i = 0; i < rows.size(); ++i) v[i] = std::to_integer<std::int16_t>(rows[i]);
      return {};
    }
    case value_encoding::i16:
    case value_encoding::raw16:
      detail::append_integers(rows, out.template emplace<std::vector<std::int16_t>>());
      return {};
    case value_encoding::i32:
    case value_encoding::raw32:
      detail::append_integers(rows, out.template emplace<std::vector<std::int32_t>>());
      return {};
    case value_encoding::fix: return detail::append_fix(rows, out.template emplace<std::vector<std::int64_t>>());
    case value_encoding::raw64:
    case value_encoding::bytes:
    case value_encoding::digest:
      return detail::append_scalars(e, row_bytes, rows, out.template emplace<std::vector<Fr>>());
  }
  return fail(errc::unsupported, "encoding: unknown", static_cast<std::uint64_t>(e));
}

}  // namespace assay::inline v0

#endif
