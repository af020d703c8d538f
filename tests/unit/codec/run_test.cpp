// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/codec/run.hpp>

#include "laws.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

/// Another engine's sampler, with processors.
void any_sampler(arbitrary& any, sampler_description& s, std::uint32_t vocabulary) {
  const auto token = [&] { return token_id{static_cast<std::uint32_t>(any.below(vocabulary))}; };
  if (any.coin()) {
    s.profile = sampler_profile::torch_cuda_f32, s.cuda_grid = 1 + static_cast<std::uint32_t>(any.below(1000));
    s.filters.rule = filter_rule::vllm_triton, s.filters.min_p = static_cast<float>(any.share());
  } else {
    s.profile = sampler_profile::llama_cpp_dist, s.filters.rule = filter_rule::llama_cpp;
    s.filters.min_keep = any.u32(), s.filters.temperature_first = any.coin();
    s.processors.penalties.style = penalty_style::llama_cpp;
  }
  processor_settings& p = s.processors;
  p.allowed = {token()};
  p.stop_ids = {token()};
  p.min_tokens = any.u32();
  for (std::uint64_t i = any.below(4); i-- > 0;) p.bad_words.emplace_back(1 + any.below(3), token());
  p.bias = {{token(), static_cast<float>(any.share())}};
  p.penalties.repetition = 0.5f + static_cast<float>(any.share());
  p.penalties.presence = -static_cast<float>(any.share());
  std::swap(p.order[any.below(5)], p.order[any.below(5)]);
}

run_description any_run(std::uint64_t number) {
  arbitrary any{number};
  run_description run;
  run.model.weights.value = any.digest();
  run.model.tokenizer.value = any.digest();
  constexpr dtype floats[] = {dtype::f32, dtype::f16, dtype::bf16};
  run.model.weight_type = floats[any.below(3)];
  run.model.activation_type = floats[any.below(3)];
  run.model.checkpoints = 1 + static_cast<std::uint32_t>(any.below(any.coin() ? 8 : run_limits::checkpoints));
  run.model.width = 16 + static_cast<std::uint32_t>(any.below(run_limits::width - 16));
  run.model.vocabulary = 1 + static_cast<std::uint32_t>(any.below(run_limits::vocabulary));
  run.sampler.filters.sampler = {any.positive_float(), any.u32(), static_cast<float>(any.share())};
  if (number % 4 == 1) any_sampler(any, run.sampler, run.model.vocabulary);
  run.commitment.sketch = 1 + static_cast<std::uint32_t>(any.below(16));
  run.commitment.sketch_type = any.coin() ? dtype::i8 : dtype::i16;
  for (std::uint32_t i = 0; i < run.model.checkpoints; ++i)
    run.commitment.steps.push_back(static_cast<float>(1e-6 + 100 * any.share()));
  run.commitment.row_type = floats[any.below(3)];
  run.commitment.fan_out = 2 + static_cast<std::uint32_t>(any.below(255));
  for (std::uint32_t layer = 0; layer + 1 < run.model.checkpoints; ++layer)
    if (number % 2 == 0 && any.coin()) run.commitment.committed_rows.push_back(layer_index{layer});
  if (number % 3 == 0) run.commitment.scheme = commitment_scheme::pst, run.commitment.parameters = any.digest();
  return run;
}

}  // namespace

TEST_CASE("codec run: a round trip keeps every bit, and so the digest", "[codec]") {
  for (std::uint64_t i = 0; i < 60; ++i) {
    const run_description run = any_run(i);
    CHECK(digest_of(check_round_trip(run)) == digest_of(run));
    CHECK(digest_of(*codec::parse_cbor<run_description>(codec::to_cbor(run))) == digest_of(run));
  }
}

TEST_CASE("codec run: floats at the edges keep their bits", "[codec]") {
  for (std::uint32_t bits :
       {0x00000000u, 0x80000000u, 0x00000001u, 0x007fffffu, 0x00800000u, 0x3f333333u, 0x3f7fffffu, 0x7f7fffffu}) {
    run_description run = any_run(1);
    run.sampler.filters.sampler.temperature = std::bit_cast<float>(bits);
    const auto text = codec::parse_json_text<run_description>(codec::to_json_text(run));
    const auto cbor = codec::parse_cbor<run_description>(codec::to_cbor(run));
    REQUIRE(text);
    REQUIRE(cbor);
    CHECK(std::bit_cast<std::uint32_t>(text->sampler.filters.sampler.temperature) == bits);
    CHECK(std::bit_cast<std::uint32_t>(cbor->sampler.filters.sampler.temperature) == bits);
    CHECK(digest_of(*text) == digest_of(run));
  }
}

TEST_CASE("codec run: every field is required, typed and alone", "[codec]") {
  run_description run = any_run(2);
  run.model.checkpoints = 2;
  run.commitment.steps.resize(2, 0.5f);
  run.commitment.committed_rows = {layer_index{0}};
  check_laws(run, {"/sampler/processors"});
}

TEST_CASE("codec run: numbers that no float is", "[codec]") {
  json tree = codec::to_json(any_run(3));
  const auto with_temperature = [&](const char* text) {
    tree["sampler"]["temperature"] = "@";
    std::string document = tree.dump();
    document.replace(document.find("\"@\""), 3, text);
    return json_error<run_description>(document);
  };
  CHECK(with_temperature("1") == errc{});
  CHECK(with_temperature("0.5e0") == errc{});
  CHECK(with_temperature("0.699999988079071") == errc{});
  CHECK(with_temperature("0.7") == errc::non_canonical);
  CHECK(with_temperature("16777217") == errc::non_canonical);
  CHECK(with_temperature("1e-60") == errc::non_canonical);
  CHECK(with_temperature("1e39") == errc::out_of_range);
  CHECK(with_temperature("1e400") == errc::out_of_range);
  CHECK(with_temperature("-1") == errc::invalid_settings);
  CHECK(with_temperature("NaN") == errc::malformed);
  CHECK(with_temperature("Infinity") == errc::malformed);
  CHECK(with_temperature("\"infinity\"") == errc::wrong_type);
}

TEST_CASE("codec run: what the run's own validation refuses is refused", "[codec]") {
  const json tree = codec::to_json(any_run(4));
  const auto changed = [&](const char* path, const json& value) {
    json other = tree;
    other[json::json_pointer(path)] = value;
    const auto read = codec::from_json<run_description>(other);
    return read ? errc{} : read.error().code;
  };
  CHECK(changed("/model/checkpoints", 0) == errc::out_of_range);
  CHECK(changed("/model/width", run_limits::width + 1) == errc::out_of_range);
  CHECK(changed("/model/vocabulary", std::uint64_t{1} << 32) == errc::out_of_range);
  CHECK(changed("/model/weight_type", "i8") == errc::unsupported);
  CHECK(changed("/model/weight_type", "F32") == errc::unsupported);
  CHECK(changed("/sampler/profile", "another") == errc::unsupported);
  CHECK(changed("/sampler/profile", "torch_cuda_f32") == errc::invalid_settings);
  CHECK(changed("/sampler/filter_rule", "another") == errc::unsupported);
  CHECK(changed("/sampler/min_p", 2) == errc::invalid_settings);
  CHECK(changed("/sampler/processors", 1) == errc::wrong_type);
  CHECK(changed("/commitment/steps", json::array()) == errc::length_mismatch);
  CHECK(changed("/commitment/steps/0", 0.0) == errc::out_of_range);
  CHECK(changed("/commitment/committed_rows", json::array({0, 0})) != errc{});
  CHECK(changed("/commitment/committed_rows", json::array({1024})) == errc::out_of_range);
  CHECK(changed("/commitment/scheme", "another") == errc::unsupported);
  CHECK(changed("/commitment/parameters", std::string(64, '1')) == errc::invalid_settings);
}

TEST_CASE("codec run: errors name the field and the item", "[codec]") {
  run_description run = any_run(5);
  run.model.checkpoints = 3;
  run.commitment.steps.resize(3, 1.f);
  run.commitment.committed_rows = {};
  json tree = codec::to_json(run);
  tree["commitment"]["steps"][2] = 0.1;
  const auto read = codec::from_json<run_description>(tree);
  REQUIRE_FALSE(read);
  CHECK(read.error() == fail(errc::non_canonical, "", 2));
  CHECK(std::string_view{read.error().message} == "commitment.steps");
}

TEST_CASE("codec run: a writer is total, a reader takes only valid runs", "[codec]") {
  run_description run = any_run(6);
  run.sampler.filters.sampler.temperature = std::numeric_limits<float>::quiet_NaN();
  run.model.weight_type = static_cast<dtype>(200);
  CHECK(codec::to_json(run)["sampler"]["temperature"] == "nan");
  CHECK(codec::to_json(run)["model"]["weight_type"] == "unknown");
  CHECK_FALSE(codec::parse_json_text<run_description>(codec::to_json_text(run)));
}

TEST_CASE("codec run: every element type has its name", "[codec]") {
  for (std::uint32_t number = 0; number < 256; ++number) {
    const auto type = static_cast<dtype>(number);
    const json encoded = codec::value_format<dtype>::encode(type, codec::carrier::json);
    CHECK(encoded == name(type));
    dtype read{};
    CHECK(static_cast<bool>(codec::value_format<dtype>::decode(encoded, codec::carrier::json, "", read)) ==
          (encoded != "unknown"));
  }
}
