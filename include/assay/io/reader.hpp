// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads untrusted bytes: every access is checked, and no length from the wire is believed before it is bounded.
#ifndef ASSAY_IO_READER_HPP
#define ASSAY_IO_READER_HPP

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <assay/core/bytes.hpp>
#include <assay/core/endian.hpp>
#include <assay/core/result.hpp>

namespace assay::inline v0 {

/// A cursor over bytes that somebody else wrote. Integers are little-endian. After an error the cursor has not moved.
/// Every error's `where` is the byte offset at which the failed field starts.
class reader {
 public:
  explicit reader(byte_view input) noexcept : input_(input) {}

  /// @errors truncated (for all reads)
  [[nodiscard]] result<std::uint8_t> u8() { return integer<std::uint8_t>(); }
  [[nodiscard]] result<std::uint16_t> u16() { return integer<std::uint16_t>(); }
  [[nodiscard]] result<std::uint32_t> u32() { return integer<std::uint32_t>(); }
  [[nodiscard]] result<std::uint64_t> u64() { return integer<std::uint64_t>(); }

  /// The next `n` bytes, as a view into the input.
  [[nodiscard]] result<byte_view> bytes(std::uint64_t n) {
    if (n > remaining()) return fail(errc::truncated, "the input ends inside a field", offset_);
    const byte_view taken = input_.subspan(offset_, static_cast<std::size_t>(n));
    offset_ += taken.size();
    return taken;
  }

  /// The next `N` bytes, as a value.
  template <std::size_t N>
    requires(N > 0)
  [[nodiscard]] result<std::array<std::byte, N>> array() {
    const auto taken = bytes(N);
    if (!taken) return taken.error();
    std::array<std::byte, N> out;
    std::memcpy(out.data(), taken->data(), N);
    return out;
  }

  /// Takes bytes that must be the given ones. @errors truncated, bad_magic
  [[nodiscard]] result<void> expect(byte_view wanted) {
    if (wanted.size() > remaining()) return fail(errc::truncated, "the input ends inside a field", offset_);
    if (!equal_bytes_vartime(input_.subspan(offset_, wanted.size()), wanted))
      return fail(errc::bad_magic, "not the kind of object that was expected", offset_);
    offset_ += wanted.size();
    return {};
  }

  /// A 32-bit number of items that follow, safe to allocate for: at most `limit`, and the input is long enough to hold
  /// that many items of at least `item_bytes` bytes each. @errors truncated, too_large
  [[nodiscard]] result<std::uint32_t> count(std::uint32_t limit, std::uint64_t item_bytes) {
    if (remaining() < sizeof(std::uint32_t)) return fail(errc::truncated, "the input ends inside a field", offset_);
    const auto n = load_le<std::uint32_t>(input_.data() + offset_);
    if (n > limit) return fail(errc::too_large, "a count is above its limit", offset_);
    if (item_bytes != 0 && n > (remaining() - sizeof n) / item_bytes)
      return fail(errc::truncated, "the input is too short for the stated number of items", offset_);
    offset_ += sizeof n;
    return n;
  }

  /// Offset of the next byte from the start of the input.
  [[nodiscard]] std::size_t offset() const noexcept { return offset_; }
  /// Bytes not read yet.
  [[nodiscard]] std::size_t remaining() const noexcept { return input_.size() - offset_; }

  /// States that the object ends here. @errors trailing_bytes
  [[nodiscard]] result<void> finish() const {
    if (remaining() != 0) return fail(errc::trailing_bytes, "bytes follow the last field", offset_);
    return {};
  }

 private:
  template <std::unsigned_integral T>
  result<T> integer() {
    if (remaining() < sizeof(T)) return fail(errc::truncated, "the input ends inside a field", offset_);
    const T value = load_le<T>(input_.data() + offset_);
    offset_ += sizeof(T);
    return value;
  }

  byte_view input_;
  std::size_t offset_ = 0;
};

}  // namespace assay::inline v0

#endif
