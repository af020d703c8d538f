// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What fingerprints cost on the wire, sent or committed.
#ifndef ASSAY_FINGERPRINT_FINGERPRINT_COST_HPP
#define ASSAY_FINGERPRINT_FINGERPRINT_COST_HPP

#include <cstdint>

#include <assay/core/dtype.hpp>
#include <assay/core/expects.hpp>
#include <assay/fingerprint/quantiser.hpp>

namespace assay::inline v0 {

/// How the states of one checkpoint become fingerprints.
struct fingerprint_settings {
  std::uint32_t sketch = 16;  ///< coordinates of a fingerprint
  quantiser coordinates;      ///< type and step of a coordinate
  std::uint32_t window = 1;   ///< tokens that share a fingerprint: see sketch_sum

  friend bool operator==(const fingerprint_settings&, const fingerprint_settings&) = default;
};

/// Bytes of fingerprints of `tokens` tokens with `checkpoints` fingerprinted states each; the last window may be short,
/// and costs as much as a full one. Exact below 2^53. @pre settings.window > 0
[[nodiscard]] constexpr double fingerprint_bytes(std::uint32_t tokens, std::uint32_t checkpoints,
                                                 const fingerprint_settings& settings) {
  ASSAY_EXPECTS(settings.window > 0);
  const std::uint64_t windows = (std::uint64_t{tokens} + settings.window - 1) / settings.window;
  const std::uint64_t bytes = packed_size(settings.coordinates.type, settings.sketch);
  return static_cast<double>(windows * checkpoints) * static_cast<double>(bytes);
}

/// Bytes of fingerprints per token of a long output. @pre settings.window > 0
[[nodiscard]] constexpr double bytes_per_token(std::uint32_t checkpoints, const fingerprint_settings& settings) {
  ASSAY_EXPECTS(settings.window > 0);
  const double window = settings.window;
  return fingerprint_bytes(settings.window, checkpoints, settings) / window;
}

/// What travels instead of the fingerprints when only a root over them is sent.
struct committed_cost {
  double receipt_bytes = 32;    ///< of every request: the root, and what it stands in
  double audited = 1;           ///< share of requests that are audited
  double opened_rows = 1;       ///< rows of the tree that an audit opens
  double opening_bytes = 0;     ///< of each: fingerprints and what proves them
};

/// Bytes per token of a request, either way.
struct fingerprint_traffic {
  double sent = 0;       ///< every fingerprint is sent
  double committed = 0;  ///< only a root is, and what audits open

  /// What a commitment leaves of the bytes. @pre sent > 0
  [[nodiscard]] constexpr double fraction() const {
    ASSAY_EXPECTS(sent > 0);
    return committed / sent;
  }
};

/// @pre tokens > 0, settings.window > 0
[[nodiscard]] constexpr fingerprint_traffic traffic_of(std::uint32_t tokens, std::uint32_t checkpoints,
                                                       const fingerprint_settings& settings,
                                                       const committed_cost& cost) {
  ASSAY_EXPECTS(tokens > 0);
  const double count = tokens;
  return {fingerprint_bytes(tokens, checkpoints, settings) / count,
          (cost.receipt_bytes + cost.audited * cost.opened_rows * cost.opening_bytes) / count};
}

}  // namespace assay::inline v0

#endif
