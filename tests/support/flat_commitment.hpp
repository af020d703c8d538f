// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A toy commitment of the other kind: like a pairing-based scheme, its openings do not determine the commitment, so
// trees must carry the commitments of visited nodes and verify all claims in one batch. An opening is simply all other
// rows.
#ifndef ASSAY_TESTS_SUPPORT_FLAT_COMMITMENT_HPP
#define ASSAY_TESTS_SUPPORT_FLAT_COMMITMENT_HPP

#include <algorithm>
#include <vector>

#include <assay/commit/vector_commitment.hpp>
#include <assay/hash/transcript.hpp>

namespace assay_tests {

struct flat_point {
  std::array<std::byte, 40> bytes{};  // not the size of a digest, on purpose
  friend bool operator==(const flat_point&, const flat_point&) = default;
};

struct flat_opening {
  std::vector<std::byte> other_rows;
  friend bool operator==(const flat_opening&, const flat_opening&) = default;
};

class flat_commitment {
 public:
  using commitment = flat_point;
  using opening = flat_opening;
  static constexpr auto id = static_cast<assay::commitment_scheme>(250);

  std::uint32_t largest_node = 1000;
  const bool* fails = nullptr;  ///< a switch that the test keeps
  mutable std::size_t verify_calls = 0;

  assay::digest parameters() const { return assay::sha256_of(assay::as_bytes("flat")); }
  assay::result<void> supports(const assay::node_shape& s) const {
    if (s.capacity() > largest_node) return assay::fail(assay::errc::unsupported, "flat: node too large", s.capacity());
    return {};
  }
  assay::result<void> commit(std::span<const assay::node_view> nodes, std::span<commitment> out) const {
    if (fails != nullptr && *fails) return assay::fail(assay::errc::host_failure, "flat: told to fail");
    for (std::size_t i = 0; i < nodes.size(); ++i) out[i] = point(nodes[i].where, nodes[i].shape, nodes[i].values);
    return {};
  }
  assay::result<opening> open(const assay::node_view& n, std::span<const std::uint32_t> slots) const {
    opening o;
    for (std::uint32_t i = 0; i < n.shape.slots(); ++i)
      if (!std::binary_search(slots.begin(), slots.end(), i)) {
        const auto row = n.values.subspan(i * n.shape.row_bytes(), n.shape.row_bytes());
        o.other_rows.insert(o.other_rows.end(), row.begin(), row.end());
      }
    return o;
  }
  assay::result<void> verify(std::span<const assay::node_claim<flat_commitment>> claims) const {
    ++verify_calls;
    for (std::size_t c = 0; c < claims.size(); ++c) {
      const auto& claim = claims[c];
      const std::size_t bytes = claim.shape.row_bytes();
      if (claim.opening->other_rows.size() != (claim.shape.slots() - claim.slots.size()) * bytes)
        return assay::fail(assay::errc::length_mismatch, "flat: wrong number of rows", c);
      std::vector<std::byte> all;
      const std::byte* shown = claim.values.data();
      const std::byte* other = claim.opening->other_rows.data();
      for (std::uint32_t i = 0; i < claim.shape.slots(); ++i) {
        const std::byte*& from = std::binary_search(claim.slots.begin(), claim.slots.end(), i) ? shown : other;
        all.insert(all.end(), from, from + bytes);
        from += bytes;
      }
      if (point(claim.where, claim.shape, all) != *claim.commitment)
        return assay::fail(assay::errc::commitment_mismatch, "flat: other rows were committed", c);
    }
    return {};
  }
  static assay::digest digest_of(const assay::node_header&, const assay::node_shape&, const commitment& c) {
    return assay::sha256_of(c.bytes);
  }
  static void encode(const commitment& c, assay::writer& out) { out.bytes(c.bytes); }
  static void encode(const opening& o, assay::writer& out) { out.bytes(o.other_rows); }
  static assay::result<commitment> parse_commitment(assay::reader& in) {
    const auto bytes = in.array<40>();
    if (!bytes) return bytes.error();
    return flat_point{*bytes};
  }
  static assay::result<opening> parse_opening(assay::reader& in, const assay::node_shape& s,
                                              std::span<const std::uint32_t> slots) {
    const auto bytes = in.bytes(opening_size(s, slots));
    if (!bytes) return bytes.error();
    return flat_opening{{bytes->begin(), bytes->end()}};
  }
  static std::size_t commitment_size() { return 40; }
  static std::size_t opening_size(const assay::node_shape& s, std::span<const std::uint32_t> slots) {
    return (s.slots() - slots.size()) * s.row_bytes();
  }

 private:
  static flat_point point(const assay::node_header& where, const assay::node_shape& s, assay::byte_view rows) {
    assay::transcript t{assay::domains::tree_node};
    t.digest("context", where.context).u64("level", where.level).u64("index", where.index);
    t.u64("type", static_cast<std::uint64_t>(s.type)).u64("width", s.width).u64("rank", s.rank);
    for (std::size_t i = 0; i < s.rank; ++i) t.u64("arity", s.arity[i]).u64("present", s.present[i]);
    flat_point p;
    const assay::digest d = t.bytes("rows", rows).finish();
    std::copy(d.bytes.begin(), d.bytes.end(), p.bytes.begin());
    std::copy_n(d.bytes.begin(), 8, p.bytes.begin() + 32);
    return p;
  }
};

static_assert(assay::vector_commitment<flat_commitment> && !assay::recomputing_commitment<flat_commitment>);

}  // namespace assay_tests

#endif
