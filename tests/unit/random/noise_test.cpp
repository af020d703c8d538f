// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/random/noise.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "support/catch.hpp"

using namespace assay;

namespace {
constexpr std::uint64_t last_draw = (std::uint64_t{1} << 52) - 1;
constexpr noise_key key{42, 7};
}  // namespace

TEST_CASE("noise: every draw is finite and inside the stated bounds", "[random]") {
  for (std::uint64_t bits : {std::uint64_t{0}, std::uint64_t{1}, last_draw / 2, last_draw - 1, last_draw}) {
    const double e = philox_noise::exponential_of(bits), g = philox_noise::gumbel_of(bits);
    CHECK(e > 0);
    CHECK(g == -fp::log(e));
    CHECK(g <= gumbel_noise_max);
    CHECK(g >= gumbel_noise_min);
    CHECK(g <= philox_noise::bound_of(bits));
  }
  CHECK(philox_noise::gumbel_of(last_draw) == Approx(53 * std::log(2.0)).epsilon(1e-15));
  CHECK(philox_noise::gumbel_of(0) == Approx(-std::log(53 * std::log(2.0))).epsilon(1e-15));
}

TEST_CASE("noise: the cheap bound holds and is not far off where it matters", "[random]") {
  for (std::uint32_t i = 0; i < 200000; ++i) {
    const std::uint64_t bits = philox_noise::draw(key, 3, token_id{i});
    const double g = philox_noise::gumbel_of(bits), bound = philox_noise::bound_of(bits);
    REQUIRE(g <= bound);
    if (g > 2) REQUIRE(bound - g < 0.2);
  }
  for (int shift = 0; shift < 52; ++shift) {
    const std::uint64_t bits = last_draw - (std::uint64_t{1} << shift);
    REQUIRE(philox_noise::gumbel_of(bits) <= philox_noise::bound_of(bits));
  }
}

TEST_CASE("noise: batch equals random access, and the table is a pure function of key, step and token", "[random]") {
  std::vector<std::uint32_t> ids;
  for (std::uint32_t i = 0; i < 53; ++i) ids.push_back(i * 2417);
  std::vector<std::uint64_t> bits(ids.size());
  philox_noise::draw(key, 9, ids.data(), ids.size(), bits.data());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    CHECK(philox_noise::gumbel_of(bits[i]) == gumbel_noise(key, 9, token_id{ids[i]}));
    CHECK(gumbel_noise(key, 9, token_id{ids[i]}) == philox_noise{}.gumbel(key, 9, token_id{ids[i]}));
    CHECK(gumbel_noise(key, 9, token_id{ids[i]}) != gumbel_noise(key, 10, token_id{ids[i]}));
    CHECK(gumbel_noise(key, 9, token_id{ids[i]}) != gumbel_noise({42, 8}, 9, token_id{ids[i]}));
    CHECK(gumbel_noise(key, 9, token_id{ids[i]}) == -fp::log(exponential_noise(key, 9, token_id{ids[i]})));
  }
}

TEST_CASE("noise: moments of the Gumbel distribution", "[random]") {
  constexpr std::uint32_t n = 400000;
  double sum = 0, squares = 0;
  for (std::uint32_t i = 0; i < n; ++i) {
    const double g = gumbel_noise(key, i % 1000, token_id{i / 1000});
    sum += g;
    squares += g * g;
  }
  const double mean = sum / n, variance = squares / n - mean * mean;
  CHECK(mean == Approx(0.57721566).margin(0.01));      // standard error 0.002
  CHECK(variance == Approx(1.64493407).margin(0.03));  // standard error 0.006
}

TEST_CASE("noise: golden bits", "[random]") {
  CHECK(philox_noise::draw({0, 0}, 0, token_id{0}) == 0x3144016ca3c9au);
  CHECK(std::bit_cast<std::uint64_t>(gumbel_noise({0, 0}, 0, token_id{0})) == 0xbfdff856891380d4u);
  CHECK(std::bit_cast<std::uint64_t>(gumbel_noise({42, 7}, 5, token_id{128255})) == 0x3ff67020617fb68du);
  std::uint64_t folded = 0;
  for (std::uint32_t i = 0; i < 20000; ++i)
    folded = std::rotl(folded, 7) * 0x9E3779B97F4A7C15u ^
             std::bit_cast<std::uint64_t>(gumbel_noise(key, i % 7, token_id{i}));
  CHECK(folded == 0xdb9ad2dab66cbc3bu);
}

TEST_CASE("noise: keys come from seeds", "[random]") {
  const seed a{}, b = derive_seed(a, "other");
  CHECK(derive_noise_key(a) == derive_noise_key(a));
  CHECK_FALSE(derive_noise_key(a) == derive_noise_key(b));
  CHECK(derive_noise_key(a) == noise_key{0x7dee39fb, 0x908c0ba5});
  static_assert(noise_profile<philox_noise> && bounded_noise_profile<philox_noise>);
}
