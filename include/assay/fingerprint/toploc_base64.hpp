// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Base64 with padding (RFC 4648), in its one canonical spelling.
#ifndef ASSAY_FINGERPRINT_TOPLOC_BASE64_HPP
#define ASSAY_FINGERPRINT_TOPLOC_BASE64_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <assay/core/bytes.hpp>

namespace assay::inline v0::toploc::detail {

[[nodiscard]] inline std::string encode_base64(byte_view bytes) {
  constexpr const char* digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j)
      group = group << 8 | (i + j < bytes.size() ? std::to_integer<std::uint32_t>(bytes[i + j]) : 0);
    for (std::size_t j = 0; j < 4; ++j) text += i + j > bytes.size() ? '=' : digits[group >> (18 - 6 * j) & 63];
  }
  return text;
}

[[nodiscard]] constexpr int base64_digit(char c) noexcept {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/// Text of whole groups; the last may end in = or ==, and then its unused bits are 0.
/// @errors length_mismatch (no multiple of four), non_canonical (where: the character)
[[nodiscard]] inline result<std::vector<std::byte>> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0) return fail(errc::length_mismatch, "base64: no multiple of four characters", text.size());
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0, end = text.size() - padding;
  std::vector<std::byte> bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    std::uint32_t group = 0;
    for (std::size_t j = i; j < i + 4; ++j) {
      const int digit = j < end ? base64_digit(text[j]) : 0;
      if (digit < 0) return fail(errc::non_canonical, "base64: a character that is no digit", j);
      group = group << 6 | static_cast<std::uint32_t>(digit);
    }
    const std::size_t count = i + 4 > end ? 3 - padding : 3;
    if (count < 3 && (group & ((1u << (24 - 8 * count)) - 1)) != 0)
      return fail(errc::non_canonical, "base64: unused bits are not 0", end - 1);
    for (std::size_t j = 0; j < count; ++j) bytes.push_back(static_cast<std::byte>(group >> (16 - 8 * j)));
  }
  return bytes;
}

}  // namespace assay::inline v0::toploc::detail

#endif
