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
