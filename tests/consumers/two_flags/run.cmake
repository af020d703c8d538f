# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Two translation units with different flags in one program, and the same source under each set of flags alone: they must
# link, and print the same bytes.
include("${CMAKE_CURRENT_LIST_DIR}/../steps.cmake")
configure("${CMAKE_CURRENT_LIST_DIR}" build "-DASSAY_SOURCE=${ASSAY_SOURCE}")
build_and_run(build)
