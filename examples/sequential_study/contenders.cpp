// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "contenders.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace study {
namespace {

std::string label(const char* before, double low, double high) {
  char text[64];
  std::snprintf(text, sizeof text, "%s %.3g to %.3g", before, low, high);
  return text;
}

}  // namespace

assay::result<void> published_mixture::update(double z) {
  n_ += 1, sum_ += z;
  const auto log_e = assay::stats::log_normal_mixture_e(n_, sum_, scale_);
  if (!log_e) return log_e.error();
  peak_ = std::max(peak_, *log_e);
  return {};
}

assay::result<void> plug_in_bet::update(double x) {
  const double mean = (honest_ + sum_) / (n_ + 1), variance = (0.0625 + squares_) / (n_ + 1), excess = mean - honest_;
  const double stake = std::clamp(excess / (variance + excess * excess), 0.0, 0.75 / honest_);
  log_wealth_ += std::log1p(stake * (x - honest_));
  peak_ = std::max(peak_, log_wealth_);
  n_ += 1, sum_ += x;
  const double now = (honest_ + sum_) / (n_ + 1);
  squares_ += (x - now) * (x - now);
  return {};
}

void contender::update(const score& s) {
  std::visit(
      [&]<class T>(T& test) {
        constexpr bool bounded = std::is_same_v<T, assay::stats::betting_martingale> || std::is_same_v<T, plug_in_bet>;
        ASSAY_EXPECTS(test.update(bounded ? s.x : s.z));
      },
      test_);
}

double contender::log_peak() const {
  return std::visit([](const auto& test) { return test.log_peak(); }, test_);
}

contender sprt_for(std::string name, double shift) {
  return {std::move(name), assay::stats::gaussian_sprt::make(shift, {1e9, -1e9}).value()};
}

contender shifts_between(double least, double most) {
  return {label("shifts", least, most),
          assay::stats::shift_mixture{assay::stats::prior_grid::make(least, most).value()}};
}

contender bets_between(const scale& fitted, double least, double most) {
  const auto share = [&](double shift) {
    const double mean = std::min(1.0, fitted.honest_x + shift * fitted.spread_x);
    return assay::stats::best_share(fitted.honest_x, fitted.spread_x * fitted.spread_x, mean).value();
  };
  const auto grid = assay::stats::prior_grid::make(share(least), share(most)).value();
  return {label("bets", least, most),
          assay::stats::betting_martingale::make(fitted.honest_x, grid.points(), grid.weights()).value()};
}

contender default_bets(const scale& fitted) {
  return {"bets, default", assay::stats::betting_martingale::make(fitted.honest_x).value()};
}

std::vector<contender> validity_contenders(const scale& fitted, double target) {
  std::vector<contender> all{sprt_for("SPRT", target),
                             shifts_between(target / 2, 2 * target),
                             {"half-normal", assay::stats::normal_mixture::make(target).value()},
                             {"published mixture", published_mixture{target}},
                             default_bets(fitted),
                             bets_between(fitted, target / 2, 2 * target),
                             {"plug-in bet", plug_in_bet{fitted.honest_x}}};
  return all;
}

}  // namespace study
