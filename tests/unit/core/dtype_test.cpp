// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <set>
#include <string>

#include <assay/core/dtype.hpp>

using assay::dtype;

TEST_CASE("dtype: sizes", "[core]") {
  for (const dtype type : {dtype::f8_e4m3fn, dtype::f8_e5m2, dtype::i8, dtype::u8}) CHECK(assay::size_of(type) == 1);
  for (const dtype type : {dtype::f16, dtype::bf16, dtype::i16, dtype::u16}) CHECK(assay::size_of(type) == 2);
  for (const dtype type : {dtype::f32, dtype::i32, dtype::u32}) CHECK(assay::size_of(type) == 4);
  for (const dtype type : {dtype::f64, dtype::i64}) CHECK(assay::size_of(type) == 8);
  CHECK(assay::size_of(dtype::opaque) == 0);
  CHECK(assay::size_of(dtype::i4) == 0);
  CHECK(assay::size_of(static_cast<dtype>(0)) == 0);
  CHECK(assay::size_of(static_cast<dtype>(200)) == 0);
}

TEST_CASE("dtype: packed sizes", "[core]") {
  CHECK(assay::packed_size(dtype::i16, 5) == 10);
  CHECK(assay::packed_size(dtype::i8, 5) == 5);
  CHECK(assay::packed_size(dtype::i4, 0) == 0);
  CHECK(assay::packed_size(dtype::i4, 1) == 1);
  CHECK(assay::packed_size(dtype::i4, 2) == 1);
  CHECK(assay::packed_size(dtype::i4, 5) == 3);
  CHECK(assay::packed_size(dtype::opaque, 5) == 0);
}

TEST_CASE("dtype: numbers are stable and names unique", "[core]") {
  CHECK(static_cast<int>(dtype::f32) == 1);
  CHECK(static_cast<int>(dtype::bf16) == 4);
  CHECK(static_cast<int>(dtype::i16) == 9);
  CHECK(static_cast<int>(dtype::opaque) == 14);
  CHECK(static_cast<int>(dtype::i4) == 15);
  std::set<std::string> names;
  for (std::uint8_t number = 1; number <= 15; ++number) names.insert(assay::name(static_cast<dtype>(number)));
  CHECK(names.size() == 15);
  CHECK(std::string(assay::name(static_cast<dtype>(16))) == "unknown");
  CHECK(assay::is_floating(dtype::f8_e5m2));
  CHECK_FALSE(assay::is_floating(dtype::i8));
  CHECK_FALSE(assay::is_floating(dtype::opaque));
}
