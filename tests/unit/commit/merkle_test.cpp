// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/commit/merkle.hpp>

#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/trees.hpp"

using namespace assay;

namespace {

node_shape line(std::uint32_t slots, std::uint32_t width = 3) { return {dtype::i8, width, 1, {64}, {slots}}; }
node_header somewhere() { return {assay_tests::tree_context(), 2, 77}; }

// RFC 6962's recursion over the documented byte format, with the portable hash and no shared code.
struct slow_merkle {
  node_header where;
  node_shape shape;
  std::vector<std::byte> values;

  digest hash(std::initializer_list<byte_view> parts) const {
    std::vector<std::byte> message(20);
    std::memcpy(message.data(), "assay/v0/tree-node", 18);
    writer w{message};
    w.u32(where.level).u64(where.index).bytes(where.context.bytes);
    for (byte_view p : parts) w.bytes(p);
    return sha256_ref{}.finish(message);
  }
  digest top(std::uint32_t lo, std::uint32_t hi) const {
    std::vector<std::byte> head;
    if (hi - lo == 1) {
      writer{head}.u8(0).u32(lo);
      return hash({head, byte_view{values}.subspan(lo * shape.row_bytes(), shape.row_bytes())});
    }
    std::uint32_t split = 1;
    while (2 * split < hi - lo) split *= 2;
    writer{head}.u8(1);
    return hash({head, top(lo, lo + split).bytes, top(lo + split, hi).bytes});
  }
  digest commitment() const {
    std::vector<std::byte> head;
    writer w{head};
    w.u8(2).u8(1).u8(static_cast<std::uint8_t>(shape.type)).u8(shape.rank).u32(shape.width);
    for (std::size_t i = 0; i < shape.rank; ++i) w.u32(shape.arity[i]);
    for (std::size_t i = 0; i < shape.rank; ++i) w.u32(shape.present[i]);
    return hash({head, top(0, shape.slots()).bytes});
  }
};

digest committed(const node_view& node) {
  digest out;
  REQUIRE(merkle{}.commit({&node, 1}, {&out, 1}));
  return out;
}

}  // namespace

TEST_CASE("merkle: equals the recursive reference at every size", "[commit]") {
  for (std::uint32_t width : {1u, 32u, 50u, 51u, 64u, 65u, 200u})
    for (std::uint32_t n = 1; n <= 40; ++n) {
      const auto values = assay_tests::tree_bytes(n * width);
      REQUIRE(committed({somewhere(), line(n, width), values}) ==
              slow_merkle{somewhere(), line(n, width), values}.commitment());
    }
  const auto values = assay_tests::tree_bytes(200 * 3);
  const node_shape large{dtype::i8, 3, 2, {20, 20}, {10, 20}};
  CHECK(committed({somewhere(), large, values}) == slow_merkle{somewhere(), large, values}.commitment());
}

TEST_CASE("merkle: many nodes at once equal one by one", "[commit]") {
  const auto values = assay_tests::tree_bytes(3 * 100);
  std::vector<node_view> nodes;
  for (std::uint32_t n : {1u, 90u, 7u, 64u, 65u, 2u})
    nodes.push_back({somewhere(), line(n), byte_view{values}.first(3 * n)});
  std::vector<digest> all(nodes.size());
  REQUIRE(merkle{}.commit(nodes, all));
  for (std::size_t i = 0; i < nodes.size(); ++i) CHECK(all[i] == committed(nodes[i]));
}

TEST_CASE("merkle: every subset of slots of every small node opens", "[commit]") {
  const merkle scheme;
  for (std::uint32_t n = 1; n <= 9; ++n) {
    const auto values = assay_tests::tree_bytes(3 * n);
    const node_view node{somewhere(), line(n), values};
    const digest c = committed(node);
    for (std::uint32_t subset = 1; subset < (1u << n); ++subset) {
      std::vector<std::uint32_t> slots;
      std::vector<std::byte> shown;
      for (std::uint32_t i = 0; i < n; ++i)
        if (subset >> i & 1u) {
          slots.push_back(i);
          shown.insert(shown.end(), values.begin() + 3 * i, values.begin() + 3 * i + 3);
        }
      const auto opening = scheme.open(node, slots);
      REQUIRE(opening);
      const auto back = scheme.recompute(node.where, node.shape, slots, shown, *opening);
      REQUIRE(back);
      REQUIRE(*back == c);
      std::vector<std::byte> bytes;
      writer w{bytes};
      merkle::encode(*opening, w);
      REQUIRE(bytes.size() == merkle::opening_size(node.shape, slots));
      reader r{bytes};
      REQUIRE(merkle::parse_opening(r, node.shape, slots).value() == *opening);
      REQUIRE(r.finish());
      if (slots.size() == n) REQUIRE(opening->siblings.empty());
    }
  }
}

TEST_CASE("merkle: long rows open, an odd or even number of them", "[commit]") {
  const merkle scheme;
  for (std::uint32_t width : {64u, 65u, 160u, 512u}) {
    const auto values = assay_tests::tree_bytes(9 * width);
    const node_view node{somewhere(), line(9, width), values};
    for (const std::vector<std::uint32_t>& slots :
         {std::vector<std::uint32_t>{8}, {0, 5}, {1, 2, 3}, {0, 3, 4, 7}, {0, 1, 2, 3, 4, 5, 6, 7, 8}}) {
      std::vector<std::byte> shown;
      for (std::uint32_t i : slots) {
        const byte_view row = byte_view{values}.subspan(i * width, width);
        shown.insert(shown.end(), row.begin(), row.end());
      }
      const auto opening = scheme.open(node, slots).value();
      CHECK(scheme.recompute(node.where, node.shape, slots, shown, opening).value() == committed(node));
      shown.back() ^= std::byte{1};
      CHECK(scheme.recompute(node.where, node.shape, slots, shown, opening).value() != committed(node));
    }
  }
}

TEST_CASE("merkle: everything about a node is bound", "[commit]") {
  const auto values = assay_tests::tree_bytes(12);
  const node_view base{somewhere(), {dtype::i8, 2, 2, {4, 4}, {2, 3}}, values};
  const digest c = committed(base);
  std::vector<node_view> others(9, base);
  others[0].where.level = 3;
  others[1].where.index = 78;
  others[2].where.context.bytes[31] ^= std::byte{1};
  others[3].shape.type = dtype::u8;
  others[4].shape.present = {3, 2};
  others[5].shape.arity = {4, 5};
  others[6].shape.width = 1, others[6].shape.present = {3, 4};
  others[7].shape = {dtype::i8, 2, 1, {16}, {6}};
  auto changed = values;
  changed[11] ^= std::byte{0x80};
  others[8].values = changed;
  for (std::size_t i = 0; i < others.size(); ++i) {
    CAPTURE(i);
    CHECK(committed(others[i]) != c);
  }
}

TEST_CASE("merkle: a batch names its first bad claim", "[commit]") {
  const merkle scheme;
  const auto values = assay_tests::tree_bytes(30);
  const node_view node{somewhere(), line(10), values};
  const digest c = committed(node);
  const std::vector<std::uint32_t> slots = {4};
  const auto opening = scheme.open(node, slots).value();
  const byte_view row = byte_view{values}.subspan(12, 3);
  std::vector<node_claim<merkle>> claims(5, {node.where, node.shape, slots, row, &c, &opening});
  CHECK(scheme.verify(claims));
  claims[3].values = byte_view{values}.subspan(15, 3);
  CHECK(scheme.verify(claims).error() == fail(errc::commitment_mismatch, "", 3));
  auto longer = opening;
  longer.siblings.push_back({});
  claims[1].opening = &longer;
  CHECK(scheme.verify(claims).error() == fail(errc::length_mismatch, "", 1));
  longer.siblings.resize(opening.siblings.size() - 1);
  CHECK(scheme.verify(claims).error() == fail(errc::length_mismatch, "", 1));
}
