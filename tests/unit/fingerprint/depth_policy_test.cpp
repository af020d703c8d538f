// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/fingerprint/depth_policy.hpp>

#include <array>
#include <cmath>
#include <limits>

#include "support/catch.hpp"

using namespace assay;

namespace {

constexpr std::array<std::uint32_t, 4> quarters{2, 4, 6, 8};  // of a model of 8 layers

depth_policy made(result<depth_policy> p) {
  REQUIRE(p);
  return *std::move(p);
}
seed numbered(std::uint64_t n) {
  seed s;
  store_le(s.bytes.data(), n);
  return s;
}
/// Audits until one of them reaches layer `start`.
std::uint64_t audits_until_caught(const depth_policy& p, std::uint32_t start, std::uint64_t trial) {
  std::uint64_t n = 0;
  while (p.draw(numbered((trial << 20) + n++)) < start) {}
  return n;
}

}  // namespace

TEST_CASE("depth policy: the published toy example, eight layers in quarters", "[fingerprint]") {
  const auto fixed = made(depth_policy::fixed_blind(8, 4)), heavy = made(depth_policy::shallow_heavy(8, quarters)),
             uniform = made(depth_policy::uniform(8, quarters)), full = made(depth_policy::full(8));
  CHECK(fixed.cost() == 0.5);
  CHECK(heavy.cost() == 0.5);
  CHECK(uniform.cost() == 0.625);
  CHECK(full.cost() == 1);
  // A cheat in the last quarter: never, 44, about 16, 1 audits to catch it with 99 %.
  CHECK_FALSE(fixed.audits_for(7, 0.99));
  CHECK(heavy.audits_for(7, 0.99) == 44u);
  CHECK(uniform.audits_for(7, 0.99) == 17u);
  CHECK(uniform.escape(7, 16) == Approx(0.01).epsilon(0.01));
  CHECK(full.audits_for(7, 0.99) == 1u);
  // The same by drawing: a thousand cheats each, every one of them met by fresh depths.
  for (const auto& [policy, within] : {std::pair{&heavy, 44u}, std::pair{&uniform, 16u}}) {
    std::uint64_t caught = 0, audits = 0;
    for (std::uint64_t trial = 0; trial < 1000; ++trial) {
      const std::uint64_t n = audits_until_caught(*policy, 7, trial);
      caught += n <= within ? 1 : 0, audits += n;
    }
    CHECK(caught >= 980);
    CHECK(static_cast<double>(audits) / 1000 == Approx(1 / policy->detection(7)).epsilon(0.1));
  }
}

TEST_CASE("depth policy: an audit reaches a cheat if and only if it goes as deep", "[fingerprint]") {
  const auto p = made(depth_policy::make(8, {{2, 4}, {4, 3}, {6, 2}, {8, 1}}));
  const double expected[] = {1, 1, 0.6, 0.6, 0.3, 0.3, 0.1, 0.1};
  for (std::uint32_t start = 1; start <= 8; ++start) CHECK(p.detection(start) == Approx(expected[start - 1]));
  CHECK(p.escape(1, 1) == 0);
  CHECK(p.escape(8, 0) == 1);
  CHECK(p.escape(8, 3) == Approx(0.729));
  CHECK(p.escape(8, 3, 0.5) == Approx(0.95 * 0.95 * 0.95));
  CHECK(p.escape(8, 1000, 0) == 1);
}

TEST_CASE("depth policy: what never reaches the last layers says so", "[fingerprint]") {
  CHECK(made(depth_policy::fixed_blind(8, 4)).blind_from() == 5u);
  CHECK(made(depth_policy::uniform(8, std::array<std::uint32_t, 2>{2, 7})).blind_from() == 8u);
  CHECK(made(depth_policy::make(8, {{4, 1}, {8, 0}})).blind_from() ==
        5u);  // a depth that is never drawn does not count
  CHECK_FALSE(made(depth_policy::fixed_blind(8, 8)).blind_from());
  CHECK_FALSE(made(depth_policy::shallow_heavy(8, quarters)).blind_from());
  const auto blind = made(depth_policy::fixed_blind(8, 4));
  CHECK(blind.detection(5) == 0);
  CHECK(blind.escape(5, std::uint64_t{1} << 60) == 1);
  CHECK_FALSE(blind.audits_for(5, 1e-9));
}

TEST_CASE("depth policy: the fewest audits are enough, and one fewer is not", "[fingerprint]") {
  for (const auto& p : {made(depth_policy::shallow_heavy(8, quarters)), made(depth_policy::uniform(8, quarters)),
                        made(depth_policy::make(8, {{2, 999}, {8, 1}}))})
    for (const double target : {0.001, 0.5, 0.9, 0.99, 0.999999})
      for (const double power : {1.0, 0.37})
        for (const std::uint32_t start : {1u, 3u, 8u}) {
          const auto n = p.audits_for(start, target, power);
          REQUIRE(n);
          double miss = 1, before = 1;  // one audit after the other
          for (std::uint64_t i = 0; i < *n; ++i) before = miss, miss *= 1 - p.detection(start) * power;
          CHECK(miss <= (1 - target) * (1 + 1e-9));
          if (*n > 1) CHECK(before > (1 - target) * (1 - 1e-9));
        }
}

TEST_CASE("depth policy: draws follow the weights, and a seed always draws the same", "[fingerprint]") {
  const auto p = made(depth_policy::make(8, {{2, 4}, {4, 0}, {6, 2}, {8, 1}}));
  std::array<std::uint32_t, 9> seen{};
  for (std::uint64_t i = 0; i < 7000; ++i) {
    const std::uint32_t depth = p.draw(numbered(i));
    CHECK(depth == p.draw(numbered(i)));
    ++seen[depth];
  }
  CHECK(seen[4] == 0);
  CHECK(std::abs(static_cast<int>(seen[2]) - 4000) < 250);
  CHECK(std::abs(static_cast<int>(seen[6]) - 2000) < 250);
  CHECK(std::abs(static_cast<int>(seen[8]) - 1000) < 200);
  // As drawn when this was written: a change would let two verifiers disagree about the depth.
  std::array<std::uint32_t, 8> first{};
  for (std::uint64_t i = 0; i < first.size(); ++i) first[i] = p.draw(numbered(i));
  CHECK(first == std::array<std::uint32_t, 8>{2, 8, 6, 2, 2, 2, 2, 6});
}

TEST_CASE("depth policy: the cheapest distribution for a goal", "[fingerprint]") {
  const depth_goal goal{0.99, 44, 1};
  const double needed = *depth_policy::detection_needed(goal);
  CHECK(needed == Approx(0.0994).margin(0.0001));
  const auto cheapest = made(depth_policy::cheapest(8, quarters, goal));
  CHECK(cheapest.cost() == Approx(0.25 + 0.75 * needed));  // the shallowest depth, or everything: 0.325 instead of 0.5
  for (std::uint32_t start = 1; start <= 8; ++start) CHECK(cheapest.escape(start, 44) <= 0.01 * (1 + 1e-9));
  CHECK_FALSE(cheapest.blind_from());
  // With a floor no depth is predictably left out, and it costs accordingly.
  const auto floored = made(depth_policy::cheapest(8, quarters, goal, 0.05));
  for (const depth_choice& each : floored.choices()) CHECK(each.weight >= static_cast<std::uint32_t>(0.05 * 0x1p31));
  CHECK(floored.cost() > cheapest.cost());
  CHECK(floored.cost() < 0.5);
  // Audits that see a cheat half of the time must go deep twice as often.
  CHECK(made(depth_policy::cheapest(8, quarters, {0.99, 44, 0.5})).detection(8) == Approx(2 * needed));
}

TEST_CASE("depth policy: nothing on a fine grid is cheaper than the cheapest", "[fingerprint]") {
  random_stream draw{numbered(7), "depth-policy-test"};
  constexpr int grid = 40;
  for (int trial = 0; trial < 60; ++trial) {
    // Requirements and a floor on the grid, so that the optimum lies on it too.
    const double floor = static_cast<double>(draw.below(5)) / grid;
    std::array<double, 4> least{};
    for (double& each : least) each = static_cast<double>(draw.below(draw.below(2) == 0 ? 8 : grid + 1)) / grid;
    const auto found = depth_policy::cheapest(8, quarters, least, floor);
    double best = 2;
    for (int a = 0; a <= grid; ++a)
      for (int b = 0; a + b <= grid; ++b)
        for (int c = 0; a + b + c <= grid; ++c) {
          const int d = grid - a - b - c;
          const double tails[] = {1, double(b + c + d) / grid, double(c + d) / grid, double(d) / grid};
          const int parts[] = {a, b, c, d};
          bool feasible = true;
          for (std::size_t i = 0; i < 4; ++i)
            feasible = feasible && tails[i] >= least[i] - 1e-12 && parts[i] >= floor * grid - 1e-9;
          if (feasible) best = std::min(best, (2.0 * a + 4.0 * b + 6.0 * c + 8.0 * d) / (8.0 * grid));
        }
    INFO("trial " << trial);
    REQUIRE(found.has_value() == (best < 2));
    if (!found) continue;
    CHECK(found->cost() == Approx(best).margin(1e-8));
    for (std::size_t i = 0; i < 4; ++i) CHECK(found->detection(quarters[i]) >= least[i]);
  }
}

TEST_CASE("depth policy: settings that make no sense are refused", "[fingerprint]") {
  const auto code = [](const auto& r) { return r ? errc{} : r.error().code; };
  CHECK(code(depth_policy::make(8, {})) == errc::empty);
  CHECK(code(depth_policy::make(0, {{1, 1}})) == errc::out_of_range);
  CHECK(code(depth_policy::make(depth_policy::max_layers + 1, {{1, 1}})) == errc::out_of_range);
  CHECK(code(depth_policy::make(8, {{0, 1}, {8, 1}})) == errc::out_of_range);
  CHECK(code(depth_policy::make(8, {{9, 1}})) == errc::out_of_range);
  CHECK(code(depth_policy::make(8, {{4, 1}, {4, 1}})) == errc::wrong_order);
  CHECK(code(depth_policy::make(8, {{4, 0}, {8, 0}})) == errc::invalid_settings);
  CHECK(code(depth_policy::uniform(8, {})) == errc::empty);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::array<double, 4> none{}, broken{0, 0, nan, 0}, over{0, 0, 0, 1.5};
  CHECK(code(depth_policy::cheapest(8, quarters, std::array<double, 2>{0, 0})) == errc::length_mismatch);
  CHECK(code(depth_policy::cheapest(9, quarters, none)) == errc::invalid_settings);
  CHECK(code(depth_policy::cheapest(8, quarters, broken)) == errc::out_of_range);
  CHECK(code(depth_policy::cheapest(8, quarters, over)) == errc::out_of_range);
  CHECK(code(depth_policy::cheapest(8, quarters, none, nan)) == errc::out_of_range);
  CHECK(code(depth_policy::cheapest(8, quarters, none, 0.26)) == errc::invalid_settings);
  CHECK(depth_policy::cheapest(8, quarters, none, 0.25));
  CHECK(code(depth_policy::detection_needed({1, 10, 1})) == errc::out_of_range);
  CHECK(code(depth_policy::detection_needed({0.9, 0, 1})) == errc::out_of_range);
  CHECK(code(depth_policy::detection_needed({0.9, 10, 0})) == errc::out_of_range);
  CHECK(code(depth_policy::detection_needed({0.9, 1, 0.5})) == errc::invalid_settings);
  CHECK(*depth_policy::detection_needed({0.9, 1, 0.9}) == Approx(1));
}
