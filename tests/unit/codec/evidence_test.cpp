// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/codec/evidence.hpp>

#include "laws.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

request_evidence any_evidence(std::uint64_t number, std::size_t most) {
  arbitrary any{number};
  request_evidence e;
  for (auto& scores : e.scores)
    for (std::size_t n = any.below(most + 1); n != 0; --n)
      scores.push_back({any.coin() ? 0 : any.positive_double(), position{any.u32()}, layer_index{any.u32()}});
  e.tokens = any.u64();
  e.opened_bytes = any.u64();
  return e;
}

}  // namespace

TEST_CASE("codec evidence: a round trip keeps every score", "[codec]") {
  for (std::uint64_t i = 0; i < 60; ++i) {
    const request_evidence e = any_evidence(i, 50), read = check_round_trip(e);
    for (std::size_t c = 0; c < channel_count; ++c) {
      REQUIRE(read.scores[c].size() == e.scores[c].size());
      for (std::size_t s = 0; s < e.scores[c].size(); ++s) {
        CHECK(std::bit_cast<std::uint64_t>(read.scores[c][s].score) ==
              std::bit_cast<std::uint64_t>(e.scores[c][s].score));
        CHECK(read.scores[c][s].at == e.scores[c][s].at);
        CHECK(read.scores[c][s].layer == e.scores[c][s].layer);
      }
    }
  }
}

TEST_CASE("codec evidence: every field is required, typed and alone", "[codec]") {
  request_evidence e = any_evidence(1, 0);
  e.scores[0] = {{0.25, position{3}, layer_index{}}, {0.5, position{4}, layer_index{}}};
  e.scores[2] = {{1.5, position{3}, layer_index{7}}};
  e.scores[3] = {{0.125, position{3}, layer_index{2}}};
  check_laws(e);
}

TEST_CASE("codec evidence: columns agree in length", "[codec]") {
  const json tree = codec::to_json(any_evidence(2, 0));
  for (const char* column : {"score", "position", "checkpoint"}) {
    json longer = tree;
    longer["scores"]["head"][column].push_back(1);
    CHECK(tree_error<request_evidence>(longer, codec::carrier::json) == errc::length_mismatch);
  }
}

TEST_CASE("codec evidence: scores are distances", "[codec]") {
  request_evidence e;
  e.scores[1] = {{std::numeric_limits<double>::infinity(), position{3}, layer_index{}}};
  check_round_trip(e);
  e.scores[1][0].score = -1;
  CHECK(json_error<request_evidence>(codec::to_json_text(e)) == errc::out_of_range);
  e.scores[1][0].score = std::numeric_limits<double>::quiet_NaN();
  CHECK(json_error<request_evidence>(codec::to_json_text(e)) == errc::non_finite);
}
