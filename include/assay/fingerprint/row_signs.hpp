// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Public random signs of the rows that are summed into one sketch.
#ifndef ASSAY_FINGERPRINT_ROW_SIGNS_HPP
#define ASSAY_FINGERPRINT_ROW_SIGNS_HPP

#include <array>
#include <cstddef>
#include <cstdint>

#include <assay/core/endian.hpp>
#include <assay/core/expects.hpp>
#include <assay/random/philox.hpp>
#include <assay/random/seed.hpp>

namespace assay::inline v0 {

/// A sign for every row, for windows of `window` rows: with them, what differs at one row adds to what differs at
/// another, instead of one hiding the other. The first row of a window is always positive: only the signs within a
/// window matter to a distance, and so windows of one row are plain sketches.
///
/// Random access: any sign costs one Philox block. Determinism: exact.
class row_signs {
 public:
  /// Signs of `window` rows each; other seeds and other windows give unrelated ones. @pre window > 0
  [[nodiscard]] static row_signs derive(const seed& from, std::uint32_t window) {
    ASSAY_EXPECTS(window > 0);
    std::array<std::byte, 4> shape;
    store_le(shape.data(), window);
    return row_signs{derive_seed(from, "sketch-signs", shape), window};
  }

  [[nodiscard]] std::uint32_t window() const noexcept { return window_; }

  /// Whether the row is subtracted: bit row mod 128 of block row / 128, rows counted from the start of the first window.
  [[nodiscard]] bool negative(std::uint64_t row) const noexcept {
    if (row % window_ == 0) return false;
    const std::uint64_t block = row / 128;
    const philox_counter words = philox4x32({static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32),
                                             static_cast<std::uint32_t>(nonce_),
                                             static_cast<std::uint32_t>(nonce_ >> 32)},
                                            key_);
    return (words[row / 32 % 4] >> (row % 32) & 1) != 0;
  }

  friend bool operator==(const row_signs&, const row_signs&) = default;

 private:
  row_signs(const seed& own, std::uint32_t window)
      : key_{load_le<std::uint32_t>(own.bytes.data()), load_le<std::uint32_t>(own.bytes.data() + 4)},
        nonce_(load_le<std::uint64_t>(own.bytes.data() + 8)), window_(window) {}

  philox_key key_;
  std::uint64_t nonce_;
  std::uint32_t window_;
};

}  // namespace assay::inline v0

#endif
