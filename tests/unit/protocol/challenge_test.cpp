// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/protocol/challenge.hpp>

#include <cmath>
#include <cstdlib>
#include <numeric>
#include <set>

#include "support/catch.hpp"
#include "support/toy_protocol.hpp"

using namespace assay;
using namespace assay_tests;

namespace {
receipt with_tokens(std::uint32_t prompt, std::uint32_t output) {
  receipt r;
  r.prompt_tokens = prompt, r.output_tokens = output;
  return r;
}
challenged_places drawn(const receipt& r, std::uint64_t nonce, challenge_size size) {
  return must(expand(challenge{digest_of(r), seed_of(nonce), size}, r));
}
bool ascends_below(const std::vector<std::uint32_t>& v, std::uint32_t end) {
  for (std::size_t i = 0; i < v.size(); ++i)
    if (v[i] >= end || (i > 0 && v[i] <= v[i - 1])) return false;
  return true;
}
}  // namespace

TEST_CASE("challenge: places ascend, exist, and are as many as asked for", "[protocol]") {
  const receipt r = with_tokens(30, 11);
  for (std::uint64_t nonce = 0; nonce < 200; ++nonce) {
    const auto places = drawn(r, nonce, {7, 3});
    CHECK(places.positions.size() == 7);
    CHECK(places.outputs.size() == 3);
    CHECK(ascends_below(places.positions, 40));
    CHECK(ascends_below(places.outputs, 11));
  }
}

TEST_CASE("challenge: more than there is means all of it, none means none", "[protocol]") {
  const receipt r = with_tokens(4, 3);
  std::vector<std::uint32_t> positions(6), outputs(3);
  std::iota(positions.begin(), positions.end(), 0u), std::iota(outputs.begin(), outputs.end(), 0u);
  for (std::uint32_t count : {6u, 7u, 1000u, ~0u}) {
    const auto places = drawn(r, 1, {count, count});
    CHECK(places.positions == positions);
    CHECK(places.outputs == outputs);
  }
  CHECK(drawn(r, 1, {0, 2}).positions.empty());
  CHECK(drawn(r, 1, {2, 0}).outputs.empty());
  CHECK(expand(challenge{digest_of(r), {}, {0, 0}}, r).error().code == errc::out_of_range);
}

TEST_CASE("challenge: every place is equally likely", "[protocol]") {
  const receipt r = with_tokens(15, 6);
  constexpr int trials = 4000;
  std::vector<int> hits(20), output_hits(6);
  for (int i = 0; i < trials; ++i) {
    const auto places = drawn(r, static_cast<std::uint64_t>(i), {5, 2});
    for (auto p : places.positions) ++hits[p];
    for (auto o : places.outputs) ++output_hits[o];
  }
  // Each count is binomial; 5 standard deviations over 26 counts leave less than 2e-5 to chance.
  for (int h : hits) CHECK(std::abs(h - trials / 4) < 5 * std::sqrt(trials * 0.25 * 0.75));
  for (int h : output_hits) CHECK(std::abs(h - trials / 3) < 5 * std::sqrt(trials / 3.0 * 2 / 3));
}

TEST_CASE("challenge: places follow from receipt, randomness and size, and from nothing less", "[protocol]") {
  const receipt r = with_tokens(1000, 500);
  const auto places = drawn(r, 3, {6, 4});
  CHECK(drawn(r, 3, {6, 4}).positions == places.positions);
  CHECK(drawn(r, 3, {6, 4}).outputs == places.outputs);
  CHECK(drawn(r, 4, {6, 4}).positions != places.positions);
  receipt edited = r;
  edited.final_rows.value.bytes[5] = std::byte{1};
  CHECK(drawn(edited, 3, {6, 4}).positions != places.positions);
  edited = r, edited.terms.retention_seconds -= 1;
  CHECK(drawn(edited, 3, {6, 4}).positions != places.positions);
  CHECK(drawn(r, 3, {6, 5}).positions != places.positions);
}

TEST_CASE("challenge: one receipt's challenge does not expand for another", "[protocol]") {
  const receipt r = with_tokens(5, 5);
  receipt other = r;
  other.output.value.bytes[0] = std::byte{1};
  CHECK(expand(challenge{digest_of(r), {}, {1, 1}}, other).error().code == errc::wrong_statement);
  CHECK(expand(challenge{digest_of(r), {}, {1, 1}}, with_tokens(0, 5)).error().code == errc::empty);
  const challenge a{digest_of(r), seed_of(1), {1, 1}};
  std::set<challenge_digest> all{digest_of(a), digest_of(challenge{digest_of(other), seed_of(1), {1, 1}}),
                                 digest_of(challenge{a.receipt, seed_of(2), {1, 1}}),
                                 digest_of(challenge{a.receipt, seed_of(1), {2, 1}}),
                                 digest_of(challenge{a.receipt, seed_of(1), {1, 2}})};
  CHECK(all.size() == 5);
}
