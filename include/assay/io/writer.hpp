// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Appends fields to a byte string; the counterpart of reader.
#ifndef ASSAY_IO_WRITER_HPP
#define ASSAY_IO_WRITER_HPP

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include <assay/core/bytes.hpp>
#include <assay/core/endian.hpp>

namespace assay::inline v0 {

/// Appends to a vector that the caller owns and that outlives the writer. Integers are little-endian.
class writer {
 public:
  explicit writer(std::vector<std::byte>& out) noexcept : out_(&out) {}

  writer& u8(std::uint8_t value) { return integer(value); }
  writer& u16(std::uint16_t value) { return integer(value); }
  writer& u32(std::uint32_t value) { return integer(value); }
  writer& u64(std::uint64_t value) { return integer(value); }

  /// Appends bytes as they are, without a length. @pre they do not lie in the vector that is written
  writer& bytes(byte_view value) {
    if (value.empty()) return *this;
    const std::size_t at = out_->size();
    out_->resize(at + value.size());
    std::memcpy(out_->data() + at, value.data(), value.size());
    return *this;
  }

  /// Bytes in the vector so far, those before this writer included.
  [[nodiscard]] std::size_t size() const noexcept { return out_->size(); }

 private:
  template <std::unsigned_integral T>
  writer& integer(T value) {
    std::byte encoded[sizeof(T)];
    store_le(encoded, value);
    return bytes(encoded);
  }

  std::vector<std::byte>* out_;
};

}  // namespace assay::inline v0

#endif
