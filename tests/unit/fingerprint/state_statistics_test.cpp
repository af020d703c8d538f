// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <assay/fingerprint/state_statistics.hpp>
#include <assay/random/stream.hpp>

using namespace assay;

namespace {

state_counts counts_of(dtype format, const std::vector<float>& claimed, const std::vector<float>& reference,
                       const state_tolerances& tolerances = {}) {
  auto c = state_comparison::make(format, tolerances).value();
  REQUIRE(c.add(std::span<const float>{claimed}, std::span<const float>{reference}));
  return c.counts();
}

std::vector<std::byte> bytes_of(const std::vector<std::uint16_t>& codes) {
  std::vector<std::byte> out(2 * codes.size());
  for (std::size_t i = 0; i < codes.size(); ++i) store_le(out.data() + 2 * i, codes[i]);
  return out;
}

constexpr float infinity = std::numeric_limits<float>::infinity(),
                not_a_number = std::numeric_limits<float>::quiet_NaN();

}  // namespace

TEST_CASE("state statistics: what each counter counts", "[fingerprint]") {
  // f32 pairs: equal; mantissa off by .1; by .3; across an octave (wrapped); off by an octave; a sign; two zeros.
  const std::vector<float> a{1.5f, 1.1f, 1.3f, 2.0f, 3.0f, -1.25f, 0.0f};
  const std::vector<float> b{1.5f, 1.0f, 1.0f, 1.999f, 1.5f, 1.25f, -0.0f};
  const state_counts c = counts_of(dtype::f32, a, b);
  CHECK(c.finite == 7);
  CHECK(c.same_bits == 1);
  CHECK(c.sign_flips == 1);
  CHECK(c.exponent_mismatches == 2);
  CHECK(c.large_deviations == 1);  // 2.0 against 1.999: mantissa 0 against .999
  CHECK(c.small_deviations == 4);  // equal, .1, the sign, the zeros
  CHECK(c.distances[0] == 2);
  const state_ratios r = ratios(c);
  CHECK(*r.exponent_mismatch == 2.0 / 7);
  CHECK(*r.large_in_mismatch == 0.5);
  CHECK(*r.small_in_match == 0.8);
  CHECK(*r.sign_flip == 1.0 / 7);
  CHECK(*r.same_bits == 1.0 / 7);
  double sum = 0, absolute = 0, magnitude = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double d = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    sum += d, absolute += std::abs(d), magnitude += std::abs(static_cast<double>(b[i]));
  }
  CHECK(*r.mean_signed == Approx(sum / 7).epsilon(1e-15));
  CHECK(*r.mean_absolute == Approx(absolute / 7).epsilon(1e-15));
  CHECK(*r.relative_deviation == Approx(absolute / magnitude).epsilon(1e-15));
}

TEST_CASE("state statistics: undefined is not zero", "[fingerprint]") {
  const state_ratios nothing = ratios(state_counts{});
  CHECK_FALSE(nothing.exponent_mismatch);
  CHECK_FALSE(nothing.large_in_mismatch);
  CHECK_FALSE(nothing.small_in_match);
  CHECK_FALSE(nothing.mean_signed);
  CHECK_FALSE(nothing.relative_deviation);
  const state_ratios equal = ratios(counts_of(dtype::bf16, {1, 2, 3}, {1, 2, 3}));
  CHECK(*equal.exponent_mismatch == 0);
  CHECK_FALSE(equal.large_in_mismatch);  // no mismatch to speak of
  CHECK(*equal.small_in_match == 1);
  CHECK(*equal.relative_deviation == 0);
  const state_ratios apart = ratios(counts_of(dtype::bf16, {1, 1}, {8, 8}));
  CHECK(*apart.exponent_mismatch == 1);
  CHECK_FALSE(apart.small_in_match);
  CHECK_FALSE(ratios(counts_of(dtype::f32, {1, 2}, {0, 0})).relative_deviation);
}

TEST_CASE("state statistics: NaN and infinities are counted apart", "[fingerprint]") {
  const state_counts c = counts_of(dtype::f16, {not_a_number, 1, infinity, 2, -infinity, 70000, 3},
                                   {not_a_number, not_a_number, 1, 2, infinity, 5, infinity});
  CHECK(c.both_non_finite == 2);
  CHECK(c.claimed_non_finite == 2);  // 70000 overflows f16
  CHECK(c.reference_non_finite == 2);
  CHECK(c.finite == 1);
  CHECK(c.same_bits == 1);
  CHECK(c.above.is_zero());
  CHECK(c.magnitude.value() == 2);
}

TEST_CASE("state statistics: tolerances as fractions and as steps, at their limits", "[fingerprint]") {
  // bf16 codes of one octave, 0 to 127 steps from its beginning.
  std::vector<std::uint16_t> steps, base;
  for (std::uint16_t i = 0; i < 128; ++i)
    steps.push_back(static_cast<std::uint16_t>(0x3f80 + i)), base.push_back(0x3f80);
  const auto small = [&](const state_tolerances& t) {
    auto c = state_comparison::make(dtype::bf16, t).value();
    REQUIRE(c.add(bytes_of(steps), bytes_of(base)));
    return c.counts().small_deviations;
  };
  using unit = state_tolerances::unit;
  CHECK(small({0.2, 0.5, unit::fraction}) == 26);   // 0 … 25: 25 / 128 < 0.2
  CHECK(small({0.25, 0.5, unit::fraction}) == 32);  // 0 … 31: strictly below
  CHECK(small({0, 0.5, unit::fraction}) == 0);
  CHECK(small({3, 0.5, unit::steps}) == 3);
  CHECK(small({2.5, 0.5, unit::steps}) == 3);
  CHECK(small({1e300, 1e300, unit::fraction}) == 128);
  const auto large = [&](const state_tolerances& t) {
    std::vector<std::uint16_t> next = base;
    for (auto& code : next) code = 0x4000;
    auto c = state_comparison::make(dtype::bf16, t).value();
    REQUIRE(c.add(bytes_of(steps), bytes_of(next)));
    return c.counts().large_deviations;
  };
  CHECK(large({0.2, 0.5, unit::fraction}) == 63);  // 65 … 127: strictly above one half
  CHECK(large({0.2, 5, unit::steps}) == 122);
  CHECK(large({0.2, 1e300, unit::steps}) == 0);
}

TEST_CASE("state statistics: distances in representable numbers", "[fingerprint]") {
  auto c = state_comparison::make(dtype::bf16).value();
  // 0, 1, 2, 3 and 4 steps; across zero: -1 to +2 subnormals is 3; the largest finite against its negative.
  REQUIRE(c.add(bytes_of({0x3f80, 0x3f81, 0x3f82, 0x3f83, 0x3f84, 0x8001, 0x7f7f}),
                bytes_of({0x3f80, 0x3f80, 0x3f80, 0x3f80, 0x3f80, 0x0002, 0xff7f})));
  const auto& d = c.counts().distances;
  CHECK(d[0] == 1);
  CHECK(d[1] == 1);
  CHECK(d[2] == 3);
  CHECK(d[3] == 1);
  CHECK(d[16] == 1);
  CHECK(counts_of(dtype::f32, {3e38f}, {-3e38f}).distances[32] == 1);
}

TEST_CASE("state statistics: rows that do not fit are refused whole", "[fingerprint]") {
  auto c = state_comparison::make(dtype::bf16).value();
  const std::vector<std::byte> three(3), four(4);
  CHECK(c.add(three, three).error().code == errc::length_mismatch);
  CHECK(c.add(four, three).error().code == errc::length_mismatch);
  CHECK(c.add(std::vector<float>(2), std::vector<float>(3)).error().code == errc::length_mismatch);
  CHECK(c.add(byte_view{}, byte_view{}));
  CHECK(c.counts() == state_counts{});
  CHECK(state_comparison::make(dtype::i8).error().code == errc::unsupported);
  CHECK(state_comparison::make(dtype::f64).error().code == errc::unsupported);
  CHECK(state_comparison::make(dtype::f32, {-1, 0.5}).error().code == errc::out_of_range);
  CHECK(state_comparison::make(dtype::f32, {0.2, std::nan("")}).error().code == errc::out_of_range);
  const auto other = state_comparison::make(dtype::f16).value();
  CHECK(c.merge(other).error().code == errc::calibration_mismatch);
  const auto looser = state_comparison::make(dtype::bf16, {0.3, 0.5}).value();
  CHECK(c.merge(looser).error().code == errc::calibration_mismatch);
}

namespace {

/// Codes of every kind: ordinary, subnormal, tiny, huge, and specials if asked for.
template <class Format>
void fill(detail::state_tile& tile, random_stream& random, bool specials) {
  for (std::size_t i = 0; i < detail::state_tile::size; ++i) {
    std::uint32_t a = random.next_u32() & (2 * Format::sign - 1), b = random.next_u32() & (2 * Format::sign - 1);
    if (i % 3 != 0) b = a ^ (random.next_u32() & 0x1f);                  // close
    if (i % 7 == 1) a &= Format::mantissa, b &= Format::sign | 0x3;      // subnormal
    if (i % 11 == 2) b = a;
    if (i % 13 == 3) a = 0, b = Format::sign;
    if (!specials && (a & Format::exponent) == Format::exponent) a ^= Format::mantissa + 1;
    if (!specials && (b & Format::exponent) == Format::exponent) b ^= Format::mantissa + 1;
    tile.claimed[i] = a, tile.reference[i] = b;
  }
}

template <class Format>
int kernel_disagreements() {
  random_stream random{seed{}, "state-kernels"};
  int faults = 0;
  for (std::size_t round = 0; round < 60; ++round) {
    detail::state_tile tile;
    fill<Format>(tile, random, round % 3 == 2);
    const std::size_t n = round % 2 == 0 ? detail::state_tile::size : random.below(detail::state_tile::size + 1);
    const detail::state_limits limits{static_cast<std::int32_t>(Format::mantissa / 5),
                                      static_cast<std::int32_t>(Format::mantissa / 2)};
    state_counts expected;
    detail::state_tile own = tile;
    const std::size_t finite = detail::drop_non_finite<Format>(own, n, expected);
    detail::count_states_ref<Format>(own, 0, finite, limits, expected);
    own.take(expected);
    const auto check = [&](auto kernel) {
      detail::state_tile copy = tile;
      state_counts got;
      kernel(copy, n, limits, got);
      copy.take(got);
      faults += !(got == expected);
    };
    check(&detail::count_states_portable<Format>);
#if ASSAY_X86_64
    if (__builtin_cpu_supports("avx2")) check(&detail::count_states_avx2<Format>);
#endif
  }
  return faults;
}

}  // namespace

TEST_CASE("state statistics: every kernel counts what the reference counts", "[fingerprint]") {
  CHECK(kernel_disagreements<detail::state_format<8, 7>>() == 0);
  CHECK(kernel_disagreements<detail::state_format<5, 10>>() == 0);
  CHECK(kernel_disagreements<detail::state_format<8, 23>>() == 0);
}

TEST_CASE("state statistics: the published statistics under Gaussian noise", "[fingerprint]") {
  // Computed independently (f16, h of deviation 0.6, 717,000 values): a check of the definitions.
  struct row {
    double noise, mismatch, large, small;
  };
  for (const row& expected : {row{5e-4, .0059, .81, .998}, row{1.5e-3, .0151, .78, .994}, row{5e-3, .0414, .73, .981},
                              row{2e-2, .122, .645, .918}, row{5e-2, .235, .54, .79}}) {
    random_stream random{seed{}, "state-noise"};
    auto c = state_comparison::make(dtype::f16).value();
    std::vector<float> h(4096), noisy(4096);
    for (int i = 0; i < 40; ++i) {
      for (std::size_t j = 0; j < h.size(); ++j) {
        const double x = 0.6 * random.normal();
        h[j] = static_cast<float>(x), noisy[j] = static_cast<float>(x + expected.noise * random.normal());
      }
      REQUIRE(c.add(std::span<const float>{noisy}, std::span<const float>{h}));
    }
    const state_ratios r = ratios(c.counts());
    INFO("noise " << expected.noise);
    CHECK(*r.exponent_mismatch == Approx(expected.mismatch).epsilon(0.05));
    CHECK(*r.large_in_mismatch == Approx(expected.large).margin(0.02));
    CHECK(*r.small_in_match == Approx(expected.small).margin(0.005));
    CHECK(std::abs(*r.mean_signed) < 5 * expected.noise / std::sqrt(40 * 4096.0));
    CHECK(*r.mean_absolute == Approx(expected.noise * std::sqrt(2 / 3.14159265)).epsilon(0.03));
  }
}
