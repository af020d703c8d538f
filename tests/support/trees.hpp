// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rows, requests and shapes for tests of trees; all deterministic.
#ifndef ASSAY_TESTS_SUPPORT_TREES_HPP
#define ASSAY_TESTS_SUPPORT_TREES_HPP

#include <cstdint>
#include <initializer_list>
#include <vector>

#include <assay/commit/terkle.hpp>

namespace assay_tests {

/// The rule of the golden vectors.
inline std::vector<std::byte> tree_bytes(std::uint64_t n) {
  std::vector<std::byte> bytes(n);
  for (std::uint64_t i = 0; i < n; ++i) bytes[i] = static_cast<std::byte>(((i * i * 7 + i * 13 + 5) >> 3) & 255);
  return bytes;
}

inline std::vector<std::byte> tree_bytes(const assay::tree_shape& s) {
  return tree_bytes(s.extents[0] * s.slice_rows() * s.row_bytes());
}

inline assay::digest tree_context(unsigned char first = 0) {
  assay::digest d;
  for (std::size_t i = 0; i < 32; ++i) d.bytes[i] = static_cast<std::byte>(first + i);
  return d;
}

inline assay::tree_shape tree_of(assay::dtype type, std::uint32_t width, std::initializer_list<std::uint32_t> extents,
                                 std::initializer_list<std::initializer_list<std::uint32_t>> arity) {
  assay::tree_shape s;
  s.type = type, s.width = width;
  s.rank = static_cast<std::uint8_t>(extents.size()), s.arities = static_cast<std::uint8_t>(arity.size());
  std::copy(extents.begin(), extents.end(), s.extents.begin());
  std::size_t l = 0;
  for (const auto& a : arity) std::copy(a.begin(), a.end(), s.arity[l++].begin());
  return s;
}

inline assay::coordinates row_at(const assay::tree_shape& s, std::uint64_t index) {
  assay::coordinates at{};
  for (std::size_t i = s.rank; i-- > 0;) {
    at[i] = static_cast<std::uint32_t>(index % s.extents[i]);
    index /= s.extents[i];
  }
  return at;
}

inline std::uint64_t row_total(const assay::tree_shape& s) { return s.extents[0] * s.slice_rows(); }

/// Deterministic draws; knows nothing of the library's own generators.
class lcg {
 public:
  explicit lcg(std::uint64_t seed) : state_(seed) {}
  std::uint64_t below(std::uint64_t n) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return (state_ >> 33) % n;
  }

 private:
  std::uint64_t state_;
};

/// Every row with probability k/8, at least one.
inline std::vector<assay::coordinates> some_rows(const assay::tree_shape& s, lcg& draw, std::uint64_t k = 2) {
  std::vector<assay::coordinates> rows;
  for (std::uint64_t i = 0; i < row_total(s); ++i)
    if (draw.below(8) < k) rows.push_back(row_at(s, i));
  if (rows.empty()) rows.push_back(row_at(s, draw.below(row_total(s))));
  return rows;
}

}  // namespace assay_tests

#endif
