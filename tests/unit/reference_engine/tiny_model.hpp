// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The tiny model of tests/vectors/reference_engine_tiny.json as safetensors and GGUF files, and its expected values.
#ifndef ASSAY_TESTS_REFERENCE_ENGINE_TINY_MODEL_HPP
#define ASSAY_TESTS_REFERENCE_ENGINE_TINY_MODEL_HPP

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <assay/core/float_formats.hpp>
#include <reference_engine/engine.hpp>

#include <nlohmann/json.hpp>

#include "support/model_files.hpp"

namespace assay_tests {

inline nlohmann::json read_json(const char* name) {
  std::ifstream in(std::string(ASSAY_TEST_DATA_DIR "/") + name);
  return nlohmann::json::parse(in);
}

/// A tensor's bf16 bytes.
struct raw_tensor {
  std::vector<std::uint64_t> shape;
  byte_string bytes;
};

struct tiny_model {
  nlohmann::json config;
  std::map<std::string, raw_tensor> tensors;
  std::vector<assay::token_id> tokens;
  std::vector<std::vector<std::vector<float>>> checkpoints;  // [layer][position][width]
  std::vector<std::vector<float>> logits;                    // [position][vocabulary]

  tiny_model() {
    const nlohmann::json j = read_json("reference_engine_tiny.json");
    config = j["config"];
    checkpoints = j["checkpoints"].get<decltype(checkpoints)>();
    logits = j["logits"].get<decltype(logits)>();
    for (std::uint32_t t : j["tokens"]) tokens.emplace_back(t);
    for (const auto& [name, t] : j["tensors"].items()) {
      raw_tensor raw{t["shape"].get<std::vector<std::uint64_t>>(), {}};
      const auto hex = t["bf16"].get<std::string>();
      raw.bytes.resize(hex.size() / 2);
      if (!assay::from_hex(hex, raw.bytes)) throw std::runtime_error("bad hexadecimal text in the vectors");
      tensors.emplace(name, std::move(raw));
    }
  }

  [[nodiscard]] std::string config_text() const { return config.dump(); }

  [[nodiscard]] byte_string safetensors_file() const {
    nlohmann::json header;
    byte_string data;
    for (const auto& [name, t] : tensors) {
      header[name] = {
          {"dtype", "BF16"}, {"shape", t.shape}, {"data_offsets", {data.size(), data.size() + t.bytes.size()}}};
      put(data, assay::byte_view{t.bytes});
    }
    return safetensors(header.dump(), data);
  }

  /// As llama.cpp's converter writes it: other names, rows of q and k reordered, norms as f32.
  [[nodiscard]] byte_string gguf_file() const {
    gguf_writer w;
    w.string("general.architecture", "llama")
        .u32("llama.embedding_length", config["hidden_size"])
        .u32("llama.block_count", config["num_hidden_layers"]);
    w.u32("llama.feed_forward_length", config["intermediate_size"])
        .u32("llama.attention.head_count", config["num_attention_heads"]);
    w.u32("llama.attention.head_count_kv", config["num_key_value_heads"])
        .u32("llama.context_length", config["max_position_embeddings"]);
    w.f32("llama.attention.layer_norm_rms_epsilon", config["rms_norm_eps"])
        .f32("llama.rope.freq_base", config["rope_theta"]);
    for (const auto& [name, t] : tensors) {
      if (t.shape.size() == 1) w.tensor(gguf_name(name), t.shape, 0, widened(t.bytes));
      else if (name.find("q_proj") != name.npos)
        w.tensor(gguf_name(name), t.shape, 30, reordered(t, config["num_attention_heads"]));
      else if (name.find("k_proj") != name.npos)
        w.tensor(gguf_name(name), t.shape, 30, reordered(t, config["num_key_value_heads"]));
      else w.tensor(gguf_name(name), t.shape, 30, t.bytes);
    }
    return w.finish();
  }

  [[nodiscard]] reference::model_weights weights() const {
    return *reference::parse_huggingface(assay::as_bytes(config_text()), safetensors_file());
  }
  [[nodiscard]] reference::engine engine(const reference::tampering& t = {}) const {
    return *reference::engine::assemble(weights(), t);
  }

 private:
  static std::string gguf_name(std::string name) {
    const std::pair<const char*, const char*> parts[] = {{"model.embed_tokens", "token_embd"},
                                                         {"model.norm", "output_norm"},
                                                         {"lm_head", "output"},
                                                         {"model.layers", "blk"},
                                                         {"post_attention_layernorm", "ffn_norm"},
                                                         {"input_layernorm", "attn_norm"},
                                                         {"self_attn.q_proj", "attn_q"},
                                                         {"self_attn.k_proj", "attn_k"},
                                                         {"self_attn.v_proj", "attn_v"},
                                                         {"self_attn.o_proj", "attn_output"},
                                                         {"mlp.gate_proj", "ffn_gate"},
                                                         {"mlp.up_proj", "ffn_up"},
                                                         {"mlp.down_proj", "ffn_down"}};
    for (const auto& [from, to] : parts)
      if (const auto at = name.find(from); at != name.npos) name.replace(at, std::string(from).size(), to);
    return name;
  }
  static byte_string widened(const byte_string& bf16) {
    byte_string out;
    for (std::size_t i = 0; i < bf16.size(); i += 2)
      put<std::uint32_t>(out, std::uint32_t{assay::load_le<std::uint16_t>(bf16.data() + i)} << 16);
    return out;
  }
  /// convert_hf_to_gguf.py: reshape(heads, 2, half, columns).swapaxes(1, 2)
  static byte_string reordered(const raw_tensor& t, std::size_t heads) {
    const std::size_t row_bytes = t.shape[1] * 2, half = t.shape[0] / heads / 2;
    byte_string out;
    for (std::size_t h = 0; h < heads; ++h)
      for (std::size_t j = 0; j < half; ++j)
        for (std::size_t part = 0; part < 2; ++part)
          put(out, assay::byte_view{t.bytes}.subspan(((h * 2 + part) * half + j) * row_bytes, row_bytes));
    return out;
  }
};

inline const tiny_model& tiny() {
  static const tiny_model model;
  return model;
}

inline double largest_difference(std::span<const float> a, std::span<const float> b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    largest = std::max(largest, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
  return largest;
}

inline bool same_bits(std::span<const float> a, std::span<const float> b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

/// All logits of the tiny model's tokens, by one prefill.
inline std::vector<float> prefilled(const reference::engine& engine, const reference::numerics& how) {
  reference::session s = engine.new_session(how);
  const auto rows = *s.prefill(tiny().tokens, reference::which_logits::all);
  return {rows.data, rows.data + std::size_t{rows.count} * rows.vocabulary};
}

/// The same, token by token.
inline std::vector<float> decoded(const reference::engine& engine, const reference::numerics& how) {
  reference::session s = engine.new_session(how);
  std::vector<float> all;
  for (assay::token_id t : tiny().tokens) {
    const auto row = *s.decode(t);
    all.insert(all.end(), row.begin(), row.end());
  }
  return all;
}

inline std::vector<float> flat(const std::vector<std::vector<float>>& rows) {
  std::vector<float> all;
  for (const auto& r : rows) all.insert(all.end(), r.begin(), r.end());
  return all;
}

}  // namespace assay_tests

#endif
