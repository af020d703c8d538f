// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/protocol/wire.hpp>

#include "support/catch.hpp"
#include "support/toy_protocol.hpp"

using namespace assay;
using namespace assay_tests;

namespace {
receipt numbered_receipt() {
  receipt r;
  unsigned char next = 1;
  for (digest* d :
       {&r.run.value, &r.request.value, &r.output.value, &r.states.value, &r.final_rows.value, &r.terms.beacon})
    for (std::byte& b : d->bytes) b = static_cast<std::byte>(next++);
  r.prompt_tokens = 0x0102, r.output_tokens = 0x030405;
  r.terms.source = challenge_source::beacon, r.terms.retention_seconds = 0x1122334455667788,
  r.terms.round = 0x99aabbccddeeff00;
  return r;
}
challenge some_challenge() {
  challenge c;
  c.receipt = digest_of(numbered_receipt());
  c.randomness = seed_of(77);
  c.size = {3, 2};
  return c;
}
}  // namespace

TEST_CASE("wire: receipts and challenges survive the wire", "[protocol]") {
  const auto bytes = encode(numbered_receipt());
  CHECK(bytes.size() == receipt_wire_bytes);
  CHECK(receipt_wire_bytes == 223);
  CHECK(must(parse_receipt(bytes)) == numbered_receipt());
  CHECK(encode(must(parse_receipt(bytes))) == bytes);
  const auto asked = encode(some_challenge());
  CHECK(asked.size() == challenge_wire_bytes);
  CHECK(must(parse_challenge(asked)) == some_challenge());
}

TEST_CASE("wire: the places of fields are fixed, numbers are little-endian", "[protocol]") {
  const auto bytes = encode(numbered_receipt());
  const auto at = [&](std::size_t i) { return std::to_integer<unsigned>(bytes[i]); };
  CHECK(equal_bytes_vartime(byte_view{bytes}.first(4), as_bytes("ASRC")));
  CHECK((at(4) == 0 && at(5) == 0));
  CHECK((at(6) == 1 && at(37) == 32 && at(38) == 33));
  CHECK((at(70) == 0x02 && at(71) == 0x01 && at(72) == 0 && at(74) == 0x05 && at(76) == 0x03));
  CHECK((at(78) == 65 && at(110) == 97 && at(142) == 129));
  CHECK((at(174) == 2 && at(175) == 0x88 && at(182) == 0x11 && at(183) == 161 && at(215) == 0 && at(222) == 0x99));
}

TEST_CASE("wire: other lengths, magics, versions and enumerators are refused", "[protocol]") {
  const auto good = encode(numbered_receipt());
  for (std::size_t n = 0; n < good.size(); ++n)
    CHECK(parse_receipt(byte_view{good}.first(n)).error().code == errc::truncated);
  auto bad = good;
  bad.push_back(std::byte{0});
  CHECK(parse_receipt(bad).error().code == errc::trailing_bytes);
  for (std::size_t i = 0; i < 4; ++i) {
    bad = good, bad[i] ^= std::byte{0x20};
    CHECK(parse_receipt(bad).error().code == errc::bad_magic);
  }
  bad = good, bad[5] = std::byte{1};
  CHECK(parse_receipt(bad).error().code == errc::unsupported_version);
  bad = good, bad[174] = std::byte{3};
  CHECK(parse_receipt(bad).error().code == errc::unsupported);
  bad[174] = std::byte{1};  // interactive, but it names a beacon
  CHECK(parse_receipt(bad).error().code == errc::non_canonical);
  bad = good, bad[77] = std::byte{0xff};
  CHECK(parse_receipt(bad).error().code == errc::out_of_range);

  const auto asked = encode(some_challenge());
  for (std::size_t n = 0; n < asked.size(); ++n)
    CHECK(parse_challenge(byte_view{asked}.first(n)).error().code == errc::truncated);
  CHECK(parse_challenge(good).error().code == errc::bad_magic);
  challenge nothing = some_challenge();
  nothing.size = {0, 0};
  CHECK(parse_challenge(encode(nothing)).error().code == errc::out_of_range);
  auto receipt_magic = asked;
  std::copy(good.begin(), good.begin() + 4, receipt_magic.begin());
  CHECK(parse_challenge(receipt_magic).error().code == errc::bad_magic);
}

TEST_CASE("wire: receipts with block rows and challenges for blocks have a version of their own", "[protocol]") {
  receipt r = numbered_receipt();
  const auto plain = encode(r);
  r.block_rows.value.bytes[7] = std::byte{1};
  const auto bytes = encode(r);
  CHECK(bytes.size() == receipt_with_blocks_wire_bytes);
  CHECK(must(parse_receipt(bytes)) == r);
  CHECK(digest_of(r) != digest_of(numbered_receipt()));
  for (std::size_t n = 0; n < bytes.size(); ++n) CHECK(parse_receipt(byte_view{bytes}.first(n)).error().code != errc::trailing_bytes);
  auto bad = bytes;
  bad[4] = std::byte{0};  // the other version, 32 bytes too long
  CHECK(parse_receipt(bad).error().code == errc::trailing_bytes);
  bad = plain, bad[4] = std::byte{1};
  CHECK(parse_receipt(bad).error().code == errc::truncated);
  bad = plain, bad[4] = std::byte{1}, bad.resize(bytes.size());  // a second spelling of no tree
  CHECK(parse_receipt(bad).error().code == errc::non_canonical);

  challenge c = some_challenge();
  c.size.recheck = {{layer_index{2}, layer_index{9}}, 1, 5, 300};
  const auto asked = encode(c);
  CHECK(asked.size() == challenge_with_blocks_wire_bytes + 8);
  CHECK(must(parse_challenge(asked)) == c);
  CHECK(digest_of(c) != digest_of(some_challenge()));
  for (std::size_t n = 0; n < asked.size(); ++n) CHECK(parse_challenge(byte_view{asked}.first(n)).error().code == errc::truncated);
  bad = asked, bad.push_back(std::byte{0});
  CHECK(parse_challenge(bad).error().code == errc::trailing_bytes);
  const std::size_t count = challenge_wire_bytes + 12;
  bad = asked, bad[count] = std::byte{0};
  CHECK(parse_challenge(bad).error().code == errc::non_canonical);
  bad = asked, bad[count + 3] = std::byte{0xff};  // four billion blocks: refused before anything is allocated
  CHECK(parse_challenge(bad).error().code == errc::out_of_range);
  bad = asked, bad[count + 4] = std::byte{9};
  CHECK(parse_challenge(bad).error().code == errc::wrong_order);
  bad = asked, bad[challenge_wire_bytes] = std::byte{0};
  CHECK(parse_challenge(bad).error().code == errc::out_of_range);
}
