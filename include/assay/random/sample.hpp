// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Random subsets of a huge range in memory proportional to the subset: which rows, tokens or requests to audit.
#ifndef ASSAY_RANDOM_SAMPLE_HPP
#define ASSAY_RANDOM_SAMPLE_HPP

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <assay/core/expects.hpp>
#include <assay/random/stream.hpp>

namespace assay::inline v0 {

namespace detail {

/// A set of numbers below 2^64 - 1 with room for a known count: open addressing, at most half full.
class small_index_set {
 public:
  explicit small_index_set(std::size_t count) : slots_(std::bit_ceil(2 * count + 1), vacant) {}

  /// Adds `value`; false if it was there.
  bool insert(std::uint64_t value) noexcept {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = static_cast<std::size_t>((value * 0x9E3779B97F4A7C15u) >> 20) & mask;
    for (; slots_[at] != vacant; at = (at + 1) & mask)
      if (slots_[at] == value) return false;
    slots_[at] = value;
    return true;
  }

 private:
  static constexpr std::uint64_t vacant = ~std::uint64_t{0};
  std::vector<std::uint64_t> slots_;
};

}  // namespace detail

/// Draws `count` different numbers below `population`, every subset equally likely, in ascending order.
/// @pre count <= population <= 2^63; `count` is the caller's own, not a foreign length: memory is O(count)
/// Determinism: exact. Source: Floyd's algorithm (Bentley and Floyd, CACM 1987).
[[nodiscard]] inline std::vector<std::uint64_t>
sample_without_replacement(random_stream& stream, std::uint64_t population, std::uint64_t count) {
  ASSAY_EXPECTS(count <= population && population <= std::uint64_t{1} << 63);
  std::vector<std::uint64_t> chosen;
  chosen.reserve(static_cast<std::size_t>(count));
  detail::small_index_set seen(static_cast<std::size_t>(count));
  for (std::uint64_t top = population - count; top < population; ++top) {
    const std::uint64_t candidate = stream.below(top + 1);
    const bool fresh = seen.insert(candidate);
    if (!fresh) seen.insert(top);
    chosen.push_back(fresh ? candidate : top);
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

}  // namespace assay::inline v0

#endif
