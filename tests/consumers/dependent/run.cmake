# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# A library that embeds assay, exports and installs itself; then a program that finds that library.
include("${CMAKE_CURRENT_LIST_DIR}/../steps.cmake")
configure("${CMAKE_CURRENT_LIST_DIR}/library" library_build_tree "-DASSAY_SOURCE=${ASSAY_SOURCE}")
configure("${CMAKE_CURRENT_LIST_DIR}/library" library "-DASSAY_SOURCE=${ASSAY_SOURCE}" -DASSAY_INSTALL=ON
          "-DCMAKE_INSTALL_PREFIX=${WORK}/prefix")
step("build library" "${CMAKE_COMMAND}" --build "${WORK}/library")
step("install library" "${CMAKE_COMMAND}" --install "${WORK}/library")
configure("${CMAKE_CURRENT_LIST_DIR}/user" user "-DCMAKE_PREFIX_PATH=${WORK}/prefix")
build_and_run(user)
