// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/random/elementary.hpp>

#include <bit>
#include <cmath>
#include <cstdint>

#include "support/catch.hpp"

using namespace assay;

namespace {

std::uint64_t bits_of(double v) { return std::bit_cast<std::uint64_t>(v); }

double relative_error(double got, double want) {
  return want == 0 ? std::abs(got) : std::abs(got - want) / std::abs(want);
}

/// A fixed walk through bit patterns, so that the test needs no generator of its own.
std::uint64_t scramble(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

}  // namespace

TEST_CASE("elementary: log agrees with libm", "[random]") {
  double worst = 0;
  for (std::uint64_t i = 1; i <= 300000; ++i) {
    const std::uint64_t r = scramble(i);
    const double unit = (static_cast<double>(r >> 12) + 0.5) * 0x1p-52;
    const double wide = std::bit_cast<double>((r >> 2 & 0x000fffffffffffffu) | ((1 + r % 2046) << 52));
    const double near_one = 1 + (unit - 0.5) * std::ldexp(1.0, -static_cast<int>(r % 50));
    for (double x : {unit, wide, near_one}) worst = std::max(worst, relative_error(fp::log(x), std::log(x)));
  }
  CHECK(worst < 1e-15);
  CHECK(fp::log(1.0) == 0.0);
  CHECK(relative_error(fp::log(1 - 0x1p-53), std::log1p(-0x1p-53)) < 1e-15);
}

TEST_CASE("elementary: exp agrees with libm", "[random]") {
  double worst = 0;
  for (std::uint64_t i = 1; i <= 300000; ++i) {
    const double unit = static_cast<double>(scramble(i) >> 11) * 0x1p-53;
    for (double x : {-unit, unit * 1400 - 700, -unit * 110, (unit - 0.5) * 1e-6})
      worst = std::max(worst, relative_error(fp::exp(x), std::exp(x)));
  }
  CHECK(worst < 1e-15);
  CHECK(fp::exp(0.0) == 1.0);
}

TEST_CASE("elementary: bits are pinned, whatever the compiler and its flags", "[random]") {
  // A digest over many results: one differing bit anywhere changes it. -mfma and -ffp-contract=fast must not.
  std::uint64_t logs = 0, exps = 0;
  for (std::uint64_t i = 1; i <= 100000; ++i) {
    const double unit = (static_cast<double>(scramble(i) >> 12) + 0.5) * 0x1p-52;
    logs = scramble(logs ^ bits_of(fp::log(unit)));
    exps = scramble(exps ^ bits_of(fp::exp(-100 * unit)));
  }
  CHECK(logs == 0xb1856f3eb81d06a1u);
  CHECK(exps == 0xe02cfd5ef407e2bfu);
  CHECK(bits_of(fp::log(0.5)) == bits_of(-0x1.62e42fefa39efp-1));
  CHECK(bits_of(fp::log(10.0)) == 0x40026bb1bbb55516u);
  CHECK(bits_of(fp::exp(-1.0)) == 0x3fd78b56362cef38u);
}
