// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A verifier's session with one provider: evidence of its requests goes in, verdicts with stated error rates come out.
#ifndef ASSAY_PROTOCOL_VERIFIER_HPP
#define ASSAY_PROTOCOL_VERIFIER_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include <assay/protocol/audit.hpp>
#include <assay/protocol/calibration.hpp>
#include <assay/stats/betting.hpp>
#include <assay/stats/evidence.hpp>

namespace assay::inline v0 {

/// Decides about one provider, request by request.
///
/// Two error rates hold for an honest provider:
/// - a single request is rejected with probability at most `request_alpha` (rank among calibration requests; needs
///   nothing but exchangeability);
/// - the session is rejected, at whatever request one looks or stops, with probability at most `session_alpha`: half
///   for the betting test, which multiplies evidence over requests and averages over channels and scales (an average
///   of e-values is one, however dependent they are), half for the calibration's bounds.
template <vector_commitment Scheme = merkle>
class basic_verifier {
 public:
  /// @errors those of validate(policy); insufficient_data (too few calibration requests for `request_alpha`, or bounds
  ///         of less confidence than `session_alpha / 2` demands), calibration_mismatch (another size of challenge)
  [[nodiscard]] static result<basic_verifier> make(const verification_policy& policy, const calibration& fitted) {
    if (auto valid = validate(policy); !valid) return valid.error();
    if (static_cast<double>(fitted.honest_deviations.size() + 1) * policy.request_alpha < 1)
      return fail(errc::insufficient_data, "verifier: request_alpha needs at least 1 / request_alpha ranked calibration requests", fitted.honest_deviations.size());
    if (fitted.opened != policy.opened)
      return fail(errc::calibration_mismatch, "verifier: the calibration is for another size of challenge");
    if (1 - fitted.confidence > policy.session_alpha / 2 + 1e-12)
      return fail(errc::insufficient_data, "verifier: session_alpha needs calibration bounds of higher confidence");
    return basic_verifier{policy, fitted};
  }

  /// Starts the audit of one request; see `basic_audit::begin`. @errors calibration_mismatch and those of `begin`
  [[nodiscard]] result<basic_audit<Scheme>> begin(const run_description& run, const request& request, std::span<const token_id> output,
                                                  const receipt& receipt, std::uint64_t public_round = 0, Scheme scheme = {}) const {
    if (digest_of(run) != fitted_.run) return fail(errc::calibration_mismatch, "verifier: the calibration is for another run description");
    return basic_audit<Scheme>::begin(policy_, run, request, output, receipt, public_round, std::move(scheme));
  }

  /// Adds a finished audit to the session and decides. A request counts once: concluding it again changes no
  /// evidence. Once the session's evidence has sufficed, it stays rejected. @pre the audit is of the calibrated run
  [[nodiscard]] verdict conclude(const basic_audit<Scheme>& finished) {
    ASSAY_EXPECTS(digest_of(finished.run()) == fitted_.run);
    verdict v;
    v.level = finished.level().value_or(audit_level::receipt);
    const bool finished_checks = finished.level() || finished.breached();  // one concluded too early may come again
    const bool first = finished_checks && remember(finished.request_asked());
    if (first) tokens_ += finished.evidence().tokens, opened_bytes_ += finished.evidence().opened_bytes;
    if (const auto& broken = finished.breached()) {
      v.decision = outcome::reject, v.why = broken->why, v.place = broken->place, v.message = broken->message;
      return with_totals(v);
    }
    const deviation d = deviation_of(fitted_, finished.evidence());
    v.p_value = p_value(fitted_, d.value);
    if (first) place_bets(finished.evidence());
    session_rejected_ = session_rejected_ || e_value() >= session_threshold();
    if (session_rejected_) {
      v.decision = outcome::reject, v.why = reason::session_evidence;
      v.expected = session_threshold(), v.got = e_value();
      v.place = place_in(strongest_channel(), finished.evidence());
      v.message = "the requests of this session together contradict honesty";
    } else if (v.p_value <= policy_.request_alpha) {
      v.decision = outcome::reject, v.why = reason::request_outlier;
      v.expected = request_threshold(), v.got = d.value;
      v.place = {d.where.at, d.where.layer, d.which};
      v.message = "this request deviates further than honest requests do";
    } else {
      accept_or_ask(v, finished);
    }
    return with_totals(v);
  }

  /// Evidence of the session against honesty: reciprocal of an anytime-valid p-value.
  [[nodiscard]] double e_value() const {
    std::vector<double> log_e;
    for (const bet& each : bets_) log_e.push_back(each.test.log_e_value());
    return std::exp(stats::log_mean_e(log_e).value_or(0));  // no bets: no evidence
  }
  [[nodiscard]] double session_threshold() const noexcept { return 2 / policy_.session_alpha; }

  /// Further requests until the session's evidence is likely to suffice for a reject, if the provider goes on like this: an
  /// estimate with a range, see `stats::forecast_steps`.
  [[nodiscard]] stats::forecast to_reject() const {
    if (session_rejected_) return {0, 0, 0};
    if (bets_.empty()) return {};
    const auto leading = std::max_element(bets_.begin(), bets_.end(), [](const bet& a, const bet& b) { return a.test.log_e_value() < b.test.log_e_value(); });
    return stats::forecast_steps(std::log(session_threshold()) - std::log(e_value()), leading->test.present_growth());
  }

  /// Deviations above this are rejected; 1 is the farthest request of the calibration's fitting half.
  [[nodiscard]] double request_threshold() const {
    const auto& honest = fitted_.honest_deviations;
    const auto rejected_ranks = static_cast<std::size_t>(std::floor(policy_.request_alpha * static_cast<double>(honest.size() + 1)));
    return honest[honest.size() - rejected_ranks];
  }

  [[nodiscard]] const verification_policy& policy() const noexcept { return policy_; }

 private:
  struct bet {
    std::size_t channel, statistic, multiple;
    stats::betting_martingale test;
  };

  basic_verifier(const verification_policy& policy, const calibration& fitted) : policy_(policy), fitted_(fitted) {
    for (std::size_t c = 0; c < channel_count; ++c)
      for (std::size_t s = 0; fitted_.channels[c].present && s < statistic_count; ++s)
        for (std::size_t b = 0; b < betting_multiples.size(); ++b) {
          // A bound of 1 says nothing can be won: the calibration was too small to bet on this statistic.
          auto test = stats::betting_martingale::make(fitted_.channels[c].statistics[s].bounds[b]);
          if (test) bets_.push_back({c, s, b, *test});
        }
  }

  /// False if this request was concluded before.
  bool remember(const request_digest& request) {
    const auto at = std::lower_bound(concluded_.begin(), concluded_.end(), request);
    if (at != concluded_.end() && *at == request) return false;
    concluded_.insert(at, request);
    return true;
  }

  void place_bets(const request_evidence& evidence) {
    for (bet& each : bets_) {
      const channel_calibration& fitted = fitted_.channels[each.channel];
      const channel_summary summary = summarise(fitted, evidence.scores[each.channel]);
      if (!summary.present) continue;
      const auto placed = each.test.update(bet_on(fitted.statistics[each.statistic], each.multiple, summary.value[each.statistic]));
      ASSAY_EXPECTS(placed);  // bet_on yields values in [0, 1]
    }
  }

  /// Where a channel deviates most in this request.
  [[nodiscard]] audit_place place_in(channel which, const request_evidence& evidence) const {
    const channel_summary summary = summarise(fitted_.channels[static_cast<std::size_t>(which)], evidence.of(which));
    return {summary.where.at, summary.where.layer, which};
  }

  /// The channel whose bets have won most.
  [[nodiscard]] channel strongest_channel() const {
    std::size_t best = 0;
    for (std::size_t i = 1; i < bets_.size(); ++i)
      if (bets_[i].test.log_e_value() > bets_[best].test.log_e_value()) best = i;
    return static_cast<channel>(bets_[best].channel);
  }

  void accept_or_ask(verdict& v, const basic_audit<Scheme>& finished) const {
    const bool deep_enough = finished.level() && *finished.level() >= policy_.required;
    const std::uint64_t needed = policy_.required == audit_level::receipt ? 0 : policy_.minimum_tokens;  // level 0 examines none
    const bool grindable = !finished.run().sampler.filters.greedy() && finished.evidence().nats < policy_.grinding.nats;
    if (deep_enough && tokens_ >= needed && !grindable) {
      v.decision = outcome::accept;
      v.message = "nothing in this request tells the provider from an honest one";
      return;
    }
    v.decision = outcome::inconclusive;
    v.need_tokens = tokens_ < needed ? needed - tokens_ : 0;
    v.message = deep_enough ? "too few tokens were examined" : "the policy's level was not reached: openings or replay are missing";
    if (!deep_enough || tokens_ < needed) return;
    const auto& seen = finished.evidence();
    v.message = "a seed could have been searched for that fits so predictable a text: ask for longer answers";
    if (seen.nats > 0)
      v.need_tokens = static_cast<std::uint64_t>(std::min(std::ceil(static_cast<double>(seen.tokens) * (policy_.grinding.nats / seen.nats - 1)), 1e9));
  }

  [[nodiscard]] verdict with_totals(verdict v) const {
    v.e_value = e_value(), v.tokens = tokens_, v.opened_bytes = opened_bytes_;
    return v;
  }

  verification_policy policy_;
  calibration fitted_;
  std::vector<bet> bets_;
  std::vector<request_digest> concluded_;  // ascending
  bool session_rejected_ = false;
  std::uint64_t tokens_ = 0;
  std::uint64_t opened_bytes_ = 0;
};

using verifier = basic_verifier<>;

}  // namespace assay::inline v0

#endif
