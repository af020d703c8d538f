// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From a calibration to a ledger: which checks its statistics make, and what an audited request scores in them.
#ifndef ASSAY_PROTOCOL_LEDGER_CHECKS_HPP
#define ASSAY_PROTOCOL_LEDGER_CHECKS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <assay/protocol/calibration.hpp>
#include <assay/protocol/ledger_entry.hpp>

namespace assay::inline v0 {

namespace detail {

/// Calls use(channel, statistic, multiple, bound) for every statistic that can be bet on, in a fixed order. A bound of 1
/// leaves nothing to win.
template <class Use>
void for_each_bet(const calibration& fitted, Use&& use) {
  for (std::size_t c = 0; c < channel_count; ++c)
    for (std::size_t s = 0; fitted.channels[c].present && s < statistic_count; ++s)
      for (std::size_t b = 0; b < betting_multiples.size(); ++b)
        if (const double bound = fitted.channels[c].statistics[s].bounds[b]; bound > 0 && bound < 1)
          use(c, s, b, bound);
}

}  // namespace detail

/// The checks that `verifier` bets on, by name: "tokens/mean/4" bets on the mean score of channel tokens in units of four
/// times the largest honest one. `excess` > 1 lets accepts exclude expected scores of that many times the honest bound,
/// where that is below 1; 0: no accepts. The calibration's own risk, 1 - confidence, comes on top of the ledger's alpha.
[[nodiscard]] inline std::vector<ledger_check> ledger_checks(const calibration& fitted, double excess = 0) {
  constexpr const char* statistics[] = {"mean", "largest"};
  constexpr const char* multiples[] = {"1", "4", "16"};
  static_assert(std::size(statistics) == statistic_count && std::size(multiples) == betting_multiples.size());
  std::vector<ledger_check> checks;
  detail::for_each_bet(fitted, [&](std::size_t c, std::size_t s, std::size_t b, double bound) {
    ledger_check check;
    check.name.text = std::string(name(static_cast<channel>(c))) + "/" + statistics[s] + "/" + multiples[b];
    check.honest_mean = bound;
    if (const double cheat = excess * bound; cheat > bound && cheat < 1) check.cheat_mean = cheat;
    checks.push_back(std::move(check));
  });
  return checks;
}

/// What a request scores in those checks.
[[nodiscard]] inline std::vector<ledger_score> ledger_scores(const calibration& fitted,
                                                             const request_evidence& evidence) {
  std::vector<ledger_score> scores;
  std::uint32_t check = 0;
  detail::for_each_bet(fitted, [&](std::size_t c, std::size_t s, std::size_t b, double) {
    const channel_summary summary = summarise(fitted.channels[c], evidence.scores[c]);
    if (summary.present) scores.push_back({check, bet_on(fitted.channels[c].statistics[s], b, summary.value[s])});
    ++check;
  });
  return scores;
}

}  // namespace assay::inline v0

#endif
