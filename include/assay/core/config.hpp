// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What every header assumes of the compiler, checked once.
#ifndef ASSAY_CORE_CONFIG_HPP
#define ASSAY_CORE_CONFIG_HPP

#include <assay/version.hpp>

#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#error "assay: compiled with -ffast-math or -ffinite-math-only, which removes NaN checks and reorders sums that must agree between two parties. Build the translation units that include assay without these flags."
#endif

#if !defined(__cplusplus) || __cplusplus < 202002L
#error "assay: needs C++20 or later (-std=c++20)."
#endif

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define ASSAY_X86_64 1
#else
#define ASSAY_X86_64 0
#endif

#endif
