// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Lies about a dialogue: turns replayed, reordered, dropped, changed, or taken from another session.
#include <assay/commit/session.hpp>

#include "support/catch.hpp"
#include "support/flat_commitment.hpp"
#include "support/trees.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

/// A session, its roots and its frontiers turn by turn.
template <class Scheme>
struct history {
  session_name name;
  std::vector<turn_statement> turns;
  std::vector<session_root> roots{session_root{}};
  std::vector<std::vector<std::byte>> frontiers{{}};
  session_log<Scheme> log;

  history(unsigned char first, std::uint32_t count)
      : name{tree_context(first)}, log(*session_log<Scheme>::start(session_name{tree_context(first)})) {
    for (std::uint32_t i = 0; i < count; ++i) say(tree_context(static_cast<unsigned char>(100 + i)));
  }
  void say(const digest& content) {
    turns.push_back({log.next(), content});
    REQUIRE(log.append(turns.back()));
    roots.push_back(log.root());
    frontiers.push_back(log.frontier().encode());
  }
};

template <class Scheme>
errc link(const history<Scheme>& h, std::size_t before, const turn_statement& turn, const session_root& root) {
  const auto checked = verify_session_link(Scheme{}, h.roots[before], h.frontiers[before], turn, root);
  return checked ? errc{} : checked.error().code;
}

}  // namespace

TEMPLATE_TEST_CASE("forgery: a turn replayed in its own or another session", "[forgeries]", merkle, flat_commitment) {
  const history<TestType> h{1, 20}, other{2, 20};
  REQUIRE(link(h, 19, h.turns[19], h.roots[20]) == errc{});
  CHECK(link(h, 19, h.turns[18], h.roots[20]) != errc{});
  CHECK(link(h, 20, h.turns[19], h.roots[20]) != errc{});  // once more at the end
  CHECK(link(h, 19, other.turns[19], other.roots[20]) != errc{});
  turn_statement moved = other.turns[19];  // the other session's answer, dressed as this session's turn
  moved.at = h.turns[19].at;
  CHECK(link(h, 19, moved, other.roots[20]) == errc::commitment_mismatch);
  CHECK(turn_context(h.turns[19].at, other.turns[19].content) != turn_context(other.turns[19].at, other.turns[19].content));
}

TEMPLATE_TEST_CASE("forgery: turns reordered or dropped", "[forgeries]", merkle, flat_commitment) {
  const history<TestType> h{1, 18};
  history<TestType> swapped{1, 16}, dropped{1, 16};
  swapped.say(h.turns[17].content), swapped.say(h.turns[16].content);
  dropped.say(h.turns[17].content);
  CHECK(swapped.roots[18] != h.roots[18]);
  CHECK(dropped.roots[17] != h.roots[17]);
  // The client holds root 17 of the true order; what the provider shows later does not follow from it.
  CHECK(link(h, 17, swapped.turns[17], swapped.roots[18]) == errc::wrong_statement);
  turn_statement claimed = swapped.turns[17];
  claimed.at.previous = h.roots[17];
  CHECK(link(h, 17, claimed, swapped.roots[18]) == errc::commitment_mismatch);
  CHECK(link(h, 17, dropped.turns[16], dropped.roots[17]) == errc::wrong_statement);
}

TEMPLATE_TEST_CASE("forgery: an old turn changed while a new one is appended", "[forgeries]", merkle, flat_commitment) {
  const history<TestType> h{1, 17};
  for (std::uint32_t changed : {0u, 7u, 15u, 16u}) {
    history<TestType> rewritten{1, 0};
    for (std::uint32_t i = 0; i < 17; ++i) {
      digest content = h.turns[i].content;
      if (i == changed) content.bytes[3] ^= std::byte{4};
      rewritten.say(content);
    }
    turn_statement next{h.log.next(), tree_context(77)};
    history<TestType> longer = rewritten;
    longer.say(tree_context(77));
    CHECK(link(h, 17, next, longer.roots[18]) == errc::commitment_mismatch);
    // Nor with the frontier of the rewritten past.
    CHECK(verify_session_link(TestType{}, h.roots[17], rewritten.frontiers[17], next, longer.roots[18]).error().code == errc::commitment_mismatch);
  }
}

TEMPLATE_TEST_CASE("forgery: a turn opened at another's place, or under another count", "[forgeries]", merkle, flat_commitment) {
  const history<TestType> h{1, 20};
  const std::uint32_t asked[] = {5};
  const auto opening = *h.log.open(asked);
  const auto verify = [&](turn_statement turn, std::uint32_t count, const session_root& root, session_name name) {
    const auto checked = verify_session_turns(TestType{}, name, root, count, std::span{&turn, 1}, opening);
    return checked ? errc{} : checked.error().code;
  };
  REQUIRE(verify(h.turns[5], 20, h.roots[20], h.name) == errc{});
  turn_statement moved = h.turns[5];
  moved.at.turn = 6;
  CHECK(verify(moved, 20, h.roots[20], h.name) == errc::wrong_statement);
  CHECK(verify(h.turns[6], 20, h.roots[20], h.name) == errc::wrong_statement);
  CHECK(verify(h.turns[5], 19, h.roots[20], h.name) == errc::wrong_statement);
  CHECK(verify(h.turns[5], 20, h.roots[19], h.name) == errc::wrong_statement);
  CHECK(verify(h.turns[5], 20, h.roots[20], session_name{tree_context(2)}) == errc::wrong_statement);
  turn_statement altered = h.turns[5];
  altered.at.previous = h.roots[4];
  CHECK(verify(altered, 20, h.roots[20], h.name) == errc::commitment_mismatch);
  turn_statement beyond = h.turns[5];
  beyond.at.turn = 20;
  CHECK(verify(beyond, 20, h.roots[20], h.name) == errc::out_of_range);
}
