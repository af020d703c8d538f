// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/codec/request.hpp>

#include "laws.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

std::vector<token_id> any_tokens(arbitrary& any, std::size_t count) {
  std::vector<token_id> tokens(count);
  for (token_id& t : tokens) t.value = any.u32();
  return tokens;
}

request any_request(std::uint64_t number) {
  arbitrary any{number};
  request r;
  any.fill(r.id);
  r.nonce = any.seed();
  r.prompt = any_tokens(any, 1 + any.below(300));
  r.max_output = 1 + static_cast<std::uint32_t>(any.below(1000000));
  return r;
}

}  // namespace

TEST_CASE("codec request: a round trip keeps the digest", "[codec]") {
  const run_digest run{sha256_of(as_bytes("run"))};
  for (std::uint64_t i = 0; i < 100; ++i) {
    const request r = any_request(i);
    CHECK(digest_of(run, check_round_trip(r)) == digest_of(run, r));
  }
}

TEST_CASE("codec request: every field is required, typed and alone", "[codec]") {
  request r = any_request(1);
  r.prompt.resize(3);
  check_laws(r);
}

TEST_CASE("codec request: what makes no request is refused", "[codec]") {
  request r = any_request(2);
  r.prompt.clear();
  CHECK(json_error<request>(codec::to_json_text(r)) == errc::empty);
  r = any_request(2);
  r.max_output = 0;
  CHECK(json_error<request>(codec::to_json_text(r)) == errc::out_of_range);
  r.max_output = run_limits::tokens;
  CHECK(cbor_error<request>(codec::to_cbor(r)) == errc::out_of_range);
}

TEST_CASE("codec request: errors name the field and the character", "[codec]") {
  json tree = codec::to_json(any_request(3));
  tree["nonce"].get_ref<std::string&>()[41] = 'g';
  const auto read = codec::from_json<request>(tree);
  REQUIRE_FALSE(read);
  CHECK(read.error() == fail(errc::non_canonical, "", 41));
  CHECK(std::string_view{read.error().message} == "request.nonce");
}

TEST_CASE("codec tokens: round trips, laws and limits", "[codec]") {
  arbitrary any{4};
  for (std::size_t count : {0u, 1u, 23u, 24u, 300u}) check_round_trip(codec::token_list{any_tokens(any, count)});
  check_laws(codec::token_list{any_tokens(any, 3)});
  const codec::token_list list{any_tokens(any, 100)};
  codec::document_limits limits;
  limits.items = 104;  // the tokens, their list, two members and the document
  CHECK(codec::parse_cbor<codec::token_list>(codec::to_cbor(list), limits));
  limits.items = 103;
  CHECK(codec::parse_cbor<codec::token_list>(codec::to_cbor(list), limits).error().code == errc::too_large);
}
