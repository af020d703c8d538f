// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <vector>

#include <assay/core/executor.hpp>

namespace {
struct no_executor {};
struct wrong_order_of_arguments {
  template <class F>
  void for_each(F, std::size_t*) {}
};
}  // namespace

TEST_CASE("executor: the serial one calls every index in order", "[core]") {
  STATIC_REQUIRE(assay::executor<assay::serial_executor>);
  STATIC_REQUIRE_FALSE(assay::executor<no_executor>);
  STATIC_REQUIRE_FALSE(assay::executor<wrong_order_of_arguments>);
  std::vector<std::size_t> seen;
  assay::serial_executor{}.for_each(4, [&](std::size_t i) { seen.push_back(i); });
  CHECK(seen == std::vector<std::size_t>{0, 1, 2, 3});
  assay::serial_executor{}.for_each(0, [&](std::size_t) { FAIL("nothing to do"); });
}
