// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/commit/terkle.hpp>

#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/catch.hpp"
#include "support/flat_commitment.hpp"
#include "support/trees.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

// The definition, top-down and without sharing: a node is what its slots are.
template <class Scheme>
struct slow_tree {
  Scheme scheme;
  tree_shape shape;
  digest node_context;
  std::vector<std::byte> rows;

  tree_axes slots(std::size_t level) const {
    tree_axes n = shape.extents;
    for (std::size_t l = 0; l < level; ++l)
      for (std::size_t i = 0; i < shape.rank; ++i) n[i] = (n[i] + shape.arity_at(l)[i] - 1) / shape.arity_at(l)[i];
    return n;
  }
  node_view place(std::size_t level, const tree_axes& at) const {
    node_view v{{node_context, static_cast<std::uint32_t>(level), 0}, {}, {}};
    v.shape = {
        level == 0 ? shape.type : dtype::opaque, level == 0 ? shape.width : 32u, shape.rank, shape.arity_at(level), {}};
    const tree_axes all = slots(level), above = slots(level + 1);
    for (std::size_t i = 0; i < shape.rank; ++i) {
      v.where.index = v.where.index * above[i] + at[i];
      v.shape.present[i] = std::min(v.shape.arity[i], all[i] - at[i] * v.shape.arity[i]);
    }
    return v;
  }
  typename Scheme::commitment node(std::size_t level, const tree_axes& at) const {
    node_view v = place(level, at);
    std::vector<std::byte> values;
    for (std::uint32_t s = 0; s < v.shape.slots(); ++s) {
      tree_axes slot{};
      std::uint32_t rest = s;
      for (std::size_t i = shape.rank; i-- > 0; rest /= v.shape.present[i])
        slot[i] = at[i] * v.shape.arity[i] + rest % v.shape.present[i];
      append(level, slot, values);
    }
    v.values = values;
    typename Scheme::commitment c;
    REQUIRE(scheme.commit({&v, 1}, {&c, 1}));
    return c;
  }
  void append(std::size_t level, const tree_axes& slot, std::vector<std::byte>& values) const {
    if (level > 0) {
      const node_view child = place(level - 1, slot);
      return void(writer{values}.bytes(Scheme::digest_of(child.where, child.shape, node(level - 1, slot)).bytes));
    }
    std::size_t index = 0;
    for (std::size_t i = 0; i < shape.rank; ++i) index = index * shape.extents[i] + slot[i];
    writer{values}.bytes(byte_view{rows}.subspan(index * shape.row_bytes(), shape.row_bytes()));
  }
  tree_root root() const {
    std::size_t levels = 1;
    for (tree_axes ones = slots(levels);
         !std::all_of(ones.begin(), ones.begin() + shape.rank, [](auto n) { return n == 1; });)
      ones = slots(++levels);
    return detail::root_of<Scheme>(node_context, tree_geometry{shape}, node(levels - 1, {}));
  }
};

template <class Scheme>
tree_root slow_root(const Scheme& scheme, const tree_shape& s) {
  return slow_tree<Scheme>{scheme, s, detail::node_context(scheme, s, tree_context()), tree_bytes(s)}.root();
}

template <class Scheme>
terkle_tree<Scheme> built(const Scheme& scheme, const tree_shape& s) {
  auto tree = commit_tree(scheme, s, tree_context(), tree_bytes(s));
  REQUIRE(tree);
  return *std::move(tree);
}

// Appends in pieces whose sizes are drawn.
template <class Scheme>
tree_root streamed_root(const Scheme& scheme, tree_shape s, lcg& draw) {
  const auto bytes = tree_bytes(s);
  s.extents[0] = 0;
  auto b = terkle_builder<Scheme>::start(scheme, s, tree_context());
  REQUIRE(b);
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t n = std::min<std::size_t>(bytes.size() - at, b->slice_bytes() * draw.below(4));
    REQUIRE(b->append(byte_view{bytes}.subspan(at, n)));
    at += n;
  }
  auto tree = std::move(*b).finish();
  REQUIRE(tree);
  return tree->root();
}

template <class Scheme>
void round_trip(const Scheme& scheme, const terkle_tree<Scheme>& tree, std::span<const coordinates> requested) {
  const auto opening = tree.open(requested);
  REQUIRE(opening);
  const auto bytes = encode(*opening, tree.shape());
  REQUIRE(bytes.size() == tree_opening_size<Scheme>(tree.shape(), requested).value());
  const auto parsed = parse_tree_opening(scheme, tree.statement(), requested, bytes);
  REQUIRE(parsed);
  REQUIRE(*parsed == *opening);
  const auto rows = verify_tree_opening(scheme, tree.statement(), requested, *parsed);
  REQUIRE(rows);
  REQUIRE(rows->size() == requested.size());
  for (std::size_t i = 0; i < requested.size(); ++i) REQUIRE(equal_bytes_vartime((*rows)[i], tree.row(requested[i])));
}

template <class Scheme>
void check_small_shapes(const Scheme& scheme) {
  lcg draw{11};
  const auto check = [&](const tree_shape& s) {
    const auto tree = built(scheme, s);
    REQUIRE(tree.root() == slow_root(scheme, s));
    REQUIRE(tree.root() == streamed_root(scheme, s, draw));
    round_trip(scheme, tree, some_rows(s, draw));
  };
  for (std::uint32_t n = 1; n <= 20; ++n)
    for (std::uint32_t a = 2; a <= 5; ++a) check(row_tree_shape(n, dtype::i8, 2, a));
  for (std::uint32_t n = 1; n <= 9; ++n)
    for (std::uint32_t layers = 1; layers <= 4; ++layers) {
      check(position_tree_shape(n, layers, dtype::i16, 1, 2));
      check(position_tree_shape(n, layers, dtype::i16, 1, 3));
      for (std::uint32_t a = 1; a <= 3; ++a)
        for (std::uint32_t b = 1; b <= 3; ++b) check(tree_of(dtype::i8, 1, {n, layers}, {{a, b}, {2, 2}}));
    }
  for (std::uint32_t n = 1; n <= 5; ++n)
    for (std::uint32_t m = 1; m <= 3; ++m)
      for (std::uint32_t k = 1; k <= 3; ++k) {
        check(tree_of(dtype::opaque, 3, {n, m, k}, {{2, 2, 2}}));
        check(tree_of(dtype::opaque, 3, {n, m, k}, {{1, 1, 2}, {2, 3, 1}, {3, 2, 2}}));
      }
  check(tree_of(dtype::i8, 1, {3, 2, 2, 1, 2, 3}, {{2, 1, 2, 1, 2, 2}, {2, 2, 2, 2, 2, 2}}));
}

}  // namespace

TEST_CASE("terkle: equals its definition, bulk and streamed, and opens, for all small shapes", "[commit]") {
  check_small_shapes(merkle{});
  check_small_shapes(flat_commitment{});
}

TEST_CASE("terkle: roots of all these trees differ", "[commit]") {
  std::map<tree_root, std::string> seen;
  for (std::uint32_t n = 1; n <= 24; ++n)
    for (std::uint32_t a = 2; a <= 6; ++a) {
      const auto zeros = std::vector<std::byte>(n * 2);  // contents alone tell nothing apart
      const auto tree = commit_tree(merkle{}, row_tree_shape(n, dtype::i8, 2, a), tree_context(), zeros);
      REQUIRE(tree);
      REQUIRE(seen.emplace(tree->root(), std::to_string(n) + "/" + std::to_string(a)).second);
    }
}

TEST_CASE("terkle: golden roots and openings of an independent implementation", "[commit]") {
  std::ifstream file(std::string(ASSAY_TEST_DATA_DIR) + "/terkle_merkle.json");
  REQUIRE(file.good());
  const auto vectors = nlohmann::json::parse(file);
  const std::map<std::string, dtype> types = {
      {"i8", dtype::i8}, {"i16", dtype::i16}, {"f32", dtype::f32}, {"opaque", dtype::opaque}};
  REQUIRE(vectors.at("cases").size() >= 6);
  for (const auto& c : vectors.at("cases")) {
    CAPTURE(c.at("name").get<std::string>());
    tree_shape s;
    s.type = types.at(c.at("dtype")), s.width = c.at("width");
    s.rank = static_cast<std::uint8_t>(c.at("extents").size()),
    s.arities = static_cast<std::uint8_t>(c.at("arity").size());
    for (std::size_t i = 0; i < s.rank; ++i) s.extents[i] = c.at("extents")[i];
    for (std::size_t l = 0; l < s.arities; ++l)
      for (std::size_t i = 0; i < s.rank; ++i) s.arity[l][i] = c.at("arity")[l][i];
    const auto context = parse_digest(c.at("context").get<std::string>());
    REQUIRE(context);
    const auto tree = commit_tree(merkle{}, s, *context, tree_bytes(s));
    REQUIRE(tree);
    CHECK(tree->root().value == parse_digest(c.at("root").get<std::string>()).value());
    std::vector<coordinates> requested(c.at("requested").size());
    for (std::size_t r = 0; r < requested.size(); ++r)
      for (std::size_t i = 0; i < s.rank; ++i) requested[r][i] = c.at("requested")[r][i];
    const auto bytes = encode(tree->open(requested).value(), s);
    CHECK(bytes.size() == c.at("opening_bytes").get<std::size_t>());
    CHECK(sha256_of(bytes) == parse_digest(c.at("opening_sha256").get<std::string>()).value());
    round_trip(merkle{}, *tree, requested);
  }
}

TEST_CASE("terkle: a thousand random requests round trip", "[commit]") {
  lcg draw{5};
  const auto positions = built(merkle{}, position_tree_shape(300, 6, dtype::i16, 16, 16));
  const auto boxes = built(merkle{}, tree_of(dtype::i8, 4, {33, 7, 5}, {{4, 2, 2}, {2, 2, 2}}));
  for (int round = 0; round < 500; ++round)
    for (const auto* tree : {&positions, &boxes}) {
      std::vector<coordinates> requested(1 + draw.below(12));
      for (auto& r : requested) r = row_at(tree->shape(), draw.below(row_total(tree->shape())));
      std::sort(requested.begin(), requested.end());
      requested.erase(std::unique(requested.begin(), requested.end()), requested.end());
      round_trip(merkle{}, *tree, requested);
    }
}

TEST_CASE("terkle: paths of a multi-opening are shared", "[commit]") {
  const tree_shape s = position_tree_shape(4096, 6, dtype::i16, 16, 16);
  const auto size = [&](std::vector<coordinates> r) { return tree_opening_size<merkle>(s, r).value(); };
  std::vector<coordinates> position;
  for (std::uint32_t l = 0; l < 6; ++l) position.push_back({100, l});
  CHECK(size(position) == 40 + 6 * 32 + 32 * 4 * 3);  // nothing inside the position's own node
  CHECK(size({{100, 0}, {101, 0}}) < size({{100, 0}}) + size({{101, 0}}));
}

TEST_CASE("terkle: a long prefill in one call equals token by token", "[commit]") {
  const tree_shape s = position_tree_shape(5000, 3, dtype::i8, 4, 16);
  auto shape = s;
  shape.extents[0] = 0;
  auto b = terkle_builder<merkle>::start(merkle{}, shape, tree_context());
  REQUIRE(b);
  b->reserve(5000);
  const auto bytes = tree_bytes(s);
  for (std::size_t i = 0; i < 5000; ++i) REQUIRE(b->append(byte_view{bytes}.subspan(i * 12, 12)));
  CHECK(b->slices() == 5000);
  const auto tree = std::move(*b).finish();
  REQUIRE(tree);
  CHECK(tree->root() == built(merkle{}, s).root());
}

TEST_CASE("terkle: errors of the builder", "[commit]") {
  auto shape = position_tree_shape(0, 2, dtype::i8, 4, 16);
  auto b = terkle_builder<merkle>::start(merkle{}, shape, tree_context());
  REQUIRE(b);
  CHECK(b->slice_bytes() == 8);
  CHECK(b->append(tree_bytes(9)).error().code == errc::length_mismatch);
  CHECK(b->append({}));
  CHECK(std::move(*b).finish().error().code == errc::empty);
  shape.extents[0] = 3;
  CHECK(terkle_builder<merkle>::start(merkle{}, shape, tree_context()).error().code == errc::invalid_settings);
  CHECK(commit_tree(merkle{}, shape, tree_context(), tree_bytes(23)).error().code == errc::length_mismatch);
  shape.arity[1][0] = 1;
  CHECK(commit_tree(merkle{}, shape, tree_context(), tree_bytes(24)).error().code == errc::invalid_settings);
}

TEST_CASE("terkle: a scheme's limits and failures reach the caller, and a later call recovers", "[commit]") {
  flat_commitment small;
  small.largest_node = 15;
  auto shape = row_tree_shape(0, dtype::i8, 2, 16);
  CHECK(terkle_builder<flat_commitment>::start(small, shape, {}).error().code == errc::unsupported);
  bool fails = true;
  flat_commitment scheme;
  scheme.fails = &fails;
  auto b = terkle_builder<flat_commitment>::start(scheme, row_tree_shape(0, dtype::i8, 2, 4), tree_context());
  REQUIRE(b);
  const auto bytes = tree_bytes(80);
  CHECK(b->append(byte_view{bytes}.first(40)).error().code == errc::host_failure);
  CHECK(b->slices() == 20);
  fails = false;
  CHECK(b->append(byte_view{bytes}.subspan(40)));
  const auto tree = std::move(*b).finish();
  REQUIRE(tree);
  CHECK(tree->root() == built(flat_commitment{}, row_tree_shape(40, dtype::i8, 2, 4)).root());
}

TEST_CASE("terkle: a scheme without recomputation verifies all nodes in one batch", "[commit]") {
  const flat_commitment scheme;
  const auto tree = built(scheme, position_tree_shape(60, 3, dtype::i8, 4, 4));
  const std::vector<coordinates> requested = {{0, 1}, {30, 0}, {59, 2}};
  const auto opening = tree.open(requested).value();
  CHECK(opening.commitments.size() == opening.nodes.size());
  scheme.verify_calls = 0;
  CHECK(verify_tree_opening(scheme, tree.statement(), requested, opening));
  CHECK(scheme.verify_calls == 1);
}
