// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Fingerprints and committed rows of one request, as they arrive: any order of layers, any split of positions.
#ifndef ASSAY_PROTOCOL_STATE_STORE_HPP
#define ASSAY_PROTOCOL_STATE_STORE_HPP

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include <assay/protocol/request.hpp>
#include <assay/protocol/row_encoder.hpp>

namespace assay::inline v0 {

/// Keeps what will be committed. Every (position, checkpoint) is written once; writing the same again is allowed.
///
/// Rows are staged and encoded many at a time: between two layers an engine streams megabytes of weights through the
/// caches, so encoding each row where it arrives costs ten times more in cache misses than the arithmetic takes.
class state_store {
 public:
  /// Final rows are kept from the prompt's last position on: earlier ones lead to no output token.
  state_store(const run_description& run, std::uint32_t prompt_tokens, row_encoder encoder)
      : checkpoints_(run.model.checkpoints), width_(run.model.width), first_final_(prompt_tokens - 1),
        committed_(run.commitment.committed_rows), encoder_(std::move(encoder)), fingerprint_(encoder_.fingerprint_bytes()),
        bits_(encoder_.row_bytes()) {
    const std::size_t rows = std::clamp<std::size_t>(staged_bytes / (sizeof(float) * width_), 1, staged_rows);
    staged_.reserve(rows);
    stage_.resize(rows * width_);
  }

  /// Where the caller writes the next row before `put_next`.
  [[nodiscard]] std::span<float> next_row() { return {stage_.data() + staged_.size() * width_, width_}; }

  /// Keeps the row in `next_row()`. @errors non_finite (where: position), conflicting (where: position)
  [[nodiscard]] result<void> put_next(layer_index layer, position at) {
    if (!encoder_.admit(layer, next_row()))
      return fail(errc::non_finite, "prover: a hidden state holds NaN, infinity or an absurd magnitude", at.value);
    grow(at.value + 1);
    std::uint8_t& seen = seen_[slot(layer, at)];
    if (seen != 0) return compare(layer, at);
    seen = 1;
    staged_.push_back({layer, at});
    if (staged_.size() * width_ == stage_.size()) settle();  // not capacity(): a copy of the store has another
    return {};
  }

  /// Keeps a copy of `row`. @errors as put_next
  [[nodiscard]] result<void> put(layer_index layer, position at, std::span<const float> row) {
    ASSAY_EXPECTS(row.size() == width_);
    std::copy(row.begin(), row.end(), next_row().begin());
    return put_next(layer, at);
  }

  /// Encodes what is staged, and checks that nothing is missing.
  /// @errors incomplete (where: the first position that lacks a checkpoint)
  [[nodiscard]] result<void> require_complete(std::uint32_t positions) {
    settle();
    const std::size_t needed = std::size_t{positions} * checkpoints_;
    const auto end = seen_.begin() + static_cast<std::ptrdiff_t>(std::min(needed, seen_.size()));
    const auto missing = static_cast<std::size_t>(std::find(seen_.begin(), end, 0) - seen_.begin());
    if (missing < needed) return fail(errc::incomplete, "prover: a checkpoint of this position was never observed", missing / checkpoints_);
    return {};
  }

  /// Frees everything that was kept; nothing may be put or read afterwards.
  void release() {
    seen_ = {}, states_ = {}, rows_ = {}, block_rows_ = {}, stage_ = {}, staged_ = {};
  }

  /// Fingerprints of the first positions, [positions][checkpoints][sketch]. @pre require_complete(positions)
  [[nodiscard]] byte_view states(std::uint32_t positions) const { return byte_view{states_}.first(std::size_t{positions} * checkpoints_ * fingerprint_.size()); }
  /// LM-head inputs that led to the first output tokens, [outputs][width]. @pre as above
  [[nodiscard]] byte_view final_rows(std::uint32_t outputs) const { return byte_view{rows_}.first(std::size_t{outputs} * bits_.size()); }
  /// Rows of the first positions at the run's committed checkpoints, [positions][committed][width]. @pre as above
  [[nodiscard]] byte_view block_rows(std::uint32_t positions) const { return byte_view{block_rows_}.first(std::size_t{positions} * committed_.size() * bits_.size()); }

 private:
  struct place {
    layer_index layer;
    position at;
  };
  static constexpr std::size_t staged_rows = 64, staged_bytes = std::size_t{1} << 20;

  [[nodiscard]] std::size_t slot(layer_index layer, position at) const noexcept { return std::size_t{at.value} * checkpoints_ + layer.value; }
  [[nodiscard]] bool keeps_row(layer_index layer, position at) const noexcept {
    return encoder_.is_rounded(layer) && (!encoder_.is_final(layer) || at.value >= first_final_);
  }

  void encode(layer_index layer, std::span<float> row) {
    const auto encoded = encoder_.is_rounded(layer) ? encoder_.encode_admitted_row(layer, row, bits_, fingerprint_)
                                                    : encoder_.encode_admitted_state(layer, row, fingerprint_);
    ASSAY_EXPECTS(encoded);  // the row was admitted
  }

  void settle() {
    for (std::size_t i = 0; i < staged_.size(); ++i) {
      const auto [layer, at] = staged_[i];
      encode(layer, {stage_.data() + i * width_, width_});
      std::copy(fingerprint_.begin(), fingerprint_.end(), kept_fingerprint(layer, at));
      if (keeps_row(layer, at)) std::copy(bits_.begin(), bits_.end(), kept_row(layer, at));
    }
    staged_.clear();
  }

  /// The row in `next_row()` against what was kept for its place.
  [[nodiscard]] result<void> compare(layer_index layer, position at) {
    std::vector<float> again(next_row().begin(), next_row().end());
    settle();
    encode(layer, again);
    if (!std::equal(fingerprint_.begin(), fingerprint_.end(), kept_fingerprint(layer, at)) ||
        (keeps_row(layer, at) && !std::equal(bits_.begin(), bits_.end(), kept_row(layer, at))))
      return fail(errc::conflicting, "prover: a position was computed twice with different states; roll-backs are not supported", at.value);
    return {};
  }

  [[nodiscard]] std::byte* kept_fingerprint(layer_index layer, position at) { return states_.data() + slot(layer, at) * fingerprint_.size(); }
  [[nodiscard]] std::byte* kept_row(layer_index layer, position at) {
    if (encoder_.is_final(layer)) return rows_.data() + (at.value - first_final_) * bits_.size();
    const auto column = static_cast<std::size_t>(std::lower_bound(committed_.begin(), committed_.end(), layer) - committed_.begin());
    return block_rows_.data() + (at.value * committed_.size() + column) * bits_.size();
  }

  void grow(std::uint32_t positions) {
    const std::size_t slots = std::size_t{positions} * checkpoints_;
    if (slots <= seen_.size()) return;
    seen_.resize(slots, 0);
    states_.resize(slots * fingerprint_.size());
    if (positions > first_final_) rows_.resize((positions - first_final_) * bits_.size());
    if (!committed_.empty()) block_rows_.resize(std::size_t{positions} * committed_.size() * bits_.size());
  }

  std::uint32_t checkpoints_, width_, first_final_;
  std::vector<layer_index> committed_;  // checkpoints whose rows are kept in full
  row_encoder encoder_;
  std::vector<std::byte> fingerprint_, bits_;  // of one row
  std::vector<float> stage_;
  std::vector<place> staged_;
  std::vector<std::uint8_t> seen_;
  std::vector<std::byte> states_, rows_, block_rows_;
};

}  // namespace assay::inline v0

#endif
