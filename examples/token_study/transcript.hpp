// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Answers as the verifier sees them: the scores of every token, kept by request.
#ifndef ASSAY_TOKEN_STUDY_TRANSCRIPT_HPP
#define ASSAY_TOKEN_STUDY_TRANSCRIPT_HPP

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <assay/core/thread_pool.hpp>
#include <assay/token/noise_level.hpp>
#include <assay/token/score.hpp>
#include <progress.hpp>
#include <reference_engine/numerics.hpp>

#include "provider.hpp"
#include "world.hpp"

namespace study {

/// One request's answer, scored.
struct transcript {
  std::uint32_t stack = 0;  ///< which honest arithmetic the provider ran on
  std::vector<assay::token_score> tokens;
  assay::noise_sums noise;
  std::uint32_t replaced = 0;
  double hidden_bits = 0;
};

using pool = std::vector<transcript>;

/// A pool in a few figures; shares and means are per token.
struct pool_summary {
  std::size_t tokens = 0;
  double mismatches = 0;
  double mean_margin = 0;     ///< finite, uncapped
  double mean_gini = 0;
  double sigma = 0;           ///< implied noise of a logit
  double replaced = 0;
  double bits_per_token = 0;  ///< hidden
};

pool_summary summarise(const pool& seen, const assay::sampler_settings& sampler);

/// Who computes how: request i of a provider runs on stack i mod n.
struct arrangement {
  std::string_view name;
  std::vector<reference::numerics> stacks;
  reference::numerics verifier;
};

/// The verifier's logits for every output token: row i predicts token i. [output, vocabulary]
struct reference_rows {
  std::vector<float> values;
  std::uint32_t vocabulary = 0;
  [[nodiscard]] std::span<const float> row(std::size_t i) const {
    return std::span{values}.subspan(i * vocabulary, vocabulary);
  }
};

/// One prefill over prompt and answer.
assay::result<reference_rows> recompute(const reference::engine& engine, const reference::numerics& how,
                                        std::span<const assay::token_id> prompt,
                                        std::span<const assay::token_id> output);

/// Scores an answer against the promised model, sampler and noise.
assay::result<transcript> verify(const world& with, const reference::numerics& verifier, const request& asked,
                                 const answer& given);

/// Serves and verifies requests 0 .. count-1 of a purpose. Does not depend on the number of threads.
assay::result<pool> collect(const world& with, const conduct& who, const arrangement& how, std::string_view purpose,
                            std::uint32_t count, assay::thread_pool& threads, demo::progress& shown);

}  // namespace study

#endif
