// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "provider.hpp"

#include <algorithm>

#include <assay/core/row_source.hpp>
#include <assay/token/sample.hpp>

#include "forgeries.hpp"
#include "generation.hpp"

namespace study {
namespace {

using assay::token_id;
using assay::evaluation::attack_parameter;
using reference::numerics;
using reference::precision;
using reference::summation;

/// Keeps the rows of output tokens. A narrower, shallower model's rows are repeated until they look like the promised ones.
class recorder {
 public:
  recorder(traced& kept, std::vector<float>& side, std::uint32_t first_row, std::uint32_t blocks)
      : kept_(kept), side_(side), first_row_(first_row), blocks_(blocks) {
    side_.assign(std::size_t{kept.checkpoints} * kept.tokens * kept.width, 0.0f);
  }

  void operator()(assay::layer_index layer, const assay::tensor_view& rows, assay::position first, std::uint32_t count) {
    const std::uint32_t last = kept_.checkpoints - 1;
    std::vector<float> row(static_cast<std::size_t>(rows.extent[1]));
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint32_t at = first.value + i;
      if (at < first_row_ || at >= first_row_ + kept_.tokens) continue;
      if (auto read = assay::read_row(rows, i, row); !read && outcome) outcome = read;
      for (std::uint32_t c = 0; c < kept_.checkpoints; ++c)
        if (layer.value == (c == last ? blocks_ : std::min(c, blocks_ - 1))) write(c, at - first_row_, row);
    }
  }

  assay::result<void> outcome;

 private:
  void write(std::uint32_t checkpoint, std::uint32_t token, const std::vector<float>& row) {
    float* out = side_.data() + (std::size_t{checkpoint} * kept_.tokens + token) * kept_.width;
    for (std::uint32_t j = 0; j < kept_.width; ++j) out[j] = row[j % row.size()];
  }

  traced& kept_;
  std::vector<float>& side_;
  std::uint32_t first_row_, blocks_;
};

std::vector<token_id> edited(const world& with, const std::vector<token_id>& prompt, std::uint64_t index) {
  std::vector<token_id> changed = prompt;
  const auto other = make_request(with, "another-prompt", index).prompt;
  std::copy_n(other.begin(), std::min(changed.size() / 4, other.size()), changed.begin());
  return changed;
}

/// Prefills what is known of a text and records its output rows.
assay::result<void> replay(const reference::engine& engine, const numerics& how, std::vector<token_id> text,
                           const std::vector<token_id>& output, recorder& keep) {
  text.insert(text.end(), output.begin(), output.end() - 1);
  auto session = engine.new_session(how, static_cast<std::uint32_t>(text.size()));
  if (auto done = session.prefill(text, reference::which_logits::none, keep); !done) return done.error();
  return keep.outcome;
}

assay::result<conduct> tampered(const world& with, const reference::tampering& how) {
  auto engine = reference::engine::load(with.chosen.models / "base", how);
  if (!engine) return engine.error();
  return conduct{std::move(*engine), with.promised, trick::none, provider_stacks()};
}

}  // namespace

std::vector<numerics> provider_stacks() {
  const precision f32 = precision::f32, bf16 = precision::bf16;
  return {
      {"tiles", {summation::order::blocked, 32}, {summation::order::interleaved, 4}, bf16, f32, 0, 64},
      {"split-k", {summation::order::split, 4}, {summation::order::split, 4}, bf16, f32, 64, 32},
      {"sequential", {}, {}, bf16, f32, 0, 0},
      {"chunked", {summation::order::interleaved, 8}, {summation::order::interleaved, 8}, bf16, f32, 16, 16},
  };
}

numerics verifier_stack() {
  return {"verifier", {summation::order::interleaved, 16}, {summation::order::interleaved, 16}, precision::bf16,
          precision::f32, 0, 128};
}

conduct honest_provider(const world& with) { return {with.base, with.promised, trick::none, provider_stacks()}; }

assay::result<assay::evaluation::attack_registry<conduct>> attacks_of(const world& with,
                                                                      const std::vector<traced>& known) {
  using parameters = std::span<const attack_parameter>;
  using reference::kv_format;
  assay::evaluation::attack_registry<conduct> all;
  assay::result<void> outcome;
  const auto add = [&](const char* family, const std::vector<assay::evaluation::attack_axis>& axes, auto make) {
    if (auto added = all.add(family, axes, make); !added && outcome) outcome = added;
  };
  const conduct honest = honest_provider(with);
  add("weights", {{"bits", {8, 4}}}, [&with](parameters p) {
    return tampered(with, {.weight_bits = static_cast<std::uint32_t>(p[0].value)});
  });
  add("kv-int", {{"bits", {8, 4}}}, [&with](parameters p) {
    return tampered(with, {.kv_cache = p[0].value > 4 ? kv_format::int8 : kv_format::int4});
  });
  add("kv-fp8", {}, [&with](parameters) { return tampered(with, {.kv_cache = kv_format::fp8_e4m3}); });
  add("skip-block", {{"block", {2}}}, [&with](parameters p) {
    return tampered(with, {.skipped_block = static_cast<std::uint32_t>(p[0].value)});
  });
  add("small-model", {}, [&with](parameters) -> assay::result<conduct> {
    return conduct{with.small, with.promised, trick::none, provider_stacks()};
  });
  add("edited-prompt", {}, [honest](parameters) -> assay::result<conduct> {
    conduct who = honest;
    who.also = trick::edited_prompt;
    return who;
  });
  add("cheap-text", {}, [honest](parameters) -> assay::result<conduct> {
    conduct who = honest;
    who.also = trick::cheap_text;
    return who;
  });
  add("temperature", {{"shift", {0.3}}}, [honest](parameters p) -> assay::result<conduct> {
    conduct who = honest;
    who.sampler.temperature += static_cast<float>(p[0].value);
    return who;
  });
  add("honest-f32", {}, [honest](parameters) -> assay::result<conduct> {
    conduct who = honest;
    for (numerics& stack : who.stacks) stack.activation = precision::f32;
    return who;
  });
  add("honest-other-bf16", {}, [honest](parameters) -> assay::result<conduct> {
    conduct who = honest;
    who.stacks = {*reference::find_numerics("bf16-split-k")};
    return who;
  });
  for (const auto& [label, forge] : forgeries_from(known))
    add(label.c_str(), {}, [honest, forge](parameters) -> assay::result<conduct> {
      conduct who = honest;
      who.also = trick::cheap_text, who.forge = forge;
      return who;
    });
  if (!outcome) return outcome.error();
  return all;
}

assay::result<traced> trace(const world& with, const conduct& who, std::string_view purpose, std::uint64_t index) {
  const request asked = make_request(with, purpose, index);
  const auto rows_before = static_cast<std::uint32_t>(asked.prompt.size() - 1);
  const numerics& how = who.stacks[index % who.stacks.size()];
  traced kept;
  kept.stack = static_cast<std::uint32_t>(index % who.stacks.size());
  kept.checkpoints = with.base.checkpoint_count();
  kept.tokens = with.chosen.output_tokens, kept.width = with.base.config().width;
  kept.request = study_seed(with.chosen, std::string(purpose) + "/audit", index);

  const bool replays = who.also == trick::cheap_text;
  const auto& writer = replays ? with.small : who.engine;
  const auto prompt = who.also == trick::edited_prompt ? edited(with, asked.prompt, index) : asked.prompt;
  recorder keep{kept, kept.claimed, rows_before, who.engine.config().blocks};
  assay::token_workspace work;
  auto output = demo::generate(
      writer, how, prompt, with.chosen.output_tokens,
      [&](std::uint32_t step, std::span<const float> logits) {
        return assay::sample_token(logits, who.sampler, asked.noise, step, work);
      },
      replays ? reference::hidden_hook{} : reference::hidden_hook{keep});
  if (!output) return output.error();
  if (replays)
    if (auto done = replay(who.engine, how, prompt, *output, keep); !done) return done.error();
  if (!keep.outcome) return keep.outcome.error();
  if (who.forge) who.forge(kept, index);
  recorder own{kept, kept.reference, rows_before, with.base.config().blocks};
  if (auto done = replay(with.base, verifier_stack(), asked.prompt, *output, own); !done) return done.error();
  return kept;
}

}  // namespace study
