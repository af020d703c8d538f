// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/protocol/evidence.hpp>

#include <utility>

#include "support/catch.hpp"

using namespace assay;

TEST_CASE("evidence: each channel has scores of its own", "[protocol]") {
  request_evidence e;
  for (std::size_t c = 0; c < channel_count; ++c)
    for (std::size_t i = 0; i <= c; ++i)
      e.of(static_cast<channel>(c)).push_back({static_cast<double>(i), position{}, layer_index{}});
  const request_evidence& fixed = std::as_const(e);
  CHECK(fixed.of(channel::head).size() == 1);
  CHECK(fixed.of(channel::tokens).size() == 2);
  CHECK(fixed.of(channel::states).size() == 3);
  CHECK(fixed.of(channel::rows).size() == 4);
  CHECK(&fixed.scores[2] == &fixed.of(channel::states));
  CHECK((e.tokens == 0 && e.opened_bytes == 0));
}
