// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/token/noise_screen.hpp>

#include <cstdint>
#include <vector>

#include <assay/random/stream.hpp>

#include "support/catch.hpp"

using namespace assay;

TEST_CASE("noise screen: every kernel lists the ids of the reference", "[token]") {
  random_stream r(seed{}, "screen");
  for (std::size_t n : {0u, 1u, 7u, 8u, 9u, 256u, 1001u})
    for (std::uint32_t threshold : {0u, 1u, 0x40000000u, 0x80000000u, 0xf0000000u, 0xffff0000u, 0xffffffffu})
      for (int i = 0; i < 5; ++i) {
        const philox_counter rest{0, r.next_u32(), r.next_u32(), r.next_u32()};
        const philox_key key{r.next_u32(), r.next_u32()};
        const std::uint32_t first = i == 0 ? 0 : r.next_u32() % 1000000;
        std::vector<std::uint32_t> fast(n + 1), slow(n + 1);
        fast.resize(detail::philox_at_least(first, n, rest, key, threshold, fast.data()));
        slow.resize(detail::philox_at_least_ref(first, n, rest, key, threshold, slow.data()));
        REQUIRE(fast == slow);
#if ASSAY_X86_64
        if (!detail::cpu_has_avx2() || n % 8 != 0) continue;
        fast.resize(n + 1);
        const detail::screen_plan plan(rest, key);
        fast.resize(detail::philox_at_least_avx2(first, n, plan, threshold, fast.data()));
        REQUIRE(fast == slow);
#endif
      }
}

TEST_CASE("noise screen: no id whose noise reaches the bound is left out, and few others stay", "[token]") {
  using screen = detail::noise_screen<philox_noise>;
  for (double bound : {-5.0, -0.1, 0.0, 0.5, 3.0, 6.0, 12.0}) {
    const std::uint32_t least = screen::least_word(bound);
    std::size_t reach = 0, stay = 0;
    for (std::uint32_t id = 0; id < 200000; ++id) {
      const bool listed = philox4x32({id, 5, philox_noise::purpose, 0}, {1, 2})[1] >= least;
      const bool matters = gumbel_noise({1, 2}, 5, token_id{id}) >= bound;
      if (matters && !listed) FAIL("left out " << id);
      reach += matters;
      stay += listed;
    }
    CHECK(stay >= reach);
    if (bound >= 3) CHECK(stay <= reach + reach / 20 + 5);
  }
  CHECK(screen::least_word(1e300) >= 0xfffffffdu);
}
