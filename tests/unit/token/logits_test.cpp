// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/token/logits.hpp>

#include <limits>
#include <vector>

#include "support/catch.hpp"

using namespace assay;

TEST_CASE("logits: the largest entries, descending, with ties and without -infinity", "[token]") {
  const std::vector<float> row{1, 5, 3, 5, -std::numeric_limits<float>::infinity(), 3, 2};
  const auto top = top_logits(row, 3);
  REQUIRE(top);
  CHECK(top->values == std::vector<float>{5, 5, 3, 3});
  CHECK(top->ids == std::vector<token_id>{token_id{1}, token_id{3}, token_id{2}, token_id{5}});
  CHECK(top->view().ids.size() == 4);
  CHECK(top_logits(row, 100)->ids.size() == 6);
}

TEST_CASE("logits: rows that cannot be reduced", "[token]") {
  CHECK(top_logits({}, 3).error().code == errc::empty);
  const std::vector<float> bad{1, 2, std::numeric_limits<float>::quiet_NaN()};
  CHECK(top_logits(bad, 1).error() == fail(errc::non_finite, "", 2));
  CHECK(top_logits(bad, 0).error().code == errc::invalid_settings);
}
