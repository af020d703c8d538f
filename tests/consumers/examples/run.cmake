# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# The smaller examples build alone, against an installed assay.
include("${CMAKE_CURRENT_LIST_DIR}/../steps.cmake")
install_assay()
foreach(example IN ITEMS quickstart reference_engine)
  if(EXISTS "${ASSAY_SOURCE}/examples/${example}/CMakeLists.txt")
    configure("${ASSAY_SOURCE}/examples/${example}" ${example} "-DCMAKE_PREFIX_PATH=${WORK}/prefix")
    step("build ${example}" "${CMAKE_COMMAND}" --build "${WORK}/${example}")
  endif()
endforeach()
