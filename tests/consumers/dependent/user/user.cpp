// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <notary.hpp>

#include <assay/hash/sha256.hpp>

int main() { return notary::stamp("abc") == assay::sha256_of(assay::as_bytes("abc")) ? 0 : 1; }
