// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <bit>
#include <cstdint>
#include <limits>

#include <assay/core/fp.hpp>

namespace fp = assay::fp;

namespace {

// With this attribute the compiler may use fused operations even when the file is compiled without -mfma, so the test
// means something in an optimised build on any x86 machine that has them.
#if ASSAY_X86_64
#define MAY_FUSE __attribute__((noinline, target("fma")))
bool can_run() { return __builtin_cpu_supports("fma"); }
#else
#define MAY_FUSE __attribute__((noinline))
bool can_run() { return true; }
#endif

template <class T>
MAY_FUSE T multiply_add(T a, T b, T c) {
  return fp::add(fp::mul(a, b), c);
}
template <class T>
MAY_FUSE T multiply_sub(T a, T b, T c) {
  return fp::sub(fp::mul(a, b), c);
}
template <class T>
MAY_FUSE T negated(T a, T b, T c) {
  return fp::sub(c, fp::mul(a, b));
}

/// The same through memory the compiler may not look through.
template <class T>
T stepwise(T a, T b, T c, bool subtract) {
  volatile T product = a * b;
  volatile T sum = subtract ? product - c : product + c;
  return sum;
}

template <class T, class Word>
int count_fused(int rounds) {
  int faults = 0;
  std::uint64_t state = 42;
  const auto next = [&] {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<T>(static_cast<std::int64_t>(state >> 11)) / static_cast<T>(std::int64_t{1} << 50);
  };
  for (int i = 0; i < rounds; ++i) {
    const T a = next(), b = next();
    const T c = i % 2 ? next() : a * b;  // near cancellation shows every lost bit
    faults += std::bit_cast<Word>(multiply_add(a, b, -c)) != std::bit_cast<Word>(stepwise(a, b, -c, false));
    faults += std::bit_cast<Word>(multiply_sub(a, b, c)) != std::bit_cast<Word>(stepwise(a, b, c, true));
    faults += multiply_sub(a, b, c) != -negated(a, b, c);
  }
  return faults;
}

}  // namespace

TEST_CASE("fp: products and sums are rounded one by one", "[core]") {
  if (!can_run()) return;
  // (1 + 2^-30)^2 = 1 + 2^-29 + 2^-60; the last term survives only in a fused operation.
  CHECK(multiply_sub(1 + 0x1p-30, 1 + 0x1p-30, 1.0) == 0x1p-29);
  CHECK(multiply_add(1 + 0x1p-30, 1 + 0x1p-30, -1.0) == 0x1p-29);
  CHECK(multiply_sub(1 + 0x1p-13f, 1 + 0x1p-13f, 1.0f) == 0x1p-12f);
  CHECK(count_fused<double, std::uint64_t>(20000) == 0);
  CHECK(count_fused<float, std::uint32_t>(20000) == 0);
}

TEST_CASE("fp: float operations agree with double arithmetic rounded once", "[core]") {
  std::uint32_t state = 7;
  int faults = 0;
  for (int i = 0; i < 50000; ++i) {
    const auto next = [&] {
      state = state * 1664525u + 1013904223u;
      return std::bit_cast<float>((state & 0x83ffffffu) + 0x3d000000u);
    };
    const float a = next(), b = next();
    const double wide_a = static_cast<double>(a), wide_b = static_cast<double>(b);
    faults += fp::add(a, b) != static_cast<float>(wide_a + wide_b);
    faults += fp::sub(a, b) != static_cast<float>(wide_a - wide_b);
    faults += fp::mul(a, b) != static_cast<float>(wide_a * wide_b);
    faults += fp::div(a, b) != static_cast<float>(wide_a / wide_b);
  }
  CHECK(faults == 0);
}

TEST_CASE("fp: usable in constant expressions", "[core]") {
  STATIC_REQUIRE(fp::add(1.0f, 2.0f) == 3.0f);
  STATIC_REQUIRE(fp::div(1.0, 4.0) == 0.25);
}

TEST_CASE("fp: classification by bits", "[core]") {
  using limits = std::numeric_limits<float>;
  using wide = std::numeric_limits<double>;
  CHECK(fp::is_finite(limits::max()));
  CHECK(fp::is_finite(-0.0f));
  CHECK(fp::is_finite(wide::denorm_min()));
  CHECK_FALSE(fp::is_finite(limits::infinity()));
  CHECK_FALSE(fp::is_finite(-wide::infinity()));
  CHECK_FALSE(fp::is_finite(limits::signaling_NaN()));
  CHECK(fp::is_nan(-limits::quiet_NaN()));
  CHECK(fp::is_nan(wide::signaling_NaN()));
  CHECK_FALSE(fp::is_nan(limits::infinity()));
  CHECK_FALSE(fp::is_nan(wide::max()));
}
