// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Byte views, and hexadecimal text for people and JSON.
#ifndef ASSAY_CORE_BYTES_HPP
#define ASSAY_CORE_BYTES_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

#include <assay/core/result.hpp>

namespace assay::inline v0 {

using byte_view = std::span<const std::byte>;
using mutable_byte_view = std::span<std::byte>;

/// Views the characters of a string as bytes.
[[nodiscard]] inline byte_view as_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

/// True iff both ranges hold the same bytes. Time depends on contents: not for secrets.
[[nodiscard]] inline bool equal_bytes_vartime(byte_view a, byte_view b) noexcept {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

/// Writes two lower-case hexadecimal digits per byte. @pre out.size() == 2 * bytes.size()
constexpr void to_hex(byte_view bytes, std::span<char> out) {
  ASSAY_EXPECTS(out.size() == 2 * bytes.size());
  constexpr const char* digits = "0123456789abcdef";
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    out[2 * i] = digits[std::to_integer<unsigned>(bytes[i]) >> 4];
    out[2 * i + 1] = digits[std::to_integer<unsigned>(bytes[i]) & 15];
  }
}

namespace detail {
[[nodiscard]] constexpr int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}
}  // namespace detail

/// Reads lower-case hexadecimal text of exactly `2 * out.size()` digits.
/// @errors length_mismatch, non_canonical (a character that is no lower-case digit; `where` is its index)
[[nodiscard]] inline result<void> from_hex(std::string_view text, mutable_byte_view out) {
  if (text.size() != 2 * out.size()) return fail(errc::length_mismatch, "hexadecimal text of the wrong length", text.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int high = detail::hex_digit(text[2 * i]), low = detail::hex_digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return fail(errc::non_canonical, "not a lower-case hexadecimal digit", 2 * i + (high < 0 ? 0 : 1));
    out[i] = static_cast<std::byte>(high * 16 + low);
  }
  return {};
}

}  // namespace assay::inline v0

#endif
