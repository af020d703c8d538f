// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The curves by number; a number is part of every object that holds points.
#ifndef ASSAY_MATH_CURVE_HPP
#define ASSAY_MATH_CURVE_HPP

#include <cstdint>

#include <assay/core/config.hpp>

namespace assay::inline v0 {

/// Stable: never renumbered, never reused.
enum class curve_id : std::uint8_t {
  bn254 = 1,      ///< alt_bn128 of EIP-196/197; about 100 bits of security
  bls12_381 = 2,  ///< about 128 bits of security
};

/// Which polynomials in x give p and r, and with them the loop and the last exponent of the pairing.
enum class curve_family : std::uint8_t { bn, bls12 };

/// Whether G2's curve is y^2 = x^3 + b / xi (divided) or y^2 = x^3 + b xi (multiplied).
enum class twist_type : std::uint8_t { divided, multiplied };

}  // namespace assay::inline v0

#endif
