// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Many rows to sketches or fingerprints at once, on one thread or on those that the host lends.
#ifndef ASSAY_FINGERPRINT_ROW_BATCH_HPP
#define ASSAY_FINGERPRINT_ROW_BATCH_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <assay/core/executor.hpp>
#include <assay/core/row_source.hpp>
#include <assay/fingerprint/projection.hpp>
#include <assay/fingerprint/quantiser.hpp>

namespace assay::inline v0 {

/// Memory of a batch, kept between batches. Work is cut into as many pieces as are allowed; each has memory of its own.
class batch_workspace {
 public:
  /// @param pieces how many pieces an executor may get at once: its threads, or 1 without any. @pre pieces > 0
  explicit batch_workspace(std::size_t pieces = 1) : pieces_(pieces) { ASSAY_EXPECTS(pieces > 0); }

  [[nodiscard]] std::size_t pieces() const noexcept { return pieces_; }

  /// `count` floats for each of the first `pieces` pieces; what they held is lost. Allocates if a batch needs more than
  /// those before it.
  void prepare(std::size_t pieces, std::size_t count) {
    const std::size_t line = 16;  // floats of a cache line: pieces share none
    stride_ = (count + line - 1) / line * line;
    if (memory_.size() < stride_ * pieces) memory_.resize(stride_ * pieces);
    outcomes_.assign(pieces, result<void>{});
    seen_.assign(pieces, range_count{});
  }
  [[nodiscard]] std::span<float> floats(std::size_t piece) noexcept {
    return std::span<float>(memory_).subspan(piece * stride_, stride_);
  }
  [[nodiscard]] result<void>& outcome(std::size_t piece) noexcept { return outcomes_[piece]; }
  [[nodiscard]] range_count& seen(std::size_t piece) noexcept { return seen_[piece]; }

 private:
  std::size_t pieces_;
  std::size_t stride_ = 0;
  std::vector<float> memory_;
  std::vector<result<void>> outcomes_;
  std::vector<range_count> seen_;
};

namespace detail {

/// Calls f(piece, begin, end) for rows 0 … count - 1 in at most `pieces` runs of about the same length.
template <class E, class F>
void for_each_run(std::size_t count, std::size_t pieces, E&& ex, F f) {
  if (count == 0) return;
  if (pieces == 1) return f(std::size_t{0}, std::size_t{0}, count);
  const std::size_t longest = (count + pieces - 1) / pieces;
  ex.for_each((count + longest - 1) / longest, [&](std::size_t piece) noexcept {
    f(piece, piece * longest, std::min(count, (piece + 1) * longest));
  });
}

}  // namespace detail

/// Sketches of several rows, one after the other: the bits that `map.project` gives.
/// @pre rows holds whole rows of map.width(), sketches as many sketches; they do not overlap
template <projection P, class E = serial_executor>
void project_rows(const P& map, std::span<const float> rows, std::span<float> sketches, batch_workspace& work,
                  E&& ex = {}) {
  const std::size_t width = map.width(), sketch = map.sketch(), count = rows.size() / width;
  ASSAY_EXPECTS(rows.size() % width == 0 && sketches.size() == count * sketch);
  const std::size_t pieces = std::min(work.pieces(), std::max<std::size_t>(count, 1));
  work.prepare(pieces, map.scratch_size());
  detail::for_each_run(count, pieces, ex, [&](std::size_t piece, std::size_t begin, std::size_t end) noexcept {
    const auto from = rows.subspan(begin * width, (end - begin) * width);
    const auto to = sketches.subspan(begin * sketch, (end - begin) * sketch);
    if constexpr (requires { map.project_rows(from, to, work.floats(piece)); }) {
      map.project_rows(from, to, work.floats(piece));
    } else {
      for (std::size_t i = 0; i < end - begin; ++i)
        map.project(from.subspan(i * width, width), to.subspan(i * sketch, sketch), work.floats(piece));
    }
  });
}

/// Fingerprints of a checkpoint's rows, wherever and in whatever type they lie: row by row, each is read, projected and
/// quantised while it is in the cache. Adds to `seen` what lay beyond the range of codes, unless there is an error.
/// @pre codes.size() == rows * packed_size(q.type, map.sketch())
/// @errors those of row_reader, shape_mismatch (width), those of quantise (where: the row); codes are unspecified then
template <projection P, hidden_rows T, class E = serial_executor>
[[nodiscard]] result<void> fingerprint_rows(const P& map, const quantiser& q, const T& rows, mutable_byte_view codes,
                                            range_count& seen, batch_workspace& work, E&& ex = {}) {
  if (auto valid = validate(q); !valid) return valid;
  const auto reader = row_reader<T>::open(rows);
  if (!reader) return reader.error();
  const std::size_t width = map.width(), sketch = map.sketch(), size = packed_size(q.type, sketch);
  if (reader->width() != width)
    return fail(errc::shape_mismatch, "fingerprints: rows of another width", reader->width());
  const auto count = static_cast<std::size_t>(reader->count());
  ASSAY_EXPECTS(codes.size() == count * size);
  const std::size_t pieces = std::min(work.pieces(), std::max<std::size_t>(count, 1));
  work.prepare(pieces, width + sketch + map.scratch_size());
  detail::for_each_run(count, pieces, ex, [&](std::size_t piece, std::size_t begin, std::size_t end) noexcept {
    const std::span<float> memory = work.floats(piece);
    const auto row = memory.first(width), out = memory.subspan(width, sketch), scratch = memory.subspan(width + sketch);
    for (std::size_t i = begin; i < end; ++i) {
      auto done = reader->read(i, row);
      if (done) {
        map.project(row, out, scratch);
        done = quantise(q, out, codes.subspan(i * size, size), work.seen(piece));
        if (!done) done = error{done.error().code, i, done.error().message};
      }
      if (!done) {
        work.outcome(piece) = done;
        return;
      }
    }
  });
  for (std::size_t piece = 0; piece < pieces; ++piece)
    if (!work.outcome(piece)) return work.outcome(piece);
  for (std::size_t piece = 0; piece < pieces; ++piece) {
    seen.codes += work.seen(piece).codes;
    seen.beyond += work.seen(piece).beyond;
  }
  return {};
}

}  // namespace assay::inline v0

#endif
