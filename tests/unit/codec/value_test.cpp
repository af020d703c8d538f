// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/codec/value.hpp>

#include "support/catch.hpp"

using namespace assay;
using codec::carrier;
using nlohmann::json;

namespace {

template <class T>
json encode(const T& value, carrier form = carrier::json) {
  return codec::value_format<T>::encode(value, form);
}

template <class T>
error decode_error(const json& tree, carrier form = carrier::json) {
  T value{};
  const auto read = codec::value_format<T>::decode(tree, form, "path", value);
  return read ? error{} : read.error();
}

template <class T>
T decode(const json& tree, carrier form = carrier::json) {
  T value{};
  REQUIRE(codec::value_format<T>::decode(tree, form, "path", value));
  return value;
}

}  // namespace

TEST_CASE("value: integers are integers, in range", "[codec]") {
  CHECK(decode<std::uint8_t>(255u) == 255);
  CHECK(decode<std::uint8_t>(255) == 255);  // a tree made in the program may hold signed integers
  CHECK(decode_error<std::uint8_t>(256).code == errc::out_of_range);
  CHECK(decode_error<std::uint32_t>(std::uint64_t{1} << 32).code == errc::out_of_range);
  CHECK(decode_error<std::uint64_t>(-1).code == errc::out_of_range);
  CHECK(decode_error<std::uint64_t>(1.0).code == errc::wrong_type);
  CHECK(decode_error<std::uint64_t>("1").code == errc::wrong_type);
  CHECK(decode_error<std::uint64_t>(true).code == errc::wrong_type);
  CHECK(decode<std::uint64_t>(~std::uint64_t{0}) == ~std::uint64_t{0});
  CHECK(decode<position>(7).value == 7);
  CHECK(std::string_view{decode_error<position>(-7).message} == "path");
}

TEST_CASE("value: floats keep their bits or are refused", "[codec]") {
  CHECK(decode<double>(1) == 1.0);
  CHECK(decode<double>(-1) == -1.0);
  CHECK(decode<double>(std::uint64_t{1} << 53) == 0x1p53);
  CHECK(decode_error<double>(~std::uint64_t{0}).code == errc::non_canonical);
  CHECK(decode_error<double>(std::numeric_limits<std::int64_t>::min()).code == errc::non_canonical);
  CHECK(decode<float>(0.1f) == 0.1f);
  CHECK(decode_error<float>(0.1).code == errc::non_canonical);
  CHECK(decode_error<float>(1e300).code == errc::out_of_range);
  CHECK(decode_error<float>(1e-300).code == errc::non_canonical);
  CHECK(decode_error<float>((std::uint64_t{1} << 24) + 1).code == errc::non_canonical);
  CHECK(decode_error<float>("infinity").code == errc::wrong_type);
  CHECK(std::signbit(decode<float>(encode(-0.0f))));
  CHECK(decode<double>("infinity") == std::numeric_limits<double>::infinity());
  for (const char* text : {"-infinity", "nan", "Infinity", "inf", "1", ""})
    CHECK(decode_error<double>(text).code == errc::non_finite);
  CHECK(encode(-std::numeric_limits<double>::infinity()) == "-infinity");
  CHECK(encode(std::numeric_limits<float>::quiet_NaN()) == "nan");
}

TEST_CASE("value: bytes are text in JSON and bytes in CBOR", "[codec]") {
  digest d;
  d.bytes[0] = std::byte{0xab};
  CHECK(encode(d) == "ab" + std::string(62, '0'));
  CHECK(encode(d, carrier::cbor).is_binary());
  CHECK(decode<digest>(encode(d)) == d);
  CHECK(decode<digest>(encode(d, carrier::cbor), carrier::cbor) == d);
  CHECK(decode_error<digest>(encode(d, carrier::cbor)).code == errc::wrong_type);
  CHECK(decode_error<digest>(encode(d), carrier::cbor).code == errc::wrong_type);
  CHECK(decode_error<digest>(std::string(62, '0')) == fail(errc::length_mismatch, "", 62));
  CHECK(decode_error<digest>(std::string(63, '0')) == fail(errc::length_mismatch, "", 63));
  CHECK(decode_error<digest>(std::string(66, '0')).code == errc::length_mismatch);
  CHECK(decode_error<digest>(std::string(63, '0') + "A") == fail(errc::non_canonical, "", 63));
  CHECK(decode_error<digest>(json::binary(std::vector<std::uint8_t>(31)), carrier::cbor) ==
        fail(errc::length_mismatch, "", 31));
  CHECK(decode<std::vector<std::byte>>("").empty());
  CHECK(decode<std::vector<std::byte>>(json::binary({}), carrier::cbor).empty());
}

TEST_CASE("value: lists say which item is wrong", "[codec]") {
  CHECK(decode<std::vector<std::uint32_t>>(json::array({1, 2})) == std::vector<std::uint32_t>{1, 2});
  CHECK(decode_error<std::vector<std::uint32_t>>(json::array({1, 2, -3, -4})) == fail(errc::out_of_range, "", 2));
  CHECK(decode_error<std::vector<std::uint32_t>>(json{{"0", 1}}).code == errc::wrong_type);
  CHECK((decode_error<std::array<double, 2>>(json::array({1, 2, 3})) == fail(errc::length_mismatch, "", 3)));
  CHECK((decode_error<std::array<double, 2>>(json::array({1, "x"})) == fail(errc::non_finite, "", 1)));
}
