// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/io/reader.hpp>

#include <vector>

#include <assay/io/writer.hpp>

#include "support/catch.hpp"

using namespace assay;

TEST_CASE("reader: little-endian integers and views in order", "[io]") {
  std::vector<std::byte> bytes;
  writer{bytes}.u8(1).u16(0x0203).u32(0x04050607).u64(0x08090a0b0c0d0e0f).bytes(as_bytes("tail"));
  reader r{bytes};
  CHECK(r.u8().value() == 1);
  CHECK(r.u16().value() == 0x0203);
  CHECK(r.u32().value() == 0x04050607);
  CHECK(r.u64().value() == 0x08090a0b0c0d0e0f);
  CHECK(r.offset() == 15);
  CHECK(r.finish().error().code == errc::trailing_bytes);
  CHECK(r.finish().error().where == 15);
  const auto tail = r.bytes(4);
  REQUIRE(tail);
  CHECK(equal_bytes_vartime(*tail, as_bytes("tail")));
  CHECK(tail->data() == bytes.data() + 15);
  CHECK(r.finish());
}

TEST_CASE("reader: every truncation is an error that does not move the cursor", "[io]") {
  const std::vector<std::byte> bytes(7);
  reader r{bytes};
  CHECK(r.u64().error().code == errc::truncated);
  CHECK(r.offset() == 0);
  CHECK(r.bytes(8).error().code == errc::truncated);
  CHECK(r.bytes(~std::uint64_t{0}).error().code == errc::truncated);
  CHECK((r.array<8>().error().code == errc::truncated));
  REQUIRE(r.u32());
  CHECK(r.u32().error().where == 4);
  REQUIRE(r.u16());
  CHECK(r.u16().error().code == errc::truncated);
  REQUIRE(r.u8());
  CHECK(r.u8().error().code == errc::truncated);
  CHECK(r.bytes(0));
}

TEST_CASE("reader: empty input", "[io]") {
  reader r{byte_view{}};
  CHECK(r.finish());
  CHECK(r.bytes(0));
  CHECK(r.expect({}));
  CHECK(r.u8().error().code == errc::truncated);
}

TEST_CASE("reader: a count is bounded by its limit and by the input", "[io]") {
  std::vector<std::byte> bytes;
  writer{bytes}.u32(3).u64(0).u64(0).u64(0);
  CHECK(reader{bytes}.count(3, 8).value() == 3);
  CHECK(reader{bytes}.count(2, 8).error().code == errc::too_large);
  CHECK(reader{bytes}.count(3, 9).error().code == errc::truncated);
  CHECK(reader{bytes}.count(3, ~std::uint64_t{0}).error().code == errc::truncated);
  std::vector<std::byte> huge;
  writer{huge}.u32(0xffffffff);
  CHECK(reader{huge}.count(0xffffffff, 1).error().code == errc::truncated);
  reader kept{huge};
  CHECK_FALSE(kept.count(10, 1));
  CHECK(kept.offset() == 0);
}

TEST_CASE("reader: expected bytes", "[io]") {
  reader r{as_bytes("ABCD")};
  CHECK(r.expect(as_bytes("AX")).error().code == errc::bad_magic);
  CHECK(r.expect(as_bytes("ABCDE")).error().code == errc::truncated);
  CHECK(r.expect(as_bytes("AB")));
  CHECK(r.array<2>().value()[1] == std::byte{'D'});
  CHECK(r.finish());
}
