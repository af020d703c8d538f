// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Unpredictable 128-bit coefficients for random linear combinations, from a hash.
#ifndef ASSAY_POLYCOMMIT_DETAIL_RANDOM_COEFFICIENTS_HPP
#define ASSAY_POLYCOMMIT_DETAIL_RANDOM_COEFFICIENTS_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <assay/core/endian.hpp>
#include <assay/hash/digest.hpp>
#include <assay/hash/sha256.hpp>
#include <assay/math/limbs.hpp>

namespace assay::inline v0::detail {

/// SHA-256 in counter mode: two coefficients per block. Exact.
class random_coefficients {
 public:
  explicit random_coefficients(const digest& key) { prefix_.update(key.bytes); }

  [[nodiscard]] limbs<2> next() noexcept {
    if (!half_) {
      std::array<std::byte, 8> counter;
      store_le(counter.data(), block_++);
      words_ = prefix_.finish(counter);
    }
    const std::byte* from = words_.bytes.data() + (half_ ? 16 : 0);
    half_ = !half_;
    return {load_le<std::uint64_t>(from), load_le<std::uint64_t>(from + 8)};
  }

  [[nodiscard]] std::vector<limbs<2>> next(std::size_t count) {
    std::vector<limbs<2>> all(count);
    for (auto& c : all) c = next();
    return all;
  }

 private:
  sha256 prefix_;
  digest words_;
  std::uint64_t block_ = 0;
  bool half_ = false;
};

}  // namespace assay::inline v0::detail

#endif
