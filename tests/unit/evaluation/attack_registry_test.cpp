// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/evaluation/attack_registry.hpp>

#include <limits>
#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace assay;
using evaluation::attack_parameter;
using evaluation::attack_registry;

namespace {

struct toy_engine {
  double bits = 16, group = 0;
};

result<toy_engine> quantised(std::span<const attack_parameter> p) { return toy_engine{p[0].value, p[1].value}; }

std::vector<std::string> labels(const attack_registry<toy_engine>& all) {
  std::vector<std::string> found;
  for (const auto& a : all.attacks()) found.push_back(a.label);
  return found;
}

}  // namespace

TEST_CASE("attack registry: every combination, in the order given", "[evaluation]") {
  attack_registry<toy_engine> all;
  REQUIRE(all.add("skip-block", [](auto) -> result<toy_engine> { return toy_engine{16, 1}; }));
  REQUIRE(all.add("weights", {{"bits", {8, 4}}, {"group", {32, 0.5}}}, quantised));
  CHECK(labels(all) == std::vector<std::string>{"skip-block", "weights(bits=8,group=32)", "weights(bits=8,group=0.5)",
                                                "weights(bits=4,group=32)", "weights(bits=4,group=0.5)"});
  const auto at = all.find("weights(bits=4,group=32)");
  REQUIRE(at);
  const auto made = all.make(*at);
  REQUIRE(made);
  CHECK(made->bits == 4);
  CHECK(made->group == 32);
  CHECK(all.make(0)->group == 1);
  CHECK(all.find("weights").error().code == errc::not_found);
}

TEST_CASE("attack registry: duplicates and bad names are refused, and nothing is added", "[evaluation]") {
  attack_registry<toy_engine> all;
  REQUIRE(all.add("weights", {{"bits", {8}}, {"group", {32}}}, quantised));
  const auto before = labels(all);
  CHECK(all.add("weights", {{"bits", {4, 8}}, {"group", {32}}}, quantised).error().code == errc::duplicate);
  CHECK(all.add("fresh", {{"bits", {4, 4}}, {"group", {32}}}, quantised).error().code == errc::duplicate);
  CHECK(all.add("fresh", {{"bits", {4}}, {"bits", {32}}}, quantised).error().code == errc::duplicate);
  CHECK(all.add("fresh", {{"bits", {}}, {"group", {32}}}, quantised).error().code == errc::empty);
  CHECK(all.add("fresh", {{"bits", {std::numeric_limits<double>::infinity()}}}, quantised).error().code ==
        errc::non_finite);
  for (const char* name : {"", "two words", "a,b", "a(b", "a=b", "a\n"})
    CHECK(all.add(name, {{"bits", {4}}, {"group", {32}}}, quantised).error().code == errc::malformed);
  CHECK(all.add("fresh", {{"b,c", {4}}}, quantised).error().code == errc::malformed);
  CHECK(labels(all) == before);
}

TEST_CASE("attack registry: a recipe's error comes through", "[evaluation]") {
  attack_registry<toy_engine> all;
  REQUIRE(all.add("broken", [](auto) -> result<toy_engine> { return fail(errc::io_failure, "no such model"); }));
  CHECK(all.make(0).error().code == errc::io_failure);
}
