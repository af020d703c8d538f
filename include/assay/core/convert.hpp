// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Elements of any type, stride and alignment as floats.
#ifndef ASSAY_CORE_CONVERT_HPP
#define ASSAY_CORE_CONVERT_HPP

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include <assay/core/dtype.hpp>
#include <assay/core/float_formats.hpp>

namespace assay::inline v0 {

namespace detail {

// Four 16-bit codes at a time, in the compiler's own vectors: loops over the scalar conversions stay scalar, because a
// compiler does not compute the subnormal's product where it is not needed.
using four_codes [[gnu::vector_size(8)]] = std::uint16_t;
using four_words [[gnu::vector_size(16)]] = std::uint32_t;
using four_ints [[gnu::vector_size(16)]] = std::int32_t;
using four_floats [[gnu::vector_size(16)]] = float;

struct decode_f16 {
  [[nodiscard]] static float one(std::uint16_t code) noexcept { return f16_to_float(code); }
  /// Replaces codes by the bits of the floats, as f16_to_float computes them.
  [[gnu::always_inline]] static void four(four_words& codes) noexcept {
    const four_words sign = (codes & 0x8000u) << 16;
    const auto magnitude = reinterpret_cast<four_ints>(codes & 0x7fffu);
    const four_ints normal = (magnitude << 13) + (112 << 23);
    const auto subnormal = reinterpret_cast<four_ints>(__builtin_convertvector(magnitude, four_floats) * 0x1p-24f);
    const four_ints is_small = magnitude<0x400, is_special = magnitude >= 0x7c00, is_nan = magnitude> 0x7c00;
    const four_ints finite = (is_small & subnormal) | (~is_small & normal);
    const four_ints special = (magnitude << 13) | 0x7f800000 | (is_nan & 0x400000);
    codes = sign | reinterpret_cast<four_words>((is_special & special) | (~is_special & finite));
  }
};

struct decode_bf16 {
  [[nodiscard]] static float one(std::uint16_t code) noexcept { return bf16_to_float(code); }
  [[gnu::always_inline]] static void four(four_words& codes) noexcept {
    const four_words bits = codes << 16;
    const four_ints is_nan = reinterpret_cast<four_ints>(bits & 0x7fffffffu) > 0x7f800000;
    codes = bits | reinterpret_cast<four_words>(is_nan & 0x400000);
  }
};

/// The floats of all 256 codes of an 8-bit format.
template <float (*Decode)(std::uint8_t)>
inline constexpr auto byte_table = [] {
  std::array<float, 256> table{};
  for (unsigned code = 0; code < 256; ++code) table[code] = Decode(static_cast<std::uint8_t>(code));
  return table;
}();

/// `Stored` is what lies in memory, in the machine's byte order; `to_float` makes a float of it.
template <class Stored, class ToFloat>
inline void convert_run(const std::byte* from, std::int64_t stride, std::span<float> out, ToFloat to_float) noexcept {
  for (std::size_t i = 0; i < out.size(); ++i) {  // no address is formed beyond the last element
    Stored element;
    std::memcpy(&element, from + static_cast<std::int64_t>(i) * stride, sizeof element);
    out[i] = to_float(element);
  }
}

template <class Stored>
inline void convert_run(const std::byte* from, std::int64_t stride, std::span<float> out) noexcept {
  convert_run<Stored>(from, stride, out, [](Stored element) { return static_cast<float>(element); });
}

template <class Decode>
inline void convert_codes(const std::byte* from, std::int64_t stride, std::span<float> out) noexcept {
  std::size_t done = 0;
  if (stride == 2) {
    for (; done + 4 <= out.size(); done += 4) {
      four_codes codes;
      std::memcpy(&codes, from + 2 * done, sizeof codes);
      four_words words = __builtin_convertvector(codes, four_words);
      Decode::four(words);
      std::memcpy(out.data() + done, &words, sizeof words);
    }
  }
  if (done < out.size())
    convert_run<std::uint16_t>(from + static_cast<std::int64_t>(done) * stride, stride, out.subspan(done), Decode::one);
}

}  // namespace detail

/// Reads out.size() elements that lie `stride` bytes apart. False, and nothing written, iff the type is opaque, i4 or unknown.
/// Narrow formats and f32 are exact; f64 and wide integers are rounded to nearest. Non-finite values pass.
[[nodiscard]] inline bool convert_to_float(dtype type, const std::byte* from, std::int64_t stride,
                                           std::span<float> out) noexcept {
  switch (type) {
    case dtype::f32:
      if (stride == 4 && !out.empty()) std::memcpy(out.data(), from, out.size_bytes());
      else
        detail::convert_run<std::uint32_t>(from, stride, out,
                                           [](std::uint32_t bits) { return std::bit_cast<float>(bits); });
      return true;
    case dtype::f64: detail::convert_run<double>(from, stride, out); return true;
    case dtype::f16: detail::convert_codes<detail::decode_f16>(from, stride, out); return true;
    case dtype::bf16: detail::convert_codes<detail::decode_bf16>(from, stride, out); return true;
    case dtype::f8_e4m3fn:
      detail::convert_run<std::uint8_t>(from, stride, out,
                                        [](std::uint8_t code) { return detail::byte_table<f8_e4m3fn_to_float>[code]; });
      return true;
    case dtype::f8_e5m2:
      detail::convert_run<std::uint8_t>(from, stride, out,
                                        [](std::uint8_t code) { return detail::byte_table<f8_e5m2_to_float>[code]; });
      return true;
    case dtype::i8: detail::convert_run<std::int8_t>(from, stride, out); return true;
    case dtype::u8: detail::convert_run<std::uint8_t>(from, stride, out); return true;
    case dtype::i16: detail::convert_run<std::int16_t>(from, stride, out); return true;
    case dtype::u16: detail::convert_run<std::uint16_t>(from, stride, out); return true;
    case dtype::i32: detail::convert_run<std::int32_t>(from, stride, out); return true;
    case dtype::u32: detail::convert_run<std::uint32_t>(from, stride, out); return true;
    case dtype::i64: detail::convert_run<std::int64_t>(from, stride, out); return true;
    case dtype::opaque:
    case dtype::i4: break;
  }
  return false;
}

}  // namespace assay::inline v0

#endif
