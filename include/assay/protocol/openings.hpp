// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The two committed trees of a request, and openings of the places that a challenge asks for.
#ifndef ASSAY_PROTOCOL_OPENINGS_HPP
#define ASSAY_PROTOCOL_OPENINGS_HPP

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include <assay/commit/terkle.hpp>
#include <assay/io/reader.hpp>
#include <assay/io/writer.hpp>
#include <assay/protocol/challenge.hpp>

namespace assay::inline v0 {

namespace detail {

/// Binds a tree to its request and to what its rows are.
[[nodiscard]] inline digest tree_context(const request_digest& request, std::string_view rows) {
  transcript t{domains::committed_rows};
  t.digest("request", request.value).text("rows", rows);
  return t.finish();
}

[[nodiscard]] inline tree_shape states_shape(const run_description& run, std::uint32_t positions) {
  const auto& c = run.commitment;
  return row_tree_shape(positions, c.sketch_type, c.sketch * run.model.checkpoints, c.fan_out);
}
[[nodiscard]] inline tree_shape final_rows_shape(const run_description& run, std::uint32_t outputs) {
  return row_tree_shape(outputs, run.commitment.row_type, run.model.width, run.commitment.fan_out);
}

}  // namespace detail

/// What the receipt says of the tree of fingerprints: one row per position, the sketches of all its checkpoints. They are
/// one leaf because they are opened together, and hashing them apart would cost a prover three times as much.
[[nodiscard]] inline tree_statement states_statement(const run_description& run, const receipt& r) {
  return {r.states, detail::states_shape(run, observed_positions(r)), detail::tree_context(r.request, "states")};
}
/// What the receipt says of the tree of LM-head inputs, one row of `width` elements per output token.
[[nodiscard]] inline tree_statement final_rows_statement(const run_description& run, const receipt& r) {
  return {r.final_rows, detail::final_rows_shape(run, r.output_tokens), detail::tree_context(r.request, "final-rows")};
}

/// A prover's trees.
template <vector_commitment Scheme>
struct committed_trees {
  terkle_tree<Scheme> states;
  terkle_tree<Scheme> final_rows;
};

/// Commits to both trees. @pre the bytes fill the shapes @errors those of commit_tree
template <vector_commitment Scheme>
[[nodiscard]] result<committed_trees<Scheme>> commit_states(const Scheme& scheme, const run_description& run, const request_digest& request,
                                                            byte_view states, byte_view final_rows, std::uint32_t positions, std::uint32_t outputs) {
  auto first = commit_tree(scheme, detail::states_shape(run, positions), detail::tree_context(request, "states"), states);
  if (!first) return first.error();
  auto second = commit_tree(scheme, detail::final_rows_shape(run, outputs), detail::tree_context(request, "final-rows"), final_rows);
  if (!second) return second.error();
  return committed_trees<Scheme>{*std::move(first), *std::move(second)};
}

/// Rows of both trees that answer a challenge, strictly ascending.
struct opened_coordinates {
  std::vector<coordinates> states;
  std::vector<coordinates> final_rows;
};

/// The challenged positions, those whose final row is opened, and these final rows.
[[nodiscard]] inline opened_coordinates coordinates_of(const receipt& r, const challenged_places& places) {
  opened_coordinates all;
  for (std::uint32_t p : places.positions) all.states.push_back({p});
  for (std::uint32_t o : places.outputs) {
    all.final_rows.push_back({o});
    all.states.push_back({r.prompt_tokens - 1 + o});
  }
  std::sort(all.states.begin(), all.states.end());
  all.states.erase(std::unique(all.states.begin(), all.states.end()), all.states.end());
  return all;
}

/// A prover's answer to a challenge.
template <vector_commitment Scheme>
struct opening_set {
  challenge_digest answers;
  tree_opening<Scheme> states;
  tree_opening<Scheme> final_rows;  ///< unused if the challenge asks for no final row

  friend bool operator==(const opening_set&, const opening_set&) = default;
};

namespace detail {
inline constexpr std::array<std::byte, 4> openings_magic = {std::byte{'A'}, std::byte{'S'}, std::byte{'O'}, std::byte{'S'}};
inline constexpr std::uint16_t openings_version = 0;
}  // namespace detail

/// Writes openings: magic "ASOS", version u16, the challenge's digest, then per tree its length u64 and its opening.
/// A tree of which nothing is asked has length 0.
template <vector_commitment Scheme>
[[nodiscard]] std::vector<std::byte> encode(const opening_set<Scheme>& set, const run_description& run, const receipt& r) {
  std::vector<std::byte> bytes;
  writer out{bytes};
  out.bytes(detail::openings_magic);
  out.u16(detail::openings_version);
  out.bytes(set.answers.value.bytes);
  const auto tree = [&](const tree_opening<Scheme>& opening, const tree_shape& shape) {
    const std::vector<std::byte> encoded = opening.rows.empty() ? std::vector<std::byte>{} : encode(opening, shape);
    out.u64(encoded.size());
    out.bytes(encoded);
  };
  tree(set.states, states_statement(run, r).shape);
  tree(set.final_rows, final_rows_statement(run, r).shape);
  return bytes;
}

/// Reads openings of exactly what the challenge asks for; verifies nothing. The bytes may be anything.
/// @errors truncated, trailing_bytes, bad_magic, unsupported_version, wrong_statement, length_mismatch, those of parse_tree_opening
template <vector_commitment Scheme>
[[nodiscard]] result<opening_set<Scheme>> parse_openings(const Scheme& scheme, byte_view bytes, const run_description& run, const receipt& r,
                                                         const challenge& asked, const challenged_places& places) {
  reader in{bytes};
  if (auto magic = in.expect(detail::openings_magic); !magic) return magic.error();
  const auto version = in.u16();
  if (!version) return version.error();
  if (*version != detail::openings_version) return fail(errc::unsupported_version, "openings: unknown version", 4);
  const auto answers = in.template array<32>();
  if (!answers) return answers.error();
  opening_set<Scheme> set;
  set.answers = challenge_digest{digest{*answers}};
  if (set.answers != digest_of(asked)) return fail(errc::wrong_statement, "openings: they answer another challenge", 6);
  const opened_coordinates wanted = coordinates_of(r, places);
  const auto tree = [&](const tree_statement& statement, std::span<const coordinates> requested, tree_opening<Scheme>& into) -> result<void> {
    const auto length = in.u64();
    if (!length) return length.error();
    if ((*length == 0) != requested.empty()) return fail(errc::length_mismatch, "openings: a tree is missing, or was not asked for", in.offset());
    if (requested.empty()) return {};
    const auto encoded = in.bytes(*length);
    if (!encoded) return encoded.error();
    auto opening = parse_tree_opening(scheme, statement, requested, *encoded);
    if (!opening) return opening.error();
    into = *std::move(opening);
    return {};
  };
  if (auto states = tree(states_statement(run, r), wanted.states, set.states); !states) return states.error();
  if (auto rows = tree(final_rows_statement(run, r), wanted.final_rows, set.final_rows); !rows) return rows.error();
  if (auto end = in.finish(); !end) return end.error();
  return set;
}

/// The fingerprints of one position that were proven to be committed.
struct opened_state {
  position at;
  std::vector<std::byte> fingerprints;  ///< one after the other, by checkpoint
};

/// An LM-head input that was proven to be committed, with the fingerprint committed for it.
struct opened_final_row {
  std::uint32_t output = 0;  ///< index of the output token it led to
  position at;
  std::vector<std::byte> bits;
  std::vector<std::byte> fingerprint;
};

struct opened_places {
  std::vector<opened_state> states;
  std::vector<opened_final_row> final_rows;
};

/// Verifies openings against the receipt's roots and sorts out what they show.
/// @errors commitment_mismatch, wrong_statement, those of verify_tree_opening
template <vector_commitment Scheme>
[[nodiscard]] result<opened_places> verify_openings(const Scheme& scheme, const run_description& run, const receipt& r,
                                                    const challenged_places& places, const opening_set<Scheme>& set) {
  const opened_coordinates wanted = coordinates_of(r, places);
  const auto states = verify_tree_opening(scheme, states_statement(run, r), wanted.states, set.states);
  if (!states) return states.error();
  const auto bytes_of = [](byte_view row) { return std::vector<std::byte>(row.begin(), row.end()); };
  opened_places opened;
  for (std::size_t i = 0; i < wanted.states.size(); ++i)
    opened.states.push_back({position{wanted.states[i][0]}, bytes_of((*states)[i])});
  if (wanted.final_rows.empty()) return opened;
  const std::size_t final_bytes = run.commitment.sketch * size_of(run.commitment.sketch_type);
  const auto rows = verify_tree_opening(scheme, final_rows_statement(run, r), wanted.final_rows, set.final_rows);
  if (!rows) return rows.error();
  for (std::size_t i = 0; i < wanted.final_rows.size(); ++i) {
    const coordinates state{r.prompt_tokens - 1 + places.outputs[i]};
    const auto found = std::lower_bound(wanted.states.begin(), wanted.states.end(), state);
    const byte_view all_checkpoints = (*states)[static_cast<std::size_t>(found - wanted.states.begin())];
    opened.final_rows.push_back({places.outputs[i], position{state[0]}, bytes_of((*rows)[i]), bytes_of(all_checkpoints.last(final_bytes))});
  }
  return opened;
}

}  // namespace assay::inline v0

#endif
