// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// BN254 (alt_bn128): fields, groups and generators.
#ifndef ASSAY_MATH_BN254_HPP
#define ASSAY_MATH_BN254_HPP

#include <assay/math/curve.hpp>
#include <assay/math/field.hpp>
#include <assay/math/point.hpp>
#include <assay/math/quadratic.hpp>

namespace assay::inline v0 {

/// BN254: p and r of 254 bits, G1 of prime order. Fast, and verifiable by the precompiles of EIP-196/197.
struct bn254 {
  static constexpr curve_id id = curve_id::bn254;
  static constexpr const char* name = "bn254";

  struct base_modulus {
    static constexpr limbs<4> modulus = detail::limbs_from_hex<4>("30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47");
  };
  struct scalar_modulus {
    static constexpr limbs<4> modulus = detail::limbs_from_hex<4>("30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001");
  };
  using fp = field<base_modulus>;
  using fr = field<scalar_modulus>;
  using fp2 = quadratic<fp>;

  /// p = 36 x^4 + 36 x^3 + 24 x^2 + 6 x + 1 and r = p - 6 x^2.
  static constexpr std::uint64_t x = 0x44e992b44a6909f1;
  static constexpr bool x_is_negative = false;
  static constexpr curve_family family = curve_family::bn;
  static constexpr twist_type twist = twist_type::divided;
  /// a xi with xi = 9 + u, which has no square or cube root: the tower's v^3.
  static constexpr fp2 times_xi(const fp2& a) noexcept {
    const fp2 nine = a.doubled().doubled().doubled() + a;
    return {nine.c0 - a.c1, nine.c1 + a.c0};
  }
  /// xi^((p - 1) / 6)
  static constexpr fp2 frobenius_root{fp::from_hex("1284b71c2865a7dfe8b99fdd76e68b605c521e08292f2176d60b35dadcc9e470"),
                                      fp::from_hex("246996f3b4fae7e6a6327cfe12150b8e747992778eeec7e5ca5cf05f80f362ac")};

  /// y^2 = x^3 + 3
  struct g1 {
    using curve = bn254;
    using coordinate = fp;
    using scalar = fr;
    static constexpr coordinate b() noexcept { return fp::from_u64(3); }
    static constexpr affine_point<g1> generator() noexcept { return {fp::one(), fp::from_u64(2)}; }
  };
  /// y^2 = x^3 + 3 / (9 + u)
  struct g2 {
    using curve = bn254;
    using coordinate = fp2;
    using scalar = fr;
    static constexpr coordinate b() noexcept {
      return {fp::from_hex("2b149d40ceb8aaae81be18991be06ac3b5b4c5e559dbefa33267e6dc24a138e5"),
              fp::from_hex("009713b03af0fed4cd2cafadeed8fdf4a74fa084e52d1852e4a2bd0685c315d2")};
    }
    static constexpr affine_point<g2> generator() noexcept {
      return {{fp::from_hex("1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed"),
               fp::from_hex("198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2")},
              {fp::from_hex("12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa"),
               fp::from_hex("090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b")}};
    }
  };
};

static_assert(bn254::g1::generator().is_on_curve() && bn254::g2::generator().is_on_curve());

}  // namespace assay::inline v0

#endif
