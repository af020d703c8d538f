// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <xxhash.h>  // a user's own plain include, before ours ...

#include <assay/hash/xxh3.hpp>

#include <xxhash.h>  // ... and after

#include "support/catch.hpp"

using namespace assay;

TEST_CASE("xxh3: published vectors", "[hash]") {
  // xxHash's own documentation: the empty input with seed 0.
  CHECK(xxh3_64_of({}).value == 0x2d06800538d394c2u);
  CHECK(xxh64_of({}).value == 0xef46db3751d8e999u);
  CHECK(xxh64_of(as_bytes("abc")).value == 0x44bc2cf5ad770999u);
}

TEST_CASE("xxh3: a user's own calls still work beside ours", "[hash]") {
  CHECK(XXH64("abc", 3, 0) == xxh64_of(as_bytes("abc")).value);
  CHECK(xxh3_64_of(as_bytes("abc"), 1) != xxh3_64_of(as_bytes("abc"), 2));
}
