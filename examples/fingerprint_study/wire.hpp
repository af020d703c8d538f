// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What committed fingerprints cost on the wire, measured with the protocol's own messages.
#ifndef ASSAY_FINGERPRINT_STUDY_WIRE_HPP
#define ASSAY_FINGERPRINT_STUDY_WIRE_HPP

#include <cstdint>
#include <vector>

#include "world.hpp"

namespace study {

/// One request: bytes do not depend on the states, only on how many there are and which are asked for.
struct wire_cost {
  std::uint32_t output_tokens = 0, positions = 0;
  double receipt = 0, challenge = 0;  ///< bytes
  double openings = 0;                ///< bytes, mean over challenges
  double sent = 0;                    ///< bytes of all fingerprints of the same positions and checkpoints, without commitment

  [[nodiscard]] double committed() const noexcept { return receipt + challenge + openings; }
};

/// Seals requests of made-up states and opens 1, 2, 4, 8 and 16 positions of each: prompts of 36 tokens, all checkpoints,
/// 16 coordinates of 16 bits.
assay::result<std::vector<wire_cost>> measure_wire(const world& with, const std::vector<std::uint32_t>& output_tokens);

}  // namespace study

#endif
