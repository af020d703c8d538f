// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <assay/random/vllm_noise.hpp>

using namespace assay;

TEST_CASE("philox4x64: the block of zeros", "[random]") {
  CHECK(philox4x64({0, 0, 0, 0}, {0, 0}) == std::array<std::uint64_t, 4>{0x16554d9eca36314c, 0xdb20fe9d672d0fdc,
                                                                          0xd7e772cee186176b, 0x7e68b68aec7ba23b});
}

TEST_CASE("vLLM noise: recorded values of the Triton kernel's rule", "[random]") {
  const vllm_triton_noise noise;
  const noise_key key{42, 0};
  CHECK(static_cast<double>(noise.uniform(key, 0, token_id{0})) == Approx(0.731533885).epsilon(1e-8));
  CHECK(noise.gumbel(key, 0, token_id{0}) == Approx(-0.273859916).epsilon(1e-6));
  CHECK(noise.gumbel(key, 0, token_id{1}) == Approx(1.94530806).epsilon(1e-6));
  CHECK(noise.gumbel(key, 17, token_id{128000}) == Approx(-1.05508808).epsilon(1e-6));
  for (std::uint32_t i = 0; i < 100000; ++i) {
    const double g = noise.gumbel(key, 3, token_id{i});
    REQUIRE((g <= vllm_triton_noise::gumbel_max && g > -4));
  }
}

TEST_CASE("vLLM noise: recorded values of the CPU kernel's rule", "[random]") {
  const vllm_cpu_noise noise;
  CHECK(noise.bits({0, 0}, token_id{0}) == 7956156453446585u);
  CHECK(noise.bits({0, 0}, token_id{1}) == 3886858653415212u);
  CHECK(noise.bits({42, 0}, token_id{0}) == 5369361458086087u);
  CHECK(noise.bits({42, 0}, token_id{128255}) == 7074217786792545u);
  CHECK(noise.gumbel({0, 0}, 0, token_id{0}) == Approx(2.08684367697).epsilon(1e-11));
  CHECK(noise.gumbel({42, 0}, 9, token_id{128255}) == Approx(1.42060718003).epsilon(1e-11));
}
