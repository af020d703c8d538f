// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/hash/hasher.hpp>

#include <assay/hash/sha256.hpp>

#include "support/catch.hpp"

using namespace assay;

namespace {
struct takes_text {
  void update(const char*);
  digest finish() const;
};
struct yields_checksum {
  void update(byte_view);
  checksum64 finish() const;
  checksum64 finish(byte_view) const;
};
}  // namespace

static_assert(hasher<sha256>);
static_assert(!hasher<takes_text>);
static_assert(!hasher<yields_checksum>, "a checksum must not pass for a hash");

namespace {
template <hasher H>
digest twice(byte_view bytes) {
  H h;
  h.update(bytes);
  return h.finish(bytes);
}
}  // namespace

TEST_CASE("hasher: generic code sees one function", "[hash]") {
  CHECK(twice<sha256>(as_bytes("ab")) == twice<sha256_ref>(as_bytes("ab")));
  CHECK(twice<sha256>(as_bytes("ab")) == sha256_of(as_bytes("abab")));
}
