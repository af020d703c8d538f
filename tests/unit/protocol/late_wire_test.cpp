// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/protocol/late_wire.hpp>

#include "support/catch.hpp"
#include "support/toy_late.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

struct messages {
  row_author author{toy_engine{wide_toy()}};
  late_reveal revealed;
  late_places places;
  late_sketches sent;
  late_check asked;
  late_rows rows;
  late_openings<merkle> opened;

  messages() {
    author.commit();
    revealed = reveal_for(author.run, author.receipt, seed_of(1), 4);
    places = must(expand(revealed, author.run, author.receipt));
    sent = must(answer_reveal(author.sealed(), revealed));
    asked = {digest_of(sent), seed_of(2), 2};
    rows = must(expand(asked, revealed, places, author.run));
    opened = must(answer_check(author.sealed(), revealed, digest_of(sent), asked));
  }
  [[nodiscard]] std::vector<std::byte> openings() const { return encode(opened, author.run, author.receipt); }
};

/// Every prefix and every longer message is refused.
template <class Parse>
void exact_length(const std::vector<std::byte>& good, Parse parse) {
  for (std::size_t n = 0; n < good.size(); n += n < 300 ? 1 : 97) {
    const auto cut = parse(byte_view{good}.first(n));
    REQUIRE_FALSE(cut);
    CHECK((cut.error().code == errc::truncated || cut.error().code == errc::length_mismatch));
  }
  auto longer = good;
  longer.push_back(std::byte{0});
  CHECK(parse(longer).error().code == errc::trailing_bytes);
}
template <class Parse>
void own_kind(std::vector<std::byte> bytes, Parse parse) {
  bytes[3] ^= std::byte{1};
  CHECK(parse(bytes).error().code == errc::bad_magic);
  bytes[3] ^= std::byte{1}, bytes[4] ^= std::byte{1};
  CHECK(parse(bytes).error().code == errc::unsupported_version);
}

}  // namespace

TEST_CASE("late wire: reveals", "[protocol]") {
  const messages m;
  const auto bytes = encode(m.revealed);
  CHECK(bytes.size() == late_reveal_wire_bytes + 8 * 3);
  CHECK(must(parse_late_reveal(bytes)) == m.revealed);
  const auto parse = [](byte_view b) { return parse_late_reveal(b); };
  exact_length(bytes, parse);
  own_kind(bytes, parse);
  // A changed byte is another reveal or none, never the same one.
  for (std::size_t i = 6; i < bytes.size(); ++i) {
    auto bad = bytes;
    bad[i] ^= std::byte{0x81};
    const auto parsed = parse_late_reveal(bad);
    if (parsed) CHECK((encode(*parsed) == bad && digest_of(*parsed) != digest_of(m.revealed)));
  }
  auto endless = bytes;
  store_le<std::uint32_t>(endless.data() + late_reveal_wire_bytes - 4, ~std::uint32_t{0});
  CHECK(parse_late_reveal(endless).error().code == errc::too_large);
  store_le<std::uint32_t>(endless.data() + late_reveal_wire_bytes - 4, 4);
  CHECK(parse_late_reveal(endless).error().code == errc::truncated);
  store_le<std::uint32_t>(endless.data() + late_reveal_wire_bytes - 4, 0);
  CHECK(parse_late_reveal(endless).error().code == errc::trailing_bytes);
}

TEST_CASE("late wire: sketches", "[protocol]") {
  const messages m;
  const auto bytes = encode(m.sent);
  CHECK(bytes.size() == late_sketches_wire_bytes + m.places.sketches() * 4 * 2);
  const auto parse = [&](byte_view b) { return parse_late_sketches(b, m.revealed, m.places); };
  CHECK(must(parse(bytes)) == m.sent);
  exact_length(bytes, parse);
  own_kind(bytes, parse);
  late_reveal other = m.revealed;
  other.secret = seed_of(9);
  CHECK(parse_late_sketches(bytes, other, m.places).error().code == errc::wrong_statement);
}

TEST_CASE("late wire: checks", "[protocol]") {
  const messages m;
  const auto bytes = encode(m.asked);
  CHECK(bytes.size() == late_check_wire_bytes);
  CHECK(must(parse_late_check(bytes)) == m.asked);
  const auto parse = [](byte_view b) { return parse_late_check(b); };
  exact_length(bytes, parse);
  own_kind(bytes, parse);
  for (const std::uint32_t rows : {0u, late_limits::rows + 1, ~0u})
    CHECK(parse_late_check(encode(late_check{m.asked.sketches, m.asked.randomness, rows})).error().code ==
          errc::out_of_range);
}

TEST_CASE("late wire: openings", "[protocol]") {
  const messages m;
  const auto bytes = m.openings();
  const auto parse = [&](byte_view b) {
    return parse_late_openings(merkle{}, b, m.author.run, m.author.receipt, m.asked, m.rows);
  };
  CHECK(must(parse(bytes)) == m.opened);
  exact_length(bytes, parse);
  own_kind(bytes, parse);
  late_check other = m.asked;
  other.randomness = seed_of(9);
  CHECK(parse_late_openings(merkle{}, bytes, m.author.run, m.author.receipt, other, m.rows).error().code ==
        errc::wrong_statement);
  // A tree that was asked for left out, and one that was not asked for added.
  auto without = m.opened;
  without.final_rows = {};
  CHECK(parse(encode(without, m.author.run, m.author.receipt)).error().code == errc::length_mismatch);
  late_rows blocks_only = m.rows;
  blocks_only.final_rows.clear();
  CHECK(parse_late_openings(merkle{}, bytes, m.author.run, m.author.receipt, m.asked, blocks_only).error().code ==
        errc::length_mismatch);
  // A length that no message has.
  auto huge = bytes;
  store_le<std::uint64_t>(huge.data() + 38, ~std::uint64_t{0});
  CHECK(parse(huge).error().code == errc::truncated);
}
