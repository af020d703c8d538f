// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Generates text: the same prompt, settings, seed and numerics always give the same text.
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <assay/core/endian.hpp>
#include <assay/random/noise.hpp>
#include <assay/random/seed.hpp>
#include <assay/token/sample.hpp>
#include <reference_engine/engine.hpp>
#include <reference_engine/tokenizer.hpp>

namespace {

struct options {
  std::filesystem::path model, tokenizer;
  std::string prompt, numerics = "sequential";
  std::uint32_t tokens = 100;
  std::uint64_t seed = 1;
  assay::sampler_settings sampler{0.8f, 50, 0.95f};
  reference::tampering cheat;
  bool timing = false;
};

int fail_with(const char* what, const assay::error& e) {
  std::cerr << "assay_generate: " << what << ": " << e.message << " (" << assay::name(e.code) << ")\n";
  return 1;
}

assay::noise_key key_of(std::uint64_t number) {
  assay::seed seed;
  assay::store_le(seed.bytes.data(), number);
  return assay::derive_noise_key(seed);
}

int generate(const options& o, const reference::engine& engine, const reference::tokenizer& tokens,
             const reference::numerics& how) {
  std::vector<assay::token_id> sequence{assay::token_id{0}};  // every training text starts with the end-of-text token
  for (assay::token_id t : tokens.encode(o.prompt)) sequence.push_back(t);
  reference::session session = engine.new_session(how);
  const auto prefilled = session.prefill(sequence);
  if (!prefilled) return fail_with("prompt", prefilled.error());

  std::cout << o.prompt << std::flush;
  const assay::noise_key key = key_of(o.seed);
  assay::token_workspace workspace;
  std::span<const float> logits = prefilled->row(0);
  const auto start = std::chrono::steady_clock::now();
  std::uint32_t made = 0;
  for (; made < o.tokens; ++made) {
    const auto token = assay::sample_token(logits, o.sampler, key, made, workspace);
    if (!token) return fail_with("sampling", token.error());
    if (token->value == 0) break;
    std::cout << tokens.decode({&*token, 1}) << std::flush;
    if (session.next().value == engine.config().max_positions) break;
    const auto next = session.decode(*token);
    if (!next) return fail_with("decode", next.error());
    logits = *next;
  }
  std::cout << '\n';
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (o.timing) std::cerr << made << " tokens in " << seconds << " s, " << made / seconds << " tokens/s\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  options o;
  CLI::App app{"Generates text with a Llama model on the CPU, reproducibly."};
  app.add_option("--model", o.model, "directory with config.json and model.safetensors, or a .gguf file")->required();
  app.add_option("--tokenizer", o.tokenizer, "tokenizer.json (default: beside the model or one folder above)");
  app.add_option("--prompt", o.prompt, "text to continue");
  app.add_option("--tokens", o.tokens, "tokens to generate")->capture_default_str();
  app.add_option("--temperature", o.sampler.temperature, "0: greedy")->capture_default_str();
  app.add_option("--top-k", o.sampler.top_k, "0: off")->capture_default_str();
  app.add_option("--top-p", o.sampler.top_p, "1: off")->capture_default_str();
  app.add_option("--seed", o.seed, "chooses the sampling noise")->capture_default_str();
  app.add_option("--numerics", o.numerics,
                 "an honest profile: sequential, blocked-32, split-k, lanes-8, bf16, bf16-split-k")
      ->capture_default_str();
  app.add_option("--cheat-weight-bits", o.cheat.weight_bits, "run weights rounded to 8 or 4 bits");
  app.add_flag("--timing", o.timing, "print the speed to standard error");
  CLI11_PARSE(app, argc, argv);

  const reference::numerics* how = reference::find_numerics(o.numerics);
  if (how == nullptr) {
    std::cerr << "assay_generate: there are no numerics of that name\n";
    return 1;
  }
  if (o.tokenizer.empty()) {
    const auto folder = std::filesystem::is_directory(o.model) ? o.model : o.model.parent_path();
    o.tokenizer = std::filesystem::exists(folder / "tokenizer.json") ? folder / "tokenizer.json"
                                                                     : folder / ".." / "tokenizer.json";
  }
  const auto tokens = reference::tokenizer::load(o.tokenizer);
  if (!tokens) return fail_with("tokenizer", tokens.error());
  const auto engine = reference::engine::load(o.model, o.cheat);
  if (!engine) return fail_with("model", engine.error());
  return generate(o, *engine, *tokens, *how);
}
