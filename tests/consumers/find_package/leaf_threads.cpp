// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Component `threads`: its header compiles and links with nothing but the component's target.
#include <assay/core/thread_pool.hpp>

int main() { return 0; }
