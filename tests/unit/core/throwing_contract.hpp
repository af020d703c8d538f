// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Turns broken preconditions into exceptions for the life of a scope, so that tests can look at them.
#ifndef ASSAY_TESTS_CORE_THROWING_CONTRACT_HPP
#define ASSAY_TESTS_CORE_THROWING_CONTRACT_HPP

#include <assay/core/expects.hpp>

struct broken_contract {
  const char* condition;
  int line;
};

class throwing_contract {
 public:
  throwing_contract() : previous_(assay::set_contract_handler(&raise)) {}
  throwing_contract(const throwing_contract&) = delete;
  throwing_contract& operator=(const throwing_contract&) = delete;
  ~throwing_contract() { assay::set_contract_handler(previous_); }

 private:
  static void raise(const char* condition, const char*, int line) { throw broken_contract{condition, line}; }

  assay::contract_handler previous_;
};

#endif
