// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Softmax terms in float32 whose bits do not depend on compiler, vector width or order of summation.
#ifndef ASSAY_TOKEN_SOFTMAX_HPP
#define ASSAY_TOKEN_SOFTMAX_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <assay/core/fp.hpp>
#include <assay/random/elementary.hpp>
#include <assay/random/philox.hpp>

namespace assay::inline v0::detail {

/// Below this exponent the term is zero in float32.
inline constexpr float lowest_exponent = -110.0f;

/// e^(x - maximum): the difference rounded to float32, its exponential taken in double and rounded to float32.
[[nodiscard]] inline float softmax_term(float x, float maximum) noexcept {
  const float difference = fp::sub(x, maximum);
  return static_cast<float>(fp::exp(static_cast<double>(difference < lowest_exponent ? lowest_exponent : difference)));
}

inline void softmax_terms_ref(const float* x, std::size_t n, float maximum, float* out) noexcept {
  for (std::size_t i = 0; i < n; ++i) out[i] = softmax_term(x[i], maximum);
}

#if ASSAY_X86_64
/// Four doubles; a fixed name, so that the barrier below can take them.
using softmax_doubles [[gnu::vector_size(32)]] = double;

/// Keeps a product from being fused with the sum it enters.
__attribute__((target("avx2"), always_inline)) inline softmax_doubles unfused(softmax_doubles v) noexcept {
  asm("" : "+x"(v));
  return v;
}

/// Eight at a time, with the operations of `fp::exp` in its order. @pre n is a multiple of 8
__attribute__((target("avx2"), noinline)) inline void softmax_terms_avx2(const float* x, std::size_t n, float maximum,
                                                                         float* out) noexcept {
  using floats [[gnu::vector_size(32)]] = float;
  using half_floats [[gnu::vector_size(16)]] = float;
  using words [[gnu::vector_size(32)]] = std::uint64_t;
  using doubles = softmax_doubles;
  const floats lowest = floats{} + lowest_exponent;
  constexpr double inverse_ln2 = 0x1.71547652b82fep0, rounder = fp::detail::round_to_integer;
  for (std::size_t i = 0; i < n; i += 8) {
    floats y;
    std::memcpy(&y, x + i, sizeof y);
    y = __builtin_ia32_maxps256(y - maximum, lowest);
    // Lane by lane: GCC makes one instruction of this, but four of a converted half.
    doubles v[2], shifted[2], r[2], p[2];
    for (int h = 0; h < 2; ++h)
      v[h] = doubles{static_cast<double>(y[4 * h]), static_cast<double>(y[4 * h + 1]),
                     static_cast<double>(y[4 * h + 2]), static_cast<double>(y[4 * h + 3])};
    for (int h = 0; h < 2; ++h) {
      shifted[h] = unfused(v[h] * inverse_ln2) + rounder;
      const doubles k = shifted[h] - rounder;
      r[h] = (v[h] - unfused(k * fp::detail::ln2_high)) - unfused(k * fp::detail::ln2_low);
      p[h] = doubles{} + fp::detail::exp_series[0];
    }
    for (int c = 1; c < 13; ++c)
      for (int h = 0; h < 2; ++h) p[h] = unfused(p[h] * r[h]) + fp::detail::exp_series[c];
    for (int h = 0; h < 2; ++h) {
      const words exponent = reinterpret_cast<words>(shifted[h]) << 52;
      const doubles scaled = reinterpret_cast<doubles>(reinterpret_cast<words>(p[h]) + exponent);
      const half_floats term = __builtin_convertvector(scaled, half_floats);
      std::memcpy(out + i + 4 * h, &term, sizeof term);
    }
  }
}
using wide_doubles [[gnu::vector_size(64)]] = double;

__attribute__((target("avx512f"), always_inline)) inline void unfuse(wide_doubles& v) noexcept { asm("" : "+v"(v)); }

/// The same, 32 at a time: four chains hide the latency of each. @pre n is a multiple of 32
__attribute__((target("avx512f"), noinline)) inline void softmax_terms_avx512(const float* x, std::size_t n,
                                                                              float maximum, float* out) noexcept {
  using floats [[gnu::vector_size(32)]] = float;
  using words [[gnu::vector_size(64)]] = std::uint64_t;
  const floats lowest = floats{} + lowest_exponent;
  constexpr double inverse_ln2 = 0x1.71547652b82fep0, rounder = fp::detail::round_to_integer;
  for (std::size_t i = 0; i < n; i += 32) {
    wide_doubles shifted[4], r[4], p[4];
#pragma GCC unroll 4
    for (std::size_t h = 0; h < 4; ++h) {
      floats y;
      std::memcpy(&y, x + i + 8 * h, sizeof y);
      y = y - maximum;
      y = y > lowest ? y : lowest;
      const wide_doubles v = __builtin_convertvector(y, wide_doubles);
      wide_doubles product = v * inverse_ln2;
      unfuse(product);
      shifted[h] = product + rounder;
      const wide_doubles k = shifted[h] - rounder;
      wide_doubles high = k * fp::detail::ln2_high, low = k * fp::detail::ln2_low;
      unfuse(high);
      unfuse(low);
      r[h] = (v - high) - low;
      p[h] = wide_doubles{} + fp::detail::exp_series[0];
    }
#pragma GCC unroll 12
    for (int c = 1; c < 13; ++c)
#pragma GCC unroll 4
      for (int h = 0; h < 4; ++h) {
        wide_doubles product = p[h] * r[h];
        unfuse(product);
        p[h] = product + fp::detail::exp_series[c];
      }
#pragma GCC unroll 4
    for (std::size_t h = 0; h < 4; ++h) {
      const words exponent = reinterpret_cast<words>(shifted[h]) << 52;
      const auto scaled = reinterpret_cast<wide_doubles>(reinterpret_cast<words>(p[h]) + exponent);
      const floats term = __builtin_convertvector(scaled, floats);
      std::memcpy(out + i + 8 * h, &term, sizeof term);
    }
  }
}

[[nodiscard]] inline bool cpu_has_avx512f() noexcept {
  static const bool yes = __builtin_cpu_supports("avx512f") != 0;
  return yes;
}
#endif

/// `softmax_term` of each entry. Determinism: exact.
inline void softmax_terms(const float* x, std::size_t n, float maximum, float* out) noexcept {
  std::size_t done = 0;
#if ASSAY_X86_64
  if (n >= 32 && cpu_has_avx512f()) {
    done = n - n % 32;
    softmax_terms_avx512(x, done, maximum, out);
  }
  if (cpu_has_avx2()) {
    const std::size_t more = (n - done) / 8 * 8;
    softmax_terms_avx2(x + done, more, maximum, out + done);
    done += more;
  }
#endif
  softmax_terms_ref(x + done, n - done, maximum, out + done);
}

/// A sum of terms in [0, 1] in fixed point: integer addition, so neither the order nor the number of terms changes it.
/// Each term is cut to a multiple of 2^-60.
class term_sum {
 public:
  void add(float term) noexcept {
    const auto cut = static_cast<std::uint64_t>(static_cast<double>(term) * 0x1p60);
    low_ += cut;
    high_ += low_ < cut;
  }
  void add(const float* terms, std::size_t n) noexcept {
    for (std::size_t i = 0; i < n; ++i) add(terms[i]);
  }
  /// Adds terms already cut: sums of their upper and lower 30 bits.
  void add_halves(std::uint64_t upper, std::uint64_t lower) noexcept {
    high_ += upper >> 34;
    for (const std::uint64_t part : {upper << 30, lower}) {
      low_ += part;
      high_ += low_ < part;
    }
  }
  /// The sum, rounded. The first product is exact, so fusing it with the addition changes nothing.
  [[nodiscard]] double value() const noexcept {
    return static_cast<double>(high_) * 0x1p4 + static_cast<double>(low_) * 0x1p-60;
  }

 private:
  std::uint64_t low_ = 0, high_ = 0;
};

}  // namespace assay::inline v0::detail

#endif
