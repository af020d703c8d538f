// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <bit>
#include <cmath>
#include <vector>

#include <assay/random/stream.hpp>
#include <assay/random/torch_cuda_noise.hpp>

using namespace assay;

namespace {

constexpr noise_key seed_42{42, 0};

torch_cuda_float_noise layout_of(std::uint64_t vocabulary, std::uint32_t grid) {
  return *torch_cuda_float_noise::make({vocabulary, grid});
}

/// A generator per thread, run through the kernel's grid-stride loop as PyTorch's distribution template does: each thread
/// owns a Philox subsequence, takes a block of four words per pass and writes them a grid apart.
struct philox_of_thread {
  std::uint64_t seed, subsequence, offset;
  philox_counter next() {
    const std::uint64_t block = offset / 4;
    offset += 4;
    return philox4x32({static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32),
                       static_cast<std::uint32_t>(subsequence), static_cast<std::uint32_t>(subsequence >> 32)},
                      {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
  }
};

struct emulated_generator {
  std::uint64_t seed = 0, offset = 0;

  std::vector<std::uint32_t> fill(std::uint64_t numel, std::uint64_t cap) {
    std::vector<std::uint32_t> words(numel);
    const std::uint64_t grid = std::min((numel + 255) / 256, cap), stride = grid * 256;
    const std::uint64_t rounded = ((numel - 1) / (stride * 4) + 1) * stride * 4;
    for (std::uint64_t thread = 0; thread < stride; ++thread) {
      philox_of_thread state{seed, thread, offset};
      for (std::uint64_t at = thread; at < rounded; at += stride * 4) {
        const philox_counter w = state.next();
        for (std::uint64_t lane = 0; lane < 4; ++lane)
          if (at + stride * lane < numel) words[at + stride * lane] = w[lane];
      }
    }
    offset += ((numel - 1) / (stride * 4) + 1) * 4;
    return words;
  }
};

float uniform_of_word(std::uint32_t word) { return static_cast<float>(static_cast<double>(static_cast<float>(word)) * 0x1p-32 + 0x1p-33); }

}  // namespace

TEST_CASE("torch CUDA noise: recorded draws of seed 42 while the grid is large enough", "[random]") {
  const auto noise = layout_of(128256, cuda_grids::a100);
  REQUIRE(noise.layout.uncapped());
  struct point { std::uint32_t draw, id, u; double e, g; };
  for (const point& p : {point{0, 0, 0x3f1ceaf0, 0.489455823566, 0.714461069162},
                         {0, 1, 0x3c24cdda, 4.59930298552, -1.52590476713},
                         {0, 2, 0x3ecbfce1, 0.920264396572, 0.083094262649},
                         {0, 1000, 0x3f7681cc, 0.0377869765829, 3.27579077057},
                         {0, 128255, 0x3f4ad98d, 0.232711602625, 1.45795534904},
                         {1, 0, 0x3f7cdb21, 0.0123573973391, 4.39350042039},
                         {1, 128000, 0x3d65c152, 2.88075195755, -1.05805135644},
                         {5, 3, 0x3e66d7a0, 1.4897370765, -0.39859964566}}) {
    CHECK(std::bit_cast<std::uint32_t>(noise.uniform(seed_42, p.draw, token_id{p.id})) == p.u);
    CHECK(std::abs(static_cast<double>(noise.exponential(seed_42, p.draw, token_id{p.id})) - p.e) < 4e-7 * std::max(1.0, p.e));
    CHECK(std::abs(noise.gumbel(seed_42, p.draw, token_id{p.id}) - p.g) < 1e-6);
  }
  const noise_key wide{0x9ABCDEF0u, 0x12345678u};
  CHECK(std::bit_cast<std::uint32_t>(noise.uniform(wide, 0, token_id{7})) == 0x3f62aedbu);
  CHECK(std::bit_cast<std::uint32_t>(noise.uniform(wide, 1, token_id{77777})) == 0x3e6f4a9bu);
}

TEST_CASE("torch CUDA noise: uniform bits equal an emulation of the kernel at a million places, capped and not", "[random]") {
  random_stream random{seed{}, "torch-cuda-noise-test"};
  std::size_t compared = 0;
  for (std::uint64_t vocabulary : {1u, 255u, 256u, 257u, 32000u, 128256u, 151936u, 262144u})
    for (std::uint32_t cap : {1u, 7u, cuda_grids::t4, cuda_grids::a100, cuda_grids::h100_sxm}) {
      const auto noise = layout_of(vocabulary, cap);
      emulated_generator emulated{random.next_u64()};
      const noise_key key{static_cast<std::uint32_t>(emulated.seed), static_cast<std::uint32_t>(emulated.seed >> 32)};
      for (std::uint32_t draw = 0; draw < 3; ++draw) {
        REQUIRE(emulated.offset == noise.offset_after(draw));
        const auto words = emulated.fill(vocabulary, cap);
        bool equal = true;
        for (std::uint32_t id = 0; id < vocabulary; ++id)
          equal &= noise.uniform(key, draw, token_id{id}) == uniform_of_word(words[id]);
        REQUIRE(equal);
        compared += vocabulary;
      }
    }
  CHECK(compared > 1000000);
}

TEST_CASE("torch CUDA noise: uncapped rows draw the same for every vocabulary and GPU, capped ones do not", "[random]") {
  const auto small = layout_of(32000, cuda_grids::a100), large = layout_of(151936, cuda_grids::h100_sxm);
  for (std::uint32_t id = 0; id < 32000; id += 97)
    REQUIRE(small.uniform(seed_42, 9, token_id{id}) == large.uniform(seed_42, 9, token_id{id}));
  const auto a100 = layout_of(262144, cuda_grids::a100), h100 = layout_of(262144, cuda_grids::h100_sxm);
  CHECK(a100.uniform(seed_42, 0, token_id{221183}) == h100.uniform(seed_42, 0, token_id{221183}));
  CHECK(a100.uniform(seed_42, 0, token_id{221184}) != h100.uniform(seed_42, 0, token_id{221184}));
  CHECK(layout_of(262144, cuda_grids::t4).offset_after(3) == 24);
  CHECK_FALSE(layout_of(262144, cuda_grids::t4).calls_advance_by_four());
}

TEST_CASE("torch CUDA noise: the ends of the range", "[random]") {
  using noise = torch_cuda_float_noise;
  CHECK(uniform_of_word(0) == 0x1p-33f);
  CHECK(static_cast<double>(noise::exponential_of(0x1p-33f)) == Approx(22.873857));
  CHECK(noise::exponential_of(1.0f - 0x1p-23f) == Approx(1.19209297e-07f));
  CHECK(noise::exponential_of(1.0f - 0x1p-24f) == 0x1p-24f);
  CHECK(noise::exponential_of(1.0f) == 0x1p-24f);
  CHECK(-std::log(0x1p-24) <= noise::gumbel_max);
  CHECK(-std::log(0x1p-53) <= torch_cuda_double_noise::gumbel_max);
  CHECK(noise::make({0, 1}).error().code == errc::out_of_range);
  CHECK(noise::make({5, 0}).error().code == errc::out_of_range);
}
