// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One request under audit: binding, openings, replay of tokens and states, as far as the verifier's means reach.
#ifndef ASSAY_PROTOCOL_AUDIT_HPP
#define ASSAY_PROTOCOL_AUDIT_HPP

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <assay/fingerprint/activation_difr.hpp>
#include <assay/protocol/evidence.hpp>
#include <assay/protocol/openings.hpp>
#include <assay/protocol/policy.hpp>
#include <assay/protocol/recheck.hpp>
#include <assay/protocol/row_encoder.hpp>
#include <assay/token/promised_sampler.hpp>

namespace assay::inline v0 {

/// Collects the evidence about one request. Methods return errors only for local trouble; whatever the
/// provider is to blame for is recorded in `breached()` or in `evidence()`. After a breach, checks do nothing.
template <vector_commitment Scheme = merkle>
class basic_audit {
 public:
  /// Checks that the receipt speaks of this run, this request and this output (level 0).
  /// `public_round`: the newest beacon round that was public when the receipt arrived; needed if the policy allows beacons.
  /// @errors those of validate(policy), validate(run), check_scheme, check_recheckable (the policy's blocks) and
  ///         validate(run, request): the verifier's own inputs; invalid_settings (the receipt names an allowed beacon and no public round is given)
  [[nodiscard]] static result<basic_audit> begin(const verification_policy& policy, const run_description& run, const request& request,
                                                 std::span<const token_id> output, const receipt& receipt,
                                                 std::uint64_t public_round = 0, Scheme scheme = {}) {
    if (auto valid = validate(policy); !valid) return valid.error();
    if (auto valid = validate(run); !valid) return valid.error();
    if (auto promised = check_scheme(scheme, run); !promised) return promised.error();
    if (auto known = check_recheckable(run, policy.opened.recheck); !known) return known.error();
    if (auto valid = validate(run, request); !valid) return valid.error();
    if (receipt.terms.source == challenge_source::beacon && policy.allow_beacon && public_round == 0)
      return fail(errc::invalid_settings, "audit: a beacon's receipt is judged against the newest public round");
    const request_digest asked = digest_of(digest_of(run), request);
    const request_keys keys = derive_keys(request.nonce, asked);
    auto encoder = row_encoder::make(run, keys.projection);
    if (!encoder) return encoder.error();
    basic_audit audit{policy, run, asked, keys, receipt, std::move(*encoder), std::move(scheme)};
    audit.check_binding(request, asked, output, public_round);
    return audit;
  }

  /// Makes the challenge for this request. `randomness`: fresh and secret until now, or the beacon's value.
  /// @errors wrong_state (the receipt was already found in breach)
  [[nodiscard]] result<challenge> draw_challenge(const seed& randomness) const {
    if (breach_) return fail(errc::wrong_state, "audit: no challenge is needed, the receipt is in breach");
    return challenge{digest_of(receipt_), randomness, policy_.opened};
  }

  /// Parses and verifies the openings that answer `asked` (level 0). The bytes may be anything.
  /// @errors wrong_statement: `asked` is no challenge to this receipt, or not of the policy's size (the caller's mix-up);
  ///         unsupported: the scheme has no keys for trees of this size
  [[nodiscard]] result<void> check_openings(const challenge& asked, byte_view encoded) {
    if (breach_) return {};
    if (asked.size != policy_.opened) return fail(errc::wrong_statement, "audit: the challenge does not have the policy's size");
    auto places = expand(asked, receipt_);
    if (!places) return places.error();
    evidence_.opened_bytes += encoded.size();
    auto set = parse_openings(scheme_, encoded, run_, receipt_, asked, *places);
    if (!set) return blame(set.error().code == errc::wrong_statement ? reason::wrong_openings : reason::malformed_openings, set.error().message);
    auto opened = verify_openings(scheme_, run_, receipt_, *places, *set);
    // Shapes follow from run and receipt: a scheme without keys for them was made for too little by this verifier.
    if (!opened && opened.error().code == errc::unsupported) return opened.error();
    if (!opened) return blame(reason::bad_opening, opened.error().message);
    return take_opened(std::move(*opened));
  }

  /// States that no openings for `asked` have come, `seconds_waited` after the receipt. Only the host can know that, and
  /// a third party has but its word: keep what your transport can show.
  /// @errors wrong_statement (no challenge to this receipt, or not of the policy's size), wrong_state (openings did come, or the retention has not passed)
  [[nodiscard]] result<void> report_withheld(const challenge& asked, std::uint64_t seconds_waited) {
    if (breach_) return {};
    if (asked.size != policy_.opened) return fail(errc::wrong_statement, "audit: the challenge does not have the policy's size");
    if (auto places = expand(asked, receipt_); !places) return places.error();
    if (opened_) return fail(errc::wrong_state, "audit: the openings have come");
    if (seconds_waited < receipt_.terms.retention_seconds)
      return fail(errc::wrong_state, "audit: the provider may still answer", receipt_.terms.retention_seconds);
    return blame(reason::withheld_openings, "no openings came within the promised retention");
  }

  /// Scores output tokens against logits that `head` computes from opened final rows (level 1).
  /// head(std::span<const float> row, std::span<float> logits) -> result<void>.
  /// @errors wrong_state (openings not checked yet), those of `head`, non_finite (the head itself is broken)
  template <class Head>
  [[nodiscard]] result<void> replay_head(Head&& head) {
    if (breach_) return {};
    if (!opened_) return fail(errc::wrong_state, "audit: check_openings comes before replay_head");
    std::vector<float> logits(run_.model.vocabulary);
    std::vector<float> values(run_.model.width);
    auto sampler = replayed_sampler();
    if (!sampler) return sampler.error();
    token_scores scored;
    for (const opened_final_row& row : opened_->final_rows) {
      if (auto decoded = encoder_.decode_final(row.bits, values); !decoded) return decoded.error();
      if (auto computed = head(std::span<const float>{values}, std::span<float>{logits}); !computed) return computed.error();
      if (auto done = score(*sampler, row.output, logits, scored); !done) return done.error();
    }
    head_replayed_ = !scored.scores.empty();
    keep_tokens(channel::head, std::move(scored));
    return {};
  }

  /// Recomputes the challenged blocks from the opened rows that go in, and scores the opened rows that come out (level 2).
  /// Block 0 starts from `reference.embed` of the request's tokens; if the reference has `final_norm` and the run commits
  /// to the last block's rows, opened final rows are scored against it too.
  /// @errors wrong_state (openings not checked yet), those of recheck_block: local trouble, never a reject
  template <block_reference Reference>
  [[nodiscard]] result<void> recheck_blocks(Reference&& reference) {
    if (breach_) return {};
    if (!opened_) return fail(errc::wrong_state, "audit: check_openings comes before recheck_blocks");
    std::vector<token_id> tokens = prompt_;
    tokens.insert(tokens.end(), output_.begin(), output_.end());
    detail::recheck_workspace work;
    std::vector<score_at> scores;
    for (const opened_block& each : opened_->blocks)
      if (auto checked = recheck_block(run_, encoder_, each, reference, tokens, work, scores); !checked) return checked;
    blocks_rechecked_ = !scores.empty();
    if constexpr (final_norm_reference<Reference>)
      for (const opened_final_row& each : opened_->final_rows)
        if (!each.before_norm.empty())
          if (auto checked = recheck_final_norm(run_, encoder_, each, reference, work, scores); !checked) return checked;
    keep(channel::blocks, std::move(scores));
    return {};
  }

  /// Scores every output token against the reference model's logits (level 3, Token-DiFR).
  /// logits_for(std::uint32_t output, std::span<float> logits) -> result<void>, logits that predict output token `output`.
  template <class LogitsFor>
  [[nodiscard]] result<void> replay_tokens(LogitsFor&& logits_for) {
    if (breach_) return {};
    std::vector<float> logits(run_.model.vocabulary);
    auto sampler = replayed_sampler();
    if (!sampler) return sampler.error();
    token_scores scored;
    for (std::uint32_t i = 0; i < output_.size(); ++i) {
      if (auto fetched = logits_for(i, std::span<float>{logits}); !fetched) return fetched.error();
      if (auto done = score(*sampler, i, logits, scored); !done) return done.error();
    }
    tokens_replayed_ = true;
    keep_tokens(channel::tokens, std::move(scored));
    return {};
  }

  /// Compares the opened fingerprints and final rows with the reference model's states (level 3, Activation-DiFR).
  /// Final rows are compared in full: the projection is known while they are computed, so a row could be forged to have
  /// an honest fingerprint.
  /// state_for(layer_index, position, std::span<float> row) -> result<void>.
  template <class StateFor>
  [[nodiscard]] result<void> compare_states(StateFor&& state_for) {
    if (breach_) return {};
    if (!opened_) return fail(errc::wrong_state, "audit: check_openings comes before compare_states");
    std::vector<score_at> scores, row_scores;
    if (auto scored = score_states(run_.model.checkpoints, state_for, scores); !scored) return scored;
    std::vector<float> row(run_.model.width), opened_row(run_.model.width);
    std::vector<std::byte> bits(encoder_.row_bytes()), fingerprint(encoder_.fingerprint_bytes());
    for (const opened_final_row& each : opened_->final_rows) {
      const layer_index final{run_.model.checkpoints - 1};
      if (auto fetched = state_for(final, each.at, std::span<float>{row}); !fetched) return fetched.error();
      if (!encoder_.encode_final(row, bits, fingerprint)) return fail(errc::non_finite, "audit: the reference state is not finite", each.at.value);
      if (auto decoded = encoder_.decode_final(each.bits, opened_row); !decoded) return decoded.error();
      row_scores.push_back({relative_distance(opened_row, row), each.at, final});
    }
    states_compared_ = !scores.empty();
    late_taken_ = false;
    keep(channel::states, std::move(scores));
    keep(channel::rows, std::move(row_scores));
    return {};
  }

  /// Compares the opened fingerprints of the first `depth` checkpoints with a reference that was run no deeper;
  /// depth_audit.hpp draws the depth. Fills channel states, takes the place of `compare_states`, and is no level 3.
  template <class StateFor>
  [[nodiscard]] result<void> compare_prefix(std::uint32_t depth, StateFor&& state_for) {
    if (breach_) return {};
    if (!opened_) return fail(errc::wrong_state, "audit: check_openings comes before compare_prefix");
    std::vector<score_at> scores;
    if (auto scored = score_states(depth, state_for, scores); !scored) return scored;
    states_compared_ = late_taken_ = false;
    keep(channel::states, std::move(scores));
    keep(channel::rows, {});
    return {};
  }

  /// Takes what late sketches of this receipt showed (late_audit.hpp): a breach, or scores that join those of
  /// `compare_states` or `compare_prefix` in channels states and rows, and go when one of these is called again.
  /// Calibrate on honest requests that were audited in the same way.
  /// @errors wrong_state (openings not checked; sketches not compared yet, or taken already), wrong_statement (another receipt)
  template <class LateAudit>
  [[nodiscard]] result<void> take_late(const LateAudit& late) {
    if (breach_) return {};
    if (late.about() != digest_of(receipt_)) return fail(errc::wrong_statement, "audit: late sketches of another receipt");
    if (late.breached()) return blame(late.breached()->why, late.breached()->message, late.breached()->place);
    if (!opened_) return fail(errc::wrong_state, "audit: check_openings comes before take_late");
    if (late_taken_ || !late.compared()) return fail(errc::wrong_state, "audit: late sketches are compared first, and taken once");
    late_taken_ = true;
    evidence_.opened_bytes += late.received_bytes();
    const auto join = [](std::vector<score_at>& to, const std::vector<score_at>& scores) { to.insert(to.end(), scores.begin(), scores.end()); };
    join(evidence_.of(channel::states), late.sketch_scores());
    join(evidence_.of(channel::rows), late.row_scores());
    return {};
  }

  [[nodiscard]] const std::optional<breach>& breached() const noexcept { return breach_; }
  [[nodiscard]] const request_evidence& evidence() const noexcept { return evidence_; }
  [[nodiscard]] const run_description& run() const noexcept { return run_; }
  [[nodiscard]] const request_digest& request_asked() const noexcept { return asked_; }
  [[nodiscard]] bool openings_verified() const noexcept { return opened_.has_value(); }

  /// What has been checked so far; nothing counts before the openings are verified.
  [[nodiscard]] std::optional<audit_level> level() const noexcept {
    if (!opened_) return std::nullopt;
    if (tokens_replayed_ && states_compared_) return audit_level::model;
    if (!head_replayed_) return audit_level::receipt;
    return blocks_rechecked_ ? audit_level::block : audit_level::lm_head;
  }

 private:
  struct token_scores {
    std::vector<score_at> scores;
    double nats = 0;
  };

  basic_audit(const verification_policy& policy, const run_description& run, const request_digest& asked, const request_keys& keys,
              const receipt& receipt, row_encoder encoder, Scheme scheme)
      : policy_(policy), run_(run), asked_(asked), keys_(keys), receipt_(receipt), encoder_(std::move(encoder)), scheme_(std::move(scheme)) {}

  result<void> blame(reason why, const char* message, audit_place place = {}) {
    if (!breach_) breach_ = breach{why, place, message};
    return {};
  }

  void check_binding(const request& request, const request_digest& asked, std::span<const token_id> output, std::uint64_t public_round) {
    if (auto valid = validate(receipt_); !valid) return (void)blame(reason::malformed_receipt, valid.error().message);
    if (receipt_.run != digest_of(run_)) return (void)blame(reason::wrong_run, "the receipt is for another run description");
    if (has_block_rows(receipt_) == run_.commitment.committed_rows.empty())
      return (void)blame(reason::malformed_receipt, "the receipt has no block rows though its run commits to them, or the other way round");
    if (receipt_.request != asked || receipt_.prompt_tokens != request.prompt.size())
      return (void)blame(reason::wrong_request, "the receipt is for another request");
    if (receipt_.output_tokens != output.size() || output.size() > request.max_output || receipt_.output != digest_of(asked, output))
      return (void)blame(reason::wrong_output, "the receipt is for other output tokens");
    for (std::size_t i = 0; i < output.size(); ++i)
      if (output[i].value >= run_.model.vocabulary)
        return (void)blame(reason::token_out_of_range, "an output token is not in the vocabulary", {position{static_cast<std::uint32_t>(request.prompt.size() + i)}, {}, channel::tokens});
    if (receipt_.terms.source == challenge_source::beacon) {
      if (!policy_.allow_beacon) return (void)blame(reason::unacceptable_terms, "the policy takes interactive challenges only");
      if (receipt_.terms.beacon != policy_.trusted_beacon) return (void)blame(reason::unacceptable_terms, "the receipt names a beacon that the policy does not trust");
      if (receipt_.terms.round <= public_round) return (void)blame(reason::stale_beacon, "the beacon's round was public when the receipt arrived");
      if (receipt_.terms.round - public_round > policy_.most_rounds_ahead)
        return (void)blame(reason::unacceptable_terms, "the beacon's round lies too far ahead to be asked within the retention");
    }
    if (receipt_.terms.retention_seconds < policy_.minimum_retention_seconds)
      return (void)blame(reason::unacceptable_terms, "the openings would be kept for too short a time");
    prompt_.assign(request.prompt.begin(), request.prompt.end());
    output_.assign(output.begin(), output.end());
  }

  /// Scores opened fingerprints of the first `depth` checkpoints.
  template <class StateFor>
  [[nodiscard]] result<void> score_states(std::uint32_t depth, StateFor& state_for, std::vector<score_at>& scores) {
    std::vector<float> row(run_.model.width), ours(encoder_.sketch()), theirs(encoder_.sketch());
    std::vector<std::byte> bits(encoder_.row_bytes()), fingerprint(encoder_.fingerprint_bytes());
    for (const opened_state& each : opened_->states)
      for (layer_index layer; layer.value < std::min(depth, run_.model.checkpoints); ++layer.value) {
        if (auto fetched = state_for(layer, each.at, std::span<float>{row}); !fetched) return fetched.error();
        if (!encoder_.encode(layer, row, bits, fingerprint)) return fail(errc::non_finite, "audit: the reference state is not finite", each.at.value);
        encoder_.decode_state(layer, fingerprint, ours);
        encoder_.decode_state(layer, byte_view{each.fingerprints}.subspan(layer.value * fingerprint.size(), fingerprint.size()), theirs);
        scores.push_back({relative_distance(theirs, ours), each.at, layer});
      }
    return {};
  }

  result<void> take_opened(opened_places opened) {
    for (const opened_final_row& row : opened.final_rows) {
      const layer_index final{run_.model.checkpoints - 1};
      check_row(final, row.at, row.bits, row.fingerprint, channel::head);
      if (!row.before_norm.empty()) check_row(layer_index{final.value - 1}, row.at, row.before_norm, committed_fingerprint(opened, row.at, layer_index{final.value - 1}), channel::blocks);
    }
    for (const opened_block& block : opened.blocks) check_block(opened, block);
    if (!breach_) opened_ = std::move(opened);
    return {};
  }

  /// Blames the provider if an opened row is not admissible, or does not have its fingerprint.
  void check_row(layer_index layer, position at, byte_view committed, byte_view fingerprint, channel where) {
    std::vector<float> values(run_.model.width);
    std::vector<std::byte> bits(encoder_.row_bytes()), own(encoder_.fingerprint_bytes());
    const audit_place place{at, layer, where};
    if (auto decoded = encoder_.decode_row(layer, committed, values); !decoded) return (void)blame(reason::non_finite_row, decoded.error().message, place);
    // Rounding a row that already has the committed type changes nothing, so this is the committed fingerprint or a breach.
    if (!encoder_.encode_row(layer, values, bits, own)) return (void)blame(reason::non_finite_row, "a committed row has no finite fingerprint", place);
    if (!equal_bytes_vartime(own, fingerprint)) (void)blame(reason::inconsistent_row, "an opened row does not have the fingerprint committed for it", place);
  }

  /// Every row that goes in or comes out must be admissible; those at the wanted positions must have their fingerprints.
  void check_block(const opened_places& opened, const opened_block& block) {
    const std::size_t bytes = encoder_.row_bytes();
    std::vector<float> values(run_.model.width);
    const layer_index before{block.block.value - 1};  // unused for block 0, which has no opened rows in
    for (std::size_t i = 0; i < block.rows_in.size() / bytes; ++i)
      if (auto decoded = encoder_.decode_row(before, byte_view{block.rows_in}.subspan(i * bytes, bytes), values); !decoded)
        return (void)blame(reason::non_finite_row, decoded.error().message, {position{static_cast<std::uint32_t>(i)}, before, channel::blocks});
    for (std::size_t i = 0; i < block.wanted.size(); ++i) {
      const position at = block.wanted[i];
      check_row(block.block, at, byte_view{block.rows_out}.subspan(i * bytes, bytes), committed_fingerprint(opened, at, block.block), channel::blocks);
      if (!block.rows_in.empty())
        check_row(before, at, byte_view{block.rows_in}.subspan(at.value * bytes, bytes), committed_fingerprint(opened, at, before), channel::blocks);
    }
  }

  /// @pre the position's fingerprints were opened
  [[nodiscard]] byte_view committed_fingerprint(const opened_places& opened, position at, layer_index layer) const {
    const auto found = std::lower_bound(opened.states.begin(), opened.states.end(), at, [](const opened_state& each, position p) { return each.at < p; });
    return byte_view{found->fingerprints}.subspan(layer.value * encoder_.fingerprint_bytes(), encoder_.fingerprint_bytes());
  }

  /// The promised sampler with this request's tokens. @errors those of promised_sampler
  [[nodiscard]] result<promised_sampler> replayed_sampler() const {
    auto sampler = promised_sampler::make(run_.sampler, run_.model.vocabulary, keys_.sampling, prompt_);
    if (!sampler) return sampler;
    for (const token_id token : output_)
      if (auto taken = sampler->accept(token); !taken) return taken.error();
    return sampler;
  }

  /// Scores one output token, and adds up how hard it would have been to find a seed for it.
  [[nodiscard]] result<void> score(promised_sampler& sampler, std::uint32_t output, std::span<const float> logits, token_scores& into) const {
    const auto scored = sampler.score(output, logits);
    if (!scored) return scored.error();
    into.scores.push_back({scored->deviation, position{receipt_.prompt_tokens + output}, layer_index{}});
    // An excluded token fits no seed; what it says is in its score, and none of it is counted as entropy.
    if (!scored->filtered) into.nats += sampler.surprisal(*scored, policy_.grinding.tolerance);
    return {};
  }

  // Whole channels only: a replay that the verifier's own trouble cut short leaves no evidence, and a second one replaces the first.
  void keep(channel which, std::vector<score_at> scores) { evidence_.of(which) = std::move(scores); }
  void keep_tokens(channel which, token_scores scored) {
    evidence_.tokens = std::max<std::uint64_t>(evidence_.tokens, scored.scores.size());
    evidence_.nats = std::max(evidence_.nats, scored.nats);
    keep(which, std::move(scored.scores));
  }

  verification_policy policy_;
  run_description run_;
  request_digest asked_;
  request_keys keys_;
  receipt receipt_;
  row_encoder encoder_;
  Scheme scheme_;
  std::vector<token_id> prompt_, output_;
  std::optional<breach> breach_;
  std::optional<opened_places> opened_;
  request_evidence evidence_;
  bool head_replayed_ = false, blocks_rechecked_ = false, tokens_replayed_ = false, states_compared_ = false, late_taken_ = false;
};

using audit = basic_audit<>;

}  // namespace assay::inline v0

#endif
