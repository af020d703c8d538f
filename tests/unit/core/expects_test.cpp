// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <string>

#include <assay/core/expects.hpp>

#include "throwing_contract.hpp"

namespace {
int half(int n) {
  ASSAY_EXPECTS(n % 2 == 0);
  return n / 2;
}
void other_handler(const char*, const char*, int) {}
}  // namespace

TEST_CASE("expects: a held precondition costs nothing visible", "[core]") { CHECK(half(8) == 4); }

TEST_CASE("expects: a broken precondition reaches the handler with its text", "[core]") {
  const throwing_contract guard;
  try {
    half(3);
    FAIL("the handler was not called");
  } catch (const broken_contract& broken) {
    CHECK(std::string(broken.condition) == "n % 2 == 0");
    CHECK(broken.line > 0);
  }
}

TEST_CASE("expects: handlers are exchanged", "[core]") {
  const assay::contract_handler before = assay::set_contract_handler(&other_handler);
  CHECK(assay::set_contract_handler(before) == &other_handler);
}
