// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The verifier's side of late sketches: take them, draw rows, check these exactly, compare all sketches.
#ifndef ASSAY_PROTOCOL_LATE_AUDIT_HPP
#define ASSAY_PROTOCOL_LATE_AUDIT_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <assay/fingerprint/activation_difr.hpp>
#include <assay/protocol/evidence.hpp>
#include <assay/protocol/late_prover.hpp>
#include <assay/protocol/verdict.hpp>

namespace assay::inline v0 {

/// Collects what late sketches show about one receipt. Methods return errors only for the verifier's own trouble; what
/// the provider is to blame for is in `breached()`, and then checks do nothing. `basic_audit::take_late` adds it to a
/// request's evidence.
///
/// Sketches do not open to a root: to show a breach to a third party, have the provider sign their digest, as it signs
/// the receipt's.
template <vector_commitment Scheme = merkle>
class basic_late_audit {
 public:
  /// `receipt`: one that an audit found to be of this run. `revealed` goes to the provider as it is.
  /// @errors those of validate(run), validate(receipt), check_scheme and expand; wrong_statement (a receipt of another
  ///   run), too_large (more sketches than provers compute by default)
  [[nodiscard]] static result<basic_late_audit> begin(const run_description& run, const receipt& receipt,
                                                      const late_reveal& revealed, Scheme scheme = {}) {
    if (auto valid = validate(run); !valid) return valid.error();
    if (auto valid = validate(receipt); !valid) return valid.error();
    if (auto promised = check_scheme(scheme, run); !promised) return promised.error();
    if (receipt.run != digest_of(run) || has_block_rows(receipt) == run.commitment.committed_rows.empty())
      return fail(errc::wrong_statement, "late audit: the receipt is not of this run");
    auto places = expand(revealed, run, receipt);
    if (!places) return places.error();
    if (places->sketches() > late_limits::sketches)
      return fail(errc::too_large, "late audit: provers do not answer so much by default", places->sketches());
    auto encoder = late_encoder(run, revealed);
    if (!encoder) return encoder.error();
    return basic_late_audit{run, receipt, revealed, *std::move(places), *std::move(encoder), std::move(scheme)};
  }

  /// Takes the provider's sketches. The bytes may be anything. @errors wrong_state (they were taken already)
  [[nodiscard]] result<void> take_sketches(byte_view encoded) {
    if (breach_) return {};
    if (sketches_) return fail(errc::wrong_state, "late audit: the sketches were taken already");
    received_bytes_ += encoded.size();
    auto parsed = parse_late_sketches(encoded, revealed_, places_);
    if (!parsed)
      return blame(parsed.error().code == errc::wrong_statement ? reason::wrong_openings : reason::malformed_openings,
                   parsed.error().message);
    sketches_ = *std::move(parsed);
    return {};
  }

  /// Draws rows to open, `rows` per checkpoint. `randomness`: fresh, and secret until now.
  /// @errors wrong_state (the sketches have not come, or are in breach), out_of_range
  [[nodiscard]] result<late_check> draw_check(const seed& randomness, std::uint32_t rows) const {
    if (breach_ || !sketches_)
      return fail(errc::wrong_state, "late audit: take_sketches comes before draw_check, and no breach between");
    const late_check asked{digest_of(*sketches_), randomness, rows};
    if (auto valid = validate(asked); !valid) return valid.error();
    return asked;
  }

  /// Verifies the openings that answer `asked`: each drawn row is the committed one, and has exactly the sketch that
  /// was sent for it. The bytes may be anything.
  /// @errors wrong_state, wrong_statement (`asked` is no check of these sketches), unsupported (the scheme has no keys)
  [[nodiscard]] result<void> check_rows(const late_check& asked, byte_view encoded) {
    if (breach_) return {};
    if (!sketches_) return fail(errc::wrong_state, "late audit: take_sketches comes before check_rows");
    if (asked.sketches != digest_of(*sketches_))
      return fail(errc::wrong_statement, "late audit: the check is not about these sketches");
    const auto rows = expand(asked, revealed_, places_, run_);
    if (!rows) return rows.error();
    received_bytes_ += encoded.size();
    const auto set = parse_late_openings(scheme_, encoded, run_, receipt_, asked, *rows);
    if (!set)
      return blame(set.error().code == errc::wrong_statement ? reason::wrong_openings : reason::malformed_openings,
                   set.error().message);
    opened_.clear();
    if (auto tree = check_tree(block_rows_statement, rows->block_rows, set->block_rows); !tree) return tree;
    if (auto tree = check_tree(final_rows_statement, rows->final_rows, set->final_rows); !tree) return tree;
    std::sort(opened_.begin(), opened_.end(),
              [](const opened_row& a, const opened_row& b) { return a.sketch < b.sketch; });
    checked_ = !breach_;
    return {};
  }

  /// States that an answer has not come, `seconds_waited` after the receipt. It rests on the host's word.
  /// @errors wrong_state (nothing is awaited, or the retention has not passed)
  [[nodiscard]] result<void> report_withheld(std::uint64_t seconds_waited) {
    if (breach_) return {};
    if (checked_) return fail(errc::wrong_state, "late audit: all answers have come");
    if (seconds_waited < receipt_.terms.retention_seconds)
      return fail(errc::wrong_state, "late audit: the provider may still answer", receipt_.terms.retention_seconds);
    return blame(reason::withheld_openings, "no answer to a late message came within the promised retention");
  }

  /// Compares the sketches of the first `depth` checkpoints with the reference's, and opened rows in full.
  /// state_for(layer_index, position, std::span<float> row) -> result<void>, as for `basic_audit::compare_states`.
  /// @errors wrong_state (check_rows comes before: until then the sketches bind nobody), those of `state_for`,
  ///   non_finite (the reference's own state)
  template <class StateFor>
  [[nodiscard]] result<void> compare(StateFor&& state_for, std::uint32_t depth = run_limits::checkpoints) {
    if (breach_) return {};
    if (!checked_) return fail(errc::wrong_state, "late audit: check_rows comes before compare");
    std::vector<float> row(run_.model.width), theirs_row(run_.model.width), ours(encoder_.sketch()),
        theirs(encoder_.sketch());
    std::vector<std::byte> bits(encoder_.row_bytes()), own(encoder_.fingerprint_bytes());
    std::vector<score_at> sketch_scores, row_scores;
    std::size_t next = 0;  // opened rows are in the order of their sketches
    for (std::size_t c = 0; c < places_.checkpoints() && revealed_.checkpoints[c].layer.value < depth; ++c)
      for (std::size_t i = 0; i < places_.of(c).size(); ++i) {
        const layer_index layer = revealed_.checkpoints[c].layer;
        const position at = position_of(c, i);
        const std::size_t sketch = places_.index(c, i);
        if (auto fetched = state_for(layer, at, std::span<float>{row}); !fetched) return fetched.error();
        if (!encoder_.encode_row(layer, row, bits, own))
          return fail(errc::non_finite, "late audit: the reference state is not finite", at.value);
        encoder_.decode_state(layer, own, ours);
        encoder_.decode_state(layer, sketch_bytes(sketch), theirs);
        sketch_scores.push_back({relative_distance(theirs, ours), at, layer});
        if (next == opened_.size() || opened_[next].sketch != sketch) continue;
        if (auto decoded = encoder_.decode_row(layer, opened_[next++].bits, theirs_row); !decoded)
          return decoded.error();
        row_scores.push_back({relative_distance(theirs_row, row), at, layer});
      }
    sketch_scores_ = std::move(sketch_scores), row_scores_ = std::move(row_scores);
    compared_ = true;
    return {};
  }

  [[nodiscard]] receipt_digest about() const { return revealed_.receipt; }
  [[nodiscard]] const late_reveal& revealed() const noexcept { return revealed_; }
  [[nodiscard]] const std::optional<breach>& breached() const noexcept { return breach_; }
  [[nodiscard]] bool rows_checked() const noexcept { return checked_; }
  [[nodiscard]] bool compared() const noexcept { return compared_; }
  /// Relative distances of all sketches.
  [[nodiscard]] const std::vector<score_at>& sketch_scores() const noexcept { return sketch_scores_; }
  /// Relative distances of the rows that were opened, in full.
  [[nodiscard]] const std::vector<score_at>& row_scores() const noexcept { return row_scores_; }
  [[nodiscard]] std::uint64_t received_bytes() const noexcept { return received_bytes_; }

 private:
  struct opened_row {
    std::size_t sketch;
    std::vector<std::byte> bits;
  };

  basic_late_audit(const run_description& run, const receipt& receipt, const late_reveal& revealed, late_places places,
                   row_encoder encoder, Scheme scheme)
      : run_(run), receipt_(receipt), revealed_(revealed), places_(std::move(places)), encoder_(std::move(encoder)),
        scheme_(std::move(scheme)) {}

  result<void> blame(reason why, const char* message, audit_place place = {}) {
    if (!breach_) breach_ = breach{why, place, message};
    return {};
  }

  [[nodiscard]] position position_of(std::size_t checkpoint, std::size_t i) const {
    const std::uint32_t place = places_.of(checkpoint)[i];
    return position{checkpoint < places_.block_checkpoints ? place : receipt_.prompt_tokens - 1 + place};
  }
  [[nodiscard]] byte_view sketch_bytes(std::size_t sketch) const {
    return byte_view{sketches_->codes}.subspan(sketch * encoder_.fingerprint_bytes(), encoder_.fingerprint_bytes());
  }

  /// Verifies one tree's opening and the rows in it. @errors unsupported
  template <class Statement>
  [[nodiscard]] result<void> check_tree(Statement statement, std::span<const late_row> drawn,
                                        const tree_opening<Scheme>& opening) {
    if (drawn.empty() || breach_) return {};
    const auto rows = verify_tree_opening(scheme_, statement(run_, receipt_), detail::tree_places(drawn), opening);
    if (!rows && rows.error().code == errc::unsupported)
      return rows.error();  // this verifier's scheme was made for too little
    if (!rows) return blame(reason::bad_opening, rows.error().message);
    std::vector<float> values(run_.model.width);
    std::vector<std::byte> own(encoder_.fingerprint_bytes());
    for (std::size_t i = 0; i < drawn.size() && !breach_; ++i) {
      const layer_index layer = revealed_.checkpoints[drawn[i].checkpoint].layer;
      const bool final_row = drawn[i].checkpoint >= places_.block_checkpoints;
      const audit_place place{position{final_row ? receipt_.prompt_tokens - 1 + drawn[i].at[0] : drawn[i].at[0]}, layer,
                              channel::states};
      if (auto decoded = encoder_.decode_row(layer, (*rows)[i], values); !decoded)
        return blame(reason::non_finite_row, decoded.error().message, place);
      if (!encoder_.encode_admitted_state(layer, values, own))
        return blame(reason::non_finite_row, "a committed row has no finite sketch", place);
      if (!equal_bytes_vartime(own, sketch_bytes(drawn[i].sketch)))
        return blame(reason::inconsistent_row, "an opened row does not have the sketch that was sent for it", place);
      opened_.push_back({drawn[i].sketch, {(*rows)[i].begin(), (*rows)[i].end()}});
    }
    return {};
  }

  run_description run_;
  receipt receipt_;
  late_reveal revealed_;
  late_places places_;
  row_encoder encoder_;
  Scheme scheme_;
  std::optional<late_sketches> sketches_;
  std::optional<breach> breach_;
  std::vector<opened_row> opened_;
  std::vector<score_at> sketch_scores_, row_scores_;
  std::uint64_t received_bytes_ = 0;
  bool checked_ = false, compared_ = false;
};

using late_audit = basic_late_audit<>;

}  // namespace assay::inline v0

#endif
