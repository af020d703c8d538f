// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/token/generation_mode.hpp>

#include "support/catch.hpp"

using namespace assay;

namespace {
constexpr sampler_settings sampled{1, 50, 0.95f}, greedy{0, 0, 1};

errc outcome(const generation_mode& mode, const sampler_settings& settings) {
  const auto r = check_replayable(mode, settings);
  return r ? errc{} : r.error().code;
}
}  // namespace

TEST_CASE("generation mode: what can be replayed, and what is named unsupported", "[token]") {
  CHECK(outcome({}, sampled) == errc{});
  generation_mode m;
  m.drafts = speculation::seed_coupled;
  CHECK(outcome(m, sampled) == errc{});
  m.drafts = speculation::rejection;
  CHECK(outcome(m, sampled) == errc::unsupported);
  CHECK(outcome(m, greedy) == errc{});
  m = {};
  m.seeded = false;
  CHECK(outcome(m, sampled) == errc::unsupported);
  CHECK(outcome(m, greedy) == errc{});
  for (auto [noise, code] : {std::pair{sample_noise::own_seed, errc{}},
                             {sample_noise::one_call, errc{}},
                             {sample_noise::other, errc::unsupported}}) {
    m = {};
    m.samples = noise;
    CHECK(outcome(m, sampled) == code);
    CHECK(outcome(m, greedy) == errc{});
  }
  for (bool generation_mode::*flag : {&generation_mode::beam_search, &generation_mode::unrecorded_masks}) {
    m = {};
    m.*flag = true;
    CHECK(outcome(m, sampled) == errc::unsupported);
    CHECK(outcome(m, greedy) == errc::unsupported);
  }
  CHECK(outcome({}, {-1, 0, 1}) == errc::invalid_settings);
}

TEST_CASE("generation mode: seeds of vLLM's samples count up", "[token]") {
  CHECK(vllm_sample_seed(42, 0) == 42);
  CHECK(vllm_sample_seed(42, 3) == 45);
  CHECK(vllm_sample_seed(~std::uint64_t{0}, 1) == 0);
}
