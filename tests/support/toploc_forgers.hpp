// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Providers that send TOPLOC proofs without the hidden states.
#ifndef ASSAY_TESTS_SUPPORT_TOPLOC_FORGERS_HPP
#define ASSAY_TESTS_SUPPORT_TOPLOC_FORGERS_HPP

#include <algorithm>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

#include <assay/core/float_formats.hpp>
#include <assay/fingerprint/toploc_verify.hpp>

namespace assay_tests {

/// The polynomial that is `code` everywhere: no position has to be known.
inline assay::toploc::proof constant_proof(std::uint16_t code, std::uint32_t top_k) {
  assay::toploc::proof p{static_cast<std::uint16_t>(assay::toploc::prime), std::vector<std::uint16_t>(top_k, 0)};
  p.coefficients[0] = code;
  return p;
}

/// Knows one chunk of the model, on another text: sends the constant that fits the magnitudes of that chunk best.
struct null_forger {
  std::uint16_t code = 0;

  static null_forger learn(std::span<const std::uint16_t> other_chunk, const assay::toploc::settings& how,
                           const assay::toploc::thresholds& limits) {
    assay::toploc::workspace work;
    const auto strain = [&](std::uint16_t c) {  // 1: at the limits
      const auto found = assay::toploc::verify_chunk(other_chunk, constant_proof(c, how.top_k), how, work).value();
      return std::max({found.exponent_mismatches / static_cast<double>(limits.exponent_mismatches),
                       mantissa_mean(found) / limits.mantissa_mean,
                       mantissa_median(found, limits.median) / limits.mantissa_median});
    };
    assay::toploc::top_k_selector selector{how};
    assay::toploc::selection large;
    if (!selector.push(std::as_bytes(other_chunk)) || !selector.finish(large)) throw std::runtime_error("null_forger");
    null_forger best;
    double least = assay::toploc::no_match;
    for (const std::uint16_t c : large.codes) {
      const auto magnitude = static_cast<std::uint16_t>(c & 0x7fff);
      if (const double s = strain(magnitude); s < least) {
        least = s;
        best.code = magnitude;
      }
    }
    return best;
  }

  assay::toploc::proof forge(const assay::toploc::settings& how) const { return constant_proof(code, how.top_k); }
};

/// A channel that is large in every row, and its mean.
struct outlier_channel {
  std::uint32_t channel;
  float mean;
};

/// Knows the model's outlier channels and their means, nothing of the text: claims that every row has the means.
struct channel_mean_forger {
  std::vector<outlier_channel> channels;

  assay::toploc::proof forge(const assay::toploc::settings& how, std::uint32_t width) const {
    std::vector<std::uint32_t> positions;
    std::vector<std::uint16_t> codes;
    for (std::uint32_t row = 0; row < how.rows_per_proof; ++row)
      for (const auto& c : channels)
        if (positions.size() < how.top_k) {
          positions.push_back(row * width + c.channel);
          codes.push_back(assay::float_to_bf16(c.mean));
        }
    for (std::uint32_t i = 0; positions.size() < how.top_k; ++i)  // too few channels: anything, somewhere else
      if (std::find(positions.begin(), positions.end(), i) == positions.end()) {
        positions.push_back(i);
        codes.push_back(0x3f80);
      }
    assay::toploc::workspace work;
    return assay::toploc::prove_points(positions, codes, work).value();
  }

  /// The same through a modulus as large as a row: all rows share their residues, so that a point per channel is
  /// enough.
  assay::toploc::proof forge_with_small_modulus(const assay::toploc::settings& how, std::uint32_t width) const {
    std::vector<std::uint16_t> points, codes;
    for (const auto& c : channels) {
      points.push_back(static_cast<std::uint16_t>(c.channel));
      codes.push_back(assay::float_to_bf16(c.mean));
    }
    assay::toploc::proof p{static_cast<std::uint16_t>(width), std::vector<std::uint16_t>(how.top_k, 0)};
    assay::toploc::polynomial_workspace work;
    assay::toploc::interpolate(points, codes, std::span{p.coefficients}.first(points.size()), work);
    return p;
  }
};

}  // namespace assay_tests

#endif
