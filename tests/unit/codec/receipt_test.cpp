// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/codec/receipt.hpp>

#include <fstream>
#include <iterator>

#include "laws.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

receipt any_receipt(std::uint64_t number) {
  arbitrary any{number};
  receipt r;
  r.run.value = any.digest();
  r.request.value = any.digest();
  r.prompt_tokens = 1 + static_cast<std::uint32_t>(any.below(run_limits::tokens / 2));
  r.output_tokens = 1 + static_cast<std::uint32_t>(any.below(run_limits::tokens / 2));
  r.output.value = any.digest();
  r.states.value = any.digest();
  r.final_rows.value = any.digest();
  if (number % 2 == 0) r.block_rows.value = any.digest();
  r.terms.retention_seconds = any.u64();
  if (any.coin()) {
    r.terms.source = challenge_source::beacon;
    r.terms.beacon = any.digest();
    r.terms.round = any.u64();
  }
  return r;
}

}  // namespace

TEST_CASE("codec receipt: a round trip keeps the digest", "[codec]") {
  for (std::uint64_t i = 0; i < 200; ++i) {
    const receipt r = any_receipt(i);
    CHECK(digest_of(check_round_trip(r)) == digest_of(r));
  }
}

TEST_CASE("codec receipt: every field is required, typed and alone", "[codec]") {
  for (std::uint64_t i = 0; i < 4; ++i) check_laws(any_receipt(i), {"/block_rows"});
}

TEST_CASE("codec receipt: the largest takes at most 448 bytes of CBOR", "[codec]") {
  receipt r = any_receipt(1);
  r.prompt_tokens = r.output_tokens = run_limits::tokens / 2;
  r.block_rows.value = r.run.value;
  r.terms = {challenge_source::beacon, ~std::uint64_t{0}, r.states.value, ~std::uint64_t{0}};
  CHECK(codec::to_cbor(r).size() <= 448);
  r.terms = {challenge_source::interactive, ~std::uint64_t{0}, {}, 0};
  CHECK(codec::to_cbor(r).size() <= 448);
}

TEST_CASE("codec receipt: what the receipt's own validation refuses is refused", "[codec]") {
  receipt r = any_receipt(2);
  r.prompt_tokens = 0;
  CHECK(json_error<receipt>(codec::to_json_text(r)) == errc::empty);
  r.prompt_tokens = r.output_tokens = run_limits::tokens;
  CHECK(json_error<receipt>(codec::to_json_text(r)) == errc::out_of_range);
  r = any_receipt(2);
  r.terms = {challenge_source::interactive, 1, {}, 5};
  CHECK(cbor_error<receipt>(codec::to_cbor(r)) == errc::non_canonical);
  r.terms.source = static_cast<challenge_source>(9);
  CHECK(json_error<receipt>(codec::to_json_text(r)) == errc::unsupported);
}

TEST_CASE("codec receipt: integers of 64 bits and no more", "[codec]") {
  receipt r = any_receipt(3);
  r.terms.retention_seconds = 77777;
  std::string text = codec::to_json_text(r);
  const auto with = [&](const char* number) {
    std::string changed = text;
    return json_error<receipt>(changed.replace(changed.find("77777"), 5, number));
  };
  CHECK(with("18446744073709551615") == errc{});
  CHECK(with("18446744073709551616") == errc::wrong_type);  // the parser makes a float of it
  CHECK(with("-0") == errc::non_canonical);
  CHECK(with("1e3") == errc::wrong_type);
  CHECK(with("01") == errc::malformed);
  CHECK(with("0x10") == errc::malformed);
}

TEST_CASE("codec receipt: golden JSON, CBOR and digest", "[codec]") {
  std::ifstream stream{std::string{ASSAY_TEST_DATA_DIR} + "/receipt.json", std::ios::binary};
  const auto golden = json::parse(std::string{std::istreambuf_iterator<char>(stream), {}}, nullptr, false);
  REQUIRE(golden.is_object());
  REQUIRE(golden["receipts"].size() == 3);
  for (const json& each : golden["receipts"]) {
    const auto from_text = codec::parse_json_text<receipt>(each["json"].dump());
    REQUIRE(from_text);
    const std::string hex = each["cbor"].get<std::string>();
    std::vector<std::byte> bytes(hex.size() / 2);
    REQUIRE(from_hex(hex, bytes));
    const auto from_bytes = codec::parse_cbor<receipt>(bytes);
    REQUIRE(from_bytes);
    CHECK(*from_text == *from_bytes);
    CHECK(codec::to_cbor(*from_text) == bytes);
    CHECK(codec::to_json(*from_bytes) == each["json"]);
    const auto digits = to_hex(digest_of(*from_text));
    CHECK(std::string(digits.begin(), digits.end()) == each["digest"].get<std::string>());
  }
}
