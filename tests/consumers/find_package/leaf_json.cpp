// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Component `json`: its header compiles and links with nothing but the component's target.
#include <assay/io/safetensors.hpp>

int main() { return 0; }
