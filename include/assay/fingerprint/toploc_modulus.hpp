// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The modulus that makes a chunk's positions small: the prover's search, and what a verifier may believe.
#ifndef ASSAY_FINGERPRINT_TOPLOC_MODULUS_HPP
#define ASSAY_FINGERPRINT_TOPLOC_MODULUS_HPP

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <assay/core/result.hpp>
#include <assay/fingerprint/toploc_settings.hpp>

namespace assay::inline v0::toploc {

namespace detail {

/// True iff all residues differ. `seen` is zero before and after. @pre modulus <= 65497, seen has a bit for each
/// residue
[[nodiscard]] inline bool is_injective(std::span<const std::uint32_t> positions, std::uint32_t modulus,
                                       std::span<std::uint64_t> seen) noexcept {
  std::size_t marked = 0;
  for (; marked < positions.size(); ++marked) {
    const std::uint32_t residue = positions[marked] % modulus;
    const std::uint64_t bit = std::uint64_t{1} << (residue % 64);
    if (seen[residue / 64] & bit) break;
    seen[residue / 64] |= bit;
  }
  for (std::size_t i = 0; i < marked; ++i) seen[positions[i] % modulus / 64] = 0;
  return marked == positions.size();
}

}  // namespace detail

/// The largest modulus <= 65497 under which the positions differ. `scratch` is reused from call to call.
/// Complexity: O(positions) per modulus tried; below 256 positions, few are.
/// @errors empty, duplicate (a position occurs twice), unsupported (no modulus separates the positions)
[[nodiscard]] inline result<std::uint16_t> injective_modulus(std::span<const std::uint32_t> positions,
                                                             std::vector<std::uint64_t>& scratch) {
  if (positions.empty()) return fail(errc::empty, "toploc: no positions");
  scratch.assign(prime / 64 + 1, 0);
  for (std::uint32_t modulus = prime; modulus >= positions.size(); --modulus)
    if (detail::is_injective(positions, modulus, scratch)) return static_cast<std::uint16_t>(modulus);
  std::vector<std::uint32_t> sorted(positions.begin(), positions.end());
  std::sort(sorted.begin(), sorted.end());
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end())
    return fail(errc::duplicate, "toploc: a position occurs twice");
  return fail(errc::unsupported, "toploc: no modulus separates the positions; take a smaller top_k", positions.size());
}

/// The least modulus that a verifier accepts for a chunk of `elements`.
///
/// A chunk that fits needs no reduction: its modulus is 65497. In a longer one, k positions collide under a modulus
/// with probability below c = k (k - 1) / 130994 (counting residues as uniform), so an honest prover goes down t steps
/// with probability below c^t; the bound is where that is 2^-64. From k = 257 on it is a rougher one, from 513 on only
/// k. A forger gains by small moduli: under 4096, say, all rows of a model of that width share their residues, and one
/// polynomial in the channel's number fits all of them. The package accepts every modulus, and divides by 0.
[[nodiscard]] constexpr std::uint32_t least_modulus(std::uint32_t top_k, std::uint64_t elements) noexcept {
  if (elements <= prime || top_k <= 1) return prime;
  if (top_k > 512) return top_k;
  if (top_k > 256) return prime - 512;
  const auto ratio = static_cast<std::uint32_t>(2 * prime / (top_k * (top_k - 1)));
  const auto bits = static_cast<std::uint32_t>(std::bit_width(ratio)) - 1;  // c <= 2^-bits
  return prime - (64 + bits - 1) / bits;
}

}  // namespace assay::inline v0::toploc

#endif
