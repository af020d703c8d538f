// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <array>
#include <string>
#include <vector>

#include <assay/core/bytes.hpp>

#include "throwing_contract.hpp"

using assay::errc;

TEST_CASE("bytes: hexadecimal text and back for every byte", "[core]") {
  std::array<std::byte, 256> bytes{}, back{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i);
  std::string text(512, ' ');
  assay::to_hex(bytes, text);
  CHECK(text.substr(0, 8) == "00010203");
  CHECK(text.substr(508) == "feff");
  REQUIRE(assay::from_hex(text, back));
  CHECK(back == bytes);
}

TEST_CASE("bytes: from_hex refuses what to_hex does not write", "[core]") {
  std::array<std::byte, 2> out{};
  const auto code = [&](const char* text) { return assay::from_hex(text, out).error(); };
  CHECK(code("abc").code == errc::length_mismatch);
  CHECK(code("abcdef").code == errc::length_mismatch);
  CHECK(code("").code == errc::length_mismatch);
  CHECK(code("abCd").code == errc::non_canonical);
  CHECK(code("abCd").where == 2);
  CHECK(code("abcg").where == 3);
  CHECK(code("0x12").where == 1);
  CHECK(code(" 123").where == 0);
  CHECK(assay::from_hex("", assay::mutable_byte_view{}));
}

TEST_CASE("bytes: to_hex needs exactly two digits per byte", "[core]") {
  const throwing_contract guard;
  std::array<std::byte, 2> bytes{};
  std::array<char, 3> text{};
  CHECK_THROWS_AS(assay::to_hex(bytes, text), broken_contract);
}

TEST_CASE("bytes: comparison", "[core]") {
  CHECK(assay::equal_bytes_vartime(assay::as_bytes("abc"), assay::as_bytes("abc")));
  CHECK_FALSE(assay::equal_bytes_vartime(assay::as_bytes("abc"), assay::as_bytes("abd")));
  CHECK_FALSE(assay::equal_bytes_vartime(assay::as_bytes("abc"), assay::as_bytes("ab")));
  CHECK(assay::equal_bytes_vartime({}, {}));
}
