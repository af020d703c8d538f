// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "provider.hpp"

#include <algorithm>
#include <numeric>

#include "generation.hpp"
#include "stopwatch.hpp"

namespace demo {
namespace {

using assay::token_id;

/// Hooks that feed a prover and keep the time they take.
class observer {
 public:
  observer(const setting& with, assay::prover& prover, provider_times& times) : with_(with), prover_(prover), times_(times) {}

  void operator()(assay::layer_index layer, const assay::tensor_view& rows, assay::position first, std::uint32_t count) {
    const stopwatch watch;
    const auto where = assay::row_map::contiguous(assay::sequence_id{}, first, count);
    if (rows.extent[1] == with_.run.model.width) keep(prover_.observe(layer, rows, where));
    else observe_narrow(layer, rows, where);
    times_.observe += watch.microseconds();
  }

  assay::result<void> outcome;

 private:
  void keep(assay::result<void> observed) {
    if (!observed && outcome) outcome = observed;
  }

  /// A smaller model has fewer and narrower states; its provider repeats them so that they look like the promised ones.
  void observe_narrow(assay::layer_index layer, const assay::tensor_view& rows, const assay::row_map& where) {
    const auto width = with_.run.model.width;
    std::vector<float> narrow(static_cast<std::size_t>(rows.extent[1])), wide(std::size_t{where.size()} * width);
    for (std::uint32_t i = 0; i < where.size(); ++i) {
      keep(assay::read_row(rows, i, narrow));
      for (std::uint32_t j = 0; j < width; ++j) wide[std::size_t{i} * width + j] = narrow[j % narrow.size()];
    }
    const auto view = assay::matrix_view(wide.data(), where.size(), width);
    const std::uint32_t blocks = with_.small.config().blocks, promised = with_.run.model.checkpoints;
    if (layer.value == blocks) return keep(prover_.observe(assay::layer_index{promised - 1}, view, where));
    for (std::uint32_t l = 0; l + 1 < promised; ++l)
      if (std::min(l, blocks - 1) == layer.value) keep(prover_.observe(assay::layer_index{l}, view, where));
  }

  const setting& with_;
  assay::prover& prover_;
  provider_times& times_;
};

/// Chooses tokens as the conduct says.
class chooser {
 public:
  chooser(const setting& with, const conduct& who, assay::noise_key promised, std::uint64_t index)
      : who_(who), noise_(promised), stream_(demo_seed(with, who.id + "/trick", index), "trick"),
        settings_(who.also == trick::other_sampler ? who.sampler : with.run.sampler.filters.sampler) {
    if (who.also == trick::own_seed) noise_ = assay::derive_noise_key(demo_seed(with, "own-seed", index));
    if (who.also == trick::swapped_token) swapped_step_ = static_cast<std::uint32_t>(stream_.below(with.chosen.output_tokens));
  }

  assay::result<token_id> operator()(std::uint32_t step, std::span<const float> logits) {
    auto token = assay::sample_token(logits, settings_, noise_, step, workspace_);
    if (!token) return token;
    if (who_.also == trick::random_top_tokens && stream_.below(50) == 0) return ranked(logits, stream_.below(32));
    if (who_.also == trick::swapped_token && step == swapped_step_) {
      const token_id other = ranked(logits, 1 + stream_.below(20));
      return other == *token ? ranked(logits, 0) : other;
    }
    return token;
  }

 private:
  static token_id ranked(std::span<const float> logits, std::uint64_t rank) {
    std::vector<std::uint32_t> ids(logits.size());
    std::iota(ids.begin(), ids.end(), 0u);
    const auto at = ids.begin() + static_cast<std::ptrdiff_t>(rank);
    std::nth_element(ids.begin(), at, ids.end(), [&](std::uint32_t a, std::uint32_t b) { return logits[a] > logits[b]; });
    return token_id{*at};
  }

  const conduct& who_;
  assay::noise_key noise_;
  assay::random_stream stream_;
  assay::sampler_settings settings_;
  assay::token_workspace workspace_;
  std::uint32_t swapped_step_ = 0;
};

/// Replaces the first quarter of the prompt by other text of the same length.
std::vector<token_id> edited(const setting& with, const std::vector<token_id>& prompt, std::uint64_t index) {
  std::vector<token_id> changed = prompt;
  const auto other = make_request(with, "another-prompt", index).prompt;
  for (std::size_t i = 0; i < changed.size() / 4 && i < other.size(); ++i) changed[i] = other[i];
  return changed;
}

assay::result<void> report_tokens(assay::prover& prover, std::size_t prompt, const std::vector<token_id>& output) {
  for (std::size_t i = 0; i < output.size(); ++i)
    if (auto told = prover.sampled(assay::position{static_cast<std::uint32_t>(prompt + i)}, output[i]); !told) return told;
  return {};
}

}  // namespace

assay::result<answer> serve(const setting& with, const conduct& who, const assay::request& asked, std::uint64_t index) {
  const assay::request claimed = who.also == trick::replayed_receipt ? make_request(with, "earlier", index) : asked;
  auto started = assay::prover::start(with.run, claimed);
  if (!started) return started.error();
  answer given;
  given.prover = std::make_unique<assay::prover>(std::move(*started));
  const auto& how = with.provider_numerics[index % with.provider_numerics.size()];
  const auto prompt = who.also == trick::edited_prompt ? edited(with, claimed.prompt, index) : claimed.prompt;
  observer watching{with, *given.prover, given.times};
  chooser choose{with, who, given.prover->sampling_noise(), index};

  const stopwatch watch;
  const bool replays = who.also == trick::cheap_text;
  auto output = generate(replays ? with.small : who.engine, how, prompt, claimed.max_output, choose,
                         replays ? reference::hidden_hook{} : reference::hidden_hook{watching});
  if (!output) return output.error();
  given.output = std::move(*output);
  if (replays) {
    auto text = prompt;
    text.insert(text.end(), given.output.begin(), given.output.end() - 1);
    auto session = who.engine.new_session(how, static_cast<std::uint32_t>(text.size()));
    if (auto replayed = session.prefill(text, reference::which_logits::none, watching); !replayed) return replayed.error();
  }
  given.times.inference = watch.microseconds() - given.times.observe;
  if (!watching.outcome) return watching.outcome.error();

  if (auto told = report_tokens(*given.prover, prompt.size(), given.output); !told) return told.error();
  const stopwatch sealing;
  auto receipt = given.prover->seal();
  if (!receipt) return receipt.error();
  given.times.seal = sealing.microseconds();
  given.receipt = *receipt;
  return given;
}

assay::result<std::vector<std::byte>> open(const setting& with, const conduct& who, answer& given, const assay::challenge& challenge) {
  const stopwatch watch;
  auto openings = given.prover->open(challenge);
  if (!openings) return openings.error();
  if (who.also == trick::edited_state) openings->states.rows.at(0) ^= std::byte{1};
  std::vector<std::byte> encoded = encode(*openings, with.run, given.receipt);
  given.times.open = watch.microseconds();
  if (who.also == trick::malformed_opening) encoded.resize(encoded.size() / 2);
  return encoded;
}

conduct honest_provider(const setting& with) { return {"honest", "honest provider", "runs what it promised", with.honest, trick::none, {}}; }

assay::result<std::vector<conduct>> dishonest_providers(const setting& with) {
  std::vector<conduct> all;
  const auto base = with.chosen.models / "base";
  assay::result<void> outcome;
  const auto tampered = [&](const char* id, const char* name, const char* description, auto change) {
    reference::tampering how;
    change(how);
    auto engine = reference::engine::load(base, how);
    if (engine) all.push_back({id, name, description, std::move(*engine), trick::none, {}});
    else if (outcome) outcome = engine.error();
  };
  const auto tricky = [&](const char* id, const char* name, const char* description, trick also, assay::sampler_settings sampler = {}) {
    all.push_back({id, name, description, with.honest, also, sampler});
  };
  using reference::tampering, reference::kv_format;
  tampered("int8-weights", "int8 weights", "linear layers rounded to 8 bits, groups of 32", [](tampering& t) { t.weight_bits = 8; });
  tampered("int4-weights", "int4 weights", "linear layers rounded to 4 bits, groups of 32", [](tampering& t) { t.weight_bits = 4; });
  tampered("int8-kv", "int8 KV cache", "keys and values rounded to 8 bits", [](tampering& t) { t.kv_cache = kv_format::int8; });
  tampered("fp8-kv", "fp8 KV cache", "keys and values rounded to e4m3", [](tampering& t) { t.kv_cache = kv_format::fp8_e4m3; });
  tampered("int4-kv", "int4 KV cache", "keys and values rounded to 4 bits", [](tampering& t) { t.kv_cache = kv_format::int4; });
  tampered("skipped-block", "one block skipped", "block 2 of 4 is not run", [](tampering& t) { t.skipped_block = 2; });
  all.push_back({"small-model", "smaller model", "a model of a fifth of the size, its states padded to look right", with.small, trick::none, {}});
  const auto promised = with.run.sampler.filters.sampler;
  auto warmer = promised;
  warmer.temperature += 0.1f;
  tricky("temperature", "temperature off by 0.1", "samples warmer than promised", trick::other_sampler, warmer);
  tricky("sampler-bug", "top-k bug", "1 token in 50 drawn uniformly from the top 32", trick::random_top_tokens);
  tricky("own-seed", "wrong seed", "noise of the provider's own choice", trick::own_seed);
  tricky("edited-prompt", "prompt silently changed", "a quarter of the prompt replaced", trick::edited_prompt);
  tricky("swapped-token", "one token swapped", "one token of the answer replaced, the rest honest", trick::swapped_token);
  tricky("cheap-text", "cheap text, honest states", "a small model writes, the promised model's states are replayed over it", trick::cheap_text);
  tricky("edited-state", "state edited after the commitment", "one bit of an opened fingerprint differs", trick::edited_state);
  tricky("replayed-receipt", "receipt of another prompt", "an honest answer to an earlier request, with its receipt", trick::replayed_receipt);
  tricky("malformed-opening", "malformed opening", "the opening is cut in half", trick::malformed_opening);
  if (!outcome) return outcome.error();
  return all;
}

}  // namespace demo
