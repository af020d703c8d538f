// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <assay/fingerprint/fingerprint_cost.hpp>

using assay::dtype;

TEST_CASE("fingerprint_cost: bytes per token", "[fingerprint]") {
  assay::fingerprint_settings settings;
  CHECK(assay::bytes_per_token(1, settings) == 32);
  settings.coordinates.type = dtype::i8, settings.sketch = 4;
  CHECK(assay::bytes_per_token(1, settings) == 4);
  CHECK(assay::bytes_per_token(33, settings) == 132);
  settings.coordinates.type = dtype::i4;
  CHECK(assay::bytes_per_token(1, settings) == 2);
  settings.window = 8;
  CHECK(assay::bytes_per_token(1, settings) == 0.25);
  settings.sketch = 5;  // whole bytes: the spare half byte counts
  CHECK(assay::bytes_per_token(2, settings) == 0.75);
}

TEST_CASE("fingerprint_cost: the last window costs as much as a full one", "[fingerprint]") {
  const assay::fingerprint_settings settings{16, {dtype::i8, 1.0f}, 4};
  CHECK(assay::fingerprint_bytes(0, 3, settings) == 0);
  CHECK(assay::fingerprint_bytes(1, 3, settings) == 48);
  CHECK(assay::fingerprint_bytes(4, 3, settings) == 48);
  CHECK(assay::fingerprint_bytes(5, 3, settings) == 96);
  const assay::fingerprint_settings widest{~0u, {dtype::i16, 1.0f}, 1};
  CHECK(assay::fingerprint_bytes(~0u, ~0u, widest) == Approx(2 * 4294967295.0 * 4294967295.0 * 4294967295.0));
}

TEST_CASE("fingerprint_cost: what a commitment leaves of the bytes", "[fingerprint]") {
  const assay::fingerprint_settings settings{16, {dtype::i16, 1.0f}, 1};
  const assay::committed_cost cost{32, 0.1, 4, 500};
  const assay::fingerprint_traffic traffic = assay::traffic_of(100, 2, settings, cost);
  CHECK(traffic.sent == 64);
  CHECK(traffic.committed == Approx(2.32));
  CHECK(traffic.fraction() == Approx(2.32 / 64));
}
