// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Providers of the demo, honest and not: each answers a request and leaves a receipt.
#ifndef ASSAY_DEMO_PROVIDER_HPP
#define ASSAY_DEMO_PROVIDER_HPP

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "setting.hpp"

namespace demo {

/// Ways to cheat that are not a matter of the engine.
enum class trick : std::uint8_t {
  none,
  other_sampler,        ///< samples with `conduct::sampler` instead of the promised settings
  random_top_tokens,    ///< one token in fifty is drawn uniformly from the 32 likeliest: a sampler bug
  own_seed,             ///< uses noise of its own choice
  edited_prompt,        ///< runs the model on a silently changed prompt
  swapped_token,        ///< replaces one token of the answer, then goes on honestly
  cheap_text,           ///< the small model writes, the honest model's states are replayed over its text
  edited_state,         ///< opens a state that differs from the committed one
  replayed_receipt,     ///< answers with the receipt of another request
  malformed_opening,    ///< answers a challenge with garbage
};

/// How a provider behaves.
struct conduct {
  std::string id;
  std::string name;
  std::string description;
  reference::engine engine;                 ///< what it really runs
  trick also = trick::none;
  assay::sampler_settings sampler{};        ///< for trick::other_sampler
};

/// Time a provider spent on one request, in microseconds.
struct provider_times {
  double inference = 0;  ///< forward passes and sampling, without the hooks
  double observe = 0;    ///< inside the prover's hooks
  double seal = 0;
  double open = 0;
};

/// What a provider hands out, and the means to challenge it.
struct answer {
  std::vector<assay::token_id> output;
  assay::receipt receipt;
  std::unique_ptr<assay::prover> prover;
  provider_times times;
};

/// Answers request `index`. The arithmetic is one of the honest stacks, by index.
assay::result<answer> serve(const setting& with, const conduct& who, const assay::request& asked, std::uint64_t index);

/// Answers a challenge with encoded openings, as dishonestly as the conduct says.
assay::result<std::vector<std::byte>> open(const setting& with, const conduct& who, answer& given, const assay::challenge& challenge);

/// The honest provider, and every dishonest one of the demo.
conduct honest_provider(const setting& with);
assay::result<std::vector<conduct>> dishonest_providers(const setting& with);

}  // namespace demo

#endif
