// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Laws of hidden-state counts: it does not matter how pairs are ordered, cut into rows, or spread over threads.
#include "support/catch.hpp"

#include <algorithm>
#include <vector>

#include <assay/fingerprint/state_statistics.hpp>
#include <assay/random/stream.hpp>

using namespace assay;

namespace {

/// Any 16-bit codes at all: NaNs, infinities, subnormals included.
struct random_codes {
  explicit random_codes(random_stream& random, std::size_t count) : claimed(2 * count), reference(2 * count) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto b = static_cast<std::uint16_t>(random.next_u32());
      const auto a = random.below(2) ? static_cast<std::uint16_t>(b + random.below(4))
                                     : static_cast<std::uint16_t>(random.next_u32());
      store_le(claimed.data() + 2 * i, a), store_le(reference.data() + 2 * i, b);
    }
  }
  [[nodiscard]] state_counts counted(dtype format, std::size_t from, std::size_t count) const {
    auto c = state_comparison::make(format).value();
    REQUIRE(c.add(byte_view{claimed}.subspan(2 * from, 2 * count), byte_view{reference}.subspan(2 * from, 2 * count)));
    return c.counts();
  }
  std::vector<std::byte> claimed, reference;
};

}  // namespace

TEST_CASE("property: counts merge like numbers add", "[property]") {
  random_stream random{seed{}, "state-laws"};
  for (const dtype format : {dtype::bf16, dtype::f16}) {
    for (int round = 0; round < 30; ++round) {
      const std::size_t n = 1 + random.below(1500), cut = random.below(n + 1), second = cut + random.below(n - cut + 1);
      const random_codes codes{random, n};
      const state_counts all = codes.counted(format, 0, n);
      const state_counts a = codes.counted(format, 0, cut), b = codes.counted(format, cut, second - cut),
                         c = codes.counted(format, second, n - second);
      state_counts left = a, right = c, turned = b;
      left.merge(b), left.merge(c);
      right.merge(b), right.merge(a);
      turned.merge(a), turned.merge(c);
      CHECK(left == all);
      CHECK(right == all);
      CHECK(turned == all);
      const state_counts parts[] = {b, c, a};
      CHECK(pooled(parts) == all);
      // Every pair is in exactly one class, every finite pair in one bin.
      CHECK(all.finite + all.both_non_finite + all.claimed_non_finite + all.reference_non_finite == n);
      std::uint64_t bins = 0;
      for (const std::uint64_t count : all.distances) bins += count;
      CHECK(bins == all.finite);
      CHECK(all.large_deviations <= all.exponent_mismatches);
      CHECK(all.small_deviations + all.exponent_mismatches <= all.finite);
      CHECK(all.same_bits <= all.distances[0]);
    }
  }
}

TEST_CASE("property: roles can be turned", "[property]") {
  random_stream random{seed{}, "state-roles"};
  for (int round = 0; round < 20; ++round) {
    const random_codes codes{random, 700};
    random_codes swapped = codes;
    std::swap(swapped.claimed, swapped.reference);
    const state_counts one = codes.counted(dtype::bf16, 0, 700), two = swapped.counted(dtype::bf16, 0, 700);
    CHECK(one.above == two.below);
    CHECK(one.below == two.above);
    CHECK(one.distances == two.distances);
    CHECK(one.exponent_mismatches == two.exponent_mismatches);
    CHECK(one.large_deviations == two.large_deviations);
    CHECK(one.small_deviations == two.small_deviations);
    CHECK(one.claimed_non_finite == two.reference_non_finite);
    CHECK(*ratios(one).mean_signed == -*ratios(two).mean_signed);
  }
}
