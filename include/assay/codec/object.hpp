// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Objects as JSON and CBOR: one description of a type's fields serves the writer and the strict reader.
#ifndef ASSAY_CODEC_OBJECT_HPP
#define ASSAY_CODEC_OBJECT_HPP

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <assay/codec/cbor.hpp>
#include <assay/codec/document.hpp>
#include <assay/codec/value.hpp>

namespace assay::inline v0::codec {

/// Version of the fields of every kind of object; a reader takes no other.
inline constexpr std::uint32_t format_version = 0;

/// A described object that can travel alone.
template <class T>
concept document_type = described<T> && requires(const T& object) {
  { record<T>::check(object) } -> std::same_as<result<void>>;
  { document_limits{record<T>::limits} };
};

namespace detail {

[[nodiscard]] constexpr std::string_view key_of(std::string_view path) noexcept {
  return path.substr(path.rfind('.') + 1);
}

/// Visitor that writes members into an object.
class object_writer {
 public:
  explicit object_writer(carrier form) : form_(form) {}

  template <class T>
  void operator()(const char* path, const T& member) {
    object_.emplace(key_of(path), value_format<T>::encode(member, form_));
  }

  /// A member that is null unless `present`.
  template <class T>
  void optional(const char* path, bool present, const T& member) {
    if (present) (*this)(path, member);
    else object_.emplace(key_of(path), nullptr);
  }

  /// One member of every item of a list, as a list of its own.
  template <class Item, class T>
  void column(const char* path, const std::vector<Item>& items, T Item::*member, std::size_t&) {
    auto values = nlohmann::json::array();
    for (const Item& each : items) values.push_back(value_format<T>::encode(each.*member, form_));
    object_.emplace(key_of(path), std::move(values));
  }

  [[nodiscard]] nlohmann::json take() { return nlohmann::json(std::move(object_)); }

 private:
  carrier form_;
  nlohmann::json::object_t object_;
};

/// Visitor that reads members out of an object, until the first error.
class object_reader {
 public:
  object_reader(const nlohmann::json::object_t& object, carrier form) : object_(&object), form_(form) {}

  template <class T>
  void operator()(const char* path, T& member) {
    if (const nlohmann::json* value = find(path)) keep(value_format<T>::decode(*value, form_, path, member));
  }

  template <class T>
  void optional(const char* path, bool& present, T& member) {
    const nlohmann::json* value = find(path);
    if (value == nullptr) return;
    present = !value->is_null();
    if (present) keep(value_format<T>::decode(*value, form_, path, member));
  }

  /// `columns` counts the columns read before; the first one sets the number of items.
  template <class Item, class T>
  void column(const char* path, std::vector<Item>& items, T Item::*member, std::size_t& columns) {
    const nlohmann::json* value = find(path);
    if (value == nullptr) return;
    const auto* values = value->get_ptr<const nlohmann::json::array_t*>();
    if (values == nullptr) return keep(fail(errc::wrong_type, path));
    if (columns++ == 0) items.resize(values->size());
    if (values->size() != items.size()) return keep(fail(errc::length_mismatch, path, values->size()));
    for (std::size_t i = 0; i < items.size(); ++i)
      if (auto read = value_format<T>::decode((*values)[i], form_, path, items[i].*member); !read)
        return keep(fail(read.error().code, path, i));
  }

  /// The members that every document has: what it is, and in which version. Read first.
  void envelope(const char* name) {
    const nlohmann::json* kind = find("document.assay");
    if (kind == nullptr) return;
    const auto* text = kind->get_ptr<const std::string*>();
    if (text == nullptr) return keep(fail(errc::wrong_type, "document.assay"));
    if (*text != name) return keep(fail(errc::bad_magic, "document.assay"));
    std::uint32_t version = 0;
    (*this)("document.version", version);
    if (outcome_ && version != format_version) keep(fail(errc::unsupported_version, "document.version", version));
  }

  /// The first error; unknown_field if the object has a member that was not asked for. `where` is its index in
  /// alphabetical order.
  [[nodiscard]] result<void> finish(const char* name) const {
    if (!outcome_ || object_->size() == count_) return outcome_;
    std::uint64_t index = 0;
    for (const auto& member : *object_) {
      bool known = false;
      for (std::size_t i = 0; i < count_; ++i) known = known || member.first == asked_[i];
      if (!known) break;
      ++index;
    }
    return fail(errc::unknown_field, name, index);
  }

 private:
  [[nodiscard]] const nlohmann::json* find(const char* path) {
    if (!outcome_) return nullptr;
    ASSAY_EXPECTS(count_ < asked_.size());
    const std::string_view key = key_of(path);
    const auto found = object_->find(key);
    if (found == object_->end()) {
      outcome_ = fail(errc::missing_field, path);
      return nullptr;
    }
    asked_[count_++] = key;
    return &found->second;
  }

  void keep(result<void> outcome) {
    if (!outcome) outcome_ = outcome;
  }

  const nlohmann::json::object_t* object_;
  carrier form_;
  result<void> outcome_;
  std::array<std::string_view, 16> asked_{};
  std::size_t count_ = 0;
};

}  // namespace detail

/// An object inside an object.
template <described T>
struct value_format<T> {
  static nlohmann::json encode(const T& object, carrier form) {
    detail::object_writer writer{form};
    record<T>::fields(writer, object);
    return writer.take();
  }
  static result<void> decode(const nlohmann::json& in, carrier form, const char* path, T& out) {
    const auto* object = in.get_ptr<const nlohmann::json::object_t*>();
    if (object == nullptr) return fail(errc::wrong_type, path);
    detail::object_reader reader{*object, form};
    record<T>::fields(reader, out);
    return reader.finish(record<T>::name);
  }
};

/// The object as a document tree. Total: whatever the object holds; but only one that passes `record<T>::check` is read
/// back.
template <document_type T>
[[nodiscard]] nlohmann::json to_json(const T& object, carrier form = carrier::json) {
  nlohmann::json tree = value_format<T>::encode(object, form);
  auto& members = tree.get_ref<nlohmann::json::object_t&>();
  members.emplace("assay", record<T>::name);
  members.emplace("version", format_version);
  return tree;
}

/// Reads an object out of a document tree, strictly: exactly the type's members, each of its type and in its range.
/// The error's message names the member ("receipt.run"); `where` is the index of the item in its list, of the character
/// in hexadecimal text, of an unknown member in alphabetical order, or 0. Determinism: exact.
/// @errors bad_magic (another kind), unsupported_version, missing_field, unknown_field, wrong_type, out_of_range,
///         length_mismatch, non_canonical, non_finite, unsupported, and those of `record<T>::check`
template <document_type T>
[[nodiscard]] result<T> from_json(const nlohmann::json& tree, carrier form = carrier::json) {
  const auto* members = tree.get_ptr<const nlohmann::json::object_t*>();
  if (members == nullptr) return fail(errc::wrong_type, "document: not an object");
  T object;
  detail::object_reader reader{*members, form};
  reader.envelope(record<T>::name);
  record<T>::fields(reader, object);
  if (auto read = reader.finish(record<T>::name); !read) return read.error();
  if (auto valid = record<T>::check(object); !valid) return valid.error();
  return object;
}

/// JSON text; `indent` < 0: on one line.
template <document_type T>
[[nodiscard]] std::string to_json_text(const T& object, int indent = -1) {
  return to_json(object).dump(indent);
}

/// Reads JSON text that anybody may have written. Memory is bounded by `limits`.
/// @errors too_large, malformed, duplicate, trailing_bytes, and those of from_json
template <document_type T>
[[nodiscard]] result<T> parse_json_text(std::string_view text, const document_limits& limits = record<T>::limits) {
  const auto tree = detail::read_json(text, limits);
  if (!tree) return tree.error();
  return from_json<T>(*tree, carrier::json);
}

/// CBOR: the same members, bytes as byte strings, keys sorted, shortest integers.
template <document_type T>
[[nodiscard]] std::vector<std::byte> to_cbor(const T& object) {
  const std::vector<std::uint8_t> octets = nlohmann::json::to_cbor(to_json(object, carrier::cbor));
  std::vector<std::byte> bytes(octets.size());
  std::memcpy(bytes.data(), octets.data(), octets.size());
  return bytes;
}

/// Reads CBOR that anybody may have written. Memory is bounded by `limits`.
/// The carriers need not be canonical: a digest is computed over the typed fields by a transcript, so two spellings of
/// one object have one digest, and no digest is ever taken of JSON or CBOR bytes.
/// @errors too_large, truncated, malformed, unsupported (tags, indefinite lengths), duplicate, trailing_bytes, and
///         those of from_json
template <document_type T>
[[nodiscard]] result<T> parse_cbor(byte_view bytes, const document_limits& limits = record<T>::limits) {
  const auto tree = detail::read_cbor(bytes, limits);
  if (!tree) return tree.error();
  return from_json<T>(*tree, carrier::cbor);
}

}  // namespace assay::inline v0::codec

#endif
