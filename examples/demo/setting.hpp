// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What all parties of the demo share: models, prompts, the promise, and how requests are made from the seed.
#ifndef ASSAY_DEMO_SETTING_HPP
#define ASSAY_DEMO_SETTING_HPP

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <assay/assay.hpp>
#include <reference_engine/engine.hpp>
#include <reference_engine/tokenizer.hpp>

namespace demo {

/// What the command line sets.
struct options {
  std::filesystem::path models;          ///< folder with base/, small/, tokenizer.json and held_out.txt
  std::uint64_t seed = 1;                ///< changes prompts, nonces and challenges: everything that is random
  std::uint32_t calibration_requests = 600;
  std::uint32_t fresh_requests = 500;
  std::uint32_t provider_requests = 40;  ///< most requests that a dishonest provider is given
  std::uint32_t output_tokens = 64;
  std::uint32_t threads = 2;
  std::string activations = "bf16";      ///< promised precision of activations: bf16 or f32
  double request_alpha = 0.01;
  double session_alpha = 0.01;
  std::uint32_t positions_opened = 8;
  std::uint32_t final_rows_opened = 8;
  std::uint32_t recheck_requests = 400;  ///< honest requests to calibrate the verifier of single blocks on; 0: leave it out
  std::uint32_t blocks_rechecked = 2;    ///< per request, drawn among all
};

/// Everything that is loaded once and only read afterwards.
struct setting {
  options chosen;
  reference::engine honest;
  reference::engine small;
  reference::lm_head head;
  reference::tokenizer tokenizer;
  std::vector<assay::token_id> held_out;            ///< text the model has not been trained on
  std::vector<std::uint32_t> verse_starts;          ///< where prompts may begin
  std::vector<reference::numerics> provider_numerics;  ///< honest stacks that differ in their arithmetic
  reference::numerics verifier_numerics;
  assay::run_description run;
  assay::verification_policy policy;
  assay::verification_policy head_policy;           ///< the same for a verifier that owns the LM head only
};

/// Loads models and text, and writes the promise. Prints what is missing if it fails.
assay::result<setting> prepare(const options& chosen);

/// Request `index` of one purpose (calibration, fresh, a provider's id): prompt, nonce and id follow from the seed.
assay::request make_request(const setting& with, std::string_view purpose, std::uint64_t index);

/// The seed from which everything else of the demo's randomness is derived.
assay::seed demo_seed(const setting& with, std::string_view purpose, std::uint64_t index);

}  // namespace demo

#endif
