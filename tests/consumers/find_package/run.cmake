# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Installs assay and uses it by components: no package is looked for that was not asked for.
include("${CMAKE_CURRENT_LIST_DIR}/../steps.cmake")
install_assay()
set(prefix "-DCMAKE_PREFIX_PATH=${WORK}/prefix")
configure("${CMAKE_CURRENT_LIST_DIR}" modules "${prefix}" "-DCOMPONENTS=core+hash+assay")
build_and_run(modules)
foreach(leaf IN ITEMS threads xxhash eigen json)
  configure("${CMAKE_CURRENT_LIST_DIR}" leaf_${leaf} "${prefix}" "-DCOMPONENTS=hash+${leaf}" "-DLEAF=${leaf}")
  build_and_run(leaf_${leaf})
endforeach()
expect_configure_failure("${CMAKE_CURRENT_LIST_DIR}" unknown_component "has no component 'telepathy'"
                         "${prefix}" "-DCOMPONENTS=core+telepathy")
expect_configure_failure("${CMAKE_CURRENT_LIST_DIR}" other_minor "compatible with requested version \"0.0\""
                         "${prefix}" "-DCOMPONENTS=core" "-DVERSION=0.0")
# The build tree can stand in for the install tree.
configure("${CMAKE_CURRENT_LIST_DIR}" build_tree "-Dassay_DIR=${WORK}/assay/package" "-DCOMPONENTS=hash+xxhash" -DLEAF=xxhash)
build_and_run(build_tree)
