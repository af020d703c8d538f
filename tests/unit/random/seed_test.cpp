// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/random/seed.hpp>

#include <string_view>

#include "support/catch.hpp"

using namespace assay;

TEST_CASE("seed: purpose, context and parent all matter, and their borders do not blur", "[random]") {
  const seed parent{};
  seed other{};
  other.bytes[31] = std::byte{1};
  const seed base = derive_seed(parent, "audit", as_bytes("ab"));
  CHECK(base == derive_seed(parent, "audit", as_bytes("ab")));
  CHECK_FALSE(base == derive_seed(other, "audit", as_bytes("ab")));
  CHECK_FALSE(base == derive_seed(parent, "audi", as_bytes("tab")));
  CHECK_FALSE(base == derive_seed(parent, "audita", as_bytes("b")));
  CHECK_FALSE(base == derive_seed(parent, "audit"));
  CHECK_FALSE(base == parent);
}

TEST_CASE("seed: golden derivation, recomputed independently from the transcript's definition", "[random]") {
  const seed child = derive_seed(seed{}, "audit", as_bytes("ab"));
  char text[64];
  to_hex(child.bytes, text);
  CHECK(std::string_view(text, 64) == "9c33868b5acd239b0cd09b7224378b014385b04755eac3213c498f668d793ee7");
}
