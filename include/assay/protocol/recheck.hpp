// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One block recomputed between opened rows: what a verifier that holds some blocks only can check of a run.
#ifndef ASSAY_PROTOCOL_RECHECK_HPP
#define ASSAY_PROTOCOL_RECHECK_HPP

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <assay/core/fp.hpp>
#include <assay/fingerprint/activation_difr.hpp>
#include <assay/protocol/evidence.hpp>
#include <assay/protocol/openings.hpp>
#include <assay/protocol/row_encoder.hpp>

namespace assay::inline v0 {

/// The verifier's own blocks. `recompute(block, rows_in, wanted, rows_out)` runs one block over a sequence from position
/// 0 on: `rows_in` [positions][width] are the rows going in, `rows_out` [wanted][width] those coming out at the wanted
/// positions, which ascend; the last one is that of the last row in.
template <class R>
concept block_reference = requires(R& r, layer_index block, std::span<const float> rows_in, std::span<const position> wanted,
                                   std::span<float> rows_out) {
  { r.recompute(block, rows_in, wanted, rows_out) } -> std::same_as<result<void>>;
};

/// A reference that also holds the embedding: `embed(tokens, rows)` writes the rows that enter block 0. They are never
/// opened: the tokens are known, so the inputs of the first block are tied to them by computing them.
template <class R>
concept embedding_reference = block_reference<R> && requires(R& r, std::span<const token_id> tokens, std::span<float> rows) {
  { r.embed(tokens, rows) } -> std::same_as<result<void>>;
};

/// A reference that also holds the final norm: `final_norm(row_in, row_out)` turns the last block's row into the LM
/// head's input, which ties the blocks to the tokens.
template <class R>
concept final_norm_reference = block_reference<R> && requires(R& r, std::span<const float> row_in, std::span<float> row_out) {
  { r.final_norm(row_in, row_out) } -> std::same_as<result<void>>;
};

/// How far an opened row lies from the recomputed one, in units of what the block did to it: ||opened - ours|| /
/// (||ours - in|| + u ||ours|| + 1e-6), u being the rounding unit of the committed type. A skipped block scores about 1
/// however small its contribution is beside the residual stream; rounding alone scores less.
/// @pre equal sizes, `type` is bf16, f16 or f32 Determinism: exact
[[nodiscard]] inline double block_distance(std::span<const float> opened, std::span<const float> ours, std::span<const float> in, dtype type) {
  ASSAY_EXPECTS(opened.size() == ours.size() && opened.size() == in.size());
  const double unit = type == dtype::bf16 ? 0x1p-8 : type == dtype::f16 ? 0x1p-11 : 0x1p-24;
  const double change = __builtin_sqrt(detail::squared_distance(ours, in));
  const double rounding = fp::mul(unit, __builtin_sqrt(detail::squared_length(ours)));
  return fp::div(__builtin_sqrt(detail::squared_distance(opened, ours)), fp::add(fp::add(change, rounding), 1e-6));
}

namespace detail {

/// Scratch memory of rechecks; grows to the longest prefix.
struct recheck_workspace {
  std::vector<float> rows_in, rows_out, opened;
  std::vector<std::byte> bits, fingerprint;
};

/// The rows that enter a block: as opened, or the embeddings of the first tokens.
template <block_reference Reference>
[[nodiscard]] result<void> rows_entering(const row_encoder& encoder, const opened_block& block, Reference& reference,
                                         std::span<const token_id> tokens, std::vector<float>& rows, std::size_t width) {
  const std::size_t count = block.wanted.back().value + std::size_t{1};
  rows.resize(count * width);
  if (block.block.value == 0) {
    if constexpr (embedding_reference<Reference>) return reference.embed(tokens.first(count), std::span<float>{rows});
    else return fail(errc::unsupported, "audit: block 0 is rechecked with the embedding, which this reference lacks");
  }
  const layer_index before{block.block.value - 1};
  for (std::size_t i = 0; i < count; ++i) {
    const byte_view bits = byte_view{block.rows_in}.subspan(i * encoder.row_bytes(), encoder.row_bytes());
    if (auto row = encoder.decode_row(before, bits, std::span{rows}.subspan(i * width, width)); !row) return row;
  }
  return {};
}

}  // namespace detail

/// Recomputes one opened block and scores its output at the wanted positions; `tokens` are the prompt and the output.
/// The rows in are those of the commitment, never the verifier's choice, so anybody who repeats this from the openings
/// with the same reference gets the same scores.
/// @pre the rows were admitted @errors those of the reference, non_finite (the reference's own row), unsupported (block 0
///      without an embedding): always the verifier's own trouble
template <block_reference Reference>
[[nodiscard]] result<void> recheck_block(const run_description& run, row_encoder& encoder, const opened_block& block, Reference& reference,
                                         std::span<const token_id> tokens, detail::recheck_workspace& work, std::vector<score_at>& scores) {
  const std::size_t width = run.model.width;
  if (auto entering = detail::rows_entering(encoder, block, reference, tokens, work.rows_in, width); !entering) return entering;
  work.rows_out.assign(block.wanted.size() * width, 0.0f);
  const std::span<const float> rows_in{work.rows_in};
  const std::span<float> rows_out{work.rows_out};
  if (auto done = reference.recompute(block.block, rows_in, std::span<const position>{block.wanted}, rows_out); !done) return done;
  work.opened.resize(width), work.bits.resize(encoder.row_bytes()), work.fingerprint.resize(encoder.fingerprint_bytes());
  for (std::size_t i = 0; i < block.wanted.size(); ++i) {
    const std::span<float> ours = rows_out.subspan(i * width, width);
    if (!encoder.encode_row(block.block, ours, work.bits, work.fingerprint))
      return fail(errc::non_finite, "audit: the recomputed block is not finite", block.wanted[i].value);
    const byte_view bits = byte_view{block.rows_out}.subspan(i * encoder.row_bytes(), encoder.row_bytes());
    if (auto row = encoder.decode_row(block.block, bits, work.opened); !row) return row;
    const double distance = block_distance(work.opened, ours, rows_in.subspan(block.wanted[i].value * width, width), run.commitment.row_type);
    scores.push_back({distance, block.wanted[i], block.block});
  }
  return {};
}

/// Applies the final norm to an opened row of the last block and scores the opened final row; its checkpoint is the last.
/// @pre as recheck_block; the row before the norm was opened @errors as recheck_block
template <final_norm_reference Reference>
[[nodiscard]] result<void> recheck_final_norm(const run_description& run, row_encoder& encoder, const opened_final_row& row, Reference& reference,
                                              detail::recheck_workspace& work, std::vector<score_at>& scores) {
  const layer_index final{run.model.checkpoints - 1};
  const std::size_t width = run.model.width;
  work.rows_in.resize(width), work.rows_out.assign(width, 0.0f), work.opened.resize(width);
  work.bits.resize(encoder.row_bytes()), work.fingerprint.resize(encoder.fingerprint_bytes());
  if (auto before = encoder.decode_row(layer_index{final.value - 1}, row.before_norm, work.rows_in); !before) return before;
  if (auto done = reference.final_norm(std::span<const float>{work.rows_in}, std::span<float>{work.rows_out}); !done) return done;
  if (!encoder.encode_final(work.rows_out, work.bits, work.fingerprint))
    return fail(errc::non_finite, "audit: the recomputed final row is not finite", row.at.value);
  if (auto opened = encoder.decode_final(row.bits, work.opened); !opened) return opened;
  scores.push_back({relative_distance(work.opened, work.rows_out), row.at, final});
  return {};
}

}  // namespace assay::inline v0

#endif
