// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What honest requests look like: fitted once per run description and verifier, then used to bound false alarms.
#ifndef ASSAY_PROTOCOL_CALIBRATION_HPP
#define ASSAY_PROTOCOL_CALIBRATION_HPP

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include <assay/protocol/challenge.hpp>
#include <assay/protocol/evidence.hpp>
#include <assay/protocol/run.hpp>
#include <assay/stats/evidence.hpp>
#include <assay/stats/mean_bound.hpp>
#include <assay/stats/quantile.hpp>

namespace assay::inline v0 {

/// The two statistics of a channel: a cheat on every token moves the mean, a cheat on one token the largest score.
inline constexpr std::size_t statistic_count = 2;
enum class statistic : std::uint8_t {
  mean = 0,     ///< mean of the scores, each divided by its cap and cut at 1
  largest = 1,  ///< largest score divided by its cap, not cut
};

/// One channel of one request, reduced to its statistics.
struct channel_summary {
  bool present = false;
  std::array<double, statistic_count> value{};
  score_at where;  ///< of the largest score
};

/// The sequential test bets on a statistic in units of these multiples of the largest honest value: on mild, clear
/// and gross deviations.
inline constexpr std::array<double, 3> betting_multiples{1.0, 4.0, 16.0};

struct statistic_calibration {
  double scale = 1;  ///< largest value in the fitting half
  /// Upper confidence bounds of the honest expectation of min(value / (scale * multiple), 1).
  std::array<double, betting_multiples.size()> bounds{1, 1, 1};

  friend bool operator==(const statistic_calibration&, const statistic_calibration&) = default;
};

struct channel_calibration {
  bool present = false;
  std::vector<double> caps;  ///< one per checkpoint for states and blocks, else one
  std::array<statistic_calibration, statistic_count> statistics;

  friend bool operator==(const channel_calibration&, const channel_calibration&) = default;
};

/// Fitted on honest requests of one run description; refuses to speak for another.
struct calibration {
  run_digest run;
  challenge_size opened;  ///< largest scores grow with their number, so a calibration speaks for one size of challenge
  std::array<channel_calibration, channel_count> channels;
  std::vector<double> honest_deviations;  ///< ascending; deviations of the ranking half
  double confidence = 0;                  ///< joint confidence of all betting bounds

  friend bool operator==(const calibration&, const calibration&) = default;
};

/// Whether a channel's scores are judged by checkpoint: their honest size differs from one to the next.
[[nodiscard]] constexpr bool is_by_checkpoint(channel c) noexcept { return c == channel::states || c == channel::blocks; }

/// Reduces a channel's scores with fitted caps. @pre the channel was calibrated
[[nodiscard]] inline channel_summary summarise(const channel_calibration& fitted, std::span<const score_at> scores) {
  channel_summary s;
  if (scores.empty()) return s;
  ASSAY_EXPECTS(fitted.present && !fitted.caps.empty());
  s.present = true;
  double sum = 0, largest = 0;
  for (const score_at& each : scores) {
    const double cap = fitted.caps[fitted.caps.size() == 1 ? 0 : std::min<std::size_t>(each.layer.value, fitted.caps.size() - 1)];
    const double relative = each.score / cap;
    sum += std::min(relative, 1.0);
    if (relative >= largest) largest = relative, s.where = each;
  }
  s.value = {sum / static_cast<double>(scores.size()), largest};
  return s;
}

/// What the betting test sees of a statistic, in [0, 1].
[[nodiscard]] inline double bet_on(const statistic_calibration& fitted, std::size_t multiple, double value) {
  return std::min(value / (fitted.scale * betting_multiples[multiple]), 1.0);
}

/// How far a request is from honest ones, as one number; and which statistic says so.
struct deviation {
  double value = 0;  ///< 1: as far as the farthest request of the fitting half
  channel which = channel::tokens;
  statistic by = statistic::mean;
  score_at where;
};

[[nodiscard]] inline deviation deviation_of(const calibration& fitted, const request_evidence& evidence) {
  deviation d;
  for (std::size_t c = 0; c < channel_count; ++c) {
    const channel_calibration& each = fitted.channels[c];
    if (!each.present) continue;
    const channel_summary summary = summarise(each, evidence.scores[c]);
    for (std::size_t s = 0; summary.present && s < statistic_count; ++s) {
      const double relative = summary.value[s] / each.statistics[s].scale;
      if (relative > d.value) d = {relative, static_cast<channel>(c), static_cast<statistic>(s), summary.where};
    }
  }
  return d;
}

struct calibration_settings {
  double cap_quantile = 0.999;   ///< scores are cut at this quantile of honest ones
  double token_cap_floor = 1e-3; ///< logits; the least cap of a token channel
  double state_cap_floor = 1e-5; ///< relative distance; the least cap of a checkpoint
  double confidence = 0.995;     ///< joint confidence of the betting bounds
};

/// Fits a calibration. The first half of the requests sets caps and scales, the second half ranks and bounds,
/// so that ranks and bounds are taken on requests the scales have not seen.
///
/// Guarantee: if later honest requests are exchangeable with these, `p_value` is valid; if they are independent
/// and alike, every betting bound holds with `confidence`. Nothing is assumed of scores inside a request.
/// @errors insufficient_data (fewer than 8 requests, or a channel absent in some), non_finite, shape_mismatch
class calibrator {
 public:
  /// `opened`: the size of the challenges that the honest requests answered, and later ones will.
  calibrator(const run_description& run, const challenge_size& opened, calibration_settings settings = {})
      : run_(digest_of(run)), opened_(opened), checkpoints_(run.model.checkpoints), settings_(settings) {}

  void add(const request_evidence& evidence) { requests_.push_back(evidence); }
  [[nodiscard]] std::size_t size() const noexcept { return requests_.size(); }

  [[nodiscard]] result<calibration> fit() const {
    if (requests_.size() < 8) return fail(errc::insufficient_data, "calibration: at least 8 honest requests are needed", requests_.size());
    for (const request_evidence& each : requests_)
      if (auto sound = check_scores(each); !sound) return sound.error();
    calibration fitted;
    fitted.run = run_;
    fitted.opened = opened_;
    fitted.confidence = settings_.confidence;
    const std::span<const request_evidence> all{requests_};
    const auto fitting = all.first(all.size() / 2), ranking = all.subspan(all.size() / 2);
    for (std::size_t c = 0; c < channel_count; ++c) {
      auto one = fit_channel(static_cast<channel>(c), fitting);
      if (!one) return one.error();
      fitted.channels[c] = std::move(*one);
    }
    if (auto bounded = bound_bets(fitted, ranking); !bounded) return bounded.error();
    for (const request_evidence& each : ranking) fitted.honest_deviations.push_back(deviation_of(fitted, each).value);
    std::sort(fitted.honest_deviations.begin(), fitted.honest_deviations.end());
    return fitted;
  }

 private:
  [[nodiscard]] result<void> check_scores(const request_evidence& evidence) const {
    for (const auto& scores : evidence.scores)
      for (const score_at& s : scores)
        if (!(s.score >= 0) || s.score > 1e300) return fail(errc::non_finite, "calibration: an honest score is not a finite distance", s.at.value);
    for (const channel c : {channel::states, channel::blocks})
      for (const score_at& s : evidence.of(c))
        if (s.layer.value >= checkpoints_) return fail(errc::shape_mismatch, "calibration: a score of an unknown checkpoint", s.layer.value);
    return {};
  }

  [[nodiscard]] result<channel_calibration> fit_channel(channel which, std::span<const request_evidence> fitting) const {
    channel_calibration fitted;
    const std::size_t having = static_cast<std::size_t>(
        std::count_if(requests_.begin(), requests_.end(), [&](const request_evidence& e) { return !e.of(which).empty(); }));
    if (having == 0) return fitted;
    if (having != requests_.size()) return fail(errc::insufficient_data, "calibration: a channel is missing in some requests", having);
    fitted.present = true;
    const bool by_layer = is_by_checkpoint(which);
    std::vector<std::vector<double>> pools(by_layer ? checkpoints_ : 1);
    for (const request_evidence& each : fitting)
      for (const score_at& s : each.of(which)) pools[by_layer ? s.layer.value : 0].push_back(s.score);
    const double floor = by_layer || which == channel::rows ? settings_.state_cap_floor : settings_.token_cap_floor;
    for (std::size_t l = 0; l < pools.size(); ++l) {
      if (pools[l].empty() && must_be_compared(which, l)) return fail(errc::insufficient_data, "calibration: a checkpoint was never compared", l);
      const auto cap = stats::quantile(pools[l], settings_.cap_quantile);
      if (!cap && !pools[l].empty()) return cap.error();
      fitted.caps.push_back(cap ? std::max(*cap, floor) : floor);  // the floor of a block that is never drawn judges nothing
    }
    for (statistic_calibration& each : fitted.statistics) each.scale = smallest_scale;
    for (const request_evidence& each : fitting) {
      const channel_summary summary = summarise(fitted, each.of(which));
      for (std::size_t s = 0; s < statistic_count; ++s)
        fitted.statistics[s].scale = std::max(fitted.statistics[s].scale, summary.value[s]);
    }
    return fitted;
  }

  /// Of blocks, those that challenges draw from.
  [[nodiscard]] bool must_be_compared(channel which, std::size_t layer) const {
    const auto& among = opened_.recheck.among;
    return which != channel::blocks || std::binary_search(among.begin(), among.end(), layer_index{static_cast<std::uint32_t>(layer)});
  }

  [[nodiscard]] result<void> bound_bets(calibration& fitted, std::span<const request_evidence> ranking) const {
    std::size_t present = 0;
    for (const auto& each : fitted.channels) present += each.present ? 1 : 0;
    if (present == 0) return fail(errc::insufficient_data, "calibration: no channel has scores");
    const double risk = (1 - settings_.confidence) / static_cast<double>(present * statistic_count * betting_multiples.size());
    std::vector<double> seen(ranking.size());
    for (std::size_t c = 0; c < channel_count; ++c) {
      channel_calibration& each = fitted.channels[c];
      for (std::size_t s = 0; each.present && s < statistic_count; ++s)
        for (std::size_t b = 0; b < betting_multiples.size(); ++b) {
          for (std::size_t i = 0; i < ranking.size(); ++i)
            seen[i] = bet_on(each.statistics[s], b, summarise(each, ranking[i].scores[c]).value[s]);
          const auto bound = stats::mean_upper_bound(seen, 1 - risk);
          if (!bound) return bound.error();
          each.statistics[s].bounds[b] = *bound;
        }
    }
    return {};
  }

  static constexpr double smallest_scale = 1e-9;  // an honest statistic that was always 0 still needs a unit

  run_digest run_;
  challenge_size opened_;
  std::uint32_t checkpoints_;
  calibration_settings settings_;
  std::vector<request_evidence> requests_;
};

/// Share of honest requests at least as far off, by rank among the calibration's: valid without any model of the scores.
[[nodiscard]] inline double p_value(const calibration& fitted, double deviation) {
  return stats::conformal_p_value(fitted.honest_deviations, deviation).value_or(1);
}

}  // namespace assay::inline v0

#endif
