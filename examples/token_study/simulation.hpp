// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part three: rows like a large model's, and providers whose logits are the verifier's plus noise.
#ifndef ASSAY_TOKEN_STUDY_SIMULATION_HPP
#define ASSAY_TOKEN_STUDY_SIMULATION_HPP

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "detection.hpp"

namespace study {

enum class tail : std::uint8_t {
  gaussian,  ///< independent N(0, sigma^2) on every logit
  heavy,  ///< Student's t with 3 degrees of freedom, times a log-normal scale per position; variance sigma^2
};

struct simulated_cheat {
  double ratio = 0;  ///< sigma over the honest one
  pool_summary seen;
  detection found;
};

/// What is simulated, at temperature 1 and top-k 50.
struct scenario {
  std::string_view name;
  tail noise = tail::gaussian;
  float top_p = 1;
};
inline constexpr std::array scenarios{scenario{"Gaussian noise, top-p off", tail::gaussian, 1.0f},
                                      scenario{"Gaussian noise, top-p 0.95", tail::gaussian, 0.95f},
                                      scenario{"heavy tails, top-p 0.95", tail::heavy, 0.95f}};

struct simulation_result {
  std::string name;
  double honest_sigma = 0;
  double cap = 0;
  std::size_t calibration_tokens = 0;
  pool_summary honest;  ///< the evaluation pool
  std::vector<baseline> baselines;
  std::vector<simulated_cheat> cheats;
};

inline constexpr std::uint32_t simulated_vocabulary = 128000;
inline constexpr std::uint32_t simulated_candidates = 96;  ///< largest logits that are simulated; top-k keeps 50

/// Cheats of sigma ratios 4.15, 2.5 and 1.87.
assay::result<simulation_result> simulate(const options& chosen, const scenario& what, assay::thread_pool& threads,
                                          demo::progress& shown);

/// Steps of progress that one call makes.
std::uint32_t simulation_steps();

}  // namespace study

#endif
