// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A request's rows cut into chunks: the prompt as one, then every so many decode steps.
#ifndef ASSAY_FINGERPRINT_TOPLOC_CHUNKS_HPP
#define ASSAY_FINGERPRINT_TOPLOC_CHUNKS_HPP

#include <cstdint>

#include <assay/fingerprint/toploc_rows.hpp>
#include <assay/fingerprint/toploc_top_k.hpp>

namespace assay::inline v0::toploc {

/// Takes the rows in order and hands the selection of each complete chunk to `done(const selection&) -> result<void>`.
/// The first error stays: every later call but `begin` returns it.
class chunk_stream {
 public:
  /// @pre validate(how), width > 0
  chunk_stream(const settings& how, std::uint32_t width) : how_(how), width_(width), selector_(how) {}

  /// Takes rows of the prompt, in one call or in several. Left out with skip_prefill.
  /// @errors wrong_state (after a decode step), shape_mismatch (not `width` entries per row), those of bf16_reader and
  ///         top_k_selector::push
  template <hidden_rows T>
  [[nodiscard]] result<void> prefill(const T& rows) {
    if (failed_) return error_;
    if (decoding_) return keep(fail(errc::wrong_state, "toploc: a prompt's row after a decode step"));
    if (how_.skip_prefill) return {};
    return keep(take(rows, [] { return result<void>{}; }));
  }

  /// Takes rows of decode steps, in one call or in several. @errors as prefill, but for wrong_state; empty (a chunk
  /// with fewer than top_k entries); those of `done`
  template <hidden_rows T, class Done>
  [[nodiscard]] result<void> decode(const T& rows, Done&& done) {
    if (failed_) return error_;
    if (!decoding_) {
      if (auto closed = close(done); !closed) return keep(closed);
      decoding_ = true;
    }
    return keep(take(rows, [&] {
      if (++rows_ < how_.rows_per_proof) return result<void>{};
      rows_ = 0;
      return close(done);
    }));
  }

  /// Ends the request, and with it the last chunk; the next request may begin. @errors as decode
  template <class Done>
  [[nodiscard]] result<void> finish(Done&& done) {
    result<void> ended = failed_ ? result<void>{error_} : close(done);
    begin();
    return ended;
  }

  /// Forgets the present request.
  void begin() noexcept {
    selector_.reset();
    rows_ = 0;
    decoding_ = failed_ = false;
  }

 private:
  [[nodiscard]] result<void> keep(result<void> outcome) {
    if (!outcome && !failed_) {
      failed_ = true;
      error_ = outcome.error();
    }
    return outcome;
  }

  template <hidden_rows T, class RowDone>
  [[nodiscard]] result<void> take(const T& rows, RowDone&& row_done) {
    const auto reader = bf16_reader<T>::open(rows, buffers_);
    if (!reader) return reader.error();
    if (reader->width() != width_) return fail(errc::shape_mismatch, "toploc: rows of another width", reader->width());
    const std::uint64_t count = reader->count();
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto codes = reader->row(i);
      if (!codes) return codes.error();
      if (auto pushed = selector_.push(*codes); !pushed) return pushed;
      if (auto next = row_done(); !next) return next;
    }
    return {};
  }

  template <class Done>
  [[nodiscard]] result<void> close(Done&& done) {
    if (selector_.elements() == 0) return {};
    if (auto selected = selector_.finish(selected_); !selected) return selected;
    return done(static_cast<const selection&>(selected_));
  }

  settings how_;
  std::uint32_t width_;
  top_k_selector selector_;
  selection selected_;
  row_buffers buffers_;
  std::uint32_t rows_ = 0;  ///< decode steps in the present chunk
  bool decoding_ = false;
  bool failed_ = false;
  error error_{};
};

}  // namespace assay::inline v0::toploc

#endif
