// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The selection algorithms of libstdc++, on which PyTorch's choice among ties depends; the same on every platform.
#ifndef ASSAY_FINGERPRINT_TOPLOC_SELECTION_HPP
#define ASSAY_FINGERPRINT_TOPLOC_SELECTION_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <assay/fingerprint/toploc_settings.hpp>

namespace assay::inline v0::toploc::detail {

/// One entry of a chunk in 64 bits: rank (16), inverted position (32), code (16). A larger entry goes before a smaller
/// one.
using entry = std::uint64_t;

inline constexpr std::uint16_t infinity_code = 0x7f80, nan_rank = 0x7f81;

/// Magnitude; all NaNs are alike, and before every number.
[[nodiscard]] constexpr std::uint16_t rank_of(std::uint16_t code) noexcept {
  const auto magnitude = static_cast<std::uint16_t>(code & 0x7fff);
  return magnitude > infinity_code ? nan_rank : magnitude;
}

[[nodiscard]] constexpr entry make_entry(std::uint32_t position, std::uint16_t code) noexcept {
  return entry{rank_of(code)} << 48 | entry{~position} << 16 | code;
}
[[nodiscard]] constexpr std::uint16_t rank_of(entry e) noexcept { return static_cast<std::uint16_t>(e >> 48); }
[[nodiscard]] constexpr std::uint32_t position_of(entry e) noexcept { return ~static_cast<std::uint32_t>(e >> 16); }
[[nodiscard]] constexpr std::uint16_t code_of(entry e) noexcept { return static_cast<std::uint16_t>(e); }

/// "Goes before": by rank alone (ties stay as an algorithm leaves them), or by rank and then by lower position.
struct entry_order {
  entry mask;

  [[nodiscard]] static constexpr entry_order of(tie_policy ties) noexcept {
    return {ties == tie_policy::torch_cpu ? entry{0xffff} << 48 : ~entry{0}};
  }
  [[nodiscard]] constexpr bool operator()(entry a, entry b) const noexcept { return (a & mask) > (b & mask); }
};

// A heap whose front goes before nothing else: the weakest of the entries kept so far. Which of several equal entries
// leaves it depends on every move, so the moves are those of std::make_heap and std::pop_heap in libstdc++: a hole
// sinks to the bottom along the weaker children, the right one if they tie, and the value then rises to its place.

constexpr void sift(std::span<entry> heap, std::size_t hole, entry value, entry_order before) noexcept {
  const std::size_t top = hole, size = heap.size();
  std::size_t child = 2 * hole + 2;
  for (; child < size; child = 2 * hole + 2) {
    if (before(heap[child], heap[child - 1])) --child;
    heap[hole] = heap[child];
    hole = child;
  }
  if (child == size) {  // a left child without a sibling
    heap[hole] = heap[child - 1];
    hole = child - 1;
  }
  while (hole > top && before(heap[(hole - 1) / 2], value)) {
    heap[hole] = heap[(hole - 1) / 2];
    hole = (hole - 1) / 2;
  }
  heap[hole] = value;
}

constexpr void make_heap(std::span<entry> heap, entry_order before) noexcept {
  for (std::size_t parent = heap.size() / 2; parent-- > 0;) sift(heap, parent, heap[parent], before);
}

/// The part of std::partial_sort that decides who is in: afterwards the first `kept` are, as a heap.
constexpr void heap_select(std::span<entry> all, std::size_t kept, entry_order before) noexcept {
  const auto heap = all.first(kept);
  make_heap(heap, before);
  for (entry& next : all.subspan(kept)) {
    if (!before(next, heap[0])) continue;
    const entry value = std::exchange(next, heap[0]);
    sift(heap, 0, value, before);
  }
}

/// Puts the median of three places first, where the partition expects its pivot.
constexpr void median_to_front(std::span<entry> all, entry_order before) noexcept {
  const std::size_t a = 1, b = all.size() / 2, c = all.size() - 1;
  std::size_t median = 0;
  if (before(all[a], all[b])) median = before(all[b], all[c]) ? b : before(all[a], all[c]) ? c : a;
  else median = before(all[a], all[c]) ? a : before(all[b], all[c]) ? c : b;
  std::swap(all[0], all[median]);
}

/// Splits what follows the pivot all[0]; returns where the second part begins. Both scans stop at entries equal to it.
[[nodiscard]] constexpr std::size_t partition(std::span<entry> all, entry_order before) noexcept {
  std::size_t low = 1, high = all.size();
  for (;; ++low) {
    while (before(all[low], all[0])) ++low;
    --high;
    while (before(all[0], all[high])) --high;
    if (low >= high) return low;
    std::swap(all[low], all[high]);
  }
}

constexpr void insertion_sort(std::span<entry> all, entry_order before) noexcept {
  for (std::size_t i = 1; i < all.size(); ++i) {
    const entry value = all[i];
    std::size_t at = i;
    for (; at > 0 && before(value, all[at - 1]); --at) all[at] = all[at - 1];
    all[at] = value;
  }
}

/// std::nth_element: afterwards the first `kept` entries are the ones that go before the others. @pre 1 <= kept <= size
constexpr void nth_element(std::span<entry> all, std::size_t kept, entry_order before) noexcept {
  std::size_t nth = kept - 1;
  for (int depth = 2 * (static_cast<int>(std::bit_width(all.size())) - 1); all.size() > 3; --depth) {
    if (depth == 0) {
      heap_select(all, nth + 1, before);
      std::swap(all[0], all[nth]);
      return;
    }
    median_to_front(all, before);
    const std::size_t cut = partition(all, before);
    if (cut <= nth) {
      all = all.subspan(cut);
      nth -= cut;
    } else {
      all = all.first(cut);
    }
  }
  insertion_sort(all, before);
}

}  // namespace assay::inline v0::toploc::detail

#endif
