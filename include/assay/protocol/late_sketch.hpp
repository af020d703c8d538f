// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Late sketches: a projection that is revealed after the receipt, and rows that are drawn after the sketches are in.
#ifndef ASSAY_PROTOCOL_LATE_SKETCH_HPP
#define ASSAY_PROTOCOL_LATE_SKETCH_HPP

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <assay/core/fp.hpp>
#include <assay/fingerprint/quantiser.hpp>
#include <assay/protocol/openings.hpp>
#include <assay/protocol/receipt.hpp>
#include <assay/random/sample.hpp>
#include <assay/random/seed.hpp>
#include <assay/random/stream.hpp>

namespace assay::inline v0 {

using late_promise = typed_digest<struct late_promise_tag>;
using late_reveal_digest = typed_digest<struct late_reveal_digest_tag>;
using late_sketches_digest = typed_digest<struct late_sketches_digest_tag>;
using late_check_digest = typed_digest<struct late_check_digest_tag>;

/// Bounds that every party applies before it allocates anything.
struct late_limits {
  static constexpr std::uint32_t sketch = 256;            ///< coordinates
  static constexpr std::uint32_t rows = 256;              ///< opened per checkpoint
  static constexpr std::uint64_t sketches =
      1u << 20;     ///< rows sketched for one reveal, unless a prover's host says otherwise
};

/// A checkpoint whose committed rows are sketched; the last one stands for the final rows.
struct late_checkpoint {
  layer_index layer;
  float step = 1;  ///< of the sketch's quantiser

  friend bool operator==(const late_checkpoint&, const late_checkpoint&) = default;
};

/// The first late message, the verifier's: a projection, and what is to be sketched under it. Sent when the receipt is
/// in, and only then: until now nobody could aim a row at this projection.
struct late_reveal {
  receipt_digest receipt;
  seed secret;                  ///< fresh for every receipt; never the request's nonce, which the provider has
  std::uint32_t positions = 0;  ///< positions sketched at each checkpoint but the last; more than there are means all
  std::uint32_t outputs = 0;  ///< output tokens whose final row is sketched; more than there are means all
  std::uint32_t sketch = 16;  ///< coordinates
  dtype sketch_type = dtype::i16;
  std::vector<late_checkpoint> checkpoints{};  ///< ascending

  friend bool operator==(const late_reveal&, const late_reveal&) = default;
};

/// The second, the provider's: quantised sketches of committed rows, by checkpoint, then by place.
struct late_sketches {
  late_reveal_digest answers;
  std::vector<std::byte> codes;

  friend bool operator==(const late_sketches&, const late_sketches&) = default;
};

/// The third, the verifier's: which rows are opened in full follows from it. Drawn when the sketches are in.
struct late_check {
  late_sketches_digest sketches;
  seed randomness;  ///< fresh and secret until now
  std::uint32_t rows = 0;  ///< opened per sketched checkpoint; more than there are means all

  friend bool operator==(const late_check&, const late_check&) = default;
};

/// Lets a verifier fix its secret before it has seen the receipt: it hands this over with the request, so that it
/// cannot choose a projection to a provider's disadvantage afterwards.
[[nodiscard]] inline late_promise promise_of(const seed& secret) {
  return late_promise{transcript{domains::late_promise}.bytes("secret", secret.bytes).finish()};
}
/// Whether a reveal keeps a promise. @errors commitment_mismatch
[[nodiscard]] inline result<void> check_promise(const late_reveal& revealed, const late_promise& promised) {
  if (promise_of(revealed.secret) == promised) return {};
  return fail(errc::commitment_mismatch, "late reveal: another secret than was promised");
}

[[nodiscard]] inline late_reveal_digest digest_of(const late_reveal& r) {
  transcript t{domains::late_reveal};
  t.digest("receipt", r.receipt.value).bytes("secret", r.secret.bytes);
  t.u64("positions", r.positions).u64("outputs", r.outputs);
  t.u64("sketch", r.sketch)
      .u64("sketch-type", static_cast<std::uint64_t>(r.sketch_type))
      .u64("checkpoints", r.checkpoints.size());
  for (const late_checkpoint& each : r.checkpoints)
    t.u64("checkpoint", each.layer.value).u64("step", std::bit_cast<std::uint32_t>(each.step));
  return late_reveal_digest{t.finish()};
}
[[nodiscard]] inline late_sketches_digest digest_of(const late_sketches& s) {
  return late_sketches_digest{
      transcript{domains::late_sketches}.digest("reveal", s.answers.value).bytes("codes", s.codes).finish()};
}
[[nodiscard]] inline late_check_digest digest_of(const late_check& c) {
  transcript t{domains::late_check};
  t.digest("sketches", c.sketches.value).bytes("randomness", c.randomness.bytes).u64("rows", c.rows);
  return late_check_digest{t.finish()};
}

/// Checks what a reveal says of itself.
/// @errors empty (no checkpoint), out_of_range, wrong_order, unsupported (the codes' type)
[[nodiscard]] inline result<void> validate(const late_reveal& r) {
  if (r.checkpoints.empty()) return fail(errc::empty, "late reveal: it asks for nothing");
  if (r.checkpoints.size() > run_limits::checkpoints)
    return fail(errc::out_of_range, "late reveal: too many checkpoints", r.checkpoints.size());
  if (r.sketch == 0 || r.sketch > late_limits::sketch)
    return fail(errc::out_of_range, "late reveal: sketch out of range", r.sketch);
  if (r.sketch_type != dtype::i8 && r.sketch_type != dtype::i16)
    return fail(errc::unsupported, "late reveal: sketches are i8 or i16");
  if (r.positions == 0 && r.outputs == 0) return fail(errc::out_of_range, "late reveal: it asks for no place");
  for (std::size_t i = 0; i < r.checkpoints.size(); ++i) {
    if (i > 0 && r.checkpoints[i].layer <= r.checkpoints[i - 1].layer)
      return fail(errc::wrong_order, "late reveal: checkpoints must ascend", i);
    if (!validate(quantiser{r.sketch_type, r.checkpoints[i].step}))
      return fail(errc::out_of_range, "late reveal: a step is not positive and moderate", i);
  }
  return {};
}
/// @errors out_of_range
[[nodiscard]] inline result<void> validate(const late_check& c) {
  if (c.rows == 0 || c.rows > late_limits::rows)
    return fail(errc::out_of_range, "late check: rows out of range", c.rows);
  return {};
}

/// A reveal that asks for all committed rows of a receipt, in the run's kind of sketch or with another number of
/// coordinates; steps are scaled with it. @pre validate(run), 1 <= sketch
[[nodiscard]] inline late_reveal reveal_for(const run_description& run, const receipt& r, const seed& secret,
                                            std::uint32_t sketch) {
  ASSAY_EXPECTS(sketch >= 1);
  late_reveal all{digest_of(r), secret, observed_positions(r), r.output_tokens, sketch, run.commitment.sketch_type, {}};
  const double scale = __builtin_sqrt(fp::div(static_cast<double>(run.commitment.sketch), static_cast<double>(sketch)));
  const auto ask = [&](layer_index layer) {
    all.checkpoints.push_back(
        {layer, static_cast<float>(fp::mul(static_cast<double>(run.commitment.steps[layer.value]), scale))});
  };
  for (const layer_index layer : run.commitment.committed_rows) ask(layer);
  ask(layer_index{run.model.checkpoints - 1});
  if (run.commitment.committed_rows.empty()) all.positions = 0;
  return all;
}
[[nodiscard]] inline late_reveal reveal_for(const run_description& run, const receipt& r, const seed& secret) {
  return reveal_for(run, r, secret, std::min(run.commitment.sketch, late_limits::sketch));
}

/// What a reveal asks of one receipt: at `positions` the checkpoints but the last, at `outputs` the final rows. All
/// ascend.
struct late_places {
  std::vector<std::uint32_t> positions, outputs;
  std::size_t block_checkpoints = 0;  ///< asked for, without the last one
  bool final_rows = false;

  [[nodiscard]] std::size_t checkpoints() const noexcept { return block_checkpoints + (final_rows ? 1 : 0); }
  /// Places of the c-th checkpoint asked for. @pre c < checkpoints()
  [[nodiscard]] std::span<const std::uint32_t> of(std::size_t c) const noexcept {
    return c < block_checkpoints ? positions : outputs;
  }
  /// Number of the sketch of place i of checkpoint c.
  [[nodiscard]] std::size_t index(std::size_t c, std::size_t i) const noexcept { return c * positions.size() + i; }
  [[nodiscard]] std::uint64_t sketches() const noexcept {
    return std::uint64_t{block_checkpoints} * positions.size() + (final_rows ? outputs.size() : 0);
  }
};

/// The places follow from the reveal. Exact.
/// @pre validate(run), validate(receipt), the receipt is of this run
/// @errors those of validate(late_reveal), wrong_statement (for another receipt), out_of_range (rows that the run does
///   not commit to, a sketch wider than the row), non_canonical (places of no checkpoint, or the other way round)
[[nodiscard]] inline result<late_places> expand(const late_reveal& revealed, const run_description& run,
                                                const receipt& r) {
  if (auto valid = validate(revealed); !valid) return valid.error();
  if (revealed.receipt != digest_of(r)) return fail(errc::wrong_statement, "late reveal: it is for another receipt");
  if (revealed.sketch > std::bit_ceil(run.model.width))
    return fail(errc::out_of_range, "late reveal: the sketch is wider than a row", revealed.sketch);
  late_places places;
  places.final_rows = revealed.checkpoints.back().layer.value + 1 == run.model.checkpoints;
  places.block_checkpoints = revealed.checkpoints.size() - (places.final_rows ? 1 : 0);
  for (std::size_t c = 0; c < places.block_checkpoints; ++c)
    if (!commits_rows(run, revealed.checkpoints[c].layer))
      return fail(errc::out_of_range, "late reveal: the run does not commit to these rows", c);
  if ((revealed.positions == 0) != (places.block_checkpoints == 0) || (revealed.outputs == 0) == places.final_rows)
    return fail(errc::non_canonical, "late reveal: places without checkpoints, or the other way round");
  const auto draw = [&](std::string_view purpose, std::uint32_t population, std::uint32_t count) {
    random_stream stream{seed{digest_of(revealed).value.bytes}, purpose};
    const auto drawn = sample_without_replacement(stream, population, std::min(count, population));
    return std::vector<std::uint32_t>(drawn.begin(), drawn.end());
  };
  places.positions = draw("late-positions", observed_positions(r), revealed.positions);
  places.outputs = draw("late-outputs", r.output_tokens, revealed.outputs);
  return places;
}

/// A row that is opened in full, and which sketch was sent for it.
struct late_row {
  coordinates at;  ///< in its tree
  std::size_t checkpoint = 0;  ///< place among the reveal's checkpoints
  std::size_t sketch = 0;  ///< number of its sketch
};

/// The drawn rows, by tree, in the order of the tree.
struct late_rows {
  std::vector<late_row> block_rows, final_rows;
};

/// Draws the rows to open, so many of each checkpoint: a lie about one layer meets all of that layer's draws, and
/// however lies are spread over C checkpoints, a mean share f of them escapes with probability at most (1 - f)^(C
/// rows). Exact.
/// @pre `places` is the expansion of `revealed` @errors those of validate(late_check)
[[nodiscard]] inline result<late_rows> expand(const late_check& asked, const late_reveal& revealed,
                                              const late_places& places, const run_description& run) {
  if (auto valid = validate(asked); !valid) return valid.error();
  random_stream stream{seed{digest_of(asked).value.bytes}, "late-rows"};
  late_rows rows;
  for (std::size_t c = 0; c < places.checkpoints(); ++c) {
    const auto of = places.of(c);
    const bool final_rows = c >= places.block_checkpoints;
    for (const std::uint64_t i :
         sample_without_replacement(stream, of.size(), std::min<std::uint64_t>(asked.rows, of.size()))) {
      const std::uint32_t place = of[static_cast<std::size_t>(i)];
      const coordinates at = final_rows
                                 ? coordinates{place}
                                 : coordinates{place, detail::committed_place(run, revealed.checkpoints[c].layer)};
      (final_rows ? rows.final_rows : rows.block_rows).push_back({at, c, places.index(c, static_cast<std::size_t>(i))});
    }
  }
  std::sort(rows.block_rows.begin(), rows.block_rows.end(),
            [](const late_row& a, const late_row& b) { return a.at < b.at; });
  return rows;
}

/// The projection of a reveal: bound to its receipt, and another one than the fingerprints' even for equal seeds.
[[nodiscard]] inline seed projection_of(const late_reveal& revealed) {
  return derive_seed(revealed.secret, "late-projection", revealed.receipt.value.bytes);
}

/// Probability that `opened` rows, drawn without replacement among `rows`, miss all of `wrong` ones: what a provider
/// risks whose sketches of so many rows are not those of the rows it committed to. At most (1 - wrong / rows)^opened.
/// Over several checkpoints, the product. @pre wrong <= rows
[[nodiscard]] inline double late_escape(std::uint64_t rows, std::uint64_t wrong, std::uint64_t opened) {
  ASSAY_EXPECTS(wrong <= rows);
  if (wrong == 0) return 1;
  if (opened > rows - wrong) return 0;
  double escape = 1;
  for (std::uint64_t i = 0; i < opened && escape > 0; ++i)
    escape *= static_cast<double>(rows - wrong - i) / static_cast<double>(rows - i);
  return escape;
}
/// Fewest rows that meet one of `wrong` with probability `target`. @pre 1 <= wrong <= rows, 0 < target < 1
[[nodiscard]] inline std::uint64_t late_rows_needed(std::uint64_t rows, std::uint64_t wrong, double target) {
  ASSAY_EXPECTS(wrong >= 1 && wrong <= rows && target > 0 && target < 1);
  double escape = 1;
  std::uint64_t opened = 0;
  while (opened < rows - wrong && escape > 1 - target) {
    escape *= static_cast<double>(rows - wrong - opened) / static_cast<double>(rows - opened);
    ++opened;
  }
  return escape > 1 - target ? opened + 1 : opened;
}

}  // namespace assay::inline v0

#endif
