# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# For the preset `clang`: picks the newest clang++ that is installed (16 or later), before the language is enabled.
if(NOT CMAKE_CXX_COMPILER)
  find_program(assay_clangxx NAMES
    clang++-22 clang++-21 clang++-20 clang++-19 clang++-18 clang++-17 clang++-16 clang++)
  mark_as_advanced(assay_clangxx)
  if(NOT assay_clangxx)
    message(FATAL_ERROR "No clang++ found. Install clang 16 or later: scripts/setup.sh --clang")
  endif()
  execute_process(COMMAND "${assay_clangxx}" -dumpversion OUTPUT_VARIABLE assay_clang_version OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(assay_clang_version VERSION_LESS 16)
    message(FATAL_ERROR "${assay_clangxx} is version ${assay_clang_version}; assay needs 16 or later: scripts/setup.sh --clang")
  endif()
  set(CMAKE_CXX_COMPILER "${assay_clangxx}" CACHE FILEPATH "C++ compiler")
endif()
