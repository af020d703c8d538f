// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <set>
#include <string>

#include <assay/core/error.hpp>
#include <assay/core/result.hpp>

TEST_CASE("error: every code has a name of its own", "[core]") {
  std::set<std::string> names;
  int known = 0;
  for (unsigned number = 0; number < 256; ++number) {
    const std::string name = assay::name(static_cast<assay::errc>(number));
    if (name == "unknown") continue;
    ++known;
    names.insert(name);
  }
  CHECK(known >= 30);
  CHECK(names.size() == static_cast<std::size_t>(known));
  CHECK(std::string(assay::name(assay::errc{})) == "unknown");
}

TEST_CASE("error: numbers are stable", "[core]") {
  CHECK(static_cast<int>(assay::errc::truncated) == 1);
  CHECK(static_cast<int>(assay::errc::overflow) == 18);
  CHECK(static_cast<int>(assay::errc::non_finite) == 20);
  CHECK(static_cast<int>(assay::errc::commitment_mismatch) == 40);
  CHECK(static_cast<int>(assay::errc::conflicting) == 63);
}

TEST_CASE("error: equality ignores the sentence", "[core]") {
  CHECK(assay::fail(assay::errc::empty, "one", 3) == assay::fail(assay::errc::empty, "two", 3));
  CHECK_FALSE(assay::fail(assay::errc::empty, "one", 3) == assay::fail(assay::errc::empty, "one", 4));
  CHECK_FALSE(assay::fail(assay::errc::empty, "one") == assay::fail(assay::errc::overflow, "one"));
}
