// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/token/noise_screen.hpp>

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <assay/random/sglang_noise.hpp>
#include <assay/random/stream.hpp>
#include <assay/random/torch_cuda_noise.hpp>
#include <assay/random/vllm_noise.hpp>
#include <assay/token/sample.hpp>
#include <assay/token/score.hpp>

#include "support/catch.hpp"

using namespace assay;

namespace {

template <unsigned IdAt, unsigned Word>
void compare_kernels(random_stream& r, std::size_t n, word_range range) {
  const philox_word<IdAt, Word> block{{r.next_u32(), r.next_u32(), r.next_u32(), r.next_u32()}, {r.next_u32(), r.next_u32()}};
  const std::uint32_t first = n == 8 ? 0 : r.next_u32() % 1000000;
  std::vector<std::uint32_t> fast(n + 1), slow(n + 1);
  fast.resize(detail::philox_in_range(first, n, block, range, fast.data()));
  slow.resize(detail::philox_in_range_ref(first, n, block, range, slow.data()));
  REQUIRE(fast == slow);
#if ASSAY_X86_64
  if (!detail::cpu_has_avx2() || n % 8 != 0) return;
  fast.resize(n + 1);
  fast.resize(detail::kernels_of(block).avx2(first, n, {block.counter, block.key, IdAt}, range, fast.data()));
  REQUIRE(fast == slow);
#endif
}

/// No id whose noise reaches the bound may be left out. @return how many stay for each that matters, at the last bound
template <class Noise>
double check_screen(const Noise& noise, noise_key key, std::uint32_t step, std::uint32_t ids) {
  double ratio = 0;
  std::vector<std::uint32_t> listed(ids);
  for (double bound : {-50.0, -5.0, -0.1, 0.0, 0.5, 1.0, 3.0, 6.0, 8.0, 12.0, 20.0, 60.0}) {
    const word_range range = noise.screened_range(bound);
    listed.resize(ids);
    listed.resize(detail::list_in_range(noise, key, step, 0, ids, range, listed.data()));
    std::size_t reach = 0, at = 0;
    for (std::uint32_t id = 0; id < ids; ++id) {
      const bool stays = at < listed.size() && listed[at] == id;
      at += stays;
      const bool matters = static_cast<double>(noise.gumbel(key, step, token_id{id})) >= bound;
      if (matters && !stays) FAIL("left out " << id << " at " << bound);
      reach += matters;
    }
    if (bound == 6.0) ratio = static_cast<double>(listed.size()) / static_cast<double>(std::max<std::size_t>(reach, 1));
  }
  return ratio;
}

/// The same profile without a screen.
template <class Noise>
struct plainly {
  static constexpr double gumbel_max = Noise::gumbel_max;
  Noise noise;
  double gumbel(noise_key key, std::uint32_t step, token_id id) const { return static_cast<double>(noise.gumbel(key, step, id)); }
};

/// Whole rows without filters: tokens and scores are those of the race that evaluates everybody.
template <class Noise>
void compare_races(const Noise& noise, random_stream& r) {
  token_workspace work;
  for (int i = 0; i < 60; ++i) {
    std::vector<float> row(1 + r.below(6000));
    const double spread = 0.01 + 4 * r.uniform();
    for (float& v : row) v = static_cast<float>(spread * r.normal());
    for (std::uint64_t j = r.below(8); j > 0; --j) row[r.below(row.size())] = static_cast<float>(8 * r.uniform());
    if (i % 5 == 0) row[r.below(row.size())] = -std::numeric_limits<float>::infinity();
    const sampler_settings settings{static_cast<float>(0.3 + r.uniform()), 0, 1};
    const noise_key key{r.next_u32(), r.next_u32()};
    const std::uint32_t step = r.next_u32();
    const std::span<const float> whole(row);
    const plainly<Noise> slow{noise};
    const auto token = sample_token(whole, settings, key, step, work, noise);
    const auto expected = sample_token(whole, settings, key, step, work, slow);
    REQUIRE(token.has_value() == expected.has_value());
    if (!token) continue;
    REQUIRE(*token == *expected);
    for (const token_id claimed : {*token, token_id{static_cast<std::uint32_t>(r.below(row.size()))}}) {
      const auto a = score_token(whole, settings, key, step, claimed, work, noise);
      const auto b = score_token(whole, settings, key, step, claimed, work, slow);
      REQUIRE(a->margin == b->margin);
      REQUIRE(a->finite_margin == b->finite_margin);
      REQUIRE(a->predicted == b->predicted);
      REQUIRE(a->gumbel_rank == b->gumbel_rank);
    }
  }
}

}  // namespace

TEST_CASE("noise screen: every kernel lists the ids of the reference", "[token]") {
  random_stream r(seed{}, "screen");
  const word_range ranges[] = {{}, {0, 0}, {0x80000000u, 0x7fffffffu}, {0xf0000000u, 0x0fffffffu}, {0xffffffffu, 0}, {0xfff00000u, 0x1fffff}, {5, 0xfffffff0u}};
  for (std::size_t n : {0u, 1u, 7u, 8u, 9u, 256u, 1001u})
    for (const word_range& range : ranges)
      for (int i = 0; i < 3; ++i) {
        compare_kernels<0, 0>(r, n, range);
        compare_kernels<0, 1>(r, n, range);
        compare_kernels<2, 0>(r, n, range);
        compare_kernels<2, 1>(r, n, range);
      }
}

TEST_CASE("noise screen: no id whose noise reaches the bound is left out, and few others stay", "[token]") {
  constexpr noise_key key{1, 0x80000002};
  constexpr std::uint32_t ids = 100000;
  CHECK(check_screen(philox_noise{}, key, 5, ids) < 1.1);
  CHECK(check_screen(*torch_cuda_float_noise::make({ids, 1056}), key, 5, ids) < 1.1);
  CHECK(check_screen(*torch_cuda_double_noise::make({ids, 1056}), key, 5, ids) < 1.1);
  CHECK(check_screen(vllm_triton_noise{true}, key, 5, ids) < 1.1);
  CHECK(check_screen(vllm_triton_noise{false}, key, 5, ids) < 1.1);
  CHECK(check_screen(vllm_cpu_noise{}, key, 5, ids) < 1.1);
  CHECK(check_screen(sglang_noise{}, key, 5, ids) < 1.1);
  // Where rows wrap around the threads nothing is screened.
  CHECK(torch_cuda_float_noise::make({ids, 100})->screened_range(10).span == 0xffffffffu);
  CHECK(philox_noise::screened_range(1e300).from >= 0xfffffffdu);
}

TEST_CASE("noise screen: races are those that evaluate everybody", "[token]") {
  random_stream r(seed{}, "screened races");
  compare_races(philox_noise{}, r);
  compare_races(*torch_cuda_float_noise::make({6000, 1056}), r);
  compare_races(*torch_cuda_float_noise::make({6000, 3}), r);
  compare_races(*torch_cuda_double_noise::make({6000, 1056}), r);
  compare_races(vllm_triton_noise{true}, r);
  compare_races(vllm_triton_noise{false}, r);
  compare_races(vllm_cpu_noise{}, r);
  compare_races(sglang_noise{}, r);
}
