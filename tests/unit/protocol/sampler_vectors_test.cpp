// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Texts and run digests of every sampler profile, filter rule and processor, against a second implementation.
#include <assay/protocol/run.hpp>
#include <assay/token/promised_sampler.hpp>

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <assay/codec/run.hpp>

#include "support/catch.hpp"
#include "support/toy_protocol.hpp"

using namespace assay;
using namespace assay_tests;
using nlohmann::json;

namespace {

template <class E>
E named(const json& text) {
  E value{};
  must(codec::value_format<E>::decode(text, codec::carrier::json, "", value));
  return value;
}

std::vector<token_id> ids_of(const json& list) {
  std::vector<token_id> ids;
  for (const json& id : list) ids.push_back(token_id{id.get<std::uint32_t>()});
  return ids;
}

processor_settings processors_of(const json& j) {
  processor_settings p;
  p.allowed = ids_of(j.at("allowed")), p.stop_ids = ids_of(j.at("stop_ids")), p.min_tokens = j.at("min_tokens");
  for (const json& word : j.at("bad_words")) p.bad_words.push_back(ids_of(word));
  for (const json& bias : j.at("bias")) p.bias.push_back({token_id{bias.at(0).get<std::uint32_t>()}, bias.at(1).get<float>()});
  p.penalties = {static_cast<penalty_style>(j.at("style").get<int>()), j.at("repetition"), j.at("frequency"), j.at("presence"), j.at("window")};
  for (std::size_t i = 0; i < 5; ++i) p.order[i] = static_cast<processor_step>(j.at("order").at(i).get<int>());
  return p;
}

sampler_description sampler_of(const json& j) {
  sampler_description s;
  s.profile = named<sampler_profile>(j.at("profile"));
  s.filters = {named<filter_rule>(j.at("filter_rule")), {j.at("temperature"), j.at("top_k"), j.at("top_p")}, j.at("min_p"),
               j.at("typical_p"), j.at("min_keep"), j.at("temperature_first")};
  s.cuda_grid = j.at("cuda_grid");
  if (!j.at("processors").is_null()) s.processors = processors_of(j.at("processors"));
  return s;
}

run_description run_of(const json& j) {
  run_description r;
  must(from_hex(j.at("weights").get<std::string>(), r.model.weights.value.bytes));
  must(from_hex(j.at("tokenizer").get<std::string>(), r.model.tokenizer.value.bytes));
  r.model.weight_type = named<dtype>(j.at("weight_type")), r.model.activation_type = named<dtype>(j.at("activation_type"));
  r.model.checkpoints = j.at("checkpoints"), r.model.width = j.at("width"), r.model.vocabulary = j.at("vocabulary");
  r.commitment = {j.at("sketch"), named<dtype>(j.at("sketch_type")), j.at("steps").get<std::vector<float>>(), named<dtype>(j.at("row_type")), j.at("fan_out")};
  return r;
}

/// The generator's logits: integers over a constant, with ties.
std::vector<float> row_of(std::uint32_t step, std::uint32_t modulus, std::uint32_t vocabulary) {
  std::vector<float> row;
  for (std::uint32_t v = 0; v < vocabulary; ++v)
    row.push_back(static_cast<float>((static_cast<double>((step * 37 + v * 101 + step * v * 13) % modulus) - modulus / 2) / 24));
  return row;
}

}  // namespace

TEST_CASE("samplers: texts, seeds and run digests are those of a second implementation", "[protocol]") {
  std::ifstream file(std::string(ASSAY_TEST_DATA_DIR) + "/samplers.json");
  const json vectors = json::parse(file);
  const auto prompt = ids_of(vectors.at("prompt"));
  const auto vocabulary = vectors.at("vocabulary").get<std::uint32_t>();
  CHECK(vectors.at("cases").size() > 50);
  for (const json& each : vectors.at("cases")) {
    INFO(each.at("name").get<std::string>());
    run_description run = run_of(vectors.at("run"));
    run.sampler = sampler_of(each.at("sampler"));
    must(validate(run));
    std::string digest_text(64, '0');
    to_hex(digest_of(run).value.bytes, digest_text);
    CHECK(digest_text == each.at("run_digest").get<std::string>());

    const noise_key key{each.at("key").at(0), each.at("key").at(1)};
    CHECK(engine_seed(run.sampler.profile, key) == each.at("seed").get<std::uint64_t>());
    auto sampler = must(promised_sampler::make(run.sampler, vocabulary, key, prompt));
    std::vector<token_id> output;
    for (std::uint32_t step = 0; step < each.at("output").size(); ++step) {
      const auto row = row_of(step, each.at("modulus"), vocabulary);
      output.push_back(must(sampler.sample(std::span<const float>{row})));
      must(sampler.accept(output.back()));
      CHECK(must(sampler.score(step, std::span<const float>{row})).deviation == 0);
    }
    CHECK(output == ids_of(each.at("output")));
  }
}
