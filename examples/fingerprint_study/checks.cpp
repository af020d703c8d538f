// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "checks.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include <assay/core/float_formats.hpp>
#include <assay/fingerprint/activation_difr.hpp>
#include <assay/fingerprint/hadamard.hpp>
#include <assay/fingerprint/sketch_sum.hpp>
#include <assay/fingerprint/state_thresholds.hpp>
#include <assay/fingerprint/step_fit.hpp>
#include <assay/fingerprint/toploc_verify.hpp>
#include <assay/random/sample.hpp>

namespace study {
namespace {

using assay::dtype;
using assay::quantiser;
namespace toploc = assay::toploc;

/// Coordinates outside the range of codes, on the rows that steps are fitted to.
constexpr double fitted_quantile = 0.998;

/// Signed sums of sketches over windows of one checkpoint's rows.
struct sketches {
  std::uint32_t coordinates = 16, window = 1;

  [[nodiscard]] assay::result<assay::sketch_sum> sums(const traced& r, const std::vector<float>& side,
                                                      std::uint32_t checkpoint, const quantiser& q) const {
    auto projection =
        assay::hadamard_projection::derive(assay::derive_seed(r.request, "projection"), r.width, coordinates);
    if (!projection) return projection.error();
    auto sum = assay::sketch_sum::make(assay::derive_seed(r.request, "signs"), coordinates, window, q, r.tokens);
    if (!sum) return sum.error();
    std::vector<float> one(coordinates), scratch(projection->scratch_size());
    for (std::uint32_t t = 0; t < r.tokens; ++t) {
      projection->project(r.row(side, checkpoint, t), one, scratch);
      if (auto added = sum->add(t, one); !added) return added.error();
    }
    return sum;
  }

  /// The sums before they are rounded to codes, window after window.
  [[nodiscard]] assay::result<std::vector<float>> values(const traced& r, const std::vector<float>& side,
                                                         std::uint32_t checkpoint) const {
    const auto sum = sums(r, side, checkpoint, quantiser{dtype::i16, 1.0f});
    if (!sum) return sum.error();
    std::vector<float> all(static_cast<std::size_t>(sum->windows_of(r.tokens)) * coordinates);
    for (std::size_t w = 0; w * coordinates < all.size(); ++w)
      sum->values(w, std::span{all}.subspan(w * coordinates, coordinates));
    return all;
  }

  /// Codes that saturate (honest_codes = 0): the step that makes room for the verifier's coordinates. Codes that wrap: the
  /// step that makes honest differences span `honest_codes` of them to either side.
  [[nodiscard]] assay::result<quantiser> fit(const std::vector<traced>& honest, std::uint32_t checkpoint, dtype type,
                                             std::uint32_t honest_codes) const {
    assay::step_fit fit;
    for (const traced& r : honest) {
      auto own = values(r, r.reference, checkpoint);
      if (!own) return own.error();
      if (honest_codes > 0) {
        const auto theirs = values(r, r.claimed, checkpoint);
        if (!theirs) return theirs.error();
        for (std::size_t i = 0; i < own->size(); ++i) (*own)[i] -= (*theirs)[i];
      }
      if (auto added = fit.add(*own); !added) return added.error();
    }
    const auto step = fit.step(type, fitted_quantile);
    if (!step) return step.error();
    if (honest_codes == 0) return quantiser{type, *step};
    const float largest = static_cast<float>(assay::largest_code(type)), wanted = static_cast<float>(honest_codes);
    return quantiser{type, *step * (largest / wanted), assay::beyond_range::wrap};
  }

  /// Distances between both parties' codes, relative to the verifier's sketch: one a window.
  [[nodiscard]] assay::result<std::vector<double>> distances(const traced& r, std::uint32_t checkpoint,
                                                             const quantiser& q) const {
    const auto claimed = sums(r, r.claimed, checkpoint, q), own = sums(r, r.reference, checkpoint, q);
    if (!claimed) return claimed.error();
    if (!own) return own.error();
    const auto theirs = claimed->encode(r.tokens), mine = own->encode(r.tokens);
    if (!theirs) return theirs.error();
    if (!mine) return mine.error();
    const auto scale = values(r, r.reference, checkpoint);
    if (!scale) return scale.error();
    const std::vector<float> origin(coordinates, 0.0f);
    std::vector<double> found;
    const std::size_t bytes = claimed->fingerprint_bytes();
    for (std::size_t w = 0; w * coordinates < scale->size(); ++w) {
      const auto distance = assay::quantised_distance(q, std::span{*theirs}.subspan(w * bytes, bytes),
                                                      std::span{*mine}.subspan(w * bytes, bytes));
      if (!distance) return distance.error();
      const double length = assay::sketch_distance(std::span{*scale}.subspan(w * coordinates, coordinates), origin);
      found.push_back(*distance / (length + 1e-6));
    }
    return found;
  }
};

class difr_check : public check {
 public:
  difr_check(assay::evaluation::sweep_check about, sketches how, const quantiser& q)
      : check(std::move(about)), how_(how), q_(q) {}
  assay::result<std::vector<double>> score(const traced& r) const override {
    return how_.distances(r, r.checkpoints - 1, q_);
  }

 private:
  sketches how_;
  quantiser q_;
};

/// Fingerprints of all checkpoints: sent for every token, or committed and opened at a few.
class layers_check : public check {
 public:
  layers_check(assay::evaluation::sweep_check about, std::vector<quantiser> q, std::uint32_t opened)
      : check(std::move(about)), q_(std::move(q)), opened_(opened) {}
  assay::result<std::vector<double>> score(const traced& r) const override {
    std::vector<double> tokens(r.tokens, 0);
    for (std::uint32_t c = 0; c < r.checkpoints; ++c) {
      const auto one = sketches{}.distances(r, c, q_[c]);
      if (!one) return one.error();
      for (std::size_t t = 0; t < tokens.size(); ++t) tokens[t] += (*one)[t] / r.checkpoints;
    }
    if (opened_ == 0) return tokens;
    assay::random_stream stream{r.request, "challenge"};
    double sum = 0;
    for (std::uint64_t t : assay::sample_without_replacement(stream, r.tokens, opened_)) sum += tokens[t];
    return std::vector<double>{sum / opened_};
  }

 private:
  std::vector<quantiser> q_;
  std::uint32_t opened_;
};

std::vector<std::uint16_t> bf16_rows(const traced& r, const std::vector<float>& side, std::uint32_t first,
                                     std::uint32_t count) {
  std::vector<std::uint16_t> codes;
  for (std::uint32_t t = first; t < first + count; ++t)
    for (float x : r.row(side, r.checkpoints - 1, t)) codes.push_back(assay::float_to_bf16(x));
  return codes;
}

enum class toploc_score : std::uint8_t { mantissas, exponents, both, published_limits };

class toploc_check : public check {
 public:
  /// `constant`: what a forger without states sends, see `learn_constant`.
  toploc_check(assay::evaluation::sweep_check about, const assay::toploc::settings& how, toploc_score which,
               std::uint16_t constant)
      : check(std::move(about)), how_(how), which_(which), constant_(constant) {}
  assay::result<std::vector<double>> score(const traced& r) const override {
    std::vector<double> found;
    toploc::workspace work;
    for (std::uint32_t t = 0; t < r.tokens; t += how_.rows_per_proof) {
      auto proof = r.constant_proofs ? constant_proof(constant_, how_)
                                     : toploc::build_chunk(bf16_rows(r, r.claimed, t, how_.rows_per_proof), how_, work);
      if (!proof) return proof.error();
      const auto c = toploc::verify_chunk(bf16_rows(r, r.reference, t, how_.rows_per_proof), *proof, how_, work);
      if (!c) return c.error();
      found.push_back(score_of(*c));
    }
    return found;
  }

  static assay::result<toploc::proof> constant_proof(std::uint16_t code, const toploc::settings& how) {
    toploc::proof p{static_cast<std::uint16_t>(toploc::prime), std::vector<std::uint16_t>(how.top_k, 0)};
    p.coefficients[0] = code;
    return p;
  }

  /// The constant with the least score on other texts' first chunks, among the magnitudes that one of them has.
  static assay::result<std::uint16_t> learn_constant(const std::vector<traced>& known, const toploc::settings& how) {
    toploc::workspace work;
    toploc::top_k_selector selector{how};
    toploc::selection large;
    const auto first = bf16_rows(known.front(), known.front().claimed, 0, how.rows_per_proof);
    if (auto pushed = selector.push(std::as_bytes(std::span{first})); !pushed) return pushed.error();
    if (auto found = selector.finish(large); !found) return found.error();
    std::uint16_t best = 0;
    double least = toploc::no_match;
    for (std::uint16_t code : large.codes) {
      const auto magnitude = static_cast<std::uint16_t>(code & 0x7fff);
      double sum = 0;
      for (std::size_t i = 0; i < std::min<std::size_t>(known.size(), 8); ++i) {
        const auto rows = bf16_rows(known[i], known[i].claimed, 0, how.rows_per_proof);
        const auto c = toploc::verify_chunk(rows, *constant_proof(magnitude, how), how, work);
        if (!c) return c.error();
        sum += distance_of(*c);
      }
      if (sum < least) least = sum, best = magnitude;
    }
    return best;
  }

 private:
  /// Mantissa steps per entry; an octave, 128 of them, where exponents differ.
  static double distance_of(const toploc::comparison& c) {
    return (static_cast<double>(c.mantissa_error_sum) + 128.0 * c.exponent_mismatches) / c.entries;
  }

  [[nodiscard]] double score_of(const toploc::comparison& c) const {
    switch (which_) {
      case toploc_score::exponents: return c.exponent_mismatches;
      case toploc_score::mantissas: return std::min(toploc::mantissa_mean(c), 128.0);
      case toploc_score::published_limits: return toploc::judge(c, {}) == toploc::reason::none ? 0 : 1;
      case toploc_score::both: break;
    }
    return distance_of(c);
  }

  assay::toploc::settings how_;
  toploc_score which_;
  std::uint16_t constant_;
};

enum class state_score : std::uint8_t { exponents, large_in_mismatch, small_in_match, deviation, paper_rule };

class state_check : public check {
 public:
  state_check(assay::evaluation::sweep_check about, state_score which) : check(std::move(about)), which_(which) {}
  assay::result<std::vector<double>> score(const traced& r) const override {
    std::vector<double> found;
    for (std::uint32_t t = 0; t < r.tokens; ++t) {
      auto pairs = assay::state_comparison::make(dtype::bf16);
      if (!pairs) return pairs.error();
      if (auto added = pairs->add(r.row(r.claimed, r.checkpoints - 1, t), r.row(r.reference, r.checkpoints - 1, t));
          !added)
        return added.error();
      found.push_back(score_of(pairs->counts()));
    }
    return found;
  }

 private:
  [[nodiscard]] double score_of(const assay::state_counts& counts) const {
    const assay::state_ratios r = assay::ratios(counts);
    switch (which_) {
      case state_score::exponents: return r.exponent_mismatch.value_or(1);
      case state_score::large_in_mismatch: return 1 - r.large_in_mismatch.value_or(1);
      case state_score::small_in_match: return 1 - r.small_in_match.value_or(0);
      case state_score::deviation: return r.relative_deviation.value_or(0);
      case state_score::paper_rule: break;
    }
    using outcome = assay::state_judgement::outcome;
    return judge(counts, assay::verillm_off_chain_thresholds()).decision == outcome::reject ? 1 : 0;
  }

  state_score which_;
};

/// Builds the list; keeps the first failure.
class assembly {
 public:
  assembly(const world& with, const std::vector<traced>& to_fit)
      : to_fit_(to_fit), checkpoints_(with.base.checkpoint_count()), tokens_(with.chosen.output_tokens),
        state_bytes_(2.0 * with.base.config().width) {}

  void difr(std::uint32_t k, dtype type, std::uint32_t honest_codes, std::uint32_t window) {
    const sketches how{k, window};
    const auto q = how.fit(to_fit_, checkpoints_ - 1, type, honest_codes);
    if (!q) return fail(q.error());
    std::string setting = "k=" + std::to_string(k) + " " + assay::name(type);
    if (honest_codes > 0) setting += " wrapped/" + std::to_string(honest_codes);
    if (window > 1) setting += " J=" + std::to_string(window);
    const double bytes = static_cast<double>(assay::packed_size(type, k)) / window;
    list.push_back(std::make_unique<difr_check>(
        assay::evaluation::sweep_check{"activation-difr", setting, bytes, window}, how, *q));
  }

  void layers(const std::vector<committed_bytes>& committed) {
    std::vector<quantiser> steps;
    for (std::uint32_t c = 0; c < checkpoints_; ++c) {
      const auto q = sketches{}.fit(to_fit_, c, dtype::i16, 0);
      if (!q) return fail(q.error());
      steps.push_back(*q);
    }
    list.push_back(std::make_unique<layers_check>(
        assay::evaluation::sweep_check{"all-checkpoints", "sent, k=16 i16", 32.0 * checkpoints_, 1}, steps, 0));
    for (const committed_bytes& c : committed)
      list.push_back(std::make_unique<layers_check>(
          assay::evaluation::sweep_check{"committed", std::to_string(c.positions) + " opened", c.bytes / tokens_,
                                         tokens_},
          steps, c.positions));
  }

  void toploc(std::uint32_t top_k, std::uint32_t rows, toploc_score which = toploc_score::mantissas) {
    std::string setting = "k=" + std::to_string(top_k) + " b=" + std::to_string(rows);
    if (which == toploc_score::both) setting += " both";
    if (which == toploc_score::exponents) setting += " exponents";
    if (which == toploc_score::published_limits) setting += " published limits";
    const assay::toploc::settings how{.top_k = top_k, .rows_per_proof = rows};
    const auto constant = toploc_check::learn_constant(to_fit_, how);
    if (!constant) return fail(constant.error());
    const double bytes = static_cast<double>(assay::toploc::proof_bytes(top_k)) / rows;
    list.push_back(std::make_unique<toploc_check>(assay::evaluation::sweep_check{"toploc", setting, bytes, rows}, how,
                                                  which, *constant));
  }

  void states(const char* setting, state_score which) {
    list.push_back(std::make_unique<state_check>(
        assay::evaluation::sweep_check{"state-statistics", setting, state_bytes_, 1}, which));
  }

  check_list list;
  assay::result<void> outcome;

 private:
  void fail(const assay::error& e) {
    if (outcome) outcome = e;
  }

  const std::vector<traced>& to_fit_;
  std::uint32_t checkpoints_, tokens_;
  double state_bytes_;
};

void add_sketches(assembly& to, std::uint32_t tokens) {
  for (std::uint32_t k : {2u, 4u, 8u, 16u, 32u, 64u}) to.difr(k, dtype::i16, 0, 1);
  for (std::uint32_t k : {4u, 8u, 16u, 32u, 64u}) to.difr(k, dtype::i8, 0, 1);
  for (std::uint32_t k : {8u, 16u, 32u, 64u}) to.difr(k, dtype::i4, 0, 1);
  for (std::uint32_t k : {8u, 16u, 32u}) to.difr(k, dtype::i8, 7, 1);
  for (std::uint32_t k : {4u, 8u, 16u, 32u, 64u}) to.difr(k, dtype::i4, 7, 1), to.difr(k, dtype::i4, 2, 1);
  for (std::uint32_t window : {4u, 16u, 64u}) {
    if (tokens % window != 0) continue;
    to.difr(16, dtype::i16, 0, window);
    to.difr(16, dtype::i8, 0, window);
    for (std::uint32_t k : {16u, 64u}) to.difr(k, dtype::i4, 2, window);
  }
}

}  // namespace

assay::result<check_list> all_checks(const world& with, const std::vector<traced>& to_fit,
                                     const std::vector<committed_bytes>& committed) {
  assembly all{with, to_fit};
  add_sketches(all, with.chosen.output_tokens);
  all.layers(committed);
  for (std::uint32_t k : {4u, 8u, 16u, 32u, 128u}) all.toploc(k, 1);
  for (std::uint32_t rows : {8u, 32u})
    for (std::uint32_t k : {8u, 32u, 128u})
      if (with.chosen.output_tokens % rows == 0) all.toploc(k, rows);
  if (with.chosen.output_tokens % 32 == 0)
    for (toploc_score which : {toploc_score::both, toploc_score::exponents, toploc_score::published_limits})
      all.toploc(128, 32, which);
  all.states("P_e", state_score::exponents);
  all.states("P_m", state_score::large_in_mismatch);
  all.states("P_w", state_score::small_in_match);
  all.states("relative deviation", state_score::deviation);
  all.states("published rule", state_score::paper_rule);
  if (!all.outcome) return all.outcome.error();
  return std::move(all.list);
}

}  // namespace study
