// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attempts to open a tree to something that was not committed. Each must fail in the cryptographic check itself, so
// every forged opening carries the statement digest that the verifier expects.
#include <functional>
#include <string>
#include <vector>

#include <assay/commit/terkle.hpp>

#include "support/catch.hpp"
#include "support/flat_commitment.hpp"
#include "support/trees.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

using rows_list = std::vector<coordinates>;

template <class Scheme>
terkle_tree<Scheme> committed(const tree_shape& s, unsigned char context = 0) {
  return commit_tree(Scheme{}, s, tree_context(context), tree_bytes(s)).value();
}

template <class Scheme>
tree_opening<Scheme> retagged(tree_opening<Scheme> opening, const tree_statement& tree, const rows_list& requested) {
  opening.statement =
      detail::statement_digest(detail::node_context(Scheme{}, tree.shape, tree.context), tree, requested);
  return opening;
}

template <class Scheme>
bool accepted(const tree_statement& tree, const rows_list& requested, const tree_opening<Scheme>& opening) {
  return verify_tree_opening(Scheme{}, tree, requested, retagged(opening, tree, requested)).has_value();
}

template <class Scheme>
void check_bit_flips() {
  for (const tree_shape& s :
       {position_tree_shape(11, 3, dtype::i16, 2, 3), tree_of(dtype::i8, 3, {5, 3}, {{2, 2}, {2, 2}})}) {
    const auto tree = committed<Scheme>(s);
    const rows_list requested = {{0, 2}, {4, 1}};
    const auto bytes = encode(tree.open(requested).value(), s);
    for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
      auto forged = bytes;
      forged[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
      const auto parsed = parse_tree_opening(Scheme{}, tree.statement(), requested, forged);
      if (!parsed) continue;
      const auto verified = verify_tree_opening(Scheme{}, tree.statement(), requested, *parsed);
      REQUIRE_FALSE(verified);
      REQUIRE(verified.error().code == errc::commitment_mismatch);
    }
  }
}

template <class Scheme>
void check_other_rows() {
  const auto tree = committed<Scheme>(position_tree_shape(40, 3, dtype::i16, 2, 4));
  const rows_list here = {{7, 1}}, pair = {{7, 1}, {30, 2}};
  const auto honest = tree.open(here).value();
  REQUIRE(accepted(tree.statement(), here, honest));
  for (const rows_list& elsewhere :
       {rows_list{{7, 0}}, rows_list{{7, 2}}, rows_list{{6, 1}}, rows_list{{23, 1}}, rows_list{{39, 1}}}) {
    CHECK(verify_tree_opening(Scheme{}, tree.statement(), elsewhere, honest).error().code == errc::wrong_statement);
    CHECK_FALSE(accepted(tree.statement(), elsewhere, honest));
    CHECK_FALSE(accepted(tree.statement(), here, tree.open(elsewhere).value()));
  }
  CHECK_FALSE(accepted(tree.statement(), pair, honest));
  CHECK_FALSE(accepted(tree.statement(), here, tree.open(pair).value()));

  auto swapped = tree.open(pair).value();
  std::swap_ranges(swapped.rows.begin(), swapped.rows.begin() + 4, swapped.rows.begin() + 4);
  CHECK_FALSE(accepted(tree.statement(), pair, swapped));
  auto crossed = tree.open(pair).value();
  std::swap(crossed.nodes[0], crossed.nodes[1]);
  CHECK_FALSE(accepted(tree.statement(), pair, crossed));
}

template <class Scheme>
void check_counts() {
  const auto tree = committed<Scheme>(position_tree_shape(40, 3, dtype::i16, 2, 4));
  const rows_list requested = {{7, 1}, {30, 2}};
  const auto honest = tree.open(requested).value();
  const auto code = [&](const std::function<void(tree_opening<Scheme>&)>& change) {
    auto forged = honest;
    change(forged);
    return verify_tree_opening(Scheme{}, tree.statement(), requested, forged).error().code;
  };
  CHECK(code([](auto& o) { o.rows.pop_back(); }) == errc::length_mismatch);
  CHECK(code([](auto& o) { o.rows.resize(o.rows.size() + 4); }) == errc::length_mismatch);
  CHECK(code([](auto& o) { o.rows.clear(); }) == errc::length_mismatch);
  CHECK(code([](auto& o) { o.nodes.pop_back(); }) == errc::length_mismatch);
  CHECK(code([](auto& o) { o.nodes.clear(); }) == errc::length_mismatch);
  CHECK(code([](auto& o) { o.nodes.push_back(o.nodes.back()); }) == errc::length_mismatch);
  CHECK(code([](auto& o) { o.commitments.push_back({}); }) == errc::length_mismatch);
}

// What the verifier is told of the tree, changed in one way.
template <class Scheme>
void check_statements() {
  const tree_shape s = tree_of(dtype::i16, 2, {40, 3}, {{1, 4}, {4, 1}});
  const auto tree = committed<Scheme>(s);
  const rows_list requested = {{7, 1}, {30, 2}};
  const auto honest = tree.open(requested).value();
  const auto survives = [&](const std::function<void(tree_statement&)>& change) {
    tree_statement other = tree.statement();
    change(other);
    REQUIRE(validate(other.shape));
    const auto plain = verify_tree_opening(Scheme{}, other, requested, honest);
    REQUIRE_FALSE(plain);
    CHECK(plain.error().code == errc::wrong_statement);
    return accepted(other, requested, honest);
  };
  CHECK_FALSE(survives([](auto& t) { t.root.value.bytes[0] ^= std::byte{1}; }));
  CHECK_FALSE(survives([](auto& t) { t.context.bytes[31] ^= std::byte{1}; }));
  CHECK_FALSE(survives([](auto& t) { t.shape.extents[0] = 39; }));
  CHECK_FALSE(survives([](auto& t) { t.shape.extents[0] = 41; }));  // same nodes on the way, another length
  CHECK_FALSE(survives([](auto& t) { t.shape.extents[0] = 64; }));
  CHECK_FALSE(survives([](auto& t) { t.shape.extents[1] = 4; }));
  CHECK_FALSE(survives([](auto& t) { t.shape.arity[0][1] = 3; }));
  CHECK_FALSE(survives([](auto& t) { t.shape.arity[1][0] = 5; }));
  CHECK_FALSE(survives([](auto& t) { t.shape.arities = 3, t.shape.arity[2] = {4, 1}; }));
  CHECK_FALSE(survives([](auto& t) { t.shape.type = dtype::u16; }));
  CHECK_FALSE(survives([](auto& t) { t.shape.type = dtype::i8, t.shape.width = 4; }));
  CHECK_FALSE(survives([](auto& t) { t.shape.type = dtype::opaque, t.shape.width = 4; }));
}

}  // namespace

TEST_CASE("forgery: every flipped bit of an encoded opening is refused", "[forgeries][commit]") {
  check_bit_flips<merkle>();
  check_bit_flips<flat_commitment>();
}

TEST_CASE("forgery: rows, paths and nodes of other places are refused", "[forgeries][commit]") {
  check_other_rows<merkle>();
  check_other_rows<flat_commitment>();
}

TEST_CASE("forgery: missing and extra rows, nodes and commitments are refused", "[forgeries][commit]") {
  check_counts<merkle>();
  check_counts<flat_commitment>();
}

TEST_CASE("forgery: an opening does not fit another shape, scheme parameter or context", "[forgeries][commit]") {
  check_statements<merkle>();
  check_statements<flat_commitment>();
}

TEST_CASE("forgery: a sibling too few, too many or twice", "[forgeries][commit]") {
  const auto tree = committed<merkle>(position_tree_shape(40, 3, dtype::i16, 2, 4));
  const rows_list requested = {{7, 1}, {30, 2}};
  const auto honest = tree.open(requested).value();
  for (std::size_t n = 0; n < honest.nodes.size(); ++n) {
    auto fewer = honest, more = honest, twice = honest;
    more.nodes[n].siblings.push_back({});
    CHECK_FALSE(accepted(tree.statement(), requested, more));
    if (honest.nodes[n].siblings.empty()) continue;
    fewer.nodes[n].siblings.pop_back();
    CHECK_FALSE(accepted(tree.statement(), requested, fewer));
    twice.nodes[n].siblings.back() = twice.nodes[n].siblings.front();
    if (twice.nodes[n] != honest.nodes[n]) CHECK_FALSE(accepted(tree.statement(), requested, twice));
  }
}

TEST_CASE("forgery: an inner hash shown as a row (second preimage)", "[forgeries][commit]") {
  // A node whose only row spells out the two hashes that another node's rows lead to.
  const node_header where{tree_context(), 0, 0};
  const auto values = tree_bytes(128);
  const node_view honest{where, {dtype::opaque, 64, 1, {4}, {2}}, values};
  digest c, forged_c;
  REQUIRE(merkle{}.commit({&honest, 1}, {&c, 1}));
  const detail::merkle_hashes hashes{where};
  std::vector<std::byte> forged_row;
  writer{forged_row}
      .bytes(hashes.leaf(0, byte_view{values}.first(64)).bytes)
      .bytes(hashes.leaf(1, byte_view{values}.subspan(64)).bytes);
  const node_view forged{where, {dtype::opaque, 64, 1, {4}, {1}}, forged_row};
  REQUIRE(merkle{}.commit({&forged, 1}, {&forged_c, 1}));
  CHECK(forged_c != c);
  // The top hashes differ too: not only the bound number of slots keeps them apart.
  CHECK(hashes.leaf(0, forged_row) !=
        hashes.inner(hashes.leaf(0, byte_view{values}.first(64)), hashes.leaf(1, byte_view{values}.subspan(64))));
}

TEST_CASE("forgery: a level of digests shown as rows", "[forgeries][commit]") {
  // The same root cannot be read as a tree of 32-byte rows that are the commitments of the real leaf nodes.
  const tree_shape deep = row_tree_shape(16, dtype::opaque, 32, 4);
  const auto tree = committed<merkle>(deep);
  std::vector<std::byte> digests;
  for (std::uint32_t n = 0; n < 4; ++n) {
    const node_view leaf{
        {detail::node_context(merkle{}, deep, tree_context()), 0, n}, tree_geometry{deep}.shape_of(0, {n}), {}};
    const auto bytes = tree_bytes(deep);
    node_view full = leaf;
    full.values = byte_view{bytes}.subspan(n * 128, 128);
    digest c;
    REQUIRE(merkle{}.commit({&full, 1}, {&c, 1}));
    writer{digests}.bytes(c.bytes);
  }
  const auto shallow = commit_tree(merkle{}, row_tree_shape(4, dtype::opaque, 32, 4), tree_context(), digests);
  REQUIRE(shallow);
  CHECK(shallow->root() != tree.root());
  tree_statement claim = shallow->statement();
  claim.root = tree.root();
  const rows_list requested = {{2}};
  CHECK_FALSE(accepted(claim, requested, shallow->open(requested).value()));
}

TEST_CASE("forgery: the honest child under a false parent slot", "[forgeries][commit]") {
  // The reference implementation's flaw: a path step that opens one node and continues in another.
  const auto tree = committed<flat_commitment>(row_tree_shape(16, dtype::i8, 4, 4));
  const auto other =
      commit_tree(flat_commitment{}, row_tree_shape(16, dtype::i8, 4, 4), tree_context(), std::vector<std::byte>(64))
          .value();
  const rows_list requested = {{9}};
  const auto honest = tree.open(requested).value(), foreign = other.open(requested).value();
  REQUIRE(accepted(tree.statement(), requested, honest));
  auto forged = foreign;  // a consistent leaf of another tree ...
  forged.nodes.back() = honest.nodes.back();
  forged.commitments.back() = honest.commitments.back();  // ... under the real top node
  CHECK_FALSE(accepted(tree.statement(), requested, forged));
  forged = honest;
  forged.commitments.front() = honest.commitments.back();  // the root's node stands in for its own child
  CHECK_FALSE(accepted(tree.statement(), requested, forged));
}

TEST_CASE("forgery: equal rows in different trees share no node", "[forgeries][commit]") {
  const tree_shape s = position_tree_shape(40, 3, dtype::i16, 2, 4);
  const auto a = committed<merkle>(s, 0), b = committed<merkle>(s, 1);
  const rows_list requested = {{7, 1}};
  const auto from_a = a.open(requested).value(), from_b = b.open(requested).value();
  CHECK(from_a.rows == from_b.rows);
  for (std::size_t n = 0; n < from_a.nodes.size(); ++n) CHECK(from_a.nodes[n] != from_b.nodes[n]);
  CHECK_FALSE(accepted(b.statement(), requested, from_a));
}
