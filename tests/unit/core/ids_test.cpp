// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <type_traits>

#include <assay/core/ids.hpp>

TEST_CASE("ids: different meanings do not mix", "[core]") {
  STATIC_REQUIRE_FALSE(std::is_convertible_v<assay::position, assay::layer_index>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<assay::position, assay::token_id>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<int, assay::token_id>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<assay::token_id, int>);
  STATIC_REQUIRE(std::is_trivially_copyable_v<assay::sequence_id>);
  STATIC_REQUIRE(sizeof(assay::sequence_id) == 8);
}

TEST_CASE("ids: order and equality are the number's", "[core]") {
  CHECK(assay::position{} == assay::position{0});
  CHECK(assay::position{3} < assay::position{4});
  CHECK(assay::token_id{9} != assay::token_id{8});
}
