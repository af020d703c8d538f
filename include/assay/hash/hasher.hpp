// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the library asks of a cryptographic hash function.
#ifndef ASSAY_HASH_HASHER_HPP
#define ASSAY_HASH_HASHER_HPP

#include <concepts>

#include <assay/hash/digest.hpp>

namespace assay::inline v0 {

/// A streaming, collision-resistant hash with 32-byte digests. Copying one keeps what it has absorbed.
template <class H>
concept hasher = std::default_initializable<H> && std::copyable<H> && requires(H h, const H& held, byte_view bytes) {
  h.update(bytes);
  { held.finish() } -> std::same_as<digest>;       // digest of all bytes so far; the object can go on
  { held.finish(bytes) } -> std::same_as<digest>;  // the same, with these bytes appended
};

}  // namespace assay::inline v0

#endif
