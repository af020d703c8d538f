// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Merkle, Verkle and Terkle trees over the same block of 128 tokens x 4096 integers: commit, open, verify and bytes,
// for scattered scalars, for a token's whole row, and for a point off the grid, which only Terkle can open.
//
// `scalars`: every integer is a row of its own, in nodes of 64, 64 and 16 slots. `pages`: rows of 64 integers.
#include <assay/commit/terkle.hpp>
#include <assay/math/bls12_381.hpp>
#include <assay/math/bn254.hpp>
#include <assay/polycommit/kzg_commitment.hpp>
#include <assay/polycommit/pst_commitment.hpp>
#include <assay/polycommit/pst_point.hpp>
#include <assay/random/stream.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

namespace {

using namespace assay;

constexpr std::uint32_t tokens = 128, hidden = 4096, page = 64;

enum class cut { scalars, pages };

tree_shape shape_of(cut c, dtype type) {
  tree_shape s;
  s.type = type, s.rank = 2, s.extents = {tokens, c == cut::pages ? hidden / page : hidden};
  s.width = c == cut::pages ? page : 1;
  if (c == cut::pages) s.arities = 2, s.arity[0] = {1, 64}, s.arity[1] = {16, 1};
  else s.arities = 3, s.arity[0] = {1, 64}, s.arity[1] = {1, 64}, s.arity[2] = {16, 1};
  return s;
}

std::vector<std::byte> block_of(dtype type) {
  std::vector<std::byte> bytes(tokens * hidden * size_of(type));
  random_stream draw{seed{}, "verkle bench"};
  for (std::byte& b : bytes) b = static_cast<std::byte>(draw.next_u32());
  return bytes;
}

template <class Scheme>
Scheme scheme_for(const tree_shape& shape) {
  if constexpr (std::is_same_v<Scheme, merkle>) {
    return {};
  } else if constexpr (std::is_same_v<Scheme, kzg_commitment<bn254>> ||
                       std::is_same_v<Scheme, kzg_commitment<bls12_381>>) {
    using C = std::conditional_t<std::is_same_v<Scheme, kzg_commitment<bn254>>, bn254, bls12_381>;
    const auto srs = insecure_srs_for_tests<C>::make(grid_shape::of({64 * shape.width}), 1);
    return Scheme{kzg_key<C>::make_insecure_for_tests(srs, {shape.width == 1 ? C::fr::bits : 16u}).value()};
  } else {
    using C = typename Scheme::g1::curve;
    const auto srs = insecure_srs_for_tests<C>::make(grid_shape::of({64, 64}), 1);
    return Scheme::make_prover_insecure_for_tests(srs, std::span{&shape, 1}).value();
  }
}

// What is asked for: 32 integers anywhere (with their page, where rows are pages), or all of one token.
std::vector<coordinates> request(const tree_shape& shape, bool whole_row) {
  std::vector<coordinates> rows;
  if (whole_row) {
    for (std::uint32_t i = 0; i < shape.extents[1]; ++i) rows.push_back({77, i});
    return rows;
  }
  random_stream draw{seed{}, "scattered"};
  for (int i = 0; i < 32; ++i)
    rows.push_back(
        {static_cast<std::uint32_t>(draw.below(tokens)), static_cast<std::uint32_t>(draw.below(hidden)) / shape.width});
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  return rows;
}

template <class Scheme>
void block_commit(benchmark::State& state, cut c, dtype type) {
  const tree_shape shape = shape_of(c, type);
  const Scheme scheme = scheme_for<Scheme>(shape);
  const auto block = block_of(type);
  for (auto _ : state) benchmark::DoNotOptimize(commit_tree(scheme, shape, digest{}, block)->root());
  state.SetItemsProcessed(state.iterations() * tokens * hidden);
}

template <class Scheme>
void block_open(benchmark::State& state, cut c, dtype type, bool whole_row) {
  const tree_shape shape = shape_of(c, type);
  const auto tree = commit_tree(scheme_for<Scheme>(shape), shape, digest{}, block_of(type)).value();
  const auto requested = request(shape, whole_row);
  for (auto _ : state) benchmark::DoNotOptimize(tree.open(requested).has_value());
  state.counters["bytes"] = static_cast<double>(encode(*tree.open(requested), shape).size());
  state.counters["bytes_of_rows"] = static_cast<double>(requested.size() * shape.row_bytes());
}

template <class Scheme>
void block_verify(benchmark::State& state, cut c, dtype type, bool whole_row) {
  const tree_shape shape = shape_of(c, type);
  const Scheme scheme = scheme_for<Scheme>(shape);
  const auto tree = commit_tree(scheme, shape, digest{}, block_of(type)).value();
  const auto requested = request(shape, whole_row);
  const auto bytes = encode(*tree.open(requested), shape);
  bool accepted = true;
  for (auto _ : state) {
    const auto parsed = parse_tree_opening(scheme, tree.statement(), requested, bytes);
    accepted = accepted && verify_tree_opening(scheme, tree.statement(), requested, *parsed).has_value();
  }
  if (!accepted) state.SkipWithError("refused");
}

// One scheme, one cut, one type.
template <class Scheme>
void register_block(const std::string& name, cut c, dtype type) {
  const std::string suffix = name + (c == cut::pages ? "/pages" : "/scalars") + (type == dtype::i8 ? "/i8" : "/i16");
  const auto add = [](const std::string& full, auto run) {
    benchmark::RegisterBenchmark(full.c_str(), run)->Unit(benchmark::kMillisecond);
  };
  add("block_commit/" + suffix, [=](benchmark::State& s) { block_commit<Scheme>(s, c, type); });
  add("block_open_32_scalars/" + suffix, [=](benchmark::State& s) { block_open<Scheme>(s, c, type, false); });
  add("block_verify_32_scalars/" + suffix, [=](benchmark::State& s) { block_verify<Scheme>(s, c, type, false); });
  add("block_open_token/" + suffix, [=](benchmark::State& s) { block_open<Scheme>(s, c, type, true); });
  add("block_verify_token/" + suffix, [=](benchmark::State& s) { block_verify<Scheme>(s, c, type, true); });
}

const bool registered_blocks = [] {
  for (const dtype type : {dtype::i16, dtype::i8})
    for (const cut c : {cut::scalars, cut::pages}) {
      register_block<merkle>("merkle", c, type);
      register_block<kzg_commitment<bn254>>("verkle_bn254", c, type);
      register_block<pst_commitment<bn254>>("terkle_bn254", c, type);
      if (type == dtype::i8) continue;
      register_block<kzg_commitment<bls12_381>>("verkle_bls12_381", c, type);
      register_block<pst_commitment<bls12_381>>("terkle_bls12_381", c, type);
    }
  return true;
}();

// The whole block as one polynomial, opened off its grid: equality of two tensors in one opening.
struct flat_block {
  std::vector<std::int16_t> values;
  pst_key<bn254> key;
  pst_verifier_key<bn254> verifier;
  std::vector<bn254::fr> point{bn254::fr::from_u64(1u << 30), bn254::fr::from_u64(~0ull)};

  static const flat_block& get() {
    static const flat_block one = [] {
      const std::array<std::uint32_t, 2> extents{tokens, hidden};
      const auto srs = insecure_srs_for_tests<bn254>::make(grid_shape::of({tokens, hidden}), 1);
      const auto block_key = pst_key<bn254>::make_insecure_for_tests(srs, extents).value();
      const auto bytes = block_of(dtype::i16);
      std::vector<std::int16_t> block(tokens * hidden);
      std::memcpy(block.data(), bytes.data(), bytes.size());
      return flat_block{std::move(block),
                        block_key,
                        {pst_pairing_key<bn254>::make_insecure_for_tests(srs), block_key, 2}};
    }();
    return one;
  }
};

void block_off_grid_open(benchmark::State& state) {
  const flat_block& b = flat_block::get();
  for (auto _ : state) benchmark::DoNotOptimize(open_at<bn254, std::int16_t>(b.key, b.values, b.point).value);
  state.counters["bytes"] = 3 * 32;
}
BENCHMARK(block_off_grid_open)->Unit(benchmark::kMillisecond);

// The verifier evaluates its own copy and checks the opening.
void block_off_grid_verify(benchmark::State& state) {
  using fr = bn254::fr;
  const flat_block& b = flat_block::get();
  msm_workspace<bn254::g1> work;
  const auto commitment = msm<bn254::g1>(b.key.basis(0), std::span<const std::int16_t>{b.values}, work).to_affine();
  const auto opened = open_at<bn254, std::int16_t>(b.key, b.values, b.point);
  bool accepted = true;
  for (auto _ : state) {
    const fr value = evaluate<fr, std::int16_t>(b.key.grid(), b.values, b.point);
    pst_claim<bn254> claim;
    claim.key = &b.verifier, claim.commitment = commitment, claim.point = b.point, claim.proof = opened.proof;
    claim.values = std::span<const fr>{&value, 1};
    accepted = accepted && verify_claims<bn254>(std::span<const pst_claim<bn254>>{&claim, 1}).has_value();
  }
  if (!accepted) state.SkipWithError("refused");
}
BENCHMARK(block_off_grid_verify)->Unit(benchmark::kMillisecond);

}  // namespace
