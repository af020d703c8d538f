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

using assay::dtype;
using assay::errc;
using assay::quantiser;

namespace {

std::vector<std::int32_t> codes_of(const quantiser& q, const std::vector<float>& sketch) {
  std::vector<std::byte> out(sketch.size() * assay::size_of(q.type));
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
}
