// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/protocol/run.hpp>

#include <functional>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/toy_protocol.hpp"

using namespace assay;
using namespace assay_tests;

namespace {
using change = std::function<void(run_description&)>;

errc code_after(const change& edit) {
  run_description run = toy_run();
  edit(run);
  const auto valid = validate(run);
  return valid ? errc{} : valid.error().code;
}
}  // namespace

TEST_CASE("run: every field changes the digest, and no two changes give the same one", "[protocol]") {
  const change edits[] = {
      [](auto& r) { r.model.weights.value.bytes[31] ^= std::byte{1}; },
      [](auto& r) { r.model.tokenizer.value.bytes[0] ^= std::byte{1}; },
      [](auto& r) { r.model.weight_type = dtype::f16; },
      [](auto& r) { r.model.activation_type = dtype::f16; },
      [](auto& r) { r.model.checkpoints += 1; },
      [](auto& r) { r.model.width += 1; },
      [](auto& r) { r.model.vocabulary += 1; },
      [](auto& r) { r.sampler.profile = static_cast<sampler_profile>(2); },
      [](auto& r) { r.sampler.filters.sampler.temperature = 0.5f; },
      [](auto& r) { r.sampler.filters.sampler.top_k = 1; },
      [](auto& r) { r.sampler.filters.sampler.top_p = 0.5f; },
      [](auto& r) { r.sampler.filters.rule = filter_rule::sglang; },
      [](auto& r) { r.sampler.filters.min_p = 0.5f; },
      [](auto& r) { r.sampler.filters.typical_p = 0.5f; },
      [](auto& r) { r.sampler.filters.min_keep = 1; },
      [](auto& r) { r.sampler.filters.temperature_first = true; },
      [](auto& r) { r.sampler.cuda_grid = 1; },
      [](auto& r) { r.sampler.processors.allowed = {token_id{1}}; },
      [](auto& r) { r.sampler.processors.stop_ids = {token_id{1}}; },
      [](auto& r) { r.sampler.processors.min_tokens = 1; },
      [](auto& r) { r.sampler.processors.bad_words = {{token_id{1}}, {token_id{2}}}; },
      [](auto& r) { r.sampler.processors.bad_words = {{token_id{1}, token_id{2}}}; },
      [](auto& r) { r.sampler.processors.bias = {{token_id{1}, 0.5f}}; },
      [](auto& r) { r.sampler.processors.bias = {{token_id{1}, 1.0f}}; },
      [](auto& r) { r.sampler.processors.penalties.style = penalty_style::llama_cpp; },
      [](auto& r) { r.sampler.processors.penalties.repetition = 2; },
      [](auto& r) { r.sampler.processors.penalties.frequency = 2; },
      [](auto& r) { r.sampler.processors.penalties.presence = 2; },
      [](auto& r) { r.sampler.processors.penalties.window = 2; },
      [](auto& r) { std::swap(r.sampler.processors.order[0], r.sampler.processors.order[4]); },
      [](auto& r) { r.commitment.sketch += 1; },
      [](auto& r) { r.commitment.sketch_type = dtype::i8; },
      [](auto& r) { r.commitment.steps[0] *= 2; },
      [](auto& r) { r.commitment.steps[1] *= 2; },
      [](auto& r) { r.commitment.steps.push_back(r.commitment.steps[0]); },
      [](auto& r) { r.commitment.row_type = dtype::f32; },
      [](auto& r) { r.commitment.fan_out += 1; },
  };
  std::set<run_digest> seen{digest_of(toy_run())};
  CHECK(digest_of(toy_run()) == *seen.begin());
  for (const change& edit : edits) {
    run_description run = toy_run();
    edit(run);
    CHECK(run != toy_run());
    CHECK(seen.insert(digest_of(run)).second);
  }
}

TEST_CASE("run: bounds are checked before anything is allocated from them", "[protocol]") {
  CHECK(validate(toy_run()));
  constexpr auto huge = std::numeric_limits<std::uint32_t>::max();
  for (std::uint32_t bad : {0u, huge}) {
    CHECK(code_after([&](auto& r) { r.model.checkpoints = bad; }) == errc::out_of_range);
    CHECK(code_after([&](auto& r) { r.model.width = bad; }) == errc::out_of_range);
    CHECK(code_after([&](auto& r) { r.model.vocabulary = bad; }) == errc::out_of_range);
    CHECK(code_after([&](auto& r) { r.commitment.sketch = bad; }) == errc::out_of_range);
    CHECK(code_after([&](auto& r) { r.commitment.fan_out = bad; }) == errc::out_of_range);
  }
  CHECK(code_after([](auto& r) { r.commitment.fan_out = 1; }) == errc::out_of_range);
  CHECK(code_after([](auto& r) { r.commitment.sketch = 32; }) == errc{});  // 24 elements are padded to 32
  CHECK(code_after([](auto& r) { r.commitment.sketch = 33; }) == errc::out_of_range);
}

TEST_CASE("run: types, steps and sampler settings must make sense", "[protocol]") {
  CHECK(code_after([](auto& r) { r.commitment.sketch_type = dtype::f32; }) == errc::unsupported);
  CHECK(code_after([](auto& r) { r.commitment.row_type = dtype::i8; }) == errc::unsupported);
  CHECK(code_after([](auto& r) { r.model.weight_type = dtype::i8; }) == errc::unsupported);
  CHECK(code_after([](auto& r) { r.model.activation_type = static_cast<dtype>(200); }) == errc::unsupported);
  CHECK(code_after([](auto& r) { r.sampler.profile = static_cast<sampler_profile>(0); }) == errc::unsupported);
  CHECK(code_after([](auto& r) { r.commitment.steps.pop_back(); }) == errc::length_mismatch);
  for (float bad :
       {0.0f, -1.0f, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN(), 0x1p113f})
    CHECK(code_after([&](auto& r) { r.commitment.steps[2] = bad; }) == errc::out_of_range);
  CHECK(code_after([](auto& r) { r.sampler.filters.sampler.temperature = -1; }) == errc::invalid_settings);
  CHECK(code_after([](auto& r) { r.sampler.filters.sampler.top_p = 0; }) == errc::invalid_settings);
  run_description run = toy_run();
  run.commitment.steps[1] = 0;
  CHECK(validate(run).error().where == 1);
}

TEST_CASE("run: a sampler that cannot be repeated, or has two descriptions, is refused", "[protocol]") {
  const auto with = [](sampler_profile p, filter_rule rule = filter_rule::vllm_sort) {
    return code_after([&](auto& r) { r.sampler.profile = p, r.sampler.filters.rule = rule; });
  };
  CHECK(with(sampler_profile::vllm_triton, filter_rule::vllm_triton) == errc{});
  CHECK(with(sampler_profile::torch_cuda_f32) == errc::invalid_settings);  // no grid
  CHECK(with(sampler_profile::llama_cpp_dist) == errc::invalid_settings);  // vLLM's filters
  CHECK(with(sampler_profile::llama_cpp_dist, filter_rule::llama_cpp) == errc{});
  CHECK(with(sampler_profile::sglang, filter_rule::llama_cpp) == errc::invalid_settings);
  CHECK(with(static_cast<sampler_profile>(sampler_profile_count + 1)) == errc::unsupported);
  CHECK(with(sampler_profile::assay_philox, static_cast<filter_rule>(9)) == errc::unsupported);
  CHECK(code_after([](auto& r) { r.sampler.cuda_grid = 864; }) == errc::invalid_settings);  // a grid without CUDA
  const auto processed = [](auto edit) { return code_after([&](auto& r) { edit(r.sampler.processors); }); };
  CHECK(processed([](auto& s) { s.allowed = {token_id{2}, token_id{1}}; }) == errc::wrong_order);
  CHECK(processed([](auto& s) { s.stop_ids = {token_id{2}, token_id{2}}; }) == errc::wrong_order);
  CHECK(processed([](auto& s) { s.bias = {{token_id{2}, 1.0f}, {token_id{1}, 1.0f}}; }) == errc::wrong_order);
  CHECK(processed([](auto& s) { s.bias = {{token_id{2}, -std::numeric_limits<float>::infinity()}}; }) == errc::invalid_settings);
  CHECK(processed([](auto& s) { s.allowed = {token_id{1u << 22}}; }) == errc::token_out_of_range);
  CHECK(processed([](auto& s) { s.bad_words.assign(largest_promised_list, {token_id{1}}); }) == errc::too_large);
  CHECK(processed([](auto& s) { s.order[1] = s.order[0]; }) == errc::duplicate);
  CHECK(processed([](auto& s) { s.penalties.repetition = 0; }) == errc::invalid_settings);
}

TEST_CASE("run: seeds fit the engines that take them", "[protocol]") {
  constexpr noise_key high{0xffffffffu, 0xffffffffu};
  CHECK(engine_seed(sampler_profile::assay_philox, high) == ~std::uint64_t{0});
  CHECK(engine_seed(sampler_profile::torch_cuda_f32, high) == ~std::uint64_t{0} >> 1);  // servers read signed integers
  CHECK(engine_seed(sampler_profile::torch_cpu_f32, high) == 0xffffffffu);
  CHECK(engine_seed(sampler_profile::llama_cpp_dist, high) == 0xfffffffeu);  // the largest one asks for a random seed
  CHECK(engine_seed(sampler_profile::llama_cpp_dist, {7, 9}) == 7);
  CHECK(engine_seed(sampler_profile::sglang, {7, 9}) == (std::uint64_t{9} << 32 | 7));
}

TEST_CASE("run: committed rows ascend, end before the last checkpoint, and are part of the promise", "[protocol]") {
  run_description run = toy_run();
  const run_digest plain = digest_of(run);
  run.commitment.committed_rows = {layer_index{0}, layer_index{1}};
  CHECK(validate(run));
  CHECK(digest_of(run) != plain);
  const run_digest both = digest_of(run);
  run.commitment.committed_rows = {layer_index{1}};
  CHECK((digest_of(run) != both && digest_of(run) != plain));
  CHECK(commits_rows(run, layer_index{1}));
  CHECK_FALSE(commits_rows(run, layer_index{0}));
  run.commitment.committed_rows = {layer_index{1}, layer_index{0}};
  CHECK(validate(run).error().code == errc::wrong_order);
  run.commitment.committed_rows = {layer_index{1}, layer_index{1}};
  CHECK(validate(run).error().code == errc::wrong_order);
  run.commitment.committed_rows = {layer_index{2}};  // the last of three: committed anyway
  CHECK(validate(run).error().code == errc::out_of_range);
}
