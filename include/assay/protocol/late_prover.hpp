// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The provider's side of late sketches: sketch what is committed, then open what is drawn.
#ifndef ASSAY_PROTOCOL_LATE_PROVER_HPP
#define ASSAY_PROTOCOL_LATE_PROVER_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <assay/protocol/late_wire.hpp>
#include <assay/protocol/row_encoder.hpp>

namespace assay::inline v0 {

/// Encodes rows of a run as a reveal asks for: rounded as the run says, sketched with the revealed projection.
/// @pre validate(run), the reveal was expanded for a receipt of this run @errors those of row_encoder::make
[[nodiscard]] inline result<row_encoder> late_encoder(const run_description& run, const late_reveal& revealed) {
  run_description own = run;
  own.commitment.sketch = revealed.sketch, own.commitment.sketch_type = revealed.sketch_type;
  for (const late_checkpoint& each : revealed.checkpoints) own.commitment.steps[each.layer.value] = each.step;
  return row_encoder::make(own, projection_of(revealed));
}

/// Answers a reveal with sketches of committed rows. Any reveal that `expand` takes has an answer, so nothing that a
/// verifier reveals puts an honest provider in the wrong. The host bounds how many reveals of one receipt it answers:
/// each shows `sketch` numbers of every row. `most`: sketches it computes for one; time is one projection per row.
/// @errors too_large, those of expand(late_reveal)
template <vector_commitment Scheme>
[[nodiscard]] result<late_sketches> answer_reveal(const sealed_request<Scheme>& sealed, const late_reveal& revealed,
                                                  std::uint64_t most = late_limits::sketches) {
  const run_description& run = *sealed.run;
  const auto places = expand(revealed, run, *sealed.sealed);
  if (!places) return places.error();
  if (places->sketches() > most)
    return fail(errc::too_large, "late reveal: it asks for more sketches than the host allows", places->sketches());
  auto encoder = late_encoder(run, revealed);
  if (!encoder) return encoder.error();
  late_sketches out{digest_of(revealed), {}};
  const std::size_t size = encoder->fingerprint_bytes();
  out.codes.resize(static_cast<std::size_t>(places->sketches()) * size);
  std::vector<float> row(run.model.width);
  for (std::size_t c = 0; c < places->checkpoints(); ++c) {
    const layer_index layer = revealed.checkpoints[c].layer;
    const bool final_rows = c >= places->block_checkpoints;
    const std::uint32_t column = final_rows ? 0 : detail::committed_place(run, layer);
    for (std::size_t i = 0; i < places->of(c).size(); ++i) {
      const std::uint32_t place = places->of(c)[i];
      const byte_view bits =
          final_rows ? sealed.trees->final_rows.row({place}) : sealed.trees->block_rows->row({place, column});
      if (auto decoded = encoder->decode_row(layer, bits, row); !decoded) return decoded.error();
      const auto into = mutable_byte_view{out.codes}.subspan(places->index(c, i) * size, size);
      if (auto encoded = encoder->encode_admitted_state(layer, row, into); !encoded) return encoded.error();
    }
  }
  return out;
}

/// Opens the rows that a check draws. `sent`: digest of the sketches that this provider sent for `revealed`; without it
/// a verifier could draw from sketches of its own and see rows for nothing.
/// @errors wrong_statement (a check of other sketches), those of both expand and of the trees' open
template <vector_commitment Scheme>
[[nodiscard]] result<late_openings<Scheme>> answer_check(const sealed_request<Scheme>& sealed,
                                                         const late_reveal& revealed, const late_sketches_digest& sent,
                                                         const late_check& asked) {
  if (asked.sketches != sent)
    return fail(errc::wrong_statement, "late check: it is not about the sketches that were sent");
  const auto places = expand(revealed, *sealed.run, *sealed.sealed);
  if (!places) return places.error();
  const auto rows = expand(asked, revealed, *places, *sealed.run);
  if (!rows) return rows.error();
  late_openings<Scheme> set;
  set.answers = digest_of(asked);
  const auto open = [](const terkle_tree<Scheme>& tree, std::span<const late_row> drawn,
                       tree_opening<Scheme>& into) -> result<void> {
    auto opening = tree.open(detail::tree_places(drawn));
    if (!opening) return opening.error();
    into = *std::move(opening);
    return {};
  };
  if (!rows->block_rows.empty())
    if (auto opened = open(*sealed.trees->block_rows, rows->block_rows, set.block_rows); !opened) return opened.error();
  if (!rows->final_rows.empty())
    if (auto opened = open(sealed.trees->final_rows, rows->final_rows, set.final_rows); !opened) return opened.error();
  return set;
}

}  // namespace assay::inline v0

#endif
