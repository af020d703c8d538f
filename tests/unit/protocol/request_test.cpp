// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/protocol/request.hpp>

#include <set>

#include "support/catch.hpp"
#include "support/toy_protocol.hpp"

using namespace assay;
using namespace assay_tests;

TEST_CASE("request: what a client may ask", "[protocol]") {
  const run_description run = toy_run();
  CHECK(validate(run, toy_request()));
  request r = toy_request();
  r.prompt.clear();
  CHECK(validate(run, r).error().code == errc::empty);
  r = toy_request(), r.max_output = 0;
  CHECK(validate(run, r).error().code == errc::out_of_range);
  r.max_output = ~0u;
  CHECK(validate(run, r).error().code == errc::out_of_range);
  r.max_output = run_limits::tokens - static_cast<std::uint32_t>(r.prompt.size());
  CHECK(validate(run, r));
  r.max_output += 1;
  CHECK(validate(run, r).error().code == errc::out_of_range);
  r = toy_request(), r.prompt[3] = token_id{64};
  CHECK(validate(run, r).error() == fail(errc::token_out_of_range, "", 3));
}

TEST_CASE("request: run, id, nonce, prompt and length are bound", "[protocol]") {
  const request base = toy_request();
  const run_digest run = digest_of(toy_run());
  std::set<request_digest> seen{digest_of(run, base)};
  const auto is_new = [&](const request& r) { return seen.insert(digest_of(run, r)).second; };
  request r = base;
  r.id[15] ^= std::byte{1};
  CHECK(is_new(r));
  r = base, r.nonce.bytes[31] ^= std::byte{1};
  CHECK(is_new(r));
  r = base, r.prompt[0].value ^= 1;
  CHECK(is_new(r));
  r = base, std::swap(r.prompt[0], r.prompt[1]);
  CHECK(is_new(r));
  r = base, r.prompt.pop_back();
  CHECK(is_new(r));
  r = base, r.prompt.push_back(token_id{0});
  CHECK(is_new(r));
  r = base, r.max_output += 1;
  CHECK(is_new(r));
  toy_settings other;
  other.weights = 2;
  CHECK(digest_of(digest_of(toy_run(other)), base) != digest_of(run, base));
}

TEST_CASE("request: an output is bound to its request, its tokens and their order", "[protocol]") {
  const request_digest asked = digest_of(digest_of(toy_run()), toy_request());
  const request_digest other = digest_of(digest_of(toy_run()), toy_request(1));
  const std::vector<token_id> out{token_id{1}, token_id{2}}, swapped{token_id{2}, token_id{1}}, shorter{token_id{1}};
  const std::set<output_digest> all{digest_of(asked, out), digest_of(asked, swapped), digest_of(asked, shorter),
                                    digest_of(other, out)};
  CHECK(all.size() == 4);
}

TEST_CASE("request: keys follow from nonce and request, and differ by purpose", "[protocol]") {
  const request r = toy_request();
  const request_digest asked = digest_of(digest_of(toy_run()), r);
  const request_keys keys = derive_keys(r.nonce, asked), again = derive_keys(r.nonce, asked);
  CHECK(keys.sampling == again.sampling);
  CHECK(keys.projection == again.projection);
  CHECK(derive_noise_key(keys.projection) != keys.sampling);
  const request_keys elsewhere = derive_keys(r.nonce, digest_of(digest_of(toy_run()), toy_request(1)));
  CHECK(elsewhere.sampling != keys.sampling);
  CHECK_FALSE(elsewhere.projection == keys.projection);
  const request_keys other_nonce = derive_keys(seed_of(5), asked);
  CHECK(other_nonce.sampling != keys.sampling);
  CHECK_FALSE(other_nonce.projection == keys.projection);
}
