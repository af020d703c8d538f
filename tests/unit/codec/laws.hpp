// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What holds for every kind of document: exact round trips in both carriers, and no tolerance for anything else.
#ifndef ASSAY_TESTS_UNIT_CODEC_LAWS_HPP
#define ASSAY_TESTS_UNIT_CODEC_LAWS_HPP

#include <bit>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <assay/codec/object.hpp>
#include <assay/random/stream.hpp>

#include "support/catch.hpp"

namespace assay_tests {

namespace codec = assay::codec;
using assay::errc;
using nlohmann::json;

/// Arbitrary values of any of the protocol's plain types.
class arbitrary {
 public:
  explicit arbitrary(std::uint64_t number) : stream_(seed_of(number), "codec-tests") {}

  std::uint64_t below(std::uint64_t n) { return stream_.below(n); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(stream_.next_u64() >> (32 + stream_.below(32))); }
  std::uint64_t u64() { return stream_.next_u64() >> stream_.below(64); }
  bool coin() { return stream_.below(2) == 1; }

  void fill(assay::mutable_byte_view bytes) {
    for (std::byte& b : bytes) b = static_cast<std::byte>(stream_.below(256));
  }
  assay::digest digest() {
    assay::digest d;
    fill(d.bytes);
    return d;
  }
  assay::seed seed() {
    assay::seed s;
    fill(s.bytes);
    return s;
  }
  /// Any positive finite bit pattern, denormals included.
  float positive_float() { return std::bit_cast<float>(static_cast<std::uint32_t>(1 + stream_.below(0x7f7fffff))); }
  double positive_double() { return std::bit_cast<double>(1 + stream_.below(0x7fefffffffffffff)); }
  /// In (0, 1).
  double share() { return 0x1p-53 * static_cast<double>(1 + stream_.below((std::uint64_t{1} << 53) - 1)); }

 private:
  static assay::seed seed_of(std::uint64_t number) {
    assay::seed s;
    for (std::size_t i = 0; i < 8; ++i) s.bytes[i] = static_cast<std::byte>(number >> (8 * i) & 255);
    return s;
  }

  assay::random_stream stream_;
};

template <class T>
errc json_error(std::string_view text) {
  const auto read = codec::parse_json_text<T>(text);
  return read ? errc{} : read.error().code;
}

template <class T>
errc cbor_error(assay::byte_view bytes) {
  const auto read = codec::parse_cbor<T>(bytes);
  return read ? errc{} : read.error().code;
}

inline std::vector<std::byte> cbor_of(const json& tree) {
  const auto octets = json::to_cbor(tree);
  const auto* first = reinterpret_cast<const std::byte*>(octets.data());
  return {first, first + octets.size()};
}

/// Reads a tree three ways: as it is, through JSON text, and through CBOR. All must agree on the error.
template <class T>
errc tree_error(const json& tree, codec::carrier form) {
  const auto direct = codec::from_json<T>(tree, form);
  const errc code = direct ? errc{} : direct.error().code;
  CHECK((form == codec::carrier::json ? json_error<T>(tree.dump()) : cbor_error<T>(cbor_of(tree))) == code);
  return code;
}

/// Both carriers, bit for bit; any indentation.
template <class T>
T check_round_trip(const T& object) {
  const json tree = codec::to_json(object);
  const auto from_text = codec::parse_json_text<T>(codec::to_json_text(object));
  const auto from_wide_text = codec::parse_json_text<T>(codec::to_json_text(object, 2));
  const auto bytes = codec::to_cbor(object);
  const auto from_bytes = codec::parse_cbor<T>(bytes);
  INFO(tree.dump());
  REQUIRE(from_text);
  REQUIRE(from_wide_text);
  REQUIRE(from_bytes);
  CHECK(codec::to_json(*from_text) == tree);
  CHECK(codec::to_json(*from_wide_text) == tree);
  CHECK(codec::to_json(*from_bytes) == tree);
  CHECK(codec::to_cbor(*from_text) == bytes);
  if constexpr (requires { object == object; }) {
    CHECK(*from_text == object);
    CHECK(*from_bytes == object);
  }
  return *from_text;
}

/// Paths of every value in a tree.
inline void collect_paths(const json& tree, const json::json_pointer& at, std::vector<json::json_pointer>& out) {
  if (tree.is_object())
    for (const auto& [key, value] : tree.items()) out.push_back(at / key), collect_paths(value, at / key, out);
  else if (tree.is_array())
    for (std::size_t i = 0; i < tree.size(); ++i) out.push_back(at / i), collect_paths(tree[i], at / i, out);
}

/// A number, a name, a list, an object or bytes; integers may stand for floats.
inline bool same_kind(const json& field, const json& value) {
  if (field.is_number_float()) return value.is_number();
  if (field.is_number()) return value.is_number_integer();
  return field.type() == value.type();
}

/// Every member removed; every value replaced by every other type; every object given one member more.
/// `nullable`: paths that may be null. `free_text`: names of members that hold any text.
template <class T>
void check_strictness(const T& object, codec::carrier form, const std::set<std::string>& nullable = {},
                      const std::set<std::string>& free_text = {}) {
  const json tree = codec::to_json(object, form);
  REQUIRE(tree_error<T>(tree, form) == errc{});
  std::vector<json::json_pointer> paths{json::json_pointer{}};
  collect_paths(tree, json::json_pointer{}, paths);
  const json bytes = json::binary({1, 2, 3});
  for (const auto& path : paths) {
    INFO(path.to_string());
    const json& field = tree[path];
    if (!path.empty() && tree[path.parent_pointer()].is_object()) {
      json without = tree;
      without[path.parent_pointer()].erase(path.back());
      CHECK(tree_error<T>(without, form) == errc::missing_field);
    }
    if (field.is_object()) {
      json with = tree;
      with[path]["zz"] = 1;
      CHECK(tree_error<T>(with, form) == errc::unknown_field);
    }
    std::vector<json> others = {nullptr, true, 7, 1.5, "text", json::array({json::object()}), json{{"a", 1}}};
    if (form == codec::carrier::cbor) others.push_back(bytes);
    for (const json& other : others) {
      if (same_kind(field, other) || (other.is_null() && nullable.count(path.to_string()) != 0)) continue;
      json changed = tree;
      changed[path] = other;
      INFO(other);
      const errc code = tree_error<T>(changed, form);
      if (field.is_number_float() && other.is_string()) CHECK((code == errc::non_finite || code == errc::wrong_type));
      else CHECK((code == errc::wrong_type || code == errc::missing_field || code == errc::length_mismatch));
    }
    if (field.is_number_integer()) {
      json changed = tree;
      changed[path] = -1;
      CHECK(tree_error<T>(changed, form) == errc::out_of_range);
      changed[path] = 1.0;
      CHECK(tree_error<T>(changed, form) == errc::wrong_type);
    }
    if (field.is_string() && form == codec::carrier::json && free_text.count(path.back()) == 0) {
      json changed = tree;
      const std::string text = field.get<std::string>();
      changed[path] = text + "0";
      CHECK(tree_error<T>(changed, form) != errc{});
      if (text.size() >= 16 && text.size() % 2 == 0) {  // hexadecimal
        changed[path] = std::string(text.size(), 'A');
        CHECK(tree_error<T>(changed, form) == errc::non_canonical);
      }
    }
  }
}

/// What is wrong with a text or its bytes as a whole.
template <class T>
void check_document(const T& object) {
  const std::string text = codec::to_json_text(object);
  CHECK(json_error<T>(text + " \n") == errc{});
  CHECK(json_error<T>(text + "0") == errc::trailing_bytes);
  CHECK(json_error<T>(text + std::string(1, '\0') + "0") == errc::malformed);
  CHECK(json_error<T>("{\"version\":0," + text.substr(1)) == errc::duplicate);
  CHECK(json_error<T>("[" + text + "]") == errc::wrong_type);
  for (std::size_t n = 0; n < text.size(); n += 1 + text.size() / 97)
    CHECK(json_error<T>(text.substr(0, n)) == errc::malformed);

  json tree = codec::to_json(object);
  tree["assay"] = "something-else";
  CHECK(json_error<T>(tree.dump()) == errc::bad_magic);
  tree["assay"] = codec::record<T>::name;
  tree["version"] = 1;
  CHECK(json_error<T>(tree.dump()) == errc::unsupported_version);

  auto bytes = codec::to_cbor(object);
  for (std::size_t n = 0; n < bytes.size(); n += 1 + bytes.size() / 97)
    CHECK(cbor_error<T>(assay::byte_view{bytes}.first(n)) == errc::truncated);
  bytes.push_back(std::byte{0});
  CHECK(cbor_error<T>(bytes) == errc::trailing_bytes);

  codec::document_limits tight = codec::record<T>::limits;
  tight.bytes = text.size() - 1;
  CHECK(codec::parse_json_text<T>(text, tight).error().code == errc::too_large);
  tight.bytes = text.size();
  CHECK(codec::parse_json_text<T>(text, tight));
  tight.items = 2;
  CHECK(codec::parse_json_text<T>(text, tight).error().code == errc::too_large);
  CHECK(codec::parse_cbor<T>(codec::to_cbor(object), tight).error().code == errc::too_large);
}

template <class T>
void check_laws(const T& object, const std::set<std::string>& nullable = {}, const std::set<std::string>& free_text = {}) {
  check_round_trip(object);
  check_strictness(object, codec::carrier::json, nullable, free_text);
  check_strictness(object, codec::carrier::cbor, nullable, free_text);
  check_document(object);
}

}  // namespace assay_tests

#endif
