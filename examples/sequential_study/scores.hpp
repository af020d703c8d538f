// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Worlds that scores come from: how honest tokens are distributed, and how those of one request depend on each other.
#ifndef ASSAY_SEQUENTIAL_STUDY_SCORES_HPP
#define ASSAY_SEQUENTIAL_STUDY_SCORES_HPP

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include <assay/random/stream.hpp>

namespace study {

enum class world : std::uint8_t {
  normal,           ///< independent N(shift, 1)
  autoregressive,   ///< N(shift, 1), correlation 0.8^k inside a request
  random_effect,    ///< N(shift, 1), a fifth of the variance is common to the request
  margins,          ///< independent: mostly 0, 5 % exponential of mean 0.3 (1 + shift), cut at 1
  bursty_margins,   ///< the same, with the rate of a request log-normal about 5 %
};
inline constexpr std::array all_worlds{world::normal, world::autoregressive, world::random_effect, world::margins,
                                       world::bursty_margins};

std::string_view name_of(world w);
[[nodiscard]] constexpr bool is_normal(world w) { return w <= world::random_effect; }

/// Appends the scores of one request of `tokens` tokens.
void draw_request(world w, double shift, std::uint32_t tokens, assay::random_stream& stream, std::vector<double>& raw);

/// A score in the two forms that tests take.
struct score {
  double z = 0;  ///< standardised by the honest mean and spread
  double x = 0;  ///< in [0, 1]
};

/// How raw scores of a token, or their mean over a request, become `score`s; fitted on many honest requests.
struct scale {
  double mean = 0, spread = 1;  ///< of honest raw scores
  double honest_x = 0.5;        ///< upper bound of the honest mean of x: estimate and four standard errors
  double spread_x = 1.0 / 6;    ///< of honest x
  double largest = 0;  ///< raw score that x = 1 stands for; 0: x is z, cut at 3 deviations and moved to [0, 1]

  [[nodiscard]] score of(double raw) const;
};

/// Whether a step of a test is a token or a whole request.
enum class unit : std::uint8_t { token, request };

scale fit_scale(world w, unit step, std::uint32_t tokens, assay::random_stream stream);

}  // namespace study

#endif
