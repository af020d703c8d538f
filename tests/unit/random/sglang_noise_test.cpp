// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <assay/random/sglang_noise.hpp>

using namespace assay;

TEST_CASE("SGLang noise: recorded hashes and values", "[random]") {
  const sglang_noise noise;
  CHECK(noise.hash({42, 0}, 0, 0) == 0x6f610fe4u);
  CHECK(noise.hash({42, 0}, 5, 7) == 0xf7b96997u);
  CHECK(noise.hash({42, 256}, 5, 7) == 0x452c5593u);
  CHECK(noise.gumbel({42, 0}, 0, token_id{0}) == Approx(0.183637651519).epsilon(1e-11));
  CHECK(noise.gumbel({42, 0}, 5, token_id{7}) == Approx(3.41546442796).epsilon(1e-11));
}
