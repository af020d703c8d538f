// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Elapsed time for the demo's cost table. Hooks run for less than a microsecond, so reading the clock must cost little.
#ifndef ASSAY_DEMO_STOPWATCH_HPP
#define ASSAY_DEMO_STOPWATCH_HPP

#include <chrono>
#include <cstdint>

#include <assay/core/config.hpp>

namespace demo {

#if ASSAY_X86_64
/// The processor's time-stamp counter: constant rate, no memory touched, about ten nanoseconds.
inline std::uint64_t ticks() { return __builtin_ia32_rdtsc(); }
#else
inline std::uint64_t ticks() { return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()); }
#endif

/// Ticks per microsecond, measured once against the system's clock.
inline double ticks_per_microsecond() {
  static const double rate = [] {
    using clock = std::chrono::steady_clock;
    const auto start = clock::now();
    const std::uint64_t first = ticks();
    while (clock::now() - start < std::chrono::milliseconds(20)) {
    }
    const std::uint64_t last = ticks();
    return static_cast<double>(last - first) / std::chrono::duration<double, std::micro>(clock::now() - start).count();
  }();
  return rate;
}

class stopwatch {
 public:
  [[nodiscard]] double microseconds() const { return static_cast<double>(ticks() - start_) / ticks_per_microsecond(); }
  [[nodiscard]] double seconds() const { return microseconds() / 1e6; }

 private:
  std::uint64_t start_ = ticks();
};

}  // namespace demo

#endif
