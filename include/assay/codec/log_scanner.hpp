// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Strict JSON out of a log's window into events, without a copy of what nobody asks for: most of an audit is reading.
#ifndef ASSAY_CODEC_LOG_SCANNER_HPP
#define ASSAY_CODEC_LOG_SCANNER_HPP

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <assay/codec/log_source.hpp>

namespace assay::inline v0::codec::detail {

/// What ends a run of characters that a text may hold as they are.
enum class text_byte : std::uint8_t { plain, quote, escape, beyond_ascii, control };

inline constexpr std::array<text_byte, 256> text_bytes = [] {
  std::array<text_byte, 256> table{};
  for (std::size_t c = 0; c < 256; ++c)
    table[c] = c < 0x20 ? text_byte::control : c >= 0x80 ? text_byte::beyond_ascii : text_byte::plain;
  table['"'] = text_byte::quote;
  table['\\'] = text_byte::escape;
  return table;
}();

/// What the characters of a number say.
enum class number_kind : std::uint8_t { malformed, integer, real };

/// Checks them against JSON's grammar.
[[nodiscard]] inline number_kind kind_of_number(std::string_view text) noexcept {
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t from = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at - from;
  };
  if (at < text.size() && text[at] == '-') ++at;
  const std::size_t first = at, whole = digits();
  if (whole == 0 || (whole > 1 && text[first] == '0')) return number_kind::malformed;
  if (at == text.size()) return number_kind::integer;
  if (text[at] == '.') {
    ++at;
    if (digits() == 0) return number_kind::malformed;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return number_kind::malformed;
  }
  return at == text.size() ? number_kind::real : number_kind::malformed;
}

/// The nearest double; infinite if the number lies beyond them. @pre the text is a number of JSON
[[nodiscard]] inline double real_of(std::string_view text) {
#if defined(__cpp_lib_to_chars)
  double value = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc{}) return value;
#endif
  return std::strtod(std::string(text).c_str(), nullptr);  // tells numbers too large from those that are almost zero
}

/// Pulls one JSON value at a time. The handler takes the events of nlohmann::json's SAX interface, of which texts and
/// keys only if `wants_text()` and `wants_key()`; `malformed()` and `number_too_large()` end it.
/// No recursion: the handler bounds the depth. Texts must be UTF-8, and surrogates come in pairs.
template <class Handler>
class log_scanner {
 public:
  log_scanner(log_source& source, Handler& handler) : source_(source), handler_(handler) {}

  /// Skips a byte order mark, which some tools put before a file. @return false if it is none, but begins like one
  [[nodiscard]] bool skip_byte_order_mark() {
    if (peek() != 0xef) return true;
    return (next() == 0xef && next() == 0xbb && next() == 0xbf) || bad();
  }
  /// Reads one value, up to its last character. @return false if it stopped before: the handler knows why
  [[nodiscard]] bool read_value() {
    open_.clear();
    if (!value()) return false;
    while (!open_.empty())
      if (!go_on()) return false;
    return true;
  }

 private:
  static constexpr int at_end = -1;

  // --- Characters ------------------------------------------------------------------------------------------------------
  [[nodiscard]] int peek() {
    if (source_.ended()) return at_end;
    return static_cast<unsigned char>(source_.current());
  }
  int next() {
    const int c = peek();
    if (c != at_end) source_.advance();
    return c;
  }
  /// The next character that is no white space, not taken.
  int peek_token() {
    for (;;) {
      const int c = peek();
      if (c != ' ' && c != '\n' && c != '\r' && c != '\t') return c;
      source_.advance();
    }
  }
  bool bad() { return handler_.malformed(); }

  // --- Structure -------------------------------------------------------------------------------------------------------
  /// After a value inside an object or list.
  bool go_on() {
    const bool object = open_.back();
    const int c = peek_token();
    if (c == at_end) return bad();
    source_.advance();
    if (c == ',') return (!object || member_name()) && value();
    if (c != (object ? '}' : ']')) return bad();
    return close();
  }
  bool close() {
    const bool object = open_.back();
    open_.pop_back();
    return object ? handler_.end_object() : handler_.end_array();
  }
  /// A member up to its value.
  bool member_name() {
    if (peek_token() != '"') return bad();
    source_.advance();
    const bool wanted = handler_.wants_key();
    if (!(wanted ? text<true>() : text<false>()) || !handler_.key(text_)) return false;
    if (peek_token() != ':') return bad();
    source_.advance();
    return true;
  }
  /// A scalar, or an object or list up to the end of its first scalar: a loop, so that depth costs no stack.
  bool value() {
    for (;;) {
      const int c = peek_token();
      if (c != '{' && c != '[') return scalar(c);
      const bool object = c == '{';
      source_.advance();
      if (!(object ? handler_.start_object(~std::size_t{0}) : handler_.start_array(~std::size_t{0}))) return false;
      open_.push_back(object);
      if (peek_token() == (object ? '}' : ']')) {
        source_.advance();
        return close();
      }
      if (object && !member_name()) return false;
    }
  }
  bool scalar(int first) {
    switch (first) {
      case '"': {
        source_.advance();
        const bool wanted = handler_.wants_text();
        return (wanted ? text<true>() : text<false>()) && handler_.string(text_);
      }
      case 't': return literal("true") && handler_.boolean(true);
      case 'f': return literal("false") && handler_.boolean(false);
      case 'n': return literal("null") && handler_.null();
      default: return first == '-' || (first >= '0' && first <= '9') ? number() : bad();
    }
  }
  bool literal(std::string_view word) {
    for (const char each : word)
      if (next() != static_cast<unsigned char>(each)) return bad();
    return true;
  }

  // --- Numbers ---------------------------------------------------------------------------------------------------------
  bool number() {
    const auto is_part = [](char c) { return (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+' || c == 'e' || c == 'E'; };
    std::string_view window = source_.window();
    std::size_t n = 0;
    while (n < window.size() && is_part(window[n])) ++n;
    if (n < window.size()) {
      source_.advance(n);
      return number(window.substr(0, n));
    }
    text_.clear();  // it goes on in the next window
    do {
      text_.append(window.substr(0, n));
      source_.advance(n);
      if (source_.ended()) break;
      window = source_.window();
      for (n = 0; n < window.size() && is_part(window[n]);) ++n;
    } while (n != 0);
    return source_.problem() ? number(text_) : bad();
  }
  bool number(std::string_view text) {
    const number_kind kind = kind_of_number(text);
    if (kind == number_kind::malformed) return bad();
    if (kind == number_kind::integer) {
      std::uint64_t natural = 0;
      std::int64_t negative = 0;
      const char *first = text.data(), *last = first + text.size();
      if (*first != '-' && std::from_chars(first, last, natural).ec == std::errc{}) return handler_.number_unsigned(natural);
      if (*first == '-' && std::from_chars(first, last, negative).ec == std::errc{}) return handler_.number_integer(negative);
    }
    const double value = real_of(text);
    return std::isfinite(value) ? handler_.number_float(value, text_) : handler_.number_too_large();
  }

  // --- Texts -----------------------------------------------------------------------------------------------------------
  /// What follows the opening quote, into `text_` if it is to be kept.
  template <bool keep>
  bool text() {
    text_.clear();
    for (;;) {
      if (source_.ended()) return bad();
      const std::string_view window = source_.window();
      std::size_t n = 0;
      while (n < window.size() && text_bytes[static_cast<unsigned char>(window[n])] == text_byte::plain) ++n;
      if constexpr (keep) text_.append(window.data(), n);
      source_.advance(n);
      if (n == window.size()) continue;
      switch (text_bytes[static_cast<unsigned char>(window[n])]) {
        case text_byte::quote: source_.advance(); return true;
        case text_byte::escape:
          if (!escape<keep>()) return bad();
          break;
        case text_byte::beyond_ascii:
          if (!beyond_ascii<keep>()) return bad();
          break;
        case text_byte::control:
        case text_byte::plain: return bad();
      }
    }
  }
  template <bool keep>
  void put(std::uint32_t byte) {
    if constexpr (keep) text_.push_back(static_cast<char>(static_cast<unsigned char>(byte)));
  }
  /// One character of two to four bytes: the shortest form, no surrogates, at most U+10FFFF.
  template <bool keep>
  bool beyond_ascii() {
    const int lead = next();
    const int follow = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    if (lead < 0xc2 || lead > 0xf4) return false;
    put<keep>(static_cast<std::uint32_t>(lead));
    for (int i = 0; i < follow; ++i) {
      const int c = next();
      int low = 0x80, high = 0xbf;
      if (i == 0 && lead == 0xe0) low = 0xa0;
      if (i == 0 && lead == 0xed) high = 0x9f;
      if (i == 0 && lead == 0xf0) low = 0x90;
      if (i == 0 && lead == 0xf4) high = 0x8f;
      if (c < low || c > high) return false;
      put<keep>(static_cast<std::uint32_t>(c));
    }
    return true;
  }
  template <bool keep>
  bool escape() {
    source_.advance();
    switch (next()) {
      case '"': put<keep>('"'); return true;
      case '\\': put<keep>('\\'); return true;
      case '/': put<keep>('/'); return true;
      case 'b': put<keep>('\b'); return true;
      case 'f': put<keep>('\f'); return true;
      case 'n': put<keep>('\n'); return true;
      case 'r': put<keep>('\r'); return true;
      case 't': put<keep>('\t'); return true;
      case 'u': return code_point<keep>();
      default: return false;
    }
  }
  /// Four hexadecimal digits. @return 0x10000 if they are not
  std::uint32_t code_unit() {
    std::uint32_t unit = 0;
    for (int i = 0; i < 4; ++i) {
      const int c = next();
      const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
      if (digit < 0) return 0x10000;
      unit = unit << 4 | static_cast<std::uint32_t>(digit);
    }
    return unit;
  }
  template <bool keep>
  bool code_point() {
    std::uint32_t point = code_unit();
    if (point > 0xffff || (point >= 0xdc00 && point <= 0xdfff)) return false;
    if (point >= 0xd800 && point <= 0xdbff) {
      if (next() != '\\' || next() != 'u') return false;
      const std::uint32_t low = code_unit();
      if (low < 0xdc00 || low > 0xdfff) return false;
      point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
    }
    if (point < 0x80) return put<keep>(point), true;
    const int follow = point >= 0x10000 ? 3 : point >= 0x800 ? 2 : 1;
    constexpr std::uint32_t leads[] = {0, 0xc0, 0xe0, 0xf0};
    put<keep>(leads[follow] | point >> (6 * follow));
    for (int i = follow; i-- > 0;) put<keep>(0x80 | (point >> (6 * i) & 0x3f));
    return true;
  }

  log_source& source_;
  Handler& handler_;
  std::vector<bool> open_;  ///< true: an object
  std::string text_;
};

}  // namespace assay::inline v0::codec::detail

#endif
