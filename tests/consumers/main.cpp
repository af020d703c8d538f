// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The smallest useful program: parses a digest, hashes a text, compares.
#include <assay/core/bytes.hpp>
#include <assay/core/result.hpp>
#include <assay/hash/digest.hpp>
#include <assay/hash/sha256.hpp>

int main() {
  assay::digest expected;
  const assay::result<void> parsed = assay::from_hex(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", expected.bytes);
  if (!parsed) return 1;
  return assay::sha256_of(assay::as_bytes("abc")) == expected ? 0 : 2;
}
