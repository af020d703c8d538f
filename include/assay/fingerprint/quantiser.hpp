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

/// A uniform quantiser with a code for 0.
struct quantiser {
  dtype type = dtype::i16;  ///< i8 or i16, little-endian
  float step = 1.0f;  ///< what one unit of a code stands for

  friend bool operator==(const quantiser&, const quantiser&) = default;
};

/// Largest step: with it, every code still stands for a finite number.
inline constexpr float largest_step = 0x1p112f;

/// @errors unsupported (the type is neither i8 nor i16), out_of_range (step is not in (0, 2^112])
[[nodiscard]] inline result<void> validate(const quantiser& q) {
  if (q.type != dtype::i8 && q.type != dtype::i16) return fail(errc::unsupported, "quantiser: codes are i8 or i16");
  if (!(q.step > 0.0f && q.step <= largest_step))
    return fail(errc::out_of_range, "quantiser: the step is not positive and moderate");
  return {};
}

namespace detail {

/// Nearest integer, ties to even, clamped to [least, most]: truncation and exact remainders, so that the thread's
/// rounding mode does not matter. @pre x is no NaN; |least|, |most| <= 2^15
[[nodiscard]] inline std::int32_t round_saturating(float x, std::int32_t least, std::int32_t most) noexcept {
  const float low = static_cast<float>(least), high = static_cast<float>(most);
  const float bounded = x < low ? low : x;
  const float clamped = bounded > high ? high : bounded;
  const auto whole = static_cast<std::int32_t>(clamped);
  const float rest = clamped - static_cast<float>(whole);  // exact, in (-1, 1), of clamped's sign
  // Integers, not short-circuits: loops over this vectorise.
  const std::int32_t odd = whole & 1;
  const std::int32_t up = std::int32_t{rest > 0.5f} | (odd & std::int32_t{rest == 0.5f});
  const std::int32_t down = std::int32_t{rest < -0.5f} | (odd & std::int32_t{rest == -0.5f});
  return whole + up - down;
}

/// Codes go through a local array: bytes may alias anything, so that without it the compiler works one code at a time.
inline void quantise_finite(const quantiser& q, std::span<const float> sketch, mutable_byte_view out) noexcept {
  constexpr std::size_t piece = 16;
  const std::int32_t most = q.type == dtype::i8 ? 127 : 32767;
  const float step = q.step;
  float in[piece] = {};
  std::int32_t codes[piece];
  for (std::size_t i = 0; i < sketch.size(); i += piece) {
    const std::size_t n = std::min(piece, sketch.size() - i);
    std::copy_n(sketch.begin() + static_cast<std::ptrdiff_t>(i), n, in);
    for (std::size_t j = 0; j < piece; ++j) codes[j] = round_saturating(in[j] / step, -most - 1, most);
    for (std::size_t j = 0; j < n; ++j) {
      if (q.type == dtype::i8) out[i + j] = static_cast<std::byte>(codes[j]);
      else store_le(out.data() + 2 * (i + j), static_cast<std::uint16_t>(codes[j]));
    }
  }
}

}  // namespace detail

/// Writes round(x / step) for every x: the float quotient to the nearest integer, ties to even, saturating. Exact.
/// @pre out.size() == size_of(q.type) * sketch.size()
/// @errors those of validate(quantiser), non_finite (where: the coordinate; nothing is written)
[[nodiscard]] inline result<void> quantise(const quantiser& q, std::span<const float> sketch, mutable_byte_view out) {
  if (auto valid = validate(q); !valid) return valid;
  ASSAY_EXPECTS(out.size() == size_of(q.type) * sketch.size());
  std::int32_t largest = 0;
  for (float x : sketch) largest = std::max(largest, std::bit_cast<std::int32_t>(x) & 0x7f800000);
  for (std::size_t i = 0; largest == 0x7f800000 && i < sketch.size(); ++i)
    if (!fp::is_finite(sketch[i])) return fail(errc::non_finite, "quantiser: a coordinate is NaN or infinite", i);
  detail::quantise_finite(q, sketch, out);
  return {};
}

/// Code `i` of a quantised sketch. @pre validate(q), the sketch has more than i codes
[[nodiscard]] inline std::int32_t code_at(const quantiser& q, byte_view codes, std::size_t i) noexcept {
  if (q.type == dtype::i8) return static_cast<std::int8_t>(codes[i]);
  return static_cast<std::int16_t>(load_le<std::uint16_t>(codes.data() + 2 * i));
}

/// Writes what the codes stand for: code * step, rounded once. Any codes are valid; every result is finite. Exact.
/// @pre validate(q), codes.size() == size_of(q.type) * sketch.size()
inline void dequantise(const quantiser& q, byte_view codes, std::span<float> sketch) {
  ASSAY_EXPECTS(validate(q) && codes.size() == size_of(q.type) * sketch.size());
  for (std::size_t i = 0; i < sketch.size(); ++i) sketch[i] = fp::mul(static_cast<float>(code_at(q, codes, i)), q.step);
}

}  // namespace assay::inline v0

#endif
