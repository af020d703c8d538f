// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Bytes of a log, pulled in pieces from wherever they are: counts lines, and ends early where a bound is reached.
#ifndef ASSAY_CODEC_LOG_SOURCE_HPP
#define ASSAY_CODEC_LOG_SOURCE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <span>
#include <vector>

#include <assay/codec/logged_sequence.hpp>
#include <assay/core/result.hpp>

namespace assay::inline v0::codec {

/// Fills the span from its front and returns the number of bytes; 0: nothing is left.
using log_bytes = std::function<result<std::size_t>(std::span<char>)>;

/// Called with the number of bytes read so far, after each piece.
using log_progress = std::function<void(std::uint64_t)>;

namespace detail {

/// A window of 64 KiB over the bytes.
class log_source {
 public:
  log_source(const log_bytes& bytes, const log_limits& limits, const log_progress& progress)
      : bytes_(bytes), progress_(progress), limits_(limits), window_(std::size_t{1} << 16) {}

  /// True at the end of the bytes, and wherever reading must stop: `problem` tells.
  [[nodiscard]] bool ended() { return at_ >= free_ && must_stop(); }
  /// @pre !ended()
  [[nodiscard]] char current() const noexcept { return window_[at_]; }
  void advance() noexcept { ++at_; }
  /// Skips white space. @return false at the end
  [[nodiscard]] bool next_record() {
    for (;;) {
      record_from_ = quiet_from_ = base_ + at_;
      if (ended()) return false;
      const char c = current();
      if (c != ' ' && c != '\t' && c != '\r' && c != '\n') return true;
      advance();
    }
  }
  /// A value or a bracket was understood.
  void mark_event() noexcept { quiet_from_ = base_ + at_; }

  /// The present line, from 1. Complexity: linear in the bytes since the last call or piece.
  [[nodiscard]] std::uint64_t line() noexcept {
    const char* bytes = window_.data();
    line_ += static_cast<std::uint64_t>(std::count(bytes + counted_, bytes + at_, '\n'));
    counted_ = at_;
    return line_;
  }
  /// Why reading stopped before the end of the bytes.
  [[nodiscard]] const result<void>& problem() const noexcept { return problem_; }

 private:
  /// Finds how far reading may go without further checks.
  [[nodiscard]] bool must_stop() {
    if (stopped_ || (at_ == size_ && !refill())) return true;
    if (base_ + at_ - record_from_ >= limits_.record_bytes) return stop(errc::too_large, "log: a record has too many bytes");
    if (base_ + at_ - quiet_from_ >= limits_.string_bytes) return stop(errc::too_large, "log: a text is too long");
    if (at_ == zero_) return stop(errc::malformed, "log: a zero byte");  // the parser would take it for the end
    const std::uint64_t bound = std::min(limits_.record_bytes - (base_ + at_ - record_from_),
                                         std::uint64_t{limits_.string_bytes} - (base_ + at_ - quiet_from_));
    free_ = std::min(size_, zero_);
    if (bound < free_ - at_) free_ = at_ + static_cast<std::size_t>(bound);
    return false;
  }
  bool stop(errc code, const char* message) {
    stopped_ = true;
    problem_ = fail(code, message, line());
    return true;
  }
  bool refill() {
    (void)line();
    base_ += size_;
    at_ = size_ = free_ = counted_ = 0;
    const auto got = bytes_(window_);
    if (!got) {
      stopped_ = true;
      problem_ = got.error();
      return false;
    }
    size_ = std::min(*got, window_.size());
    const auto end = window_.begin() + static_cast<std::ptrdiff_t>(size_);
    zero_ = static_cast<std::size_t>(std::find(window_.begin(), end, '\0') - window_.begin());
    if (zero_ == size_) zero_ = none;
    if (progress_) progress_(base_ + size_);
    stopped_ = size_ == 0;
    return !stopped_;
  }

  static constexpr std::size_t none = ~std::size_t{0};

  const log_bytes& bytes_;
  const log_progress& progress_;
  log_limits limits_;
  std::vector<char> window_;
  std::size_t at_ = 0, size_ = 0, free_ = 0, zero_ = none, counted_ = 0;
  std::uint64_t base_ = 0;  ///< offset of the window
  std::uint64_t record_from_ = 0, quiet_from_ = 0, line_ = 1;
  bool stopped_ = false;
  result<void> problem_;
};

/// What the parser reads through; a null source is the end.
class log_iterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = char;

  log_iterator() = default;
  explicit log_iterator(log_source& source) : source_(&source) {}

  char operator*() const noexcept { return source_->current(); }
  log_iterator& operator++() noexcept {
    source_->advance();
    return *this;
  }
  log_iterator operator++(int) noexcept {
    log_iterator before = *this;
    source_->advance();
    return before;
  }
  friend bool operator==(const log_iterator& a, const log_iterator& b) {
    const auto at_end = [](const log_iterator& i) { return i.source_ == nullptr || i.source_->ended(); };
    return at_end(a) == at_end(b);
  }

 private:
  log_source* source_ = nullptr;
};

}  // namespace detail
}  // namespace assay::inline v0::codec

#endif
