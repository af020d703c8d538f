// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A dialogue under one root: each turn binds the session's root before it, and the turns are an append-only tree.
#ifndef ASSAY_COMMIT_SESSION_HPP
#define ASSAY_COMMIT_SESSION_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <assay/commit/terkle.hpp>

namespace assay::inline v0 {

/// Which session: chosen by the client, fresh for every dialogue.
using session_name = typed_digest<struct session_name_tag>;
/// Binds all turns of a session so far, in order.
using session_root = typed_digest<struct session_root_tag>;

/// Place of a turn in its session. The first turn follows a root of zeros.
struct session_place {
  session_name session;
  std::uint32_t turn = 0;
  session_root previous;  ///< root of the turns before

  friend bool operator==(const session_place&, const session_place&) = default;
};

/// One turn, as its session's tree holds it.
struct turn_statement {
  session_place at;
  digest content;  ///< binds what was said and committed: the root of a tree with context `turn_context`, or a receipt's digest

  friend bool operator==(const turn_statement&, const turn_statement&) = default;
};

/// Context for everything that is committed in a turn: session, number and what was said before, and what the caller adds.
[[nodiscard]] inline digest turn_context(const session_place& at, const digest& context) {
  transcript t{domains::session_turn};
  t.digest("session", at.session.value).u64("turn", at.turn).digest("previous", at.previous.value).digest("context", context);
  return t.finish();
}

/// The row that a turn has in its session's tree.
[[nodiscard]] inline digest digest_of(const turn_statement& turn) {
  transcript t{domains::session_entry};
  t.digest("session", turn.at.session.value).u64("turn", turn.at.turn).digest("previous", turn.at.previous.value).digest("content", turn.content);
  return t.finish();
}

namespace detail {

inline constexpr std::uint32_t session_fan_out = 16;

[[nodiscard]] inline digest session_context(const session_name& session) {
  transcript t{domains::session_log};
  t.digest("session", session.value);
  return t.finish();
}
[[nodiscard]] inline tree_shape session_shape(std::uint32_t turns) { return row_tree_shape(turns, dtype::opaque, sizeof(digest), session_fan_out); }

}  // namespace detail

/// What a session's root says: a tree with one row per turn. @pre turns > 0
[[nodiscard]] inline tree_statement session_statement(const session_name& session, const session_root& root, std::uint32_t turns) {
  return {tree_root{root.value}, detail::session_shape(turns), detail::session_context(session)};
}

/// The open right edge of a session's tree: enough to append turns and to know the root, O(log turns) digests. Whoever
/// holds one needs none of the old turns; sent along with a turn it proves that the new root only adds to the old one.
template <vector_commitment Scheme>
class session_frontier {
 public:
  explicit session_frontier(const session_name& session, Scheme scheme = {})
      : scheme_(std::move(scheme)), session_(session),
        context_(detail::node_context(scheme_, detail::session_shape(0), detail::session_context(session))) {}

  [[nodiscard]] const session_name& session() const noexcept { return session_; }
  [[nodiscard]] std::uint32_t turns() const noexcept { return turns_; }
  /// The root of the turns so far; zeros before the first.
  [[nodiscard]] const session_root& root() const noexcept { return root_; }
  /// Where the next turn is.
  [[nodiscard]] session_place next() const { return {session_, turns_, root_}; }

  /// Appends a turn. @errors wrong_statement (not the next turn of this session), too_large, those of the scheme; nothing
  ///   is appended then
  result<void> append(const turn_statement& turn) {
    if (turn.at != next()) return fail(errc::wrong_statement, "session: this is not its next turn", turn.at.turn);
    if (turns_ == most_turns) return fail(errc::too_large, "session: too many turns", turns_);
    session_frontier grown = *this;
    if (auto added = grown.push(digest_of(turn)); !added) return added;
    *this = std::move(grown);
    return {};
  }

  /// The digests that are kept: per level, those in its incomplete last node. Their numbers follow from `turns()`.
  [[nodiscard]] std::vector<std::byte> encode() const {
    std::vector<std::byte> bytes;
    writer out{bytes};
    for (const auto& level : open_)
      for (const digest& d : level) out.bytes(d.bytes);
    return bytes;
  }

  /// Reads a frontier of that many turns and checks that it leads to `root`. The bytes may be anything.
  /// @errors too_large, length_mismatch, commitment_mismatch, those of the scheme
  [[nodiscard]] static result<session_frontier> parse(const session_name& session, const session_root& root, std::uint32_t turns, byte_view bytes,
                                                      Scheme scheme = {}) {
    if (turns > most_turns) return fail(errc::too_large, "session: too many turns", turns);
    session_frontier f{session, std::move(scheme)};
    std::uint64_t digests = 0;
    for (std::uint32_t left = turns; left > 0; left /= detail::session_fan_out) digests += left % detail::session_fan_out;
    if (bytes.size() != digests * sizeof(digest)) return fail(errc::length_mismatch, "session: a frontier of another number of turns", bytes.size());
    reader in{bytes};
    for (std::uint32_t left = turns; left > 0; left /= detail::session_fan_out) {
      auto& level = f.open_.emplace_back();
      for (std::uint32_t i = 0; i < left % detail::session_fan_out; ++i) level.push_back(digest{*in.template array<32>()});
    }
    f.turns_ = turns;
    if (auto computed = f.close(); !computed) return computed.error();
    if (f.root_ != root) return fail(errc::commitment_mismatch, "session: the frontier does not lead to the root");
    return f;
  }

 private:
  static constexpr std::uint32_t most_turns = 1u << 28;

  // The digest of a node of a level that holds these slots.
  [[nodiscard]] result<digest> commit(std::size_t level, std::uint64_t index, const std::vector<digest>& slots) const {
    std::vector<std::byte> values;
    writer out{values};
    for (const digest& d : slots) out.bytes(d.bytes);
    node_shape shape;
    shape.width = sizeof(digest), shape.rank = 1;
    shape.arity[0] = detail::session_fan_out, shape.present[0] = static_cast<std::uint32_t>(slots.size());
    const node_view view{{context_, static_cast<std::uint32_t>(level), index}, shape, values};
    typename Scheme::commitment c;
    if (auto done = scheme_.commit({&view, 1}, {&c, 1}); !done) return done.error();
    return Scheme::digest_of(view.where, shape, c);
  }

  // Nodes of a level that are complete.
  [[nodiscard]] std::uint64_t complete(std::size_t level) const noexcept {
    std::uint64_t n = turns_;
    for (std::size_t l = 0; l <= level; ++l) n /= detail::session_fan_out;
    return n;
  }

  [[nodiscard]] result<void> push(digest entry) {
    ++turns_;
    for (std::size_t level = 0;; ++level) {
      if (level == open_.size()) open_.emplace_back();
      open_[level].push_back(entry);
      if (open_[level].size() < detail::session_fan_out) break;
      const auto node = commit(level, complete(level) - 1, open_[level]);
      if (!node) return node.error();
      entry = *node;
      open_[level].clear();
    }
    return close();
  }

  // The root: incomplete nodes are committed as they are, from the bottom up. They are not kept.
  [[nodiscard]] result<void> close() {
    root_ = {};
    if (turns_ == 0) return {};
    const std::size_t levels = tree_geometry{detail::session_shape(turns_)}.levels();
    std::vector<digest> carried;
    for (std::size_t level = 0; level < levels; ++level) {
      std::vector<digest> slots = level < open_.size() ? open_[level] : std::vector<digest>{};
      slots.insert(slots.end(), carried.begin(), carried.end());
      carried.clear();
      if (slots.empty()) continue;
      const auto node = commit(level, complete(level), slots);
      if (!node) return node.error();
      carried.push_back(*node);
    }
    if (carried.empty()) carried = open_[levels];  // all nodes are complete: the topmost one is a digest already
    transcript t{domains::tree_root};
    t.digest("tree", context_).u64("extent", turns_).digest("top", carried.front());
    root_.value = t.finish();
    return {};
  }

  Scheme scheme_;
  session_name session_;
  digest context_;
  std::uint32_t turns_ = 0;
  session_root root_;
  std::vector<std::vector<digest>> open_;  // by level
};

/// Proves that a turn was appended to what was there and nothing else changed: `frontier` is the encoded frontier before it.
/// @errors wrong_statement (not the turn after `previous`), commitment_mismatch (the frontier is not that of the previous
///   root, or the new root is another one), those of session_frontier::parse
template <vector_commitment Scheme>
[[nodiscard]] result<void> verify_session_link(const Scheme& scheme, const session_root& previous, byte_view frontier, const turn_statement& turn,
                                               const session_root& root) {
  if (turn.at.previous != previous) return fail(errc::wrong_statement, "session: the turn follows another root", turn.at.turn);
  auto before = session_frontier<Scheme>::parse(turn.at.session, previous, turn.at.turn, frontier, scheme);
  if (!before) return before.error();
  if (auto appended = before->append(turn); !appended) return appended;
  if (before->root() != root) return fail(errc::commitment_mismatch, "session: the new root is not the old one and this turn", turn.at.turn);
  return {};
}

/// All turns of a session: appends like a frontier, and opens any of them.
template <vector_commitment Scheme>
class session_log {
 public:
  /// @errors those of the scheme's supports()
  [[nodiscard]] static result<session_log> start(const session_name& session, Scheme scheme = {}) {
    auto builder = terkle_builder<Scheme>::start(scheme, detail::session_shape(0), detail::session_context(session));
    if (!builder) return builder.error();
    return session_log{session_frontier<Scheme>{session, std::move(scheme)}, *std::move(builder)};
  }

  [[nodiscard]] const session_frontier<Scheme>& frontier() const noexcept { return frontier_; }
  [[nodiscard]] const session_root& root() const noexcept { return frontier_.root(); }
  [[nodiscard]] std::uint32_t turns() const noexcept { return frontier_.turns(); }
  [[nodiscard]] session_place next() const { return frontier_.next(); }

  /// Appends a turn: one path of nodes, whatever came before. @errors as session_frontier::append
  result<void> append(const turn_statement& turn) {
    session_frontier<Scheme> grown = frontier_;
    if (auto added = grown.append(turn); !added) return added;
    if (auto added = builder_.append(digest_of(turn).bytes); !added) return added;
    frontier_ = std::move(grown);
    return {};
  }

  /// Opens turns, which must ascend strictly, against the present root. Copies the log: O(turns) bytes, one path of nodes.
  /// @errors empty (no turn yet), out_of_range, duplicate, wrong_order, those of the scheme
  [[nodiscard]] result<tree_opening<Scheme>> open(std::span<const std::uint32_t> turns) const {
    terkle_builder<Scheme> copy = builder_;
    const auto tree = std::move(copy).finish();
    if (!tree) return tree.error();
    ASSAY_EXPECTS(tree->root().value == root().value);
    std::vector<coordinates> rows(turns.size());
    for (std::size_t i = 0; i < turns.size(); ++i) rows[i][0] = turns[i];
    return tree->open(rows);
  }

 private:
  session_log(session_frontier<Scheme> frontier, terkle_builder<Scheme> builder) : frontier_(std::move(frontier)), builder_(std::move(builder)) {}

  session_frontier<Scheme> frontier_;
  terkle_builder<Scheme> builder_;
};

/// Verifies that these turns are those of the session whose `count` turns have `root`; `turns` ascend by number.
/// @errors wrong_statement (a turn of another session, or an opening of others), commitment_mismatch (another turn has that
///   place), those of verify_tree_opening
template <vector_commitment Scheme>
[[nodiscard]] result<void> verify_session_turns(const Scheme& scheme, const session_name& session, const session_root& root, std::uint32_t count,
                                                std::span<const turn_statement> turns, const tree_opening<Scheme>& opening) {
  std::vector<coordinates> rows(turns.size());
  for (std::size_t i = 0; i < turns.size(); ++i) {
    if (turns[i].at.session != session) return fail(errc::wrong_statement, "session: a turn of another session", i);
    rows[i][0] = turns[i].at.turn;
  }
  const auto opened = verify_tree_opening(scheme, session_statement(session, root, count), rows, opening);
  if (!opened) return opened.error();
  for (std::size_t i = 0; i < turns.size(); ++i)
    if (!equal_bytes_vartime((*opened)[i], digest_of(turns[i]).bytes))
      return fail(errc::commitment_mismatch, "session: another turn has this place", turns[i].at.turn);
  return {};
}

}  // namespace assay::inline v0

#endif
