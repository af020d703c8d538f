// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products in quadratic extensions for x86-64 with ADX: two products of the field share one Montgomery reduction.
#ifndef ASSAY_MATH_DETAIL_QUADRATIC_X86_HPP
#define ASSAY_MATH_DETAIL_QUADRATIC_X86_HPP

#include <cstddef>
#include <cstdint>

#include <assay/math/detail/field_x86.hpp>
#include <assay/math/detail/sums_x86.hpp>
#include <assay/math/limbs.hpp>

namespace assay::inline v0::detail {

#if ASSAY_FAST_SUMS

// Registers are fixed as in the products of the field: r8.. hold the running sum t, rax and rbx the halves of a
// product, rdx the word that multiplies; rsi points at the pair a, rcx at the pair b, rdi at the result, %[f] at the field's
// constants. Row i adds a[0] b[first][i] and a[1] b[second][i], then a multiple of p that clears the lowest word, whose
// register becomes the highest. With a, b at most 2p every sum stays below 5p 2^64, which fits.
#define ASSAY_ADX_STEP(offset, base, low, high) \
  "mulxq " offset "(" base "), %%rax, %%rbx\n\t" \
  "adcxq %%rax, %%" low "\n\t" \
  "adoxq %%rbx, %%" high "\n\t"
#define ASSAY_ADX_END(top) \
  "movl $0, %%eax\n\t" \
  "adcxq %%rax, %%" top "\n\t"

#define ASSAY_ADX4_STEPS(from, base, t0, t1, t2, t3, t4) \
  ASSAY_ADX_STEP(from "+0", base, t0, t1) \
  ASSAY_ADX_STEP(from "+8", base, t1, t2) \
  ASSAY_ADX_STEP(from "+16", base, t2, t3) \
  ASSAY_ADX_STEP(from "+24", base, t3, t4) \
  ASSAY_ADX_END(t4)
#define ASSAY_ADX4_PAIR(first, second, offset, t0, t1, t2, t3, t4) \
  "movq " first "+" offset "(%%rcx), %%rdx\n\t" \
  "xorl %%eax, %%eax\n\t" \
  ASSAY_ADX4_STEPS("0", "%%rsi", t0, t1, t2, t3, t4) \
  "movq " second "+" offset "(%%rcx), %%rdx\n\t" \
  "xorl %%eax, %%eax\n\t" \
  ASSAY_ADX4_STEPS("32", "%%rsi", t0, t1, t2, t3, t4) \
  "movq 32(%[f]), %%rdx\n\t" \
  "imulq %%" t0 ", %%rdx\n\t" \
  "xorl %%eax, %%eax\n\t" \
  ASSAY_ADX4_STEPS("0", "%[f]", t0, t1, t2, t3, t4)
#define ASSAY_ADX4_PAIRS(first, second) \
  "xorl %%r8d, %%r8d\n\t" \
  "xorl %%r9d, %%r9d\n\t" \
  "xorl %%r10d, %%r10d\n\t" \
  "xorl %%r11d, %%r11d\n\t" \
  "xorl %%r12d, %%r12d\n\t" \
  ASSAY_ADX4_PAIR(first, second, "0", "r8", "r9", "r10", "r11", "r12") \
  ASSAY_ADX4_PAIR(first, second, "8", "r9", "r10", "r11", "r12", "r8") \
  ASSAY_ADX4_PAIR(first, second, "16", "r10", "r11", "r12", "r8", "r9") \
  ASSAY_ADX4_PAIR(first, second, "24", "r11", "r12", "r8", "r9", "r10") \
  "movq %%r12, (%%rdi)\n\t" \
  "movq %%r8, 8(%%rdi)\n\t" \
  "movq %%r9, 16(%%rdi)\n\t" \
  "movq %%r10, 24(%%rdi)"
#define ASSAY_ADX4_CLOBBERS "rax", "rbx", "rdx", "r8", "r9", "r10", "r11", "r12", "cc", "memory"

#define ASSAY_ADX6_STEPS(from, base, t0, t1, t2, t3, t4, t5, t6) \
  ASSAY_ADX_STEP(from "+0", base, t0, t1) \
  ASSAY_ADX_STEP(from "+8", base, t1, t2) \
  ASSAY_ADX_STEP(from "+16", base, t2, t3) \
  ASSAY_ADX_STEP(from "+24", base, t3, t4) \
  ASSAY_ADX_STEP(from "+32", base, t4, t5) \
  ASSAY_ADX_STEP(from "+40", base, t5, t6) \
  ASSAY_ADX_END(t6)
#define ASSAY_ADX6_PAIR(first, second, offset, t0, t1, t2, t3, t4, t5, t6) \
  "movq " first "+" offset "(%%rcx), %%rdx\n\t" \
  "xorl %%eax, %%eax\n\t" \
  ASSAY_ADX6_STEPS("0", "%%rsi", t0, t1, t2, t3, t4, t5, t6) \
  "movq " second "+" offset "(%%rcx), %%rdx\n\t" \
  "xorl %%eax, %%eax\n\t" \
  ASSAY_ADX6_STEPS("48", "%%rsi", t0, t1, t2, t3, t4, t5, t6) \
  "movq 48(%[f]), %%rdx\n\t" \
  "imulq %%" t0 ", %%rdx\n\t" \
  "xorl %%eax, %%eax\n\t" \
  ASSAY_ADX6_STEPS("0", "%[f]", t0, t1, t2, t3, t4, t5, t6)
#define ASSAY_ADX6_PAIRS(first, second) \
  "xorl %%r8d, %%r8d\n\t" \
  "xorl %%r9d, %%r9d\n\t" \
  "xorl %%r10d, %%r10d\n\t" \
  "xorl %%r11d, %%r11d\n\t" \
  "xorl %%r12d, %%r12d\n\t" \
  "xorl %%r13d, %%r13d\n\t" \
  "xorl %%r14d, %%r14d\n\t" \
  ASSAY_ADX6_PAIR(first, second, "0", "r8", "r9", "r10", "r11", "r12", "r13", "r14") \
  ASSAY_ADX6_PAIR(first, second, "8", "r9", "r10", "r11", "r12", "r13", "r14", "r8") \
  ASSAY_ADX6_PAIR(first, second, "16", "r10", "r11", "r12", "r13", "r14", "r8", "r9") \
  ASSAY_ADX6_PAIR(first, second, "24", "r11", "r12", "r13", "r14", "r8", "r9", "r10") \
  ASSAY_ADX6_PAIR(first, second, "32", "r12", "r13", "r14", "r8", "r9", "r10", "r11") \
  ASSAY_ADX6_PAIR(first, second, "40", "r13", "r14", "r8", "r9", "r10", "r11", "r12") \
  "movq %%r14, (%%rdi)\n\t" \
  "movq %%r8, 8(%%rdi)\n\t" \
  "movq %%r9, 16(%%rdi)\n\t" \
  "movq %%r10, 24(%%rdi)\n\t" \
  "movq %%r11, 32(%%rdi)\n\t" \
  "movq %%r12, 40(%%rdi)"
#define ASSAY_ADX6_CLOBBERS "rax", "rbx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "cc", "memory"

/// (a[0] b[0] + a[1] b[1]) / R, below 8 p^2 / R + p. @pre a, b point at two limbs<4> at most 2p; the CPU has ADX
[[gnu::always_inline]] inline void multiply_straight_adx(limbs<4>& out, const limbs<4>* a, const limbs<4>* b,
                                                         const montgomery_constants<4>& field) noexcept {
  __asm__ volatile(ASSAY_ADX4_PAIRS("0", "32") : : "D"(&out), "S"(a), "c"(b), [f] "r"(&field) : ASSAY_ADX4_CLOBBERS);
}
/// (a[0] b[1] + a[1] b[0]) / R, likewise.
[[gnu::always_inline]] inline void multiply_crossed_adx(limbs<4>& out, const limbs<4>* a, const limbs<4>* b,
                                                        const montgomery_constants<4>& field) noexcept {
  __asm__ volatile(ASSAY_ADX4_PAIRS("32", "0") : : "D"(&out), "S"(a), "c"(b), [f] "r"(&field) : ASSAY_ADX4_CLOBBERS);
}
[[gnu::always_inline]] inline void multiply_straight_adx(limbs<6>& out, const limbs<6>* a, const limbs<6>* b,
                                                         const montgomery_constants<6>& field) noexcept {
  __asm__ volatile(ASSAY_ADX6_PAIRS("0", "48") : : "D"(&out), "S"(a), "c"(b), [f] "r"(&field) : ASSAY_ADX6_CLOBBERS);
}
[[gnu::always_inline]] inline void multiply_crossed_adx(limbs<6>& out, const limbs<6>* a, const limbs<6>* b,
                                                        const montgomery_constants<6>& field) noexcept {
  __asm__ volatile(ASSAY_ADX6_PAIRS("48", "0") : : "D"(&out), "S"(a), "c"(b), [f] "r"(&field) : ASSAY_ADX6_CLOBBERS);
}

/// a + b. @pre a + b < 2^256
[[nodiscard, gnu::always_inline]] inline limbs<4> add_unreduced(const limbs<4>& a, const limbs<4>& b) noexcept {
  const std::uint64_t* y = b.data();
  std::uint64_t a0 = a[0], a1 = a[1], a2 = a[2], a3 = a[3];
  __asm__("addq %[y0], %[a0]\n\t"
          "adcq %[y1], %[a1]\n\t"
          "adcq %[y2], %[a2]\n\t"
          "adcq %[y3], %[a3]"
          : [a0] "+&r"(a0), [a1] "+&r"(a1), [a2] "+&r"(a2), [a3] "+&r"(a3)
          : [y0] "m"(y[0]), [y1] "m"(y[1]), [y2] "m"(y[2]), [y3] "m"(y[3])
          : "cc");
  return {a0, a1, a2, a3};
}
[[nodiscard, gnu::always_inline]] inline limbs<6> add_unreduced(const limbs<6>& a, const limbs<6>& b) noexcept {
  const std::uint64_t* y = b.data();
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
  return {a0, a1, a2, a3, a4, a5};
}
/// a - b. @pre a >= b
[[nodiscard, gnu::always_inline]] inline limbs<4> subtract_unreduced(const limbs<4>& a, const limbs<4>& b) noexcept {
  const std::uint64_t* y = b.data();
  std::uint64_t a0 = a[0], a1 = a[1], a2 = a[2], a3 = a[3];
  __asm__("subq %[y0], %[a0]\n\t"
          "sbbq %[y1], %[a1]\n\t"
          "sbbq %[y2], %[a2]\n\t"
          "sbbq %[y3], %[a3]"
          : [a0] "+&r"(a0), [a1] "+&r"(a1), [a2] "+&r"(a2), [a3] "+&r"(a3)
          : [y0] "m"(y[0]), [y1] "m"(y[1]), [y2] "m"(y[2]), [y3] "m"(y[3])
          : "cc");
  return {a0, a1, a2, a3};
}
[[nodiscard, gnu::always_inline]] inline limbs<6> subtract_unreduced(const limbs<6>& a, const limbs<6>& b) noexcept {
  const std::uint64_t* y = b.data();
  std::uint64_t a0 = a[0], a1 = a[1], a2 = a[2], a3 = a[3], a4 = a[4], a5 = a[5];
  __asm__("subq %[y0], %[a0]\n\t"
          "sbbq %[y1], %[a1]\n\t"
          "sbbq %[y2], %[a2]\n\t"
          "sbbq %[y3], %[a3]\n\t"
          "sbbq %[y4], %[a4]\n\t"
          "sbbq %[y5], %[a5]"
          : [a0] "+&r"(a0), [a1] "+&r"(a1), [a2] "+&r"(a2), [a3] "+&r"(a3), [a4] "+&r"(a4), [a5] "+&r"(a5)
          : [y0] "m"(y[0]), [y1] "m"(y[1]), [y2] "m"(y[2]), [y3] "m"(y[3]), [y4] "m"(y[4]), [y5] "m"(y[5])
          : "cc");
  return {a0, a1, a2, a3, a4, a5};
}

#undef ASSAY_ADX_STEP
#undef ASSAY_ADX_END
#undef ASSAY_ADX4_STEPS
#undef ASSAY_ADX4_PAIR
#undef ASSAY_ADX4_PAIRS
#undef ASSAY_ADX4_CLOBBERS
#undef ASSAY_ADX6_STEPS
#undef ASSAY_ADX6_PAIR
#undef ASSAY_ADX6_PAIRS
#undef ASSAY_ADX6_CLOBBERS

#endif  // ASSAY_FAST_SUMS

}  // namespace assay::inline v0::detail

#endif
