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

/// What a sampler's seed must be bound to, so that a provider can neither choose it after seeing the text nor reuse it.
struct request_seed {
  byte_view request_id;  ///< chosen by whoever accounts for requests; never repeated
  byte_view client_nonce;  ///< chosen by the client, at least 16 random bytes, before the provider starts
  byte_view model_digest;
  std::string_view purpose = "sampling";
};

/// The seed of a request. All its inputs are known to the verifier, so is the seed. Determinism: exact.
[[nodiscard]] inline seed derive_seed(const request_seed& request) {
  transcript t{domains::request_seed};
  t.bytes("request_id", request.request_id)
      .bytes("client_nonce", request.client_nonce)
      .bytes("model_digest", request.model_digest)
      .text("purpose", request.purpose);
  return {t.finish().bytes};
}

}  // namespace assay::inline v0

#endif
