// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <array>

#include <assay/core/row_map.hpp>

#include "throwing_contract.hpp"

using assay::position;
using assay::row_location;
using assay::row_map;
using assay::sequence_id;

TEST_CASE("row_map: consecutive positions of one sequence", "[core]") {
  const row_map map = row_map::contiguous(sequence_id{9}, position{100}, 3);
  CHECK(map.size() == 3);
  CHECK(map[0] == row_location{sequence_id{9}, position{100}});
  CHECK(map[2] == row_location{sequence_id{9}, position{102}});
  CHECK(row_map::contiguous(sequence_id{}, position{~0u}, 1)[0].at.value == ~0u);
  CHECK(row_map::contiguous(sequence_id{}, position{~0u}, 0).size() == 0);
}

TEST_CASE("row_map: any order, several sequences, padding", "[core]") {
  const std::array<row_location, 3> rows{
      {{sequence_id{2}, position{5}}, {assay::ignored_row, position{}}, {sequence_id{1}, position{0}}}};
  const row_map map = row_map::of(rows);
  CHECK(map.size() == 3);
  for (std::uint32_t i = 0; i < 3; ++i) CHECK(map[i] == rows[i]);
  CHECK(map[1].sequence == assay::ignored_row);
  CHECK(row_map::of({}).size() == 0);
}

TEST_CASE("row_map: rows beyond the end and positions beyond 32 bits break the contract", "[core]") {
  const throwing_contract guard;
  CHECK_THROWS_AS(row_map::contiguous(sequence_id{}, position{}, 2)[2], broken_contract);
  CHECK_THROWS_AS(row_map::of({})[0], broken_contract);
  CHECK_THROWS_AS(row_map::contiguous(sequence_id{}, position{~0u}, 2), broken_contract);
}
