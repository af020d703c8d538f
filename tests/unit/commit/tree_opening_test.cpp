// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/commit/tree_opening.hpp>

#include <vector>

#include <assay/commit/terkle.hpp>

#include "support/catch.hpp"
#include "support/flat_commitment.hpp"
#include "support/trees.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

template <class Scheme>
void check_parser(const Scheme& scheme) {
  const tree_shape s = position_tree_shape(9, 3, dtype::i16, 2, 4);
  const auto tree = commit_tree(scheme, s, tree_context(), tree_bytes(s)).value();
  const std::vector<coordinates> requested = {{2, 1}, {7, 0}};
  const auto bytes = encode(tree.open(requested).value(), s);
  const auto code = [&](byte_view b) {
    const auto parsed = parse_tree_opening(scheme, tree.statement(), requested, b);
    REQUIRE_FALSE(parsed);
    return parsed.error().code;
  };
  REQUIRE(parse_tree_opening(scheme, tree.statement(), requested, bytes));
  for (std::size_t n = 0; n < bytes.size(); ++n) REQUIRE(code(byte_view{bytes}.first(n)) == errc::truncated);
  auto longer = bytes;
  longer.push_back({});
  CHECK(code(longer) == errc::trailing_bytes);
  longer.insert(longer.end(), 31, {});
  CHECK(code(longer) == errc::trailing_bytes);
  const auto changed = [&](std::size_t at) {
    auto b = bytes;
    b[at] ^= std::byte{1};
    return b;
  };
  for (std::size_t at = 0; at < 4; ++at) CHECK(code(changed(at)) == errc::bad_magic);
  for (std::size_t at = 4; at < 6; ++at) CHECK(code(changed(at)) == errc::unsupported_version);
  CHECK(code(changed(6)) == errc::wrong_type);
  CHECK(code(changed(7)) == errc::dtype_mismatch);
  for (std::size_t at = 8; at < 40; ++at) CHECK(code(changed(at)) == errc::wrong_statement);
  for (std::size_t at = 40; at < bytes.size(); ++at)
    REQUIRE(parse_tree_opening(scheme, tree.statement(), requested, changed(at)));
}

}  // namespace

TEST_CASE("tree_opening: the parser accepts one spelling, of the one statement", "[commit]") {
  check_parser(merkle{});
  check_parser(flat_commitment{});
}

TEST_CASE("tree_opening: an opening of one scheme is none of another", "[commit]") {
  const tree_shape s = row_tree_shape(5, dtype::i8, 2, 4);
  const std::vector<coordinates> requested = {{1}};
  const auto tree = commit_tree(merkle{}, s, tree_context(), tree_bytes(s)).value();
  const auto bytes = encode(tree.open(requested).value(), s);
  CHECK(parse_tree_opening(flat_commitment{}, tree.statement(), requested, bytes).error().code == errc::wrong_type);
}

TEST_CASE("tree_opening: a bad shape or request is an error before anything is read", "[commit]") {
  const tree_shape s = row_tree_shape(5, dtype::i8, 2, 4);
  const auto tree = commit_tree(merkle{}, s, tree_context(), tree_bytes(s)).value();
  tree_statement bad = tree.statement();
  bad.shape.arity[0][0] = 1;
  const std::vector<coordinates> one = {{1}};
  CHECK(parse_tree_opening(merkle{}, bad, one, {}).error().code == errc::invalid_settings);
  const std::vector<coordinates> outside = {{5}}, twice = {{1}, {1}}, none;
  CHECK(parse_tree_opening(merkle{}, tree.statement(), outside, {}).error().code == errc::out_of_range);
  CHECK(tree.open(twice).error().code == errc::duplicate);
  CHECK(tree.open(none).error().code == errc::empty);
  CHECK(tree_opening_size<merkle>(s, outside).error().code == errc::out_of_range);
}

TEST_CASE("tree_opening: opened rows are in the order of the request", "[commit]") {
  const opened_rows rows{tree_bytes(12), 4};
  CHECK(rows.size() == 3);
  const auto bytes = tree_bytes(12);
  CHECK(equal_bytes_vartime(rows[2], byte_view{bytes}.subspan(8)));
}
