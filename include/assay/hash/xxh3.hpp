// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// xxHash for checksums and bit-exactness probes. Leaf header: needs <xxhash.h> (0.8 or later).
#ifndef ASSAY_HASH_XXH3_HPP
#define ASSAY_HASH_XXH3_HPP

#include <cstdint>

#include <assay/core/bytes.hpp>
#include <assay/hash/digest.hpp>

// Inline mode needs no library to link. xxhash.h supports being included again in this mode after a plain include, and
// a plain include that follows finds everything declared; so the order of a user's own include does not matter.
#ifndef XXH_INLINE_ALL
#define XXH_INLINE_ALL
#define ASSAY_DETAIL_XXH_INLINE_ALL
#endif
#include <xxhash.h>
#ifdef ASSAY_DETAIL_XXH_INLINE_ALL
#undef XXH_INLINE_ALL
#undef ASSAY_DETAIL_XXH_INLINE_ALL
#endif

namespace assay::inline v0 {

/// XXH3 with 64 bits: detects accidents. Not collision-resistant: never for a commitment, challenge or transcript.
/// Exact.
[[nodiscard]] inline checksum64 xxh3_64_of(byte_view bytes, std::uint64_t seed = 0) noexcept {
  return checksum64{XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed)};
}

/// The older XXH64, for the sampler profiles and file formats that are defined by it. Exact.
[[nodiscard]] inline checksum64 xxh64_of(byte_view bytes, std::uint64_t seed = 0) noexcept {
  return checksum64{XXH64(bytes.data(), bytes.size(), seed)};
}

}  // namespace assay::inline v0

#endif
