// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What was promised: model, numerics, sampler and what is committed, with one digest that binds it all.
#ifndef ASSAY_PROTOCOL_RUN_HPP
#define ASSAY_PROTOCOL_RUN_HPP

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <assay/commit/vector_commitment.hpp>
#include <assay/core/dtype.hpp>
#include <assay/core/endian.hpp>
#include <assay/core/ids.hpp>
#include <assay/core/result.hpp>
#include <assay/hash/digest.hpp>
#include <assay/hash/domain.hpp>
#include <assay/hash/transcript.hpp>
#include <assay/fingerprint/quantiser.hpp>
#include <assay/token/sampler_profile.hpp>

namespace assay::inline v0 {

using model_digest = typed_digest<struct model_digest_tag>;
using tokenizer_digest = typed_digest<struct tokenizer_digest_tag>;
using run_digest = typed_digest<struct run_digest_tag>;

/// The model and the numerics in which it is promised to run.
struct model_description {
  model_digest weights;              ///< digest of the reference weights
  tokenizer_digest tokenizer;        ///< digest of the tokenizer's definition
  dtype weight_type = dtype::bf16;   ///< element type of the reference weights
  dtype activation_type = dtype::f32;///< element type in which activations are kept between operations
  std::uint32_t checkpoints = 0;     ///< hidden states per position: one per block, then the LM head's input
  std::uint32_t width = 0;           ///< elements of a hidden state
  std::uint32_t vocabulary = 0;      ///< logits per position

  friend bool operator==(const model_description&, const model_description&) = default;
};

/// What the prover commits to at every position.
struct commitment_description {
  std::uint32_t sketch = 16;           ///< coordinates of a fingerprint
  dtype sketch_type = dtype::i16;      ///< integer type of a coordinate: i8 or i16
  std::vector<float> steps{};          ///< quantisation step of a coordinate, one per checkpoint
  dtype row_type = dtype::bf16;        ///< type in which rows are committed in full: bf16, f16 or f32
  std::uint32_t fan_out = 16;          ///< children of an inner node of the trees
  /// Checkpoints whose rows are committed in full at every position, ascending, the last checkpoint never among them: its
  /// rows are committed anyway where they lead to a token. A block can be rechecked between two of them; see `recheckable`.
  std::vector<layer_index> committed_rows{};
  commitment_scheme scheme = commitment_scheme::merkle_sha256;
  digest parameters{};                 ///< of the scheme's public parameters, an SRS; zeros if it has none

  friend bool operator==(const commitment_description&, const commitment_description&) = default;
};

/// One promise, valid for any number of requests.
struct run_description {
  model_description model;
  sampler_description sampler;
  commitment_description commitment;

  friend bool operator==(const run_description&, const run_description&) = default;
};

/// Bounds that every party applies before it allocates anything.
struct run_limits {
  static constexpr std::uint32_t checkpoints = 1024;
  static constexpr std::uint32_t width = 1u << 17;
  static constexpr std::uint32_t vocabulary = 1u << 22;
  static constexpr std::uint32_t sketch = 4096;
  static constexpr std::uint32_t fan_out = 256;
  static constexpr std::uint32_t tokens = 1u << 22;  ///< prompt and output together
};

namespace detail {

/// Numbers from here on are for experiments: never given to a scheme of this library.
inline constexpr std::uint8_t first_private_scheme = 240;

[[nodiscard]] inline result<void> validate_scheme(const commitment_description& c) {
  const auto number = static_cast<std::uint8_t>(c.scheme);
  if ((number < 1 || number > 3) && number < first_private_scheme) return fail(errc::unsupported, "run: unknown commitment scheme", number);
  if (c.scheme == commitment_scheme::merkle_sha256 && c.parameters != digest{})
    return fail(errc::invalid_settings, "run: hash trees have no public parameters");
  return {};
}

[[nodiscard]] inline result<void> validate_committed_rows(const run_description& run) {
  const auto& committed = run.commitment.committed_rows;
  for (std::size_t i = 0; i < committed.size(); ++i) {
    if (committed[i].value >= run.model.checkpoints - 1) return fail(errc::out_of_range, "run: rows of a checkpoint that is no block's output", i);
    if (i > 0 && committed[i] <= committed[i - 1]) return fail(errc::wrong_order, "run: committed checkpoints must ascend", i);
  }
  return {};
}

}  // namespace detail

/// Whether all rows of a checkpoint are committed in full.
[[nodiscard]] inline bool commits_rows(const run_description& run, layer_index layer) {
  const auto& committed = run.commitment.committed_rows;
  return std::binary_search(committed.begin(), committed.end(), layer);
}

/// Whether what goes into a block and what comes out is bound: rows out are committed, and so are rows in, or they are
/// the embeddings of the request's tokens.
[[nodiscard]] inline bool recheckable(const run_description& run, layer_index block) {
  return commits_rows(run, block) && (block.value == 0 || commits_rows(run, layer_index{block.value - 1}));
}

/// Checks every bound and enumerator of a description that may come from another party.
/// @errors out_of_range, length_mismatch, unsupported, invalid_settings, wrong_order
[[nodiscard]] inline result<void> validate(const run_description& run) {
  const auto& m = run.model;
  const auto& c = run.commitment;
  const auto within = [](std::uint32_t value, std::uint32_t limit) { return value >= 1 && value <= limit; };
  if (!within(m.checkpoints, run_limits::checkpoints)) return fail(errc::out_of_range, "run: checkpoints out of range", m.checkpoints);
  if (!within(m.width, run_limits::width)) return fail(errc::out_of_range, "run: width out of range", m.width);
  if (!within(m.vocabulary, run_limits::vocabulary)) return fail(errc::out_of_range, "run: vocabulary out of range", m.vocabulary);
  if (!within(c.sketch, run_limits::sketch) || c.sketch > std::bit_ceil(m.width))
    return fail(errc::out_of_range, "run: sketch out of range", c.sketch);
  if (c.fan_out < 2 || c.fan_out > run_limits::fan_out) return fail(errc::out_of_range, "run: fan-out out of range", c.fan_out);
  if (c.sketch_type != dtype::i8 && c.sketch_type != dtype::i16) return fail(errc::unsupported, "run: sketches are i8 or i16");
  if (c.row_type != dtype::bf16 && c.row_type != dtype::f16 && c.row_type != dtype::f32)
    return fail(errc::unsupported, "run: rows are committed as bf16, f16 or f32");
  if (c.steps.size() != m.checkpoints) return fail(errc::length_mismatch, "run: one quantisation step per checkpoint", c.steps.size());
  for (std::size_t i = 0; i < c.steps.size(); ++i)
    if (!validate(quantiser{c.sketch_type, c.steps[i]})) return fail(errc::out_of_range, "run: a quantisation step is not positive and moderate", i);
  if (auto rows = detail::validate_committed_rows(run); !rows) return rows;
  if (auto scheme = detail::validate_scheme(c); !scheme) return scheme;
  const auto known_float = [](dtype t) { return t == dtype::f32 || t == dtype::f16 || t == dtype::bf16; };
  if (!known_float(m.weight_type) || !known_float(m.activation_type))
    return fail(errc::unsupported, "run: reference weights and activations are f32, f16 or bf16");
  return validate(run.sampler, m.vocabulary);
}

namespace detail {

inline void absorb_ids(transcript& t, std::string_view label, std::span<const token_id> ids) {
  std::vector<std::byte> bytes(4 * ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) store_le<std::uint32_t>(bytes.data() + 4 * i, ids[i].value);
  t.bytes(label, bytes);
}

[[nodiscard]] inline std::uint64_t pattern_of(float x) noexcept { return std::bit_cast<std::uint32_t>(x); }

inline void absorb_processors(transcript& t, const processor_settings& s) {
  for (const processor_step step : s.order) t.u64("processor", static_cast<std::uint64_t>(step));
  absorb_ids(t, "allowed", s.allowed);
  t.u64("bad-words", s.bad_words.size());
  for (const auto& word : s.bad_words) absorb_ids(t, "bad-word", word);
  t.u64("min-tokens", s.min_tokens);
  absorb_ids(t, "stop-ids", s.stop_ids);
  t.u64("biases", s.bias.size());
  for (const token_bias& each : s.bias) t.u64("biased", each.id.value).u64("bias", pattern_of(each.bias));
  const penalty_settings& p = s.penalties;
  t.u64("penalty-style", static_cast<std::uint64_t>(p.style)).u64("repetition", pattern_of(p.repetition));
  t.u64("frequency", pattern_of(p.frequency)).u64("presence", pattern_of(p.presence)).u64("window", p.window);
}

/// What a sampler has beyond profile, temperature, top-k and top-p.
inline void absorb_sampler(transcript& t, const sampler_description& s) {
  const filter_settings& f = s.filters;
  if (f != filter_settings{.sampler = f.sampler}) {
    t.u64("filter-rule", static_cast<std::uint64_t>(f.rule)).u64("min-p", pattern_of(f.min_p));
    t.u64("typical-p", pattern_of(f.typical_p)).u64("min-keep", f.min_keep).u64("temperature-first", f.temperature_first);
  }
  if (s.cuda_grid != 0) t.u64("cuda-grid", s.cuda_grid);
  if (s.processors != processor_settings{}) absorb_processors(t, s.processors);
}

}  // namespace detail

/// Digest of every field, floats as bit patterns. What a run does not use adds nothing: committed rows, another scheme than
/// Merkle's, and of the sampler all but profile, temperature, top-k and top-p.
[[nodiscard]] inline run_digest digest_of(const run_description& run) {
  const auto& m = run.model;
  const auto& c = run.commitment;
  transcript t{domains::run};
  t.digest("weights", m.weights.value).digest("tokenizer", m.tokenizer.value);
  t.u64("weight-type", static_cast<std::uint64_t>(m.weight_type)).u64("activation-type", static_cast<std::uint64_t>(m.activation_type));
  t.u64("checkpoints", m.checkpoints).u64("width", m.width).u64("vocabulary", m.vocabulary);
  t.u64("sampler", static_cast<std::uint64_t>(run.sampler.profile));
  t.u64("temperature", std::bit_cast<std::uint32_t>(run.sampler.filters.sampler.temperature));
  t.u64("top-k", run.sampler.filters.sampler.top_k).u64("top-p", std::bit_cast<std::uint32_t>(run.sampler.filters.sampler.top_p));
  t.u64("sketch", c.sketch).u64("sketch-type", static_cast<std::uint64_t>(c.sketch_type));
  t.u64("steps", c.steps.size());
  for (float step : c.steps) t.u64("step", std::bit_cast<std::uint32_t>(step));
  t.u64("row-type", static_cast<std::uint64_t>(c.row_type)).u64("fan-out", c.fan_out);
  if (!c.committed_rows.empty()) {
    t.u64("committed-rows", c.committed_rows.size());
    for (layer_index layer : c.committed_rows) t.u64("checkpoint", layer.value);
  }
  if (c.scheme != commitment_scheme::merkle_sha256)
    t.u64("scheme", static_cast<std::uint64_t>(c.scheme)).digest("parameters", c.parameters);
  detail::absorb_sampler(t, run.sampler);
  return run_digest{t.finish()};
}

}  // namespace assay::inline v0

#endif
