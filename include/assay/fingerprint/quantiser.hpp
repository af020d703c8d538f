// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sketches as small integers: only integers are committed, so that no rounding mode or vector width can change a digest.
#ifndef ASSAY_FINGERPRINT_QUANTISER_HPP
#define ASSAY_FINGERPRINT_QUANTISER_HPP

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include <assay/core/bytes.hpp>
#include <assay/core/dtype.hpp>
#include <assay/core/endian.hpp>
#include <assay/core/fp.hpp>
#include <assay/core/result.hpp>

namespace assay::inline v0 {

/// What becomes of integers that no code of the type stands for.
enum class beyond_range : std::uint8_t {
  saturate = 0,  ///< the nearest code
  wrap = 1,      ///< the code of the integer modulo the number of codes: all of a step's precision in few bits, for a
                 ///< reader who knows the coordinate up to half that many steps
};

/// A uniform quantiser with a code for 0.
struct quantiser {
  dtype type = dtype::i16;  ///< i4, i8 or i16: codes lie packed, little-endian
  float step = 1.0f;  ///< what one unit of a code stands for
  beyond_range beyond = beyond_range::saturate;

  friend bool operator==(const quantiser&, const quantiser&) = default;
};

/// Largest step: with it, every code still stands for a finite number.
inline constexpr float largest_step = 0x1p112f;

/// Bits of a code; 0 for types that are no codes.
[[nodiscard]] constexpr unsigned code_bits(dtype type) noexcept {
  return type == dtype::i4 ? 4 : type == dtype::i8 ? 8 : type == dtype::i16 ? 16 : 0;
}
/// The largest code; the least is one less than its negative. @pre code_bits(type) > 0
[[nodiscard]] constexpr std::int32_t largest_code(dtype type) noexcept { return (1 << (code_bits(type) - 1)) - 1; }

/// @errors unsupported (no type of codes, or an unknown rule), out_of_range (step is not in (0, 2^112])
[[nodiscard]] inline result<void> validate(const quantiser& q) {
  if (code_bits(q.type) == 0) return fail(errc::unsupported, "quantiser: codes are i4, i8 or i16");
  if (q.beyond > beyond_range::wrap) return fail(errc::unsupported, "quantiser: unknown rule beyond the range of codes");
  if (!(q.step > 0.0f && q.step <= largest_step))
    return fail(errc::out_of_range, "quantiser: the step is not positive and moderate");
  return {};
}

/// How often coordinates lay beyond the range of codes: what a step that is too small shows in.
struct range_count {
  std::uint64_t codes = 0;   ///< coordinates seen
  std::uint64_t beyond = 0;  ///< of which rounded to an integer that no code stands for

  friend bool operator==(const range_count&, const range_count&) = default;
};

namespace detail {

/// The nearest integer of a number that truncates to `whole` and leaves `rest` in (-1, 1), of its sign. Ties to even.
template <class Integer, class Real>
[[nodiscard, gnu::always_inline]] inline Integer nearest(Integer whole, Real rest) noexcept {
  // Integers, not short-circuits: loops over this vectorise.
  constexpr auto half = static_cast<Real>(0.5);
  const Integer odd = whole & 1;
  const Integer up = Integer{rest > half} | (odd & Integer{rest == half});
  const Integer down = Integer{rest < -half} | (odd & Integer{rest == -half});
  return whole + up - down;
}

/// Nearest integer, ties to even, clamped to [least, most]: truncation and exact remainders, so that the thread's
/// rounding mode does not matter. @pre x is no NaN; |least|, |most| <= 2^15
[[nodiscard]] inline std::int32_t round_saturating(float x, std::int32_t least, std::int32_t most) noexcept {
  const float low = static_cast<float>(least), high = static_cast<float>(most);
  const float bounded = x < low ? low : x;
  const float clamped = bounded > high ? high : bounded;
  const auto whole = static_cast<std::int32_t>(clamped);
  return nearest(whole, clamped - static_cast<float>(whole));  // the difference is exact
}

/// `value` modulo 2^bits, nearest to zero.
[[nodiscard]] constexpr std::int32_t wrap_code(std::int64_t value, unsigned bits) noexcept {
  const auto low = static_cast<std::uint64_t>(value) << (64 - bits);
  return static_cast<std::int32_t>(static_cast<std::int64_t>(low) >> (64 - bits));
}

/// Nearest integer, ties to even, modulo 2^bits. Floats of 2^62 and more are multiples of 2^38.
/// @pre x is no NaN, bits <= 16
[[nodiscard]] inline std::int32_t round_wrapping(float x, unsigned bits) noexcept {
  if (!(x > -0x1p62f && x < 0x1p62f)) return 0;
  const auto whole = static_cast<std::int64_t>(x);
  return wrap_code(nearest(whole, x - static_cast<float>(whole)), bits);
}

[[gnu::always_inline]] inline void store_code(dtype type, std::byte* out, std::size_t i, std::int32_t code) noexcept {
  if (type == dtype::i8) {
    out[i] = static_cast<std::byte>(code);
  } else if (type == dtype::i16) {
    store_le(out + 2 * i, static_cast<std::uint16_t>(code));
  } else if (i % 2 == 0) {
    out[i / 2] = static_cast<std::byte>(code & 15);
  } else {
    out[i / 2] |= static_cast<std::byte>((code & 15) << 4);
  }
}

/// Codes go through a local array: bytes may alias anything, so that without it the compiler works one code at a time.
/// Returns how many coordinates lay beyond the range.
inline std::uint64_t quantise_finite(const quantiser& q, std::span<const float> sketch, mutable_byte_view out) noexcept {
  constexpr std::size_t piece = 16;
  const std::int32_t most = largest_code(q.type);
  const unsigned bits = code_bits(q.type);
  const float step = q.step, above = static_cast<float>(most) + 0.5f, below = -above - 1.0f;
  float in[piece] = {};
  std::int32_t codes[piece];
  std::uint64_t beyond = 0;
  for (std::size_t i = 0; i < sketch.size(); i += piece) {
    const std::size_t n = std::min(piece, sketch.size() - i);
    std::copy_n(sketch.begin() + static_cast<std::ptrdiff_t>(i), n, in);
    std::fill(in + n, in + piece, 0.0f);
    std::int32_t outside = 0;
    for (std::size_t j = 0; j < piece; ++j) {
      in[j] = in[j] / step;
      codes[j] = round_saturating(in[j], -most - 1, most);
      outside += std::int32_t{in[j] >= above} | std::int32_t{in[j] < below};  // a tie below goes to the even, least code
    }
    beyond += static_cast<std::uint64_t>(outside);
    if (q.beyond == beyond_range::wrap && outside != 0)
      for (std::size_t j = 0; j < n; ++j) codes[j] = round_wrapping(in[j], bits);
    for (std::size_t j = 0; j < n; ++j) store_code(q.type, out.data(), i + j, codes[j]);
  }
  return beyond;
}

}  // namespace detail

/// Writes round(x / step) for every x: the float quotient to the nearest integer, ties to even; adds to `seen` how many
/// were beyond the range of codes. Exact.
/// @pre out.size() == packed_size(q.type, sketch.size())
/// @errors those of validate(quantiser), non_finite (where: the coordinate; nothing is written)
[[nodiscard]] inline result<void> quantise(const quantiser& q, std::span<const float> sketch, mutable_byte_view out,
                                           range_count& seen) {
  if (auto valid = validate(q); !valid) return valid;
  ASSAY_EXPECTS(out.size() == packed_size(q.type, sketch.size()));
  std::int32_t largest = 0;
  for (float x : sketch) largest = std::max(largest, std::bit_cast<std::int32_t>(x) & 0x7f800000);
  for (std::size_t i = 0; largest == 0x7f800000 && i < sketch.size(); ++i)
    if (!fp::is_finite(sketch[i])) return fail(errc::non_finite, "quantiser: a coordinate is NaN or infinite", i);
  seen.beyond += detail::quantise_finite(q, sketch, out);
  seen.codes += sketch.size();
  return {};
}

/// The same without the count.
[[nodiscard]] inline result<void> quantise(const quantiser& q, std::span<const float> sketch, mutable_byte_view out) {
  range_count seen;
  return quantise(q, sketch, out, seen);
}

/// Code `i` of a quantised sketch. @pre validate(q), the sketch has more than i codes
[[nodiscard]] inline std::int32_t code_at(const quantiser& q, byte_view codes, std::size_t i) noexcept {
  if (q.type == dtype::i8) return static_cast<std::int8_t>(codes[i]);
  if (q.type == dtype::i16) return static_cast<std::int16_t>(load_le<std::uint16_t>(codes.data() + 2 * i));
  return detail::wrap_code(std::to_integer<std::int64_t>(codes[i / 2]) >> (i % 2 * 4), 4);
}

/// Checks the bytes of `count` codes that come from another party: their length, and zero in the half byte that an odd
/// number of i4 codes leaves. @pre validate(q) @errors length_mismatch, non_canonical
[[nodiscard]] inline result<void> check_codes(const quantiser& q, byte_view codes, std::size_t count) {
  if (codes.size() != packed_size(q.type, count))
    return fail(errc::length_mismatch, "quantiser: not the bytes of so many codes", codes.size());
  if (q.type == dtype::i4 && count % 2 != 0 && std::to_integer<unsigned>(codes.back()) > 15)
    return fail(errc::non_canonical, "quantiser: the spare half byte is not zero", codes.size() - 1);
  return {};
}

/// Writes what the codes stand for: code * step, rounded once. Any codes are valid; every result is finite. Exact.
/// Codes that wrap stand for many numbers: see dequantise_near.
/// @pre validate(q), q saturates, codes.size() == packed_size(q.type, sketch.size())
inline void dequantise(const quantiser& q, byte_view codes, std::span<float> sketch) {
  ASSAY_EXPECTS(validate(q) && q.beyond == beyond_range::saturate);
  ASSAY_EXPECTS(codes.size() == packed_size(q.type, sketch.size()));
  for (std::size_t i = 0; i < sketch.size(); ++i) sketch[i] = fp::mul(static_cast<float>(code_at(q, codes, i)), q.step);
}

/// Writes what the codes stand for, and of codes that wrap the number nearest to the reference's coordinate: what its
/// author meant if the two are less than half the range of codes apart. Exact; every result is finite.
/// @pre validate(q), codes.size() == packed_size(q.type, sketch.size()), reference.size() == sketch.size(), all finite
inline void dequantise_near(const quantiser& q, byte_view codes, std::span<const float> reference,
                            std::span<float> sketch) {
  if (q.beyond == beyond_range::saturate) return dequantise(q, codes, sketch);
  ASSAY_EXPECTS(validate(q) && codes.size() == packed_size(q.type, sketch.size()) && reference.size() == sketch.size());
  const double range = static_cast<double>(1u << code_bits(q.type)), step = static_cast<double>(q.step);
  constexpr double largest = 0x1.fffffep127;
  for (std::size_t i = 0; i < sketch.size(); ++i) {
    const auto code = static_cast<double>(code_at(q, codes, i));
    const double turns = fp::div(fp::sub(fp::div(static_cast<double>(reference[i]), step), code), range);
    const double value = fp::mul(fp::add(code, fp::mul(__builtin_floor(fp::add(turns, 0.5)), range)), step);
    sketch[i] = static_cast<float>(std::clamp(value, -largest, largest));
  }
}

}  // namespace assay::inline v0

#endif
