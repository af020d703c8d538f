// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Scores of claimed tokens under the sampler that the provider promises.
#ifndef ASSAY_AUDIT_LOGS_SCORING_HPP
#define ASSAY_AUDIT_LOGS_SCORING_HPP

#include <assay/core/result.hpp>
#include <assay/token/filter_settings.hpp>
#include <assay/token/noise_level.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "inputs.hpp"

namespace audit_logs {

enum class sampler : std::uint8_t { greedy, assay, torch_cuda, torch_cuda_double, torch_cpu, vllm_triton, vllm_triton_log, sglang, llama_dist };
enum class seed_rule : std::uint8_t { fixed, logged, per_request };

struct sampling_options {
  sampler profile = sampler::greedy;
  std::optional<assay::filter_rule> filters;  ///< that of the profile's engine by default
  std::uint32_t vocabulary = 0, grid = 0;
  std::optional<float> temperature, top_p, min_p;
  std::optional<std::uint32_t> top_k;
  std::optional<std::uint64_t> seed;
  seed_rule seeds = seed_rule::fixed;
};

/// What is kept of a token.
struct scored_token {
  float margin = 0;      ///< in logits, infinite if filtered; for llama_dist the distance in probability
  float cross_entropy = 0;
  float likelihood = 0;  ///< GLS at sigma 1; for llama_dist CGS at sigma 0.01
  bool exact = false, filtered = false;
};

struct scored_request {
  std::string name;
  std::uint64_t line = 0;
  std::vector<scored_token> tokens;
  assay::noise_sums noise;
  std::size_t incomparable = 0;
  std::size_t short_rows = 0;  ///< rows with fewer candidates than top-k keeps
  bool is_logprob = true;
};

/// Checks options that do not depend on the files. @errors invalid_settings, out_of_range
assay::result<void> check(const sampling_options& options);

/// Scores a claim. @errors invalid_settings (a setting is neither given nor logged), insufficient_data (a row with fewer
/// than two candidates), token_out_of_range, and those of `score_token`; `where` is the token's number
assay::result<scored_request> score_request(std::size_t number, const claim& c, const aligned_rows& rows,
                                            const sampling_options& options);

}  // namespace audit_logs

#endif
