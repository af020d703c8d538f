// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/codec/log_scanner.hpp>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <assay/random/stream.hpp>

#include "support/catch.hpp"

using namespace assay;
using namespace assay::codec;

namespace {

/// Writes down every event; also what nlohmann's parser calls.
struct event_list {
  std::string seen;
  bool failed = false;
  bool wanted = true;

  bool wants_text() const { return wanted; }
  bool wants_key() const { return wanted; }
  bool note(std::string_view what, std::string_view value = {}) {
    seen.append(what).append(value).push_back('\n');
    return true;
  }
  bool null() { return note("null"); }
  bool boolean(bool v) { return note(v ? "true" : "false"); }
  bool number_integer(std::int64_t v) { return note("i", std::to_string(v)); }
  bool number_unsigned(std::uint64_t v) { return note("u", std::to_string(v)); }
  bool number_float(double v, const std::string&) { return note("f", std::to_string(std::bit_cast<std::uint64_t>(v))); }
  bool string(std::string& v) { return note("s", v); }
  bool binary(nlohmann::json::binary_t&) { return false; }
  bool start_object(std::size_t) { return note("{"); }
  bool key(std::string& v) { return note("k", v); }
  bool end_object() { return note("}"); }
  bool start_array(std::size_t) { return note("["); }
  bool end_array() { return note("]"); }
  template <class Exception>
  bool parse_error(std::size_t, const std::string&, const Exception& what) {
    return what.id == 406 ? number_too_large() : malformed();
  }
  bool malformed() { return failed = true, note("malformed"), false; }
  bool number_too_large() { return failed = true, note("too large"), false; }
};

/// Reads one value in pieces of so many bytes, and what may follow it.
event_list scan(std::string_view text, std::size_t piece, bool wanted = true) {
  std::string_view rest = text;
  const log_bytes bytes = [&](std::span<char> out) -> result<std::size_t> {
    const std::size_t n = std::min({out.size(), rest.size(), piece});
    rest.copy(out.data(), n);
    rest.remove_prefix(n);
    return n;
  };
  const log_progress none;
  codec::detail::log_source source{bytes, {}, none};
  event_list events;
  events.wanted = wanted;
  codec::detail::log_scanner scanner{source, events};
  if (!scanner.read_value()) return events;
  while (!source.ended()) {  // as a strict parser: nothing but white space may follow
    if (std::string_view(" \n\r\t").find(source.current()) == std::string_view::npos) return events.malformed(), events;
    source.advance();
  }
  return events;
}

event_list parse(std::string_view text) {
  event_list events;
  (void)nlohmann::json::sax_parse(text.begin(), text.end(), &events);
  return events;
}

void compare(std::string_view text) {
  const event_list theirs = parse(text);
  for (std::size_t piece : {std::size_t{1}, std::size_t{3}, std::size_t{1000}}) {
    const event_list ours = scan(text, piece);
    INFO("piece " << piece << ", text " << text);
    REQUIRE(ours.failed == theirs.failed);
    if (ours.failed) continue;  // how many events come before an error is not part of it
    REQUIRE(ours.seen == theirs.seen);
  }
  REQUIRE(scan(text, 5, false).failed == theirs.failed);  // what is passed over is checked as well
}

const std::string_view documents[] = {
    R"({"a":[1,-2,3.5,"x",null,true,false,{}],"b":{"c":[]}})",
    R"( [ { "k" : "\u0041\n\t\\\"\/\b\f\r" } , [ ] , -0 , 0 , 0.0e-0 , 1E+5 ] )",
    R"({"logprob":-2.8494300842285156,"rank":1,"decoded_token":"t259","x":18446744073709551615,"y":-9223372036854775808})",
    R"(["\ud83d\ude00","\u00e9\u20ac","é€😀"])",
    R"([18446744073709551616,-9223372036854775809,1e308,1e-320,1e-400,123456789012345678901234567890])",
    R"("text")", "7", "-1.5", "null", R"([[[[[[[["deep"]]]]]]]])",
};

}  // namespace

TEST_CASE("log scanner: texts that are JSON, and texts that are not", "[codec]") {
  for (const std::string_view text : documents) compare(text);
  for (const std::string_view text :
       {"", " ", "{", "[", "[1", "[1,", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{1:2}", "[1 2]", "]", "}", "[}",
        "{]", "01", "-", "-a", "1.", ".5", "1.e5", "1e", "1e+", "+1", "--1", "1-2", "0x1", "NaN", "Infinity", "tru", "trux", "nul", "[tru]",
        "\"", "\"a", "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\t\"", "\"\x1f\"", "\"\x7f\"", "\"\\ud800\"", "\"\\ud800x\"",
        "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\\ud800\\ud800\"", "1e309", "-1e999", "[1e309]", "1e99999999999", "1e-99999999999", "0e99999",
        "'a'", "[1]x", "1 1", "/*x*/1", "//x\n1", "{\"a\":1 \"b\":2}", "{\"a\" 1}", "{,}", "\f1"})
    compare(text);
}

TEST_CASE("log scanner: texts must be UTF-8", "[codec]") {
  for (const std::string_view body :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41", "\xc2\x80", "\xdf\xbf", "\xe0\x9f\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xed\xa0\x80",
        "\xed\xbf\xbf", "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
        "\xff", "\xe2\x82", "\xf0\x9f\x98", "a\xc3\xa9z"})
    compare("\"" + std::string(body) + "\"");
}

TEST_CASE("log scanner: altered documents are read or refused as by another parser", "[codec]") {
  random_stream r(seed{}, "log scanner");
  const std::string_view pieces[] = {"\"", "\\", "{", "}", "[", "]", ",", ":", "e", "-", ".", "0", "9", "\\u", "\xc3", "\xa9", " ", "null", "1e400"};
  for (int i = 0; i < 6000; ++i) {
    std::string text(documents[r.below(std::size(documents))]);
    for (std::uint64_t edits = 1 + r.below(3); edits > 0; --edits) {
      const std::size_t at = r.below(text.size() + 1);
      if (r.below(2) == 0 && at < text.size()) text.erase(at, 1 + r.below(3));
      else text.insert(at, pieces[r.below(std::size(pieces))]);
    }
    compare(text);
  }
}

TEST_CASE("log scanner: depth costs no stack", "[codec]") {
  const std::string open(200000, '[');
  CHECK(scan(open, 4096).failed);
  CHECK_FALSE(scan(open + std::string(200000, ']'), 4096).failed);
}
