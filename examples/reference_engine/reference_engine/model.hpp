// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A Llama-architecture model in memory: its shape, its weights as f32 values, and how both are read from files.
#ifndef REFERENCE_ENGINE_MODEL_HPP
#define REFERENCE_ENGINE_MODEL_HPP

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <assay/core/bytes.hpp>
#include <assay/core/result.hpp>
#include <assay/hash/digest.hpp>

namespace reference {

/// The numbers of config.json that the forward pass needs.
struct model_config {
  std::uint32_t vocabulary = 0;
  std::uint32_t width = 0;         ///< hidden_size
  std::uint32_t inner_width = 0;   ///< intermediate_size
  std::uint32_t blocks = 0;
  std::uint32_t heads = 0;
  std::uint32_t kv_heads = 0;
  std::uint32_t head_width = 0;
  std::uint32_t max_positions = 0;
  float norm_epsilon = 0;
  float rope_base = 0;
  bool tied_head = false;          ///< the LM head is the embedding matrix

  friend bool operator==(const model_config&, const model_config&) = default;
};

/// Checks that the numbers fit each other and stay within what this engine is made for.
/// @errors invalid_settings, too_large
assay::result<void> validate(const model_config&);

/// Matrices are row-major [outputs, inputs], named as in a Hugging Face checkpoint.
struct block_weights {
  std::vector<float> input_norm, q, k, v, o, post_norm, gate, up, down;
};

struct model_weights {
  model_config config;
  std::vector<float> embedding;  ///< [vocabulary, width]
  std::vector<block_weights> blocks;
  std::vector<float> final_norm;
  std::vector<float> head;       ///< [vocabulary, width]; empty if tied
};

enum class tensor_role : std::uint8_t { embedding, norm, linear };

/// Calls `f(name, rows, columns, role, values)` for every tensor in canonical order; a vector has one row.
template <class Weights, class F>
void for_each_tensor(Weights& w, F f) {
  const model_config& c = w.config;
  const std::size_t n = c.width, q = std::size_t{c.heads} * c.head_width, kv = std::size_t{c.kv_heads} * c.head_width;
  f(std::string("model.embed_tokens.weight"), std::size_t{c.vocabulary}, n, tensor_role::embedding, w.embedding);
  for (std::size_t i = 0; i < w.blocks.size(); ++i) {
    auto& b = w.blocks[i];
    const std::string at = "model.layers." + std::to_string(i) + ".";
    f(at + "input_layernorm.weight", std::size_t{1}, n, tensor_role::norm, b.input_norm);
    f(at + "self_attn.q_proj.weight", q, n, tensor_role::linear, b.q);
    f(at + "self_attn.k_proj.weight", kv, n, tensor_role::linear, b.k);
    f(at + "self_attn.v_proj.weight", kv, n, tensor_role::linear, b.v);
    f(at + "self_attn.o_proj.weight", n, q, tensor_role::linear, b.o);
    f(at + "post_attention_layernorm.weight", std::size_t{1}, n, tensor_role::norm, b.post_norm);
    f(at + "mlp.gate_proj.weight", std::size_t{c.inner_width}, n, tensor_role::linear, b.gate);
    f(at + "mlp.up_proj.weight", std::size_t{c.inner_width}, n, tensor_role::linear, b.up);
    f(at + "mlp.down_proj.weight", n, std::size_t{c.inner_width}, tensor_role::linear, b.down);
  }
  f(std::string("model.norm.weight"), std::size_t{1}, n, tensor_role::norm, w.final_norm);
  if (!c.tied_head) f(std::string("lm_head.weight"), std::size_t{c.vocabulary}, n, tensor_role::linear, w.head);
}

/// SHA-256 over the config and, in canonical order, every tensor's name, shape and f32 bits. Independent of the file
/// format: the same model read from safetensors and from GGUF has the same digest. Determinism: exact.
[[nodiscard]] assay::digest digest_of(const model_weights&);

/// Parses config.json. @errors malformed, missing_field, wrong_type, unsupported, invalid_settings, too_large
assay::result<model_config> parse_config(assay::byte_view json);

/// Reads a model from the bytes of config.json and model.safetensors (f32, f16 or bf16). Every tensor must be there
/// once with the config's shape, and no other. @errors those of the parsers, not_found, shape_mismatch, dtype_mismatch, unknown_field
assay::result<model_weights> parse_huggingface(assay::byte_view config_json, assay::byte_view safetensors);

/// Reads a model from GGUF bytes with unquantised tensors; undoes the row order that llama.cpp gives q and k.
assay::result<model_weights> parse_gguf_model(assay::byte_view gguf);

/// Reads a model from a directory (config.json, model.safetensors) or from a .gguf file. @errors io_failure, those above
assay::result<model_weights> load_weights(const std::filesystem::path&);

/// Reads a whole file. @errors io_failure, too_large
assay::result<std::vector<std::byte>> read_file(const std::filesystem::path&,
                                                std::uint64_t limit = std::uint64_t{1} << 36);

}  // namespace reference

#endif
