// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A promised sampler at work on one request: what it takes next, and how far a claimed token is from that.
#ifndef ASSAY_TOKEN_PROMISED_SAMPLER_HPP
#define ASSAY_TOKEN_PROMISED_SAMPLER_HPP

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <assay/core/expects.hpp>
#include <assay/core/ids.hpp>
#include <assay/core/result.hpp>
#include <assay/random/noise.hpp>
#include <assay/token/engine_noise.hpp>
#include <assay/token/filter_rules.hpp>
#include <assay/token/grinding.hpp>
#include <assay/token/inverse_cdf.hpp>
#include <assay/token/llama_dist.hpp>
#include <assay/token/prefix_uniform.hpp>
#include <assay/token/processors.hpp>
#include <assay/token/sampler_profile.hpp>
#include <assay/token/score.hpp>
#include <assay/token/workspace.hpp>

namespace assay::inline v0 {

/// What one claimed token says, whatever the sampler.
struct replayed_token {
  token_id predicted{};    ///< what the sampler takes on the verifier's logits
  bool exact = false;      ///< it is the claimed one
  bool filtered = false;   ///< the filters or processors exclude the claimed one
  /// Races: `token_score::finite_margin`, in logits. Inverse CDFs: how far the draw lies outside the claimed token's
  /// interval, in probability; 1 if it is excluded. 0 if exact, or for a tie.
  double deviation = 0;
  double probability = 0;  ///< of the claimed token among the kept ones
};

/// One request's sampler, to generate with or to judge by. Takes the output's tokens in order by `accept`; scores rows of
/// logits in any order.
/// Determinism: exact; how far it is the engine's own choice is said at each profile.
/// Memory: the tokens, some rows of the vocabulary.
class promised_sampler {
 public:
  /// @param key the request's noise key (`request_keys::sampling`, `prover.sampling_noise()`)
  /// @errors those of validate(sampler_description), empty (a profile keyed by positions, and no prompt),
  /// token_out_of_range (the prompt)
  [[nodiscard]] static result<promised_sampler> make(const sampler_description& promised, std::uint32_t vocabulary, noise_key key,
                                                   std::span<const token_id> prompt) {
    if (auto valid = validate(promised, vocabulary); !valid) return valid.error();
    if (prompt.empty() && is_positional(promised.profile))
      return fail(errc::empty, "this sampler counts positions from the prompt's start, and there is no prompt");
    for (std::size_t i = 0; i < prompt.size(); ++i)
      if (prompt[i].value >= vocabulary) return fail(errc::token_out_of_range, "a prompt token is not in the vocabulary", i);
    promised_sampler made{promised, vocabulary, engine_key(promised.profile, key), prompt};
    if (auto ready = made.prepare(); !ready) return ready.error();
    return made;
  }

  /// Takes the next token of the output. @errors token_out_of_range
  result<void> accept(token_id token) {
    if (token.value >= vocabulary_) return fail(errc::token_out_of_range, "an output token is not in the vocabulary", token.value);
    tokens_.push_back(token);
    return {};
  }
  /// How many tokens of the output were taken.
  [[nodiscard]] std::uint32_t generated() const noexcept { return static_cast<std::uint32_t>(tokens_.size()) - prompt_; }

  /// The token that the sampler takes next, given the engine's logits. @errors those of sample_token and processors
  template <class Row = std::span<const float>>
  [[nodiscard]] result<token_id> sample(const Row& logits) {
    const auto replayed = replay(generated(), logits, std::nullopt);
    if (!replayed) return replayed.error();
    return replayed->predicted;
  }

  /// Scores output token `output`, given the verifier's logits. Any order; ascending is fast.
  /// @pre output < generated() @errors those of score_token and processors
  template <class Row = std::span<const float>>
  [[nodiscard]] result<replayed_token> score(std::uint32_t output, const Row& logits) {
    ASSAY_EXPECTS(output < generated());
    return replay(output, logits, tokens_[prompt_ + output]);
  }

  /// -ln of the chance that a random seed makes a verifier accept this token: that its deviation is at most
  /// `tolerance`. +infinity for an excluded token, 0 at temperature 0. @pre tolerance >= 0
  [[nodiscard]] double surprisal(const replayed_token& token, double tolerance = 0) const {
    if (!is_inverse_cdf(promised_.profile)) {
      token_score score;
      score.probability = token.probability;
      return assay::surprisal(score, promised_.filters.sampler, tolerance);
    }
    ASSAY_EXPECTS(tolerance >= 0);
    if (promised_.filters.greedy()) return 0;
    if (!(token.probability > 0)) return std::numeric_limits<double>::infinity();
    return -std::log(std::min(1.0, token.probability + 2 * tolerance));
  }

 private:
  promised_sampler(const sampler_description& promised, std::uint32_t vocabulary, noise_key key, std::span<const token_id> prompt)
      : promised_(promised), vocabulary_(vocabulary), prompt_(static_cast<std::uint32_t>(prompt.size())), key_(key),
        tokens_(prompt.begin(), prompt.end()), prefix_(seed()) {}

  [[nodiscard]] std::uint64_t seed() const noexcept { return std::uint64_t{key_.k1} << 32 | key_.k0; }

  [[nodiscard]] result<void> prepare() {
    if (promised_.profile == sampler_profile::llama_cpp_dist) {
      auto draws = llama_dist::make(key_.k0);
      if (!draws) return draws.error();
      draws_ = *std::move(draws);
    } else if (promised_.profile != sampler_profile::assay_philox && !is_inverse_cdf(promised_.profile)) {
      auto noise = engine_noise::make(promised_.profile, vocabulary_, promised_.cuda_grid, key_);
      if (!noise) return noise.error();
      noise_ = *std::move(noise);
    }
    return rewind();
  }

  /// Back to the end of the prompt.
  [[nodiscard]] result<void> rewind() {
    reached_ = 0;
    prefix_ = token_prefix_hash{seed()};
    for (std::uint32_t i = 0; i < prompt_; ++i) prefix_.append(tokens_[i]);
    if (promised_.processors == processor_settings{}) return {};
    auto made = logit_processors::make(promised_.processors, vocabulary_);
    if (!made) return made.error();
    processors_.emplace(*std::move(made));
    return processors_->prompt(std::span<const token_id>{tokens_}.first(prompt_));
  }

  /// To the state before output token `output`.
  [[nodiscard]] result<void> seek(std::uint32_t output) {
    if (output < reached_)
      if (auto back = rewind(); !back) return back;
    for (; reached_ < output; ++reached_) {
      const token_id token = tokens_[prompt_ + reached_];
      prefix_.append(token);
      if (processors_)
        if (auto taken = processors_->accept(token); !taken) return taken;
    }
    return {};
  }

  template <class Row>
  [[nodiscard]] result<replayed_token> replay(std::uint32_t output, const Row& logits, std::optional<token_id> claimed) {
    if (auto sought = seek(output); !sought) return sought.error();
    if (!processors_) return judge(output, logits, claimed);
    const auto processed = processors_->apply(logits);
    if (!processed) return processed.error();
    return judge(output, *processed, claimed);
  }

  template <class Row>
  [[nodiscard]] result<replayed_token> judge(std::uint32_t output, const Row& logits, std::optional<token_id> claimed) {
    const std::uint32_t step = is_positional(promised_.profile) ? prompt_ - 1 + output : output;
    if (promised_.profile == sampler_profile::assay_philox || promised_.filters.greedy())  // noise plays no part in the latter
      return race(logits, step, claimed, philox_noise{});
    if (is_inverse_cdf(promised_.profile)) return draw(logits, output, claimed);
    noise_->seek(step);
    return noise_->visit([&](const auto& noise) { return race(logits, step, claimed, noise); });
  }

  template <class Row, class Noise>
  [[nodiscard]] result<replayed_token> race(const Row& logits, std::uint32_t step, std::optional<token_id> claimed, const Noise& noise) {
    if (!claimed) {
      const auto taken = sample_token(logits, promised_.filters, key_, step, work_, noise);
      if (!taken) return taken.error();
      replayed_token token;
      token.predicted = *taken;
      return token;
    }
    const auto s = score_token(logits, promised_.filters, key_, step, *claimed, work_, noise);
    if (!s) return s.error();
    return replayed_token{s->predicted, s->exact, s->filtered, s->finite_margin, s->probability};
  }

  template <class Row>
  [[nodiscard]] result<replayed_token> draw(const Row& logits, std::uint32_t output, std::optional<token_id> claimed) {
    const auto order = candidates(logits);
    if (!order) return order.error();
    const double u = uniform(output);
    const auto found = claimed ? std::find(order->ids.begin(), order->ids.end(), claimed->value) : order->ids.end();
    const auto place = static_cast<std::size_t>(found - order->ids.begin());
    const auto s = detail::score_ordered(order->scaled, u, place, work_.scratch());
    if (!s) return s.error();
    return replayed_token{token_id{order->ids[s->predicted.value]}, s->exact, s->excluded, s->excluded ? 1.0 : s->distance, s->high - s->low};
  }

  template <class Row>
  [[nodiscard]] result<detail::dist_candidates> candidates(const Row& logits) {
    if (promised_.profile == sampler_profile::llama_cpp_dist) return detail::dist_order(logits, promised_.filters, work_);
    const auto kept = kept_set(logits, promised_.filters, work_);
    if (!kept) return kept.error();
    return detail::order_by_id(*kept, work_.scratch());
  }

  [[nodiscard]] double uniform(std::uint32_t output) {
    if (draws_) return draws_->at(output);
    if (promised_.profile == sampler_profile::prefix_cdf_cuda) return first_torch_cuda_uniform(prefix_.value());
    return first_torch_cpu_uniform(prefix_.value());
  }

  sampler_description promised_;
  std::uint32_t vocabulary_, prompt_;
  noise_key key_;
  std::vector<token_id> tokens_;  ///< prompt and output
  std::uint32_t reached_ = 0;     ///< output tokens that the running states have taken
  token_prefix_hash prefix_;
  std::optional<processor_state> processors_;
  std::optional<engine_noise> noise_;
  std::optional<llama_dist> draws_;
  token_workspace work_;
};

}  // namespace assay::inline v0

#endif
