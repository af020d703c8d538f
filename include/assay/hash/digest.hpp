// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Binding digests and mere checksums as different types, so that one is never taken for the other.
#ifndef ASSAY_HASH_DIGEST_HPP
#define ASSAY_HASH_DIGEST_HPP

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <assay/core/bytes.hpp>

namespace assay::inline v0 {

/// 32 bytes from a collision-resistant hash: binds whoever published it to what was hashed.
struct digest {
  std::array<std::byte, 32> bytes{};

  friend constexpr auto operator<=>(const digest&, const digest&) noexcept = default;
  friend constexpr bool operator==(const digest&, const digest&) noexcept = default;
};

/// A digest of one kind of thing: `using model_digest = typed_digest<struct model_digest_tag>;`
template <class Tag>
struct typed_digest {
  digest value;

  friend constexpr auto operator<=>(const typed_digest&, const typed_digest&) noexcept = default;
  friend constexpr bool operator==(const typed_digest&, const typed_digest&) noexcept = default;
};

/// 64 bits that detect accidents, never adversaries (see hash/xxh3.hpp); converts to no digest.
struct checksum64 {
  std::uint64_t value = 0;

  friend constexpr auto operator<=>(const checksum64&, const checksum64&) noexcept = default;
  friend constexpr bool operator==(const checksum64&, const checksum64&) noexcept = default;
};

/// Lower-case hexadecimal text of a digest, for people and JSON; not zero-terminated.
[[nodiscard]] constexpr std::array<char, 64> to_hex(const digest& d) {
  std::array<char, 64> text{};
  to_hex(byte_view{d.bytes}, std::span<char>{text});
  return text;
}

template <class Tag>
[[nodiscard]] constexpr std::array<char, 64> to_hex(const typed_digest<Tag>& d) {
  return to_hex(d.value);
}

/// Reads a digest from exactly 64 lower-case hexadecimal digits. @errors length_mismatch, non_canonical
[[nodiscard]] inline result<digest> parse_digest(std::string_view text) {
  digest d;
  if (auto read = from_hex(text, d.bytes); !read) return read.error();
  return d;
}

}  // namespace assay::inline v0

#endif
