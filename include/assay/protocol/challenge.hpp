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
};

/// How much is asked for; more than there is means all of it.
struct challenge_size {
  std::uint32_t positions = 8;   ///< positions whose fingerprints are opened, every checkpoint of each
  std::uint32_t final_rows = 4;  ///< output tokens whose LM-head input is opened in full, with that position's fingerprints

  friend bool operator==(const challenge_size&, const challenge_size&) = default;
};

/// A challenge on the wire. Which places it asks for follows from it; see `expand`.
struct challenge {
  receipt_digest receipt;
  seed randomness;  ///< the verifier's nonce, or the value of the beacon's round
  challenge_size size;

  friend bool operator==(const challenge&, const challenge&) = default;
};

/// The places a challenge asks for, in ascending order.
struct challenged_places {
  std::vector<std::uint32_t> positions;  ///< every checkpoint of these positions
  std::vector<std::uint32_t> outputs;    ///< final rows that led to these output tokens, and their fingerprints
};

using challenge_digest = typed_digest<struct challenge_digest_tag>;

[[nodiscard]] inline challenge_digest digest_of(const challenge& c) {
  transcript t{domains::challenge};
  t.digest("receipt", c.receipt.value).bytes("randomness", c.randomness.bytes);
  t.u64("positions", c.size.positions).u64("final-rows", c.size.final_rows);
  return challenge_digest{t.finish()};
}

/// Draws the places without replacement, uniformly over what the receipt says exists. Exact.
/// @errors wrong_statement (a challenge to another receipt), out_of_range (asks for nothing)
[[nodiscard]] inline result<challenged_places> expand(const challenge& c, const receipt& r) {
  if (auto valid = validate(r); !valid) return valid.error();
  if (c.receipt != digest_of(r)) return fail(errc::wrong_statement, "challenge: it was drawn for another receipt");
  if (c.size.positions == 0 && c.size.final_rows == 0) return fail(errc::out_of_range, "challenge: it asks for nothing");
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
  return places;
}

}  // namespace assay::inline v0

#endif
