// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/commit/tree_shape.hpp>

#include "support/catch.hpp"
#include "support/trees.hpp"

using namespace assay;
using assay_tests::tree_of;

TEST_CASE("tree_shape: the usual shapes are valid", "[commit]") {
  CHECK(validate(row_tree_shape(1, dtype::opaque, 512, 16)));
  CHECK(validate(row_tree_shape(~0u, dtype::f32, 1, 2)));
  CHECK(validate(position_tree_shape(1000, 33, dtype::i16, 16, 16)));
  CHECK(validate(position_tree_shape(1, 1, dtype::i8, 1, 2)));
  CHECK(validate_layout(position_tree_shape(0, 6, dtype::i16, 16, 16)));
  CHECK(validate(position_tree_shape(0, 6, dtype::i16, 16, 16)).error().code == errc::empty);
}

TEST_CASE("tree_shape: bad shapes are refused", "[commit]") {
  const tree_shape good = tree_of(dtype::i8, 4, {5, 6}, {{2, 6}, {4, 1}});
  REQUIRE(validate(good));
  const auto code = [&](auto change) {
    tree_shape s = good;
    change(s);
    const auto valid = validate(s);
    REQUIRE_FALSE(valid);
    return valid.error().code;
  };
  CHECK(code([](tree_shape& s) { s.rank = 0; }) == errc::out_of_range);
  CHECK(code([](tree_shape& s) { s.rank = 7; }) == errc::out_of_range);
  CHECK(code([](tree_shape& s) { s.arities = 0; }) == errc::out_of_range);
  CHECK(code([](tree_shape& s) { s.arities = 9; }) == errc::out_of_range);
  CHECK(code([](tree_shape& s) { s.type = static_cast<dtype>(0); }) == errc::unsupported);
  CHECK(code([](tree_shape& s) { s.type = static_cast<dtype>(99); }) == errc::unsupported);
  CHECK(code([](tree_shape& s) { s.width = 0; }) == errc::out_of_range);
  CHECK(code([](tree_shape& s) { s.width = (1u << 24) + 1; }) == errc::out_of_range);
  CHECK(code([](tree_shape& s) { s.extents[1] = 0; }) == errc::out_of_range);
  CHECK(code([](tree_shape& s) { s.extents[2] = 1; }) == errc::invalid_settings);
  CHECK(code([](tree_shape& s) { s.arity[0][0] = 0; }) == errc::invalid_settings);
  CHECK(code([](tree_shape& s) { s.arity[0][2] = 1; }) == errc::invalid_settings);
  CHECK(code([](tree_shape& s) { s.arity[2][0] = 2; }) == errc::invalid_settings);
  CHECK(code([](tree_shape& s) { s.arity[0] = {65536, 2}; }) == errc::out_of_range);
  CHECK(code([](tree_shape& s) { s.arity[1] = {1, 1}; }) == errc::invalid_settings);
  CHECK(code([](tree_shape& s) { s.arity[0] = {2, 5}; }) == errc::invalid_settings);  // axis 1 never narrows to one
  CHECK(code([](tree_shape& s) { s.arities = 1, s.arity[1] = {}, s.arity[0] = {1, 6}; }) == errc::invalid_settings);
  CHECK(code([](tree_shape& s) { s.rank = 4, s.extents = {1, ~0u, ~0u, ~0u}; }) == errc::out_of_range);
  CHECK(code([](tree_shape& s) { s.extents = {~0u, 1u << 20}, s.arity[1] = {2, 2}; }) == errc::out_of_range);
}

TEST_CASE("tree_shape: geometry of boxes", "[commit]") {
  const tree_geometry g{tree_of(dtype::i8, 4, {7, 5}, {{2, 2}, {3, 2}})};
  REQUIRE(g.levels() == 3);  // 7x5 rows, 4x3 nodes, 2x2 nodes, 1 node
  CHECK(g.slots(0) == tree_axes{7, 5});
  CHECK(g.slots(1) == tree_axes{4, 3});
  CHECK(g.slots(2) == tree_axes{2, 2});
  CHECK(g.slots(3) == tree_axes{1, 1});
  CHECK(g.node_of(0, {6, 4}) == tree_axes{3, 2});
  CHECK(g.shape_of(0, {3, 2}).present == tree_axes{1, 1});
  CHECK(g.shape_of(0, {3, 1}).present == tree_axes{1, 2});
  CHECK(g.shape_of(1, {1, 1}).present == tree_axes{1, 1});
  CHECK(g.shape_of(1, {0, 0}).present == tree_axes{3, 2});
  CHECK(g.shape_of(1, {0, 0}).type == dtype::opaque);
  CHECK(g.shape_of(1, {0, 0}).row_bytes() == 32);
  CHECK(g.slot_in_node(0, {3, 3}) == 3);
  CHECK(g.slot_in_node(0, {6, 3}) == 1);
  CHECK(g.index(1, {3, 2}) == 11);
}

TEST_CASE("tree_shape: depth at the limits", "[commit]") {
  CHECK(tree_geometry{row_tree_shape(1, dtype::i8, 1, 2)}.levels() == 1);
  CHECK(tree_geometry{row_tree_shape(2, dtype::i8, 1, 2)}.levels() == 1);
  CHECK(tree_geometry{row_tree_shape(3, dtype::i8, 1, 2)}.levels() == 2);
  CHECK(tree_geometry{row_tree_shape(~0u, dtype::i8, 1, 2)}.levels() == 32);
  CHECK(tree_geometry{row_tree_shape(~0u, dtype::i8, 1, 65536)}.levels() == 2);
}
