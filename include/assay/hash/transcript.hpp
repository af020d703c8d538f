// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Typed, labelled, length-prefixed hashing: different statements never hash the same bytes.
#ifndef ASSAY_HASH_TRANSCRIPT_HPP
#define ASSAY_HASH_TRANSCRIPT_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <assay/core/bytes.hpp>
#include <assay/core/endian.hpp>
#include <assay/core/expects.hpp>
#include <assay/hash/digest.hpp>
#include <assay/hash/domain.hpp>
#include <assay/hash/sha256.hpp>

namespace assay::inline v0 {

/// An ordered list of typed items and its digest.
///
/// The bytes that are hashed (normative):
///
///     transcript = item(domain, "", the domain's name)  item*  item(end, "", u64 number of items before it)
///     item       = type:u8  label length:u8  label  payload length:u64  payload        integers little-endian
///     type       = 0 end, 1 domain, 2 u64 (payload: 8 bytes), 3 bytes, 4 digest (payload: 32 bytes), 5 text (UTF-8),
///                  6 challenge (payload: empty)
///
/// Every item delimits itself, so the list can be read back from the bytes: equal bytes mean equal lists. The first
/// item separates domains, the end item makes no transcript a prefix of another. The digest is SHA-256 of these bytes.
class transcript {
 public:
  enum class item : std::uint8_t { end = 0, domain = 1, u64 = 2, bytes = 3, digest = 4, text = 5, challenge = 6 };

  explicit transcript(assay::domain use) { absorb(item::domain, {}, as_bytes(use.name)); }

  /// Absorbs an integer. @pre the label has 1 to 255 characters (for all items)
  transcript& u64(std::string_view label, std::uint64_t value) {
    std::array<std::byte, 8> payload;
    store_le(payload.data(), value);
    return labelled(item::u64, label, payload);
  }
  /// Absorbs a string of bytes of any length.
  transcript& bytes(std::string_view label, byte_view value) { return labelled(item::bytes, label, value); }
  /// Absorbs a digest.
  transcript& digest(std::string_view label, const assay::digest& value) {
    return labelled(item::digest, label, value.bytes);
  }
  /// Absorbs text, as is: no normalisation.
  transcript& text(std::string_view label, std::string_view value) {
    return labelled(item::text, label, as_bytes(value));
  }

  /// Derives 32 bytes that depend on everything absorbed so far, and stays bound to having been asked:
  /// a later `finish` or `challenge` differs from one without this call. Exact.
  [[nodiscard]] assay::digest challenge(std::string_view label) {
    labelled(item::challenge, label, {});
    return finish();
  }

  /// Digest of all items so far; more may follow.
  [[nodiscard]] assay::digest finish() const {
    transcript copy = *this;
    std::array<std::byte, 8> payload;
    store_le(payload.data(), items_);
    copy.absorb(item::end, {}, payload);
    return copy.hash_.finish();
  }

 private:
  transcript& labelled(item type, std::string_view label, byte_view payload) {
    ASSAY_EXPECTS(!label.empty() && label.size() <= 255);
    return absorb(type, label, payload);
  }

  transcript& absorb(item type, std::string_view label, byte_view payload) {
    std::array<std::byte, 2 + 255 + 8> frame;
    frame[0] = static_cast<std::byte>(type);
    frame[1] = static_cast<std::byte>(label.size());
    if (!label.empty()) std::memcpy(frame.data() + 2, label.data(), label.size());
    store_le<std::uint64_t>(frame.data() + 2 + label.size(), payload.size());
    hash_.update(byte_view{frame.data(), 2 + label.size() + 8}).update(payload);
    ++items_;
    return *this;
  }

  sha256 hash_;
  std::uint64_t items_ = 0;
};

}  // namespace assay::inline v0

#endif
