// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/io/gguf.hpp>

#include <array>
#include <string>

#include "support/catch.hpp"
#include "support/model_files.hpp"

using assay::errc;
using assay::gguf_type;
using assay_tests::byte_string;
using assay_tests::gguf_writer;
using assay_tests::put;

namespace {

constexpr std::array<std::uint64_t, 2> two_by_three{2, 3};

gguf_writer small_file() {
  gguf_writer w;
  w.string("general.architecture", "llama").u32("llama.block_count", 7).f32("llama.epsilon", 0.25f);
  w.tensor("a", two_by_three, 0, byte_string(24, std::byte{1}))
      .tensor("b", two_by_three, 30, byte_string(12, std::byte{2}));
  return w;
}

errc refusal(const byte_string& file, const assay::gguf_limits& limits = {}) {
  const auto parsed = assay::parse_gguf(file, limits);
  REQUIRE_FALSE(parsed);
  return parsed.error().code;
}

/// A file with one metadata value of the given type and payload.
byte_string with_value(std::uint32_t type, assay::byte_view payload) {
  return gguf_writer{}.value("k", type, payload).finish();
}

}  // namespace

TEST_CASE("gguf: metadata and tensors are listed, extents outermost first", "[io]") {
  const byte_string file = small_file().finish();
  const auto parsed = assay::parse_gguf(file);
  REQUIRE(parsed);
  CHECK(parsed->version == 3);
  CHECK(parsed->find_value("general.architecture")->as_string().value() == "llama");
  CHECK(parsed->find_value("llama.block_count")->as_u64().value() == 7);
  CHECK(parsed->find_value("llama.epsilon")->as_f64().value() == 0.25);
  CHECK(parsed->find_value("llama.epsilon")->as_u64().error().code == errc::wrong_type);
  CHECK(parsed->find_value("nothing") == nullptr);
  REQUIRE(parsed->tensors.size() == 2);
  const assay::named_tensor* b = parsed->find("b");
  REQUIRE(b != nullptr);
  CHECK(b->view.type == assay::dtype::bf16);
  CHECK(b->view.extent[0] == 2);
  CHECK(b->view.extent[1] == 3);
  CHECK(b->view.stride_bytes[0] == 6);
  CHECK(b->bytes.size() == 12);
  CHECK(b->bytes[0] == std::byte{2});
  CHECK(assay::validate(b->view));
}

TEST_CASE("gguf: version 2 and another alignment", "[io]") {
  gguf_writer w;
  w.version = 2;
  w.alignment = 8;
  w.u32("general.alignment", 8)
      .tensor("a", two_by_three, 1, byte_string(12))
      .tensor("b", two_by_three, 24, byte_string(6));
  CHECK(assay::parse_gguf(w.finish()));
}

TEST_CASE("gguf: block-quantised tensors are opaque with checked bytes", "[io]") {
  const std::array<std::uint64_t, 2> shape{3, 64};
  const auto file =
      gguf_writer{}.tensor("q4_0", shape, 2, byte_string(108)).tensor("q8_0", shape, 8, byte_string(204)).finish();
  const auto parsed = assay::parse_gguf(file);
  REQUIRE(parsed);
  CHECK(parsed->tensors[0].view.type == assay::dtype::opaque);
  CHECK(parsed->tensors[0].view.extent[1] == 64);
  CHECK(parsed->tensors[0].bytes.size() == 108);
  CHECK(parsed->tensors[1].bytes.size() == 204);
  CHECK(refusal(gguf_writer{}.tensor("x", two_by_three, 2, byte_string(108)).finish()) == errc::shape_mismatch);
  CHECK(refusal(gguf_writer{}.tensor("x", shape, 4, byte_string(108)).finish()) == errc::unsupported);
  CHECK(refusal(gguf_writer{}.tensor("x", shape, 1000, byte_string(108)).finish()) == errc::unsupported);
}

TEST_CASE("gguf: every integer type reads as u64 unless negative", "[io]") {
  const byte_string five{std::byte{5}, {}, {}, {}, {}, {}, {}, {}};
  const byte_string minus(8, std::byte{0xff});
  const struct {
    std::uint32_t type;
    std::size_t size;
    bool is_signed;
  } types[] = {{0, 1, false}, {1, 1, true}, {2, 2, false},  {3, 2, true},
               {4, 4, false}, {5, 4, true}, {10, 8, false}, {11, 8, true}};
  for (const auto& t : types) {
    const auto file = with_value(t.type, assay::byte_view(five).first(t.size)),
               negative = with_value(t.type, assay::byte_view(minus).first(t.size));
    const auto parsed = assay::parse_gguf(file), other = assay::parse_gguf(negative);
    REQUIRE(parsed);
    REQUIRE(other);
    CHECK(parsed->metadata[0].second.as_u64().value() == 5);
    CHECK(other->metadata[0].second.as_u64().has_value() == !t.is_signed);
  }
}

TEST_CASE("gguf: arrays are bounded by the file, and not nested", "[io]") {
  byte_string array;
  put<std::uint32_t>(array, 5);
  put<std::uint64_t>(array, 2);
  array.resize(array.size() + 8);
  const byte_string file = with_value(9, array);
  const auto parsed = assay::parse_gguf(file);
  REQUIRE(parsed);
  CHECK(parsed->metadata[0].second.element == gguf_type::i32);
  CHECK(parsed->metadata[0].second.count == 2);
  CHECK(parsed->metadata[0].second.bytes.size() == 8);

  for (std::uint64_t count : {std::uint64_t{3}, std::uint64_t{1} << 40, std::uint64_t{1} << 62, UINT64_MAX}) {
    assay::store_le<std::uint64_t>(array.data() + 4, count);
    CHECK(refusal(with_value(9, array)) == errc::truncated);
  }
  byte_string strings;
  put<std::uint32_t>(strings, 8);
  put<std::uint64_t>(strings, UINT64_MAX);
  CHECK(refusal(with_value(9, strings)) == errc::truncated);
  assay::store_le<std::uint32_t>(array.data(), 9);
  CHECK(refusal(with_value(9, array)) == errc::unsupported);
  assay::store_le<std::uint32_t>(array.data(), 13);
  CHECK(refusal(with_value(9, array)) == errc::wrong_type);
  CHECK(refusal(with_value(7, byte_string{std::byte{2}})) == errc::non_canonical);
  CHECK(refusal(with_value(99, byte_string{})) == errc::wrong_type);
}

TEST_CASE("gguf: every truncation is an error", "[io]") {
  const byte_string file = small_file().finish();
  for (std::size_t n = 0; n < file.size(); ++n) {
    const byte_string part(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(n));
    REQUIRE_FALSE(assay::parse_gguf(part));
  }
  byte_string padded = file;
  padded.resize(file.size() + 20);  // to the alignment, as llama.cpp pads its last tensor
  CHECK(assay::parse_gguf(padded));
  padded.resize(file.size() + 21);
  CHECK(refusal(padded) == errc::trailing_bytes);
}

TEST_CASE("gguf: counts, names, places and versions are strict", "[io]") {
  byte_string file = small_file().finish();
  const auto changed = [&](std::size_t at, auto value) {
    byte_string copy = file;
    assay::store_le(copy.data() + at, value);
    return refusal(copy);
  };
  CHECK(changed(0, std::uint32_t{0x46554746}) == errc::bad_magic);
  CHECK(changed(4, std::uint32_t{1}) == errc::unsupported_version);
  CHECK(changed(4, std::uint32_t{0x03000000}) == errc::unsupported_version);  // big-endian
  CHECK(changed(8, UINT64_MAX) == errc::too_large);
  CHECK(changed(16, UINT64_MAX) == errc::too_large);
  CHECK(changed(16, std::uint64_t{4}) == errc::truncated);  // a tensor read as a value
  CHECK(changed(24, UINT64_MAX) == errc::truncated);  // the first key's length
  CHECK(refusal(file, {.tensors = 1}) == errc::too_large);
  CHECK(refusal(file, {.name_bytes = 8}) == errc::too_large);

  CHECK(refusal(small_file().tensor("a", two_by_three, 0, byte_string(24)).finish()) == errc::duplicate);
  CHECK(refusal(small_file().u32("llama.block_count", 1).finish()) == errc::duplicate);
  CHECK(refusal(small_file().u32("general.alignment", 12).finish()) == errc::out_of_range);
  CHECK(refusal(small_file().u32("general.alignment", 0).finish()) == errc::out_of_range);
  CHECK(refusal(small_file().string("general.alignment", "32").finish()) == errc::wrong_type);
  CHECK(refusal(small_file().u32("general.alignment", 8).finish()) == errc::wrong_order);  // laid out for 32

  const std::array<std::uint64_t, 5> five{1, 1, 1, 1, 1};
  CHECK(refusal(gguf_writer{}.tensor("x", five, 0, byte_string(4)).finish()) == errc::shape_mismatch);
  const std::array<std::uint64_t, 2> huge{std::uint64_t{1} << 40, std::uint64_t{1} << 40};
  CHECK(refusal(gguf_writer{}.tensor("x", huge, 0, byte_string(4)).finish()) == errc::overflow);
}
