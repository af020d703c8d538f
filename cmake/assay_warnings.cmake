# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Warnings for what this repository builds itself. Never linked by an exported target, so no consumer inherits a flag.
add_library(assay_warnings INTERFACE)
if(CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang")
  target_compile_options(assay_warnings INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wold-style-cast -Wdouble-promotion -Wundef)
  if(ASSAY_WERROR)
    target_compile_options(assay_warnings INTERFACE -Werror)
  endif()
endif()
