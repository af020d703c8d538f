// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <bit>
#include <cmath>
#include <vector>

#include <assay/random/torch_cuda_normal.hpp>

using namespace assay;

namespace {

constexpr noise_key seed_42{42, 0};

torch_cuda_normal<float> normals(std::uint64_t elements, std::uint32_t grid) {
  return *torch_cuda_normal<float>::make({elements, grid});
}

}  // namespace

TEST_CASE("torch_cuda_normal: what cuRAND's own code gives for seed 42 in PyTorch's layout", "[random]") {
  const auto uncapped = normals(32768, cuda_grids::a100);
  const auto close = [](float a, double b) { return std::abs(static_cast<double>(a) - b) < 2e-6; };
  CHECK(close(uncapped.normal(seed_42, 0, 0), static_cast<double>(std::bit_cast<float>(0x3e46ace2u))));
  CHECK(close(uncapped.normal(seed_42, 0, 1), static_cast<double>(std::bit_cast<float>(0x400a53f3u))));
  CHECK(close(uncapped.normal(seed_42, 0, 2), static_cast<double>(std::bit_cast<float>(0xbe302e09u))));
  CHECK(close(uncapped.normal(seed_42, 0, 3), static_cast<double>(std::bit_cast<float>(0x3f595c00u))));
  CHECK(close(uncapped.normal(seed_42, 0, 32767), static_cast<double>(std::bit_cast<float>(0x3f2f5ed7u))));
  const auto a100 = normals(524288, cuda_grids::a100), h100 = normals(524288, cuda_grids::h100_sxm);
  CHECK(close(a100.normal(seed_42, 0, 221184), -.97018981));
  CHECK(close(h100.normal(seed_42, 0, 221184), .541457355));
  CHECK(close(a100.normal(seed_42, 0, 524287), .731384873));
  CHECK(close(h100.normal(seed_42, 0, 524287), 1.86144292));
}

TEST_CASE("torch_cuda_normal: the first draws of torch.randn on CUDA as its users know them", "[random]") {
  const auto known = normals(4, cuda_grids::t4);
  const double first[] = {.1940, 2.1614, -.1721, .8491};
  for (std::uint64_t i = 0; i < 4; ++i)
    CHECK(std::abs(static_cast<double>(known.normal(seed_42, 0, i)) - first[i]) < 6e-5);
}

TEST_CASE("torch_cuda_normal: a pair of words makes a pair of draws a grid apart", "[random]") {
  // Capped: lanes 0 and 1 of a thread are the sine and the cosine of one angle, with one radius.
  const auto capped = normals(8 * 256, 2);
  const auto words = [](std::uint32_t thread) { return philox4x32({0, 0, thread, 0}, {42, 0}); };
  for (std::uint32_t thread = 0; thread < 512; thread += 37) {
    const auto w = words(thread);
    const double u = (static_cast<double>(w[0]) + 0.5) * 0x1p-32;
    const double sine = static_cast<double>(capped.normal(seed_42, 0, thread)),
                 cosine = static_cast<double>(capped.normal(seed_42, 0, thread + 512));
    CHECK(sine * sine + cosine * cosine == Approx(-2 * std::log(u)).epsilon(1e-5));
    const double turns = (static_cast<double>(w[1]) + 0.5) * 0x1p-32;
    CHECK(std::remainder(std::atan2(sine, cosine) / 6.283185307179586 - turns, 1) == Approx(0).margin(2e-6));
  }
}

TEST_CASE("torch_cuda_normal: calls follow one another, doubles have a layout of their own", "[random]") {
  const auto n = normals(3000, 4);
  REQUIRE(n.passes() == 1);
  CHECK(n.normal(seed_42, 0, 2999) != n.normal(seed_42, 1, 2999));
  const auto wide = *torch_cuda_normal<double>::make({3000, 4});
  CHECK(wide.passes() == 2);
  double mean = 0, square = 0;
  for (std::uint64_t i = 0; i < 3000; ++i) {
    const double x = wide.normal(seed_42, 0, i);
    mean += x / 3000, square += x * x / 3000;
  }
  CHECK(std::abs(mean) < 5 / std::sqrt(3000.0));
  CHECK(std::abs(square - 1) < 5 * std::sqrt(2 / 3000.0));
  // The second pass of call 0 is the block before the first of call 1.
  CHECK(wide.normal(seed_42, 0, 2048) != wide.normal(seed_42, 1, 0));
  CHECK(torch_cuda_normal<float>::make({0, 1}).error().code == errc::out_of_range);
  CHECK(torch_cuda_normal<float>::make({1, 0}).error().code == errc::out_of_range);
  CHECK(torch_cuda_normal<float>::make({(std::uint64_t{1} << 40) + 1, 1}).error().code == errc::out_of_range);
}
