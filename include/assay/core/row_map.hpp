// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which sequence and position each row of a batch belongs to: engines mix, split and pad requests.
#ifndef ASSAY_CORE_ROW_MAP_HPP
#define ASSAY_CORE_ROW_MAP_HPP

#include <cstdint>
#include <span>

#include <assay/core/expects.hpp>
#include <assay/core/ids.hpp>

namespace assay::inline v0 {

/// The sequence of rows that are padding.
inline constexpr sequence_id ignored_row{~std::uint64_t{0}};

struct row_location {
  sequence_id sequence;
  position at;

  friend constexpr bool operator==(const row_location&, const row_location&) noexcept = default;
};

/// One location per row. Trivially copyable; what `of` was given must outlive it.
class row_map {
 public:
  /// Rows of one sequence at consecutive positions: a prefill, or one decoded token. @pre the last position fits
  [[nodiscard]] static constexpr row_map contiguous(sequence_id sequence, position first, std::uint32_t count) {
    ASSAY_EXPECTS(count == 0 || first.value <= ~std::uint32_t{0} - (count - 1));
    row_map map;
    map.first_ = {sequence, first};
    map.size_ = count;
    return map;
  }

  /// Rows anywhere: continuous batching, padding, split batches. @pre locations.size() fits 32 bits
  [[nodiscard]] static constexpr row_map of(std::span<const row_location> locations) {
    ASSAY_EXPECTS(locations.size() <= ~std::uint32_t{0});
    row_map map;
    map.locations_ = locations.data();
    map.size_ = static_cast<std::uint32_t>(locations.size());
    return map;
  }

  [[nodiscard]] constexpr std::uint32_t size() const noexcept { return size_; }

  /// @pre row < size()
  [[nodiscard]] constexpr row_location operator[](std::uint32_t row) const {
    ASSAY_EXPECTS(row < size_);
    if (locations_ != nullptr) return locations_[row];
    return {first_.sequence, position{first_.at.value + row}};
  }

 private:
  const row_location* locations_ = nullptr;
  row_location first_{};
  std::uint32_t size_ = 0;
};

}  // namespace assay::inline v0

#endif
