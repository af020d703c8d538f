// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Softmax terms in float32 whose bits do not depend on compiler, vector width or order of summation.
#ifndef ASSAY_TOKEN_SOFTMAX_HPP
#define ASSAY_TOKEN_SOFTMAX_HPP

#include <cstddef>
#include <cstdint>

#include <assay/core/fp.hpp>
#include <assay/random/elementary.hpp>
#include <assay/random/philox.hpp>

#if ASSAY_X86_64
#include <immintrin.h>
#endif

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
/// Keeps a product from being fused with the sum it enters.
__attribute__((target("avx2"), always_inline)) inline __m256d unfused(__m256d v) noexcept {
  asm("" : "+x"(v));
  return v;
}

/// Eight at a time, with the operations of `fp::exp` in its order. @pre n is a multiple of 8
__attribute__((target("avx2"), noinline)) inline void softmax_terms_avx2(const float* x, std::size_t n, float maximum,
                                                                         float* out) noexcept {
  const __m256 top = _mm256_set1_ps(maximum), lowest = _mm256_set1_ps(lowest_exponent);
  const __m256d inverse_ln2 = _mm256_set1_pd(0x1.71547652b82fep0),
                rounder = _mm256_set1_pd(fp::detail::round_to_integer);
  const __m256d ln2_high = _mm256_set1_pd(fp::detail::ln2_high), ln2_low = _mm256_set1_pd(fp::detail::ln2_low);
  for (std::size_t i = 0; i < n; i += 8) {
    const __m256 y = _mm256_max_ps(_mm256_sub_ps(_mm256_loadu_ps(x + i), top), lowest);
    const __m256d v[2] = {_mm256_cvtps_pd(_mm256_castps256_ps128(y)), _mm256_cvtps_pd(_mm256_extractf128_ps(y, 1))};
    __m256d shifted[2], r[2], p[2];
    for (int h = 0; h < 2; ++h) {
      shifted[h] = _mm256_add_pd(unfused(_mm256_mul_pd(v[h], inverse_ln2)), rounder);
      const __m256d k = _mm256_sub_pd(shifted[h], rounder);
      r[h] =
          _mm256_sub_pd(_mm256_sub_pd(v[h], unfused(_mm256_mul_pd(k, ln2_high))), unfused(_mm256_mul_pd(k, ln2_low)));
      p[h] = _mm256_set1_pd(fp::detail::exp_series[0]);
    }
    for (int c = 1; c < 13; ++c) {
      const __m256d coefficient = _mm256_set1_pd(fp::detail::exp_series[c]);
      for (int h = 0; h < 2; ++h) p[h] = _mm256_add_pd(unfused(_mm256_mul_pd(p[h], r[h])), coefficient);
    }
    for (int h = 0; h < 2; ++h) {
      const __m256i exponent = _mm256_slli_epi64(_mm256_castpd_si256(shifted[h]), 52);
      p[h] = _mm256_castsi256_pd(_mm256_add_epi64(_mm256_castpd_si256(p[h]), exponent));
      _mm_storeu_ps(out + i + 4 * h, _mm256_cvtpd_ps(p[h]));
    }
  }
}
#endif

/// `softmax_term` of each entry. Determinism: exact.
inline void softmax_terms(const float* x, std::size_t n, float maximum, float* out) noexcept {
  std::size_t done = 0;
#if ASSAY_X86_64
  if (cpu_has_avx2()) {
    done = n - n % 8;
    softmax_terms_avx2(x, done, maximum, out);
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
  /// The sum, rounded. The first product is exact, so fusing it with the addition changes nothing.
  [[nodiscard]] double value() const noexcept { return static_cast<double>(high_) * 0x1p4 + static_cast<double>(low_) * 0x1p-60; }

 private:
  std::uint64_t low_ = 0, high_ = 0;
};

}  // namespace assay::inline v0::detail

#endif
