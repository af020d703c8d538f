// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/io/safetensors.hpp>

#include <string>

#include "support/catch.hpp"
#include "support/model_files.hpp"

using assay::errc;
using assay_tests::byte_string;
using assay_tests::safetensors;

namespace {

/// The error that a header with `size` bytes of data yields.
errc refusal(std::string_view header, std::size_t size, const assay::safetensors_limits& limits = {}) {
  const byte_string file = safetensors(header, byte_string(size));
  const auto parsed = assay::parse_safetensors(file, limits);
  REQUIRE_FALSE(parsed);
  return parsed.error().code;
}

}  // namespace

TEST_CASE("safetensors: tensors are listed in the order of the file", "[io]") {
  byte_string data(20);
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::byte>(i);
  const auto file = safetensors(
      R"({"b":{"dtype":"F32","shape":[3],"data_offsets":[8,20]},"__metadata__":{"format":"pt"},"a":{"data_offsets":[0,8],"shape":[2,2],"dtype":"BF16"}}   )",
      data);
  const auto parsed = assay::parse_safetensors(file);
  REQUIRE(parsed);
  REQUIRE(parsed->tensors.size() == 2);
  const assay::named_tensor& a = parsed->tensors[0];
  CHECK(a.name == "a");
  CHECK(a.view.type == assay::dtype::bf16);
  CHECK(a.view.rank == 2);
  CHECK(a.view.extent[1] == 2);
  CHECK(a.view.stride_bytes[0] == 4);
  CHECK(a.bytes.size() == 8);
  CHECK(a.bytes[7] == std::byte{7});
  CHECK(assay::validate(a.view));
  REQUIRE(parsed->find("b") != nullptr);
  CHECK(parsed->find("b")->bytes[0] == std::byte{8});
  CHECK(parsed->find("c") == nullptr);
  REQUIRE(parsed->metadata.size() == 1);
  CHECK(parsed->metadata[0].second == "pt");
}

TEST_CASE("safetensors: empty files, scalars and empty tensors are valid", "[io]") {
  CHECK(assay::parse_safetensors(safetensors("{}", {})));
  const auto parsed = assay::parse_safetensors(safetensors(
      R"({"s":{"dtype":"F64","shape":[],"data_offsets":[0,8]},"e":{"dtype":"I8","shape":[0,4],"data_offsets":[0,0]}})",
      byte_string(8)));
  REQUIRE(parsed);
  CHECK(parsed->find("s")->view.rank == 0);
  CHECK(parsed->find("e")->bytes.empty());
}

TEST_CASE("safetensors: the header's length is checked against the file and the limit", "[io]") {
  CHECK(assay::parse_safetensors({}).error().code == errc::truncated);
  CHECK(assay::parse_safetensors(byte_string(7)).error().code == errc::truncated);
  byte_string file = safetensors("{}", {});
  assay::store_le<std::uint64_t>(file.data(), 3);
  CHECK(assay::parse_safetensors(file).error().code == errc::truncated);
  assay::store_le<std::uint64_t>(file.data(), UINT64_MAX);
  CHECK(assay::parse_safetensors(file).error().code == errc::truncated);
  assay::store_le<std::uint64_t>(file.data(), 0);
  CHECK(assay::parse_safetensors(file).error().code == errc::bad_magic);
  CHECK(refusal("{" + std::string(100, ' ') + "}", 0, {.header_bytes = 64}) == errc::too_large);
  CHECK(refusal(R"( {})", 0) == errc::bad_magic);
}

TEST_CASE("safetensors: offsets that overlap, leave gaps or leave the file are refused", "[io]") {
  const auto two = [](const char* first, const char* second) {
    return R"({"a":{"dtype":"I8","shape":[4],"data_offsets":)" + std::string(first) +
           R"(},"b":{"dtype":"I8","shape":[4],"data_offsets":)" + second + "}}";
  };
  CHECK(assay::parse_safetensors(safetensors(two("[0,4]", "[4,8]"), byte_string(8))));
  CHECK(refusal(two("[0,4]", "[2,6]"), 8) == errc::wrong_order);
  CHECK(refusal(two("[0,4]", "[0,4]"), 8) == errc::wrong_order);
  CHECK(refusal(two("[0,4]", "[5,9]"), 9) == errc::wrong_order);
  CHECK(refusal(two("[0,4]", "[4,8]"), 7) == errc::out_of_range);
  CHECK(refusal(two("[0,4]", "[4,8]"), 9) == errc::trailing_bytes);
  CHECK(refusal(two("[0,4]", "[4,18446744073709551615]"), 8) == errc::out_of_range);
  CHECK(refusal(two("[0,4]", "[4,3]"), 8) == errc::out_of_range);
  CHECK(refusal(two("[0,4]", "[4,7]"), 7) == errc::length_mismatch);
  CHECK(refusal(two("[0,4,4]", "[4,8]"), 8) == errc::wrong_type);
  CHECK(refusal(two("[0]", "[4,8]"), 8) == errc::length_mismatch);
  CHECK(refusal(two("[-1,4]", "[4,8]"), 8) == errc::out_of_range);
  CHECK(refusal(two("[0.0,4]", "[4,8]"), 8) == errc::wrong_type);
}

TEST_CASE("safetensors: names, members and types are strict", "[io]") {
  const std::string a = R"("a":{"dtype":"I8","shape":[1],"data_offsets":[0,1]})";
  CHECK(refusal("{" + a + "," + a + "}", 2) == errc::duplicate);
  CHECK(refusal(R"({"__metadata__":{},"__metadata__":{}})", 0) == errc::duplicate);
  CHECK(refusal(R"({"a":{"dtype":"I8","dtype":"I8","shape":[1],"data_offsets":[0,1]}})", 1) == errc::duplicate);
  CHECK(refusal(R"({"a":{"dtype":"I8","shape":[1]}})", 1) == errc::missing_field);
  CHECK(refusal(R"({"a":{"dtype":"I8","shape":[1],"data_offsets":[0,1],"x":1}})", 1) == errc::unknown_field);
  CHECK(refusal(R"({"a":{"dtype":"Q4","shape":[1],"data_offsets":[0,1]}})", 1) == errc::unsupported);
  CHECK(refusal(R"({"a":{"dtype":7,"shape":[1],"data_offsets":[0,1]}})", 1) == errc::wrong_type);
  CHECK(refusal(R"({"a":null})", 0) == errc::wrong_type);
  CHECK(refusal(R"({"a":[]})", 0) == errc::wrong_type);
  CHECK(refusal(R"({"__metadata__":{"x":1}})", 0) == errc::wrong_type);
  CHECK(refusal(R"({"__metadata__":{"x":{}}})", 0) == errc::wrong_type);
  CHECK(refusal(R"({"a":{"dtype":"I8","shape":[1,1,1,1,1,1,1],"data_offsets":[0,1]}})", 1) == errc::shape_mismatch);
  CHECK(refusal(R"({"a":{"dtype":"I8","shape":[4611686018427387904,4],"data_offsets":[0,0]}})", 0) == errc::overflow);
  CHECK(refusal(R"({"a":{"dtype":"I8","shape":[99999999999999999999],"data_offsets":[0,0]}})", 0) == errc::wrong_type);
  CHECK(refusal("{" + a + "} x", 1) == errc::malformed);
  CHECK(refusal("{" + a, 1) == errc::malformed);
  CHECK(refusal("{" + a + "}", 1, {.tensors = 0}) == errc::too_large);
  CHECK(refusal(R"({"abc":{}})", 1, {.name_bytes = 2}) == errc::too_large);
}

TEST_CASE("safetensors: deep nesting ends at once", "[io]") {
  CHECK(refusal("{\"a\":" + std::string(1 << 20, '['), 0) == errc::wrong_type);
  std::string objects = "{";
  for (int i = 0; i < 100000; ++i) objects += "\"a\":{";
  CHECK(refusal(objects, 0) == errc::unknown_field);
}
