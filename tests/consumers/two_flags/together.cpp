// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/hash/digest.hpp>

assay::digest transcript_slow();
assay::digest transcript_fast();

int main() { return transcript_slow() == transcript_fast() ? 0 : 1; }
