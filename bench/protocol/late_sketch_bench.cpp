// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Late sketches in time and bytes: 4096 elements a row, three checkpoints between blocks and the final rows, 127
// positions.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include <assay/protocol/late_audit.hpp>
#include <assay/protocol/prover.hpp>

namespace late_sketch_bench {
namespace {

using namespace assay;

constexpr std::uint32_t checkpoints = 4, width = 4096, prompt = 64, output = 64;

run_description promised() {
  run_description run;
  run.model.checkpoints = checkpoints, run.model.width = width, run.model.vocabulary = 2048;
  run.commitment.steps.assign(checkpoints, 0x1p-8f);
  run.commitment.committed_rows = {layer_index{0}, layer_index{1}, layer_index{2}};
  return run;
}

/// A sealed request, and everything that is said about it.
struct exchange {
  run_description run = promised();
  std::vector<float> rows;
  prover provider;
  receipt sealed;
  sealed_request<merkle> kept;
  late_reveal revealed;
  late_sketches sent;
  late_check asked;
  std::vector<std::byte> openings;

  explicit exchange(std::uint32_t sketch)
      : rows(prompt * width), provider(observed()), sealed(*provider.seal()), kept(*provider.sealed()) {
    revealed = reveal_for(run, sealed, seed{}, sketch);
    sent = *answer_reveal(kept, revealed);
    asked = {digest_of(sent), seed{}, 4};
    openings = encode(*answer_check(kept, revealed, digest_of(sent), asked), run, sealed);
  }
  exchange(const exchange&) = delete;  // `kept` points into the prover

  prover observed() {
    random_stream draw{seed{}, "bench"};
    for (float& x : rows) x = static_cast<float>(draw.normal());
    request r;
    r.prompt.assign(prompt, token_id{1});
    r.max_output = output;
    prover p = *prover::start(run, r);
    for (std::uint32_t l = 0; l < checkpoints; ++l)
      for (std::uint32_t first : {0u, prompt})
        (void)p.observe(layer_index{l}, matrix_view(rows.data(), first == 0 ? prompt : output - 1, width),
                        row_map::contiguous({}, position{first}, first == 0 ? prompt : output - 1));
    for (std::uint32_t t = 0; t < output; ++t) (void)p.sampled(position{prompt + t}, token_id{t});
    return p;
  }
  [[nodiscard]] late_audit begun() const { return *late_audit::begin(run, sealed, revealed); }
  [[nodiscard]] double sketches() const { return static_cast<double>(expand(revealed, run, sealed)->sketches()); }
};

void per_sketch(benchmark::State& state, const exchange& e) {
  state.counters["per_sketch"] =
      benchmark::Counter(e.sketches(), benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

/// The provider: a projection of every committed row.
void late_answer_reveal(benchmark::State& state) {
  const exchange e{static_cast<std::uint32_t>(state.range(0))};
  for (auto _ : state) benchmark::DoNotOptimize(answer_reveal(e.kept, e.revealed));
  per_sketch(state, e);
  state.counters["bytes"] = static_cast<double>(encode(e.sent).size());
  state.counters["bytes_per_position"] = static_cast<double>(e.sent.codes.size()) / (prompt + output - 1);
}
BENCHMARK(late_answer_reveal)->Arg(4)->Arg(16)->Unit(benchmark::kMicrosecond);

/// The provider: 4 rows of each of 4 checkpoints.
void late_answer_check(benchmark::State& state) {
  const exchange e{16};
  for (auto _ : state) benchmark::DoNotOptimize(answer_check(e.kept, e.revealed, digest_of(e.sent), e.asked));
  state.counters["bytes"] = static_cast<double>(e.openings.size());
}
BENCHMARK(late_answer_check)->Unit(benchmark::kMicrosecond);

/// The verifier: sketches parsed, the same rows verified and sketched.
void late_check_rows(benchmark::State& state) {
  const exchange e{16};
  const auto sketches = encode(e.sent);
  const late_audit fresh = e.begun();
  for (auto _ : state) {
    late_audit late = fresh;
    if (!late.take_sketches(sketches) || !late.check_rows(e.asked, e.openings) || !late.rows_checked())
      state.SkipWithError("honest rows must verify");
  }
}
BENCHMARK(late_check_rows)->Unit(benchmark::kMicrosecond);

/// The verifier: all sketches against its own states, which it has in memory.
void late_compare(benchmark::State& state) {
  const exchange e{16};
  late_audit late = e.begun();
  if (!late.take_sketches(encode(e.sent)) || !late.check_rows(e.asked, e.openings))
    state.SkipWithError("honest rows must verify");
  const auto states = [&](layer_index, position at, std::span<float> row) {
    std::copy_n(e.rows.begin() + (at.value % prompt) * width, width, row.begin());
    return result<void>{};
  };
  for (auto _ : state)
    if (!late.compare(states)) state.SkipWithError("the reference must be comparable");
  per_sketch(state, e);
}
BENCHMARK(late_compare)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace late_sketch_bench
