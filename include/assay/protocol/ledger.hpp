// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A ledger of providers: evidence accumulates over requests and sessions, decisions keep one error rate over all providers.
#ifndef ASSAY_PROTOCOL_LEDGER_HPP
#define ASSAY_PROTOCOL_LEDGER_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include <assay/protocol/ledger_entry.hpp>
#include <assay/stats/alpha_spending.hpp>
#include <assay/stats/betting.hpp>
#include <assay/stats/combination.hpp>
#include <assay/stats/forecast.hpp>
#include <assay/stats/mean_bound.hpp>

namespace assay::inline v0 {

/// What a ledger says about one provider.
struct provider_statement {
  provider_digest provider;
  outcome decision = outcome::inconclusive;
  reason why = reason::none;
  std::uint64_t place = 0;  ///< 1 for the first provider that was entered
  double alpha = 0;  ///< its share of the ledger's
  double log_e_value = 0;  ///< of all checks together; infinite after a breach
  double log_threshold = 0;  ///< evidence of this much rejects
  std::size_t strongest = 0;  ///< the check that contributes most
  std::uint64_t sessions = 0, requests = 0, tokens = 0, opened_bytes = 0;  ///< all that was spent on it
  std::uint64_t decided_after = 0;  ///< requests when it was rejected; 0 if it was not
  stats::forecast to_reject;  ///< further requests until a reject, if it goes on like this
  stats::forecast to_accept;  ///< further requests until an accept; infinite if no check excludes anything
};

/// Accounts of providers, fed one audited request at a time.
///
/// - **Reject**: an exact breach, or the average of the checks' e-values (valid however checks depend on each other) has
///   ever reached 1 / alpha_n. Each check's e-value is a product over the provider's requests. alpha_n is the n-th share
///   of the terms' alpha, n the provider's place by first entry, so some honest provider is ever rejected with
///   probability at most alpha, whoever comes and whenever one looks. A reject is final.
/// - **Accept**: every check with a `cheat_mean` has refuted, at level beta, that the provider's expected score is that large
///   on every request. It speaks of the requests so far; evidence goes on, and a reject may follow.
/// - **Inconclusive**: neither; `to_reject` and `to_accept` say how many requests are likely to be missing.
///
/// What it needs: an honest provider's score has, given everything entered before, an expectation of at most `honest_mean`.
/// Requests may be chosen by any rule that does not look at their scores. If the means come from a calibration, its own
/// risk comes on top, once. Decisions are exact: whoever replays the entries gets the same bits.
class ledger {
 public:
  /// @errors those of validate(terms)
  [[nodiscard]] static result<ledger> open(const ledger_terms& terms) {
    if (auto valid = validate(terms); !valid) return valid.error();
    return ledger{terms};
  }

  /// Opens the ledger that a record claims to be, entry by entry.
  /// @errors those of `open` and `append` (`where`: the entry's index), commitment_mismatch (another head)
  [[nodiscard]] static result<ledger> replay(const ledger_record& record) {
    auto opened = open(record.terms);
    if (!opened) return opened.error();
    for (std::size_t i = 0; i < record.entries.size(); ++i)
      if (auto taken = opened->append(record.entries[i]); !taken)
        return fail(taken.error().code, taken.error().message, i);
    if (opened->head() != record.head)
      return fail(errc::commitment_mismatch, "ledger: the entries do not lead to the stated head",
                  record.entries.size());
    return opened;
  }

  /// Adds an audited request; all or nothing. @errors those of validate(entry, terms), duplicate (a request of this provider)
  result<void> append(const ledger_entry& entry) {
    if (auto valid = validate(entry, record_.terms); !valid) return valid.error();
    account* held = find(entry.provider);
    if (held != nullptr && held->seen.count(entry.request) != 0)
      return fail(errc::duplicate, "ledger: this request of this provider is entered already");
    if (held == nullptr) held = &admit(entry.provider);
    count(*held, entry);
    place_bets(*held, entry);
    record_.entries.push_back(entry);
    record_.head = digest_after(record_.head, entry);
    return {};
  }

  /// Everything needed to replay this ledger.
  [[nodiscard]] const ledger_record& record() const noexcept { return record_; }
  [[nodiscard]] const ledger_digest& head() const noexcept { return record_.head; }
  [[nodiscard]] const ledger_terms& terms() const noexcept { return record_.terms; }
  [[nodiscard]] std::size_t providers() const noexcept { return accounts_.size(); }

  /// @errors not_found
  [[nodiscard]] result<provider_statement> statement(const provider_digest& provider) const {
    const std::size_t place = place_of(provider);
    if (place == accounts_.size()) return fail(errc::not_found, "ledger: no entry of this provider");
    return statement_of(place);
  }
  /// All providers', in the order of their places.
  [[nodiscard]] std::vector<provider_statement> statements() const {
    std::vector<provider_statement> all;
    for (std::size_t i = 0; i < accounts_.size(); ++i) all.push_back(statement_of(i));
    return all;
  }

  /// The largest expected score of a provider in one check that its requests have not refuted at level beta: any constant
  /// cheat above it would have been seen. Valid at any time. @pre the check exists. @errors not_found, insufficient_data
  [[nodiscard]] result<double> score_bound(const provider_digest& provider, std::size_t check) const {
    ASSAY_EXPECTS(check < record_.terms.checks.size());
    if (place_of(provider) == accounts_.size()) return fail(errc::not_found, "ledger: no entry of this provider");
    std::vector<double> scores;
    for (const ledger_entry& each : record_.entries)
      for (const ledger_score& s : each.scores)
        if (each.provider == provider && s.check == check) scores.push_back(s.score);
    return stats::mean_upper_bound(scores, 1 - record_.terms.beta);
  }

 private:
  struct account {
    provider_digest provider;
    double threshold = 0;
    stats::combined_evidence evidence;
    std::vector<stats::betting_martingale> against_honesty;  // one per check
    std::vector<std::optional<stats::betting_martingale>>
        against_cheat;  // on 1 - score, where a cheat's mean is stated
    std::set<request_digest> seen;
    std::set<session_digest> sessions;
    std::uint64_t tokens = 0, opened_bytes = 0, decided_after = 0;
    reason breach = reason::none;
  };

  explicit ledger(const ledger_terms& terms) : record_{terms, {}, digest_of(terms)} {}

  [[nodiscard]] stats::alpha_schedule schedule() const {
    if (record_.terms.spending != stats::spending::geometric) return stats::alpha_schedule{record_.terms.spending};
    return stats::alpha_schedule::geometric(record_.terms.ratio).value();
  }
  [[nodiscard]] double alpha_of(std::size_t place) const {
    return fp::mul(record_.terms.alpha, schedule().share(place + 1));
  }

  [[nodiscard]] std::size_t place_of(const provider_digest& provider) const {
    const auto at = std::lower_bound(by_provider_.begin(), by_provider_.end(), std::pair{provider, std::size_t{0}});
    return at != by_provider_.end() && at->first == provider ? at->second : accounts_.size();
  }
  [[nodiscard]] account* find(const provider_digest& provider) {
    const std::size_t place = place_of(provider);
    return place == accounts_.size() ? nullptr : &accounts_[place];
  }

  account& admit(const provider_digest& provider) {
    std::vector<double> weights;
    std::vector<stats::betting_martingale> against_honesty;
    std::vector<std::optional<stats::betting_martingale>> against_cheat;
    for (const ledger_check& each : record_.terms.checks) {
      weights.push_back(each.weight);
      const std::span<const double> bets = each.bets.empty() ? std::span<const double>(stats::default_bets) : each.bets;
      against_honesty.push_back(stats::betting_martingale::make(each.honest_mean, bets).value());
      against_cheat.emplace_back();
      if (each.cheat_mean != 0)
        against_cheat.back() = stats::betting_martingale::make(fp::sub(1.0, each.cheat_mean)).value();
    }
    const std::pair key{provider, accounts_.size()};
    by_provider_.insert(std::lower_bound(by_provider_.begin(), by_provider_.end(), key), key);
    const double threshold = stats::log_threshold(alpha_of(accounts_.size()));
    accounts_.push_back({provider,
                         threshold,
                         stats::combined_evidence::make(weights).value(),
                         std::move(against_honesty),
                         std::move(against_cheat),
                         {},
                         {},
                         0,
                         0,
                         0,
                         reason::none});
    return accounts_.back();
  }

  static void count(account& held, const ledger_entry& entry) {
    held.seen.insert(entry.request);
    held.sessions.insert(entry.session);
    held.tokens = saturated(held.tokens, entry.tokens);
    held.opened_bytes = saturated(held.opened_bytes, entry.opened_bytes);
    if (held.breach == reason::none) held.breach = entry.breach;
  }
  [[nodiscard]] static std::uint64_t saturated(std::uint64_t a, std::uint64_t b) noexcept {
    return a + b < a ? ~std::uint64_t{0} : a + b;
  }

  static void place_bets(account& held, const ledger_entry& entry) {
    for (const ledger_score& s : entry.scores) {
      auto& test = held.against_honesty[s.check];
      bool taken = static_cast<bool>(test.update(s.score));
      if (auto& other = held.against_cheat[s.check]) taken = taken && other->update(fp::sub(1.0, s.score));
      taken = taken && held.evidence.set(s.check, test.log_e_value());
      ASSAY_EXPECTS(taken);  // validated scores are in [0, 1]
    }
    held.evidence.look();
    if (entry.breach != reason::none) held.evidence.refute();
    if (held.decided_after == 0 && held.evidence.log_peak() >= held.threshold) held.decided_after = held.seen.size();
  }

  [[nodiscard]] bool accepts(const account& held) const {
    bool any = false;
    for (const auto& each : held.against_cheat) {
      if (each && !each->rejects(record_.terms.beta)) return false;
      any = any || each;
    }
    return any;
  }

  [[nodiscard]] stats::forecast until_accept(const account& held) const {
    stats::forecast slowest{0, 0, 0};
    bool any = false;
    for (const auto& each : held.against_cheat) {
      if (!each) continue;
      any = true;
      if (each->rejects(record_.terms.beta)) continue;
      const auto f =
          stats::forecast_steps(stats::log_threshold(record_.terms.beta) - each->log_e_value(), each->present_growth());
      slowest = {std::max(slowest.low, f.low), std::max(slowest.likely, f.likely), std::max(slowest.high, f.high)};
    }
    constexpr double never = std::numeric_limits<double>::infinity();
    return any ? slowest : stats::forecast{never, never, never};
  }

  [[nodiscard]] provider_statement statement_of(std::size_t place) const {
    const account& held = accounts_[place];
    provider_statement s;
    s.provider = held.provider;
    s.place = place + 1, s.alpha = alpha_of(place);
    s.log_e_value = held.evidence.log_e_value(), s.log_threshold = held.threshold;
    s.strongest = held.evidence.strongest();
    s.sessions = held.sessions.size(), s.requests = held.seen.size();
    s.tokens = held.tokens, s.opened_bytes = held.opened_bytes, s.decided_after = held.decided_after;
    if (held.decided_after != 0) {
      s.decision = outcome::reject;
      s.why = held.breach != reason::none ? held.breach : reason::session_evidence;
      s.to_reject = {0, 0, 0};
      return s;
    }
    if (accepts(held)) s.decision = outcome::accept;
    s.to_reject =
        stats::forecast_steps(held.threshold - s.log_e_value, held.against_honesty[s.strongest].present_growth());
    s.to_accept = until_accept(held);
    return s;
  }

  ledger_record record_;
  std::vector<account> accounts_;  // by place
  std::vector<std::pair<provider_digest, std::size_t>> by_provider_;  // ascending
};

}  // namespace assay::inline v0

#endif
