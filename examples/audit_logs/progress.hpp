// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A line on standard error once work has taken two seconds.
#ifndef ASSAY_AUDIT_LOGS_PROGRESS_HPP
#define ASSAY_AUDIT_LOGS_PROGRESS_HPP

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

namespace audit_logs {

class progress {
 public:
  explicit progress(std::string what) : what_(std::move(what)), terminal_(isatty(STDERR_FILENO) == 1) {}
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;
  ~progress() {
    if (drawn_ && terminal_) std::fprintf(stderr, "\r\x1b[K");
  }

  /// Says how many bytes are done, at most every half second on a terminal and every ten elsewhere.
  void show(std::uint64_t bytes) {
    const auto now = clock::now();
    if (now - started_ < std::chrono::seconds(2) || now < next_) return;
    next_ = now + (terminal_ ? std::chrono::milliseconds(500) : std::chrono::milliseconds(10000));
    drawn_ = true;
    const double seconds = std::chrono::duration<double>(now - started_).count(), mb = static_cast<double>(bytes) / 1e6;
    std::fprintf(stderr, terminal_ ? "\r\x1b[K%s: %.0f MB, %.0f MB/s" : "%s: %.0f MB, %.0f MB/s\n", what_.c_str(), mb, mb / seconds);
    std::fflush(stderr);
  }

 private:
  using clock = std::chrono::steady_clock;

  std::string what_;
  bool terminal_, drawn_ = false;
  clock::time_point started_ = clock::now(), next_ = started_;
};

}  // namespace audit_logs

#endif
