// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a verifier asks to see: drawn after the receipt, from randomness the provider could not know.
#ifndef ASSAY_PROTOCOL_CHALLENGE_HPP
#define ASSAY_PROTOCOL_CHALLENGE_HPP

#include <algorithm>
#include <cstdint>
#include <vector>

#include <assay/protocol/receipt.hpp>
#include <assay/random/sample.hpp>
#include <assay/random/stream.hpp>

namespace assay::inline v0 {

/// Most that a prover answers unless its host says otherwise, and so the most that a policy may ask for.
struct challenge_limits {
  static constexpr std::uint32_t positions = 1024;
  static constexpr std::uint32_t final_rows = 256;
  static constexpr std::uint32_t blocks = 4;
  static constexpr std::uint32_t block_positions = 256;
  static constexpr std::uint32_t block_prefix = 1u << 14;
};

/// Which blocks are rechecked, and at how many positions. All zero and empty: none.
struct recheck_size {
  std::vector<layer_index> among{};  ///< blocks that may be drawn, ascending: those whose weights the verifier holds
  std::uint32_t blocks = 0;          ///< so many of them are drawn
  std::uint32_t positions = 0;       ///< positions, per drawn block, whose row coming out is opened
  std::uint32_t prefix = 0;          ///< they are drawn among the first so many; every row going in up to the last one is opened

  [[nodiscard]] bool asks() const noexcept { return !among.empty(); }
  friend bool operator==(const recheck_size&, const recheck_size&) = default;
};

/// How much is asked for; more than there is means all of it.
struct challenge_size {
  std::uint32_t positions = 8;   ///< positions whose fingerprints are opened, every checkpoint of each
  std::uint32_t final_rows = 4;  ///< output tokens whose LM-head input is opened in full, with that position's fingerprints
  recheck_size recheck{};        ///< blocks to recompute (level 2)

  [[nodiscard]] bool asks() const noexcept { return positions != 0 || final_rows != 0 || recheck.asks(); }
  friend bool operator==(const challenge_size&, const challenge_size&) = default;
};

/// What `challenge_limits` allow.
[[nodiscard]] inline challenge_size largest_challenge() {
  return {challenge_limits::positions, challenge_limits::final_rows,
          {{}, challenge_limits::blocks, challenge_limits::block_positions, challenge_limits::block_prefix}};
}

/// Whether every count of `size` is at most that of `most`.
[[nodiscard]] inline bool within(const challenge_size& size, const challenge_size& most) noexcept {
  return size.positions <= most.positions && size.final_rows <= most.final_rows && size.recheck.blocks <= most.recheck.blocks &&
         size.recheck.positions <= most.recheck.positions && size.recheck.prefix <= most.recheck.prefix;
}

/// A challenge on the wire. Which places it asks for follows from it; see `expand`.
struct challenge {
  receipt_digest receipt;
  seed randomness;  ///< the verifier's nonce, or the value of the beacon's round
  challenge_size size;

  friend bool operator==(const challenge&, const challenge&) = default;
};

/// A block, and the positions at which its output is to be recomputed, ascending, at least one.
struct challenged_block {
  layer_index block;
  std::vector<std::uint32_t> positions;

  friend bool operator==(const challenged_block&, const challenged_block&) = default;
};

/// The places a challenge asks for, in ascending order.
struct challenged_places {
  std::vector<std::uint32_t> positions;  ///< every checkpoint of these positions
  std::vector<std::uint32_t> outputs;    ///< final rows that led to these output tokens, and their fingerprints
  std::vector<challenged_block> blocks{};  ///< rows going in up to the last position, rows coming out at all of them
};

using challenge_digest = typed_digest<struct challenge_digest_tag>;

/// Checks how a challenge asks for blocks; whether they can be rechecked is for the run to say.
/// @errors out_of_range, wrong_order, non_canonical (counts without blocks)
[[nodiscard]] inline result<void> validate(const recheck_size& asked) {
  if (!asked.asks()) {
    if (asked.blocks != 0 || asked.positions != 0 || asked.prefix != 0) return fail(errc::non_canonical, "challenge: counts, but no block to draw");
    return {};
  }
  if (asked.among.size() > run_limits::checkpoints) return fail(errc::out_of_range, "challenge: too many blocks to draw from", asked.among.size());
  for (std::size_t i = 1; i < asked.among.size(); ++i)
    if (asked.among[i] <= asked.among[i - 1]) return fail(errc::wrong_order, "challenge: blocks to draw from must ascend", i);
  if (asked.blocks == 0 || asked.positions == 0 || asked.prefix == 0) return fail(errc::out_of_range, "challenge: blocks, but nothing of them");
  return {};
}

/// @errors out_of_range (asks for nothing), those of validate(recheck_size)
[[nodiscard]] inline result<void> validate(const challenge_size& size) {
  if (!size.asks()) return fail(errc::out_of_range, "challenge: it asks for nothing");
  return validate(size.recheck);
}

[[nodiscard]] inline challenge_digest digest_of(const challenge& c) {
  transcript t{domains::challenge};
  t.digest("receipt", c.receipt.value).bytes("randomness", c.randomness.bytes);
  t.u64("positions", c.size.positions).u64("final-rows", c.size.final_rows);
  if (c.size.recheck.asks()) {
    t.u64("among", c.size.recheck.among.size());
    for (layer_index block : c.size.recheck.among) t.u64("block", block.value);
    t.u64("blocks", c.size.recheck.blocks).u64("block-positions", c.size.recheck.positions).u64("block-prefix", c.size.recheck.prefix);
  }
  return challenge_digest{t.finish()};
}

/// Draws the places without replacement, uniformly over what the receipt says exists. Exact.
/// @errors wrong_statement (a challenge to another receipt), out_of_range (asks for nothing, or for blocks of a receipt
///         without block rows), those of validate(challenge_size)
[[nodiscard]] inline result<challenged_places> expand(const challenge& c, const receipt& r) {
  if (auto valid = validate(r); !valid) return valid.error();
  if (c.receipt != digest_of(r)) return fail(errc::wrong_statement, "challenge: it was drawn for another receipt");
  if (auto valid = validate(c.size); !valid) return valid.error();
  if (c.size.recheck.asks() && !has_block_rows(r)) return fail(errc::out_of_range, "challenge: the receipt has no block rows");
  random_stream stream{seed{digest_of(c).value.bytes}, "challenge-places"};
  const auto draw = [&](std::uint32_t population, std::uint32_t count) {
    const auto drawn = sample_without_replacement(stream, population, std::min(count, population));
    std::vector<std::uint32_t> places(drawn.size());
    std::transform(drawn.begin(), drawn.end(), places.begin(), [](std::uint64_t x) { return static_cast<std::uint32_t>(x); });
    return places;
  };
  challenged_places places;
  places.positions = draw(observed_positions(r), c.size.positions);
  places.outputs = draw(r.output_tokens, c.size.final_rows);
  const recheck_size& recheck = c.size.recheck;
  for (std::uint32_t drawn : draw(static_cast<std::uint32_t>(recheck.among.size()), recheck.blocks))
    places.blocks.push_back({recheck.among[drawn], {}});
  for (challenged_block& each : places.blocks) each.positions = draw(std::min(observed_positions(r), recheck.prefix), recheck.positions);
  return places;
}

}  // namespace assay::inline v0

#endif
