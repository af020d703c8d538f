// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/io/writer.hpp>

#include <array>
#include <vector>

#include "support/catch.hpp"

using namespace assay;

TEST_CASE("writer: appends after what is there, least significant byte first", "[io]") {
  std::vector<std::byte> out = {std::byte{0xee}};
  writer w{out};
  w.u16(0x0102).u8(3).bytes({}).u32(0x04050607);
  const std::array<std::byte, 8> expected = {std::byte{0xee}, std::byte{2}, std::byte{1}, std::byte{3},
                                             std::byte{7},    std::byte{6}, std::byte{5}, std::byte{4}};
  CHECK(equal_bytes_vartime(out, expected));
  CHECK(w.size() == 8);
  w.u64(1);
  CHECK(out.size() == 16);
  CHECK(out[8] == std::byte{1});
}
