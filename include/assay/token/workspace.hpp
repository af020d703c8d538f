// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Scratch memory that sampling and scoring reuse from token to token.
#ifndef ASSAY_TOKEN_WORKSPACE_HPP
#define ASSAY_TOKEN_WORKSPACE_HPP

#include <cstddef>
#include <cstdint>
#include <vector>

#include <assay/core/config.hpp>

namespace assay::inline v0 {

namespace detail {

/// Parallel arrays of candidates. Sizes only grow; how much is in use is said elsewhere.
struct token_scratch {
  std::vector<std::uint64_t> keys;       ///< (logit / temperature, id) as a sort key
  std::vector<std::uint64_t> spare;      ///< the other half of a radix sort; raw noise
  std::vector<std::uint32_t> ids;
  std::vector<float> logits, scaled, terms;
  std::vector<float> maxima;             ///< largest entry of each block of a whole row
  std::vector<std::uint64_t> table;      ///< open addressing, stamp << 32 | index: which ids a sparse row lists
  std::uint32_t stamp = 0;

  template <class T>
  static T* room(std::vector<T>& v, std::size_t n) {
    if (v.size() < n) v.resize(n);
    return v.data();
  }
};

}  // namespace detail

/// One per thread. After the first token of a kind (row length, settings) no call allocates.
class token_workspace {
 public:
  /// For the library's own functions.
  [[nodiscard]] detail::token_scratch& scratch() noexcept { return scratch_; }

 private:
  detail::token_scratch scratch_;
};

}  // namespace assay::inline v0

#endif
