// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <assay/fingerprint/state_sum.hpp>

#include "../core/throwing_contract.hpp"

using assay::exact_sum;

namespace {

exact_sum sum_of(const std::vector<float>& terms) {
  exact_sum s;
  for (const float x : terms) s.add(x);
  return s;
}

constexpr float largest = std::numeric_limits<float>::max(), least = std::numeric_limits<float>::denorm_min();

}  // namespace

TEST_CASE("state sum: single numbers come back", "[fingerprint]") {
  for (const float x :
       {0.0f, -0.0f, 1.0f, -1.0f, 0.1f, -3.75e-20f, largest, -largest, least, -least, 0x1p-126f, 0x1.fffffep-127f})
    CHECK(sum_of({x}).value() == static_cast<double>(x));
  CHECK(exact_sum{}.is_zero());
  CHECK(sum_of({1.5f, -1.5f}).is_zero());
}

TEST_CASE("state sum: nothing is lost between the largest and the least number", "[fingerprint]") {
  CHECK(sum_of({largest, least, -largest}).value() == static_cast<double>(least));
  CHECK(sum_of({-largest, -least, largest}).value() == -static_cast<double>(least));
  CHECK(sum_of({largest, largest, -least, -largest, -largest, 1.0f, least}).value() == 1.0);
}

TEST_CASE("state sum: the value is rounded once, to nearest, ties to even", "[fingerprint]") {
  const float tie = 0x1p-53f;
  CHECK(sum_of({1.0f, tie}).value() == 1.0);
  CHECK(sum_of({1.0f, tie, least}).value() == 1.0 + 0x1p-52);
  CHECK(sum_of({1.0f, tie, -least}).value() == 1.0);
  CHECK(sum_of({1.0f, 0x1p-52f, tie}).value() == 1.0 + 0x1p-51);
  CHECK(sum_of({-1.0f, -tie, -least}).value() == -1.0 - 0x1p-52);
  CHECK(sum_of({0x1p100f, 0x1p47f}).value() == 0x1p100);  // across limbs
  CHECK(sum_of({0x1p100f, 0x1p47f, 0x1p-140f}).value() == 0x1p100 + 0x1p48);
  exact_sum unit;
  unit.add((std::int64_t{1} << 53) + 1, 0);
  CHECK(unit.value() == 0x1p53 * 0x1p-149);
  unit.add(1, 0);
  CHECK(unit.value() == (0x1p53 + 2) * 0x1p-149);
}

TEST_CASE("state sum: agrees with exact arithmetic on doubles where that is exact", "[fingerprint]") {
  std::uint32_t state = 9;
  std::int64_t expected = 0;
  exact_sum s;
  for (int i = 0; i < 20000; ++i) {
    state = state * 1664525u + 1013904223u;
    const auto term = static_cast<std::int32_t>(state) >> 8;  // 24 bits and a sign
    expected += term;
    s.add(static_cast<float>(term) * 0x1p-20f);
  }
  CHECK(s.value() == static_cast<double>(expected) * 0x1p-20);
}

TEST_CASE("state sum: order and partition do not matter", "[fingerprint]") {
  std::vector<float> terms;
  std::uint32_t state = 3;
  for (int i = 0; i < 3000; ++i) {
    state = state * 1664525u + 1013904223u;
    const std::uint32_t bits = state & 0xff7fffffu;  // finite
    terms.push_back(std::bit_cast<float>(bits));
  }
  const exact_sum forward = sum_of(terms);
  std::vector<float> turned(terms.rbegin(), terms.rend());
  CHECK(sum_of(turned) == forward);
  exact_sum merged;
  for (std::size_t at = 0; at < terms.size(); at += 700) {
    const std::size_t end = std::min(terms.size(), at + 700);
    merged.merge(
        sum_of({terms.begin() + static_cast<std::ptrdiff_t>(at), terms.begin() + static_cast<std::ptrdiff_t>(end)}));
  }
  CHECK(merged == forward);
  exact_sum minus = forward;
  minus.negate();
  CHECK(minus.value() == -forward.value());
  minus.merge(forward);
  CHECK(minus.is_zero());
}

TEST_CASE("state sum: the caller's duties", "[fingerprint]") {
  const throwing_contract guard;
  exact_sum s;
  CHECK_THROWS_AS(s.add(std::numeric_limits<float>::infinity()), broken_contract);
  CHECK_THROWS_AS(s.add(1, 320), broken_contract);
}
