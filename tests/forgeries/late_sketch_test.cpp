// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rows aimed at a projection that is known pass early fingerprints and fail late sketches; lies about late sketches are
// caught exactly; and an honest provider cannot be blamed by what a verifier reveals.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include <assay/protocol/late_audit.hpp>
#include <assay/protocol/verifier.hpp>

#include "support/catch.hpp"
#include "support/toy_late.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

/// Moves rows along the directions that a known projection does not see: the forger's tool. It needs the projection and
/// the few numbers that the honest row projects to, not the honest row.
class null_space_forger {
 public:
  explicit null_space_forger(hadamard_projection known) : known_(std::move(known)), scratch_(known_.scratch_size()) {
    const std::uint32_t k = known_.sketch(), width = known_.width();
    matrix_.resize(std::size_t{k} * width), gram_.resize(std::size_t{k} * k);
    std::vector<float> unit(width), column(k);
    for (std::uint32_t i = 0; i < width; ++i) {
      unit[i] = 1;
      known_.project(unit, column, scratch_);
      unit[i] = 0;
      for (std::uint32_t j = 0; j < k; ++j) matrix_[j * width + i] = static_cast<double>(column[j]);
    }
    for (std::uint32_t a = 0; a < k; ++a)
      for (std::uint32_t b = 0; b < k; ++b)
        for (std::uint32_t i = 0; i < width; ++i) gram_[a * k + b] += matrix_[a * width + i] * matrix_[b * width + i];
  }
  [[nodiscard]] std::vector<float> shadow_of(std::span<const float> row) {
    std::vector<float> shadow(known_.sketch());
    known_.project(row, shadow, scratch_);
    return shadow;
  }
  /// The row nearest to `cheap` whose projection is `shadow`: cheap + P^T (P P^T)^-1 (shadow - P cheap).
  [[nodiscard]] std::vector<float> forge(std::span<const float> cheap, std::span<const float> shadow) {
    const std::uint32_t k = known_.sketch(), width = known_.width();
    const std::vector<float> seen = shadow_of(cheap);
    std::vector<double> wanted(k);
    for (std::uint32_t j = 0; j < k; ++j) wanted[j] = static_cast<double>(shadow[j]) - static_cast<double>(seen[j]);
    const std::vector<double> weight = solve(wanted);
    std::vector<float> row(cheap.begin(), cheap.end());
    for (std::uint32_t i = 0; i < width; ++i) {
      double shift = 0;
      for (std::uint32_t j = 0; j < k; ++j) shift += weight[j] * matrix_[j * width + i];
      row[i] = static_cast<float>(static_cast<double>(row[i]) + shift);
    }
    return row;
  }

 private:
  /// Gauss-Jordan on the Gram matrix, which is well conditioned: its rows are parts of orthogonal ones.
  [[nodiscard]] std::vector<double> solve(std::vector<double> b) const {
    const std::uint32_t k = known_.sketch();
    std::vector<double> a = gram_;
    for (std::uint32_t p = 0; p < k; ++p)
      for (std::uint32_t r = 0; r < k; ++r) {
        if (r == p) continue;
        const double factor = a[r * k + p] / a[p * k + p];
        for (std::uint32_t c = 0; c < k; ++c) a[r * k + c] -= factor * a[p * k + c];
        b[r] -= factor * b[p];
      }
    for (std::uint32_t p = 0; p < k; ++p) b[p] /= a[p * k + p];
    return b;
  }

  hadamard_projection known_;
  std::vector<float> scratch_;
  std::vector<double> matrix_, gram_;
};

constexpr double noise = 0.01;  // of honest stacks
toy_engine honest_stack(std::uint64_t n) { return toy_engine{wide_toy(1 + n % 5, noise)}; }

/// Commits to rows of another model between the blocks, moved to have the honest rows' early fingerprints.
void aim_at_early_projection(row_author& author) {
  const auto projection = derive_keys(author.asked.nonce, author.receipt.request).projection;
  null_space_forger forger{
      must(hadamard_projection::derive(projection, author.run.model.width, author.run.commitment.sketch))};
  toy_settings cheap = wide_toy();
  cheap.weights = 77;
  const toy_engine other{cheap};
  const toy_reference states{other, author.asked.prompt, author.output};
  std::vector<float> row(author.run.model.width);
  for (std::uint32_t p = 0; p < observed_positions(author.receipt); ++p)
    for (std::uint32_t l = 0; l + 1 < author.run.model.checkpoints; ++l) {
      must(states(layer_index{l}, position{p}, row));
      const auto forged = forger.forge(row, forger.shadow_of(author.row(p, l)));
      std::copy(forged.begin(), forged.end(), author.row(p, l).begin());
    }
}

verification_policy policy_of_four() {
  verification_policy policy;
  policy.request_alpha = policy.session_alpha = 0.05, policy.minimum_tokens = 1;
  policy.opened = {4, 2};
  return policy;
}
/// A level-3 audit with the verifier's own model; with late sketches or without.
audit inspect(const row_author& author, bool late_too, std::uint64_t nonce) {
  static const toy_engine own{wide_toy()};
  auto seen = must(audit::begin(policy_of_four(), author.run, author.asked, author.output, author.receipt));
  const challenge question = must(seen.draw_challenge(seed_of(nonce)));
  must(seen.check_openings(question, author.openings(question)));
  REQUIRE_FALSE(seen.breached());
  replay(seen, own, author.asked, author.output, audit_level::model);
  if (!late_too) return seen;
  auto late = exchange(author.sealed(), reveal_for(author.run, author.receipt, seed_of(nonce + 1)), nonce + 2);
  if (!late.breached()) must(late.compare(toy_reference{own, author.asked.prompt, author.output}));
  must(seen.take_late(late));
  return seen;
}
calibration fit(bool late_too) {
  calibrator fit{wide_run(), policy_of_four().opened, {.confidence = 1 - policy_of_four().session_alpha / 2}};
  for (std::uint64_t i = 0; i < 80; ++i) {
    row_author author{honest_stack(i), 1000 + i};
    author.commit();
    fit.add(inspect(author, late_too, 5000 + 10 * i).evidence());
  }
  return must(fit.fit());
}
double largest(const std::vector<score_at>& scores) {
  double most = 0;
  for (const score_at& each : scores) most = std::max(most, each.score);
  return most;
}

/// An exchange in which the provider's messages pass through `sketches` and `openings` on their way.
template <class Sketches, class Openings>
late_audit tampered(const row_author& author, Sketches sketches, Openings openings, std::uint64_t fresh = 31,
                    std::uint32_t rows = 2) {
  const late_reveal revealed = reveal_for(author.run, author.receipt, seed_of(8), 4);
  auto late = must(late_audit::begin(author.run, author.receipt, revealed));
  late_sketches sent = must(answer_reveal(author.sealed(), revealed));
  must(late.take_sketches(sketches(sent)));
  if (late.breached()) return late;
  const late_check asked = must(late.draw_check(seed_of(fresh), rows));
  const auto opened = must(answer_check(author.sealed(), revealed, asked.sketches, asked));
  must(late.check_rows(asked, openings(encode(opened, author.run, author.receipt))));
  return late;
}
std::vector<std::byte> as_sent(const late_sketches& s) { return encode(s); }
std::vector<std::byte> as_opened(std::vector<std::byte> bytes) { return bytes; }

row_author honest_author() {
  row_author author{toy_engine{wide_toy()}};
  author.commit();
  return author;
}

}  // namespace

TEST_CASE("forgery: rows in the null space of the known projection pass early fingerprints and fail late sketches",
          "[forgeries]") {
  const calibration early = fit(false), with_late = fit(true);
  std::uint32_t early_accepts = 0, late_rejects = 0, honest_rejects = 0;
  constexpr std::uint32_t requests = 20;
  for (std::uint64_t i = 0; i < requests; ++i) {
    row_author forger{honest_stack(i), 9000 + i};
    aim_at_early_projection(forger);
    forger.commit();  // fingerprints are those of the forged rows: every exact check is passed
    const audit seen = inspect(forger, false, 70000 + 10 * i);
    CHECK(largest(seen.evidence().of(channel::states)) < 4 * noise);
    early_accepts += must(verifier::make(policy_of_four(), early)).conclude(seen).decision == outcome::accept ? 1u : 0u;
    const audit late = inspect(forger, true, 70000 + 10 * i);
    CHECK_FALSE(late.breached());  // it sketches what it committed to: the sketches themselves give it away
    CHECK(largest(late.evidence().of(channel::states)) > 0.8);
    late_rejects +=
        must(verifier::make(policy_of_four(), with_late)).conclude(late).decision == outcome::reject ? 1u : 0u;
    row_author honest{honest_stack(i), 12000 + i};
    honest.commit();
    honest_rejects +=
        must(verifier::make(policy_of_four(), with_late)).conclude(inspect(honest, true, 90000 + 10 * i)).decision ==
                outcome::reject
            ? 1u
            : 0u;
  }
  CHECK(early_accepts >= requests - 4);
  CHECK(late_rejects == requests);
  CHECK(honest_rejects <= 4);  // 5 % each
}

TEST_CASE("forgery: how often a row with an honest early fingerprint has an honest late sketch", "[forgeries]") {
  // The forger's difference from the honest row is fixed before the projection is drawn; none of 8,000 comes near.
  constexpr std::uint32_t width = 192, k = 16;
  random_stream draw{seed_of(1), "null-space"};
  null_space_forger forger{must(hadamard_projection::derive(seed_of(2), width, k))};
  std::vector<float> honest(width), cheap(width), ours(k), theirs(k);
  for (float& x : honest) x = static_cast<float>(draw.normal());
  for (float& x : cheap) x = static_cast<float>(draw.normal());
  const auto forged = forger.forge(cheap, forger.shadow_of(honest));
  CHECK(relative_distance(forger.shadow_of(forged), forger.shadow_of(honest)) < 1e-5);
  double nearest = 1e9, sum = 0;
  for (std::uint64_t n = 0; n < 8000; ++n) {
    const auto late = must(hadamard_projection::derive(seed_of(1000 + n), width, k));
    std::vector<float> scratch(late.scratch_size());
    late.project(honest, ours, scratch), late.project(forged, theirs, scratch);
    const double distance = relative_distance(theirs, ours);
    nearest = std::min(nearest, distance), sum += distance;
  }
  CHECK(nearest > 0.3);
  CHECK(sum / 8000 == Approx(relative_distance(forged, honest)).epsilon(0.1));
}

TEST_CASE("forgery: aligned differences in a few elements, the structured projection's weak spot", "[forgeries]") {
  // 2^m equal elements whose places form a subcube: with probability 2^(m + 1 - 2^m) the random signs make them a
  // character, which all but one in 2^m outputs are blind to. A sketch of k outputs then misses them entirely with
  // probability (1 - 2^-m)^k. Rows that are opened are compared in full, and have no such spot.
  constexpr std::uint32_t width = 512, k = 8;
  for (const std::uint32_t m : {1u, 2u, 3u}) {
    const double elements = std::ldexp(1.0, static_cast<int>(m));
    std::vector<float> difference(width), sketch(k);
    for (std::uint32_t i = 0; i < 1u << m; ++i) difference[5 + 32 * i] = 1;
    int unseen = 0;
    constexpr int trials = 10000;
    for (std::uint64_t n = 0; n < trials; ++n) {
      const auto late = must(hadamard_projection::derive(seed_of(n), width, k));
      std::vector<float> scratch(late.scratch_size());
      late.project(difference, sketch, scratch);
      unseen += std::all_of(sketch.begin(), sketch.end(), [](float x) { return x == 0; }) ? 1 : 0;
    }
    const double expected = std::pow(2.0, m + 1 - elements) * std::pow(1 - 1 / elements, k);
    CHECK(static_cast<double>(unseen) / trials == Approx(expected).margin(0.01));
  }
  const std::vector<float> ours(width, 1.0f);
  std::vector<float> theirs = ours;
  theirs[5] += 4, theirs[37] += 4;
  CHECK(relative_distance(theirs, ours) == Approx(0.25));
}

TEST_CASE("forgery: honest sketches of rows that were not committed escape as rarely as promised", "[forgeries]") {
  // Two of 12 rows of one checkpoint are cheap; the provider later runs the honest model and sketches honest rows.
  const toy_engine engine{wide_toy()};
  row_author honest{engine}, cheat{engine};
  honest.commit();
  for (const std::uint32_t p : {3u, 7u})
    for (float& x : cheat.row(p, 1)) x *= -1;
  cheat.commit();
  const late_reveal revealed = reveal_for(cheat.run, cheat.receipt, seed_of(8), 4);
  const late_places places = must(expand(revealed, cheat.run, cheat.receipt));
  late_sketches lie = must(answer_reveal(cheat.sealed(), revealed));
  auto encoder = must(late_encoder(cheat.run, revealed));
  std::vector<std::byte> bits(encoder.row_bytes()), print(encoder.fingerprint_bytes());
  for (const std::uint32_t p : {3u, 7u}) {
    must(encoder.encode_row(layer_index{1}, honest.row(p, 1), bits, print));
    std::copy(print.begin(), print.end(),
              lie.codes.begin() + static_cast<std::ptrdiff_t>(places.index(1, p) * print.size()));
  }
  for (const std::uint32_t rows : {1u, 3u, 6u, 11u}) {
    int escaped = 0;
    constexpr int trials = 300;
    for (int n = 0; n < trials; ++n) {
      auto late = must(late_audit::begin(cheat.run, cheat.receipt, revealed));
      must(late.take_sketches(encode(lie)));
      const late_check asked = must(late.draw_check(seed_of(100 + static_cast<std::uint64_t>(n)), rows));
      must(late.check_rows(asked, encode(must(answer_check(cheat.sealed(), revealed, digest_of(lie), asked)), cheat.run,
                                         cheat.receipt)));
      if (!late.breached()) ++escaped;
      else CHECK((late.breached()->why == reason::inconsistent_row && late.breached()->place.layer == layer_index{1}));
    }
    CHECK(static_cast<double>(escaped) / trials == Approx(late_escape(12, 2, rows)).margin(0.09));
  }
}

TEST_CASE("forgery: late sketches with any byte changed, cut or prolonged", "[forgeries]") {
  const row_author author = honest_author();
  CHECK_FALSE(tampered(author, as_sent, as_opened).breached());
  const auto outcome = [&](auto change, std::uint32_t rows) {
    const auto late = tampered(
        author, [&](const late_sketches& s) { return change(encode(s)); }, as_opened, 31, rows);
    return late.breached() ? late.breached()->why : reason::none;
  };
  const std::size_t size = late_sketches_wire_bytes + (2 * 12 + 7) * 4 * 2;
  for (std::size_t i = 0; i < size; i += i < 60 ? 1 : 5) {
    // Rows of every position are opened, so that no changed code goes unnoticed.
    const reason why = outcome(
        [&](std::vector<std::byte> b) {
          b[i] ^= std::byte{0x10};
          return b;
        },
        late_limits::rows);
    INFO("byte " << i);
    CHECK(why == (i < 6 ? reason::malformed_openings : i < 38 ? reason::wrong_openings : reason::inconsistent_row));
  }
  for (const std::size_t n : {std::size_t{0}, std::size_t{37}, size - 1})
    CHECK(outcome(
              [&](std::vector<std::byte> b) {
                b.resize(n);
                return b;
              },
              2) == reason::malformed_openings);
  CHECK(outcome(
            [](std::vector<std::byte> b) {
              b.push_back({});
              return b;
            },
            2) == reason::malformed_openings);
}

TEST_CASE("forgery: late openings with any byte changed, cut, or of other rows", "[forgeries]") {
  const row_author author = honest_author();
  const auto outcome = [&](auto change) {
    const auto late = tampered(author, as_sent, change);
    REQUIRE(late.breached().has_value() != late.rows_checked());
    return late.breached() ? late.breached()->why : reason::none;
  };
  std::size_t size = 0;
  CHECK(outcome([&](std::vector<std::byte> b) {
          size = b.size();
          return b;
        }) == reason::none);
  for (std::size_t i = 0; i < size; i += i < 100 ? 1 : 11) {
    INFO("byte " << i);
    const reason why = outcome([&](std::vector<std::byte> b) {
      b[i] ^= std::byte{0x01};
      return b;
    });
    CHECK((why == reason::malformed_openings || why == reason::wrong_openings || why == reason::bad_opening));
  }
  for (const std::size_t n : {std::size_t{0}, std::size_t{38}, size / 2, size - 1})
    CHECK(outcome([&](std::vector<std::byte> b) {
            b.resize(n);
            return b;
          }) == reason::malformed_openings);
  // Rows that another check draws, under this check's name.
  const auto of_another = tampered(author, as_sent, [&](const std::vector<std::byte>& b) {
    std::vector<std::byte> other;
    static_cast<void>(tampered(
        author, as_sent,
        [&](std::vector<std::byte> o) {
          other = o;
          return o;
        },
        77));
    std::copy(b.begin(), b.begin() + 38, other.begin());
    return other;
  });
  REQUIRE(of_another.breached());
}

TEST_CASE("forgery: sketches of another reveal, receipt or place", "[forgeries]") {
  const row_author author = honest_author();
  const late_reveal revealed = reveal_for(author.run, author.receipt, seed_of(8), 4),
                    before = reveal_for(author.run, author.receipt, seed_of(7), 4);
  const auto take = [&](const late_sketches& s) {
    auto late = must(late_audit::begin(author.run, author.receipt, revealed));
    must(late.take_sketches(encode(s)));
    if (late.breached()) return late.breached()->why;
    const late_check asked = must(late.draw_check(seed_of(1), 1));
    must(late.check_rows(
        asked, encode(must(answer_check(author.sealed(), revealed, digest_of(s), asked)), author.run, author.receipt)));
    return late.breached() ? late.breached()->why : reason::none;
  };
  CHECK(take(must(answer_reveal(author.sealed(), revealed))) == reason::none);
  late_sketches old = must(answer_reveal(author.sealed(), before));
  CHECK(take(old) == reason::wrong_openings);
  old.answers = digest_of(revealed);  // relabelled: sketches of the right rows under a projection known before
  CHECK(take(old) == reason::inconsistent_row);
  late_sketches shifted = must(answer_reveal(author.sealed(), revealed));
  std::rotate(shifted.codes.begin(), shifted.codes.begin() + 8, shifted.codes.end());
  CHECK(take(shifted) == reason::inconsistent_row);
}

TEST_CASE("forgery: committed rows that hold NaN or infinity", "[forgeries]") {
  for (const float poison : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    row_author author{toy_engine{wide_toy()}};
    author.row(2, 0)[5] = poison;
    author.commit();
    const late_reveal revealed = reveal_for(author.run, author.receipt, seed_of(8), 4);
    CHECK_FALSE(answer_reveal(author.sealed(), revealed));  // its own library does not sketch them
    // So it sketches the other rows itself, and something for this one.
    const late_places places = must(expand(revealed, author.run, author.receipt));
    auto encoder = must(late_encoder(author.run, revealed));
    late_sketches sent{digest_of(revealed), std::vector<std::byte>(places.sketches() * encoder.fingerprint_bytes())};
    std::vector<std::byte> bits(encoder.row_bytes());
    for (std::size_t c = 0; c < places.checkpoints(); ++c)
      for (std::size_t i = 0; i < places.of(c).size(); ++i) {
        const std::uint32_t at = places.of(c)[i] + (c == 2 ? author.receipt.prompt_tokens - 1 : 0);
        const auto into = mutable_byte_view{sent.codes}.subspan(places.index(c, i) * encoder.fingerprint_bytes(),
                                                                encoder.fingerprint_bytes());
        const bool encoded = encoder
                                 .encode_row(layer_index{static_cast<std::uint32_t>(c)},
                                             author.row(at, static_cast<std::uint32_t>(c)), bits, into)
                                 .has_value();
        CHECK(encoded == !(c == 0 && at == 2));
      }
    auto late = must(late_audit::begin(author.run, author.receipt, revealed));
    must(late.take_sketches(encode(sent)));
    const late_check asked = must(late.draw_check(seed_of(1), late_limits::rows));
    must(late.check_rows(asked, encode(must(answer_check(author.sealed(), revealed, asked.sketches, asked)), author.run,
                                       author.receipt)));
    REQUIRE(late.breached());
    CHECK(late.breached()->why == reason::non_finite_row);
    CHECK(late.breached()->place.at == position{2});
    CHECK(late.breached()->place.layer == layer_index{0});
  }
}

TEST_CASE("forgery: nothing that a verifier reveals or draws puts an honest provider in the wrong", "[forgeries]") {
  // Secrets, places, sketches and steps at random, adversarial ones among them; the provider never answers differently.
  const row_author author = honest_author();
  random_stream draw{seed_of(6), "cheating-verifier"};
  for (int trial = 0; trial < 60; ++trial) {
    late_reveal garbage =
        reveal_for(author.run, author.receipt, seed_of(draw.next_u64()), 1 + draw.next_u32() % late_limits::sketch);
    if (trial % 3 == 0) garbage.secret = author.asked.nonce;
    if (trial % 4 == 0) garbage.positions = 1 + draw.next_u32() % 12;
    for (late_checkpoint& each : garbage.checkpoints)
      if (draw.below(2) == 0) each.step = draw.below(2) == 0 ? std::numeric_limits<float>::denorm_min() : largest_step;
    CHECK_FALSE(
        exchange(author.sealed(), garbage, draw.next_u64(), 1 + draw.next_u32() % late_limits::rows).breached());
  }
  // Bytes that are no reveal, or a reveal of something else, get no answer; and no verifier can begin with them.
  const auto good = encode(reveal_for(author.run, author.receipt, seed_of(1)));
  for (std::size_t i = 0; i < good.size(); ++i) {
    auto bad = good;
    bad[i] ^= static_cast<std::byte>(1 + draw.below(255));
    const auto parsed = parse_late_reveal(bad);
    if (!parsed) continue;
    const bool answered = answer_reveal(author.sealed(), *parsed).has_value();
    CHECK(answered == late_audit::begin(author.run, author.receipt, *parsed).has_value());
    if (answered) CHECK_FALSE(exchange(author.sealed(), *parsed).breached());
  }
}
