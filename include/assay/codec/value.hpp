// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How each type of value is carried: integers, floats, names, digests and bytes, in JSON and in CBOR.
#ifndef ASSAY_CODEC_VALUE_HPP
#define ASSAY_CODEC_VALUE_HPP

#include <array>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <assay/core/bytes.hpp>
#include <assay/core/ids.hpp>
#include <assay/core/result.hpp>
#include <assay/hash/digest.hpp>
#include <assay/random/seed.hpp>

#include <nlohmann/json.hpp>

namespace assay::inline v0::codec {

/// The two views of an object. They differ in one thing: bytes are lower-case hexadecimal text in JSON, byte strings in
/// CBOR.
enum class carrier : std::uint8_t { json, cbor };

/// How a T is carried. `encode` is total: what breaks its type's rules is written in a form that no reader takes.
/// `decode` leaves the value unspecified if it fails; `path` names the field and is the error's message.
template <class T>
struct value_format;

/// Describes an object: `name`, and `fields(visitor, object)`, which calls `visitor("name.key", member)` for each
/// member. The key is what follows the last dot; the whole literal is the message of errors about the member.
/// An object that travels alone is a document: it also has `limits`, `check(object)`, and the members "assay" (its
/// name) and "version". Unpack the object with a structured binding: then a new member does not compile until it is
/// carried.
template <class T>
struct record;

template <class T>
concept described = requires { record<T>::name; };

/// Names of an enumeration's values: specialise with a static array `all` of pairs (value, name).
template <class E>
struct enum_names;

template <class E>
concept named_enum = requires { enum_names<E>::all.size(); };

namespace detail {

inline constexpr std::string_view infinity_text = "infinity";

/// Pairs of enumerators with what the library's function `name` calls them.
template <class E, class... More>
[[nodiscard]] consteval std::array<std::pair<E, const char*>, 1 + sizeof...(More)> with_names(E first, More... more) {
  return {std::pair{first, name(first)}, std::pair{more, name(more)}...};
}

[[nodiscard]] inline nlohmann::json encode_bytes(byte_view bytes, carrier form) {
  if (form == carrier::cbor) {
    std::vector<std::uint8_t> octets(bytes.size());
    if (!bytes.empty()) std::memcpy(octets.data(), bytes.data(), bytes.size());
    return nlohmann::json::binary(std::move(octets));
  }
  std::string text(2 * bytes.size(), '0');
  to_hex(bytes, text);
  return text;
}

/// Copies or decodes bytes into `out`, which is resized if it can be.
template <class Container>
[[nodiscard]] result<void> decode_bytes(const nlohmann::json& in, carrier form, const char* path, Container& out) {
  const auto fits = [&](std::size_t size) {
    if constexpr (requires { out.resize(size); }) out.resize(size);
    return out.size() == size;
  };
  if (form == carrier::cbor) {
    const auto* octets = in.get_ptr<const nlohmann::json::binary_t*>();
    if (octets == nullptr) return fail(errc::wrong_type, path);
    if (!fits(octets->size())) return fail(errc::length_mismatch, path, octets->size());
    if (!octets->empty()) std::memcpy(out.data(), octets->data(), octets->size());
    return {};
  }
  const auto* text = in.get_ptr<const std::string*>();
  if (text == nullptr) return fail(errc::wrong_type, path);
  if (text->size() % 2 != 0 || !fits(text->size() / 2)) return fail(errc::length_mismatch, path, text->size());
  if (auto read = from_hex(*text, out); !read) return fail(read.error().code, path, read.error().where);
  return {};
}

[[nodiscard]] inline result<void> decode_double(const nlohmann::json& in, const char* path, double& out) {
  if (const auto* value = in.get_ptr<const double*>()) {
    out = *value;
    return {};
  }
  // Some writers print 1.0 as 1; beyond 2^53 that would not be exact.
  if (in.is_number_integer()) {
    const auto* natural = in.get_ptr<const std::uint64_t*>();
    const auto* integer = in.get_ptr<const std::int64_t*>();
    out = natural != nullptr ? static_cast<double>(*natural) : static_cast<double>(*integer);
    if (!(std::abs(out) <= 0x1p53)) return fail(errc::non_canonical, path);
    return {};
  }
  return fail(errc::wrong_type, path);
}

[[nodiscard]] inline nlohmann::json encode_double(double value) {
  if (std::isfinite(value)) return value;
  if (std::isnan(value)) return "nan";
  return value > 0 ? std::string{infinity_text} : "-" + std::string{infinity_text};
}

template <class List>
[[nodiscard]] nlohmann::json encode_list(const List& list, carrier form) {
  auto array = nlohmann::json::array();
  array.get_ref<nlohmann::json::array_t&>().reserve(list.size());
  for (const auto& each : list) array.push_back(value_format<typename List::value_type>::encode(each, form));
  return array;
}

template <class List>
[[nodiscard]] result<void> decode_items(const nlohmann::json::array_t& items, carrier form, const char* path,
                                        List& list) {
  for (std::size_t i = 0; i < items.size(); ++i)
    if (auto read = value_format<typename List::value_type>::decode(items[i], form, path, list[i]); !read)
      return fail(read.error().code, read.error().message, i);
  return {};
}

}  // namespace detail

template <>
struct value_format<bool> {
  static nlohmann::json encode(bool value, carrier) { return value; }
  static result<void> decode(const nlohmann::json& in, carrier, const char* path, bool& out) {
    const auto* value = in.get_ptr<const bool*>();
    if (value == nullptr) return fail(errc::wrong_type, path);
    out = *value;
    return {};
  }
};

/// An integer of the carrier. @errors wrong_type (1.0 too), out_of_range
template <std::unsigned_integral T>
struct value_format<T> {
  static nlohmann::json encode(T value, carrier) { return value; }
  static result<void> decode(const nlohmann::json& in, carrier, const char* path, T& out) {
    if (!in.is_number_integer()) return fail(errc::wrong_type, path);
    const auto* natural = in.get_ptr<const std::uint64_t*>();
    const auto* integer = in.get_ptr<const std::int64_t*>();
    if (natural == nullptr && *integer < 0) return fail(errc::out_of_range, path);
    const std::uint64_t value = natural != nullptr ? *natural : static_cast<std::uint64_t>(*integer);
    if (value > std::numeric_limits<T>::max()) return fail(errc::out_of_range, path);
    out = static_cast<T>(value);
    return {};
  }
};

/// A number of the carrier; +infinity, which statistics can reach, as the text "infinity". Exact.
/// @errors wrong_type, non_finite (other text), non_canonical (an integer beyond 2^53)
template <>
struct value_format<double> {
  static nlohmann::json encode(double value, carrier) { return detail::encode_double(value); }
  static result<void> decode(const nlohmann::json& in, carrier, const char* path, double& out) {
    const auto* text = in.get_ptr<const std::string*>();
    if (text == nullptr) return detail::decode_double(in, path, out);
    if (*text != detail::infinity_text) return fail(errc::non_finite, path);
    out = std::numeric_limits<double>::infinity();
    return {};
  }
};

/// A number of the carrier that is exactly a 32-bit float: every float is a double, and doubles keep their value in
/// both carriers, so bit patterns survive. 0.7 is refused: the float next to it is written 0.699999988079071.
/// @errors wrong_type, non_canonical
template <>
struct value_format<float> {
  static nlohmann::json encode(float value, carrier) { return detail::encode_double(static_cast<double>(value)); }
  static result<void> decode(const nlohmann::json& in, carrier, const char* path, float& out) {
    double value = 0;
    if (auto read = detail::decode_double(in, path, value); !read) return read.error();
    if (std::abs(value) > static_cast<double>(std::numeric_limits<float>::max())) return fail(errc::out_of_range, path);
    out = static_cast<float>(value);
    if (std::bit_cast<std::uint64_t>(static_cast<double>(out)) != std::bit_cast<std::uint64_t>(value))
      return fail(errc::non_canonical, path);
    return {};
  }
};

template <class Tag, class Rep>
struct value_format<strong_id<Tag, Rep>> {
  static nlohmann::json encode(strong_id<Tag, Rep> id, carrier) { return id.value; }
  static result<void> decode(const nlohmann::json& in, carrier form, const char* path, strong_id<Tag, Rep>& out) {
    return value_format<Rep>::decode(in, form, path, out.value);
  }
};

/// An enumerator, by name. @errors wrong_type, unsupported (a name this library does not know)
template <named_enum E>
struct value_format<E> {
  static nlohmann::json encode(E value, carrier) {
    for (const auto& [known, name] : enum_names<E>::all)
      if (value == known) return name;
    return "unknown";
  }
  static result<void> decode(const nlohmann::json& in, carrier, const char* path, E& out) {
    const auto* text = in.get_ptr<const std::string*>();
    if (text == nullptr) return fail(errc::wrong_type, path);
    for (const auto& [known, name] : enum_names<E>::all)
      if (*text == name) {
        out = known;
        return {};
      }
    return fail(errc::unsupported, path);
  }
};

/// Bytes of fixed length. @errors wrong_type, length_mismatch, non_canonical (JSON: no lower-case hexadecimal digit)
template <std::size_t N>
struct value_format<std::array<std::byte, N>> {
  static nlohmann::json encode(const std::array<std::byte, N>& value, carrier form) {
    return detail::encode_bytes(value, form);
  }
  static result<void> decode(const nlohmann::json& in, carrier form, const char* path, std::array<std::byte, N>& out) {
    return detail::decode_bytes(in, form, path, out);
  }
};

/// Bytes of any length.
template <>
struct value_format<std::vector<std::byte>> {
  static nlohmann::json encode(const std::vector<std::byte>& value, carrier form) {
    return detail::encode_bytes(value, form);
  }
  static result<void> decode(const nlohmann::json& in, carrier form, const char* path, std::vector<std::byte>& out) {
    return detail::decode_bytes(in, form, path, out);
  }
};

template <class T>
  requires std::same_as<T, digest> || std::same_as<T, seed>
struct value_format<T> {
  static nlohmann::json encode(const T& value, carrier form) { return detail::encode_bytes(value.bytes, form); }
  static result<void> decode(const nlohmann::json& in, carrier form, const char* path, T& out) {
    return detail::decode_bytes(in, form, path, out.bytes);
  }
};

template <class Tag>
struct value_format<typed_digest<Tag>> {
  static nlohmann::json encode(const typed_digest<Tag>& value, carrier form) {
    return detail::encode_bytes(value.value.bytes, form);
  }
  static result<void> decode(const nlohmann::json& in, carrier form, const char* path, typed_digest<Tag>& out) {
    return detail::decode_bytes(in, form, path, out.value.bytes);
  }
};

/// A list. `where` of an error is the index of the first bad item.
template <class T>
  requires(!described<std::vector<T>>)
struct value_format<std::vector<T>> {
  static nlohmann::json encode(const std::vector<T>& list, carrier form) { return detail::encode_list(list, form); }
  static result<void> decode(const nlohmann::json& in, carrier form, const char* path, std::vector<T>& out) {
    const auto* items = in.get_ptr<const nlohmann::json::array_t*>();
    if (items == nullptr) return fail(errc::wrong_type, path);
    out.resize(items->size());
    return detail::decode_items(*items, form, path, out);
  }
};

template <class T, std::size_t N>
  requires(!described<std::array<T, N>>)
struct value_format<std::array<T, N>> {
  static nlohmann::json encode(const std::array<T, N>& list, carrier form) { return detail::encode_list(list, form); }
  static result<void> decode(const nlohmann::json& in, carrier form, const char* path, std::array<T, N>& out) {
    const auto* items = in.get_ptr<const nlohmann::json::array_t*>();
    if (items == nullptr) return fail(errc::wrong_type, path);
    if (items->size() != N) return fail(errc::length_mismatch, path, items->size());
    return detail::decode_items(*items, form, path, out);
  }
};

}  // namespace assay::inline v0::codec

#endif
