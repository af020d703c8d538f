// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <reference_engine/model.hpp>

#include <numeric>

#include "support/catch.hpp"
#include "tiny_model.hpp"

using namespace assay_tests;
using assay::errc;

namespace {

errc refusal(const tiny_model& m) {
  const auto parsed = reference::parse_huggingface(assay::as_bytes(m.config_text()), m.safetensors_file());
  REQUIRE_FALSE(parsed);
  return parsed.error().code;
}

errc config_refusal(const char* key, const nlohmann::json& value) {
  nlohmann::json config = tiny().config;
  config[key] = value;
  const auto parsed = reference::parse_config(assay::as_bytes(config.dump()));
  REQUIRE_FALSE(parsed);
  return parsed.error().code;
}

}  // namespace

TEST_CASE("model: safetensors and GGUF give the same weights, digest and logits", "[reference_engine]") {
  const auto from_safetensors = tiny().weights();
  auto from_gguf = reference::parse_gguf_model(tiny().gguf_file());
  REQUIRE(from_gguf);
  CHECK(from_gguf->config == from_safetensors.config);
  CHECK(from_gguf->blocks[1].k == from_safetensors.blocks[1].k);
  CHECK(reference::digest_of(*from_gguf) == reference::digest_of(from_safetensors));
  const auto engine = reference::engine::assemble(std::move(*from_gguf));
  REQUIRE(engine);
  for (const auto& how : reference::honest_numerics)
    CHECK(same_bits(prefilled(*engine, how), prefilled(tiny().engine(), how)));
}

TEST_CASE("model: f32, f16 and bf16 files of the same values have the same digest", "[reference_engine]") {
  tiny_model m = tiny();
  // f16 holds fewer exponents than bf16: take weights that both can hold.
  for (auto& [name, t] : m.tensors)
    for (std::size_t i = 0; i < t.bytes.size(); i += 2) {
      const auto value = assay::bf16_to_float(assay::load_le<std::uint16_t>(t.bytes.data() + i));
      assay::store_le(t.bytes.data() + i, assay::float_to_bf16(assay::f16_to_float(
                                              assay::float_to_f16(std::abs(value) < 0.001f ? 0.0f : value))));
    }
  const auto digest = reference::digest_of(m.weights());
  for (const bool half : {false, true}) {
    nlohmann::json header;
    byte_string data;
    for (const auto& [name, t] : m.tensors) {
      const std::size_t begin = data.size();
      for (std::size_t i = 0; i < t.bytes.size(); i += 2) {
        const float value = assay::bf16_to_float(assay::load_le<std::uint16_t>(t.bytes.data() + i));
        if (half) put<std::uint16_t>(data, assay::float_to_f16(value));
        else put<std::uint32_t>(data, std::bit_cast<std::uint32_t>(value));
      }
      header[name] = {{"dtype", half ? "F16" : "F32"}, {"shape", t.shape}, {"data_offsets", {begin, data.size()}}};
    }
    const auto parsed =
        reference::parse_huggingface(assay::as_bytes(m.config_text()), safetensors(header.dump(), data));
    REQUIRE(parsed);
    CHECK(reference::digest_of(*parsed) == digest);
  }
}

TEST_CASE("model: the digest binds weights and configuration", "[reference_engine]") {
  auto w = tiny().weights();
  const auto digest = reference::digest_of(w);
  w.blocks[1].up[3] += 0.001f;
  CHECK(reference::digest_of(w) != digest);
  w = tiny().weights();
  w.config.norm_epsilon = 2e-5f;
  CHECK(reference::digest_of(w) != digest);
  w = tiny().weights();
  std::swap(w.blocks[0], w.blocks[1]);
  CHECK(reference::digest_of(w) != digest);
}

TEST_CASE("model: a tied head is the embedding", "[reference_engine]") {
  tiny_model m = tiny();
  m.config["tie_word_embeddings"] = true;
  CHECK(refusal(m) == errc::unknown_field);  // lm_head.weight is there although tied
  m.tensors.erase("lm_head.weight");
  const auto w = m.weights();
  CHECK(w.head.empty());
  const auto engine = m.engine();
  std::vector<float> a(w.config.vocabulary), row(w.embedding.begin(), w.embedding.begin() + w.config.width);
  engine.head().logits(row, a);
  CHECK(a[0] == Approx(std::inner_product(row.begin(), row.end(), row.begin(), 0.0f)));
}

TEST_CASE("model: missing, extra, misshapen and non-finite tensors are errors", "[reference_engine]") {
  for (const char* name :
       {"model.norm.weight", "model.layers.1.mlp.down_proj.weight", "lm_head.weight", "model.embed_tokens.weight"}) {
    tiny_model m = tiny();
    m.tensors.erase(name);
    CHECK(refusal(m) == errc::not_found);
  }
  tiny_model m = tiny();
  m.tensors["model.layers.2.input_layernorm.weight"] = m.tensors["model.norm.weight"];
  CHECK(refusal(m) == errc::unknown_field);
  m = tiny();
  std::swap(m.tensors["model.layers.0.mlp.gate_proj.weight"], m.tensors["model.layers.0.mlp.down_proj.weight"]);
  CHECK(refusal(m) == errc::shape_mismatch);
  m = tiny();
  assay::store_le<std::uint16_t>(m.tensors["model.layers.0.mlp.up_proj.weight"].bytes.data(), 0x7fc0);
  CHECK(refusal(m) == errc::non_finite);
}

TEST_CASE("model: other architectures and quantised tensors in GGUF are not run", "[reference_engine]") {
  CHECK(reference::parse_gguf_model(gguf_writer{}.finish()).error().code == errc::missing_field);
  CHECK(reference::parse_gguf_model(gguf_writer{}.string("general.architecture", "qwen2").finish()).error().code ==
        errc::unsupported);
  byte_string file = tiny().gguf_file();
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  const std::size_t at = text.find("output_norm.weight") + 18 + 4 + 8;  // its type, after rank and one extent
  REQUIRE(assay::load_le<std::uint32_t>(file.data() + at) == 0);
  assay::store_le<std::uint32_t>(file.data() + at, 26);  // i32
  CHECK(reference::parse_gguf_model(file).error().code == errc::dtype_mismatch);
}

TEST_CASE("model: configurations that make no sense or that this engine does not run are errors",
          "[reference_engine]") {
  CHECK(reference::parse_config(assay::as_bytes(tiny().config_text())));
  CHECK(config_refusal("hidden_size", nullptr) == errc::missing_field);
  CHECK(config_refusal("hidden_size", "16") == errc::wrong_type);
  CHECK(config_refusal("hidden_size", -16) == errc::wrong_type);
  CHECK(config_refusal("hidden_size", 1e3) == errc::wrong_type);
  CHECK(config_refusal("hidden_size", std::uint64_t{1} << 40) == errc::wrong_type);
  CHECK(config_refusal("hidden_size", 1u << 20) == errc::too_large);
  CHECK(config_refusal("num_hidden_layers", 0) == errc::invalid_settings);
  CHECK(config_refusal("num_key_value_heads", 3) == errc::invalid_settings);
  CHECK(config_refusal("head_dim", 5) == errc::invalid_settings);
  CHECK(config_refusal("rms_norm_eps", 0) == errc::invalid_settings);
  CHECK(config_refusal("rope_theta", 1e300) == errc::invalid_settings);
  CHECK(config_refusal("model_type", "gpt2") == errc::unsupported);
  CHECK(config_refusal("rope_scaling", {{"type", "linear"}}) == errc::unsupported);
  CHECK(config_refusal("attention_bias", true) == errc::unsupported);
  CHECK(config_refusal("tie_word_embeddings", 1) == errc::wrong_type);
  CHECK(reference::parse_config(assay::as_bytes("[]")).error().code == errc::malformed);
  CHECK(reference::parse_config(assay::as_bytes("{")).error().code == errc::malformed);
  CHECK(reference::parse_config(assay::as_bytes(std::string(100000, '['))).error().code == errc::malformed);
}

TEST_CASE("model: files that are not there are errors", "[reference_engine]") {
  CHECK(reference::load_weights("/nonexistent").error().code == errc::io_failure);
  CHECK(reference::load_weights("/nonexistent.gguf").error().code == errc::io_failure);
  CHECK(reference::lm_head::load("/nonexistent").error().code == errc::io_failure);
}
