// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/commit/node.hpp>

#include "support/catch.hpp"

using namespace assay;

TEST_CASE("node: slots, capacity and bytes follow from the shape", "[commit]") {
  const node_shape s{dtype::i16, 16, 3, {4, 2, 2}, {3, 2, 1}};
  CHECK(s.slots() == 6);
  CHECK(s.capacity() == 16);
  CHECK(s.row_bytes() == 32);
  CHECK(node_shape{dtype::opaque, 33, 1, {2}, {2}}.row_bytes() == 33);
}
