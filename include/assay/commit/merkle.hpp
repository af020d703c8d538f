// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Merkle commitment to a node: binding from SHA-256 alone, about a microsecond for a handful of rows.
#ifndef ASSAY_COMMIT_MERKLE_HPP
#define ASSAY_COMMIT_MERKLE_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include <assay/commit/vector_commitment.hpp>
#include <assay/core/endian.hpp>
#include <assay/core/expects.hpp>
#include <assay/hash/domain.hpp>
#include <assay/hash/sha256.hpp>

namespace assay::inline v0 {

/// Hashes that, with the opened rows, lead to the node's commitment: level by level from the leaves, left to right.
struct merkle_opening {
  std::vector<digest> siblings;

  friend bool operator==(const merkle_opening&, const merkle_opening&) = default;
};

namespace detail {

/// The three hashes of one node. Each starts with the node's own 64-byte header, whose midstate is computed once.
///
///     header     = "assay/v0/tree-node" 00 00  level:u32  index:u64  context:32 bytes
///     leaf       = SHA-256(header 00 slot:u32 row)
///     inner      = SHA-256(header 01 left right)
///     commitment = SHA-256(header 02 scheme:u8 dtype:u8 rank:u8 width:u32 arity:u32[rank] present:u32[rank] top)
///
/// Leaf, inner and commitment cannot be taken for one another, nor for those of another node, level or tree.
class merkle_hashes {
 public:
  explicit merkle_hashes(const node_header& where) noexcept {
    static_assert(domains::tree_node.name.size() <= 20);
    std::array<std::byte, 64> header{};
    std::memcpy(header.data(), domains::tree_node.name.data(), domains::tree_node.name.size());
    store_le<std::uint32_t>(header.data() + 20, where.level);
    store_le<std::uint64_t>(header.data() + 24, where.index);
    std::memcpy(header.data() + 32, where.context.bytes.data(), 32);
    node_.update(header);
  }

  [[nodiscard]] digest leaf(std::uint32_t slot, byte_view row) const noexcept {
    if (row.size() <= short_row) {
      const short_leaf message{slot, row};
      return node_.finish(message.bytes());
    }
    return leaf_prefix(slot).finish(row);
  }

  /// Two leaves side by side. @pre the rows are equally long
  [[nodiscard]] std::array<digest, 2> two_leaves(std::uint32_t slot_a, byte_view a, std::uint32_t slot_b,
                                                 byte_view b) const noexcept {
    if (a.size() <= short_row) {
      const short_leaf message_a{slot_a, a}, message_b{slot_b, b};
      return finish_two(node_, message_a.bytes(), node_, message_b.bytes());
    }
    return finish_two(leaf_prefix(slot_a), a, leaf_prefix(slot_b), b);
  }

  [[nodiscard]] digest inner(const digest& left, const digest& right) const noexcept {
    return node_.finish(inner_message(left, right));
  }

  /// `{inner(d[0], d[1]), inner(d[2], d[3])}` side by side.
  [[nodiscard]] std::array<digest, 2> two_inner(std::span<const digest, 4> d) const noexcept {
    return finish_two(node_, inner_message(d[0], d[1]), node_, inner_message(d[2], d[3]));
  }

  [[nodiscard]] digest commitment(const node_shape& shape, const digest& top) const noexcept {
    std::array<std::byte, 8 + 8 * max_tree_axes + 32> message;
    message[0] = std::byte{2};
    message[1] = static_cast<std::byte>(commitment_scheme::merkle_sha256);
    message[2] = static_cast<std::byte>(shape.type);
    message[3] = static_cast<std::byte>(shape.rank);
    store_le(message.data() + 4, shape.width);
    std::byte* at = message.data() + 8;
    for (std::size_t i = 0; i < shape.rank; ++i, at += 4) store_le(at, shape.arity[i]);
    for (std::size_t i = 0; i < shape.rank; ++i, at += 4) store_le(at, shape.present[i]);
    std::memcpy(at, top.bytes.data(), 32);
    return node_.finish(byte_view{message.data(), at + 32});
  }

 private:
  static constexpr std::size_t short_row = 64;

  // Fingerprints: one contiguous message, no copy of the streaming state.
  class short_leaf {
   public:
    short_leaf(std::uint32_t slot, byte_view row) noexcept : size_{5 + row.size()} {
      bytes_[0] = std::byte{0};
      store_le(bytes_.data() + 1, slot);
      if (!row.empty()) std::memcpy(bytes_.data() + 5, row.data(), row.size());
    }
    [[nodiscard]] byte_view bytes() const noexcept { return {bytes_.data(), size_}; }

   private:
    std::array<std::byte, 5 + short_row> bytes_;
    std::size_t size_;
  };

  // Longer rows are hashed where they lie.
  [[nodiscard]] sha256 leaf_prefix(std::uint32_t slot) const noexcept {
    std::array<std::byte, 5> message;
    message[0] = std::byte{0};
    store_le(message.data() + 1, slot);
    sha256 h = node_;
    h.update(message);
    return h;
  }

  static std::array<std::byte, 65> inner_message(const digest& left, const digest& right) noexcept {
    std::array<std::byte, 65> message;
    message[0] = std::byte{1};
    std::memcpy(message.data() + 1, left.bytes.data(), 32);
    std::memcpy(message.data() + 33, right.bytes.data(), 32);
    return message;
  }

  sha256 node_;
};

/// How a known hash gets to the next level.
enum class merkle_join : std::uint8_t { both_known, sibling_missing, promoted };

/// One level up in a tree of `n` hashes, of which those at the ascending indices `at` are known. Rewrites `at` to the
/// parents' indices; calls `visit(parent, child, index, join)` with places in `at` after and before.
/// The last hash of an odd level is promoted, never duplicated (RFC 6962's tree).
template <class Visit>
void merkle_step(std::uint32_t n, std::vector<std::uint32_t>& at, Visit visit) {
  std::size_t parent = 0;
  for (std::size_t i = 0; i < at.size(); ++i, ++parent) {
    const std::uint32_t index = at[i], sibling = index ^ 1u;
    const bool paired = i + 1 < at.size() && at[i + 1] == sibling;
    visit(parent, i, index,
          sibling >= n ? merkle_join::promoted
          : paired     ? merkle_join::both_known
                       : merkle_join::sibling_missing);
    at[parent] = index / 2;
    if (paired) ++i;
  }
  at.resize(parent);
}

/// Replaces the `n` hashes of a level by those of the level above; returns how many there are.
inline std::uint32_t merkle_reduce(const merkle_hashes& hashes, std::span<digest> level, std::uint32_t n) noexcept {
  std::uint32_t i = 0;
  for (; n - i >= 4; i += 4) {
    const auto parents = hashes.two_inner(level.subspan(i).first<4>());
    level[i / 2] = parents[0], level[i / 2 + 1] = parents[1];
  }
  if (n - i >= 2) level[i / 2] = hashes.inner(level[i], level[i + 1]);
  if (n % 2 != 0) level[n / 2] = level[n - 1];
  return n / 2 + n % 2;
}

/// Hashes `out.size()` rows of `bytes` bytes each; row i is that of slot `slot_of(i)`.
template <class SlotOf>
void merkle_leaves(const merkle_hashes& hashes, byte_view rows, std::size_t bytes, SlotOf slot_of,
                   std::span<digest> out) noexcept {
  const auto row = [&](std::size_t i) { return rows.subspan(i * bytes, bytes); };
  std::size_t i = 0;
  for (; out.size() - i >= 2; i += 2) {
    const auto leaves = hashes.two_leaves(slot_of(i), row(i), slot_of(i + 1), row(i + 1));
    out[i] = leaves[0], out[i + 1] = leaves[1];
  }
  if (i < out.size()) out[i] = hashes.leaf(slot_of(i), row(i));
}

/// Hashes all rows of a node.
inline void merkle_leaves(const merkle_hashes& hashes, const node_view& node, std::span<digest> out) noexcept {
  const auto slot_of = [](std::size_t i) { return static_cast<std::uint32_t>(i); };
  merkle_leaves(hashes, node.values, node.shape.row_bytes(), slot_of, out);
}

[[nodiscard]] inline bool ascending_slots(std::span<const std::uint32_t> slots, std::uint32_t end) noexcept {
  for (std::size_t i = 0; i < slots.size(); ++i)
    if (slots[i] >= end || (i > 0 && slots[i] <= slots[i - 1])) return false;
  return !slots.empty();
}

}  // namespace detail

/// SHA-256 Merkle trees over slots. Commitments are digests; openings of many slots share their paths.
class merkle {
 public:
  using commitment = digest;
  using opening = merkle_opening;
  static constexpr commitment_scheme id = commitment_scheme::merkle_sha256;

  [[nodiscard]] digest parameters() const noexcept { return {}; }
  [[nodiscard]] result<void> supports(const node_shape&) const { return {}; }

  /// Commits to each node. Exact. @pre out.size() == nodes.size(), every node has a slot and all its values
  /// Cost: 1 + slots (leaf) + 2 (slots - 1) + 2 SHA-256 blocks for rows of up to 50 bytes, most of them
  /// two at a time.
  result<void> commit(std::span<const node_view> nodes, std::span<commitment> out) const {
    ASSAY_EXPECTS(nodes.size() == out.size());
    std::array<digest, 64> few;
    std::vector<digest> many;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      std::uint32_t n = nodes[i].shape.slots();
      ASSAY_EXPECTS(n != 0 && nodes[i].values.size() == n * nodes[i].shape.row_bytes());
      if (n > few.size() && n > many.size()) many.resize(n);
      const std::span<digest> level =
          n > few.size() ? std::span<digest>{many}.first(n) : std::span<digest>{few}.first(n);
      const detail::merkle_hashes hashes{nodes[i].where};
      detail::merkle_leaves(hashes, nodes[i], level);
      while (n > 1) n = detail::merkle_reduce(hashes, level, n);
      out[i] = hashes.commitment(nodes[i].shape, level[0]);
    }
    return {};
  }

  /// Opens slots of a node. @pre slots strictly ascend, at least one, all present
  [[nodiscard]] result<opening> open(const node_view& node, std::span<const std::uint32_t> slots) const {
    std::uint32_t n = node.shape.slots();
    ASSAY_EXPECTS(detail::ascending_slots(slots, n) && node.values.size() == n * node.shape.row_bytes());
    const detail::merkle_hashes hashes{node.where};
    std::vector<digest> level(n);
    detail::merkle_leaves(hashes, node, level);
    std::vector<std::uint32_t> at(slots.begin(), slots.end());
    opening out;
    while (n > 1) {
      detail::merkle_step(n, at, [&](std::size_t, std::size_t, std::uint32_t index, detail::merkle_join join) {
        if (join == detail::merkle_join::sibling_missing) out.siblings.push_back(level[index ^ 1u]);
      });
      n = detail::merkle_reduce(hashes, level, n);
    }
    return out;
  }

  /// The commitment that these rows and this opening lead to. @pre as `open`
  /// @errors length_mismatch (a sibling too few or too many)
  [[nodiscard]] result<commitment> recompute(const node_header& where, const node_shape& shape,
                                             std::span<const std::uint32_t> slots, byte_view values,
                                             const opening& o) const {
    std::uint32_t n = shape.slots();
    const std::size_t bytes = shape.row_bytes();
    ASSAY_EXPECTS(detail::ascending_slots(slots, n) && values.size() == slots.size() * bytes);
    if (o.siblings.size() != count_siblings(n, slots))
      return fail(errc::length_mismatch, "merkle: wrong number of sibling hashes", o.siblings.size());
    const detail::merkle_hashes hashes{where};
    std::vector<digest> known(slots.size());
    const auto slot_of = [slots](std::size_t i) { return slots[i]; };
    detail::merkle_leaves(hashes, values, bytes, slot_of, known);
    std::vector<std::uint32_t> at(slots.begin(), slots.end());
    for (std::size_t next = 0; n > 1; n = n / 2 + n % 2)
      detail::merkle_step(n, at,
                          [&](std::size_t parent, std::size_t child, std::uint32_t index, detail::merkle_join join) {
                            if (join == detail::merkle_join::promoted) {
                              known[parent] = known[child];
                            } else if (join == detail::merkle_join::both_known) {
                              known[parent] = hashes.inner(known[child], known[child + 1]);
                            } else {
                              const digest& sibling = o.siblings[next++];
                              known[parent] = index % 2 == 0 ? hashes.inner(known[child], sibling)
                                                             : hashes.inner(sibling, known[child]);
                            }
                          });
    return hashes.commitment(shape, known[0]);
  }

  /// Checks every claim. @errors commitment_mismatch, length_mismatch; `where` is the first bad claim's index
  [[nodiscard]] result<void> verify(std::span<const node_claim<merkle>> claims) const {
    for (std::size_t i = 0; i < claims.size(); ++i) {
      const auto& c = claims[i];
      const auto computed = recompute(c.where, c.shape, c.slots, c.values, *c.opening);
      if (!computed) return fail(computed.error().code, computed.error().message, i);
      if (*computed != *c.commitment)
        return fail(errc::commitment_mismatch, "merkle: the rows are not those committed", i);
    }
    return {};
  }

  [[nodiscard]] static digest digest_of(const node_header&, const node_shape&, const commitment& c) noexcept {
    return c;
  }

  static void encode(const commitment& c, writer& out) { out.bytes(c.bytes); }
  static void encode(const opening& o, writer& out) {
    for (const digest& d : o.siblings) out.bytes(d.bytes);
  }
  [[nodiscard]] static result<commitment> parse_commitment(reader& in) {
    const auto bytes = in.array<32>();
    if (!bytes) return bytes.error();
    return digest{*bytes};
  }
  /// @pre slots as in `open`; the number of hashes follows from them
  [[nodiscard]] static result<opening> parse_opening(reader& in, const node_shape& shape,
                                                     std::span<const std::uint32_t> slots) {
    const auto bytes = in.bytes(opening_size(shape, slots));
    if (!bytes) return bytes.error();
    opening o;
    o.siblings.resize(bytes->size() / 32);
    for (std::size_t i = 0; i < o.siblings.size(); ++i)
      std::memcpy(o.siblings[i].bytes.data(), bytes->data() + 32 * i, 32);
    return o;
  }

  [[nodiscard]] static constexpr std::size_t commitment_size() noexcept { return 32; }
  [[nodiscard]] static std::size_t opening_size(const node_shape& shape, std::span<const std::uint32_t> slots) {
    return 32 * count_siblings(shape.slots(), slots);
  }

 private:
  [[nodiscard]] static std::size_t count_siblings(std::uint32_t n, std::span<const std::uint32_t> slots) {
    std::vector<std::uint32_t> at(slots.begin(), slots.end());
    std::size_t missing = 0;
    for (; n > 1; n = n / 2 + n % 2)
      detail::merkle_step(n, at, [&](std::size_t, std::size_t, std::uint32_t, detail::merkle_join join) {
        missing += join == detail::merkle_join::sibling_missing ? 1 : 0;
      });
    return missing;
  }
};

static_assert(recomputing_commitment<merkle>);

}  // namespace assay::inline v0

#endif
