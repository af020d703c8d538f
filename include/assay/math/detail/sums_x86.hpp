// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sums modulo p of 4 and 6 limbs for x86-64: compilers turn the portable ones into code up to ten times slower.
#ifndef ASSAY_MATH_DETAIL_SUMS_X86_HPP
#define ASSAY_MATH_DETAIL_SUMS_X86_HPP

#include <array>
#include <cstddef>
#include <cstdint>

#include <assay/math/limbs.hpp>

// The operands take more registers than unoptimised code has to spare.
#if ASSAY_X86_64 && defined(__OPTIMIZE__)
#define ASSAY_FAST_SUMS 1
#else
#define ASSAY_FAST_SUMS 0
#endif

namespace assay::inline v0::detail {

#if ASSAY_FAST_SUMS

/// a + b, less `bound` unless that is negative. @pre a + b < 2^256
[[nodiscard, gnu::always_inline]] inline limbs<4> add_modulo(const limbs<4>& a, const limbs<4>& b,
                                                             const limbs<4>& bound) noexcept {
  const std::uint64_t *y = b.data(), *p = bound.data();
  std::uint64_t a0 = a[0], a1 = a[1], a2 = a[2], a3 = a[3], s0, s1, s2, s3;
  __asm__("addq %[y0], %[a0]\n\t"
          "adcq %[y1], %[a1]\n\t"
          "adcq %[y2], %[a2]\n\t"
          "adcq %[y3], %[a3]\n\t"
          "movq %[a0], %[s0]\n\t"
          "movq %[a1], %[s1]\n\t"
          "movq %[a2], %[s2]\n\t"
          "movq %[a3], %[s3]\n\t"
          "subq %[p0], %[a0]\n\t"
          "sbbq %[p1], %[a1]\n\t"
          "sbbq %[p2], %[a2]\n\t"
          "sbbq %[p3], %[a3]\n\t"
          "cmovcq %[s0], %[a0]\n\t"
          "cmovcq %[s1], %[a1]\n\t"
          "cmovcq %[s2], %[a2]\n\t"
          "cmovcq %[s3], %[a3]"
          : [a0] "+&r"(a0), [a1] "+&r"(a1), [a2] "+&r"(a2), [a3] "+&r"(a3), [s0] "=&r"(s0), [s1] "=&r"(s1),
            [s2] "=&r"(s2), [s3] "=&r"(s3)
          : [y0] "m"(y[0]), [y1] "m"(y[1]), [y2] "m"(y[2]), [y3] "m"(y[3]), [p0] "m"(p[0]), [p1] "m"(p[1]),
            [p2] "m"(p[2]), [p3] "m"(p[3])
          : "cc");
  return {a0, a1, a2, a3};
}

/// a - b, plus `bound` if that is negative.
[[nodiscard, gnu::always_inline]] inline limbs<4>
subtract_modulo(const limbs<4>& a, const limbs<4>& b, const std::array<limbs<4>, 2>& zero_or_bound) noexcept {
  const std::uint64_t* y = b.data();
  std::uint64_t a0 = a[0], a1 = a[1], a2 = a[2], a3 = a[3], mask;
  std::uint64_t s0 = zero_or_bound[1][0], s1 = zero_or_bound[1][1], s2 = zero_or_bound[1][2], s3 = zero_or_bound[1][3];
  __asm__("subq %[y0], %[a0]\n\t"
          "sbbq %[y1], %[a1]\n\t"
          "sbbq %[y2], %[a2]\n\t"
          "sbbq %[y3], %[a3]\n\t"
          "sbbq %[mask], %[mask]\n\t"
          "andq %[mask], %[s0]\n\t"
          "andq %[mask], %[s1]\n\t"
          "andq %[mask], %[s2]\n\t"
          "andq %[mask], %[s3]\n\t"
          "addq %[s0], %[a0]\n\t"
          "adcq %[s1], %[a1]\n\t"
          "adcq %[s2], %[a2]\n\t"
          "adcq %[s3], %[a3]"
          : [a0] "+&r"(a0), [a1] "+&r"(a1), [a2] "+&r"(a2), [a3] "+&r"(a3), [s0] "+&r"(s0), [s1] "+&r"(s1),
            [s2] "+&r"(s2), [s3] "+&r"(s3), [mask] "=&r"(mask)
          : [y0] "m"(y[0]), [y1] "m"(y[1]), [y2] "m"(y[2]), [y3] "m"(y[3])
          : "cc");
  return {a0, a1, a2, a3};
}

/// a + b, less `bound` unless that is negative. @pre a + b < 2^384
[[nodiscard, gnu::always_inline]] inline limbs<6> add_modulo(const limbs<6>& a, const limbs<6>& b,
                                                             const limbs<6>& bound) noexcept {
  const std::uint64_t *y = b.data(), *p = bound.data();
  std::uint64_t a0 = a[0], a1 = a[1], a2 = a[2], a3 = a[3], a4 = a[4], a5 = a[5];
  __asm__("addq %[y0], %[a0]\n\t"
          "adcq %[y1], %[a1]\n\t"
          "adcq %[y2], %[a2]\n\t"
          "adcq %[y3], %[a3]\n\t"
          "adcq %[y4], %[a4]\n\t"
          "adcq %[y5], %[a5]"
          : [a0] "+&r"(a0), [a1] "+&r"(a1), [a2] "+&r"(a2), [a3] "+&r"(a3), [a4] "+&r"(a4), [a5] "+&r"(a5)
          : [y0] "m"(y[0]), [y1] "m"(y[1]), [y2] "m"(y[2]), [y3] "m"(y[3]), [y4] "m"(y[4]), [y5] "m"(y[5])
          : "cc");
  const std::uint64_t sum[6] = {a0, a1, a2, a3, a4, a5};  // in memory: registers for both do not suffice
  __asm__("subq %[p0], %[a0]\n\t"
          "sbbq %[p1], %[a1]\n\t"
          "sbbq %[p2], %[a2]\n\t"
          "sbbq %[p3], %[a3]\n\t"
          "sbbq %[p4], %[a4]\n\t"
          "sbbq %[p5], %[a5]\n\t"
          "cmovcq %[s0], %[a0]\n\t"
          "cmovcq %[s1], %[a1]\n\t"
          "cmovcq %[s2], %[a2]\n\t"
          "cmovcq %[s3], %[a3]\n\t"
          "cmovcq %[s4], %[a4]\n\t"
          "cmovcq %[s5], %[a5]"
          : [a0] "+&r"(a0), [a1] "+&r"(a1), [a2] "+&r"(a2), [a3] "+&r"(a3), [a4] "+&r"(a4), [a5] "+&r"(a5)
          : [p0] "m"(p[0]), [p1] "m"(p[1]), [p2] "m"(p[2]), [p3] "m"(p[3]), [p4] "m"(p[4]), [p5] "m"(p[5]),
            [s0] "m"(sum[0]), [s1] "m"(sum[1]), [s2] "m"(sum[2]), [s3] "m"(sum[3]), [s4] "m"(sum[4]), [s5] "m"(sum[5])
          : "cc");
  return {a0, a1, a2, a3, a4, a5};
}

/// a - b, plus `bound` if that is negative: the addend is zero or `bound`, by index.
[[nodiscard, gnu::always_inline]] inline limbs<6>
subtract_modulo(const limbs<6>& a, const limbs<6>& b, const std::array<limbs<6>, 2>& zero_or_bound) noexcept {
  const std::uint64_t* y = b.data();
  std::uint64_t a0 = a[0], a1 = a[1], a2 = a[2], a3 = a[3], a4 = a[4], a5 = a[5], index;
  __asm__("subq %[y0], %[a0]\n\t"
          "sbbq %[y1], %[a1]\n\t"
          "sbbq %[y2], %[a2]\n\t"
          "sbbq %[y3], %[a3]\n\t"
          "sbbq %[y4], %[a4]\n\t"
          "sbbq %[y5], %[a5]\n\t"
          "sbbq %[index], %[index]\n\t"
          "andl $48, %k[index]\n\t"
          "addq (%[table], %[index]), %[a0]\n\t"
          "adcq 8(%[table], %[index]), %[a1]\n\t"
          "adcq 16(%[table], %[index]), %[a2]\n\t"
          "adcq 24(%[table], %[index]), %[a3]\n\t"
          "adcq 32(%[table], %[index]), %[a4]\n\t"
          "adcq 40(%[table], %[index]), %[a5]"
          : [a0] "+&r"(a0), [a1] "+&r"(a1), [a2] "+&r"(a2), [a3] "+&r"(a3), [a4] "+&r"(a4), [a5] "+&r"(a5),
            [index] "=&r"(index)
          : [table] "r"(&zero_or_bound), "m"(zero_or_bound), [y0] "m"(y[0]), [y1] "m"(y[1]), [y2] "m"(y[2]),
            [y3] "m"(y[3]), [y4] "m"(y[4]), [y5] "m"(y[5])
          : "cc");
  return {a0, a1, a2, a3, a4, a5};
}

/// `a`, read from memory limb by limb. Compilers copy objects by wider loads, which wait until the narrower stores just
/// before them retire.
[[nodiscard, gnu::always_inline]] inline limbs<4> read_narrow(const limbs<4>& a) noexcept {
  std::uint64_t a0 = a[0], a1 = a[1], a2 = a[2], a3 = a[3];
  __asm__("" : "+r"(a0), "+r"(a1), "+r"(a2), "+r"(a3));
  return {a0, a1, a2, a3};
}
[[nodiscard, gnu::always_inline]] inline limbs<6> read_narrow(const limbs<6>& a) noexcept {
  std::uint64_t a0 = a[0], a1 = a[1], a2 = a[2], a3 = a[3], a4 = a[4], a5 = a[5];
  __asm__("" : "+r"(a0), "+r"(a1), "+r"(a2), "+r"(a3), "+r"(a4), "+r"(a5));
  return {a0, a1, a2, a3, a4, a5};
}

#endif  // ASSAY_FAST_SUMS

}  // namespace assay::inline v0::detail

#endif
