// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// BLS12-381: fields, groups and generators.
#ifndef ASSAY_MATH_BLS12_381_HPP
#define ASSAY_MATH_BLS12_381_HPP

#include <assay/math/curve.hpp>
#include <assay/math/field.hpp>
#include <assay/math/point.hpp>
#include <assay/math/quadratic.hpp>

namespace assay::inline v0 {

/// BLS12-381: p of 381 bits, r of 255. About 128 bits of security, at about 1.7 times the cost of BN254.
struct bls12_381 {
  static constexpr curve_id id = curve_id::bls12_381;
  static constexpr const char* name = "bls12-381";

  struct base_modulus {
    static constexpr limbs<6> modulus = detail::limbs_from_hex<6>(
        "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab");
  };
  struct scalar_modulus {
    static constexpr limbs<4> modulus = detail::limbs_from_hex<4>("73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001");
  };
  using fp = field<base_modulus>;
  using fr = field<scalar_modulus>;
  using fp2 = quadratic<fp>;

  /// The absolute value of x, where r = x^4 - x^2 + 1 and p = (x - 1)^2 r / 3 + x.
  static constexpr std::uint64_t x = 0xd201000000010000;
  static constexpr bool x_is_negative = true;
  static constexpr curve_family family = curve_family::bls12;
  static constexpr twist_type twist = twist_type::multiplied;
  /// a xi with xi = 1 + u, which has no square or cube root: the tower's v^3.
  static constexpr fp2 times_xi(const fp2& a) noexcept { return {a.c0 - a.c1, a.c0 + a.c1}; }
  /// xi^((p - 1) / 6)
  static constexpr fp2 frobenius_root{
      fp::from_hex("1904d3bf02bb0667c231beb4202c0d1f0fd603fd3cbd5f4f7b2443d784bab9c4f67ea53d63e7813d8d0775ed92235fb8"),
      fp::from_hex("00fc3e2b36c4e03288e9e902231f9fb854a14787b6c7b36fec0c8ec971f63c5f282d5ac14d6c7ec22cf78a126ddc4af3")};

  /// y^2 = x^3 + 4; the subgroup of order r has cofactor about 2^126
  struct g1 {
    using curve = bls12_381;
    using coordinate = fp;
    using scalar = fr;
    static constexpr coordinate b() noexcept { return fp::from_u64(4); }
    static constexpr affine_point<g1> generator() noexcept {
      return {fp::from_hex("17f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb"),
              fp::from_hex("08b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1")};
    }
  };
  /// y^2 = x^3 + 4 (1 + u)
  struct g2 {
    using curve = bls12_381;
    using coordinate = fp2;
    using scalar = fr;
    static constexpr coordinate b() noexcept { return {fp::from_u64(4), fp::from_u64(4)}; }
    static constexpr affine_point<g2> generator() noexcept {
      return {{fp::from_hex("024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8"),
               fp::from_hex("13e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e")},
              {fp::from_hex("0ce5d527727d6e118cc9cdc6da2e351aadfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e193548608b82801"),
               fp::from_hex("0606c4a02ea734cc32acd2b02bc28b99cb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f79be")}};
    }
  };
};

static_assert(bls12_381::g1::generator().is_on_curve() && bls12_381::g2::generator().is_on_curve());

}  // namespace assay::inline v0

#endif
