// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a ledger of providers is made of: its terms, its entries, and the chain of digests that holds them together.
#ifndef ASSAY_PROTOCOL_LEDGER_ENTRY_HPP
#define ASSAY_PROTOCOL_LEDGER_ENTRY_HPP

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <assay/core/fp.hpp>
#include <assay/core/result.hpp>
#include <assay/hash/digest.hpp>
#include <assay/hash/transcript.hpp>
#include <assay/protocol/receipt.hpp>
#include <assay/protocol/verdict.hpp>
#include <assay/stats/alpha_spending.hpp>
#include <assay/stats/betting.hpp>

namespace assay::inline v0 {

/// Whom an account is about: the digest of a public key, or whatever else its verifiers know it by.
using provider_digest = typed_digest<struct provider_digest_tag>;
/// One stay of a verifier with a provider.
using session_digest = typed_digest<struct session_digest_tag>;
/// The state of a ledger: binds its terms and every entry so far, in order.
using ledger_digest = typed_digest<struct ledger_digest_tag>;

/// A check's name: 1 to 48 of a-z 0-9 - _ . /
struct check_name {
  std::string text;

  friend bool operator==(const check_name&, const check_name&) = default;
};

/// One check whose scores a ledger takes: a number in [0, 1] per request, small for honest ones.
struct ledger_check {
  check_name name;
  double honest_mean = 0.5;  ///< an honest provider's expected score, given the past, is at most this
  double cheat_mean = 0;  ///< an accept excludes an expected score of this or more; 0: this check has no say in accepts
  double weight = 1;  ///< in the average of the checks' e-values
  std::vector<double> bets;  ///< shares as in `betting_martingale`; none: the default ones

  friend bool operator==(const ledger_check&, const ledger_check&) = default;
};

/// What a ledger promises. Fixed before its first entry.
struct ledger_terms {
  double alpha =
      0.01;  ///< that any honest provider is ever rejected on statistical grounds has at most this probability
  double beta = 0.05;  ///< that a provider as bad as a `cheat_mean` is ever accepted has at most this probability, each
  stats::spending spending =
      stats::spending::telescoping;  ///< of alpha over providers, in the order of their first entries
  double ratio = 0;  ///< geometric spending only
  digest calibration{};  ///< what the honest means were fitted on; zeros: not stated
  std::vector<ledger_check> checks;

  friend bool operator==(const ledger_terms&, const ledger_terms&) = default;
};

struct ledger_score {
  std::uint32_t check = 0;  ///< index in the terms
  double score = 0;

  friend bool operator==(const ledger_score&, const ledger_score&) = default;
};

/// One audited request.
struct ledger_entry {
  provider_digest provider;
  session_digest session;
  request_digest request;
  receipt_digest receipt;  ///< zeros: none came
  reason breach = reason::none;  ///< an exact check that failed
  std::uint64_t tokens = 0;
  std::uint64_t opened_bytes = 0;
  std::vector<ledger_score> scores;  ///< ascending by check; checks that were not run are left out

  friend bool operator==(const ledger_entry&, const ledger_entry&) = default;
};

/// A ledger as it travels; `ledger::replay` judges it.
struct ledger_record {
  ledger_terms terms;
  std::vector<ledger_entry> entries;
  ledger_digest head;

  friend bool operator==(const ledger_record&, const ledger_record&) = default;
};

struct ledger_limits {
  static constexpr std::size_t checks = 256;
  static constexpr std::size_t name = 48;
};

/// Reasons that no honest provider ever gives, as opposed to statistical ones.
[[nodiscard]] constexpr bool is_exact(reason r) noexcept {
  return r != reason::none && static_cast<std::uint16_t>(r) < 20;
}

namespace detail {

[[nodiscard]] inline bool is_check_name(std::string_view name) noexcept {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '/';
  };
  return !name.empty() && name.size() <= ledger_limits::name && std::all_of(name.begin(), name.end(), allowed);
}

[[nodiscard]] inline result<void> validate(const ledger_check& check) {
  if (!is_check_name(check.name.text))
    return fail(errc::non_canonical, "ledger: a check's name is not 1 to 48 of a-z 0-9 - _ . /");
  if (!(check.weight > 0 && check.weight < 1e100))
    return fail(errc::out_of_range, "ledger: a check's weight is not positive");
  const bool excludes =
      check.cheat_mean > check.honest_mean && check.cheat_mean < 1 && fp::sub(1.0, check.cheat_mean) < 1;
  if (check.cheat_mean != 0 && !excludes)
    return fail(errc::out_of_range, "ledger: a cheat's mean must lie between the honest mean and 1");
  if (check.bets.empty())
    return stats::betting_martingale::make(check.honest_mean)
               ? result<void>{}
               : fail(errc::out_of_range, "ledger: an honest mean is not in (0, 1)");
  const auto made = stats::betting_martingale::make(check.honest_mean, check.bets);
  return made ? result<void>{} : made.error();
}

}  // namespace detail

/// @errors out_of_range, invalid_settings, empty or too_large (checks), non_canonical (a name, a ratio), duplicate (a name)
[[nodiscard]] inline result<void> validate(const ledger_terms& terms) {
  const auto rate = [](double a) { return a > 0 && a < 1; };
  if (!rate(terms.alpha) || !rate(terms.beta))
    return fail(errc::out_of_range, "ledger: an error rate is not in (0, 1)");
  if (terms.spending == stats::spending::geometric ? !rate(terms.ratio) : terms.ratio != 0)
    return fail(errc::non_canonical, "ledger: geometric spending has a ratio in (0, 1), no other has one");
  if (terms.checks.empty()) return fail(errc::empty, "ledger: it needs a check");
  if (terms.checks.size() > ledger_limits::checks)
    return fail(errc::too_large, "ledger: too many checks", terms.checks.size());
  for (std::size_t i = 0; i < terms.checks.size(); ++i) {
    if (auto sound = detail::validate(terms.checks[i]); !sound)
      return fail(sound.error().code, sound.error().message, i);
    for (std::size_t j = 0; j < i; ++j)
      if (terms.checks[i].name == terms.checks[j].name)
        return fail(errc::duplicate, "ledger: two checks have one name", i);
  }
  return {};
}

/// Whether an entry fits a ledger of valid terms, as far as it can be judged alone. `where`: the index of the score.
/// @errors unsupported (a breach that is no exact reason), out_of_range (an unknown check, a score not in [0, 1]), wrong_order
[[nodiscard]] inline result<void> validate(const ledger_entry& entry, const ledger_terms& terms) {
  if (entry.breach != reason::none && !is_exact(entry.breach))
    return fail(errc::unsupported, "ledger: a breach must be one of the exact reasons");
  for (std::size_t i = 0; i < entry.scores.size(); ++i) {
    const ledger_score& s = entry.scores[i];
    if (s.check >= terms.checks.size()) return fail(errc::out_of_range, "ledger: a score of an unknown check", i);
    if (i != 0 && s.check <= entry.scores[i - 1].check)
      return fail(errc::wrong_order, "ledger: scores must ascend by check", i);
    if (!(s.score >= 0 && s.score <= 1)) return fail(errc::out_of_range, "ledger: a score is not in [0, 1]", i);
  }
  return {};
}

/// The head of a ledger without entries. Floats go in by their bits.
[[nodiscard]] inline ledger_digest digest_of(const ledger_terms& terms) {
  const auto bits = [](double x) { return std::bit_cast<std::uint64_t>(x); };
  transcript t{domains::ledger};
  t.u64("alpha", bits(terms.alpha)).u64("beta", bits(terms.beta));
  t.u64("spending", static_cast<std::uint64_t>(terms.spending)).u64("ratio", bits(terms.ratio));
  t.digest("calibration", terms.calibration).u64("checks", terms.checks.size());
  for (const ledger_check& each : terms.checks) {
    t.text("name", each.name.text).u64("honest-mean", bits(each.honest_mean)).u64("cheat-mean", bits(each.cheat_mean));
    t.u64("weight", bits(each.weight)).u64("bets", each.bets.size());
    for (const double share : each.bets) t.u64("share", bits(share));
  }
  return ledger_digest{t.finish()};
}

/// The head after one more entry: the chain's link.
[[nodiscard]] inline ledger_digest digest_after(const ledger_digest& head, const ledger_entry& entry) {
  transcript t{domains::ledger_entry};
  t.digest("head", head.value).digest("provider", entry.provider.value).digest("session", entry.session.value);
  t.digest("request", entry.request.value).digest("receipt", entry.receipt.value);
  t.u64("breach", static_cast<std::uint64_t>(entry.breach)).u64("tokens", entry.tokens);
  t.u64("opened-bytes", entry.opened_bytes).u64("scores", entry.scores.size());
  for (const ledger_score& s : entry.scores)
    t.u64("check", s.check).u64("score", std::bit_cast<std::uint64_t>(s.score));
  return ledger_digest{t.finish()};
}

}  // namespace assay::inline v0

#endif
