// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Bytes per second of reading servers' logs.
#include <cstddef>
#include <cstdint>
#include <string>

#include <benchmark/benchmark.h>

#include <assay/codec/log_reader.hpp>
#include <assay/random/stream.hpp>

namespace {

using namespace assay;

/// Two hundred rows of fifty candidates, as vLLM's server or SGLang's writes them.
std::string make_log(bool sglang) {
  random_stream r(seed{}, "log bench");
  std::string ids, rows, tokens;
  for (int i = 0; i < 200; ++i) {
    const std::string token = std::to_string(r.below(128256));
    ids += (i == 0 ? "" : ", ") + token;
    tokens += (i == 0 ? "[null, " : ", [-1.25, ") + token + ", null]";
    if (i == 0) {
      rows = "null";
      continue;
    }
    rows += sglang ? ", [" : ", {";
    for (int k = 1; k <= 50; ++k) {
      // Every row has ids of its own range, so that none occurs twice.
      const std::string id = std::to_string(1000 * k + static_cast<int>(r.below(1000)));
      const std::string score = "-" + std::to_string(r.below(20)) + "." + std::to_string(1000000000000000 + r.below(1000000000000000));
      rows += k == 1 ? "" : ", ";
      if (sglang) rows += "[" + score + ", " + id + ", null]";
      else rows += "\"" + id + "\": {\"logprob\": " + score + ", \"rank\": " + std::to_string(k) + ", \"decoded_token\": \"tok" + id + "\"}";
    }
    rows += sglang ? "]" : "}";
  }
  if (sglang)
    return "{\"text\": \"x\", \"output_ids\": [1], \"meta_info\": {\"id\": \"a\", \"input_token_logprobs\": [" + tokens + "], \"input_top_logprobs\": [" + rows + "]}}\n";
  return "{\"id\": \"a\", \"choices\": [{\"index\": 0, \"prompt_token_ids\": [" + ids + "], \"token_ids\": [1], \"prompt_logprobs\": [" + rows + "]}]}\n";
}

void log_read(benchmark::State& state, bool sglang) {
  const std::string text = make_log(sglang);
  std::size_t entries = 0;
  for (auto _ : state) {
    const auto read = codec::read_log(text, [&](codec::logged_sequence&& s) -> result<void> {
      entries += s.prompt_rows.entries();
      return {};
    });
    if (!read) state.SkipWithError(read.error().message);
  }
  benchmark::DoNotOptimize(entries);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
  state.SetItemsProcessed(state.iterations() * 200);
}
BENCHMARK_CAPTURE(log_read, vllm, false);
BENCHMARK_CAPTURE(log_read, sglang, true);

}  // namespace
