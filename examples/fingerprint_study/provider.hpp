// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Providers of the study, honest and not: what they run, and which states they claim for it.
#ifndef ASSAY_FINGERPRINT_STUDY_PROVIDER_HPP
#define ASSAY_FINGERPRINT_STUDY_PROVIDER_HPP

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <assay/core/thread_pool.hpp>
#include <assay/evaluation/attack_registry.hpp>
#include <reference_engine/numerics.hpp>
#include <world.hpp>

namespace study {

enum class trick : std::uint8_t {
  none,
  edited_prompt,  ///< runs the model on a prompt whose first quarter is another text
  cheap_text,     ///< the small model writes; the states are the promised model's, over that text
};

struct traced;
/// Changes what a provider claims about request `index`; at first the claims are honest.
using forgery = std::function<void(traced&, std::uint64_t index)>;

struct conduct {
  reference::engine engine;
  assay::sampler_settings sampler;
  trick also = trick::none;
  std::vector<reference::numerics> stacks;  ///< request i runs on stack i mod n
  forgery forge{};
};

/// Honest arithmetics of the promised precision, bf16: they sum in different orders and cut prompt and keys elsewhere.
std::vector<reference::numerics> provider_stacks();
/// The verifier's own, equal to none of them.
reference::numerics verifier_stack();

conduct honest_provider(const world& with);
/// Ways to cheat, and honest deviations ("honest-…") that no calibration of this study has seen.
/// `known`: honest traces of other texts, from which forgers learn. @pre `known` outlives the registry
assay::result<assay::evaluation::attack_registry<conduct>> attacks_of(const world& with,
                                                                      const std::vector<traced>& known);

/// The states of a request's output rows, as the provider claims them and as the verifier computes them.
/// Row t is the state from which output token t was sampled. [checkpoint][token][width]
struct traced {
  std::uint32_t stack = 0;
  std::uint32_t checkpoints = 0, tokens = 0, width = 0;
  bool constant_proofs = false;  ///< TOPLOC's proofs are constants, whatever the claimed states
  assay::seed request;  ///< what projections, signs and challenges of this request follow from
  std::vector<float> claimed, reference;

  [[nodiscard]] std::span<const float> row(const std::vector<float>& side, std::uint32_t checkpoint,
                                           std::uint32_t token) const {
    return std::span{side}.subspan((std::size_t{checkpoint} * tokens + token) * width, width);
  }
};

/// Serves request `index` of a purpose and recomputes it: the provider decodes, the verifier runs one prefill.
assay::result<traced> trace(const world& with, const conduct& who, std::string_view purpose, std::uint64_t index);

}  // namespace study

#endif
