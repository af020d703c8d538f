// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Untrusted CBOR (RFC 8949) into a document tree: no recursion, no length believed, no tags, no indefinite lengths.
#ifndef ASSAY_CODEC_CBOR_HPP
#define ASSAY_CODEC_CBOR_HPP

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include <assay/codec/document.hpp>
#include <assay/core/float_formats.hpp>

namespace assay::inline v0::codec::detail {

/// Reads one CBOR item by hand: nlohmann's reader recurses without bound on nested indefinite-length strings, and turns
/// negative integers below -2^63 into positive ones.
/// Taken: definite lengths, integers, byte and text strings, arrays, maps with text keys, booleans, null, floats of 16,
/// 32 and 64 bits. Heads need not be the shortest, since no digest depends on them. Text is not checked for UTF-8: it
/// is compared with known names and never passed on.
class cbor_reader {
 public:
  cbor_reader(byte_view input, const document_limits& limits) : input_(input), builder_(limits) {}

  /// @errors too_large, truncated, trailing_bytes, malformed, duplicate, unsupported, out_of_range, non_finite,
  ///         wrong_type
  [[nodiscard]] result<nlohmann::json> read() {
    do {
      item_ = offset_;
      if (depth_ != 0 && open_[depth_ - 1].is_map && !read_key()) return problem_;
      item_ = offset_;
      if (!read_value()) return problem_;
      close_finished();
    } while (depth_ != 0);
    if (offset_ != input_.size()) return fail(errc::trailing_bytes, "document: something follows its end", offset_);
    return std::move(builder_.root);
  }

 private:
  enum class major : std::uint8_t { unsigned_integer, negative_integer, bytes, text, array, map, tag, simple };

  struct head {
    major type{};
    std::uint8_t info = 0;
    std::uint64_t argument = 0;
  };

  struct container {
    std::uint64_t left = 0;  // values not read yet
    bool is_map = false;
  };

  bool refuse(errc code, const char* message) {
    problem_ = fail(code, message, item_);
    return false;
  }

  // Passes on the builder's refusal, with the offset of the item that caused it.
  bool built(bool ok) { return ok || refuse(builder_.problem.code, builder_.problem.message); }

  [[nodiscard]] std::size_t remaining() const noexcept { return input_.size() - offset_; }

  bool read_head(head& h) {
    if (remaining() == 0) return refuse(errc::truncated, "document: it ends inside an item");
    const auto first = std::to_integer<std::uint8_t>(input_[offset_]);
    h.type = static_cast<major>(first >> 5);
    h.info = first & 31;
    if (h.info == 31) return refuse(errc::unsupported, "document: an indefinite length");
    if (h.info > 27) return refuse(errc::malformed, "document: a reserved CBOR head");
    const std::size_t following = h.info < 24 ? 0 : std::size_t{1} << (h.info - 24);
    if (remaining() - 1 < following) return refuse(errc::truncated, "document: it ends inside an item");
    h.argument = following == 0 ? h.info : 0;
    for (std::size_t i = 0; i < following; ++i)
      h.argument = h.argument << 8 | std::to_integer<std::uint64_t>(input_[offset_ + 1 + i]);
    offset_ += 1 + following;
    return true;
  }

  // The payload of a string, as a view; its stated length is compared with what is there before anything else.
  bool read_payload(std::uint64_t length, byte_view& payload) {
    if (length > remaining()) return refuse(errc::truncated, "document: a string is longer than the input");
    payload = input_.subspan(offset_, static_cast<std::size_t>(length));
    offset_ += payload.size();
    return true;
  }

  bool read_text(std::uint64_t length, std::string& text) {
    byte_view payload;
    if (!read_payload(length, payload)) return false;
    text.assign(reinterpret_cast<const char*>(payload.data()), payload.size());
    return true;
  }

  bool read_key() {
    head h;
    std::string name;
    if (!read_head(h)) return false;
    if (h.type != major::text) return refuse(errc::wrong_type, "document: a key that is no text");
    return read_text(h.argument, name) && built(builder_.key(name));
  }

  bool read_value() {
    head h;
    if (!read_head(h)) return false;
    switch (h.type) {
      case major::unsigned_integer: return built(builder_.number_unsigned(h.argument));
      case major::negative_integer: return read_negative(h.argument);
      case major::bytes: return read_bytes(h.argument);
      case major::text: {
        std::string text;
        return read_text(h.argument, text) && built(builder_.string(text));
      }
      case major::array: return open(h.argument, false);
      case major::map: return open(h.argument, true);
      case major::tag: return refuse(errc::unsupported, "document: a CBOR tag");
      case major::simple: return read_simple(h);
    }
    return refuse(errc::malformed, "document: not well-formed");
  }

  bool read_negative(std::uint64_t argument) {
    if (argument >> 63 != 0) return refuse(errc::out_of_range, "document: an integer below -2^63");
    return built(builder_.number_integer(-1 - static_cast<std::int64_t>(argument)));
  }

  bool read_bytes(std::uint64_t length) {
    byte_view payload;
    if (!read_payload(length, payload)) return false;
    nlohmann::json::binary_t bytes;
    bytes.resize(payload.size());
    if (!payload.empty()) std::memcpy(bytes.data(), payload.data(), payload.size());
    return built(builder_.binary(bytes));
  }

  bool read_simple(const head& h) {
    switch (h.info) {
      case 20: return built(builder_.boolean(false));
      case 21: return built(builder_.boolean(true));
      case 22: return built(builder_.null());
      case 25: return read_float(static_cast<double>(f16_to_float(static_cast<std::uint16_t>(h.argument))));
      case 26: return read_float(static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(h.argument))));
      case 27: return read_float(std::bit_cast<double>(h.argument));
      default: return refuse(errc::unsupported, "document: a CBOR simple value without meaning here");
    }
  }

  bool read_float(double value) { return built(builder_.number_float(value)); }

  bool open(std::uint64_t count, bool is_map) {
    if (count > remaining() / (is_map ? 2 : 1))
      return refuse(errc::truncated, "document: more items are stated than fit");
    if (!built(is_map ? builder_.start_object(0) : builder_.start_array(0))) return false;
    open_[depth_++] = {count + 1, is_map};  // one more: `close_finished` takes this value's own opening off
    return true;
  }

  // Takes the value just read, or just opened, off its container's count; ends what is complete.
  void close_finished() {
    while (depth_ != 0 && --open_[depth_ - 1].left == 0) {
      const bool was_map = open_[--depth_].is_map;
      static_cast<void>(was_map ? builder_.end_object() : builder_.end_array());
    }
  }

  byte_view input_;
  document_builder builder_;
  std::array<container, document_limits::deepest> open_{};
  std::size_t depth_ = 0;
  std::size_t offset_ = 0;
  std::size_t item_ = 0;  // where the present item starts
  error problem_;
};

/// Reads exactly one CBOR item. `where` of an error is the offset at which the offending item starts.
[[nodiscard]] inline result<nlohmann::json> read_cbor(byte_view bytes, const document_limits& limits) {
  if (bytes.size() > limits.bytes) return fail(errc::too_large, "document: too many bytes", bytes.size());
  return cbor_reader{bytes, limits}.read();
}

}  // namespace assay::inline v0::codec::detail

#endif
