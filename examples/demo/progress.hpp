// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A progress line on standard error: stage, share done, time left. Plain lines when it is no terminal.
#ifndef ASSAY_DEMO_PROGRESS_HPP
#define ASSAY_DEMO_PROGRESS_HPP

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <string>

#include "stopwatch.hpp"

namespace demo {

/// Not thread-safe; callers hold a lock around `step`.
class progress {
 public:
  explicit progress(std::uint32_t steps) : steps_(steps), terminal_(isatty(STDERR_FILENO) == 1) {}

  void stage(std::string name) {
    stage_ = std::move(name);
    if (!terminal_) std::fprintf(stderr, "[%3u %%] %s\n", percent(), stage_.c_str());
    else draw();
  }

  void step() {
    ++done_;
    if (terminal_ && watch_.seconds() - drawn_ > 0.1) draw();
  }

  void finish() {
    if (terminal_) std::fprintf(stderr, "\r\x1b[K");
  }

 private:
  [[nodiscard]] unsigned percent() const { return steps_ == 0 ? 100u : 100u * done_ / steps_; }

  void draw() {
    drawn_ = watch_.seconds();
    const double left = done_ == 0 ? 0 : drawn_ / done_ * (steps_ - done_);
    std::fprintf(stderr, "\r\x1b[K[%3u %%] %-32s about %.0f s left", percent(), stage_.c_str(), left);
    std::fflush(stderr);
  }

  std::uint32_t steps_, done_ = 0;
  bool terminal_;
  double drawn_ = -1;
  std::string stage_;
  stopwatch watch_;
};

}  // namespace demo

#endif
