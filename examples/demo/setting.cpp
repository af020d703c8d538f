// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "setting.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace demo {
namespace {

using reference::numerics;
using reference::precision;
using reference::summation;

/// Honest stacks of the same precision: they add up in different orders, split the prompt, and process keys in blocks.
std::vector<numerics> honest_stacks(precision activation) {
  const precision f32 = precision::f32;
  return {
      {"tiles", {summation::order::blocked, 32}, {summation::order::interleaved, 4}, activation, f32, 0, 64},
      {"split-k", {summation::order::split, 4}, {summation::order::split, 4}, activation, f32, 64, 32},
      {"sequential", {}, {}, activation, f32, 0, 0},
      {"chunked", {summation::order::interleaved, 8}, {summation::order::interleaved, 8}, activation, f32, 16, 16},
  };
}

numerics verifier_stack(precision activation) {
  return {"verifier", {summation::order::interleaved, 16}, {summation::order::interleaved, 16}, activation, precision::f32, 0, 128};
}

/// Quantisation steps with ample head room: honest sketches stay below an eighth of the integer range.
assay::result<std::vector<float>> choose_steps(const setting& with) {
  const auto& m = with.run.model;
  std::vector<float> largest(m.checkpoints, 0.0f);
  std::vector<float> row(m.width);
  const auto measure = [&](assay::layer_index layer, const assay::tensor_view& rows, assay::position, std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) {
      if (!assay::read_row(rows, i, row)) continue;
      float norm = 0;
      for (float x : row) norm += x * x;
      largest[layer.value] = std::max(largest[layer.value], std::sqrt(norm));
    }
  };
  auto session = with.honest.new_session(with.verifier_numerics, 256);
  const std::span<const assay::token_id> text{with.held_out};
  if (auto run = session.prefill(text.first(std::min<std::size_t>(256, text.size())), reference::which_logits::none, measure); !run) return run.error();
  std::vector<float> steps;
  for (float norm : largest) steps.push_back(std::exp2(std::ceil(std::log2(norm / 4096))));  // powers of two: exact everywhere
  return steps;
}

assay::result<void> load_text(setting& with) {
  auto bytes = reference::read_file(with.chosen.models / "held_out.txt");
  if (!bytes) return bytes.error();
  const std::string text{reinterpret_cast<const char*>(bytes->data()), bytes->size()};
  for (std::size_t at = 0; at < text.size();) {  // verse by verse, so that prompts can begin at one
    const std::size_t end = std::min(text.find('\n', at), text.size() - 1);
    with.verse_starts.push_back(static_cast<std::uint32_t>(with.held_out.size()));
    const auto verse = with.tokenizer.encode(std::string_view{text}.substr(at, end + 1 - at));
    with.held_out.insert(with.held_out.end(), verse.begin(), verse.end());
    at = end + 1;
  }
  while (!with.verse_starts.empty() && with.verse_starts.back() + 64 > with.held_out.size()) with.verse_starts.pop_back();
  if (with.verse_starts.empty()) return assay::fail(assay::errc::insufficient_data, "held_out.txt is too short for a prompt");
  return {};
}

template <class T>
assay::result<T> explain(assay::result<T> loaded, const std::filesystem::path& path) {
  if (!loaded) std::fprintf(stderr, "cannot load %s: %s\n", path.c_str(), loaded.error().message);
  return loaded;
}

}  // namespace

assay::result<setting> prepare(const options& chosen) {
  const auto base = chosen.models / "base", small_path = chosen.models / "small", tokens = chosen.models / "tokenizer.json";
  auto honest = explain(reference::engine::load(base), base);
  if (!honest) return honest.error();
  auto small = explain(reference::engine::load(small_path), small_path);
  if (!small) return small.error();
  auto head = explain(reference::lm_head::load(base), base);
  if (!head) return head.error();
  auto tokenizer = explain(reference::tokenizer::load(tokens), tokens);
  if (!tokenizer) return tokenizer.error();

  setting with{chosen, std::move(*honest), std::move(*small), std::move(*head), std::move(*tokenizer), {}, {}, {}, {}, {}, {}, {}};
  if (auto loaded = load_text(with); !loaded) return loaded.error();
  const bool bf16 = chosen.activations == "bf16";
  with.provider_numerics = honest_stacks(bf16 ? precision::bf16 : precision::f32);
  with.verifier_numerics = verifier_stack(bf16 ? precision::bf16 : precision::f32);

  const auto& c = with.honest.config();
  with.run.model = {assay::model_digest{with.honest.claimed_digest()}, assay::tokenizer_digest{with.tokenizer.digest()}, assay::dtype::bf16,
                    bf16 ? assay::dtype::bf16 : assay::dtype::f32, with.honest.checkpoint_count(), c.width, c.vocabulary};
  with.run.sampler.filters.sampler = {.temperature = 0.8f, .top_k = 50, .top_p = 0.95f};
  auto steps = choose_steps(with);
  if (!steps) return steps.error();
  with.run.commitment.steps = std::move(*steps);
  if (auto valid = validate(with.run); !valid) return valid.error();
  with.policy.request_alpha = chosen.request_alpha, with.policy.session_alpha = chosen.session_alpha;
  with.policy.opened = {chosen.positions_opened, chosen.final_rows_opened};
  with.head_policy = with.policy;
  with.head_policy.required = assay::audit_level::lm_head;
  with.head_policy.minimum_tokens = 1;
  return with;
}

assay::seed demo_seed(const setting& with, std::string_view purpose, std::uint64_t index) {
  assay::seed root;
  assay::store_le(root.bytes.data(), with.chosen.seed);
  std::array<std::byte, 8> context;
  assay::store_le(context.data(), index);
  return assay::derive_seed(root, purpose, context);
}

assay::request make_request(const setting& with, std::string_view purpose, std::uint64_t index) {
  const assay::seed own = demo_seed(with, purpose, index);
  assay::random_stream stream{own, "request"};
  assay::request asked;
  for (std::size_t i = 0; i < asked.id.size(); ++i) asked.id[i] = static_cast<std::byte>(stream.below(256));
  asked.nonce = assay::derive_seed(own, "client-nonce");
  const std::uint32_t start = with.verse_starts[stream.below(with.verse_starts.size())];
  const auto length = static_cast<std::uint32_t>(24 + stream.below(25));
  asked.prompt.assign(with.held_out.begin() + start, with.held_out.begin() + start + length);
  asked.max_output = with.chosen.output_tokens;
  return asked;
}

}  // namespace demo
