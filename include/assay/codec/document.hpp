// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Untrusted JSON text into a document tree: depth and size are bounded while it is read, keys are unique.
#ifndef ASSAY_CODEC_DOCUMENT_HPP
#define ASSAY_CODEC_DOCUMENT_HPP

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <assay/core/bytes.hpp>
#include <assay/core/result.hpp>

#include <nlohmann/json.hpp>

namespace assay::inline v0::codec {

/// Bounds on a document, applied before anything is allocated for what exceeds them. Every kind of object has its own
/// defaults. The tree takes at most about 150 bytes per item, and the strings' own length.
struct document_limits {
  std::size_t bytes = std::size_t{1} << 20;  ///< of the whole text or CBOR item
  std::size_t items = std::size_t{1} << 16;  ///< values: numbers, strings, objects, arrays
  std::size_t depth = 16;  ///< of nested objects and arrays; more than `deepest` counts as `deepest`

  static constexpr std::size_t deepest = 16;
};

namespace detail {

/// Builds a document from a parser's events, in the shape that nlohmann::json::sax_parse calls. False stops the parser,
/// and `problem` says why. Needs no recursion; a stated length is never believed.
class document_builder {
 public:
  explicit document_builder(const document_limits& limits) : limits_(limits) {}

  nlohmann::json root;
  error problem = fail(errc::malformed, "document: not well-formed");

  /// True once the outermost value is complete.
  [[nodiscard]] bool complete() const noexcept { return items_ != 0 && depth_ == 0; }
  [[nodiscard]] std::size_t items() const noexcept { return items_; }

  bool null() { return add(nullptr) != nullptr; }
  bool boolean(bool value) { return add(value) != nullptr; }
  bool number_unsigned(std::uint64_t value) { return add(value) != nullptr; }
  bool number_integer(std::int64_t value) {
    if (value >= 0) return refuse(errc::non_canonical, "document: -0 as an integer");
    return add(value) != nullptr;
  }
  bool number_float(double value, const std::string& = {}) {
    if (!std::isfinite(value)) return refuse(errc::non_finite, "document: a number that is not finite");
    return add(value) != nullptr;
  }
  bool string(std::string& value) { return add(std::move(value)) != nullptr; }
  bool binary(nlohmann::json::binary_t& value) { return add(std::move(value)) != nullptr; }
  bool start_object(std::size_t) { return open(nlohmann::json::value_t::object); }
  bool start_array(std::size_t) { return open(nlohmann::json::value_t::array); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool key(std::string& name) {
    const auto [place, is_new] =
        open_[depth_ - 1]->get_ref<nlohmann::json::object_t&>().emplace(std::move(name), nullptr);
    if (!is_new) return refuse(errc::duplicate, "document: a key occurs twice in one object");
    member_ = &place->second;
    return true;
  }

  template <class Exception>
  bool parse_error(std::size_t offset, const std::string&, const Exception& what) {
    constexpr int number_too_large = 406;  // nlohmann's stable number of this exception
    if (complete()) problem = fail(errc::trailing_bytes, "document: something follows its end", offset);
    else if (what.id == number_too_large)
      problem = fail(errc::out_of_range, "document: a number beyond 64-bit floats", offset);
    else problem = fail(errc::malformed, "document: not well-formed", offset);
    return false;
  }

 private:
  bool refuse(errc code, const char* message) {
    problem = fail(code, message, items_);
    return false;
  }

  // The place of the next value: the root, a member whose key was read, or the end of an array.
  template <class Value>
  nlohmann::json* add(Value&& value) {
    if (items_ == limits_.items) {
      refuse(errc::too_large, "document: too many items");
      return nullptr;
    }
    ++items_;
    nlohmann::json* place = depth_ == 0 ? &root : std::exchange(member_, nullptr);
    if (place != nullptr) {
      *place = nlohmann::json(std::forward<Value>(value));
      return place;
    }
    auto& array = open_[depth_ - 1]->get_ref<nlohmann::json::array_t&>();
    return &array.emplace_back(std::forward<Value>(value));
  }

  bool open(nlohmann::json::value_t type) {
    if (depth_ == open_.size() || depth_ >= limits_.depth)
      return refuse(errc::too_large, "document: nested too deeply");
    nlohmann::json* const place = add(type);
    if (place == nullptr) return false;
    open_[depth_++] = place;  // stays valid: while it is open, nothing is added beside it
    return true;
  }

  bool close() {
    --depth_;
    return true;
  }

  document_limits limits_;
  std::array<nlohmann::json*, document_limits::deepest> open_{};
  std::size_t depth_ = 0;
  std::size_t items_ = 0;
  nlohmann::json* member_ = nullptr;
};

/// Reads JSON text. `where` of an error is a byte offset, or for too_large, duplicate and non_canonical the number of
/// values read before. @errors too_large, malformed, duplicate, non_canonical, out_of_range, trailing_bytes
[[nodiscard]] inline result<nlohmann::json> read_json(std::string_view text, const document_limits& limits) {
  if (text.size() > limits.bytes) return fail(errc::too_large, "document: too many bytes", text.size());
  // The parser would take a zero byte for the end of the text, and skip a byte order mark; neither is JSON.
  if (const auto zero = text.find('\0'); zero != text.npos) return fail(errc::malformed, "document: a zero byte", zero);
  if (text.starts_with("\xef\xbb\xbf")) return fail(errc::malformed, "document: a byte order mark");
  document_builder builder{limits};
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) return builder.problem;
  return std::move(builder.root);
}

}  // namespace detail
}  // namespace assay::inline v0::codec

#endif
