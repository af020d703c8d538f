// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Elapsed time for the demo's cost table.
#ifndef ASSAY_DEMO_STOPWATCH_HPP
#define ASSAY_DEMO_STOPWATCH_HPP

#include <chrono>

namespace demo {

class stopwatch {
 public:
  [[nodiscard]] double microseconds() const {
    return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start_).count();
  }
  [[nodiscard]] double seconds() const { return microseconds() / 1e6; }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace demo

#endif
