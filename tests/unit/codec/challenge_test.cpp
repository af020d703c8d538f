// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/codec/challenge.hpp>

#include "laws.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

challenge any_challenge(std::uint64_t number) {
  arbitrary any{number};
  challenge c;
  c.receipt.value = any.digest();
  c.randomness = any.seed();
  c.size = {any.u32(), 1 + static_cast<std::uint32_t>(any.below(100))};
  if (number % 2 == 0) {
    c.size.recheck = {{}, 1 + any.u32() / 2, 1 + any.u32() / 2, 1 + any.u32() / 2};
    for (std::uint32_t block = 0, n = 1 + static_cast<std::uint32_t>(any.below(40)); n-- > 0; block += 1 + static_cast<std::uint32_t>(any.below(9)))
      c.size.recheck.among.push_back(layer_index{block});
  }
  return c;
}

}  // namespace

TEST_CASE("codec challenge: a round trip keeps the digest", "[codec]") {
  for (std::uint64_t i = 0; i < 100; ++i) {
    const challenge c = any_challenge(i);
    CHECK(digest_of(check_round_trip(c)) == digest_of(c));
  }
}

TEST_CASE("codec challenge: every field is required, typed and alone", "[codec]") {
  check_laws(any_challenge(1), {"/size/recheck"});
  check_laws(any_challenge(4), {"/size/recheck"});
  CHECK(codec::to_json(any_challenge(1))["size"]["recheck"].is_null());
}

TEST_CASE("codec challenge: blocks ascend and are asked for in numbers", "[codec]") {
  challenge c = any_challenge(6);
  c.size.recheck.among = {layer_index{3}, layer_index{3}};
  CHECK(json_error<challenge>(codec::to_json_text(c)) == errc::wrong_order);
  c.size.recheck.among = {layer_index{3}, layer_index{4}};
  CHECK(json_error<challenge>(codec::to_json_text(c)) == errc{});
  c.size.recheck.positions = 0;
  CHECK(json_error<challenge>(codec::to_json_text(c)) == errc::out_of_range);
}

TEST_CASE("codec challenge: the largest fits the limits", "[codec]") {
  challenge c = any_challenge(1);
  c.size.recheck = {{}, ~0u, ~0u, ~0u};
  for (std::uint32_t block = 0; block < run_limits::checkpoints; ++block) c.size.recheck.among.push_back(layer_index{block});
  check_round_trip(c);
}

TEST_CASE("codec challenge: one that asks for nothing is refused", "[codec]") {
  challenge c = any_challenge(2);
  c.size = {0, 0};
  CHECK(json_error<challenge>(codec::to_json_text(c)) == errc::out_of_range);
  c.size = {0, 1};
  CHECK(json_error<challenge>(codec::to_json_text(c)) == errc{});
}

TEST_CASE("codec openings: any bytes, in hexadecimal or as they are", "[codec]") {
  arbitrary any{3};
  for (std::size_t size : {1u, 2u, 23u, 24u, 255u, 256u, 70000u}) {
    codec::encoded_openings openings;
    openings.bytes.resize(size);
    any.fill(openings.bytes);
    check_round_trip(openings);
    CHECK(codec::to_cbor(openings).size() <= size + 40);
  }
  codec::encoded_openings small;
  small.bytes.resize(40);
  check_laws(small);
}

TEST_CASE("codec openings: hexadecimal text is even, lower-case and not empty", "[codec]") {
  const auto with = [](const char* text) {
    return json_error<codec::encoded_openings>(std::string{R"({"assay":"openings","version":0,"bytes":")"} + text +
                                               "\"}");
  };
  CHECK(with("00ff") == errc{});
  CHECK(with("") == errc::empty);
  CHECK(with("00f") == errc::length_mismatch);
  CHECK(with("00FF") == errc::non_canonical);
  CHECK(with("0x00") == errc::non_canonical);
  CHECK(with("\\u0030\\u0030") == errc{});  // another spelling of "00": the carrier need not be canonical
}
