// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// SHA-256: throughput on long input, latency of the short messages that trees and transcripts hash.
#include <assay/hash/sha256.hpp>
#include <assay/hash/transcript.hpp>

#include <benchmark/benchmark.h>

#include <vector>

namespace {

template <class Hash>
void hash_message(benchmark::State& state) {
  std::vector<std::byte> message(static_cast<std::size_t>(state.range(0)), std::byte{1});
  for (auto _ : state) {
    const assay::digest d = Hash{}.finish(message);
    message[0] = d.bytes[0];  // the next message depends on this digest: latency, not overlap
    benchmark::DoNotOptimize(message.data());
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK_TEMPLATE(hash_message, assay::sha256)->Arg(32)->Arg(64)->Arg(1024)->Arg(1 << 20);
BENCHMARK_TEMPLATE(hash_message, assay::sha256_ref)->Arg(64)->Arg(1 << 20);

template <class Hash>
void hash_two_messages(benchmark::State& state) {
  std::vector<std::byte> a(static_cast<std::size_t>(state.range(0)), std::byte{1}), b = a;
  const Hash start;
  for (auto _ : state) {
    const auto d = finish_two(start, a, start, b);
    a[0] = d[0].bytes[0], b[0] = d[1].bytes[0];
    benchmark::DoNotOptimize(a.data());
    benchmark::DoNotOptimize(b.data());
  }
  state.SetBytesProcessed(2 * state.iterations() * state.range(0));
}
BENCHMARK_TEMPLATE(hash_two_messages, assay::sha256)->Arg(32)->Arg(64)->Arg(1024)->Arg(1 << 20);

void transcript_of_ten_items(benchmark::State& state) {
  assay::digest d;
  for (auto _ : state) {
    assay::transcript t{assay::domains::receipt};
    for (std::uint64_t i = 0; i < 10; ++i) t.digest("item", d);
    d = t.finish();
  }
  benchmark::DoNotOptimize(d);
}
BENCHMARK(transcript_of_ten_items);

}  // namespace
