// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/commit/session.hpp>

#include <set>

#include "support/catch.hpp"
#include "support/flat_commitment.hpp"
#include "support/sum_commitment.hpp"
#include "support/trees.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

session_name named(unsigned char first) { return session_name{tree_context(first)}; }

turn_statement turn_after(const session_place& at, unsigned char content = 7) {
  digest d = tree_context(content);
  d.bytes[31] = static_cast<std::byte>(at.turn), d.bytes[30] = static_cast<std::byte>(at.turn >> 8);
  return {at, d};
}

template <class Scheme>
struct dialogue {
  session_log<Scheme> log = *session_log<Scheme>::start(named(1));
  std::vector<turn_statement> turns;

  explicit dialogue(std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) {
      turns.push_back(turn_after(log.next()));
      REQUIRE(log.append(turns.back()));
    }
  }
};

}  // namespace

TEMPLATE_TEST_CASE("session: the root is that of the tree of all turns", "[commit]", merkle, flat_commitment) {
  session_frontier<TestType> frontier{named(1)};
  CHECK(frontier.root() == session_root{});
  std::vector<std::byte> rows;
  std::set<digest> seen;
  for (std::uint32_t n = 1; n <= 300; ++n) {
    const turn_statement turn = turn_after(frontier.next());
    REQUIRE(frontier.append(turn));
    const digest row = digest_of(turn);
    rows.insert(rows.end(), row.bytes.begin(), row.bytes.end());
    CHECK(seen.insert(frontier.root().value).second);
    if (n > 40 && n % 16 > 1 && n < 250) continue;
    const auto shape = detail::session_shape(n);
    const auto whole = *commit_tree(TestType{}, shape, detail::session_context(named(1)), rows);
    CHECK(frontier.root().value == whole.root().value);
    CHECK(session_statement(named(1), frontier.root(), n) == whole.statement());
  }
}

TEMPLATE_TEST_CASE("session: any turns open against the present root", "[commit]", merkle, flat_commitment) {
  for (std::uint32_t count : {1u, 2u, 16u, 17u, 40u, 257u}) {
    const dialogue<TestType> d{count};
    const std::uint32_t first = 0, last = count - 1;
    std::vector<std::uint32_t> asked{first};
    if (last > first) asked.push_back(last);
    if (count > 20) asked.insert(asked.begin() + 1, 16);
    std::vector<turn_statement> turns;
    for (std::uint32_t t : asked) turns.push_back(d.turns[t]);
    const auto opening = d.log.open(asked);
    REQUIRE(opening);
    CHECK(verify_session_turns(TestType{}, named(1), d.log.root(), count, turns, *opening));
    turns.back().content.bytes[0] ^= std::byte{1};
    CHECK(verify_session_turns(TestType{}, named(1), d.log.root(), count, turns, *opening).error().code == errc::commitment_mismatch);
  }
}

TEMPLATE_TEST_CASE("session: a link needs the frontier and the turn only", "[commit]", merkle, flat_commitment) {
  session_frontier<TestType> provider{named(1)};
  for (std::uint32_t n = 0; n < 40; ++n) {
    const session_root before = provider.root();
    const auto frontier = provider.encode();
    const turn_statement turn = turn_after(provider.next());
    REQUIRE(provider.append(turn));
    CHECK(frontier.size() <= 15 * 32 * 2);
    CHECK(verify_session_link(TestType{}, before, frontier, turn, provider.root()));
    auto again = session_frontier<TestType>::parse(named(1), before, n, frontier);
    REQUIRE(again);
    CHECK(again->encode() == frontier);
    CHECK(again->next() == turn.at);
  }
}

TEST_CASE("session: a turn out of place is refused and changes nothing", "[commit]") {
  dialogue<merkle> d{5};
  const session_root root = d.log.root();
  turn_statement wrong = turn_after(d.log.next());
  wrong.at.turn = 4;
  CHECK(d.log.append(wrong).error().code == errc::wrong_statement);
  wrong = turn_after(d.log.next()), wrong.at.previous.value.bytes[0] ^= std::byte{1};
  CHECK(d.log.append(wrong).error().code == errc::wrong_statement);
  wrong = turn_after(d.log.next()), wrong.at.session = named(2);
  CHECK(d.log.append(wrong).error().code == errc::wrong_statement);
  CHECK((d.log.root() == root && d.log.turns() == 5));
}

TEST_CASE("session: a scheme that fails leaves the session as it was", "[commit]") {
  bool broken = false;
  flat_commitment flat;
  flat.fails = &broken;
  auto log = *session_log<flat_commitment>::start(named(1), flat);
  for (std::uint32_t i = 0; i < 15; ++i) REQUIRE(log.append(turn_after(log.next())));
  const session_root root = log.root();
  broken = true;
  CHECK(log.append(turn_after(log.next())).error().code == errc::host_failure);
  CHECK((log.root() == root && log.turns() == 15));
  broken = false;
  REQUIRE(log.append(turn_after(log.next())));
  const std::uint32_t asked[] = {15};
  CHECK(log.open(asked));
}

TEST_CASE("session: contexts differ in session, turn, what came before, and the caller's own", "[commit]") {
  const session_place at{named(1), 3, session_root{tree_context(9)}};
  std::set<digest> seen{turn_context(at, tree_context(5)), digest_of(turn_statement{at, tree_context(5)})};
  session_place other = at;
  other.turn = 4;
  CHECK(seen.insert(turn_context(other, tree_context(5))).second);
  other = at, other.session = named(2);
  CHECK(seen.insert(turn_context(other, tree_context(5))).second);
  other = at, other.previous.value.bytes[9] = std::byte{0};
  CHECK(seen.insert(turn_context(other, tree_context(5))).second);
  CHECK(seen.insert(turn_context(at, tree_context(6))).second);
}

TEST_CASE("session: frontiers from elsewhere are checked before they are believed", "[commit]") {
  const dialogue<merkle> d{37};
  const auto good = d.log.frontier().encode();
  const auto parse = [&](byte_view bytes, std::uint32_t turns = 37, session_name s = named(1)) {
    const auto read = session_frontier<merkle>::parse(s, d.log.root(), turns, bytes);
    return read ? errc{} : read.error().code;
  };
  CHECK(parse(good) == errc{});
  CHECK(parse(byte_view{good}.first(good.size() - 1)) == errc::length_mismatch);
  CHECK(parse(byte_view{good}.first(good.size() - 32)) == errc::length_mismatch);
  CHECK(parse(good, 7 * 16) == errc::commitment_mismatch);  // as many digests
  CHECK(parse(good, 36) == errc::length_mismatch);
  CHECK(parse(good, ~0u) == errc::too_large);
  CHECK(parse(good, 37, named(2)) == errc::commitment_mismatch);
  for (std::size_t i = 0; i < good.size(); i += 11) {
    auto bad = good;
    bad[i] ^= std::byte{1};
    CHECK(parse(bad) == errc::commitment_mismatch);
  }
}

TEMPLATE_TEST_CASE("terkle: a changed row gives the tree that is built anew", "[commit]", merkle, flat_commitment, sum_commitment) {
  lcg draw{5};
  for (const tree_shape& shape : {tree_of(dtype::i8, 3, {1}, {{4}}), tree_of(dtype::i16, 5, {37}, {{4}}),
                                  tree_of(dtype::i8, 3, {9, 5}, {{1, 5}, {4, 1}}), tree_of(dtype::u8, 2, {7, 6, 3}, {{2, 2, 2}})}) {
    auto rows = tree_bytes(shape);
    const auto tree = *commit_tree(TestType{}, shape, tree_context(), rows);
    auto changing = tree;
    for (int change = 0; change < 6; ++change) {
      const std::uint64_t which = draw.below(row_total(shape));
      std::vector<std::byte> row(shape.row_bytes());
      for (std::byte& b : row) b = static_cast<std::byte>(draw.below(256));
      std::copy(row.begin(), row.end(), rows.begin() + static_cast<std::ptrdiff_t>(which * row.size()));
      const auto next = changing.updated(row_at(shape, which), row);
      REQUIRE(next);
      changing = *next;
      const auto anew = *commit_tree(TestType{}, shape, tree_context(), rows);
      CHECK(changing.statement() == anew.statement());
      const auto asked = some_rows(shape, draw, 3);
      CHECK(*changing.open(asked) == *anew.open(asked));
    }
    CHECK(tree.root() != changing.root());
    CHECK(tree.root() == commit_tree(TestType{}, shape, tree_context(), tree_bytes(shape))->root());  // the first one is as it was
  }
}

TEST_CASE("terkle: an updatable scheme commits to no node anew", "[commit]") {
  std::size_t commits = 0, updates = 0;
  sum_commitment scheme;
  scheme.commits = &commits, scheme.updates = &updates;
  const auto shape = tree_of(dtype::i16, 5, {300}, {{4}});
  const auto tree = *commit_tree(scheme, shape, tree_context(), tree_bytes(shape));
  const std::size_t before = commits;
  const std::vector<std::byte> row(shape.row_bytes(), std::byte{9});
  REQUIRE(tree.updated({123}, row));
  CHECK(commits == before);
  CHECK(updates == tree_geometry{shape}.levels());
}
