// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <array>

#include <assay/core/endian.hpp>

namespace {
template <class T>
void check_all(T value) {
  std::array<std::byte, sizeof(T) + 1> bytes{};
  std::byte* odd = bytes.data() + 1;  // any alignment will do
  assay::store_le(odd, value);
  for (std::size_t i = 0; i < sizeof(T); ++i) CHECK(odd[i] == static_cast<std::byte>((value >> (8 * i)) & 0xff));
  CHECK(assay::load_le<T>(odd) == value);
  assay::store_be(odd, value);
  for (std::size_t i = 0; i < sizeof(T); ++i)
    CHECK(odd[i] == static_cast<std::byte>((value >> (8 * (sizeof(T) - 1 - i))) & 0xff));
  CHECK(assay::load_be<T>(odd) == value);
}
}  // namespace

TEST_CASE("endian: both orders of every width", "[core]") {
  check_all<std::uint8_t>(0xa1);
  check_all<std::uint16_t>(0xa1b2);
  check_all<std::uint32_t>(0xa1b2c3d4u);
  check_all<std::uint64_t>(0xa1b2c3d4e5f60718u);
}
