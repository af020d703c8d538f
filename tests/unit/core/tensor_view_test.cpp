// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <array>
#include <limits>

#include <assay/core/tensor_view.hpp>

using assay::dtype;
using assay::errc;
using assay::tensor_view;
using assay::validate;

namespace {
constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max();
const std::array<float, 12> numbers{};

tensor_view matrix() { return assay::matrix_view(numbers.data(), 3, 4); }
errc code(const tensor_view& view) { return validate(view).error().code; }
}  // namespace

TEST_CASE("tensor_view: a dense matrix", "[core]") {
  const tensor_view view = matrix();
  REQUIRE(validate(view));
  CHECK(view.rank == 2);
  CHECK(view.type == dtype::f32);
  CHECK(view.stride_bytes[0] == 16);
  CHECK(view.stride_bytes[1] == 4);
  CHECK(assay::element_count(view) == 12);
  CHECK(assay::dtype_of<std::int16_t> == dtype::i16);
  STATIC_REQUIRE_FALSE(assay::tensor_element<std::uint16_t>);
  STATIC_REQUIRE_FALSE(assay::tensor_element<bool>);
}

TEST_CASE("tensor_view: rank 0 is one element, rank above 6 an error", "[core]") {
  tensor_view view{};
  CHECK(code(view) == errc::empty);
  view.data = reinterpret_cast<const std::byte*>(numbers.data());
  REQUIRE(validate(view));
  CHECK(assay::element_count(view) == 1);
  view.rank = 7;
  CHECK(code(view) == errc::shape_mismatch);
  view.rank = -1;
  CHECK(code(view) == errc::shape_mismatch);
  view.rank = 6;
  view.extent = {1, 1, 2, 1, 3, 2};
  view.stride_bytes = {huge, huge, 24, huge, 8, 4};  // strides of extent 1 mean nothing
  CHECK(validate(view));
}

TEST_CASE("tensor_view: negative and zero strides are fine", "[core]") {
  tensor_view view = matrix();
  view.data += 8 * 4;
  view.stride_bytes[0] = -16;
  CHECK(validate(view));
  view.stride_bytes[0] = 0;
  CHECK(validate(view));
}

TEST_CASE("tensor_view: extents", "[core]") {
  tensor_view view = matrix();
  view.extent[1] = -1;
  CHECK(code(view) == errc::out_of_range);
  CHECK(validate(view).error().where == 1);
  view = matrix();
  view.extent[0] = huge;
  CHECK(code(view) == errc::overflow);
  view.stride_bytes[0] = 0;
  CHECK(code(view) == errc::overflow);  // elements cannot be counted, even if all are the same
  view = matrix();
  view.stride_bytes[0] = huge / 2 + 1;
  CHECK(code(view) == errc::overflow);
  view.stride_bytes[0] = std::numeric_limits<std::int64_t>::min();
  CHECK(code(view) == errc::overflow);
  view = matrix();
  view.rank = 3;
  view.extent = {2, 2, 2};
  view.stride_bytes = {huge - 100, -(huge - 100), 4};  // each fits, together they do not
  CHECK(code(view) == errc::overflow);
}

TEST_CASE("tensor_view: no elements need no data, some do", "[core]") {
  tensor_view view = matrix();
  view.data = nullptr;
  CHECK(code(view) == errc::empty);
  view.extent[1] = 0;
  CHECK(validate(view));
  view.extent = {0, huge};
  CHECK(validate(view));
}

TEST_CASE("tensor_view: element types and devices the CPU cannot read", "[core]") {
  tensor_view view = matrix();
  view.type = dtype::opaque;
  CHECK(code(view) == errc::unsupported);
  view.type = static_cast<dtype>(77);
  CHECK(code(view) == errc::unsupported);
  view = matrix();
  for (const assay::device where :
       {assay::device::cuda, assay::device::rocm, assay::device::metal, assay::device::vulkan, assay::device::other}) {
    view.where = where;
    CHECK(code(view) == errc::unsupported);
  }
  for (const assay::device where : {assay::device::host, assay::device::host_pinned, assay::device::managed}) {
    view.where = where;
    CHECK(validate(view));
  }
}
