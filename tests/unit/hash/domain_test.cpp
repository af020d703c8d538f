// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/hash/domain.hpp>

#include <algorithm>
#include <array>

#include "support/catch.hpp"

using namespace assay;

TEST_CASE("domain: registered names are well-formed", "[hash]") {
  for (const auto& d : domains::all) CHECK(detail::is_domain_name(d.name));
}

TEST_CASE("domain: malformed names are not domains", "[hash]") {
  for (std::string_view bad : {"", "assay/v0/", "assay/v1/x", "assay/v0/Upper", "assay/v0/a b", "assay/v0/a_b",
                               "xassay/v0/a", "assay/v0/a-name-that-is-much-longer-than-forty-eight-characters"})
    CHECK_FALSE(detail::is_domain_name(bad));
  CHECK(detail::is_domain_name("assay/v0/a-b/2"));
}

TEST_CASE("domain: all names differ", "[hash]") {
  std::array<std::string_view, domains::all.size()> names;
  std::transform(domains::all.begin(), domains::all.end(), names.begin(), [](const domain& d) { return d.name; });
  std::sort(names.begin(), names.end());
  CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
}
