// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <assay/random/torch_cpu_noise.hpp>

using namespace assay;

TEST_CASE("torch CPU noise: values that PyTorch itself drew from seed 42", "[random]") {
  auto noise = *torch_cpu_noise::make(42, 6);
  noise.seek(0);
  const double single[] = {0x1.ead0ccp-5, 0x1.0a2468p-4, 0x1.0e2a62p-3, 0x1.ba795ep-5, 0x1.7e6b14p-1, 0x1.4ba782p-1};
  for (std::uint32_t i = 0; i < 6; ++i) CHECK(noise.exponential(0, token_id{i}) == single[i]);
  auto wide = *torch_cpu_noise::make(42, 3, false);
  wide.seek(0);
  const double twice[] = {0x1.ead0cc3ed94d3p-5, 0x1.0a2468c3032b6p-4, 0x1.0e2a627e9a350p-3};
  for (std::uint32_t i = 0; i < 3; ++i) CHECK(wide.exponential(0, token_id{i}) == Approx(twice[i]).epsilon(1e-15));
}

TEST_CASE("torch CPU noise: rows follow one another in the stream, forwards and back", "[random]") {
  auto whole = *torch_cpu_noise::make((std::uint64_t{1} << 32) + 42, 12), parts = *torch_cpu_noise::make(42, 3);
  whole.seek(0);
  for (std::uint32_t step : {0u, 1u, 3u, 2u, 0u, 3u}) {
    parts.seek(step);
    for (std::uint32_t i = 0; i < 3; ++i)
      CHECK(parts.exponential(step, token_id{i}) == whole.exponential(0, token_id{3 * step + i}));
  }
  CHECK(torch_cpu_noise::make(1, 0).error().code == errc::out_of_range);
}
