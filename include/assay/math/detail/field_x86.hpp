// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Montgomery products of 4 and 6 limbs for x86-64: with mulq, and with the two carry chains of BMI2 and ADX.
#ifndef ASSAY_MATH_DETAIL_FIELD_X86_HPP
#define ASSAY_MATH_DETAIL_FIELD_X86_HPP

#include <cstddef>
#include <cstdint>

#include <assay/math/limbs.hpp>

namespace assay::inline v0::detail {

/// What the kernels read of a field; the assembly relies on the order.
template <std::size_t N>
struct montgomery_constants {
  limbs<N> modulus;
  std::uint64_t negated_inverse;  ///< -modulus^-1 mod 2^64
};

#if ASSAY_X86_64

/// Returns the low word of a b + t + carry, and sets `carry` to the high word. It cannot overflow.
[[gnu::always_inline]] inline std::uint64_t mac_mulq(std::uint64_t t, std::uint64_t a, const std::uint64_t& b,
                                                     std::uint64_t& carry) noexcept {
  std::uint64_t low = a, high;
  __asm__("mulq %[b]\n\t"
          "addq %[t], %%rax\n\t"
          "adcq $0, %%rdx\n\t"
          "addq %[c], %%rax\n\t"
          "adcq $0, %%rdx"
          : "+&a"(low), "=&d"(high)
          : [b] "rm"(b), [t] "r"(t), [c] "r"(carry)
          : "cc");
  carry = high;
  return low;
}

/// Returns the low word of a b + t, and sets `carry` to the high word.
[[gnu::always_inline]] inline std::uint64_t mac_mulq_first(std::uint64_t t, std::uint64_t a, const std::uint64_t& b,
                                                           std::uint64_t& carry) noexcept {
  std::uint64_t low = a, high;
  __asm__("mulq %[b]\n\t"
          "addq %[t], %%rax\n\t"
          "adcq $0, %%rdx"
          : "+&a"(low), "=&d"(high)
          : [b] "rm"(b), [t] "r"(t)
          : "cc");
  carry = high;
  return low;
}

/// a b / R below 2p, for operands below 2p with 4p < R, or below p with 2p < R. Coarsely integrated operand scanning.
template <std::size_t N>
[[gnu::always_inline]] inline void multiply_mulq(limbs<N>& out, const limbs<N>& a, const limbs<N>& b,
                                                 const montgomery_constants<N>& field) noexcept {
  std::uint64_t t[N] = {};
#pragma GCC unroll 6
  for (std::size_t i = 0; i < N; ++i) {
    std::uint64_t carry, reduction_carry;
    const std::uint64_t w = b[i];
    t[0] = mac_mulq_first(t[0], w, a[0], carry);
    const std::uint64_t m = t[0] * field.negated_inverse;
    mac_mulq_first(t[0], m, field.modulus[0], reduction_carry);
#pragma GCC unroll 6
    for (std::size_t j = 1; j < N; ++j) {
      const std::uint64_t sum = mac_mulq(t[j], w, a[j], carry);
      t[j - 1] = mac_mulq(sum, m, field.modulus[j], reduction_carry);
    }
    t[N - 1] = carry + reduction_carry;
  }
  for (std::size_t i = 0; i < N; ++i) out[i] = t[i];
}

// The ADX kernels. Registers are fixed, so that the blocks assemble at any optimisation level, with or without frame
// pointers: r8.. hold the running sum t, rax and rbx the halves of a product, rdx the word that multiplies, rsi points
// at a, rcx at b, rdi at the result, %[f] at the field's constants. One row adds a b[i], the next a multiple of p that
// clears the lowest word; then the words' names rotate by one. The low halves ride on the carry flag, the high halves
// on the overflow flag.
#define ASSAY_ADX_STEP(offset, base, low, high) \
  "mulxq " offset "(" base "), %%rax, %%rbx\n\t" \
  "adcxq %%rax, %%" low "\n\t" \
  "adoxq %%rbx, %%" high "\n\t"
#define ASSAY_ADX_END(top) \
  "movl $0, %%eax\n\t" \
  "adcxq %%rax, %%" top "\n\t"

#define ASSAY_ADX4_FIRST(t0, t1, t2, t3, t4) \
  "movq (%%rcx), %%rdx\n\t" \
  "mulxq (%%rsi), %%" t0 ", %%" t1 "\n\t" \
  "mulxq 8(%%rsi), %%rax, %%" t2 "\n\t" \
  "addq %%rax, %%" t1 "\n\t" \
  "mulxq 16(%%rsi), %%rax, %%" t3 "\n\t" \
  "adcq %%rax, %%" t2 "\n\t" \
  "mulxq 24(%%rsi), %%rax, %%" t4 "\n\t" \
  "adcq %%rax, %%" t3 "\n\t" \
  "adcq $0, %%" t4 "\n\t"
#define ASSAY_ADX4_ROW(offset, t0, t1, t2, t3, t4) \
  "movq " offset "(%%rcx), %%rdx\n\t" \
  "xorq %%" t4 ", %%" t4 "\n\t" \
  ASSAY_ADX_STEP("0", "%%rsi", t0, t1) \
  ASSAY_ADX_STEP("8", "%%rsi", t1, t2) \
  ASSAY_ADX_STEP("16", "%%rsi", t2, t3) \
  ASSAY_ADX_STEP("24", "%%rsi", t3, t4) \
  ASSAY_ADX_END(t4)
#define ASSAY_ADX4_REDUCE(t0, t1, t2, t3, t4) \
  "movq 32(%[f]), %%rdx\n\t" \
  "imulq %%" t0 ", %%rdx\n\t" \
  "xorl %%eax, %%eax\n\t" \
  ASSAY_ADX_STEP("0", "%[f]", t0, t1) \
  ASSAY_ADX_STEP("8", "%[f]", t1, t2) \
  ASSAY_ADX_STEP("16", "%[f]", t2, t3) \
  ASSAY_ADX_STEP("24", "%[f]", t3, t4) \
  ASSAY_ADX_END(t4)

/// The same as `multiply_mulq<4>`. @pre the CPU has BMI2 and ADX
[[gnu::always_inline]] inline void multiply_adx(limbs<4>& out, const limbs<4>& a, const limbs<4>& b,
                                                const montgomery_constants<4>& field) noexcept {
  __asm__ volatile(
      ASSAY_ADX4_FIRST("r8", "r9", "r10", "r11", "r12")
      ASSAY_ADX4_REDUCE("r8", "r9", "r10", "r11", "r12")
      ASSAY_ADX4_ROW("8", "r9", "r10", "r11", "r12", "r8")
      ASSAY_ADX4_REDUCE("r9", "r10", "r11", "r12", "r8")
      ASSAY_ADX4_ROW("16", "r10", "r11", "r12", "r8", "r9")
      ASSAY_ADX4_REDUCE("r10", "r11", "r12", "r8", "r9")
      ASSAY_ADX4_ROW("24", "r11", "r12", "r8", "r9", "r10")
      ASSAY_ADX4_REDUCE("r11", "r12", "r8", "r9", "r10")
      "movq %%r12, (%%rdi)\n\t"
      "movq %%r8, 8(%%rdi)\n\t"
      "movq %%r9, 16(%%rdi)\n\t"
      "movq %%r10, 24(%%rdi)"
      :
      : "D"(&out), "S"(&a), "c"(&b), [f] "r"(&field)
      : "rax", "rbx", "rdx", "r8", "r9", "r10", "r11", "r12", "cc", "memory");
}

#define ASSAY_ADX6_FIRST(t0, t1, t2, t3, t4, t5, t6) \
  "movq (%%rcx), %%rdx\n\t" \
  "mulxq (%%rsi), %%" t0 ", %%" t1 "\n\t" \
  "mulxq 8(%%rsi), %%rax, %%" t2 "\n\t" \
  "addq %%rax, %%" t1 "\n\t" \
  "mulxq 16(%%rsi), %%rax, %%" t3 "\n\t" \
  "adcq %%rax, %%" t2 "\n\t" \
  "mulxq 24(%%rsi), %%rax, %%" t4 "\n\t" \
  "adcq %%rax, %%" t3 "\n\t" \
  "mulxq 32(%%rsi), %%rax, %%" t5 "\n\t" \
  "adcq %%rax, %%" t4 "\n\t" \
  "mulxq 40(%%rsi), %%rax, %%" t6 "\n\t" \
  "adcq %%rax, %%" t5 "\n\t" \
  "adcq $0, %%" t6 "\n\t"
#define ASSAY_ADX6_STEPS(base, t0, t1, t2, t3, t4, t5, t6) \
  ASSAY_ADX_STEP("0", base, t0, t1) \
  ASSAY_ADX_STEP("8", base, t1, t2) \
  ASSAY_ADX_STEP("16", base, t2, t3) \
  ASSAY_ADX_STEP("24", base, t3, t4) \
  ASSAY_ADX_STEP("32", base, t4, t5) \
  ASSAY_ADX_STEP("40", base, t5, t6) \
  ASSAY_ADX_END(t6)
#define ASSAY_ADX6_REDUCE(t0, t1, t2, t3, t4, t5, t6) \
  "movq 48(%[f]), %%rdx\n\t" \
  "imulq %%" t0 ", %%rdx\n\t" \
  "xorl %%eax, %%eax\n\t" \
  ASSAY_ADX6_STEPS("%[f]", t0, t1, t2, t3, t4, t5, t6)
#define ASSAY_ADX6_ROW(offset, t0, t1, t2, t3, t4, t5, t6) \
  "movq " offset "(%%rcx), %%rdx\n\t" \
  "xorq %%" t6 ", %%" t6 "\n\t" \
  ASSAY_ADX6_STEPS("%%rsi", t0, t1, t2, t3, t4, t5, t6)

/// The same as `multiply_mulq<6>`. @pre the CPU has BMI2 and ADX
[[gnu::always_inline]] inline void multiply_adx(limbs<6>& out, const limbs<6>& a, const limbs<6>& b,
                                                const montgomery_constants<6>& field) noexcept {
  __asm__ volatile(
      ASSAY_ADX6_FIRST("r8", "r9", "r10", "r11", "r12", "r13", "r14")
      ASSAY_ADX6_REDUCE("r8", "r9", "r10", "r11", "r12", "r13", "r14")
      ASSAY_ADX6_ROW("8", "r9", "r10", "r11", "r12", "r13", "r14", "r8")
      ASSAY_ADX6_REDUCE("r9", "r10", "r11", "r12", "r13", "r14", "r8")
      ASSAY_ADX6_ROW("16", "r10", "r11", "r12", "r13", "r14", "r8", "r9")
      ASSAY_ADX6_REDUCE("r10", "r11", "r12", "r13", "r14", "r8", "r9")
      ASSAY_ADX6_ROW("24", "r11", "r12", "r13", "r14", "r8", "r9", "r10")
      ASSAY_ADX6_REDUCE("r11", "r12", "r13", "r14", "r8", "r9", "r10")
      ASSAY_ADX6_ROW("32", "r12", "r13", "r14", "r8", "r9", "r10", "r11")
      ASSAY_ADX6_REDUCE("r12", "r13", "r14", "r8", "r9", "r10", "r11")
      ASSAY_ADX6_ROW("40", "r13", "r14", "r8", "r9", "r10", "r11", "r12")
      ASSAY_ADX6_REDUCE("r13", "r14", "r8", "r9", "r10", "r11", "r12")
      "movq %%r14, (%%rdi)\n\t"
      "movq %%r8, 8(%%rdi)\n\t"
      "movq %%r9, 16(%%rdi)\n\t"
      "movq %%r10, 24(%%rdi)\n\t"
      "movq %%r11, 32(%%rdi)\n\t"
      "movq %%r12, 40(%%rdi)"
      :
      : "D"(&out), "S"(&a), "c"(&b), [f] "r"(&field)
      : "rax", "rbx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "cc", "memory");
}

#undef ASSAY_ADX_STEP
#undef ASSAY_ADX_END
#undef ASSAY_ADX4_FIRST
#undef ASSAY_ADX4_ROW
#undef ASSAY_ADX4_REDUCE
#undef ASSAY_ADX6_FIRST
#undef ASSAY_ADX6_STEPS
#undef ASSAY_ADX6_REDUCE
#undef ASSAY_ADX6_ROW

#endif  // ASSAY_X86_64

}  // namespace assay::inline v0::detail

#endif
