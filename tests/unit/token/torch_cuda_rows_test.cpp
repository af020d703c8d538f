// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/token/torch_cuda_rows.hpp>

#include <algorithm>
#include <vector>

#include "support/catch.hpp"

using namespace assay;

namespace {

/// A generator run through the kernel's grid-stride loop, as PyTorch fills a contiguous tensor of any shape.
struct emulated_generator {
  std::uint64_t seed = 0, offset = 0;

  std::vector<std::uint32_t> fill(std::uint64_t elements, std::uint64_t grid_cap) {
    std::vector<std::uint32_t> words(elements);
    const std::uint64_t stride = 256 * std::min((elements + 255) / 256, grid_cap);
    const std::uint64_t passes = (elements - 1) / (stride * 4) + 1;
    for (std::uint64_t thread = 0; thread < stride; ++thread)
      for (std::uint64_t pass = 0; pass < passes; ++pass) {
        const std::uint64_t block = offset / 4 + pass;
        const philox_counter w =
            philox4x32({static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32),
                        static_cast<std::uint32_t>(thread), static_cast<std::uint32_t>(thread >> 32)},
                       {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
        for (std::uint64_t lane = 0; lane < 4; ++lane)
          if (const std::uint64_t at = thread + stride * (4 * pass + lane); at < elements) words[at] = w[lane];
      }
    offset += 4 * passes;
    return words;
  }
};

float uniform_of_word(std::uint32_t word) {
  return static_cast<float>(static_cast<double>(static_cast<float>(word)) * 0x1p-32 + 0x1p-33);
}

constexpr std::uint64_t seed_value = 0x123456789abcdef0u;
constexpr noise_key key{0x9abcdef0u, 0x12345678u};
using rows_noise = torch_cuda_row_noise<float>;
static_assert(noise_profile<rows_noise>);

}  // namespace

TEST_CASE("torch CUDA rows: each sample's row of one call over n rows equals the emulated kernel", "[token]") {
  for (std::uint64_t vocabulary : {1u, 300u, 1000u, 32000u})
    for (std::uint32_t grid : {1u, 3u, cuda_grids::t4, cuda_grids::a100})
      for (std::uint32_t rows : {1u, 2u, 5u}) {
        emulated_generator generator{seed_value};
        for (std::uint32_t step = 0; step < 3; ++step) {
          const auto words = generator.fill(vocabulary * rows, grid);
          bool equal = true;
          for (std::uint32_t row = 0; row < rows; ++row) {
            const auto noise = rows_noise::make({vocabulary, grid}, rows, row);
            REQUIRE(noise);
            for (std::uint32_t id = 0; id < vocabulary; ++id)
              equal &= noise->uniform(key, step, token_id{id}) == uniform_of_word(words[row * vocabulary + id]);
            REQUIRE(noise->block_after(step + 1) * 4 == generator.offset);
          }
          REQUIRE(equal);
        }
      }
}

TEST_CASE("torch CUDA rows: one row is the plain profile, and only row 0 keeps its noise among several", "[token]") {
  const torch_cuda_layout layout{128256, cuda_grids::a100};
  const auto plain = *torch_cuda_float_noise::make(layout);
  const auto alone = *rows_noise::make(layout, 1, 0), first = *rows_noise::make(layout, 4, 0),
             second = *rows_noise::make(layout, 4, 1);
  std::size_t same = 0;
  for (std::uint32_t id = 0; id < 128256; id += 577) {
    CHECK(alone.gumbel(key, 7, token_id{id}) == plain.gumbel(key, 7, token_id{id}));
    CHECK(first.uniform(key, 7, token_id{id}) == plain.uniform(key, 7, token_id{id}));
    same += second.uniform(key, 7, token_id{id}) == plain.uniform(key, 7, token_id{id});
  }
  CHECK(same == 0);
}

TEST_CASE("torch CUDA rows: chunked prefill that rewinds by four leaves the rest behind on small GPUs", "[token]") {
  const torch_cuda_layout small{262144, cuda_grids::t4}, large{151936, cuda_grids::h100_sxm};
  const auto plain = *torch_cuda_float_noise::make(small);
  REQUIRE(plain.passes() == 2);
  for (std::uint32_t chunks : {0u, 1u, 3u}) {
    emulated_generator generator{seed_value};
    for (std::uint32_t i = 0; i < chunks; ++i) {
      (void)generator.fill(small.vocabulary, small.largest_grid);
      generator.offset -= 4;
    }
    const std::uint64_t start = block_after_chunks(plain, chunks);
    REQUIRE(generator.offset == 4 * start);
    const auto noise = *rows_noise::make(small, 1, 0, start);
    for (std::uint32_t step = 0; step < 2; ++step) {
      const auto words = generator.fill(small.vocabulary, small.largest_grid);
      bool equal = true;
      for (std::uint32_t id = 0; id < small.vocabulary; ++id)
        equal &= noise.uniform(key, step, token_id{id}) == uniform_of_word(words[id]);
      REQUIRE(equal);
    }
  }
  CHECK(block_after_chunks(*torch_cuda_float_noise::make(large), 1000) == 0);
}

TEST_CASE("torch CUDA rows: a change of rows on the way continues where the stretch before ended", "[token]") {
  const torch_cuda_layout layout{70000, 40};
  emulated_generator generator{seed_value};
  std::uint64_t start = 0;
  for (std::uint32_t rows : {3u, 2u, 1u}) {
    const auto noise = *rows_noise::make(layout, rows, rows - 1, start);
    for (std::uint32_t step = 0; step < 2; ++step) {
      const auto words = generator.fill(layout.vocabulary * rows, layout.largest_grid);
      bool equal = true;
      for (std::uint32_t id = 0; id < layout.vocabulary; id += 7)
        equal &= noise.uniform(key, step, token_id{id}) == uniform_of_word(words[(rows - 1) * layout.vocabulary + id]);
      REQUIRE(equal);
    }
    start = noise.block_after(2);
  }
}

TEST_CASE("torch CUDA rows: double precision draws, and what is refused", "[token]") {
  const torch_cuda_layout layout{5000, 2};
  const auto plain = *torch_cuda_double_noise::make({10000, 2});
  const auto second = *torch_cuda_row_noise<double>::make(layout, 2, 1);
  for (std::uint32_t id = 0; id < 5000; id += 13)
    CHECK(second.uniform(key, 3, token_id{id}) == plain.uniform(key, 3, token_id{5000 + id}));
  CHECK(rows_noise::make(layout, 2, 2).error().code == errc::out_of_range);
  CHECK(rows_noise::make(layout, 0, 0).error().code == errc::out_of_range);
  CHECK(rows_noise::make({128256, 864}, 20000, 0).error().code == errc::out_of_range);
  CHECK(rows_noise::make({0, 864}, 2, 0).error().code == errc::out_of_range);
  CHECK(rows_noise::make({~std::uint64_t{0}, 864}, 2, 0).error().code == errc::out_of_range);
  CHECK(rows_noise::make(layout, 1, 0, ~std::uint64_t{0}).error().code == errc::out_of_range);
}
