// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/commit/vector_commitment.hpp>

#include <assay/commit/merkle.hpp>

#include "support/catch.hpp"
#include "support/flat_commitment.hpp"
#include "support/trees.hpp"

using namespace assay;

static_assert(vector_commitment<merkle> && recomputing_commitment<merkle>);
static_assert(vector_commitment<assay_tests::flat_commitment>);
static_assert(!vector_commitment<sha256>);

namespace {

// What every scheme must do, whatever its mathematics.
template <vector_commitment Scheme>
void check_laws(const Scheme& scheme) {
  const auto values = assay_tests::tree_bytes(4 * 12);
  const node_view node{{assay_tests::tree_context(), 1, 5}, {dtype::i16, 2, 2, {4, 4}, {3, 4}}, values};
  REQUIRE(scheme.supports(node.shape));
  typename Scheme::commitment c;
  REQUIRE(scheme.commit({&node, 1}, {&c, 1}));
  const std::vector<std::uint32_t> slots = {0, 7, 11};
  std::vector<std::byte> rows;
  for (std::uint32_t s : slots) rows.insert(rows.end(), values.begin() + 4 * s, values.begin() + 4 * s + 4);
  const auto opening = scheme.open(node, slots);
  REQUIRE(opening);

  node_claim<Scheme> claim{node.where, node.shape, slots, rows, &c, &*opening};
  CHECK(scheme.verify({&claim, 1}));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto wrong = rows;
    wrong[i] ^= std::byte{1};
    auto bad = claim;
    bad.values = wrong;
    CHECK_FALSE(scheme.verify({&bad, 1}));
  }
  const std::vector<std::uint32_t> others = {0, 8, 11};
  auto moved = claim;
  moved.slots = others;
  CHECK_FALSE(scheme.verify({&moved, 1}));

  std::vector<std::byte> bytes;
  writer w{bytes};
  Scheme::encode(c, w);
  CHECK(bytes.size() == Scheme::commitment_size());
  Scheme::encode(*opening, w);
  CHECK(bytes.size() == Scheme::commitment_size() + Scheme::opening_size(node.shape, slots));
  reader r{bytes};
  CHECK(Scheme::parse_commitment(r).value() == c);
  CHECK(Scheme::parse_opening(r, node.shape, slots).value() == *opening);
  CHECK(r.finish());
  reader cut{byte_view{bytes}.first(bytes.size() - 1)};
  REQUIRE(Scheme::parse_commitment(cut));
  CHECK(Scheme::parse_opening(cut, node.shape, slots).error().code == errc::truncated);
}

}  // namespace

TEST_CASE("vector_commitment: laws of every scheme", "[commit]") {
  check_laws(merkle{});
  check_laws(assay_tests::flat_commitment{});
}
