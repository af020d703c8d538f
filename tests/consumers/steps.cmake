# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# What the consumer scripts share. Each is run with -D ASSAY_SOURCE, WORK, GENERATOR and CXX.
file(REMOVE_RECURSE "${WORK}")
file(MAKE_DIRECTORY "${WORK}")

# step(<what> <command>...): runs a command; stops with its output if it fails.
function(step what)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(status)
    message(FATAL_ERROR "${what} failed (${status}):\n${output}")
  endif()
  message(STATUS "${what}: ok")
endfunction()

# configure(<source> <build folder> <cache arguments>...)
function(configure source build)
  step("configure ${build}" "${CMAKE_COMMAND}" -S "${source}" -B "${WORK}/${build}" -G "${GENERATOR}"
       "-DCMAKE_CXX_COMPILER=${CXX}" -DCMAKE_BUILD_TYPE=Release ${ARGN})
endfunction()

# build_and_run(<build folder>): builds all and runs the project's tests.
function(build_and_run build)
  step("build ${build}" "${CMAKE_COMMAND}" --build "${WORK}/${build}")
  step("run ${build}" "${CMAKE_CTEST_COMMAND}" --test-dir "${WORK}/${build}" --no-tests=error --output-on-failure)
endfunction()

# install_assay(): installs the library alone to ${WORK}/prefix.
function(install_assay)
  configure("${ASSAY_SOURCE}" assay "-DCMAKE_INSTALL_PREFIX=${WORK}/prefix"
            -DASSAY_BUILD_TESTS=OFF -DASSAY_BUILD_EXAMPLES=OFF)
  step("install assay" "${CMAKE_COMMAND}" --install "${WORK}/assay")
endfunction()

# expect_configure_failure(<source> <build folder> <text> <cache arguments>...): must fail, and say <text>.
function(expect_configure_failure source build text)
  execute_process(COMMAND "${CMAKE_COMMAND}" -S "${source}" -B "${WORK}/${build}" -G "${GENERATOR}"
    "-DCMAKE_CXX_COMPILER=${CXX}" ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status)
    message(FATAL_ERROR "${build} was configured, but should not have been")
  endif()
  string(REGEX REPLACE "[ \n]+" " " output "${output}")
  if(NOT output MATCHES "${text}")
    message(FATAL_ERROR "${build} failed without saying '${text}':\n${output}")
  endif()
  message(STATUS "${build} refused, as it must be: ok")
endfunction()
