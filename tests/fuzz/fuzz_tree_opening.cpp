// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Untrusted openings: parsing and verifying never crash, and whatever verifies is the honest opening, byte for byte.
#include <cstdint>
#include <cstring>
#include <vector>

#include <assay/commit/terkle.hpp>

#include "support/flat_commitment.hpp"
#include "support/trees.hpp"

using namespace assay;

namespace {

const std::vector<std::vector<coordinates>>& requests() {
  static const std::vector<std::vector<coordinates>> all = {
      {{0, 0}}, {{18, 2}}, {{3, 0}, {3, 1}, {3, 2}}, {{0, 1}, {9, 0}, {16, 2}, {18, 0}}};
  return all;
}

// One byte picks the request; the rest is an opening. The statement digest is overwritten with the right one, or a
// fuzzer would never get past it.
template <class Scheme>
void check(const Scheme& scheme, std::span<const std::uint8_t> input) {
  static const terkle_tree<Scheme> tree = [&] {
    const tree_shape s = position_tree_shape(19, 3, dtype::i16, 2, 3);
    return commit_tree(scheme, s, assay_tests::tree_context(), assay_tests::tree_bytes(s)).value();
  }();
  const auto& requested = requests()[input[0] % requests().size()];
  static const std::vector<tree_opening<Scheme>> honest = [&] {
    std::vector<tree_opening<Scheme>> out;
    for (const auto& r : requests()) out.push_back(tree.open(r).value());
    return out;
  }();
  const auto& expected = honest[input[0] % requests().size()];
  std::vector<std::byte> bytes(input.size() - 1);
  if (!bytes.empty()) std::memcpy(bytes.data(), input.data() + 1, bytes.size());
  if (bytes.size() >= 40) std::memcpy(bytes.data() + 8, expected.statement.bytes.data(), 32);
  const auto parsed = parse_tree_opening(scheme, tree.statement(), requested, bytes);
  if (!parsed) return;
  if (encode(*parsed, tree.shape()) != bytes) __builtin_trap();  // a second spelling
  if (!verify_tree_opening(scheme, tree.statement(), requested, *parsed)) return;
  if (*parsed != expected) __builtin_trap();  // a forgery
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::span<const std::uint8_t> input{data, size};
  if (data[0] < 128) check(merkle{}, input);
  else check(assay_tests::flat_commitment{}, input);
  return 0;
}
