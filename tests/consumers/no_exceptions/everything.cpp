// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/assay.hpp>

int main() {
  assay::digest parsed;
  if (assay::from_hex("not a digest", parsed.bytes)) return 1;  // foreign data: an error value, nothing thrown
  return assay::sha256_of(assay::as_bytes("abc")) == assay::sha256_of(assay::as_bytes("abd")) ? 2 : 0;
}
