// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Untrusted openings of trees of PST commitments: parsing and verifying never crash, an opening has one spelling, and
// whatever verifies shows the committed rows.
#include <cstdint>
#include <cstring>
#include <vector>

#include <assay/commit/terkle.hpp>
#include <assay/math/bls12_381.hpp>
#include <assay/math/bn254.hpp>
#include <assay/polycommit/pst_commitment.hpp>

#include "support/trees.hpp"

using namespace assay;

namespace {

const std::vector<std::vector<coordinates>>& requests() {
  static const std::vector<std::vector<coordinates>> all = {
      {{0, 0}}, {{10, 2}}, {{3, 0}, {3, 1}, {3, 2}}, {{0, 1}, {5, 0}, {8, 2}, {10, 0}}};
  return all;
}

template <class C>
struct committed_tree {
  tree_shape shape = position_tree_shape(11, 3, dtype::i16, 2, 4);
  insecure_srs_for_tests<C> srs = insecure_srs_for_tests<C>::make(grid_shape::of({4, 3, 2}), 7);
  pst_commitment<C> prover = pst_commitment<C>::make_prover_insecure_for_tests(srs, std::span{&shape, 1}).value();
  pst_commitment<C> verifier = pst_commitment<C>::make_verifier_insecure_for_tests(srs, std::span{&shape, 1}).value();
  terkle_tree<pst_commitment<C>> tree =
      commit_tree(prover, shape, assay_tests::tree_context(), assay_tests::tree_bytes(shape)).value();
};

// One byte picks the request; the rest is an opening. The statement digest is overwritten with the right one, or a
// fuzzer would never get past it.
template <class C>
void check(std::span<const std::uint8_t> input) {
  static const committed_tree<C> c;
  static const std::vector<tree_opening<pst_commitment<C>>> honest = [&] {
    std::vector<tree_opening<pst_commitment<C>>> out;
    for (const auto& r : requests()) out.push_back(c.tree.open(r).value());
    return out;
  }();
  const auto& requested = requests()[input[0] % requests().size()];
  const auto& expected = honest[input[0] % requests().size()];
  std::vector<std::byte> bytes(input.size() - 1);
  if (!bytes.empty()) std::memcpy(bytes.data(), input.data() + 1, bytes.size());
  if (bytes.size() >= 40) std::memcpy(bytes.data() + 8, expected.statement.bytes.data(), 32);
  const auto parsed = parse_tree_opening(c.verifier, c.tree.statement(), requested, bytes);
  if (!parsed) return;
  if (encode(*parsed, c.shape) != bytes) __builtin_trap();  // a second spelling
  if (!verify_tree_opening(c.verifier, c.tree.statement(), requested, *parsed)) return;
  if (parsed->rows != expected.rows) __builtin_trap();  // a forgery; proofs themselves are malleable
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::span<const std::uint8_t> input{data, size};
  if (data[0] < 128) check<bn254>(input);
  else check<bls12_381>(input);
  return 0;
}
