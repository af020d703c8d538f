// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/codec/log_entry.hpp>
#include <assay/codec/log_reader.hpp>
#include <cmath>
#include <limits>
#include <string>

#include "support/catch.hpp"

using namespace assay;
using namespace assay::codec;
using assay::codec::detail::entry_reader;
using assay::codec::detail::row_spelling;

namespace {

struct read_row {
  result<void> outcome;
  logged_rows rows;
  bool text_only = false;
};

/// An item goes through the reader of items; a table as the one row of a record.
read_row read(const char* text, row_spelling spelling, const log_limits& limits = {}, const token_names* names = nullptr) {
  read_row out;
  if (spelling == row_spelling::items) {
    entry_reader reader{limits, names};
    out.outcome = reader.read(nlohmann::json::parse(text), out.rows);
    out.text_only = reader.text_only;
    return out;
  }
  const bool by_id = spelling == row_spelling::by_id;
  const std::string record = by_id ? "{\"prompt_logprobs\":[" + std::string(text) + "]}"
                                   : "{\"choices\":[{\"token_ids\":[1],\"logprobs\":{\"top_logprobs\":[" + std::string(text) + "]}}]}";
  const auto count = read_log(std::string_view(record), [&](logged_sequence&& s) -> result<void> {
    out.rows = by_id ? std::move(s.prompt_rows) : std::move(s.output_rows);
    out.text_only = s.text_only;
    return {};
  }, {limits, names});
  if (!count) out.outcome = count.error();
  return out;
}

float value_of(const logged_rows& rows, std::uint32_t id) {
  const sparse_logits row = rows[0].row;
  for (std::size_t i = 0; i < row.ids.size(); ++i)
    if (row.ids[i].value == id) return row.values[i];
  return std::numeric_limits<float>::quiet_NaN();
}

}  // namespace

TEST_CASE("log entry: vLLM's tables by id", "[codec]") {
  const auto r = read(R"({"7":{"logprob":-0.25,"rank":1,"decoded_token":" a"},"11":{"logprob":-9999.0,"rank":9,"decoded_token":null},"2":-3})", row_spelling::by_id);
  REQUIRE(r.outcome);
  CHECK(r.rows[0].row.ids.size() == 3);
  CHECK(value_of(r.rows, 7) == -0.25f);
  CHECK(value_of(r.rows, 2) == -3.0f);
  CHECK(std::isinf(value_of(r.rows, 11)));
  CHECK(r.rows.is_logprob());
  CHECK_FALSE(read(R"({"7":{"logprob":17.5},"8":{"logprob":-1}})", row_spelling::by_id).rows.is_logprob());
  const auto none = read("null", row_spelling::by_id);
  CHECK(none.outcome);
  CHECK(none.rows.size() == 1);
}

TEST_CASE("log entry: tables by text need placeholders or a map", "[codec]") {
  const auto r = read(R"({"token_id:5":-0.5,"token_id:123":-1.5})", row_spelling::by_text);
  REQUIRE(r.outcome);
  CHECK_FALSE(r.text_only);
  CHECK(value_of(r.rows, 123) == -1.5f);
  const token_names names{{" the", token_id{262}}};
  CHECK(read(R"({" the":-0.5})", row_spelling::by_text).text_only);
  const auto mapped = read(R"({" the":-0.5})", row_spelling::by_text, {}, &names);
  CHECK_FALSE(mapped.text_only);
  CHECK(value_of(mapped.rows, 262) == -0.5f);
  CHECK(read(R"({"token_id:":-0.5})", row_spelling::by_text).text_only);
  CHECK(read(R"({"token_id:4294967296":-0.5})", row_spelling::by_text).text_only);
}

TEST_CASE("log entry: items of llama.cpp and of the chat API", "[codec]") {
  const auto before = read(
      R"({"id":4,"token":"a","bytes":[97],"logprob":-0.1,"top_logprobs":[{"id":4,"token":"a","bytes":[97],"logprob":-0.1},{"id":9,"token":"b","bytes":[98],"logprob":-3.4028234663852886e+38}]})",
      row_spelling::items);
  REQUIRE(before.outcome);
  CHECK(before.rows[0].token == token_id{4});
  CHECK(before.rows[0].row.ids.size() == 2);
  CHECK(std::isinf(value_of(before.rows, 9)));
  CHECK_FALSE(before.rows.post_sampling());

  const auto after = read(R"({"id":4,"token":"a","prob":0.5,"top_probs":[{"id":9,"token":"b","prob":0.5},{"id":1,"token":"c","prob":0}]})", row_spelling::items);
  REQUIRE(after.outcome);
  CHECK(after.rows.post_sampling());
  CHECK(after.rows[0].row.ids.size() == 3);  // its own entry is added
  CHECK(value_of(after.rows, 4) == static_cast<float>(std::log(0.5)));
  CHECK(std::isinf(value_of(after.rows, 1)));

  const auto old = read(R"({"content":"a","probs":[{"tok_str":"a","prob":0.75},{"tok_str":"b","prob":0.25}]})", row_spelling::items);
  REQUIRE(old.outcome);
  CHECK(old.text_only);
  const token_names names{{"a", token_id{1}}, {"b", token_id{2}}};
  const auto mapped = read(R"({"content":"a","probs":[{"tok_str":"a","prob":0.75},{"tok_str":"b","prob":0.25}]})", row_spelling::items, {}, &names);
  CHECK_FALSE(mapped.text_only);
  CHECK(mapped.rows[0].token == token_id{1});
}

TEST_CASE("log entry: what cannot be a row is refused", "[codec]") {
  const auto code = [](const char* text, row_spelling spelling) { return read(text, spelling).outcome.error().code; };
  CHECK(code("[1]", row_spelling::by_id) == errc::wrong_type);
  CHECK(code(R"({"x":{"logprob":-1}})", row_spelling::by_id) == errc::malformed);
  CHECK(code(R"({"-1":{"logprob":-1}})", row_spelling::by_id) == errc::malformed);
  CHECK(code(R"({"4294967296":{"logprob":-1}})", row_spelling::by_id) == errc::out_of_range);
  CHECK(code(R"({"1":{"rank":1}})", row_spelling::by_id) == errc::missing_field);
  CHECK(code(R"({"1":{"logprob":"x"}})", row_spelling::by_id) == errc::wrong_type);
  CHECK(code(R"({"1":{"logprob":1e39}})", row_spelling::by_id) == errc::out_of_range);
  CHECK(code(R"({"id":-4,"logprob":-1,"token":"a"})", row_spelling::items) == errc::out_of_range);
  CHECK(code(R"({"logprob":-1})", row_spelling::items) == errc::missing_field);
  CHECK(code(R"({"id":1,"prob":1.5})", row_spelling::items) == errc::out_of_range);
  CHECK(code(R"({"id":1,"logprob":-1,"top_logprobs":{}})", row_spelling::items) == errc::wrong_type);
  CHECK(code(R"({"id":1,"logprob":-1,"top_logprobs":[3]})", row_spelling::items) == errc::wrong_type);
  CHECK(code(R"({"id":1,"logprob":-1,"top_logprobs":[{"id":2}]})", row_spelling::items) == errc::missing_field);
}

TEST_CASE("log entry: the number of candidates and rows is limited", "[codec]") {
  log_limits limits;
  limits.candidates = 2;
  CHECK(read(R"({"1":-1,"2":-2})", row_spelling::by_id, limits).outcome);
  CHECK(read(R"({"1":-1,"2":-2,"3":-3})", row_spelling::by_id, limits).outcome.error().code == errc::too_large);
  limits.candidates = 10;
  limits.entries = 3;
  limits.tokens = 2;
  CHECK(read(R"({"1":-1,"2":-2},{"1":-1})", row_spelling::by_id, limits).rows.size() == 2);
  CHECK(read(R"({"1":-1,"2":-2},{"1":-1,"2":-2})", row_spelling::by_id, limits).outcome.error().code == errc::too_large);
  CHECK(read(R"({"1":-1},{"1":-1},{"1":-1})", row_spelling::by_id, limits).outcome.error().code == errc::too_large);
  CHECK(read("null,null,null", row_spelling::by_id, limits).outcome.error().code == errc::too_large);
  CHECK(read(R"({"1":-1,"1":-2})", row_spelling::by_id).outcome.error().code == errc::duplicate);
  CHECK(read(R"({"token_id:1":-1,"token_id:01":-2})", row_spelling::by_text).outcome.error().code == errc::duplicate);
}
