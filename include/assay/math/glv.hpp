// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The endomorphism (x, y) -> (beta x, y) of G1, which multiplies by lambda, and the split of scalars into short halves.
#ifndef ASSAY_MATH_GLV_HPP
#define ASSAY_MATH_GLV_HPP

#include <array>
#include <cstdint>

#include <assay/math/bls12_381.hpp>
#include <assay/math/bn254.hpp>
#include <assay/math/limbs.hpp>
#include <assay/math/point.hpp>

namespace assay::inline v0 {

/// beta, lambda and a short basis (a1, b1), (a2, b2) of the lattice of all (a, b) with a + b lambda = 0 mod r, of
/// determinant r; entries are two's complement. g1 = round(2^256 b2 / r), g2 = round(-2^256 b1 / r).
/// Defined for groups that have the endomorphism (Gallant, Lambert, Vanstone, CRYPTO 2001, section 4).
template <class G>
struct glv_constants;

template <>
struct glv_constants<bn254::g1> {
  static constexpr bn254::fp beta = bn254::fp::from_hex("59e26bcea0d48bacd4f263f1acdb5c4f5763473177fffffe");
  static constexpr limbs<4> lambda = detail::limbs_from_hex<4>("b3c4d79d41a917585bfc41088d8daaa78b17ea66b99c90dd");
  static constexpr limbs<3> a1 = detail::limbs_from_hex<3>("89d3256894d213e3");
  static constexpr limbs<3> b1 = detail::limbs_from_hex<3>("ffffffffffffffff90b27db71147a6037dee441482b0eed8");
  static constexpr limbs<3> a2 = detail::limbs_from_hex<3>("6f4d8248eeb859fd0be4e1541221250b");
  static constexpr limbs<3> b2 = detail::limbs_from_hex<3>("89d3256894d213e3");
  static constexpr limbs<3> g1 = detail::limbs_from_hex<3>("2d91d232ec7e0b3d7");
  static constexpr limbs<3> g2 = detail::limbs_from_hex<3>("24ccef014a773d2cf7a7bd9d4391eb18e");
};

template <>
struct glv_constants<bls12_381::g1> {
  static constexpr bls12_381::fp beta = bls12_381::fp::from_hex(
      "1a0111ea397fe699ec02408663d4de85aa0d857d89759ad4897d29650fb85f9b409427eb4f49fffd8bfd00000000aaac");
  static constexpr limbs<4> lambda = detail::limbs_from_hex<4>("ac45a4010001a40200000000ffffffff");  // x^2 - 1
  static constexpr limbs<3> a1 = detail::limbs_from_hex<3>("ac45a4010001a40200000000ffffffff");
  static constexpr limbs<3> b1 = detail::limbs_from_hex<3>("ffffffffffffffffffffffffffffffffffffffffffffffff");
  static constexpr limbs<3> a2 = detail::limbs_from_hex<3>("1");
  static constexpr limbs<3> b2 = detail::limbs_from_hex<3>("ac45a4010001a4020000000100000000");
  static constexpr limbs<3> g1 = detail::limbs_from_hex<3>("17c6becf1e01faadd63f6e522f6cfee30");
  static constexpr limbs<3> g2 = detail::limbs_from_hex<3>("2");
};

template <class G>
concept has_glv = requires { glv_constants<G>::lambda; };

/// Half of a scalar: a magnitude below 2^127 and a sign.
struct glv_half {
  limbs<2> magnitude{};
  bool negative = false;
};

namespace detail {

/// round(k g / 2^256)
constexpr limbs<3> rounded_quotient(const limbs<4>& k, const limbs<3>& g) noexcept {
  limbs<7> product{};
#pragma GCC unroll 4
  for (std::size_t i = 0; i < 4; ++i) {
    std::uint64_t carry = 0;
#pragma GCC unroll 3
    for (std::size_t j = 0; j < 3; ++j) {
      const uint128 t = uint128{k[i]} * g[j] + product[i + j] + carry;
      product[i + j] = static_cast<std::uint64_t>(t);
      carry = static_cast<std::uint64_t>(t >> 64);
    }
    product[i + 3] = carry;
  }
  limbs<3> quotient{product[4], product[5], product[6]};
  add_to(quotient, limbs<3>{product[3] >> 63});
  return quotient;
}

/// a b mod 2^192
constexpr limbs<3> low_product(const limbs<3>& a, const limbs<3>& b) noexcept {
  limbs<3> product{};
#pragma GCC unroll 3
  for (std::size_t i = 0; i < 3; ++i) {
    std::uint64_t carry = 0;
#pragma GCC unroll 3
    for (std::size_t j = 0; i + j < 3; ++j) {
      const uint128 t = uint128{a[i]} * b[j] + product[i + j] + carry;
      product[i + j] = static_cast<std::uint64_t>(t);
      carry = static_cast<std::uint64_t>(t >> 64);
    }
  }
  return product;
}

constexpr glv_half signed_half(limbs<3> v) noexcept {
  const bool negative = (v[2] >> 63) != 0;
  if (negative) {
    limbs<3> magnitude{};
    subtract_from(magnitude, v);
    v = magnitude;
  }
  return {{v[0], v[1]}, negative};
}

}  // namespace detail

/// Halves h with h[0] + h[1] lambda = k mod r, both below 2^127 in magnitude. Exact.
/// @pre k < r
template <class G>
[[nodiscard]] constexpr std::array<glv_half, 2> glv_split(const limbs<4>& k) noexcept {
  using c = glv_constants<G>;
  const limbs<3> c1 = detail::rounded_quotient(k, c::g1), c2 = detail::rounded_quotient(k, c::g2);
  limbs<3> first{k[0], k[1], k[2]}, second{};
  detail::subtract_from(first, detail::low_product(c1, c::a1));
  detail::subtract_from(first, detail::low_product(c2, c::a2));
  detail::subtract_from(second, detail::low_product(c1, c::b1));
  detail::subtract_from(second, detail::low_product(c2, c::b2));
  return {detail::signed_half(first), detail::signed_half(second)};
}

/// lambda P for P of order r.
template <class G>
[[nodiscard]] constexpr affine_point<G> glv_image(const affine_point<G>& p) noexcept {
  return {p.x * glv_constants<G>::beta, p.y};
}

}  // namespace assay::inline v0

#endif
