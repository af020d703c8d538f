# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
include(CMakeFindDependencyMacro)
find_dependency(assay COMPONENTS hash)
include("${CMAKE_CURRENT_LIST_DIR}/notaryTargets.cmake")
