// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Providers of the study, honest and not: what they run and how they choose tokens.
#ifndef ASSAY_TOKEN_STUDY_PROVIDER_HPP
#define ASSAY_TOKEN_STUDY_PROVIDER_HPP

#include <cstdint>
#include <string>
#include <vector>

#include <reference_engine/numerics.hpp>

#include "world.hpp"

namespace study {

enum class manner : std::uint8_t {
  as_promised,
  random_of_top,  ///< one token in a hundred is drawn uniformly from the `top` likeliest
  own_noise,      ///< uses a seed of its own
  near_ties,      ///< hides a message in the choice among tokens whose margin is at most `within`
};

struct conduct {
  std::string id, name;
  reference::engine engine;
  assay::sampler_settings sampler;
  manner how = manner::as_promised;
  std::uint32_t top = 0;
  double within = 0;
  bool subtle = false;  ///< one expects to need many tokens
};

/// What a provider hands out for one request.
struct answer {
  std::vector<assay::token_id> output;
  std::uint32_t replaced = 0;  ///< tokens that differ from what the provider's own sampler chose
  double hidden_bits = 0;      ///< carried by `near_ties`
};

/// Generates the answer to a request. `index` seeds what the provider draws on its own.
assay::result<answer> serve(const world& with, const conduct& who, const reference::numerics& stack,
                            const request& asked, std::uint64_t index);

conduct honest_provider(const world& with);

/// Every dishonest provider of the study but the one with an adversarial temperature.
assay::result<std::vector<conduct>> dishonest_providers(const world& with);

}  // namespace study

#endif
