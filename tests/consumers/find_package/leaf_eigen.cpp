// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Component `eigen`: its header compiles and links with nothing but the component's target.
#include <assay/interop/eigen.hpp>

int main() { return 0; }
