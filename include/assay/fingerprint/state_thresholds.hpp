// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From hidden-state statistics to a decision: the paper's thresholds, stricter ones, and ones fitted to honest runs.
#ifndef ASSAY_FINGERPRINT_STATE_THRESHOLDS_HPP
#define ASSAY_FINGERPRINT_STATE_THRESHOLDS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include <assay/fingerprint/state_statistics.hpp>

namespace assay::inline v0 {

/// When claimed states are taken for the reference's. The first four clauses are VeriLLM's; the last two close what
/// these cannot see: they ignore signs, allow every mantissa to move by a fifth of an octave, and cancel positive
/// against negative differences. A clause whose denominator is too small is not judged.
struct state_thresholds {
  double exponent_mismatch_below = 0.05;  ///< P_e <
  double large_in_mismatch_above = 0.75;  ///< P_m >
  double small_in_match_above = 0.80;  ///< P_w >
  double mean_signed_most = 0.01;  ///< |mean signed difference| <=
  double relative_deviation_most = std::numeric_limits<double>::infinity();  ///< sum |difference| / sum |reference| <=
  double sign_flip_most = 1;  ///< sign flips / N <=
  std::uint64_t least_pairs = 1;  ///< fewer finite pairs: inconclusive
  std::uint64_t least_mismatches = 1;  ///< fewer exponent mismatches: P_m is not judged

  friend bool operator==(const state_thresholds&, const state_thresholds&) = default;
};

/// The thresholds that VeriLLM states for checks off chain: P_e < 0.05, P_m > 0.75, P_w > 0.80, mean in [-0.01, 0.01].
/// For comparison only: states can be forged under this rule, see the module's page.
[[nodiscard]] constexpr state_thresholds verillm_off_chain_thresholds() noexcept { return {}; }

/// @errors out_of_range (a threshold is NaN or negative, or nothing is asked for)
[[nodiscard]] inline result<void> validate(const state_thresholds& t) {
  for (const double x : {t.exponent_mismatch_below, t.mean_signed_most, t.relative_deviation_most, t.sign_flip_most})
    if (!(x >= 0)) return fail(errc::out_of_range, "state thresholds: a bound is negative or NaN");
  for (const double x : {t.large_in_mismatch_above, t.small_in_match_above})
    if (x != x) return fail(errc::out_of_range, "state thresholds: a bound is NaN");
  if (t.least_pairs == 0) return fail(errc::out_of_range, "state thresholds: no pairs decide nothing");
  return {};
}

/// What settled a judgement.
enum class state_clause : std::uint8_t {
  none = 0,
  claimed_not_finite = 1,  ///< NaN or infinity where the reference is finite: reject
  exponent_mismatch = 2,
  large_in_mismatch = 3,
  small_in_match = 4,
  mean_signed = 5,
  relative_deviation = 6,
  sign_flip = 7,
  too_few_pairs = 8,  ///< inconclusive
  reference_not_finite = 9,  ///< inconclusive: the verifier's own states cannot judge anybody
};

[[nodiscard]] constexpr const char* name(state_clause clause) noexcept {
  switch (clause) {
    case state_clause::none: return "none";
    case state_clause::claimed_not_finite: return "claimed_not_finite";
    case state_clause::exponent_mismatch: return "exponent_mismatch";
    case state_clause::large_in_mismatch: return "large_in_mismatch";
    case state_clause::small_in_match: return "small_in_match";
    case state_clause::mean_signed: return "mean_signed";
    case state_clause::relative_deviation: return "relative_deviation";
    case state_clause::sign_flip: return "sign_flip";
    case state_clause::too_few_pairs: return "too_few_pairs";
    case state_clause::reference_not_finite: return "reference_not_finite";
  }
  return "unknown";
}

struct state_judgement {
  enum class outcome : std::uint8_t { accept, reject, inconclusive };
  outcome decision = outcome::inconclusive;
  state_clause because = state_clause::none;  ///< the first clause broken; none iff accepted

  friend bool operator==(const state_judgement&, const state_judgement&) = default;
};

/// Judges one set of counts: a row, a layer, or all of a request.
///
/// Undefined statistics: P_m with fewer than `least_mismatches` exponent mismatches and P_w without exponent matches
/// are not judged (the latter means P_e = 1); a relative deviation against a reference that is all zeros breaks its
/// clause unless the claim is all zeros too or the bound is infinite.
/// @pre validate(thresholds) Determinism: exact.
[[nodiscard]] inline state_judgement judge(const state_counts& c, const state_thresholds& t) {
  ASSAY_EXPECTS(validate(t));
  using outcome = state_judgement::outcome;
  const auto reject = [](state_clause clause) { return state_judgement{outcome::reject, clause}; };
  if (c.both_non_finite + c.reference_non_finite > 0)
    return {outcome::inconclusive, state_clause::reference_not_finite};
  if (c.claimed_non_finite > 0) return reject(state_clause::claimed_not_finite);
  if (c.finite < t.least_pairs) return {outcome::inconclusive, state_clause::too_few_pairs};
  const state_ratios r = ratios(c);
  if (!(*r.exponent_mismatch < t.exponent_mismatch_below)) return reject(state_clause::exponent_mismatch);
  if (r.large_in_mismatch && c.exponent_mismatches >= t.least_mismatches &&
      !(*r.large_in_mismatch > t.large_in_mismatch_above))
    return reject(state_clause::large_in_mismatch);
  if (r.small_in_match && !(*r.small_in_match > t.small_in_match_above)) return reject(state_clause::small_in_match);
  if (!(std::abs(*r.mean_signed) <= t.mean_signed_most)) return reject(state_clause::mean_signed);
  const double deviation =
      r.relative_deviation.value_or(*r.mean_absolute == 0 ? 0.0 : std::numeric_limits<double>::infinity());
  if (!(deviation <= t.relative_deviation_most)) return reject(state_clause::relative_deviation);
  if (!(*r.sign_flip <= t.sign_flip_most)) return reject(state_clause::sign_flip);
  return {outcome::accept, state_clause::none};
}

/// The paper's next level: the share of rows that were accepted, over (token, layer) vectors.
struct state_acceptance {
  std::uint64_t accepted = 0, rejected = 0, inconclusive = 0;

  void add(const state_judgement& j) noexcept {
    using outcome = state_judgement::outcome;
    ++(j.decision == outcome::accept ? accepted : j.decision == outcome::reject ? rejected : inconclusive);
  }
  void merge(const state_acceptance& other) noexcept {
    accepted += other.accepted, rejected += other.rejected, inconclusive += other.inconclusive;
  }
  /// Of the rows that could be judged; nullopt if none could.
  [[nodiscard]] std::optional<double> accept_rate() const noexcept {
    if (accepted + rejected == 0) return std::nullopt;
    return static_cast<double>(accepted) / static_cast<double>(accepted + rejected);
  }
};

namespace detail {

/// The k-th largest of the values. @pre 1 <= k <= values.size()
[[nodiscard]] inline double kth_largest(std::vector<double>& values, std::size_t k) {
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(k - 1);
  std::nth_element(values.begin(), at, values.end(), [](double a, double b) { return a > b; });
  return *at;
}

}  // namespace detail

/// Thresholds from honest counts, one per unit of judgement (row, layer or request, whichever will be judged): a
/// further honest unit that is exchangeable with them is rejected with probability at most `alpha`. Each of the six
/// clauses gets alpha / 6: its bound is the k-th most extreme honest value, k = floor((n + 1) alpha / 6) (split
/// conformal prediction). Rows of one request depend on each other: to judge rows, fit on rows of different requests.
/// @errors out_of_range (alpha not in (0, 1)), insufficient_data (k = 0: fewer than 6 / alpha - 1 units; where: how
///         many are needed), non_finite (a unit holds non-finite numbers; where: its index), empty (a unit without
///         pairs)
[[nodiscard]] inline result<state_thresholds> fit_state_thresholds(std::span<const state_counts> honest, double alpha) {
  constexpr std::size_t clauses = 6;
  if (!(alpha > 0 && alpha < 1)) return fail(errc::out_of_range, "state thresholds: alpha is not in (0, 1)");
  const double share = (static_cast<double>(honest.size()) + 1) * alpha / clauses;
  if (share < 1)
    return fail(errc::insufficient_data, "state thresholds: too few honest units for this alpha",
                static_cast<std::uint64_t>(std::ceil(std::min(clauses / alpha, 0x1p62))));
  std::vector<double> values[clauses];
  for (std::size_t i = 0; i < honest.size(); ++i) {
    const state_counts& c = honest[i];
    if (c.both_non_finite + c.claimed_non_finite + c.reference_non_finite > 0)
      return fail(errc::non_finite, "state thresholds: an honest unit holds NaN or infinity", i);
    if (c.finite == 0) return fail(errc::empty, "state thresholds: an honest unit without pairs", i);
    const state_ratios r = ratios(c);
    // A clause that is not judged can reject nobody: its value is the least extreme.
    const double own[clauses] = {
        *r.exponent_mismatch,
        -r.large_in_mismatch.value_or(1),
        -r.small_in_match.value_or(1),
        std::abs(*r.mean_signed),
        r.relative_deviation.value_or(*r.mean_absolute == 0 ? 0.0 : std::numeric_limits<double>::infinity()),
        *r.sign_flip};
    for (std::size_t k = 0; k < clauses; ++k) values[k].push_back(own[k]);
  }
  const auto k = static_cast<std::size_t>(share);
  const auto bound = [&](std::size_t clause) { return detail::kth_largest(values[clause], k); };
  const auto above = [](double x) { return std::nextafter(x, std::numeric_limits<double>::infinity()); };
  // The first three clauses are strict; the honest value itself has to pass.
  return state_thresholds{above(bound(0)), -above(bound(1)), -above(bound(2)), bound(3), bound(4), bound(5), 1, 1};
}

}  // namespace assay::inline v0

#endif
