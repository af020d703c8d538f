// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <reference_engine/tokenizer.hpp>

#include "support/catch.hpp"
#include "tiny_model.hpp"

using assay::errc;

namespace {

reference::tokenizer recorded(const nlohmann::json& vectors) {
  auto t = reference::tokenizer::parse(assay::as_bytes(vectors["tokenizer"].dump()));
  REQUIRE(t);
  return *t;
}

errc refusal(const nlohmann::json& file) {
  return reference::tokenizer::parse(assay::as_bytes(file.dump())).error().code;
}

}  // namespace

TEST_CASE("tokenizer: encodes as Hugging Face's tokenizers does", "[reference_engine]") {
  const auto vectors = assay_tests::read_json("reference_engine_tokenizer.json");
  const auto t = recorded(vectors);
  CHECK(t.vocabulary() == 400);
  for (const auto& c : vectors["cases"]) {
    const auto text = c["text"].get<std::string>();
    INFO(text);
    std::vector<std::uint32_t> ids;
    for (assay::token_id id : t.encode(text)) ids.push_back(id.value);
    CHECK(ids == c["ids"].get<std::vector<std::uint32_t>>());
  }
}

TEST_CASE("tokenizer: all bytes round-trip, special and unknown tokens decode to nothing", "[reference_engine]") {
  const auto t = recorded(assay_tests::read_json("reference_engine_tokenizer.json"));
  std::string all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  all += all;
  CHECK(t.decode(t.encode(all)) == all);
  const assay::token_id odd[] = {assay::token_id{0}, assay::token_id{399}, assay::token_id{400},
                                 assay::token_id{UINT32_MAX}};
  CHECK(t.decode(odd) == t.decode(std::span(odd).subspan(1, 1)));
}

TEST_CASE("tokenizer: words follow GPT-2's rule", "[reference_engine]") {
  using reference::first_word;
  CHECK(first_word("'s's") == 2);
  CHECK(first_word(" the end") == 4);
  CHECK(first_word("  the") == 1);
  CHECK(first_word("\nthe") == 1);
  CHECK(first_word("\n\n") == 2);
  CHECK(first_word("\n the") == 1);
  CHECK(first_word(" 12a") == 3);
  CHECK(first_word(" ") == 1);
}

TEST_CASE("tokenizer: files of another kind or with holes are errors", "[reference_engine]") {
  const auto file = assay_tests::read_json("reference_engine_tokenizer.json")["tokenizer"];
  CHECK(reference::tokenizer::parse(assay::as_bytes("{")).error().code == errc::malformed);
  CHECK(refusal(nlohmann::json::array()) == errc::malformed);
  CHECK(refusal(nlohmann::json::object()) == errc::unsupported);
  auto broken = file;
  broken["model"]["type"] = "Unigram";
  CHECK(refusal(broken) == errc::unsupported);
  broken = file;
  broken["model"]["vocab"].erase("a");
  CHECK((refusal(broken) == errc::incomplete || refusal(broken) == errc::not_found));
  broken = file;
  broken["model"]["vocab"]["a"] = 1u << 21;
  CHECK(refusal(broken) == errc::out_of_range);
  broken = file;
  broken["model"]["vocab"]["a"] = -1;
  CHECK(refusal(broken) == errc::wrong_type);
  broken = file;
  broken["model"]["merges"][0] = {"a", "nowhere"};
  CHECK(refusal(broken) == errc::not_found);
  broken["model"]["merges"][0] = 7;
  CHECK(refusal(broken) == errc::wrong_type);
}
