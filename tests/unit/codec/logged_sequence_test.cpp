// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/codec/logged_sequence.hpp>

#include "support/catch.hpp"

using namespace assay;
using namespace assay::codec;

TEST_CASE("logged rows: rows are kept apart, and appended rows follow", "[codec]") {
  logged_rows rows;
  CHECK(rows.empty());
  rows.end_row();
  rows.add(token_id{7}, -0.5f);
  rows.add(token_id{3}, -2.0f);
  rows.end_row(token_id{3});
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].row.ids.empty());
  CHECK_FALSE(rows[0].token.has_value());
  CHECK(rows[1].row.ids.size() == 2);
  CHECK(rows[1].row.values[1] == -2.0f);
  CHECK(rows[1].token == token_id{3});
  CHECK(rows[1].is_logprob);
  CHECK_FALSE(rows.tokens().has_value());

  logged_rows more;
  more.add(token_id{9}, 4.0f);
  more.end_row(token_id{9});
  CHECK(more.tokens() == std::vector{token_id{9}});
  rows.append(more);
  REQUIRE(rows.size() == 3);
  CHECK(rows[2].row.ids[0] == token_id{9});
  CHECK_FALSE(rows.is_logprob());
  CHECK(rows.entries() == 3);
}

TEST_CASE("logged rows: the largest id is a token, not the mark of none", "[codec]") {
  logged_rows rows;
  rows.add(token_id{0xffffffffu}, 0.0f);
  rows.end_row(token_id{0xffffffffu});
  CHECK(rows[0].token == token_id{0xffffffffu});
  CHECK(rows.tokens().has_value());
}
