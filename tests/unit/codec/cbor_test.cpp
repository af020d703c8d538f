// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/codec/cbor.hpp>

#include <cstdlib>
#include <limits>
#include <new>

#include "allocations.hpp"
#include "support/catch.hpp"

using namespace assay;
using namespace assay_tests;
using nlohmann::json;

// Not inlined, or GCC takes free() for a mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) {
  allocated_bytes += size;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc{};
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  allocated_bytes += size;
  return std::malloc(size == 0 ? 1 : size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

using octets = std::vector<std::uint8_t>;

result<json> read(const octets& bytes, const codec::document_limits& limits = {}) {
  return codec::detail::read_cbor({reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()}, limits);
}

error error_of(const octets& bytes) {
  const auto tree = read(bytes);
  return tree ? error{} : tree.error();
}

}  // namespace

TEST_CASE("cbor: the examples of RFC 8949, Appendix A, that are in the subset", "[codec]") {
  const std::vector<std::pair<octets, json>> examples = {
      {{0x00}, 0u},
      {{0x17}, 23u},
      {{0x18, 0x18}, 24u},
      {{0x19, 0x03, 0xe8}, 1000u},
      {{0x1a, 0x00, 0x0f, 0x42, 0x40}, 1000000u},
      {{0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 18446744073709551615u},
      {{0x20}, -1},
      {{0x39, 0x03, 0xe7}, -1000},
      {{0xf9, 0x00, 0x00}, 0.0},
      {{0xf9, 0x3c, 0x00}, 1.0},
      {{0xfb, 0x3f, 0xf1, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a}, 1.1},
      {{0xf9, 0x7b, 0xff}, 65504.0},
      {{0xfa, 0x47, 0xc3, 0x50, 0x00}, 100000.0},
      {{0xfa, 0x7f, 0x7f, 0xff, 0xff}, 3.4028234663852886e+38},
      {{0xf9, 0x00, 0x01}, 5.960464477539063e-8},
      {{0xf9, 0xc4, 0x00}, -4.0},
      {{0xf4}, false},
      {{0xf5}, true},
      {{0xf6}, nullptr},
      {{0x40}, json::binary({})},
      {{0x44, 1, 2, 3, 4}, json::binary({1, 2, 3, 4})},
      {{0x60}, ""},
      {{0x64, 'I', 'E', 'T', 'F'}, "IETF"},
      {{0x80}, json::array()},
      {{0x83, 1, 2, 3}, json::array({1u, 2u, 3u})},
      {{0x83, 0x01, 0x82, 0x02, 0x03, 0x82, 0x04, 0x05}, json::parse("[1,[2,3],[4,5]]")},
      {{0xa0}, json::object()},
      {{0xa2, 0x61, 'a', 0x01, 0x61, 'b', 0x82, 0x02, 0x03}, json::parse(R"({"a":1,"b":[2,3]})")},
      {{0x82, 0x61, 'a', 0xa1, 0x61, 'b', 0x61, 'c'}, json::parse(R"(["a",{"b":"c"}])")},
      {{0x83, 0x80, 0xa0, 0x80}, json::parse("[[],{},[]]")},
  };
  for (const auto& [bytes, value] : examples) {
    const auto tree = read(bytes);
    REQUIRE(tree);
    CHECK(*tree == value);
    CHECK(tree->type() == value.type());
  }
}

TEST_CASE("cbor: heads need not be the shortest", "[codec]") {
  CHECK(*read({0x18, 0x05}) == 5u);
  CHECK(*read({0x1b, 0, 0, 0, 0, 0, 0, 0, 5}) == 5u);
  CHECK(*read({0x9a, 0, 0, 0, 1, 0x05}) == json::array({5u}));
  CHECK(*read({0x79, 0, 1, 'x'}) == "x");
}

TEST_CASE("cbor: what is outside the subset is refused, with its offset", "[codec]") {
  CHECK(error_of({0x81, 0x9f, 0x01, 0xff}) == fail(errc::unsupported, "", 1));  // indefinite lengths
  CHECK(error_of({0x5f, 0x41, 0x00, 0xff}) == fail(errc::unsupported, "", 0));
  CHECK(error_of({0x7f, 0x61, 'a', 0xff}) == fail(errc::unsupported, "", 0));
  CHECK(error_of({0xbf, 0xff}) == fail(errc::unsupported, "", 0));
  CHECK(error_of({0xff}) == fail(errc::unsupported, "", 0));
  CHECK(error_of({0xc0, 0x60}) == fail(errc::unsupported, "", 0));        // tags
  CHECK(error_of({0xd8, 0x20, 0x60}) == fail(errc::unsupported, "", 0));
  CHECK(error_of({0x82, 0x00, 0xf7}) == fail(errc::unsupported, "", 2));  // undefined
  CHECK(error_of({0xf8, 0xff}) == fail(errc::unsupported, "", 0));        // simple(255)
  CHECK(error_of({0x1c}) == fail(errc::malformed, "", 0));                // reserved
  CHECK(error_of({0xf9, 0x7c, 0x00}) == fail(errc::non_finite, "", 0));
  CHECK(error_of({0xfa, 0x7f, 0xc0, 0, 0}) == fail(errc::non_finite, "", 0));
  CHECK(error_of({0xfb, 0xff, 0xf0, 0, 0, 0, 0, 0, 0}) == fail(errc::non_finite, "", 0));
  CHECK(error_of({0xa1, 0x01, 0x01}) == fail(errc::wrong_type, "", 1));  // a key that is no text
  CHECK(error_of({0xa2, 0x61, 'a', 0x01, 0x61, 'a', 0x02}) == fail(errc::duplicate, "", 4));
  CHECK(error_of({0x00, 0x00}) == fail(errc::trailing_bytes, "", 1));
  CHECK(error_of({}) == fail(errc::truncated, "", 0));
}

TEST_CASE("cbor: negative integers keep their sign", "[codec]") {
  CHECK(*read({0x3b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}) == std::numeric_limits<std::int64_t>::min());
  CHECK(error_of({0x3b, 0x80, 0, 0, 0, 0, 0, 0, 0}).code == errc::out_of_range);
  CHECK(error_of({0x3b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}).code == errc::out_of_range);
}

TEST_CASE("cbor: stated lengths are not believed", "[codec]") {
  constexpr std::uint8_t majors[] = {0x5b, 0x7b, 0x9b, 0xbb};  // bytes, text, array, map
  constexpr std::uint8_t tops[] = {0x00, 0x10, 0x7f, 0xff};    // 2^40 items and up
  for (std::uint8_t major : majors)
    for (std::uint8_t top : tops) {
      const octets bytes = {0x81, major, top, 0, 1, 0, 0, 0, 0, 0, 0x61, 'a', 0};
      CHECK(error_of(bytes) == fail(errc::truncated, "", 1));
      CHECK(bytes_allocated_by([&] { static_cast<void>(read(bytes)); }) < 1000);
    }
  CHECK(error_of({0x5a, 0xff, 0xff, 0xff, 0xff, 0x00}).code == errc::truncated);
}

TEST_CASE("cbor: depth is bounded, without recursion", "[codec]") {
  const auto nested = [](std::size_t depth) {
    octets bytes(depth, 0x81);
    bytes.push_back(0x00);
    return bytes;
  };
  CHECK(read(nested(16)));
  CHECK(error_of(nested(17)) == fail(errc::too_large, "", 16));
  CHECK(error_of(nested(1000000)).code == errc::too_large);
  CHECK(error_of(octets(1000000, 0x7f)).code == errc::unsupported);  // nested indefinite strings
  codec::document_limits limits;
  limits.depth = 2;
  CHECK(read(nested(2), limits));
  CHECK(read(nested(3), limits).error().code == errc::too_large);
  limits.depth = 100;  // counts as the deepest
  CHECK(read(nested(17), limits).error().code == errc::too_large);
}

TEST_CASE("cbor: items and bytes are bounded", "[codec]") {
  codec::document_limits limits;
  limits.items = 4;
  CHECK(read({0x83, 0, 0, 0}, limits));
  CHECK(read({0x84, 0, 0, 0, 0}, limits).error() == fail(errc::too_large, "", 4));
  limits.bytes = 3;
  CHECK(read({0x82, 0, 0}, limits));
  CHECK(read({0x83, 0, 0, 0}, limits).error() == fail(errc::too_large, "", 4));
  // The dearest items are maps and their keys.
  octets maps = {0x99, 0x27, 0x10};
  for (int i = 0; i < 10000; ++i) maps.insert(maps.end(), {0xa1, 0x60, 0x00});
  limits = {};
  CHECK(bytes_allocated_by([&] { CHECK(read(maps, limits)); }) < 20000 * 150);
  limits.items = 100;
  CHECK(bytes_allocated_by([&] { CHECK_FALSE(read(maps, limits)); }) < 100 * 150 + 1000);
}
