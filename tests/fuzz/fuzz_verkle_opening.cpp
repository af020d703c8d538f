// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Untrusted openings of Verkle trees: parsing and verifying never crash, and only the honest opening verifies.
#include <cstdint>
#include <cstring>
#include <vector>

#include <assay/commit/terkle.hpp>
#include <assay/math/bls12_381.hpp>
#include <assay/math/bn254.hpp>
#include <assay/polycommit/kzg_commitment.hpp>

#include "support/trees.hpp"

using namespace assay;

namespace {

const std::vector<std::vector<coordinates>>& requests() {
  static const std::vector<std::vector<coordinates>> all = {{{0, 0}}, {{3, 0}, {3, 1}, {6, 1}}};
  return all;
}

template <class C>
kzg_commitment<C> scheme() {
  const auto srs = insecure_srs_for_tests<C>::make(grid_shape::of({4}), 1);
  return kzg_commitment<C>{kzg_key<C>::make_insecure_for_tests(srs).value()};
}

// One byte picks curve and request; the rest is an opening, whose statement digest is overwritten with the right one.
template <class C>
void check(std::span<const std::uint8_t> input) {
  using scheme_type = kzg_commitment<C>;
  static const scheme_type nodes = scheme<C>();
  static const terkle_tree<scheme_type> tree = [] {
    const tree_shape s = position_tree_shape(7, 2, dtype::i16, 2, 3);
    return commit_tree(nodes, s, assay_tests::tree_context(), assay_tests::tree_bytes(s)).value();
  }();
  static const std::vector<tree_opening<scheme_type>> honest = [] {
    std::vector<tree_opening<scheme_type>> out;
    for (const auto& r : requests()) out.push_back(tree.open(r).value());
    return out;
  }();
  const auto& requested = requests()[input[0] % requests().size()];
  const auto& expected = honest[input[0] % requests().size()];
  std::vector<std::byte> bytes(input.size() - 1);
  if (!bytes.empty()) std::memcpy(bytes.data(), input.data() + 1, bytes.size());
  if (bytes.size() >= 40) std::memcpy(bytes.data() + 8, expected.statement.bytes.data(), 32);
  const auto parsed = parse_tree_opening(nodes, tree.statement(), requested, bytes);
  if (!parsed) return;
  if (encode(*parsed, tree.shape()) != bytes) __builtin_trap();  // a second spelling
  if (!verify_tree_opening(nodes, tree.statement(), requested, *parsed)) return;
  if (*parsed != expected) __builtin_trap();  // a forgery
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::span<const std::uint8_t> input{data, size};
  if (data[0] < 128) check<bn254>(input);
  else check<bls12_381>(input);
  return 0;
}
