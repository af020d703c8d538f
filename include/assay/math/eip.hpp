// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Points as the precompiled contracts of EIP-196/197 (BN254) and EIP-2537 (BLS12-381) read and write them.
#ifndef ASSAY_MATH_EIP_HPP
#define ASSAY_MATH_EIP_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <assay/core/bytes.hpp>
#include <assay/core/result.hpp>
#include <assay/math/point_encoding.hpp>

namespace assay::inline v0 {

/// Whether a parser demands the group of prime order. EIP-2537's additions do not; its products and pairings do.
enum class subgroup_check : std::uint8_t { required, skipped };

/// Bytes of an uncompressed point: BN254 64 and 128, BLS12-381 128 and 256.
template <class G>
inline constexpr std::size_t eip_size = 2 * detail::degree<G> * (G::curve::id == curve_id::bn254 ? 32 : 64);

namespace detail {

/// Where coefficient i of a coordinate lies, in big-endian slots of 32 (EIP-196/197) or 64 bytes (EIP-2537, the first
/// 16 zero). EIP-197 puts the coefficient of u first, EIP-2537 last.
template <class G>
struct eip_layout {
  using F = typename G::curve::fp;
  static constexpr bool reversed = G::curve::id == curve_id::bn254;
  static constexpr std::size_t slot = eip_size<G> / (2 * degree<G>), padding = slot - F::byte_size;
  [[nodiscard]] static constexpr std::size_t offset(std::size_t coordinate, std::size_t i) noexcept {
    return (coordinate * degree<G> + (reversed ? degree<G> - 1 - i : i)) * slot;
  }
};

template <class G>
[[nodiscard]] result<typename G::coordinate> parse_eip_coordinate(byte_view bytes, std::size_t coordinate) {
  using layout = eip_layout<G>;
  using F = typename layout::F;
  std::array<F, degree<G>> c;
  for (std::size_t i = 0; i < c.size(); ++i) {
    const std::size_t at = layout::offset(coordinate, i);
    for (std::size_t j = 0; j < layout::padding; ++j)
      if (bytes[at + j] != std::byte{}) return fail(errc::non_canonical, "point: padding that is not zero", at + j);
    const auto value = F::parse_be(bytes.subspan(at + layout::padding, F::byte_size));
    if (!value) return fail(errc::non_canonical, "point: coordinate not below the modulus", at);
    c[i] = *value;
  }
  return from_coefficients(c);
}

}  // namespace detail

/// Writes x and y; infinity is all zeros.
template <class G>
void encode_eip(const affine_point<G>& p, std::span<std::byte, eip_size<G>> out) noexcept {
  using layout = detail::eip_layout<G>;
  using F = typename layout::F;
  for (std::byte& b : out) b = std::byte{};
  for (std::size_t coordinate = 0; coordinate < 2; ++coordinate) {
    const auto c = detail::coefficients(coordinate == 0 ? p.x : p.y);
    for (std::size_t i = 0; i < c.size(); ++i) {
      std::byte* const at = out.data() + layout::offset(coordinate, i) + layout::padding;
      c[i].encode_be(std::span<std::byte, F::byte_size>{at, F::byte_size});
    }
  }
}

template <class G>
[[nodiscard]] std::array<std::byte, eip_size<G>> encode_eip(const affine_point<G>& p) noexcept {
  std::array<std::byte, eip_size<G>> out;
  encode_eip(p, std::span<std::byte, eip_size<G>>{out});
  return out;
}

/// Reads what `encode_eip` writes, and nothing else.
/// @errors length_mismatch, non_canonical (padding, coordinates not below p), not_on_curve, not_in_subgroup
template <class G>
[[nodiscard]] result<affine_point<G>> parse_eip(byte_view bytes, subgroup_check check = subgroup_check::required) {
  if (bytes.size() != eip_size<G>) return fail(errc::length_mismatch, "point: wrong number of bytes", bytes.size());
  const auto x = detail::parse_eip_coordinate<G>(bytes, 0);
  if (!x) return x.error();
  const auto y = detail::parse_eip_coordinate<G>(bytes, 1);
  if (!y) return y.error();
  const affine_point<G> p{*x, *y};
  if (!p.is_on_curve()) return fail(errc::not_on_curve, "point: not on the curve");
  if (check == subgroup_check::required && !is_in_subgroup(p)) {
    return fail(errc::not_in_subgroup, "point: not in the group of prime order");
  }
  return p;
}

}  // namespace assay::inline v0

#endif
