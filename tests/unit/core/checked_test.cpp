// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <limits>

#include <assay/core/checked.hpp>

TEST_CASE("checked: sums and products up to the edge", "[core]") {
  constexpr std::uint64_t top = std::numeric_limits<std::uint64_t>::max();
  CHECK(*assay::checked_add(top - 1, 1) == top);
  CHECK(assay::checked_add(top, 1).error().code == assay::errc::overflow);
  CHECK(*assay::checked_mul(std::uint64_t{1} << 32, (std::uint64_t{1} << 32) - 1) ==
        (top - ((std::uint64_t{1} << 32) - 1)));
  CHECK(assay::checked_mul(std::uint64_t{1} << 32, std::uint64_t{1} << 32).error().code == assay::errc::overflow);
  CHECK(*assay::checked_mul(0, top) == 0);
}

TEST_CASE("checked: casts keep the value or fail", "[core]") {
  CHECK(*assay::checked_cast<std::uint8_t>(255) == 255);
  CHECK_FALSE(assay::checked_cast<std::uint8_t>(256));
  CHECK_FALSE(assay::checked_cast<std::uint32_t>(-1));
  CHECK(*assay::checked_cast<std::int8_t>(-128) == -128);
  CHECK_FALSE(assay::checked_cast<std::int8_t>(128u));
  CHECK_FALSE(assay::checked_cast<std::int64_t>(std::numeric_limits<std::uint64_t>::max()));
}
