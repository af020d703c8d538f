// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compressed points as bytes: one spelling per point, and nothing else decodes.
#ifndef ASSAY_MATH_POINT_ENCODING_HPP
#define ASSAY_MATH_POINT_ENCODING_HPP

#include <array>
#include <cstddef>
#include <optional>
#include <span>

#include <assay/core/bytes.hpp>
#include <assay/core/result.hpp>
#include <assay/math/curve.hpp>
#include <assay/math/subgroup.hpp>

namespace assay::inline v0 {

namespace detail {

/// A coordinate as its coefficients over the prime field: c0, then c1 if there is one.
template <class P>
[[nodiscard]] constexpr std::array<field<P>, 1> coefficients(const field<P>& a) noexcept { return {a}; }
template <class F>
[[nodiscard]] constexpr std::array<F, 2> coefficients(const quadratic<F>& a) noexcept { return {a.c0, a.c1}; }

template <class F>
[[nodiscard]] constexpr F from_coefficients(const std::array<F, 1>& c) noexcept { return c[0]; }
template <class F>
[[nodiscard]] constexpr quadratic<F> from_coefficients(const std::array<F, 2>& c) noexcept { return {c[0], c[1]}; }

/// Prime-field coefficients of a coordinate of G.
template <class G>
inline constexpr std::size_t degree = coefficients(typename G::coordinate{}).size();

/// True iff y is the larger of y and -y as integers below p; of two coefficients the highest that is not zero decides.
template <class Coordinate>
[[nodiscard]] constexpr bool is_larger_root(const Coordinate& y) noexcept {
  const auto c = coefficients(y);
  for (std::size_t i = c.size(); i-- > 0;)
    if (!c[i].is_zero()) return less((-c[i]).to_limbs(), c[i].to_limbs());
  return false;
}

/// What the flag bits of a compressed encoding say.
enum class point_flags : std::uint8_t { smaller_root, larger_root, infinity };

/// BN254 as in arkworks: little-endian, c0 before c1, flags in the two top bits of the last byte.
/// BLS12-381 as in Zcash: big-endian, c1 before c0, flags in the three top bits of the first byte.
template <class C>
struct compressed_form {
  static constexpr bool little_endian = C::id == curve_id::bn254;
  static constexpr std::byte mask{little_endian ? 0xc0 : 0xe0}, infinity{0x40};
  static constexpr std::byte always{little_endian ? 0x00 : 0x80}, larger{little_endian ? 0x80 : 0x20};

  [[nodiscard]] static constexpr std::byte encode(point_flags f) noexcept {
    return always | (f == point_flags::infinity ? infinity : f == point_flags::larger_root ? larger : std::byte{});
  }
  [[nodiscard]] static constexpr std::optional<point_flags> parse(std::byte b) noexcept {
    for (point_flags f : {point_flags::smaller_root, point_flags::larger_root, point_flags::infinity})
      if ((b & mask) == encode(f)) return f;
    return std::nullopt;
  }
};

}  // namespace detail

/// Bytes of a compressed point of G: BN254 32 and 64, BLS12-381 48 and 96.
template <class G>
inline constexpr std::size_t compressed_size = detail::degree<G> * G::curve::fp::byte_size;

/// Writes the one encoding of a point: x, and flags for infinity and for which root y is.
template <class G>
void encode_compressed(const affine_point<G>& p, std::span<std::byte, compressed_size<G>> out) noexcept {
  using C = typename G::curve;
  using form = detail::compressed_form<C>;
  constexpr std::size_t size = C::fp::byte_size;
  const auto x = detail::coefficients(p.x);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t at = form::little_endian ? i : x.size() - 1 - i;
    const std::span<std::byte, size> part{out.data() + at * size, size};
    if constexpr (form::little_endian) x[i].encode_le(part);
    else x[i].encode_be(part);
  }
  using enum detail::point_flags;
  std::byte& flagged = out[form::little_endian ? out.size() - 1 : 0];
  flagged |= form::encode(p.is_infinity() ? infinity : detail::is_larger_root(p.y) ? larger_root : smaller_root);
}

template <class G>
[[nodiscard]] std::array<std::byte, compressed_size<G>> encode_compressed(const affine_point<G>& p) noexcept {
  std::array<std::byte, compressed_size<G>> out{};
  encode_compressed(p, std::span<std::byte, compressed_size<G>>{out});
  return out;
}

/// Reads a point of G from its one encoding; infinity is a point.
/// @errors length_mismatch, non_canonical (flags, coordinates not below p, infinity with other bits set), not_on_curve,
/// not_in_subgroup
template <class G>
[[nodiscard]] result<affine_point<G>> parse_compressed(byte_view bytes) {
  using C = typename G::curve;
  using F = typename C::fp;
  using form = detail::compressed_form<C>;
  constexpr std::size_t size = F::byte_size;
  if (bytes.size() != compressed_size<G>) {
    return fail(errc::length_mismatch, "point: wrong number of bytes", bytes.size());
  }

  std::array<std::byte, compressed_size<G>> plain;
  for (std::size_t i = 0; i < plain.size(); ++i) plain[i] = bytes[i];
  std::byte& flagged = plain[form::little_endian ? plain.size() - 1 : 0];
  const auto flags = form::parse(flagged);
  if (!flags) return fail(errc::non_canonical, "point: flag bits that no point has");
  flagged &= ~form::mask;

  std::array<F, detail::degree<G>> c;
  for (std::size_t i = 0; i < c.size(); ++i) {
    const std::size_t at = form::little_endian ? i : c.size() - 1 - i;
    const byte_view part = byte_view{plain}.subspan(at * size, size);
    const auto value = form::little_endian ? F::parse_le(part) : F::parse_be(part);
    if (!value) return fail(errc::non_canonical, "point: coordinate not below the modulus", at * size);
    c[i] = *value;
  }
  affine_point<G> p{detail::from_coefficients(c), {}};
  if (*flags == detail::point_flags::infinity) {
    if (!p.x.is_zero()) return fail(errc::non_canonical, "point: infinity with a coordinate");
    return p;
  }
  const auto root = (p.x.squared() * p.x + G::b()).sqrt();
  if (!root) return fail(errc::not_on_curve, "point: no point of the curve has this x");
  const bool larger = *flags == detail::point_flags::larger_root;
  p.y = detail::is_larger_root(*root) == larger ? *root : -*root;
  if (larger && p.y.is_zero()) return fail(errc::non_canonical, "point: zero has no larger root");
  if (!is_in_subgroup(p)) return fail(errc::not_in_subgroup, "point: not in the group of prime order");
  return p;
}

}  // namespace assay::inline v0

#endif
