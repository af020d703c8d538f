// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <random>

#include <assay/random/mt19937.hpp>

using namespace assay;

TEST_CASE("mt19937: the standard's own check value and the first words of seed 42", "[random]") {
  mt19937 standard{5489};
  standard.discard(9999);
  CHECK(standard.next_u32() == 4123659995u);
  mt19937 g{42};
  for (std::uint32_t word : {1608637542u, 3421126067u, 4083286876u, 787846414u}) CHECK(g.next_u32() == word);
}

TEST_CASE("mt19937: agrees with the standard library's, whatever is passed over", "[random]") {
  for (std::uint32_t seed : {0u, 1u, 0xffffffffu, 123456789u}) {
    mt19937 ours{seed};
    std::mt19937 theirs{seed};
    for (std::uint64_t skip : {0u, 1u, 623u, 624u, 625u, 2000u, 7u}) {
      ours.discard(skip);
      theirs.discard(skip);
      for (int i = 0; i < 700; ++i) REQUIRE(ours.next_u32() == theirs());
    }
  }
}
