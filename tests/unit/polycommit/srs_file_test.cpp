// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Files of reference strings: one spelling, strict reading, and nothing allocated for a length that is not there.
#include <algorithm>
#include <cstring>
#include <vector>

#include <assay/math/bls12_381.hpp>
#include <assay/math/bn254.hpp>
#include <assay/polycommit/insecure_srs.hpp>
#include <assay/polycommit/srs_file.hpp>

#include "support/catch.hpp"

using namespace assay;

namespace {

template <class C>
assay::error refusal(const std::vector<std::byte>& bytes) {
  const auto parsed = parse_srs_file<C>(bytes);
  REQUIRE_FALSE(parsed);
  return parsed.error();
}

}  // namespace

TEMPLATE_TEST_CASE("srs file: round trip", "[polycommit]", bn254, bls12_381) {
  using C = TestType;
  for (const grid_shape& shape :
       {grid_shape::of({2}), grid_shape::of({3, 4}), grid_shape::of({2, 2, 2, 2, 2, 2, 2, 2})}) {
    const auto srs = insecure_srs_for_tests<C>::make(shape, 5).get();
    const auto bytes = encode_srs_file(srs);
    REQUIRE(bytes.size() == srs_file_size<C>(shape));
    const auto parsed = parse_srs_file<C>(bytes);
    REQUIRE(parsed);
    CHECK(*parsed == srs);
    CHECK(encode_srs_file(*parsed) == bytes);
    const auto header = inspect_srs_file(byte_view{bytes}.first(16 + 4u * shape.rank));
    REQUIRE(header);
    CHECK(*header == grid_file_header{C::id, shape});
  }
}

TEST_CASE("srs file: the layout, byte by byte", "[polycommit]") {
  const auto srs = insecure_srs_for_tests<bn254>::from_trapdoor(grid_shape::of({2}), {bn254::fr::from_u64(2)}).get();
  const auto bytes = encode_srs_file(srs);
  REQUIRE(bytes.size() == 16 + 4 + 2 * 64 + 128 + 32);
  CHECK(std::memcmp(bytes.data(), "assaySRS\x01\0\0\0\x01\x01\0\0\x02\0\0\0", 20) == 0);
  // L_1(2) = 2: the second point is [2]_1; L_0(2) = -1: the first is the generator with y = p - 2.
  CHECK(bytes[20] == std::byte{1});
  CHECK(bytes[52] == std::byte{0x45});
  CHECK(bytes[84] == std::byte{0xd3});
  CHECK(std::memcmp(bytes.data() + bytes.size() - 32, srs.id().bytes.data(), 32) == 0);
}

TEST_CASE("srs file: what is not exactly a file is refused", "[polycommit]") {
  const auto srs = insecure_srs_for_tests<bn254>::make(grid_shape::of({3, 2}), 5).get();
  const auto honest = encode_srs_file(srs);
  constexpr std::size_t points = 24, g2 = points + 6 * 64;
  auto b = honest;
  const auto fails = [&](errc code, std::uint64_t where) { CHECK(refusal<bn254>(b) == assay::error{code, where, ""}); };
  const auto put = [&](std::size_t at, unsigned value) { b[at] = static_cast<std::byte>(value); };
  SECTION("another magic") { put(0, 'b'), fails(errc::bad_magic, 0); }
  SECTION("another version") { put(8, 2), fails(errc::unsupported_version, 8); }
  SECTION("unknown curve") { put(12, 9), fails(errc::unsupported, 12); }
  SECTION("another curve") { put(12, 2), fails(errc::wrong_type, 12); }
  SECTION("reserved bytes") { put(15, 1), fails(errc::non_canonical, 14); }
  SECTION("rank 0") { put(13, 0), fails(errc::out_of_range, 0); }
  SECTION("rank 9") { put(13, 9), fails(errc::out_of_range, 9); }
  SECTION("an axis of one node") { put(20, 1), fails(errc::out_of_range, 1); }
  SECTION("too many points") { put(18, 0x0f), put(22, 0x0f), fails(errc::too_large, 1); }
  SECTION("a large shape and no points: refused before anything is allocated") {
    put(18, 0x0f), fails(errc::truncated, points);
  }
  SECTION("empty") { b.clear(), fails(errc::truncated, 0); }
  SECTION("one byte too few") { b.pop_back(), fails(errc::truncated, points); }
  SECTION("one byte too many") { b.push_back({}), fails(errc::trailing_bytes, honest.size()); }
  SECTION("x not below p") {
    std::memset(b.data() + points + 64, 0xff, 32);
    fails(errc::non_canonical, points + 64);
  }
  SECTION("x + p instead of x") {
    auto x = srs.lagrange[2].x.to_limbs();
    detail::add_to(x, bn254::fp::modulus());
    for (std::size_t i = 0; i < 4; ++i) store_le(b.data() + points + 128 + 8 * i, x[i]);
    fails(errc::non_canonical, points + 128);
  }
  SECTION("off the curve") {
    put(points + 32, std::to_integer<unsigned>(b[points + 32]) ^ 1), fails(errc::not_on_curve, points);
  }
  SECTION("G2 off the curve") {
    put(g2 + 128, std::to_integer<unsigned>(b[g2 + 128]) ^ 1), fails(errc::not_on_curve, g2 + 128);
  }
  SECTION("infinity") {
    std::memset(b.data() + points + 5 * 64, 0, 64);
    fails(errc::identity_point, points + 5 * 64);
  }
  SECTION("two points exchanged: the digest tells") {
    std::swap_ranges(b.begin() + points, b.begin() + points + 64, b.begin() + points + 64);
    fails(errc::untrusted_parameters, honest.size() - 32);
  }
  SECTION("another digest") {
    put(honest.size() - 1, std::to_integer<unsigned>(b.back()) ^ 1),
        fails(errc::untrusted_parameters, honest.size() - 32);
  }
}

TEST_CASE("srs file: progress is reported", "[polycommit]") {
  const auto srs = insecure_srs_for_tests<bn254>::make(grid_shape::of({256, 80}), 5).get();
  std::vector<double> shares;
  const auto note = [&](double share) { shares.push_back(share); };
  const auto bytes = encode_srs_file(srs, note);
  REQUIRE(parse_srs_file<bn254>(bytes, note));
  CHECK(shares.size() == 6);
  for (const double share : shares) CHECK((share >= 0 && share <= 1));
}
