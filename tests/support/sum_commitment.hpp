// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A toy homomorphic commitment: a weighted sum of a node's bytes modulo 2^64. Not binding; it shows what a tree does
// with a scheme that can change a slot without seeing the others, and counts how often a node is committed to anew.
#ifndef ASSAY_TESTS_SUPPORT_SUM_COMMITMENT_HPP
#define ASSAY_TESTS_SUPPORT_SUM_COMMITMENT_HPP

#include <algorithm>
#include <cstdint>
#include <vector>

#include <assay/commit/vector_commitment.hpp>
#include <assay/hash/transcript.hpp>

namespace assay_tests {

struct sum_opening {
  std::vector<std::byte> other_rows;
  friend bool operator==(const sum_opening&, const sum_opening&) = default;
};

class sum_commitment {
 public:
  using commitment = std::uint64_t;
  using opening = sum_opening;
  static constexpr auto id = static_cast<assay::commitment_scheme>(251);

  std::size_t* commits = nullptr;  ///< nodes committed to, counted by the test
  std::size_t* updates = nullptr;

  assay::digest parameters() const { return {}; }
  assay::result<void> supports(const assay::node_shape&) const { return {}; }
  assay::result<void> commit(std::span<const assay::node_view> nodes, std::span<commitment> out) const {
    if (commits != nullptr) *commits += nodes.size();
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      out[i] = 0;
      for (std::uint32_t s = 0; s < nodes[i].shape.slots(); ++s)
        out[i] += row_sum(s, nodes[i].values.subspan(s * nodes[i].shape.row_bytes(), nodes[i].shape.row_bytes()));
    }
    return {};
  }
  assay::result<commitment> updated(const commitment& c, std::uint32_t, const assay::node_shape&, std::uint32_t slot,
                                    assay::byte_view old_row, assay::byte_view new_row) const {
    if (updates != nullptr) ++*updates;
    return c + row_sum(slot, new_row) - row_sum(slot, old_row);
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
  assay::result<void> verify(std::span<const assay::node_claim<sum_commitment>> claims) const {
    for (std::size_t c = 0; c < claims.size(); ++c) {
      const auto& claim = claims[c];
      const std::size_t bytes = claim.shape.row_bytes();
      std::uint64_t sum = 0;
      const std::byte *shown = claim.values.data(), *other = claim.opening->other_rows.data();
      for (std::uint32_t i = 0; i < claim.shape.slots(); ++i) {
        const std::byte*& from = std::binary_search(claim.slots.begin(), claim.slots.end(), i) ? shown : other;
        sum += row_sum(i, {from, bytes});
        from += bytes;
      }
      if (sum != *claim.commitment) return assay::fail(assay::errc::commitment_mismatch, "sum: other rows were committed", c);
    }
    return {};
  }
  static assay::digest digest_of(const assay::node_header& where, const assay::node_shape& s, const commitment& c) {
    assay::transcript t{assay::domains::tree_node};
    t.digest("context", where.context).u64("level", where.level).u64("index", where.index);
    return t.u64("slots", s.slots()).u64("sum", c).finish();
  }
  static void encode(const commitment& c, assay::writer& out) { out.u64(c); }
  static void encode(const opening& o, assay::writer& out) { out.bytes(o.other_rows); }
  static assay::result<commitment> parse_commitment(assay::reader& in) { return in.u64(); }
  static assay::result<opening> parse_opening(assay::reader& in, const assay::node_shape& s, std::span<const std::uint32_t> slots) {
    const auto bytes = in.bytes(opening_size(s, slots));
    if (!bytes) return bytes.error();
    return sum_opening{{bytes->begin(), bytes->end()}};
  }
  static std::size_t commitment_size() { return 8; }
  static std::size_t opening_size(const assay::node_shape& s, std::span<const std::uint32_t> slots) {
    return (s.slots() - slots.size()) * s.row_bytes();
  }

 private:
  static std::uint64_t row_sum(std::uint32_t slot, assay::byte_view row) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < row.size(); ++i)
      sum += (static_cast<std::uint64_t>(row[i]) + 1) * (0x9e3779b97f4a7c15u * (slot * 1000003u + i + 1) ^ 0x5555u);
    return sum;
  }
};

static_assert(assay::updatable_commitment<sum_commitment> && !assay::recomputing_commitment<sum_commitment>);

}  // namespace assay_tests

#endif
