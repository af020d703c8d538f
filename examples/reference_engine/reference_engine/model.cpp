// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <reference_engine/model.hpp>

#include <bit>
#include <cmath>
#include <fstream>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include <assay/core/endian.hpp>
#include <assay/core/float_formats.hpp>
#include <assay/hash/transcript.hpp>
#include <assay/io/gguf.hpp>
#include <assay/io/safetensors.hpp>
#include <reference_engine/lm_head.hpp>

#include <nlohmann/json.hpp>

namespace reference {

using assay::byte_view;
using assay::errc;
using assay::fail;
using assay::result;

namespace {

/// Copies a tensor of the expected shape as f32 values. A matrix of one row may be a vector.
result<std::vector<float>> read_floats(const assay::named_tensor& t, std::size_t rows, std::size_t columns) {
  const auto& e = t.view.extent;
  const bool fits =
      (t.view.rank == 2 && e[0] == static_cast<std::int64_t>(rows) && e[1] == static_cast<std::int64_t>(columns)) ||
      (t.view.rank == 1 && rows == 1 && e[0] == static_cast<std::int64_t>(columns));
  if (!fits) return fail(errc::shape_mismatch, "a tensor has another shape than the configuration asks for");
  const std::size_t n = rows * columns;
  const std::byte* from = t.bytes.data();
  std::vector<float> out(n);
  switch (t.view.type) {
    case assay::dtype::f32:
      for (std::size_t i = 0; i < n; ++i) out[i] = std::bit_cast<float>(assay::load_le<std::uint32_t>(from + 4 * i));
      break;
    case assay::dtype::f16:
      for (std::size_t i = 0; i < n; ++i) out[i] = assay::f16_to_float(assay::load_le<std::uint16_t>(from + 2 * i));
      break;
    case assay::dtype::bf16:
      for (std::size_t i = 0; i < n; ++i) out[i] = assay::bf16_to_float(assay::load_le<std::uint16_t>(from + 2 * i));
      break;
    default: return fail(errc::dtype_mismatch, "a weight that is neither f32 nor f16 nor bf16");
  }
  for (float v : out)
    if (!std::isfinite(v)) return fail(errc::non_finite, "a weight that is no finite number");
  return out;
}

/// Reads every tensor of the model by the name that `file_name` gives it, and refuses tensors that the model does not have.
template <class File, class Name>
result<void> fill(model_weights& w, const File& file, Name file_name) {
  result<void> outcome;
  std::set<std::string, std::less<>> used;
  w.blocks.resize(w.config.blocks);
  for_each_tensor(
      w, [&](const std::string& name, std::size_t rows, std::size_t columns, tensor_role, std::vector<float>& values) {
        if (!outcome) return;
        const std::string key = file_name(name);
        const assay::named_tensor* t = file.find(key);
        if (t == nullptr) {
          outcome = fail(errc::not_found, "a tensor of the model is missing in the file", used.size());
          return;
        }
        auto read = read_floats(*t, rows, columns);
        if (!read) outcome = read.error();
        else values = std::move(*read);
        used.insert(key);
      });
  if (!outcome) return outcome;
  for (std::size_t i = 0; i < file.tensors.size(); ++i)
    if (!used.contains(file.tensors[i].name))
      return fail(errc::unknown_field, "the file holds a tensor that the model does not have", i);
  return {};
}

// --- config.json ---------------------------------------------------------------------------------------------------------

/// Members of a JSON object with the first problem remembered.
class config_reader {
 public:
  explicit config_reader(const nlohmann::json& object) : object_(object) {}

  std::uint32_t count(const char* key, std::optional<std::uint32_t> fallback = {}) {
    const nlohmann::json* v = find(key, fallback.has_value());
    if (v == nullptr) return fallback.value_or(0);
    if (!v->is_number_unsigned() || v->get<std::uint64_t>() > UINT32_MAX) {
      note(errc::wrong_type, "config: a size that is no 32-bit count");
      return 0;
    }
    return v->get<std::uint32_t>();
  }
  float number(const char* key, std::optional<float> fallback = {}) {
    const nlohmann::json* v = find(key, fallback.has_value());
    if (v == nullptr) return fallback.value_or(0.0f);
    if (!v->is_number()) note(errc::wrong_type, "config: a number of another type");
    return v->is_number() ? static_cast<float>(v->get<double>()) : 0.0f;
  }
  bool flag(const char* key) {
    const nlohmann::json* v = find(key, true);
    if (v != nullptr && !v->is_boolean()) note(errc::wrong_type, "config: a flag that is neither true nor false");
    return v != nullptr && v->is_boolean() && v->get<bool>();
  }
  void require_text(const char* key, std::string_view expected) {
    const nlohmann::json* v = find(key, false);
    if (v == nullptr) return;
    const auto* text = v->get_ptr<const std::string*>();
    if (text == nullptr || *text != expected) note(errc::unsupported, "config: only Llama models with SiLU are run");
  }
  void require_absent(const char* key) {
    const nlohmann::json* v = find(key, true);
    if (v != nullptr && !(v->is_boolean() && !v->get<bool>()))
      note(errc::unsupported, "config: a variant that this engine does not run");
  }
  [[nodiscard]] const result<void>& outcome() const { return outcome_; }

 private:
  const nlohmann::json* find(const char* key, bool optional) {
    const auto it = object_.find(key);
    if (it != object_.end() && !it->is_null()) return &*it;
    if (!optional) note(errc::missing_field, "config: a required member is missing");
    return nullptr;
  }
  void note(errc code, const char* message) {
    if (outcome_) outcome_ = fail(code, message);
  }
  const nlohmann::json& object_;
  result<void> outcome_;
};

/// Refuses nesting beyond a small depth, so that no later step depends on it.
bool is_shallow(byte_view json) {
  int depth = 0;
  bool quoted = false, escaped = false;
  for (std::byte b : json) {
    const char c = static_cast<char>(b);
    if (quoted) {
      if (escaped) escaped = false;
      else if (c == '\\') escaped = true;
      else if (c == '"') quoted = false;
    } else if (c == '"') quoted = true;
    else if (c == '{' || c == '[') {
      if (++depth > 16) return false;
    } else if (c == '}' || c == ']') --depth;
  }
  return true;
}

// --- GGUF ----------------------------------------------------------------------------------------------------------------

/// The name llama.cpp gives a Hugging Face tensor; empty: none.
std::string gguf_name(std::string_view name) {
  constexpr std::pair<std::string_view, std::string_view> parts[] = {
      {"input_layernorm", "attn_norm"}, {"self_attn.q_proj", "attn_q"},      {"self_attn.k_proj", "attn_k"},
      {"self_attn.v_proj", "attn_v"},   {"self_attn.o_proj", "attn_output"}, {"post_attention_layernorm", "ffn_norm"},
      {"mlp.gate_proj", "ffn_gate"},    {"mlp.up_proj", "ffn_up"},           {"mlp.down_proj", "ffn_down"}};
  if (name == "model.embed_tokens.weight") return "token_embd.weight";
  if (name == "model.norm.weight") return "output_norm.weight";
  if (name == "lm_head.weight") return "output.weight";
  name.remove_prefix(std::string_view("model.layers.").size());
  const std::size_t dot = name.find('.');
  const std::string_view index = name.substr(0, dot), rest = name.substr(dot + 1);
  for (const auto& [ours, theirs] : parts)
    if (rest.starts_with(ours)) return "blk." + std::string(index) + "." + std::string(theirs) + ".weight";
  return {};
}

/// llama.cpp stores the rows of a head pairwise: (0, half, 1, half + 1, ...). Restores the order of rotate_half.
void undo_row_order(std::vector<float>& matrix, std::size_t heads, std::size_t columns) {
  const std::size_t head_width = matrix.size() / columns / heads, half = head_width / 2;
  std::vector<float> restored(matrix.size());
  for (std::size_t h = 0; h < heads; ++h)
    for (std::size_t r = 0; r < head_width; ++r) {
      const std::size_t from = h * head_width + r, to = h * head_width + (r % 2) * half + r / 2;
      std::copy_n(matrix.begin() + static_cast<std::ptrdiff_t>(from * columns), columns,
                  restored.begin() + static_cast<std::ptrdiff_t>(to * columns));
    }
  matrix = std::move(restored);
}

result<std::uint32_t> gguf_count(const assay::gguf_file& file, std::string_view key,
                                 std::optional<std::uint32_t> fallback = {}) {
  const assay::gguf_value* v = file.find_value(key);
  if (v == nullptr) {
    if (fallback) return *fallback;
    return fail(errc::missing_field, "gguf: a metadata value of the model is missing");
  }
  const auto value = v->as_u64();
  if (!value) return value.error();
  return assay::checked_cast<std::uint32_t>(*value);
}

result<float> gguf_number(const assay::gguf_file& file, std::string_view key, std::optional<float> fallback = {}) {
  const assay::gguf_value* v = file.find_value(key);
  if (v == nullptr) {
    if (fallback) return *fallback;
    return fail(errc::missing_field, "gguf: a metadata value of the model is missing");
  }
  const auto value = v->as_f64();
  if (!value) return value.error();
  return static_cast<float>(*value);
}

result<model_config> gguf_config(const assay::gguf_file& file) {
  const assay::gguf_value* architecture = file.find_value("general.architecture");
  if (architecture == nullptr) return fail(errc::missing_field, "gguf: general.architecture is missing");
  const auto name = architecture->as_string();
  if (!name) return name.error();
  if (*name != "llama") return fail(errc::unsupported, "gguf: only the architecture llama is run");
  if (file.find_value("llama.rope.scaling.type") != nullptr || file.find("rope_freqs.weight") != nullptr)
    return fail(errc::unsupported, "gguf: scaled rotary positions are not run");
  const assay::named_tensor* embedding = file.find("token_embd.weight");
  if (embedding == nullptr || embedding->view.rank != 2) return fail(errc::not_found, "gguf: no embedding matrix");

  const auto width = gguf_count(file, "llama.embedding_length"), inner = gguf_count(file, "llama.feed_forward_length"),
             blocks = gguf_count(file, "llama.block_count"), heads = gguf_count(file, "llama.attention.head_count"),
             positions = gguf_count(file, "llama.context_length"),
             vocabulary = assay::checked_cast<std::uint32_t>(embedding->view.extent[0]);
  for (const auto* r : {&width, &inner, &blocks, &heads, &positions, &vocabulary})
    if (!*r) return r->error();
  const auto kv_heads = gguf_count(file, "llama.attention.head_count_kv", *heads);
  if (!kv_heads) return kv_heads.error();
  if (*heads == 0) return fail(errc::invalid_settings, "gguf: a model without attention heads");
  const auto head_width = gguf_count(file, "llama.rope.dimension_count", *width / *heads);
  if (!head_width) return head_width.error();
  const auto epsilon = gguf_number(file, "llama.attention.layer_norm_rms_epsilon"),
             base = gguf_number(file, "llama.rope.freq_base", 10000.0f);
  if (!epsilon) return epsilon.error();
  if (!base) return base.error();
  return model_config{*vocabulary,
                      *width,
                      *inner,
                      *blocks,
                      *heads,
                      *kv_heads,
                      *head_width,
                      *positions,
                      *epsilon,
                      *base,
                      file.find("output.weight") == nullptr};
}

}  // namespace

result<void> validate(const model_config& c) {
  for (std::uint32_t n :
       {c.vocabulary, c.width, c.inner_width, c.blocks, c.heads, c.kv_heads, c.head_width, c.max_positions})
    if (n == 0) return fail(errc::invalid_settings, "config: a size of zero");
  if (c.vocabulary > 1u << 22 || c.width > 1u << 16 || c.inner_width > 1u << 18 || c.blocks > 1024 || c.heads > 1024 ||
      c.kv_heads > 1024 || c.head_width > 1024 || c.max_positions > 1u << 20)
    return fail(errc::too_large, "config: a size beyond what this engine is made for");
  if (c.heads % c.kv_heads != 0)
    return fail(errc::invalid_settings, "config: query heads are no multiple of key-value heads");
  if (c.head_width % 2 != 0) return fail(errc::invalid_settings, "config: rotary positions need an even head width");
  if (!(c.norm_epsilon > 0 && c.norm_epsilon < 1))
    return fail(errc::invalid_settings, "config: the norm's epsilon must be in (0, 1)");
  if (!(c.rope_base > 1 && c.rope_base < 1e12f))
    return fail(errc::invalid_settings, "config: the rotary base must be in (1, 1e12)");
  return {};
}

result<model_config> parse_config(byte_view json) {
  if (json.size() > std::size_t{1} << 20) return fail(errc::too_large, "config: longer than 1 MiB", json.size());
  if (!is_shallow(json)) return fail(errc::malformed, "config: nested too deeply");
  const auto* first = reinterpret_cast<const char*>(json.data());
  const nlohmann::json object = nlohmann::json::parse(first, first + json.size(), nullptr, false);
  if (!object.is_object()) return fail(errc::malformed, "config: not a JSON object");

  config_reader in{object};
  in.require_text("model_type", "llama");
  in.require_text("hidden_act", "silu");
  for (const char* variant : {"rope_scaling", "attention_bias", "mlp_bias", "quantization_config"})
    in.require_absent(variant);
  model_config c;
  c.vocabulary = in.count("vocab_size");
  c.width = in.count("hidden_size");
  c.inner_width = in.count("intermediate_size");
  c.blocks = in.count("num_hidden_layers");
  c.heads = in.count("num_attention_heads");
  c.kv_heads = in.count("num_key_value_heads", c.heads);
  c.head_width = in.count("head_dim", c.heads == 0 ? 0 : c.width / c.heads);
  c.max_positions = in.count("max_position_embeddings");
  c.norm_epsilon = in.number("rms_norm_eps");
  c.rope_base = in.number("rope_theta", 10000.0f);
  c.tied_head = in.flag("tie_word_embeddings");
  if (!in.outcome()) return in.outcome().error();
  if (auto ok = validate(c); !ok) return ok.error();
  return c;
}

result<model_weights> parse_huggingface(byte_view config_json, byte_view safetensors) {
  auto config = parse_config(config_json);
  if (!config) return config.error();
  const auto file = assay::parse_safetensors(safetensors);
  if (!file) return file.error();
  model_weights w;
  w.config = *config;
  if (auto ok = fill(w, *file, [](const std::string& name) { return name; }); !ok) return ok.error();
  return w;
}

result<model_weights> parse_gguf_model(byte_view gguf) {
  const auto file = assay::parse_gguf(gguf);
  if (!file) return file.error();
  auto config = gguf_config(*file);
  if (!config) return config.error();
  if (auto ok = validate(*config); !ok) return ok.error();
  model_weights w;
  w.config = *config;
  if (auto ok = fill(w, *file, gguf_name); !ok) return ok.error();
  for (block_weights& b : w.blocks) {
    undo_row_order(b.q, config->heads, config->width);
    undo_row_order(b.k, config->kv_heads, config->width);
  }
  return w;
}

assay::digest digest_of(const model_weights& w) {
  const model_config& c = w.config;
  assay::transcript t{assay::domains::model};
  t.text("architecture", "llama").u64("heads", c.heads).u64("kv heads", c.kv_heads).u64("head width", c.head_width);
  t.u64("positions", c.max_positions).u64("norm epsilon", std::bit_cast<std::uint32_t>(c.norm_epsilon));
  t.u64("rotary base", std::bit_cast<std::uint32_t>(c.rope_base)).u64("tied head", c.tied_head ? 1 : 0);
  std::vector<std::byte> bits;
  for_each_tensor(w, [&](const std::string& name, std::size_t rows, std::size_t columns, tensor_role,
                         const std::vector<float>& values) {
    bits.resize(values.size() * 4);
    for (std::size_t i = 0; i < values.size(); ++i)
      assay::store_le(bits.data() + 4 * i, std::bit_cast<std::uint32_t>(values[i]));
    t.text("tensor", name).u64("rows", rows).u64("columns", columns).bytes("f32 bits", bits);
  });
  return t.finish();
}

result<std::vector<std::byte>> read_file(const std::filesystem::path& path, std::uint64_t limit) {
  std::error_code error;
  const std::uint64_t size = std::filesystem::file_size(path, error);
  if (error) return fail(errc::io_failure, "a file that cannot be found or read");
  if (size > limit) return fail(errc::too_large, "a file beyond the limit", size);
  std::vector<std::byte> bytes(static_cast<std::size_t>(size));
  std::ifstream in(path, std::ios::binary);
  in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size));
  if (!in || static_cast<std::uint64_t>(in.gcount()) != size)
    return fail(errc::io_failure, "a file that could not be read to its end");
  return bytes;
}

result<model_weights> load_weights(const std::filesystem::path& path) {
  if (path.extension() == ".gguf") {
    const auto bytes = read_file(path);
    if (!bytes) return bytes.error();
    return parse_gguf_model(*bytes);
  }
  const auto config = read_file(path / "config.json", std::uint64_t{1} << 20);
  if (!config) return config.error();
  const auto weights = read_file(path / "model.safetensors");
  if (!weights) return weights.error();
  return parse_huggingface(*config, *weights);
}

result<lm_head> lm_head::load(const std::filesystem::path& directory) {
  const auto config_json = read_file(directory / "config.json", std::uint64_t{1} << 20);
  if (!config_json) return config_json.error();
  const auto config = parse_config(*config_json);
  if (!config) return config.error();
  const auto bytes = read_file(directory / "model.safetensors");
  if (!bytes) return bytes.error();
  const auto file = assay::parse_safetensors(*bytes);
  if (!file) return file.error();
  const assay::named_tensor* matrix = file->find(config->tied_head ? "model.embed_tokens.weight" : "lm_head.weight");
  if (matrix == nullptr) return fail(errc::not_found, "the file holds no LM head");
  const auto values = read_floats(*matrix, config->vocabulary, config->width);
  if (!values) return values.error();
  return lm_head{*values, config->vocabulary, config->width};
}

}  // namespace reference
