// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part one: dishonest providers on the reference engine, under several agreements about arithmetic.
#ifndef ASSAY_TOKEN_STUDY_ENGINE_STUDY_HPP
#define ASSAY_TOKEN_STUDY_ENGINE_STUDY_HPP

#include <string>
#include <vector>

#include "detection.hpp"

namespace study {

struct cheat_result {
  std::string id, name;
  double temperature = 0;  ///< that the provider used
  pool_summary seen;
  detection found;
};

struct arrangement_result {
  std::string name, verifier;
  std::vector<std::string> stacks;
  std::size_t calibration_tokens = 0;
  double cap = 0;
  pool_summary honest;  ///< the evaluation pool
  std::vector<baseline> baselines;
  std::vector<cheat_result> cheats;
};

/// Promised and computed in bf16, in f32, or as each side likes.
std::vector<arrangement> arrangements(bool quick);

/// The cheats tried under an arrangement: all in the first, a few where only the arithmetic differs.
std::vector<conduct> tried_in(const arrangement& how, const std::vector<conduct>& cheats);
/// Requests that `run_arrangement` will serve.
std::uint32_t requests_of(const options& chosen, const std::vector<conduct>& cheats);

/// The temperature at which a provider's mean cross-entropy under the promised model equals the honest one, found on
/// texts of its own: expectations over the provider's distribution, so that little depends on luck.
assay::result<float> blinding_temperature(const world& with, const reference::engine& cheap, const arrangement& how);

/// Everything about one arrangement.
assay::result<arrangement_result> run_arrangement(const world& with, const arrangement& how,
                                                  const std::vector<conduct>& cheats, assay::thread_pool& threads,
                                                  demo::progress& shown);

}  // namespace study

#endif
