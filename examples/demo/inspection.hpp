// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The demo's verifier: challenges one answer and audits it twice, with the LM head alone and with the whole model.
#ifndef ASSAY_DEMO_INSPECTION_HPP
#define ASSAY_DEMO_INSPECTION_HPP

#include <optional>

#include "provider.hpp"
#include "setting.hpp"

namespace demo {

/// Time the verifier spent on one request, in microseconds.
struct verifier_times {
  double prefill = 0;   ///< the reference model over prompt and answer
  double openings = 0;  ///< binding, parsing and verifying openings
  double tokens = 0;    ///< scoring every token
  double states = 0;    ///< comparing fingerprints
  double head = 0;      ///< the level-1 audit's own work: LM head on opened rows

  [[nodiscard]] double model_level() const noexcept { return prefill + openings + tokens + states; }
};

/// One audited request. The audits hold evidence, or the breach that ended them.
struct inspection {
  assay::audit with_model;
  assay::audit with_head;
  provider_times provider;
  verifier_times verifier;
  std::size_t output_tokens = 0;
};

/// Has `who` answer request `index` of `purpose`, challenges it and audits the answer.
assay::result<inspection> inspect(const setting& with, const conduct& who, std::string_view purpose, std::uint64_t index);

}  // namespace demo

#endif
