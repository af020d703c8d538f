// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Bytes of a log, pulled in pieces from wherever they are: counts lines, and ends early where a bound is reached.
#ifndef ASSAY_CODEC_LOG_SOURCE_HPP
#define ASSAY_CODEC_LOG_SOURCE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string_view>
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
  void advance(std::size_t n = 1) noexcept { at_ += n; }
  /// What can be read without asking again. @pre !ended()
  [[nodiscard]] std::string_view window() const noexcept { return {window_.data() + at_, free_ - at_}; }
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
    while (counted_ < at_) {  // lines are long: the library's search is faster than counting
      const void* found = std::memchr(window_.data() + counted_, '\n', at_ - counted_);
      if (found == nullptr) break;
      counted_ = static_cast<std::size_t>(static_cast<const char*>(found) - window_.data()) + 1;
      ++line_;
    }
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
    const void* zero = size_ == 0 ? nullptr : std::memchr(window_.data(), '\0', size_);
    zero_ = zero == nullptr ? none : static_cast<std::size_t>(static_cast<const char*>(zero) - window_.data());
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

}  // namespace detail
}  // namespace assay::inline v0::codec

#endif
