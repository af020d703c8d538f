// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/polycommit/encoding.hpp>

#include <cmath>
#include <cstring>
#include <set>

#include <assay/core/float_formats.hpp>
#include <assay/math/bls12_381.hpp>
#include <assay/math/bn254.hpp>

#include "support/catch.hpp"

using namespace assay;

namespace {

using fr = bn254::fr;

template <class V>
std::vector<V> encoded(value_encoding e, std::size_t row_bytes, byte_view rows) {
  encoded_values<fr> out;
  REQUIRE(encode_values<fr>(e, row_bytes, rows, out));
  return std::get<std::vector<V>>(out);
}

std::vector<std::byte> all_codes16() {
  std::vector<std::byte> bytes;
  for (unsigned code = 0; code < 65536; ++code) {
    bytes.push_back(static_cast<std::byte>(code & 255));
    bytes.push_back(static_cast<std::byte>(code >> 8));
  }
  return bytes;
}

}  // namespace

TEST_CASE("encoding: every 8-bit and 16-bit pattern has its own integer", "[polycommit]") {
  const auto bytes = all_codes16();
  const auto raw = encoded<std::int16_t>(value_encoding::raw16, 2, bytes);
  REQUIRE(raw.size() == 65536);
  for (unsigned code = 0; code < 65536; ++code) REQUIRE(static_cast<std::uint16_t>(raw[code]) == code);
  CHECK(raw[0] == 0);
  CHECK(raw[0x7e00] == 0x7e00);   // a NaN
  CHECK(raw[0x8000] == -32768);  // the other zero
  std::vector<std::byte> byte(256);
  for (unsigned i = 0; i < 256; ++i) byte[i] = static_cast<std::byte>(i);
  const auto u8 = encoded<std::int16_t>(value_encoding::u8, 1, byte);
  const auto i8 = encoded<std::int8_t>(value_encoding::i8, 1, byte);
  for (unsigned i = 0; i < 256; ++i) {
    REQUIRE(u8[i] == static_cast<int>(i));
    REQUIRE(i8[i] == static_cast<std::int8_t>(i));
  }
}

TEST_CASE("encoding: wide elements, little-endian", "[polycommit]") {
  const float f = -1.5f;
  std::vector<std::byte> bytes(4);
  std::memcpy(bytes.data(), &f, 4);
  CHECK(encoded<std::int32_t>(value_encoding::raw32, 4, bytes).at(0) == static_cast<std::int32_t>(0xbfc00000u));
  const std::vector<std::byte> minus_two = {std::byte{0xfe}, std::byte{0xff}, std::byte{0xff}, std::byte{0xff},
                                            std::byte{0xff}, std::byte{0xff}, std::byte{0xff}, std::byte{0xff}};
  CHECK(encoded<fr>(value_encoding::raw64, 8, minus_two).at(0) == -fr::from_u64(2));
  CHECK(encoded<std::int32_t>(value_encoding::i32, 4, byte_view{minus_two}.first(4)).at(0) == -2);
}

TEST_CASE("encoding: fix is f16 times 2^24, exactly, and refuses what is not finite", "[polycommit]") {
  const auto bytes = all_codes16();
  for (unsigned code = 0; code < 65536; ++code) {
    const byte_view one = byte_view{bytes}.subspan(2 * code, 2);
    const float f = f16_to_float(static_cast<std::uint16_t>(code));
    encoded_values<fr> out;
    const auto read = encode_values<fr>(value_encoding::fix, 2, one, out);
    REQUIRE(read.has_value() == std::isfinite(f));
    if (!read) {
      REQUIRE(read.error().code == errc::non_finite);
      continue;
    }
    const std::int64_t v = std::get<std::vector<std::int64_t>>(out)[0];
    REQUIRE(static_cast<double>(v) == static_cast<double>(f) * 0x1p24);
    REQUIRE(std::abs(v) < (std::int64_t{1} << (value_bits(value_encoding::fix) - 1)));
  }
}

TEST_CASE("encoding: rows of bytes become limbs of 31 bytes", "[polycommit]") {
  std::vector<std::byte> rows(2 * 40);
  rows[30] = std::byte{0xff};  // top byte of the first limb
  rows[31] = std::byte{1};     // second limb of row 0
  rows[40] = std::byte{2};     // row 1
  const auto v = encoded<fr>(value_encoding::bytes, 40, rows);
  REQUIRE(v.size() == 4);
  CHECK(v[0] == fr::from_limbs({0, 0, 0, 0xff000000000000}));
  CHECK(v[1] == fr::one());
  CHECK(v[2] == fr::from_u64(2));
  CHECK(v[3].is_zero());
  node_shape s;
  s.type = dtype::opaque;
  for (const auto& [bytes, limbs_wanted] : {std::pair{1u, 1u}, {31u, 1u}, {32u, 2u}, {62u, 2u}, {63u, 3u}}) {
    s.width = bytes;
    CHECK(values_per_row(value_encoding::bytes, s) == limbs_wanted);
  }
}

TEST_CASE("encoding: digests are scalars of 253 bits, and nothing else is", "[polycommit]") {
  digest d;
  d.bytes.fill(std::byte{0xff});
  encoded_values<fr> out;
  CHECK(encode_values<fr>(value_encoding::digest, 32, d.bytes, out).error().code == errc::non_canonical);
  d = scalar_digest(d);
  REQUIRE(encode_values<fr>(value_encoding::digest, 32, d.bytes, out));
  std::array<std::byte, 32> back;
  std::get<std::vector<fr>>(out)[0].encode_le(back);
  CHECK(back == d.bytes);
  CHECK(detail::bit_length(bn254::fr::modulus()) == digest_bits + 1);
  CHECK(detail::bit_length(bls12_381::fr::modulus()) > digest_bits);

  d.bytes[31] = std::byte{0x20};  // 2^253
  CHECK_FALSE(encode_values<fr>(value_encoding::digest, 32, d.bytes, out));
}

TEST_CASE("encoding: the rule follows from level and type", "[polycommit]") {
  node_shape s;
  s.type = dtype::opaque, s.width = 32;
  CHECK(encoding_of(0, s) == value_encoding::bytes);
  CHECK(encoding_of(1, s) == value_encoding::digest);
  s.width = 31;
  CHECK(encoding_of(1, s) == value_encoding::bytes);
  s.type = dtype::f16;
  CHECK(encoding_of(0, s) == value_encoding::raw16);
  CHECK(encoding_of(0, s, value_encoding::fix) == value_encoding::fix);
  s.type = dtype::bf16;
  CHECK(encoding_of(0, s, value_encoding::fix) == value_encoding::raw16);
  for (int t = 1; t <= 13; ++t) {  // what is stored is what the element has, or a whole scalar
    s.type = static_cast<dtype>(t);
    const unsigned bits = value_bits(default_encoding(s.type));
    CHECK((bits == 0 || bits >= 8 * size_of(s.type)));
  }
}
