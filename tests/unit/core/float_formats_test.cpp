// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <assay/core/float_formats.hpp>

namespace {

std::uint32_t bits(float x) { return std::bit_cast<std::uint32_t>(x); }
std::uint16_t u16(unsigned x) { return static_cast<std::uint16_t>(x); }
std::uint8_t u8(unsigned x) { return static_cast<std::uint8_t>(x); }

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float quiet_nan = std::numeric_limits<float>::quiet_NaN();
const float signalling_nan = std::bit_cast<float>(0xff812345u);

/// Walks all finite non-negative codes; checks decoding against a formula, and rounding at, and one float beside, each code
/// and each midpoint between neighbours, for both signs. `largest` is the code of the largest finite number.
template <class Code, class Decode, class Encode>
int count_rounding_faults(unsigned largest, unsigned mantissa, int bias, Code sign, Decode decode, Encode encode) {
  int faults = 0;
  const auto exact = [&](unsigned code) {
    const int exponent = static_cast<int>(code >> mantissa);
    const double fraction = static_cast<double>(code & ((1u << mantissa) - 1)) / static_cast<double>(1u << mantissa);
    return exponent == 0 ? std::ldexp(fraction, 1 - bias) : std::ldexp(1 + fraction, exponent - bias);
  };
  const auto expect = [&](float x, unsigned code) {
    faults += encode(x) != static_cast<Code>(code);
    faults += encode(-x) != static_cast<Code>(code | sign);
  };
  for (unsigned code = 0; code <= largest; ++code) {
    const float value = decode(static_cast<Code>(code));
    faults += static_cast<double>(value) != exact(code);
    faults += bits(decode(static_cast<Code>(code | sign))) != (bits(value) | 0x80000000u);
    expect(value, code);
    if (code == largest) break;
    const auto middle = static_cast<float>((exact(code) + exact(code + 1)) / 2);  // exact in float
    const float below = std::nextafter(middle, -infinity), above = std::nextafter(middle, infinity);
    expect(middle, code % 2 == 0 ? code : code + 1);
    if (middle > std::numeric_limits<float>::denorm_min()) expect(below, code);
    expect(above, code + 1);
  }
  return faults;
}

}  // namespace

TEST_CASE("float_formats: all f16 codes and midpoints", "[core]") {
  CHECK(count_rounding_faults<std::uint16_t>(0x7bff, 10, 15, 0x8000, assay::f16_to_float, assay::float_to_f16) == 0);
  CHECK(assay::float_to_f16(65519.996f) == 0x7bff);
  CHECK(assay::float_to_f16(65520.0f) == 0x7c00);  // the midpoint to what would be 65536
  CHECK(assay::float_to_f16(-1e30f) == 0xfc00);
  CHECK(assay::float_to_f16(infinity) == 0x7c00);
  CHECK(assay::f16_to_float(0xfc00) == -infinity);
  CHECK(assay::float_to_f16(std::numeric_limits<float>::denorm_min()) == 0);
  CHECK(assay::float_to_f16(-0.0f) == 0x8000);
}

TEST_CASE("float_formats: all bf16 codes and midpoints", "[core]") {
  CHECK(count_rounding_faults<std::uint16_t>(0x7f7f, 7, 127, 0x8000, assay::bf16_to_float, assay::float_to_bf16) == 0);
  CHECK(assay::float_to_bf16(std::numeric_limits<float>::max()) == 0x7f80);
  CHECK(assay::float_to_bf16(infinity) == 0x7f80);
  CHECK(assay::float_to_bf16(-infinity) == 0xff80);
  CHECK(assay::bf16_to_float(0xff80) == -infinity);
}

TEST_CASE("float_formats: all e4m3fn codes and midpoints", "[core]") {
  CHECK(count_rounding_faults<std::uint8_t>(0x7e, 3, 7, 0x80, assay::f8_e4m3fn_to_float, assay::float_to_f8_e4m3fn) ==
        0);
  CHECK(count_rounding_faults<std::uint8_t>(0x7e, 3, 7, 0x80, assay::f8_e4m3fn_to_float,
                                            assay::float_to_f8_e4m3fn_saturating) == 0);
  CHECK(assay::f8_e4m3fn_to_float(0x7e) == 448.0f);
  CHECK(assay::float_to_f8_e4m3fn(464.0f) == 0x7e);  // a tie with what would be 480 goes to the even code
  CHECK(assay::float_to_f8_e4m3fn(464.00003f) == 0x7f);
  CHECK(assay::float_to_f8_e4m3fn(-1e30f) == 0xff);
  CHECK(assay::float_to_f8_e4m3fn(infinity) == 0x7f);
  CHECK(assay::float_to_f8_e4m3fn_saturating(464.00003f) == 0x7e);
  CHECK(assay::float_to_f8_e4m3fn_saturating(-infinity) == 0xfe);
  CHECK(assay::float_to_f8_e4m3fn_saturating(quiet_nan) == 0x7f);
  CHECK(std::isnan(assay::f8_e4m3fn_to_float(0x7f)));
  CHECK(bits(assay::f8_e4m3fn_to_float(0xff)) == 0xffc00000u);
}

TEST_CASE("float_formats: all e5m2 codes and midpoints", "[core]") {
  CHECK(count_rounding_faults<std::uint8_t>(0x7b, 2, 15, 0x80, assay::f8_e5m2_to_float, assay::float_to_f8_e5m2) == 0);
  CHECK(count_rounding_faults<std::uint8_t>(0x7b, 2, 15, 0x80, assay::f8_e5m2_to_float,
                                            assay::float_to_f8_e5m2_saturating) == 0);
  CHECK(assay::f8_e5m2_to_float(0x7b) == 57344.0f);
  CHECK(assay::float_to_f8_e5m2(61439.996f) == 0x7b);
  CHECK(assay::float_to_f8_e5m2(61440.0f) == 0x7c);
  CHECK(assay::float_to_f8_e5m2(infinity) == 0x7c);
  CHECK(assay::float_to_f8_e5m2_saturating(1e30f) == 0x7b);
  CHECK(assay::float_to_f8_e5m2_saturating(-infinity) == 0xfb);
  CHECK(assay::float_to_f8_e5m2_saturating(quiet_nan) == 0x7e);
  CHECK(assay::f8_e5m2_to_float(0x7c) == infinity);
}

TEST_CASE("float_formats: every code survives the round trip; signalling NaNs become quiet", "[core]") {
  int faults = 0;
  for (unsigned code = 0; code < 65536; ++code) {
    const bool f16_nan = (code & 0x7fff) > 0x7c00, bf16_nan = (code & 0x7fff) > 0x7f80;
    faults += assay::float_to_f16(assay::f16_to_float(u16(code))) != u16(f16_nan ? code | 0x200 : code);
    faults += assay::float_to_bf16(assay::bf16_to_float(u16(code))) != u16(bf16_nan ? code | 0x40 : code);
  }
  for (unsigned code = 0; code < 256; ++code) {
    faults += assay::float_to_f8_e4m3fn(assay::f8_e4m3fn_to_float(u8(code))) != u8(code);
    faults += assay::float_to_f8_e5m2(assay::f8_e5m2_to_float(u8(code))) != u8((code & 0x7f) > 0x7c ? code | 2 : code);
  }
  CHECK(faults == 0);
}

TEST_CASE("float_formats: NaNs are quiet and keep their sign", "[core]") {
  CHECK(assay::float_to_bf16(signalling_nan) == 0xffc1);
  CHECK(assay::float_to_f16(signalling_nan) == 0xfe09);
  CHECK(assay::float_to_f8_e4m3fn(signalling_nan) == 0xff);
  CHECK(assay::float_to_f8_e5m2(signalling_nan) == 0xfe);
  CHECK(assay::float_to_bf16(std::bit_cast<float>(0x7f800001u)) == 0x7fc0);  // no payload left, still a NaN
}

#if defined(__FLT16_MANT_DIG__)
TEST_CASE("float_formats: f16 agrees with the compiler's own type", "[core]") {
  __extension__ using native = _Float16;
  int faults = 0;
  for (unsigned code = 0; code < 65536; ++code)
    faults += bits(assay::f16_to_float(u16(code))) != bits(static_cast<float>(std::bit_cast<native>(u16(code))));
  std::uint32_t pattern = 1;
  for (int i = 0; i < 2'000'000; ++i) {
    pattern = pattern * 1664525u + 1013904223u;
    // Half of the patterns are spread over all floats, half over the exponents that f16 knows.
    const std::uint32_t chosen = i % 2 ? pattern : (pattern & 0x80ffffffu) + ((100u + (pattern >> 24) % 45u) << 23);
    const float x = std::bit_cast<float>(chosen);
    faults += assay::float_to_f16(x) != std::bit_cast<std::uint16_t>(static_cast<native>(x));
  }
  CHECK(faults == 0);
}
#endif

TEST_CASE("float_formats: usable in constant expressions", "[core]") {
  STATIC_REQUIRE(assay::float_to_bf16(1.0f) == 0x3f80);
  STATIC_REQUIRE(assay::f16_to_float(0x0001) == 0x1p-24f);
  STATIC_REQUIRE(assay::f8_e4m3fn_to_float(0x01) == 0x1p-9f);
  STATIC_REQUIRE(assay::float_to_f8_e5m2(1.0f) == 0x3c);
}
