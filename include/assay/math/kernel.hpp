// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which instructions the arithmetic of fields and points uses, chosen once when the program starts.
#ifndef ASSAY_MATH_KERNEL_HPP
#define ASSAY_MATH_KERNEL_HPP

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <assay/core/config.hpp>

#if ASSAY_X86_64
#include <cpuid.h>
#endif

namespace assay::inline v0 {

/// From slowest to fastest; a processor that has one has all before it. Every kernel computes the same values.
enum class math_kernel : std::uint8_t {
  portable = 0,  ///< C++ alone
  mulq = 1,      ///< any x86-64
  adx = 2,       ///< BMI2 and ADX: two carry chains at once (Intel since 2014, AMD since 2017)
  ifma = 3,      ///< AVX-512 IFMA for many points at once, `adx` for single products
};

[[nodiscard]] constexpr const char* name(math_kernel kernel) noexcept {
  constexpr const char* names[] = {"portable", "mulq", "adx", "ifma"};
  return names[static_cast<std::uint8_t>(kernel) & 3];
}

namespace detail {

#if ASSAY_X86_64

/// True if the operating system saves the vector and mask registers of AVX-512. @pre the CPU has XSAVE
[[nodiscard]] inline bool os_saves_avx512() noexcept {
  std::uint32_t low = 0, high = 0;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (low & 0xe6u) == 0xe6u;  // XMM, YMM, opmask, upper halves of ZMM0-15, ZMM16-31
}

/// Asks CPUID directly: compilers do not agree on the names "adx" and "avx512ifma" in __builtin_cpu_supports.
[[nodiscard]] inline math_kernel fastest_kernel() noexcept {
  constexpr std::uint32_t osxsave = 1u << 27;                                             // leaf 1, ECX
  constexpr std::uint32_t bmi2_adx = 1u << 8 | 1u << 19;                                  // leaf 7, EBX
  constexpr std::uint32_t avx512 = 1u << 16 | 1u << 17 | 1u << 21 | 1u << 30 | 1u << 31;  // F, DQ, IFMA, BW, VL
  std::uint32_t a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0) return math_kernel::mulq;
  const bool saves_wide_registers = (c & osxsave) != 0 && os_saves_avx512();
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || (b & bmi2_adx) != bmi2_adx) return math_kernel::mulq;
  return saves_wide_registers && (b & avx512) == avx512 ? math_kernel::ifma : math_kernel::adx;
}

#else

[[nodiscard]] inline math_kernel fastest_kernel() noexcept { return math_kernel::portable; }

#endif

/// `fastest`, or the slower kernel that `wish` names; other wishes change nothing.
[[nodiscard]] constexpr math_kernel lowered_kernel(math_kernel fastest, std::string_view wish) noexcept {
  for (std::uint8_t k = 0; k < static_cast<std::uint8_t>(fastest); ++k)
    if (wish == name(math_kernel{k})) return math_kernel{k};
  return fastest;
}

[[nodiscard]] inline math_kernel choose_kernel() noexcept {
  const char* wish = std::getenv("ASSAY_MATH_KERNEL");
  return lowered_kernel(fastest_kernel(), wish == nullptr ? std::string_view{} : std::string_view{wish});
}

}  // namespace detail

/// The fastest kernel of this processor, or a slower one that the environment variable ASSAY_MATH_KERNEL names
/// (portable, mulq, adx, ifma). A processor with AVX-512 IFMA whose ADX is masked counts as `mulq`. Reads as `portable`
/// until its dynamic initialisation, which is safe: all kernels compute the same values.
inline const math_kernel active_kernel = detail::choose_kernel();

}  // namespace assay::inline v0

#endif
