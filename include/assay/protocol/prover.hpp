// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The engine's side: two hooks while generating, one call to seal, one to open.
#ifndef ASSAY_PROTOCOL_PROVER_HPP
#define ASSAY_PROTOCOL_PROVER_HPP

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <assay/core/row_map.hpp>
#include <assay/core/row_source.hpp>
#include <assay/protocol/openings.hpp>
#include <assay/protocol/receipt.hpp>
#include <assay/protocol/row_encoder.hpp>
#include <assay/protocol/state_store.hpp>

namespace assay::inline v0 {

/// Observes one request inside an engine and commits to what it saw.
///
/// Not thread-safe; provers of different requests are independent, so a host may drive each from its own
/// thread, or hand copied rows to a worker. Time: one fast Hadamard transform per row and about two hash
/// blocks per fingerprint. Memory: all fingerprints, the final rows and the rows of `committed_rows`, until the prover is
/// destroyed.
template <vector_commitment Scheme = merkle>
class basic_prover {
 public:
  /// Starts observing `sequence` of the engine's batches for `request`.
  /// @errors those of validate(run), check_scheme and validate(run, request)
  [[nodiscard]] static result<basic_prover> start(const run_description& run, const request& request,
                                                  sequence_id sequence = sequence_id{}, Scheme scheme = {}) {
    if (auto valid = validate(run); !valid) return valid.error();
    if (auto promised = check_scheme(scheme, run); !promised) return promised.error();
    if (auto valid = validate(run, request); !valid) return valid.error();
    const run_digest promised = digest_of(run);
    const request_digest asked = digest_of(promised, request);
    const request_keys keys = derive_keys(request.nonce, asked);
    auto encoder = row_encoder::make(run, keys.projection);
    if (!encoder) return encoder.error();
    return basic_prover{run, request, promised, asked, keys, sequence, std::move(*encoder), std::move(scheme)};
  }

  /// The noise of this request's sampler: what `promised_sampler::make` takes.
  [[nodiscard]] noise_key sampling_noise() const noexcept { return keys_.sampling; }
  /// The seed to hand to an engine of the promised profile: one per request, bound to the client's nonce.
  [[nodiscard]] std::uint64_t sampling_seed() const noexcept { return engine_seed(run_.sampler.profile, keys_.sampling); }

  /// Takes the hidden states of `layer`; row i belongs to `where[i]`. Rows of other sequences are passed over.
  /// The rows are read before the call returns. A failed row is remembered: `seal` reports it again.
  /// @errors shape_mismatch, non_finite (where: the position), conflicting (a position seen twice with different states),
  ///         out_of_range, host_failure (a row_source could not fetch), wrong_state (already sealed)
  template <hidden_rows Rows>
  [[nodiscard]] result<void> observe(layer_index layer, const Rows& rows, const row_map& where) {
    auto outcome = observe_rows(layer, rows, where);
    if (!outcome && !failure_) failure_ = outcome.error();
    return outcome;
  }

  /// Takes the output token that was sampled for position `at` (the first one: the prompt's length).
  /// @errors wrong_order, token_out_of_range, out_of_range (more than the request allows), wrong_state
  [[nodiscard]] result<void> sampled(position at, token_id token) {
    if (sealed_) return fail(errc::wrong_state, "prover: already sealed");
    if (at.value != request_.prompt.size() + output_.size()) return fail(errc::wrong_order, "prover: tokens come in order, each once", at.value);
    if (token.value >= run_.model.vocabulary) return fail(errc::token_out_of_range, "prover: the token is not in the vocabulary", at.value);
    if (output_.size() == request_.max_output) return fail(errc::out_of_range, "prover: more tokens than the request allows", at.value);
    output_.push_back(token);
    return {};
  }

  /// Commits to everything observed. After that only `open` is allowed.
  /// @errors empty (no output token), incomplete (a checkpoint missing at position `where`), any error of `observe`
  [[nodiscard]] result<receipt> seal(const challenge_terms& terms = {}) {
    if (sealed_) return fail(errc::wrong_state, "prover: already sealed");
    if (failure_) return *failure_;
    if (output_.empty()) return fail(errc::empty, "prover: no output token was sampled");
    const auto prompt = static_cast<std::uint32_t>(request_.prompt.size());
    const auto count = static_cast<std::uint32_t>(output_.size());
    receipt r{promised_, asked_, prompt, count, digest_of(asked_, output_), {}, {}, {}, terms};
    if (auto valid = validate(r); !valid) return valid.error();
    if (auto complete = store_.require_complete(observed_positions(r)); !complete) return complete.error();
    const std::uint32_t positions = observed_positions(r);
    auto trees = commit_states(scheme_, run_, asked_, store_.states(positions), store_.final_rows(count), positions, count, store_.block_rows(positions));
    if (!trees) return trees.error();
    trees_ = std::move(*trees);
    store_.release();  // the trees have their own copy
    r.states = trees_->states.root();
    r.final_rows = trees_->final_rows.root();
    if (trees_->block_rows) r.block_rows = trees_->block_rows->root();
    sealed_ = r;
    return r;
  }

  /// Opens what a challenge asks for. `seconds_since_delivery` is the host's clock; `most` bounds what one challenge may
  /// learn and cost. Answering several challenges to one receipt shows more of it each time: that is the host's to allow.
  /// @errors wrong_state (not sealed), expired, too_large, wrong_statement (challenge to another receipt), those of expand
  ///         and check_recheckable
  [[nodiscard]] result<opening_set<Scheme>> open(const challenge& asked, std::uint64_t seconds_since_delivery = 0,
                                                 const challenge_size& most = largest_challenge()) const {
    if (!sealed_) return fail(errc::wrong_state, "prover: seal comes before open");
    if (seconds_since_delivery > sealed_->terms.retention_seconds) return fail(errc::expired, "prover: the retention window has passed", seconds_since_delivery);
    if (!within(asked.size, most)) return fail(errc::too_large, "prover: the challenge asks for more than the host allows", asked.size.positions);
    if (auto known = check_recheckable(run_, asked.size.recheck); !known) return known.error();
    auto places = expand(asked, *sealed_);
    if (!places) return places.error();
    const opened_coordinates wanted = coordinates_of(run_, *sealed_, *places);
    opening_set<Scheme> set;
    set.answers = digest_of(asked);
    const auto open_tree = [](const terkle_tree<Scheme>& tree, const std::vector<coordinates>& rows, tree_opening<Scheme>& into) -> result<void> {
      if (rows.empty()) return {};
      auto opening = tree.open(rows);
      if (!opening) return opening.error();
      into = *std::move(opening);
      return {};
    };
    if (auto opened = open_tree(trees_->states, wanted.states, set.states); !opened) return opened.error();
    if (auto opened = open_tree(trees_->final_rows, wanted.final_rows, set.final_rows); !opened) return opened.error();
    if (!wanted.block_rows.empty())
      if (auto opened = open_tree(*trees_->block_rows, wanted.block_rows, set.block_rows); !opened) return opened.error();
    return set;
  }

  /// What was sealed, for exchanges beyond `open` (late_prover.hpp); valid as long as this prover stays where it is.
  /// @errors wrong_state (not sealed), expired
  [[nodiscard]] result<sealed_request<Scheme>> sealed(std::uint64_t seconds_since_delivery = 0) const {
    if (!sealed_) return fail(errc::wrong_state, "prover: it is not sealed yet");
    if (seconds_since_delivery > sealed_->terms.retention_seconds) return fail(errc::expired, "prover: the retention window has passed", seconds_since_delivery);
    return sealed_request<Scheme>{&run_, &*sealed_, &*trees_};
  }

  [[nodiscard]] std::span<const token_id> output() const noexcept { return output_; }

 private:
  basic_prover(const run_description& run, const request& request, const run_digest& promised, const request_digest& asked,
               const request_keys& keys, sequence_id sequence, row_encoder encoder, Scheme scheme)
      : run_(run), request_(request), promised_(promised), asked_(asked), keys_(keys), sequence_(sequence),
        store_(run, static_cast<std::uint32_t>(request.prompt.size()), std::move(encoder)), scheme_(std::move(scheme)) {}

  template <hidden_rows Rows>
  [[nodiscard]] result<void> observe_rows(layer_index layer, const Rows& rows, const row_map& where) {
    if (sealed_) return fail(errc::wrong_state, "prover: already sealed");
    if (layer.value >= run_.model.checkpoints) return fail(errc::out_of_range, "prover: no such checkpoint", layer.value);
    const auto reader = row_reader<Rows>::open(rows);
    if (!reader) return reader.error();
    if (reader->width() != run_.model.width || reader->count() != where.size())
      return fail(errc::shape_mismatch, "prover: rows do not match the run's width or their map", reader->width());
    for (std::uint32_t i = 0; i < where.size(); ++i) {
      const row_location here = where[i];
      if (here.sequence != sequence_) continue;
      if (here.at.value >= request_.prompt.size() + request_.max_output)
        return fail(errc::out_of_range, "prover: a position beyond the request's end", here.at.value);
      if (auto read = reader->read(i, store_.next_row()); !read) return read.error();
      if (auto stored = store_.put_next(layer, here.at); !stored) return stored.error();
    }
    return {};
  }

  run_description run_;
  request request_;
  run_digest promised_;
  request_digest asked_;
  request_keys keys_;
  sequence_id sequence_;
  state_store store_;
  Scheme scheme_;
  std::vector<token_id> output_;
  std::optional<error> failure_;
  std::optional<committed_trees<Scheme>> trees_;
  std::optional<receipt> sealed_;
};

using prover = basic_prover<>;

}  // namespace assay::inline v0

#endif
