// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Audits of random depth: the first layers recomputed, every fingerprint among them compared.
#ifndef ASSAY_PROTOCOL_DEPTH_AUDIT_HPP
#define ASSAY_PROTOCOL_DEPTH_AUDIT_HPP

#include <concepts>
#include <cstdint>
#include <span>

#include <assay/fingerprint/depth_policy.hpp>
#include <assay/protocol/audit.hpp>

namespace assay::inline v0 {

/// A verifier's model that is run no deeper than it is told. `run_to(depth)` computes checkpoints 0 … depth - 1 at
/// every position; `state(layer, at, row)` hands out one of them. Depth = checkpoints means the whole model: the last
/// checkpoint is the LM head's input.
template <class R>
concept prefix_reference = requires(R& r, std::uint32_t depth, layer_index layer, position at, std::span<float> row) {
  { r.run_to(depth) } -> std::same_as<result<void>>;
  { r.state(layer, at, row) } -> std::same_as<result<void>>;
};

/// The depth of the audit that `asked` belongs to. The challenge is drawn when the receipt is in, so the provider had
/// to commit to every layer before it could know which of them are recomputed; anybody who holds it gets the same
/// depth.
[[nodiscard]] inline std::uint32_t depth_of(const depth_policy& policy, const challenge& asked) {
  return policy.draw(seed{digest_of(asked).value.bytes});
}

/// Runs the reference to the depth that `asked` draws and compares the opened fingerprints up to there, in channel
/// states. Returns the depth. Calibrate on honest requests that were audited with the same policy: depth then is part
/// of what honest and other requests have in common. It is never level 3; the policy's level says what an accept needs
/// besides.
/// @errors shape_mismatch (the policy is for another number of checkpoints), those of the reference and of
///   compare_prefix
template <vector_commitment Scheme, prefix_reference Reference>
[[nodiscard]] result<std::uint32_t> compare_to_depth(basic_audit<Scheme>& begun, const depth_policy& policy,
                                                     const challenge& asked, Reference& reference) {
  if (policy.layers() != begun.run().model.checkpoints)
    return fail(errc::shape_mismatch, "depth audit: the policy is for another number of checkpoints", policy.layers());
  const std::uint32_t depth = depth_of(policy, asked);
  if (begun.breached()) return depth;
  if (auto computed = reference.run_to(depth); !computed) return computed.error();
  const auto state_for = [&](layer_index layer, position at, std::span<float> row) {
    return reference.state(layer, at, row);
  };
  if (auto compared = begun.compare_prefix(depth, state_for); !compared) return compared.error();
  return depth;
}

}  // namespace assay::inline v0

#endif
