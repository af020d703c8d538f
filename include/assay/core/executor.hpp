// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Who runs independent pieces of work: the caller decides about threads, the library only asks for "all i below n".
#ifndef ASSAY_CORE_EXECUTOR_HPP
#define ASSAY_CORE_EXECUTOR_HPP

#include <cstddef>

#include <assay/core/config.hpp>

namespace assay::inline v0 {

namespace detail {
struct executor_probe {
  void operator()(std::size_t) const noexcept {}
};
}  // namespace detail

/// `ex.for_each(n, f)` calls f(i) once for every i < n, in any order, perhaps at the same time from several threads,
/// and returns when all calls have returned. `f` must not throw.
template <class E>
concept executor = requires(E& ex, std::size_t n, detail::executor_probe f) { ex.for_each(n, f); };

/// Calls in order, on the calling thread.
struct serial_executor {
  template <class F>
  void for_each(std::size_t n, F&& f) const {
    for (std::size_t i = 0; i < n; ++i) f(i);
  }
};

}  // namespace assay::inline v0

#endif
