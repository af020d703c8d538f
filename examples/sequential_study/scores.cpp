// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "scores.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <assay/stats/quantile.hpp>

namespace study {
namespace {

constexpr double correlation = 0.8;
constexpr double common_share = 0.2;
constexpr double margin_rate = 0.05, margin_mean = 0.3, rate_spread = 0.7;
constexpr std::uint32_t fitting_requests = 100000;

double margin(double rate, double shift, assay::random_stream& stream) {
  return stream.uniform() < rate ? std::min(1.0, margin_mean * (1 + shift) * stream.exponential()) : 0.0;
}

}  // namespace

std::string_view name_of(world w) {
  switch (w) {
    case world::normal: return "normal, independent";
    case world::autoregressive: return "normal, autoregressive";
    case world::random_effect: return "normal, request effect";
    case world::margins: return "margins, independent";
    case world::bursty_margins: break;
  }
  return "margins, bursty";
}

void draw_request(world w, double shift, std::uint32_t tokens, assay::random_stream& stream, std::vector<double>& raw) {
  raw.clear();
  double state = stream.normal();
  const double rate = w == world::bursty_margins
                          ? std::min(1.0, margin_rate * std::exp(rate_spread * state - 0.5 * rate_spread * rate_spread))
                          : margin_rate;
  for (std::uint32_t t = 0; t < tokens; ++t) switch (w) {
      case world::normal: raw.push_back(shift + stream.normal()); break;
      case world::autoregressive:
        raw.push_back(shift + state);
        state = correlation * state + std::sqrt(1 - correlation * correlation) * stream.normal();
        break;
      case world::random_effect:
        raw.push_back(shift + std::sqrt(common_share) * state + std::sqrt(1 - common_share) * stream.normal());
        break;
      case world::margins:
      case world::bursty_margins: raw.push_back(margin(rate, shift, stream)); break;
    }
}

score scale::of(double raw) const {
  const double z = (raw - mean) / spread;
  if (largest > 0) return {z, std::min(1.0, raw / largest)};
  return {z, (std::clamp(z, -3.0, 3.0) + 3) / 6};
}

scale fit_scale(world w, unit step, std::uint32_t tokens, assay::random_stream stream) {
  std::vector<double> raw, seen, x;
  for (std::uint32_t i = 0; i < fitting_requests; ++i) {
    draw_request(w, 0, tokens, stream, raw);
    if (step == unit::request) seen.push_back(std::accumulate(raw.begin(), raw.end(), 0.0) / tokens);
    else seen.push_back(raw[i % tokens]);
  }
  scale fitted;
  fitted.mean = *assay::stats::mean(seen), fitted.spread = std::sqrt(*assay::stats::variance(seen));
  if (is_normal(w)) {  // the truth is known: mean 0, x symmetric about 1/2
    fitted.mean = 0;
    if (step == unit::token) fitted.spread = 1;
    return fitted;
  }
  fitted.largest = step == unit::token ? 1.0 : *assay::stats::quantile(seen, 0.999);
  for (double each : seen) x.push_back(fitted.of(each).x);
  fitted.spread_x = std::sqrt(*assay::stats::variance(x));
  fitted.honest_x = *assay::stats::mean(x) + 4 * fitted.spread_x / std::sqrt(static_cast<double>(x.size()));
  return fitted;
}

}  // namespace study
