// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What every part of the study shares: the model, the prompts, the promised sampler, and requests made from one seed.
#ifndef ASSAY_TOKEN_STUDY_WORLD_HPP
#define ASSAY_TOKEN_STUDY_WORLD_HPP

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include <assay/core/result.hpp>
#include <assay/random/noise.hpp>
#include <assay/random/seed.hpp>
#include <assay/token/settings.hpp>
#include <reference_engine/engine.hpp>

namespace study {

/// What the command line sets. Counts are requests of `output_tokens` tokens each.
struct options {
  std::filesystem::path models;
  std::uint64_t seed = 1;
  std::uint32_t threads = 2;
  std::uint32_t output_tokens = 64;
  std::uint32_t calibration = 400;      ///< honest, to choose caps and thresholds on
  std::uint32_t evaluation = 400;       ///< honest, others
  std::uint32_t cheat = 160;            ///< per way of cheating
  std::uint32_t subtle_cheat = 400;     ///< per way that one expects to need many tokens
  std::uint32_t null_requests = 300;    ///< per arithmetic in the honest null, half of them to calibrate
  std::uint32_t simulated_tokens = 160000;  ///< per pool of the simulation
  std::uint32_t bootstraps = 200;
  double alpha = 0.01;
  bool quick = false;
};

struct world {
  options chosen;
  reference::engine base;
  reference::engine small;
  std::vector<assay::token_id> held_out;      ///< text that the model has not been trained on
  std::vector<std::uint32_t> verse_starts;    ///< where prompts may begin
  assay::sampler_settings promised;
};

/// Loads models and text. Prints what is missing if it fails.
assay::result<world> load_world(const options& chosen);

/// The seed from which everything random of one purpose and index follows.
assay::seed study_seed(const options& chosen, std::string_view purpose, std::uint64_t index);

struct request {
  std::vector<assay::token_id> prompt;
  assay::noise_key noise;  ///< own to the request
};

request make_request(const world& with, std::string_view purpose, std::uint64_t index);

}  // namespace study

#endif
