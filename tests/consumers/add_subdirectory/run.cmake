# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Embeds the source tree; nothing of ours may be built, tested or installed in the user's project.
include("${CMAKE_CURRENT_LIST_DIR}/../steps.cmake")
configure("${CMAKE_CURRENT_LIST_DIR}" build "-DASSAY_SOURCE=${ASSAY_SOURCE}" "-DCMAKE_INSTALL_PREFIX=${WORK}/prefix")
build_and_run(build)
step("install" "${CMAKE_COMMAND}" --install "${WORK}/build")
file(GLOB_RECURSE installed "${WORK}/prefix/*")
if(installed)
  message(FATAL_ERROR "the user's install step installed assay: ${installed}")
endif()
