// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a prover pays per position for committing, and both sides per opening, with SHA-256 Merkle nodes.
#include <assay/commit/terkle.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <vector>

namespace {

using namespace assay;

std::vector<std::byte> rows_of(std::size_t n) {
  std::vector<std::byte> bytes(n);
  for (std::size_t i = 0; i < n; ++i) bytes[i] = static_cast<std::byte>(i * 31 + (i >> 8));
  return bytes;
}

// One slice per call, as while decoding; the seal is included.
void append_positions(benchmark::State& state, const tree_shape& shape) {
  const std::uint32_t positions = 4096;
  const auto slice = rows_of(shape.slice_rows() * shape.row_bytes());
  for (auto _ : state) {
    auto b = terkle_builder<merkle>::start(merkle{}, shape, digest{});
    b->reserve(positions);
    for (std::uint32_t p = 0; p < positions; ++p) benchmark::DoNotOptimize(b->append(slice).has_value());
    benchmark::DoNotOptimize(std::move(*b).finish()->root());
  }
  state.counters["per_position"] = benchmark::Counter(static_cast<double>(state.iterations()) * positions,
                                                      benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK_CAPTURE(append_positions, six_rows_of_32_bytes, position_tree_shape(0, 6, dtype::i16, 16, 16));
BENCHMARK_CAPTURE(append_positions, thirty_three_rows_of_32_bytes, position_tree_shape(0, 33, dtype::i16, 16, 16));
BENCHMARK_CAPTURE(append_positions, one_row_of_512_bytes, row_tree_shape(0, dtype::bf16, 256, 16));
BENCHMARK_CAPTURE(append_positions, one_row_of_8192_bytes, row_tree_shape(0, dtype::bf16, 4096, 16));

struct opened_tree {
  terkle_tree<merkle> tree;
  std::vector<coordinates> requested;
};

opened_tree eight_positions() {
  const tree_shape shape = position_tree_shape(4096, 6, dtype::i16, 16, 16);
  auto tree = commit_tree(merkle{}, shape, digest{}, rows_of(4096 * 6 * 32));
  std::vector<coordinates> requested;
  for (std::uint32_t p = 0; p < 8; ++p)
    for (std::uint32_t l = 0; l < 6; ++l) requested.push_back({p * 509 + 7, l});
  return {*std::move(tree), std::move(requested)};
}

void open_eight_positions(benchmark::State& state) {
  const opened_tree o = eight_positions();
  for (auto _ : state) benchmark::DoNotOptimize(o.tree.open(o.requested).has_value());
  state.counters["bytes"] = static_cast<double>(encode(*o.tree.open(o.requested), o.tree.shape()).size());
}
BENCHMARK(open_eight_positions);

void verify_eight_positions(benchmark::State& state) {
  const opened_tree o = eight_positions();
  const auto bytes = encode(*o.tree.open(o.requested), o.tree.shape());
  for (auto _ : state) {
    const auto parsed = parse_tree_opening(merkle{}, o.tree.statement(), o.requested, bytes);
    benchmark::DoNotOptimize(verify_tree_opening(merkle{}, o.tree.statement(), o.requested, *parsed).has_value());
  }
}
BENCHMARK(verify_eight_positions);

}  // namespace
