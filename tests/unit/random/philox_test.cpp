// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/random/philox.hpp>

#include <cstdint>
#include <vector>

#include "support/catch.hpp"

using namespace assay;

TEST_CASE("philox: known answers of the authors' Random123 distribution", "[random]") {
  CHECK(philox4x32({0, 0, 0, 0}, {0, 0}) == philox_counter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  const std::uint32_t ones = 0xffffffff;
  CHECK(philox4x32({ones, ones, ones, ones}, {ones, ones}) ==
        philox_counter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        philox_counter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("philox: evaluates at compile time", "[random]") {
  static_assert(philox4x32({0, 0, 0, 0}, {0, 0})[0] == 0x6627e8d5);
  SUCCEED();
}

TEST_CASE("philox: the batch kernel equals the block function at every length", "[random]") {
  const philox_counter rest{0, 17, 0x4e4f4953, 0xfffffff0};
  const philox_key key{0xdeadbeef, 0x12345678};
  for (std::size_t n = 0; n <= 70; ++n) {
    std::vector<std::uint32_t> first(n);
    for (std::size_t i = 0; i < n; ++i) first[i] = static_cast<std::uint32_t>(i * 0x9E3779B9u + n);
    std::vector<std::uint64_t> fast(n + 1, 0xabcdef), slow(n + 1, 0xabcdef);
    detail::philox_pairs(first.data(), n, rest, key, fast.data());
    detail::philox_pairs_ref(first.data(), n, rest, key, slow.data());
    REQUIRE(fast == slow);  // one past the end included: nothing is written there
    for (std::size_t i = 0; i < n; ++i) {
      const philox_counter w = philox4x32({first[i], rest[1], rest[2], rest[3]}, key);
      REQUIRE(slow[i] == (std::uint64_t{w[1]} << 32 | w[0]));
    }
  }
}
