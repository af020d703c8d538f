// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Contracts: what a caller must guarantee, checked at run time with a replaceable handler.
#ifndef ASSAY_CORE_EXPECTS_HPP
#define ASSAY_CORE_EXPECTS_HPP

#include <assay/core/config.hpp>

namespace assay::inline v0 {

/// Called with the broken condition and its place. May throw or not return; if it returns, the program stops.
using contract_handler = void (*)(const char* condition, const char* file, int line);

namespace detail {

/// Accessed with the compiler's atomic operations only: <atomic> would double the cost of including this header.
inline contract_handler* installed_contract_handler() noexcept {
  static contract_handler handler = nullptr;
  return &handler;
}

[[noreturn]] inline void contract_violation(const char* condition, const char* file, int line) {
  if (contract_handler handler = __atomic_load_n(installed_contract_handler(), __ATOMIC_ACQUIRE)) handler(condition, file, line);
  __builtin_trap();
}

}  // namespace detail

/// Installs a handler for broken preconditions and returns the previous one (nullptr: trap).
inline contract_handler set_contract_handler(contract_handler handler) noexcept {
  return __atomic_exchange_n(detail::installed_contract_handler(), handler, __ATOMIC_ACQ_REL);
}

}  // namespace assay::inline v0

/// States a precondition: a breach is the caller's bug, never a matter of foreign input.
#define ASSAY_EXPECTS(condition) \
  (static_cast<bool>(condition) ? static_cast<void>(0) : ::assay::detail::contract_violation(#condition, __FILE__, __LINE__))

#endif
