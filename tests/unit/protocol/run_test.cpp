// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/protocol/run.hpp>

#include <functional>
#include <limits>
#include <set>
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
      [](auto& r) { r.sampler.settings.temperature = 0.5f; },
      [](auto& r) { r.sampler.settings.top_k = 1; },
      [](auto& r) { r.sampler.settings.top_p = 0.5f; },
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
  CHECK(code_after([](auto& r) { r.sampler.settings.temperature = -1; }) == errc::invalid_settings);
  CHECK(code_after([](auto& r) { r.sampler.settings.top_p = 0; }) == errc::invalid_settings);
  run_description run = toy_run();
  run.commitment.steps[1] = 0;
  CHECK(validate(run).error().where == 1);
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
