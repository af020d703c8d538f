// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// main() for distributions whose Catch2 2.x comes without a compiled one.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
