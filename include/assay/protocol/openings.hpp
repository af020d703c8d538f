// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The committed trees of a request, and openings of the places that a challenge asks for.
#ifndef ASSAY_PROTOCOL_OPENINGS_HPP
#define ASSAY_PROTOCOL_OPENINGS_HPP

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
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

/// Rows by (position, place in `committed_rows`). A leaf node holds consecutive positions of one checkpoint, because all
/// rows that enter a block are opened together; above it checkpoints are joined first, then positions.
[[nodiscard]] inline tree_shape block_rows_shape(const run_description& run, std::uint32_t positions) {
  const auto& c = run.commitment;
  const auto checkpoints = static_cast<std::uint32_t>(c.committed_rows.size());
  const auto levels = [&](std::uint32_t group) {
    std::uint8_t n = 0;
    for (std::uint32_t left = checkpoints; left > 1; left = left / group + (left % group != 0 ? 1 : 0)) ++n;
    return n;
  };
  std::uint32_t group = c.fan_out;
  while (levels(group) > tree_limits::arities - 2) ++group;
  tree_shape s;
  s.type = c.row_type, s.width = run.model.width, s.rank = 2;
  s.extents[0] = positions, s.extents[1] = checkpoints;
  s.arities = static_cast<std::uint8_t>(levels(group) + 2);
  for (std::size_t l = 0; l < s.arities; ++l) s.arity[l] = {1, group};
  s.arity[0] = s.arity[s.arities - std::size_t{1}] = {c.fan_out, 1};
  return s;
}

/// Place of a checkpoint among those whose rows are committed. @pre commits_rows(run, layer)
[[nodiscard]] inline std::uint32_t committed_place(const run_description& run, layer_index layer) {
  const auto& committed = run.commitment.committed_rows;
  return static_cast<std::uint32_t>(std::lower_bound(committed.begin(), committed.end(), layer) - committed.begin());
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

/// What the receipt says of the tree of rows between blocks. @pre the run commits to some
[[nodiscard]] inline tree_statement block_rows_statement(const run_description& run, const receipt& r) {
  return {r.block_rows, detail::block_rows_shape(run, observed_positions(r)), detail::tree_context(r.request, "block-rows")};
}

/// Shapes of all trees of a run's requests, for schemes whose keys are made for known shapes; `positions` and `outputs`
/// bound their lengths. @pre validate(run), both at least 1
[[nodiscard]] inline std::vector<tree_shape> tree_shapes(const run_description& run, std::uint32_t positions, std::uint32_t outputs) {
  std::vector<tree_shape> shapes{detail::states_shape(run, positions), detail::final_rows_shape(run, outputs)};
  if (!run.commitment.committed_rows.empty()) shapes.push_back(detail::block_rows_shape(run, positions));
  return shapes;
}

/// Whether a scheme, with its public parameters, is the one that the run promises.
/// @errors wrong_type (another scheme), untrusted_parameters
template <vector_commitment Scheme>
[[nodiscard]] result<void> check_scheme(const Scheme& scheme, const run_description& run) {
  if (commitment_scheme{Scheme::id} != run.commitment.scheme)
    return fail(errc::wrong_type, "run: it promises another commitment scheme", static_cast<std::uint64_t>(run.commitment.scheme));
  if (scheme.parameters() != run.commitment.parameters)
    return fail(errc::untrusted_parameters, "run: it promises other public parameters of the commitment scheme");
  return {};
}

/// A prover's trees.
template <vector_commitment Scheme>
struct committed_trees {
  terkle_tree<Scheme> states;
  terkle_tree<Scheme> final_rows;
  std::optional<terkle_tree<Scheme>> block_rows{};  ///< if the run commits to rows between blocks
};

/// What a sealed prover keeps, for exchanges beyond its own `open`. Points into the prover.
template <vector_commitment Scheme>
struct sealed_request {
  const run_description* run = nullptr;
  const receipt* sealed = nullptr;
  const committed_trees<Scheme>* trees = nullptr;
};

/// Commits to all trees. @pre the bytes fill the shapes @errors those of commit_tree
template <vector_commitment Scheme>
[[nodiscard]] result<committed_trees<Scheme>> commit_states(const Scheme& scheme, const run_description& run, const request_digest& request,
                                                            byte_view states, byte_view final_rows, std::uint32_t positions, std::uint32_t outputs,
                                                            byte_view block_rows = {}) {
  auto first = commit_tree(scheme, detail::states_shape(run, positions), detail::tree_context(request, "states"), states);
  if (!first) return first.error();
  auto second = commit_tree(scheme, detail::final_rows_shape(run, outputs), detail::tree_context(request, "final-rows"), final_rows);
  if (!second) return second.error();
  committed_trees<Scheme> trees{*std::move(first), *std::move(second)};
  if (run.commitment.committed_rows.empty()) return trees;
  auto third = commit_tree(scheme, detail::block_rows_shape(run, positions), detail::tree_context(request, "block-rows"), block_rows);
  if (!third) return third.error();
  trees.block_rows = *std::move(third);
  return trees;
}

/// Rows of the trees that answer a challenge, strictly ascending.
struct opened_coordinates {
  std::vector<coordinates> states;
  std::vector<coordinates> final_rows;
  std::vector<coordinates> block_rows;
};

namespace detail {

inline void sort_unique(std::vector<coordinates>& rows) {
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
}

/// Whether rows before the final norm are opened beside final rows, so that blocks are linked to tokens.
[[nodiscard]] inline bool opens_rows_before_norm(const run_description& run, const challenged_places& places) {
  return !places.blocks.empty() && run.model.checkpoints >= 2 && commits_rows(run, layer_index{run.model.checkpoints - 2});
}

[[nodiscard]] inline std::vector<coordinates> block_row_coordinates(const run_description& run, const receipt& r, const challenged_places& places) {
  std::vector<coordinates> rows;
  for (const challenged_block& each : places.blocks) {
    const std::uint32_t out = committed_place(run, each.block);
    for (std::uint32_t p : each.positions) rows.push_back({p, out});
    if (each.block.value > 0)
      for (std::uint32_t p = 0; p <= each.positions.back(); ++p) rows.push_back({p, committed_place(run, layer_index{each.block.value - 1})});
  }
  if (opens_rows_before_norm(run, places))
    for (std::uint32_t o : places.outputs)
      rows.push_back({r.prompt_tokens - 1 + o, committed_place(run, layer_index{run.model.checkpoints - 2})});
  sort_unique(rows);
  return rows;
}

}  // namespace detail

/// The challenged positions, those whose final row or block output is opened, these final rows, and the rows of blocks.
/// @pre every challenged block is recheckable
[[nodiscard]] inline opened_coordinates coordinates_of(const run_description& run, const receipt& r, const challenged_places& places) {
  opened_coordinates all;
  for (std::uint32_t p : places.positions) all.states.push_back({p});
  for (std::uint32_t o : places.outputs) {
    all.final_rows.push_back({o});
    all.states.push_back({r.prompt_tokens - 1 + o});
  }
  for (const challenged_block& each : places.blocks)
    for (std::uint32_t p : each.positions) all.states.push_back({p});
  detail::sort_unique(all.states);
  all.block_rows = detail::block_row_coordinates(run, r, places);
  return all;
}

/// Whether the run commits to what goes in and out of the challenged blocks. @errors out_of_range (where: the block)
[[nodiscard]] inline result<void> check_recheckable(const run_description& run, const recheck_size& asked) {
  for (layer_index block : asked.among)
    if (!recheckable(run, block)) return fail(errc::out_of_range, "challenge: the run does not commit to this block's rows", block.value);
  return {};
}

/// A prover's answer to a challenge.
template <vector_commitment Scheme>
struct opening_set {
  challenge_digest answers;
  tree_opening<Scheme> states;
  tree_opening<Scheme> final_rows;  ///< unused if the challenge asks for no final row
  tree_opening<Scheme> block_rows{};  ///< unused if the challenge asks for no block

  friend bool operator==(const opening_set&, const opening_set&) = default;
};

namespace detail {
inline constexpr std::array<std::byte, 4> openings_magic = {std::byte{'A'}, std::byte{'S'}, std::byte{'O'}, std::byte{'S'}};
inline constexpr std::uint16_t openings_version = 0;
}  // namespace detail

/// Writes openings: magic "ASOS", version u16, the challenge's digest, then per tree its length u64 and its opening.
/// A tree of which nothing is asked has length 0; one that the run does not have is left out.
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
  if (!run.commitment.committed_rows.empty()) tree(set.block_rows, block_rows_statement(run, r).shape);
  return bytes;
}

/// Reads openings of exactly what the challenge asks for; verifies nothing. The bytes may be anything.
/// @pre check_recheckable(run, asked.size.recheck)
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
  const opened_coordinates wanted = coordinates_of(run, r, places);
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
  if (!run.commitment.committed_rows.empty())
    if (auto rows = tree(block_rows_statement(run, r), wanted.block_rows, set.block_rows); !rows) return rows.error();
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
  std::vector<std::byte> before_norm{};  ///< the row that the final norm was applied to, if it was opened
};

/// Rows of a block that were proven to be committed.
struct opened_block {
  layer_index block;
  std::vector<position> wanted;     ///< where its output is opened, ascending
  std::vector<std::byte> rows_in;   ///< rows going in, positions 0 to wanted.back(); empty for block 0: they are embeddings
  std::vector<std::byte> rows_out;  ///< rows coming out, at the wanted positions
};

struct opened_places {
  std::vector<opened_state> states;
  std::vector<opened_final_row> final_rows;
  std::vector<opened_block> blocks{};
};

namespace detail {

/// Finds rows among those opened.
class opened_tree {
 public:
  opened_tree(std::span<const coordinates> at, const opened_rows& rows) : at_(at), rows_(rows) {}
  /// @pre the row was asked for
  [[nodiscard]] byte_view operator[](const coordinates& row) const {
    return rows_[static_cast<std::size_t>(std::lower_bound(at_.begin(), at_.end(), row) - at_.begin())];
  }

 private:
  std::span<const coordinates> at_;
  const opened_rows& rows_;
};

inline void append(std::vector<std::byte>& to, byte_view row) { to.insert(to.end(), row.begin(), row.end()); }

/// Sorts opened rows between blocks to the blocks, and to the final rows.
inline void sort_out_blocks(const run_description& run, const receipt& r, const challenged_places& places, const opened_tree& rows, opened_places& opened) {
  for (const challenged_block& each : places.blocks) {
    opened_block& block = opened.blocks.emplace_back();
    block.block = each.block;
    for (std::uint32_t p : each.positions) {
      block.wanted.push_back(position{p});
      append(block.rows_out, rows[{p, committed_place(run, each.block)}]);
    }
    if (each.block.value > 0)
      for (std::uint32_t p = 0; p <= each.positions.back(); ++p)
        append(block.rows_in, rows[{p, committed_place(run, layer_index{each.block.value - 1})}]);
  }
  if (!opens_rows_before_norm(run, places)) return;
  const std::uint32_t before = committed_place(run, layer_index{run.model.checkpoints - 2});
  for (opened_final_row& each : opened.final_rows) append(each.before_norm, rows[{r.prompt_tokens - 1 + each.output, before}]);
}

}  // namespace detail

/// Verifies openings against the receipt's roots and sorts out what they show.
/// @errors commitment_mismatch, wrong_statement, those of verify_tree_opening
template <vector_commitment Scheme>
[[nodiscard]] result<opened_places> verify_openings(const Scheme& scheme, const run_description& run, const receipt& r,
                                                    const challenged_places& places, const opening_set<Scheme>& set) {
  const opened_coordinates wanted = coordinates_of(run, r, places);
  const auto states = verify_tree_opening(scheme, states_statement(run, r), wanted.states, set.states);
  if (!states) return states.error();
  const auto bytes_of = [](byte_view row) { return std::vector<std::byte>(row.begin(), row.end()); };
  opened_places opened;
  for (std::size_t i = 0; i < wanted.states.size(); ++i)
    opened.states.push_back({position{wanted.states[i][0]}, bytes_of((*states)[i])});
  if (!wanted.final_rows.empty()) {
    const std::size_t final_bytes = run.commitment.sketch * size_of(run.commitment.sketch_type);
    const auto rows = verify_tree_opening(scheme, final_rows_statement(run, r), wanted.final_rows, set.final_rows);
    if (!rows) return rows.error();
    const detail::opened_tree fingerprints{wanted.states, *states};
    for (std::size_t i = 0; i < wanted.final_rows.size(); ++i) {
      const coordinates state{r.prompt_tokens - 1 + places.outputs[i]};
      opened.final_rows.push_back({places.outputs[i], position{state[0]}, bytes_of((*rows)[i]), bytes_of(fingerprints[state].last(final_bytes))});
    }
  }
  if (!wanted.block_rows.empty()) {
    const auto rows = verify_tree_opening(scheme, block_rows_statement(run, r), wanted.block_rows, set.block_rows);
    if (!rows) return rows.error();
    detail::sort_out_blocks(run, r, places, detail::opened_tree{wanted.block_rows, *rows}, opened);
  }
  return opened;
}

}  // namespace assay::inline v0

#endif
