// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The one place that states the library's and the wire format's version; CMake reads it from here.
#ifndef ASSAY_VERSION_HPP
#define ASSAY_VERSION_HPP

#define ASSAY_VERSION_MAJOR 0
#define ASSAY_VERSION_MINOR 1
#define ASSAY_VERSION_PATCH 0

#endif
