// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Fixed-width integers as bytes: little-endian on every wire of ours, big-endian where a standard says so.
#ifndef ASSAY_CORE_ENDIAN_HPP
#define ASSAY_CORE_ENDIAN_HPP

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <assay/core/config.hpp>

namespace assay::inline v0 {

static_assert(std::endian::native == std::endian::little || std::endian::native == std::endian::big,
              "assay: mixed-endian machines are not supported");

namespace detail {
template <std::unsigned_integral T>
[[nodiscard]] constexpr T reverse_bytes(T value) noexcept {
  T out = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) out = static_cast<T>((out << (sizeof(T) > 1 ? 8 : 0)) | ((value >> (8 * i)) & 0xff));
  return out;
}
}  // namespace detail

/// Reads an unsigned integer of `sizeof(T)` bytes, least significant first; any alignment.
template <std::unsigned_integral T>
[[nodiscard]] inline T load_le(const std::byte* from) noexcept {
  T value;
  std::memcpy(&value, from, sizeof value);
  if constexpr (std::endian::native == std::endian::big) value = detail::reverse_bytes(value);
  return value;
}

template <std::unsigned_integral T>
inline void store_le(std::byte* to, T value) noexcept {
  if constexpr (std::endian::native == std::endian::big) value = detail::reverse_bytes(value);
  std::memcpy(to, &value, sizeof value);
}

/// Reads an unsigned integer of `sizeof(T)` bytes, most significant first; any alignment.
template <std::unsigned_integral T>
[[nodiscard]] inline T load_be(const std::byte* from) noexcept {
  T value;
  std::memcpy(&value, from, sizeof value);
  if constexpr (std::endian::native == std::endian::little) value = detail::reverse_bytes(value);
  return value;
}

template <std::unsigned_integral T>
inline void store_be(std::byte* to, T value) noexcept {
  if constexpr (std::endian::native == std::endian::little) value = detail::reverse_bytes(value);
  std::memcpy(to, &value, sizeof value);
}

}  // namespace assay::inline v0

#endif
