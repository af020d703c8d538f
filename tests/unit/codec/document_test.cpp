// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/codec/document.hpp>

#include "allocations.hpp"
#include "support/catch.hpp"

using namespace assay;
using namespace assay_tests;
using nlohmann::json;

namespace {

result<json> read(std::string_view text, const codec::document_limits& limits = {}) {
  return codec::detail::read_json(text, limits);
}

error error_of(std::string_view text) {
  const auto tree = read(text);
  return tree ? error{} : tree.error();
}

}  // namespace

TEST_CASE("document: well-formed text gives the parser's own tree", "[codec]") {
  for (const char* text :
       {"0", "18446744073709551615", "-1", "1.5", "-0.0", "5e-324", "1.7976931348623157e308", "true", "null", "\"\"",
        "\"\\u00e9\\n\"", "[]", "{}", "[1,[2,{\"a\":[]}],{\"b\":null,\"c\":[true,\"x\"]}]",
        " { \"a\" : [ 1 , 2 ] , \"b\" : { } } \n"}) {
    const auto tree = read(text);
    REQUIRE(tree);
    CHECK(*tree == json::parse(text));
    CHECK(tree->dump() == json::parse(text).dump());
  }
}

TEST_CASE("document: text that is not quite JSON is refused", "[codec]") {
  for (const char* text : {"",          " ",   "{",       "[1,", "[1 2]",  "{\"a\"}", "{a:1}",    "{\"a\":1,}",
                           "[1,]",      "'a'", "+1",      ".5",  "1.",     "1e",      "NaN",      "Infinity",
                           "-Infinity", "nul", "\"\\x\"", "\"a", "\"\t\"", "/* */ 1", "\"\xff\"", "\"\xc0\x80\""}) {
    CAPTURE(text);
    CHECK(error_of(text).code == errc::malformed);
  }
}

TEST_CASE("document: nothing hides behind a zero byte or a byte order mark", "[codec]") {
  using namespace std::string_view_literals;
  CHECK(error_of("{}\0{}"sv) == fail(errc::malformed, "", 2));
  CHECK(error_of("{}\0"sv) == fail(errc::malformed, "", 2));
  CHECK(error_of("\xef\xbb\xbf{}") == fail(errc::malformed, "", 0));
  CHECK(error_of("{} {}").code == errc::trailing_bytes);
  CHECK(error_of("{}x").code == errc::trailing_bytes);
  CHECK(error_of("01") == fail(errc::trailing_bytes, "", 2));
  CHECK(error_of("1 // x").code == errc::trailing_bytes);
  CHECK(error_of("1 2").code == errc::trailing_bytes);
}

TEST_CASE("document: a key occurs once per object", "[codec]") {
  CHECK(error_of(R"({"a":1,"a":1})").code == errc::duplicate);
  CHECK(error_of(R"({"a":1,"b":{"x":1,"y":2,"x":3}})").code == errc::duplicate);
  CHECK(error_of(R"({"a":1,"\u0061":2})").code == errc::duplicate);  // compared after unescaping
  CHECK(read(R"({"a":{"a":1},"b":{"a":1}})"));
}

TEST_CASE("document: numbers that cannot be kept", "[codec]") {
  CHECK(error_of("1e400").code == errc::out_of_range);
  CHECK(error_of("-1e400").code == errc::out_of_range);
  CHECK(error_of("-0").code == errc::non_canonical);
  CHECK(read("18446744073709551616")->is_number_float());
}

TEST_CASE("document: depth is bounded", "[codec]") {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  CHECK(read(nested(16)));
  CHECK(error_of(nested(17)) == fail(errc::too_large, "", 16));
  CHECK(error_of(std::string(500000, '[')).code == errc::too_large);
  std::string objects;
  for (int i = 0; i < 17; ++i) objects += "{\"a\":";
  CHECK(error_of(objects).code == errc::too_large);
}

TEST_CASE("document: items and bytes are bounded", "[codec]") {
  codec::document_limits limits;
  limits.items = 4;
  CHECK(read("[1,2,3]", limits));
  CHECK(read("[1,2,3,4]", limits).error() == fail(errc::too_large, "", 4));
  limits.bytes = 7;
  CHECK(read("[1,2,3]", limits));
  CHECK(read("[1,2,3] ", limits).error() == fail(errc::too_large, "", 8));
  std::string objects = "[{}";
  for (int i = 0; i < 9999; ++i) objects += ",{}";
  limits = {};
  limits.items = 100;
  CHECK(bytes_allocated_by([&] { CHECK_FALSE(read(objects, limits)); }) < 100 * 150 + 4000);
}
