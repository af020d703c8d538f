# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# How assay's interface targets are made, exported and installed. Target assay_<name>, alias assay::<name>.
include_guard(GLOBAL)
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(ASSAY_INCLUDE_ROOT "${PROJECT_SOURCE_DIR}/include")
set(ASSAY_PACKAGE_DIR "${PROJECT_BINARY_DIR}/package")                # the build tree's own package configuration
set(ASSAY_INSTALL_CMAKE_DIR "${CMAKE_INSTALL_DATAROOTDIR}/cmake/assay") # architecture-independent
set_property(GLOBAL PROPERTY ASSAY_MODULES "")                        # modules that need no package
set_property(GLOBAL PROPERTY ASSAY_LEAVES "")                         # components that need one
set_property(GLOBAL PROPERTY ASSAY_USABLE_LEAVES "")                  # those of them whose package was found here

# Makes one interface library out of headers given relative to include/assay.
function(assay_add_interface name set)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "HEADERS;DEPENDS;LINK")
  add_library(assay_${name} INTERFACE)
  add_library(assay::${name} ALIAS assay_${name})
  target_compile_features(assay_${name} INTERFACE cxx_std_20)
  list(TRANSFORM arg_HEADERS PREPEND "${ASSAY_INCLUDE_ROOT}/assay/")
  target_sources(assay_${name} INTERFACE FILE_SET HEADERS BASE_DIRS "${ASSAY_INCLUDE_ROOT}" FILES ${arg_HEADERS})
  list(TRANSFORM arg_DEPENDS PREPEND assay_)
  target_link_libraries(assay_${name} INTERFACE ${arg_DEPENDS} ${arg_LINK})
  set_target_properties(assay_${name} PROPERTIES EXPORT_NAME ${name})
  if(ASSAY_INSTALL)
    install(TARGETS assay_${name} EXPORT ${set} FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
  endif()
endfunction()

# assay_module(<name> [OPTIONAL] [DEPENDS <module>...] [LEAF_HEADERS <path>...] [EXTRA_HEADERS <path>...])
# A module is the folder include/assay/<name> and its umbrella <name>.hpp, less the leaf headers, which belong to a
# component made by assay_leaf. An OPTIONAL module whose folder does not exist is left out, also as a dependency.
function(assay_module name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "OPTIONAL" "" "DEPENDS;LEAF_HEADERS;EXTRA_HEADERS")
  if(arg_OPTIONAL AND NOT EXISTS "${ASSAY_INCLUDE_ROOT}/assay/${name}")
    return()
  endif()
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE "${ASSAY_INCLUDE_ROOT}/assay"
       "${ASSAY_INCLUDE_ROOT}/assay/${name}/*.hpp" "${ASSAY_INCLUDE_ROOT}/assay/${name}/*.h")
  if(arg_LEAF_HEADERS)
    list(REMOVE_ITEM headers ${arg_LEAF_HEADERS})
  endif()
  if(EXISTS "${ASSAY_INCLUDE_ROOT}/assay/${name}.hpp")
    list(APPEND headers ${name}.hpp)
  endif()
  get_property(present GLOBAL PROPERTY ASSAY_MODULES)
  set(depends "")
  foreach(dependency IN LISTS arg_DEPENDS)
    if(dependency IN_LIST present)
      list(APPEND depends ${dependency})
    endif()
  endforeach()
  assay_add_interface(${name} assayTargets HEADERS ${headers} ${arg_EXTRA_HEADERS} DEPENDS ${depends})
  set_target_properties(assay_${name} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ${PROJECT_IS_TOP_LEVEL})
  set_property(GLOBAL APPEND PROPERTY ASSAY_MODULES ${name})
endfunction()

# assay_umbrella(<name>): one target for every module so far, with the header <name>.hpp.
function(assay_umbrella name)
  get_property(modules GLOBAL PROPERTY ASSAY_MODULES)
  assay_add_interface(${name} assayTargets HEADERS ${name}.hpp DEPENDS ${modules})
  set_target_properties(assay_${name} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ${PROJECT_IS_TOP_LEVEL})
  set_property(GLOBAL APPEND PROPERTY ASSAY_MODULES ${name})
endfunction()

# assay_leaf(<name> PACKAGE <package> LINK <target> HEADERS <glob>... DEPENDS <module>...)
# A component for headers that include a third-party package. The target always exists and is always installed, so that
# the package does not depend on what the packager's machine had; only who links it needs the third party's target.
macro(assay_leaf name)
  cmake_parse_arguments(assay_leaf "" "PACKAGE;LINK" "HEADERS;DEPENDS" ${ARGN})
  if(NOT TARGET ${assay_leaf_LINK})
    list(APPEND CMAKE_MODULE_PATH "${PROJECT_SOURCE_DIR}/cmake")
    set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON)  # else a parent project that links assay::${name} would not see it
    set(THREADS_PREFER_PTHREAD_FLAG ON)
    find_package(${assay_leaf_PACKAGE} QUIET)
    unset(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL)
    list(POP_BACK CMAKE_MODULE_PATH)
  endif()
  set(assay_leaf_files "")
  foreach(assay_leaf_pattern IN LISTS assay_leaf_HEADERS)
    file(GLOB assay_leaf_found CONFIGURE_DEPENDS RELATIVE "${ASSAY_INCLUDE_ROOT}/assay"
         "${ASSAY_INCLUDE_ROOT}/assay/${assay_leaf_pattern}")
    list(APPEND assay_leaf_files ${assay_leaf_found})
  endforeach()
  assay_add_interface(${name} assayLeaf-${name}
    HEADERS ${assay_leaf_files} DEPENDS ${assay_leaf_DEPENDS} LINK ${assay_leaf_LINK})
  if(TARGET ${assay_leaf_LINK})
    set_target_properties(assay_${name} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ${PROJECT_IS_TOP_LEVEL})
    set_property(GLOBAL APPEND PROPERTY ASSAY_USABLE_LEAVES assay::${name})
  endif()
  set_property(GLOBAL APPEND PROPERTY ASSAY_LEAVES ${name})
endmacro()

# Writes the package configuration into the build tree (always: a project that embeds assay may itself export what links
# it) and, with ASSAY_INSTALL, the install rules.
function(assay_export)
  get_property(modules GLOBAL PROPERTY ASSAY_MODULES)
  get_property(leaves GLOBAL PROPERTY ASSAY_LEAVES)
  set(ASSAY_COMPONENTS ${modules} ${leaves})
  set(ASSAY_LEAF_COMPONENTS ${leaves})

  configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/assayConfig.cmake.in" "${ASSAY_PACKAGE_DIR}/assayConfig.cmake"
    INSTALL_DESTINATION "${ASSAY_INSTALL_CMAKE_DIR}" NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
  write_basic_package_version_file("${ASSAY_PACKAGE_DIR}/assayConfigVersion.cmake"
    VERSION ${PROJECT_VERSION} COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
  configure_file("${PROJECT_SOURCE_DIR}/cmake/FindxxHash.cmake" "${ASSAY_PACKAGE_DIR}/FindxxHash.cmake" COPYONLY)
  configure_file("${PROJECT_SOURCE_DIR}/cmake/assay.pc.in" "${ASSAY_PACKAGE_DIR}/assay.pc" @ONLY)

  list(TRANSFORM modules PREPEND assay_)
  export(TARGETS ${modules} NAMESPACE assay:: FILE "${ASSAY_PACKAGE_DIR}/assayTargets.cmake")
  foreach(leaf IN LISTS leaves)
    export(TARGETS assay_${leaf} NAMESPACE assay:: FILE "${ASSAY_PACKAGE_DIR}/assayLeaf-${leaf}.cmake")
  endforeach()

  if(ASSAY_INSTALL)
    install(EXPORT assayTargets NAMESPACE assay:: DESTINATION "${ASSAY_INSTALL_CMAKE_DIR}")
    foreach(leaf IN LISTS leaves)
      install(EXPORT assayLeaf-${leaf} NAMESPACE assay:: DESTINATION "${ASSAY_INSTALL_CMAKE_DIR}")
    endforeach()
    install(FILES "${ASSAY_PACKAGE_DIR}/assayConfig.cmake" "${ASSAY_PACKAGE_DIR}/assayConfigVersion.cmake"
                  "${ASSAY_PACKAGE_DIR}/FindxxHash.cmake" DESTINATION "${ASSAY_INSTALL_CMAKE_DIR}")
    install(FILES "${ASSAY_PACKAGE_DIR}/assay.pc" DESTINATION "${CMAKE_INSTALL_DATAROOTDIR}/pkgconfig")
    install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DATAROOTDIR}/licenses/assay")
  endif()
endfunction()
