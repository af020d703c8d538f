// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <array>
#include <bit>
#include <cfenv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <assay/fingerprint/quantiser.hpp>

#include "../core/throwing_contract.hpp"

using assay::beyond_range;
using assay::dtype;
using assay::errc;
using assay::quantiser;

namespace {

std::vector<std::int32_t> codes_of(const quantiser& q, const std::vector<float>& sketch) {
  std::vector<std::byte> out(assay::packed_size(q.type, sketch.size()));
  REQUIRE(assay::quantise(q, sketch, out));
  std::vector<std::int32_t> codes;
  for (std::size_t i = 0; i < sketch.size(); ++i) codes.push_back(assay::code_at(q, out, i));
  return codes;
}

using list = std::vector<std::int32_t>;

}  // namespace

TEST_CASE("quantiser: ties go to even, both signs", "[fingerprint]") {
  const std::vector<float> halves{0.5f,  1.5f,        2.5f,         3.5f,  -0.5f, -1.5f,
                                  -2.5f, 0.49999997f, -0.50000006f, -0.0f, 126.5f};
  const list expected{0, 2, 2, 4, 0, -2, -2, 0, -1, 0, 126};
  CHECK(codes_of({dtype::i16, 1.0f}, halves) == expected);
  CHECK(codes_of({dtype::i8, 1.0f}, halves) == expected);
  CHECK(codes_of({dtype::i16, 0.25f}, {0.125f, 0.375f, -1.0f}) == list{0, 2, -4});
}

TEST_CASE("quantiser: saturation", "[fingerprint]") {
  constexpr float most = std::numeric_limits<float>::max();
  CHECK(codes_of({dtype::i8, 1.0f}, {127.5f, 128.0f, -128.5f, -129.0f, most, -most}) ==
        list{127, 127, -128, -128, 127, -128});
  CHECK(codes_of({dtype::i16, 1.0f}, {32767.5f, 1e9f, -32768.5f, -1e9f}) == list{32767, 32767, -32768, -32768});
  CHECK(codes_of({dtype::i16, 0x1p-140f}, {1.0f, -1.0f, 0.0f}) == list{32767, -32768, 0});  // the quotient is infinite
}

TEST_CASE("quantiser: agrees with nearbyint on many numbers, in every rounding mode", "[fingerprint]") {
  std::uint32_t state = 5;
  std::vector<float> sketch(20000);
  for (std::size_t i = 0; i < sketch.size(); ++i) {
    state = state * 1664525u + 1013904223u;
    sketch[i] = static_cast<float>(static_cast<std::int32_t>(state)) * (i % 3 == 0   ? 0x1p-16f
                                                                        : i % 3 == 1 ? 0x1p-18f
                                                                                     : 0x1p-30f);
    if (i % 5 == 0) sketch[i] = std::floor(sketch[i]) + 0.5f;
  }
  list expected;
  for (const float x : sketch)
    expected.push_back(static_cast<std::int32_t>(std::nearbyint(std::min(32767.0f, std::max(-32768.0f, x)))));
  CHECK(codes_of({dtype::i16, 1.0f}, sketch) == expected);
  for (const int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
    std::fesetround(mode);
    const auto codes = codes_of({dtype::i16, 1.0f}, sketch);
    std::fesetround(FE_TONEAREST);
    CHECK(codes == expected);
  }
}

TEST_CASE("quantiser: what is not finite is an error, and nothing is written", "[fingerprint]") {
  for (const float bad : {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
                          std::numeric_limits<float>::quiet_NaN()}) {
    std::array<std::byte, 6> out{};
    const auto outcome = assay::quantise({dtype::i16, 1.0f}, std::array<float, 3>{1, 2, bad}, out);
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().code == errc::non_finite);
    CHECK(outcome.error().where == 2);
    CHECK(out == std::array<std::byte, 6>{});
  }
}

TEST_CASE("quantiser: settings", "[fingerprint]") {
  const auto code = [](dtype type, float step) { return assay::validate(quantiser{type, step}).error().code; };
  CHECK(code(dtype::f32, 1) == errc::unsupported);
  CHECK(code(dtype::u8, 1) == errc::unsupported);
  CHECK(assay::validate(quantiser{dtype::i8, 1, static_cast<beyond_range>(2)}).error().code == errc::unsupported);
  CHECK(assay::validate(quantiser{dtype::i4, 1}));
  CHECK(code(dtype::i8, 0) == errc::out_of_range);
  CHECK(code(dtype::i8, -1) == errc::out_of_range);
  CHECK(code(dtype::i8, std::numeric_limits<float>::quiet_NaN()) == errc::out_of_range);
  CHECK(code(dtype::i8, std::numeric_limits<float>::infinity()) == errc::out_of_range);
  CHECK(code(dtype::i8, 2 * assay::largest_step) == errc::out_of_range);
  CHECK(assay::validate(quantiser{dtype::i16, std::numeric_limits<float>::denorm_min()}));
  std::array<std::byte, 1> out{};
  CHECK(assay::quantise({dtype::i8, 0}, std::array<float, 1>{1}, out).error().code == errc::out_of_range);
}

TEST_CASE("quantiser: every code survives the round trip and stands for a finite number", "[fingerprint]") {
  for (const float step : {1.0f, 0x1p-10f, 0.1f, 3e-5f, assay::largest_step}) {
    for (const dtype type : {dtype::i8, dtype::i16}) {
      const quantiser q{type, step};
      const std::size_t count = std::size_t{1} << (8 * assay::size_of(type));
      std::vector<std::byte> codes(count * assay::size_of(type)), back(codes.size());
      for (std::size_t i = 0; i < count; ++i) {
        if (type == dtype::i8) codes[i] = static_cast<std::byte>(i);
        else assay::store_le(codes.data() + 2 * i, static_cast<std::uint16_t>(i));
      }
      std::vector<float> sketch(count);
      assay::dequantise(q, codes, sketch);
      int faults = 0;
      for (const float x : sketch) faults += !assay::fp::is_finite(x);
      CHECK(faults == 0);
      REQUIRE(assay::quantise(q, sketch, back));
      CHECK(back == codes);
    }
  }
}

TEST_CASE("quantiser: i4 codes lie two to a byte, the first one low", "[fingerprint]") {
  const quantiser q{dtype::i4, 1.0f};
  CHECK(codes_of(q, {-8.5f, -8.6f, -9, -8, -7.5f, -1, 0, 0.5f, 1.5f, 7, 7.4f, 7.5f, 100}) ==
        list{-8, -8, -8, -8, -8, -1, 0, 0, 2, 7, 7, 7, 7});
  std::vector<std::byte> out(3);
  REQUIRE(assay::quantise(q, std::vector<float>{1, -2, -8, 7, -1}, out));
  CHECK(out == std::vector<std::byte>{std::byte{0xe1}, std::byte{0x78}, std::byte{0x0f}});
  for (int byte = 0; byte < 256; ++byte) {  // every pair of codes survives the round trip
    const std::vector<std::byte> code{static_cast<std::byte>(byte)};
    std::vector<float> pair(2);
    std::vector<std::byte> back(1);
    assay::dequantise({dtype::i4, 0.1f}, code, pair);
    REQUIRE(assay::quantise({dtype::i4, 0.1f}, pair, back));
    REQUIRE(back == code);
  }
  // More codes than a piece of the loop holds, and an odd number of them.
  std::vector<float> ramp(37);
  list expected(37);
  for (std::size_t i = 0; i < ramp.size(); ++i) {
    expected[i] = static_cast<std::int32_t>(i * 5 % 16) - 8;
    ramp[i] = static_cast<float>(expected[i]) * 0.375f;
  }
  CHECK(codes_of({dtype::i4, 0.375f}, ramp) == expected);
}

TEST_CASE("quantiser: bytes of another party", "[fingerprint]") {
  const auto code = [](dtype type, const std::vector<std::byte>& bytes, std::size_t count) {
    const auto checked = assay::check_codes({type, 1.0f}, bytes, count);
    return checked ? errc{} : checked.error().code;
  };
  CHECK(code(dtype::i4, {std::byte{0xff}, std::byte{0x0f}}, 3) == errc{});
  CHECK(code(dtype::i4, {std::byte{0xff}, std::byte{0x1f}}, 3) == errc::non_canonical);
  CHECK(code(dtype::i4, {std::byte{0xff}, std::byte{0x1f}}, 4) == errc{});
  CHECK(code(dtype::i4, {std::byte{0xff}, std::byte{0x1f}}, 5) == errc::length_mismatch);
  CHECK(code(dtype::i4, {}, 0) == errc{});
  CHECK(code(dtype::i8, {std::byte{0xff}}, 1) == errc{});
  CHECK(code(dtype::i16, {std::byte{0xff}}, 1) == errc::length_mismatch);
}

TEST_CASE("quantiser: coordinates beyond the range are counted", "[fingerprint]") {
  const std::vector<float> sketch{-8.5f, -8.500001f, -9, 7.4999995f, 7.5f, 8, 1e30f, 0};
  for (const auto rule : {beyond_range::saturate, beyond_range::wrap}) {
    std::vector<std::byte> out(4);
    assay::range_count seen{10, 1};
    REQUIRE(assay::quantise({dtype::i4, 1.0f, rule}, sketch, out, seen));
    CHECK(seen == assay::range_count{18, 6});
  }
  std::vector<std::byte> out(1);
  assay::range_count seen;
  CHECK_FALSE(assay::quantise({dtype::i8, 1.0f}, std::vector<float>{std::numeric_limits<float>::infinity()}, out, seen));
  CHECK(seen == assay::range_count{});
}

TEST_CASE("quantiser: codes that wrap keep the integer modulo their number", "[fingerprint]") {
  CHECK(codes_of({dtype::i4, 1.0f, beyond_range::wrap}, {-8, -9, 7, 8, 15, 16, 16.5f, 17.5f, -24.5f, 1e6f}) ==
        list{-8, 7, 7, -8, -1, 0, 0, 2, -8, 0});
  CHECK(codes_of({dtype::i8, 1.0f, beyond_range::wrap}, {127, 128, -129, 0x1p31f + 256, 0x1p61f, -3e38f}) ==
        list{127, -128, 127, 0, 0, 0});
  CHECK(codes_of({dtype::i16, 1.0f, beyond_range::wrap}, {32768, 65537, -65537}) == list{-32768, 1, -1});
  // Within the range both rules agree.
  std::vector<float> inside;
  for (int i = -1275; i < 1275; ++i) inside.push_back(static_cast<float>(i) * 0.1f);
  CHECK(codes_of({dtype::i8, 1.0f, beyond_range::wrap}, inside) == codes_of({dtype::i8, 1.0f}, inside));
}

TEST_CASE("quantiser: a reader who is near enough reads wrapped codes as they were meant", "[fingerprint]") {
  std::uint32_t state = 3;
  const auto uniform = [&state] {  // in [-1, 1)
    state = state * 1664525u + 1013904223u;
    return static_cast<float>(static_cast<std::int32_t>(state)) * 0x1p-31f;
  };
  for (const dtype type : {dtype::i4, dtype::i8, dtype::i16}) {
    const quantiser q{type, 0.01f, beyond_range::wrap};
    const float half_range = q.step * static_cast<float>(assay::largest_code(type));
    std::vector<float> meant(1001), reference(1001), read(1001);
    for (std::size_t i = 0; i < meant.size(); ++i) {
      meant[i] = 300 * uniform();
      reference[i] = meant[i] + 0.9f * half_range * uniform();
    }
    std::vector<std::byte> codes(assay::packed_size(type, meant.size()));
    REQUIRE(assay::quantise(q, meant, codes));
    assay::dequantise_near(q, codes, reference, read);
    float worst = 0;
    for (std::size_t i = 0; i < meant.size(); ++i) worst = std::max(worst, std::abs(read[i] - meant[i]));
    CHECK(worst < 0.51f * q.step);
  }
  // Of codes that saturate, the reference says nothing.
  std::vector<float> out(1);
  const std::vector<std::byte> code{std::byte{5}};
  assay::dequantise_near({dtype::i8, 2.0f}, code, std::vector<float>{1e6f}, out);
  CHECK(out[0] == 10);
  const std::vector<float> largest{std::numeric_limits<float>::max()};
  assay::dequantise_near({dtype::i8, assay::largest_step, beyond_range::wrap}, code, largest, out);
  CHECK(assay::fp::is_finite(out[0]));
}

TEST_CASE("quantiser: bytes are little-endian", "[fingerprint]") {
  std::array<std::byte, 4> out{};
  REQUIRE(assay::quantise({dtype::i16, 1.0f}, std::array<float, 2>{258, -2}, out));
  CHECK(out == std::array<std::byte, 4>{std::byte{2}, std::byte{1}, std::byte{0xfe}, std::byte{0xff}});
}

TEST_CASE("quantiser: sizes are the caller's duty", "[fingerprint]") {
  const throwing_contract guard;
  std::array<std::byte, 3> out{};
  std::array<float, 2> sketch{};
  CHECK_THROWS_AS(static_cast<void>(assay::quantise({dtype::i16, 1.0f}, sketch, out)), broken_contract);
  CHECK_THROWS_AS(assay::dequantise({dtype::i16, 1.0f}, out, sketch), broken_contract);
  CHECK_THROWS_AS(assay::dequantise({dtype::i8, 1.0f, beyond_range::wrap}, std::span(out).first(2), sketch),
                  broken_contract);
}
