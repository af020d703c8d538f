// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Points as uncompressed little-endian coordinates: what reference strings and ceremonies are stored and hashed as.
#ifndef ASSAY_POLYCOMMIT_RAW_POINT_HPP
#define ASSAY_POLYCOMMIT_RAW_POINT_HPP

#include <array>
#include <cstddef>
#include <span>

#include <assay/core/bytes.hpp>
#include <assay/core/result.hpp>
#include <assay/hash/sha256.hpp>
#include <assay/math/field.hpp>
#include <assay/math/point.hpp>
#include <assay/math/quadratic.hpp>

namespace assay::inline v0 {

namespace detail {

/// A coordinate as canonical little-endian integers: one, or the two of c0 + c1 u.
template <class F>
struct raw_coordinate {
  static constexpr std::size_t size = F::byte_size;
  static void encode(const F& value, std::span<std::byte, size> out) noexcept { value.encode_le(out); }
  static result<F> parse(std::span<const std::byte, size> bytes) { return F::parse_le(bytes); }
};
template <class F>
struct raw_coordinate<quadratic<F>> {
  static constexpr std::size_t half = F::byte_size, size = 2 * half;
  static void encode(const quadratic<F>& value, std::span<std::byte, size> out) noexcept {
    value.c0.encode_le(out.template first<half>());
    value.c1.encode_le(out.template last<half>());
  }
  static result<quadratic<F>> parse(std::span<const std::byte, size> bytes) {
    const auto c0 = F::parse_le(bytes.template first<half>());
    if (!c0) return c0.error();
    const auto c1 = F::parse_le(bytes.template last<half>());
    if (!c1) return c1.error();
    return quadratic<F>{*c0, *c1};
  }
};

}  // namespace detail

/// Bytes of x || y: 64 (G1) and 128 (G2) for BN254, 96 and 192 for BLS12-381.
template <class G>
inline constexpr std::size_t raw_point_size = 2 * detail::raw_coordinate<typename G::coordinate>::size;

/// Writes x || y, little-endian; zeros for infinity.
template <class G>
void encode_raw(const affine_point<G>& p, std::span<std::byte, raw_point_size<G>> out) noexcept {
  using coordinate = detail::raw_coordinate<typename G::coordinate>;
  coordinate::encode(p.x, out.template first<coordinate::size>());
  coordinate::encode(p.y, out.template last<coordinate::size>());
}

/// Reads x || y: checks that coordinates are canonical and satisfy the curve's equation; says nothing of the subgroup.
/// @errors non_canonical, not_on_curve, identity_point
template <class G>
[[nodiscard]] result<affine_point<G>> parse_raw(std::span<const std::byte, raw_point_size<G>> bytes) {
  using coordinate = detail::raw_coordinate<typename G::coordinate>;
  const auto x = coordinate::parse(bytes.template first<coordinate::size>());
  if (!x) return x.error();
  const auto y = coordinate::parse(bytes.template last<coordinate::size>());
  if (!y) return y.error();
  const affine_point<G> p{*x, *y};
  if (p.is_infinity()) return fail(errc::identity_point, "the point at infinity where a proper point is required");
  if (!p.is_on_curve()) return fail(errc::not_on_curve, "coordinates that do not satisfy the curve's equation");
  return p;
}

/// SHA-256 of the raw encodings of points, in order.
template <class G>
[[nodiscard]] digest digest_of_points(std::span<const affine_point<G>> points) {
  constexpr std::size_t size = raw_point_size<G>, batch = 64;
  std::array<std::byte, batch * size> buffer;
  sha256 hash;
  for (std::size_t i = 0; i < points.size(); i += batch) {
    const std::size_t n = points.size() - i < batch ? points.size() - i : batch;
    for (std::size_t k = 0; k < n; ++k)
      encode_raw<G>(points[i + k], std::span<std::byte, size>{buffer.data() + k * size, size});
    hash.update(byte_view{buffer.data(), n * size});
  }
  return hash.finish();
}

}  // namespace assay::inline v0

#endif
