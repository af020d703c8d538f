// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// PST commitments and their trees: what a prover pays to commit and open, and a verifier to check. One thread.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include <assay/commit/terkle.hpp>
#include <assay/math/bls12_381.hpp>
#include <assay/math/bn254.hpp>
#include <assay/polycommit/pst_commitment.hpp>
#include <assay/polycommit/pst_point.hpp>
#include <assay/random/stream.hpp>

namespace {

using namespace assay;

// Bits of activations in half precision: a bell-shaped exponent, both signs.
std::vector<std::int16_t> activations(std::size_t n) {
  random_stream stream{seed{}, "pst bench"};
  std::vector<std::int16_t> values(n);
  for (auto& v : values) {
    const std::uint64_t r = stream.next_u64();
    const auto exponent = 9 + std::popcount(r >> 52), mantissa = static_cast<int>(r & 1023);
    v = static_cast<std::int16_t>((static_cast<int>(r >> 10 & 1) << 15) | (exponent << 10) | mantissa);
  }
  return values;
}

template <class C>
const insecure_srs_for_tests<C>& reference(const grid_shape& shape) {
  static std::map<std::array<std::uint32_t, 8>, insecure_srs_for_tests<C>> made;
  const auto at = made.find(shape.extents);
  if (at != made.end()) return at->second;
  return made.emplace(shape.extents, insecure_srs_for_tests<C>::make(shape, 1)).first->second;
}

template <class C>
struct flat_tensor {
  explicit flat_tensor(const grid_shape& shape)
      : extents(shape.extents.begin(), shape.extents.begin() + shape.rank),
        key(pst_key<C>::make_insecure_for_tests(reference<C>(shape), extents).value()),
        values(activations(shape.size())) {}
  std::vector<std::uint32_t> extents;
  pst_key<C> key;
  std::vector<std::int16_t> values;
};

const grid_shape reference_case = grid_shape::of({29, 26, 1536});  // states, tokens, hidden: 1,158,144 values

template <class C>
const flat_tensor<C>& flat() {
  static const flat_tensor<C> tensor{reference_case};
  return tensor;
}

template <class C>
void pst_flat_commit(benchmark::State& state) {
  const auto& t = flat<C>();
  msm_workspace<typename C::g1> work;
  for (auto _ : state) benchmark::DoNotOptimize(commit<C, std::int16_t>(t.key, t.values, work));
}
BENCHMARK(pst_flat_commit<bn254>)->Unit(benchmark::kMillisecond);
BENCHMARK(pst_flat_commit<bls12_381>)->Unit(benchmark::kMillisecond);

// A row of the tensor with two group elements, a single scalar with three.
template <class C>
void pst_flat_open(benchmark::State& state) {
  const auto& t = flat<C>();
  const std::vector<std::uint32_t> at = {17, 5, 700};
  const auto fixed = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    pst_opener<C, std::int16_t> opener{t.key, t.values};
    benchmark::DoNotOptimize(opener.open(std::span{at}.first(fixed), fixed));
  }
}
BENCHMARK(pst_flat_open<bn254>)->ArgName("fixed")->Arg(2)->Arg(3)->Unit(benchmark::kMillisecond);

template <class C>
void pst_flat_open_off_grid(benchmark::State& state) {
  const auto& t = flat<C>();
  const std::vector<typename C::fr> z(3, -C::fr::from_u64(12345).inverse());
  for (auto _ : state) benchmark::DoNotOptimize(open_at<C, std::int16_t>(t.key, t.values, z).value);
}
BENCHMARK(pst_flat_open_off_grid<bn254>)->Unit(benchmark::kMillisecond);

// One opening of one row each of 28 states, in one flat commitment each: 28 claims, one batch.
template <class C>
void pst_verify_rows(benchmark::State& state) {
  const auto count = static_cast<std::uint32_t>(state.range(0)), fixed = static_cast<std::uint32_t>(state.range(1));
  const auto& srs = reference<C>(grid_shape::of({8, 26, 64}));
  const flat_tensor<C> t{grid_shape::of({8, 26, 64})};
  const pst_verifier_key<C> verifier{pst_pairing_key<C>::make_insecure_for_tests(srs), t.key, 2};
  msm_workspace<typename C::g1> work;
  const auto c = commit<C, std::int16_t>(t.key, t.values, work);
  pst_opener<C, std::int16_t> opener{t.key, t.values};
  std::vector<std::vector<std::uint32_t>> places(count);
  std::vector<std::vector<affine_point<typename C::g1>>> proofs(count);
  std::vector<pst_claim<C>> claims(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    places[i] = {i % 8, i % 26, i % 64};
    places[i].resize(fixed);
    proofs[i] = opener.open(places[i], fixed);
    const std::size_t row = (i % 8) * 26 + i % 26;
    claims[i].key = &verifier, claims[i].commitment = c, claims[i].fixed = fixed;
    claims[i].places = places[i], claims[i].proof = proofs[i];
    claims[i].values =
        std::span<const std::int16_t>{t.values}.subspan(fixed == 3 ? row * 64 + i % 64 : row * 64, fixed == 3 ? 1 : 64);
  }
  for (auto _ : state)
    if (!verify_claims<C>(std::span<const pst_claim<C>>{claims})) state.SkipWithError("rejected");
}
BENCHMARK(pst_verify_rows<bn254>)
    ->ArgNames({"claims", "fixed"})
    ->ArgsProduct({{1, 16, 28, 1000}, {2, 3}})
    ->Unit(benchmark::kMillisecond);
BENCHMARK(pst_verify_rows<bls12_381>)->ArgNames({"claims", "fixed"})->Args({28, 3})->Unit(benchmark::kMillisecond);

// --- Trees ---

tree_shape tree_of(std::uint32_t width, std::initializer_list<std::uint32_t> extents,
                   std::initializer_list<std::initializer_list<std::uint32_t>> arity) {
  tree_shape s;
  s.type = dtype::f16, s.width = width;
  s.rank = static_cast<std::uint8_t>(extents.size()), s.arities = static_cast<std::uint8_t>(arity.size());
  std::copy(extents.begin(), extents.end(), s.extents.begin());
  std::size_t l = 0;
  for (const auto& a : arity) std::copy(a.begin(), a.end(), s.arity[l++].begin());
  return s;
}

struct tree_case {
  tree_shape shape;
  grid_shape grid;
};

// The reference's own case with nodes of 64: leaves [8 x 8 values], then 24 leaves to a row, 29 rows, 26 tokens.
tree_case small_nodes() {
  return {tree_of(8, {26, 29, 192}, {{1, 1, 8}, {1, 1, 24}, {1, 29, 1}, {26, 2, 2}}), grid_shape::of({26, 29, 24, 8})};
}
// The same with leaves of 8 whole rows: an opening shows a row of 1536 values.
tree_case row_nodes() { return {tree_of(1536, {26, 29}, {{1, 8}, {1, 4}, {26, 2}}), grid_shape::of({26, 8, 1536})}; }
// 128 tokens of 4096 values, leaves [8 x 8 values].
tree_case block_of_small_nodes() {
  return {tree_of(8, {128, 512}, {{1, 8}, {1, 64}, {128, 2}}), grid_shape::of({128, 8, 8})};
}
// The same with leaves of 8 whole rows.
tree_case block_of_rows() { return {tree_of(4096, {128}, {{8}, {16}}), grid_shape::of({16, 8, 4096})}; }

template <class C>
struct built_tree {
  explicit built_tree(const tree_case& c)
      : scheme(pst_commitment<C>::make_prover_insecure_for_tests(reference<C>(c.grid), std::span{&c.shape, 1}).value()),
        bytes(c.shape.extents[0] * c.shape.slice_rows() * c.shape.row_bytes()),
        tree((fill(), commit_tree(scheme, c.shape, digest{}, bytes).value())) {}
  void fill() {
    const auto values = activations(bytes.size() / 2);
    std::memcpy(bytes.data(), values.data(), bytes.size());
  }
  pst_commitment<C> scheme;
  std::vector<std::byte> bytes;
  terkle_tree<pst_commitment<C>> tree;
};

void pst_tree_commit(benchmark::State& state, const tree_case& c) {
  const built_tree<bn254> built{c};
  for (auto _ : state) benchmark::DoNotOptimize(commit_tree(built.scheme, c.shape, digest{}, built.bytes)->root());
}
BENCHMARK_CAPTURE(pst_tree_commit, reference_case_small_nodes, small_nodes())->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(pst_tree_commit, reference_case_rows, row_nodes())->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(pst_tree_commit, block_4096x128_small_nodes, block_of_small_nodes())->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(pst_tree_commit, block_4096x128_rows, block_of_rows())->Unit(benchmark::kMillisecond);

std::vector<coordinates> spread_requests(const tree_shape& s, std::uint32_t count) {
  std::vector<coordinates> requested(count);
  for (std::uint32_t i = 0; i < count; ++i)
    for (std::size_t axis = 0; axis < s.rank; ++axis)
      requested[i][axis] =
          static_cast<std::uint32_t>((std::uint64_t{i} * s.extents[axis] / count + axis * 3) % s.extents[axis]);
  std::sort(requested.begin(), requested.end());
  return requested;
}

void pst_tree_open(benchmark::State& state, const tree_case& c, std::uint32_t rows) {
  const built_tree<bn254> built{c};
  const auto requested = spread_requests(c.shape, rows);
  for (auto _ : state) benchmark::DoNotOptimize(built.tree.open(requested).has_value());
  state.counters["bytes"] = static_cast<double>(encode(built.tree.open(requested).value(), c.shape).size());
}
BENCHMARK_CAPTURE(pst_tree_open, reference_case_small_nodes, small_nodes(), 1)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(pst_tree_open, reference_case_rows, row_nodes(), 1)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(pst_tree_open, block_4096x128_small_nodes, block_of_small_nodes(), 1)->Unit(benchmark::kMillisecond);

// From bytes: decompression of the points is included.
void pst_tree_verify(benchmark::State& state, const tree_case& c, std::uint32_t rows) {
  const built_tree<bn254> built{c};
  const auto requested = spread_requests(c.shape, rows);
  const auto bytes = encode(built.tree.open(requested).value(), c.shape);
  for (auto _ : state) {
    const auto opening = parse_tree_opening(built.scheme, built.tree.statement(), requested, bytes);
    if (!verify_tree_opening(built.scheme, built.tree.statement(), requested, *opening))
      state.SkipWithError("rejected");
  }
  state.counters["bytes"] = static_cast<double>(bytes.size());
}
BENCHMARK_CAPTURE(pst_tree_verify, one_of_small_nodes, small_nodes(), 1)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(pst_tree_verify, sixteen_of_small_nodes, small_nodes(), 16)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(pst_tree_verify, twenty_eight_of_small_nodes, small_nodes(), 28)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(pst_tree_verify, one_row, row_nodes(), 1)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(pst_tree_verify, sixteen_rows, row_nodes(), 16)->Unit(benchmark::kMillisecond);

// --- Growth ---

void pst_commit_grows(benchmark::State& state) {
  const auto n = static_cast<std::uint32_t>(state.range(0));
  const flat_tensor<bn254> t{grid_shape::of({n / 256, 256})};
  msm_workspace<bn254::g1> work;
  for (auto _ : state) benchmark::DoNotOptimize(commit<bn254, std::int16_t>(t.key, t.values, work));
  state.SetComplexityN(state.range(0));
}
BENCHMARK(pst_commit_grows)
    ->RangeMultiplier(4)
    ->Range(1 << 10, 1 << 20)
    ->Unit(benchmark::kMillisecond)
    ->Complexity(benchmark::oAuto);

}  // namespace
