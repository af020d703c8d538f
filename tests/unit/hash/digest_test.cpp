// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/hash/digest.hpp>

#include <string>
#include <type_traits>

#include "support/catch.hpp"

using namespace assay;

using apple = typed_digest<struct apple_tag>;
using pear = typed_digest<struct pear_tag>;

static_assert(!std::is_convertible_v<apple, pear> && !std::is_constructible_v<apple, pear>);
static_assert(!std::is_convertible_v<checksum64, digest> && !std::is_constructible_v<digest, checksum64>);
static_assert(std::is_trivially_copyable_v<apple> && sizeof(apple) == 32);

TEST_CASE("digest: text round trip", "[hash]") {
  digest d;
  for (std::size_t i = 0; i < 32; ++i) d.bytes[i] = static_cast<std::byte>(i * 37 + 5);
  const auto text = to_hex(d);
  const auto back = parse_digest({text.data(), text.size()});
  REQUIRE(back);
  CHECK(*back == d);
  CHECK(to_hex(apple{d}) == text);
}

TEST_CASE("digest: only 64 lower-case digits are a digest", "[hash]") {
  const std::string zeros(64, '0');
  CHECK(parse_digest(zeros));
  CHECK(parse_digest(zeros.substr(1)).error().code == errc::length_mismatch);
  CHECK(parse_digest(zeros + "0").error().code == errc::length_mismatch);
  for (char bad : {'A', 'g', ' ', '\0', '/', ':', '`'}) {
    std::string text = zeros;
    text[17] = bad;
    const auto parsed = parse_digest(text);
    REQUIRE(!parsed);
    CHECK(parsed.error().code == errc::non_canonical);
    CHECK(parsed.error().where == 17);
  }
}

TEST_CASE("digest: order is that of the bytes", "[hash]") {
  digest a, b;
  b.bytes[31] = std::byte{1};
  CHECK(a < b);
  a.bytes[0] = std::byte{1};
  CHECK(a > b);
}
