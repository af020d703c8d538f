// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <cstdio>

#include <assay/hash/digest.hpp>

assay::digest TRANSCRIPT();

int main() {
  for (std::byte byte : TRANSCRIPT().bytes) std::printf("%02x", std::to_integer<unsigned>(byte));
  std::printf("\n");
}
