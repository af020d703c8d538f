// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Catch2 2.13 (Debian 12, Ubuntu 22.04) and 3 (newer distributions) behind one include.
#ifndef ASSAY_TESTS_SUPPORT_CATCH_HPP
#define ASSAY_TESTS_SUPPORT_CATCH_HPP

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;
#else
#include <catch2/catch.hpp>
#endif

#endif
