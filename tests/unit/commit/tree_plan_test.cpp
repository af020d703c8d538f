// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/commit/tree_plan.hpp>

#include <set>

#include "support/catch.hpp"
#include "support/trees.hpp"

using namespace assay;
using assay_tests::tree_of;

TEST_CASE("tree_plan: requests must ascend strictly and exist", "[commit]") {
  const tree_shape s = tree_of(dtype::i8, 4, {5, 6}, {{1, 6}, {4, 1}});
  const auto code = [&](std::vector<coordinates> r) { return validate_request(s, r).error().code; };
  CHECK(validate_request(s, std::vector<coordinates>{{0, 0}, {0, 5}, {4, 0}}));
  CHECK(code({}) == errc::empty);
  CHECK(code({{5, 0}}) == errc::out_of_range);
  CHECK(code({{0, 6}}) == errc::out_of_range);
  CHECK(code({{0, 0, 1}}) == errc::out_of_range);
  CHECK(code({{1, 1}, {1, 1}}) == errc::duplicate);
  CHECK(code({{1, 1}, {1, 0}}) == errc::wrong_order);
  CHECK(code({{2, 0}, {1, 5}}) == errc::wrong_order);
}

TEST_CASE("tree_plan: shared ancestors are visited once, children before parents", "[commit]") {
  const tree_geometry g{tree_of(dtype::i8, 4, {7, 5}, {{2, 2}, {3, 2}})};
  const std::vector<coordinates> requested = {{0, 0}, {0, 2}, {1, 1}, {6, 4}};
  const opening_plan plan = plan_opening(g, requested);
  REQUIRE(plan.nodes.size() == 3 + 2 + 1);
  CHECK(plan.nodes[0].index == 0);
  CHECK(std::vector<std::size_t>(plan.sources_of(plan.nodes[0]).begin(), plan.sources_of(plan.nodes[0]).end()) ==
        std::vector<std::size_t>{0, 2});
  CHECK(plan.nodes[1].index == 1);
  CHECK(plan.nodes[2].index == 11);
  CHECK(plan.nodes[3].level == 1);
  CHECK(plan.nodes[4].index == 3);
  CHECK(plan.nodes[5].level == 2);
  CHECK(plan.slots_of(plan.nodes[5]).size() == 2);
  CHECK(plan.sources_of(plan.nodes[5])[1] == 4);
}

TEST_CASE("tree_plan: every requested row and every visited node but the top is the source of one slot", "[commit]") {
  assay_tests::lcg draw{3};
  const tree_geometry g{tree_of(dtype::i8, 1, {9, 4, 3}, {{2, 3, 1}, {2, 2, 2}})};
  for (int round = 0; round < 200; ++round) {
    const auto requested = assay_tests::some_rows(g.shape(), draw);
    const opening_plan plan = plan_opening(g, requested);
    std::multiset<std::size_t> rows, nodes;
    for (const planned_node& n : plan.nodes) {
      REQUIRE(n.count > 0);
      const auto slots = plan.slots_of(n);
      for (std::size_t i = 0; i < slots.size(); ++i) {
        REQUIRE(slots[i] < n.shape.slots());
        if (i > 0) REQUIRE(slots[i - 1] < slots[i]);
        (n.level == 0 ? rows : nodes).insert(plan.sources_of(n)[i]);
      }
    }
    REQUIRE(rows.size() == requested.size());
    REQUIRE(std::set<std::size_t>(rows.begin(), rows.end()).size() == requested.size());
    REQUIRE(nodes.size() == plan.nodes.size() - 1);
    REQUIRE(std::set<std::size_t>(nodes.begin(), nodes.end()).size() == plan.nodes.size() - 1);
  }
}
