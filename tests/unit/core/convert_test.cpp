// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <vector>

#include <assay/core/convert.hpp>

using assay::dtype;

namespace {

std::uint32_t bits(float x) { return std::bit_cast<std::uint32_t>(x); }

/// Every code of a narrow type, densely at an odd address, then one by one backwards.
template <class Code, class Decode>
int count_faults(dtype type, Decode decode) {
  const std::size_t count = std::size_t{1} << (8 * sizeof(Code));
  std::vector<std::byte> memory(count * sizeof(Code) + 1);
  for (std::size_t i = 0; i < count; ++i) {
    const auto code = static_cast<Code>(i);
    std::memcpy(memory.data() + 1 + i * sizeof code, &code, sizeof code);
  }
  const auto size = static_cast<std::int64_t>(sizeof(Code));
  std::vector<float> dense(count), tail(3), backwards(count);
  int faults = 0;
  faults += !assay::convert_to_float(type, memory.data() + 1, size, dense);
  faults += !assay::convert_to_float(type, memory.data() + 1 + (count - 1) * sizeof(Code), -size, backwards);
  for (std::size_t i = 0; i < count; ++i) {
    const float expected = decode(static_cast<Code>(i));
    faults += bits(dense[i]) != bits(expected);
    faults += bits(backwards[count - 1 - i]) != bits(expected);
  }
  return faults;
}

template <class T>
std::vector<float> converted(dtype type, const std::vector<T>& values) {
  std::vector<float> out(values.size());
  REQUIRE(assay::convert_to_float(type, reinterpret_cast<const std::byte*>(values.data()), sizeof(T), out));
  return out;
}

}  // namespace

TEST_CASE("convert: all codes of the narrow formats, as the scalar conversions", "[core]") {
  CHECK(count_faults<std::uint16_t>(dtype::f16, assay::f16_to_float) == 0);
  CHECK(count_faults<std::uint16_t>(dtype::bf16, assay::bf16_to_float) == 0);
  CHECK(count_faults<std::uint8_t>(dtype::f8_e4m3fn, assay::f8_e4m3fn_to_float) == 0);
  CHECK(count_faults<std::uint8_t>(dtype::f8_e5m2, assay::f8_e5m2_to_float) == 0);
}

TEST_CASE("convert: f32 keeps every bit, at any stride", "[core]") {
  const std::array<std::uint32_t, 3> patterns{0x7f812345u, 0x80000000u, 0x00000001u};
  const auto* memory = reinterpret_cast<const std::byte*>(patterns.data());
  std::array<float, 3> out{};
  REQUIRE(assay::convert_to_float(dtype::f32, memory, 4, out));
  for (std::size_t i = 0; i < 3; ++i) CHECK(bits(out[i]) == patterns[i]);
  REQUIRE(assay::convert_to_float(dtype::f32, memory + 8, -4, out));
  for (std::size_t i = 0; i < 3; ++i) CHECK(bits(out[i]) == patterns[2 - i]);
  REQUIRE(assay::convert_to_float(dtype::f32, memory + 4, 0, out));
  for (const float x : out) CHECK(bits(x) == 0x80000000u);
}

TEST_CASE("convert: integers and f64 are rounded to nearest", "[core]") {
  CHECK(converted<double>(dtype::f64, {0.1, 1e300, -2.5}) ==
        std::vector<float>{0.1f, std::bit_cast<float>(0x7f800000u), -2.5f});
  CHECK(converted<std::int8_t>(dtype::i8, {-128, 127}) == std::vector<float>{-128, 127});
  CHECK(converted<std::uint8_t>(dtype::u8, {0, 255}) == std::vector<float>{0, 255});
  CHECK(converted<std::int16_t>(dtype::i16, {-32768, 32767}) == std::vector<float>{-32768, 32767});
  CHECK(converted<std::uint16_t>(dtype::u16, {65535}) == std::vector<float>{65535});
  CHECK(converted<std::int32_t>(dtype::i32, {16777217, -16777219}) == std::vector<float>{16777216, -16777220});
  CHECK(converted<std::uint32_t>(dtype::u32, {4294967295u}) == std::vector<float>{4294967296.0f});
  CHECK(converted<std::int64_t>(dtype::i64, {std::int64_t{1} << 40}) == std::vector<float>{0x1p40f});
}

TEST_CASE("convert: opaque elements are refused and nothing is written", "[core]") {
  std::array<float, 1> out{7};
  const std::byte memory[8]{};
  CHECK_FALSE(assay::convert_to_float(dtype::opaque, memory, 1, out));
  CHECK_FALSE(assay::convert_to_float(static_cast<dtype>(99), memory, 1, out));
  CHECK(out[0] == 7);
}
