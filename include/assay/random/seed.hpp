// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Seeds, and the one way to make a seed from another: a hash over labelled fields.
#ifndef ASSAY_RANDOM_SEED_HPP
#define ASSAY_RANDOM_SEED_HPP

#include <array>
#include <cstddef>
#include <string_view>

#include <assay/core/bytes.hpp>
#include <assay/hash/domain.hpp>
#include <assay/hash/transcript.hpp>

namespace assay::inline v0 {

/// 256 bits from which randomness is derived. Secret or public as the protocol says.
struct seed {
  std::array<std::byte, 32> bytes{};
  friend bool operator==(const seed&, const seed&) noexcept = default;
};

/// The child of `parent` for one purpose and context. Different purposes or contexts give unrelated children.
/// Determinism: exact.
[[nodiscard]] inline seed derive_seed(const seed& parent, std::string_view purpose, byte_view context = {}) {
  transcript t{domains::seed};
  t.bytes("parent", parent.bytes).text("purpose", purpose).bytes("context", context);
  return {t.finish().bytes};
}

}  // namespace assay::inline v0

#endif
