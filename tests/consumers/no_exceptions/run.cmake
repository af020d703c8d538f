# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# The whole library in a program without exceptions and run-time type information.
include("${CMAKE_CURRENT_LIST_DIR}/../steps.cmake")
configure("${CMAKE_CURRENT_LIST_DIR}" build "-DASSAY_SOURCE=${ASSAY_SOURCE}")
build_and_run(build)
