// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Component `xxhash`: its header compiles and links with nothing but the component's target.
#include <assay/hash/xxh3.hpp>

int main() { return 0; }
