// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/math/bls12_381.hpp>
#include <assay/math/bn254.hpp>
#include <assay/math/point_encoding.hpp>

#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/math_points.hpp"

using namespace assay;
using assay_tests::bytes_of_hex;
using assay_tests::hex_of;
using assay_tests::number_source;

namespace {

template <class G>
std::string encoded(const affine_point<G>& p) {
  return hex_of(encode_compressed(p));
}

/// The error of an encoding that must not decode; `overflow`, which no parser gives, if it does.
template <class G>
errc refusal(byte_view bytes) {
  const auto p = parse_compressed<G>(bytes);
  return p ? errc::overflow : p.error().code;
}
template <class G>
errc refusal(const std::string& hex) {
  return refusal<G>(bytes_of_hex(hex));
}

std::string zeros(std::size_t bytes) { return std::string(2 * bytes, '0'); }

template <class G>
void check_round_trips(std::uint64_t seed) {
  number_source numbers{seed};
  std::vector<affine_point<G>> points{affine_point<G>::infinity(), G::generator(), -G::generator()};
  for (int i = 0; i < 10; ++i) points.push_back(numbers.group_point<G>()), points.push_back(-points.back());
  for (const auto& p : points) {
    const auto bytes = encode_compressed(p);
    const auto back = parse_compressed<G>(bytes);
    REQUIRE(back);
    CHECK(*back == p);
    CHECK(encode_compressed(*back) == bytes);
    CHECK((encode_compressed(-p) == bytes) == p.is_infinity());
  }
}

/// No two encodings decode to the same point: whatever decodes, encodes to itself.
template <class G>
void check_bit_flips(std::uint64_t seed) {
  number_source numbers{seed};
  std::size_t decoded = 0;
  for (const auto& p : {affine_point<G>::infinity(), G::generator(), numbers.group_point<G>()}) {
    const auto bytes = encode_compressed(p);
    for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
      auto flipped = bytes;
      flipped[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
      const auto other = parse_compressed<G>(flipped);
      if (!other) continue;
      ++decoded;
      CHECK(encode_compressed(*other) == flipped);
      CHECK_FALSE(*other == p);
    }
  }
  CHECK(decoded >= 2);  // at least the two sign bits
}

template <class G>
void check_lengths() {
  const auto bytes = encode_compressed(G::generator());
  const byte_view view{bytes};
  for (std::size_t size = 0; size < bytes.size(); ++size) CHECK(refusal<G>(view.first(size)) == errc::length_mismatch);
  std::vector<std::byte> longer(bytes.begin(), bytes.end());
  longer.push_back(std::byte{});
  CHECK(refusal<G>(longer) == errc::length_mismatch);
}

/// A point of the curve outside the group has no encoding that decodes.
template <class G>
void check_outside_subgroup(std::uint64_t seed) {
  number_source numbers{seed};
  for (int i = 0; i < 5; ++i) {
    const auto p = numbers.curve_point<G>();
    CHECK(refusal<G>(encode_compressed(p)) == errc::not_in_subgroup);
    CHECK(refusal<G>(encode_compressed(-p)) == errc::not_in_subgroup);
  }
}

/// The first x = 1, 2, .. without a point.
template <class G>
void check_off_curve() {
  using coordinate = typename G::coordinate;
  auto x = coordinate::one();
  while ((x.squared() * x + G::b()).sqrt()) x += coordinate::one();
  CHECK(refusal<G>(encode_compressed(affine_point<G>{x, coordinate::one()})) == errc::not_on_curve);
  CHECK(refusal<G>(encode_compressed(affine_point<G>{x, -coordinate::one()})) == errc::not_on_curve);
}

}  // namespace

TEST_CASE("point_encoding: known encodings of BN254", "[math]") {
  using g1 = bn254::g1;
  static_assert(compressed_size<g1> == 32 && compressed_size<bn254::g2> == 64);
  const auto g = g1::generator();
  CHECK(encoded(g) == "01" + zeros(31));
  CHECK(encoded(-g) == "01" + zeros(30) + "80");
  CHECK(encoded(assay_tests::times(g, 2)) == "d3cf876dc108c2d3a81c8716a91678d9851518685b04859b021a132ee7440603");
  CHECK(encoded(affine_point<g1>{}) == zeros(31) + "40");
  CHECK(encoded(affine_point<bn254::g2>{}) == zeros(63) + "40");
  // x of the generator: c0 then c1, each least significant byte first; which root is the larger, c1 of y decides
  CHECK(encoded(bn254::g2::generator()) ==
        "edf692d95cbdde46ddda5ef7d422436779445c5e66006a42761e1f12efde0018"
        "c212f3aeb785e49712e7a9353349aaf1255dfb31b7bf60723a480d9293938e19");
}

TEST_CASE("point_encoding: known encodings of BLS12-381", "[math]") {
  using g1 = bls12_381::g1;
  using g2 = bls12_381::g2;
  static_assert(compressed_size<g1> == 48 && compressed_size<g2> == 96);
  const std::string x =
      "17f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb";
  CHECK(encoded(g1::generator()) == "9" + x.substr(1));
  CHECK(encoded(-g1::generator()) == "b" + x.substr(1));
  CHECK(encoded(affine_point<g1>{}) == "c0" + zeros(47));
  CHECK(encoded(affine_point<g2>{}) == "c0" + zeros(95));
  CHECK(encoded(g2::generator()) ==
        "93e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e"
        "024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8");
  const auto vectors = assay_tests::golden_vectors("bls12_381_pairing.json");
  for (const auto& c : vectors.at("cases")) {
    const auto p = parse_compressed<g1>(bytes_of_hex(c.at("p")));
    const auto q = parse_compressed<g2>(bytes_of_hex(c.at("q")));
    REQUIRE((p && q));
    CHECK(encoded(*p) == c.at("p").get<std::string>());
    CHECK(encoded(*q) == c.at("q").get<std::string>());
  }
}

TEST_CASE("point_encoding: round trips", "[math]") {
  check_round_trips<bn254::g1>(30);
  check_round_trips<bn254::g2>(31);
  check_round_trips<bls12_381::g1>(32);
  check_round_trips<bls12_381::g2>(33);
}

TEST_CASE("point_encoding: a flipped bit gives nothing or another point's own encoding", "[math]") {
  check_bit_flips<bn254::g1>(34);
  check_bit_flips<bn254::g2>(35);
  check_bit_flips<bls12_381::g1>(36);
  check_bit_flips<bls12_381::g2>(37);
}

TEST_CASE("point_encoding: wrong lengths", "[math]") {
  check_lengths<bn254::g1>();
  check_lengths<bn254::g2>();
  check_lengths<bls12_381::g1>();
  check_lengths<bls12_381::g2>();
}

TEST_CASE("point_encoding: points outside the group of prime order", "[math]") {
  check_outside_subgroup<bn254::g2>(38);
  check_outside_subgroup<bls12_381::g1>(39);
  check_outside_subgroup<bls12_381::g2>(40);
}

TEST_CASE("point_encoding: x without a point", "[math]") {
  check_off_curve<bn254::g1>();
  check_off_curve<bn254::g2>();
  check_off_curve<bls12_381::g1>();
  check_off_curve<bls12_381::g2>();
}

TEST_CASE("point_encoding: flags and coordinates that no point has", "[math]") {
  using g1 = bn254::g1;
  using g2 = bn254::g2;
  using b1 = bls12_381::g1;
  using b2 = bls12_381::g2;
  const std::string p = "47fd7cd8168c203c8dca7168916a81975d588181b64550b829a031e1724e6430";  // BN254, little-endian
  const std::string q =
      "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab";
  for (const std::string& hex : {
           zeros(31) + "c0",         // both flags
           zeros(31) + "41",         // infinity with x
           "01" + zeros(30) + "40",  // infinity with x
           "01" + zeros(30) + "c0",  // both flags with x
           p,                        // x = p for 0
           std::string("48") + p.substr(2),                 // x = p + 1 for the generator's 1
           p.substr(0, 62) + "b0",                          // with the sign
           p.substr(0, 62) + "70",                          // infinity with x = p
           std::string(62, 'f') + "3f", std::string(64, 'f'),
       })
    CHECK(refusal<g1>(hex) == errc::non_canonical);
  for (const std::string& hex : {zeros(63) + "c0", "01" + zeros(62) + "40", zeros(31) + "01" + zeros(31) + "40",
                                 p + zeros(32), zeros(32) + p, std::string(128, 'f')})
    CHECK(refusal<g2>(hex) == errc::non_canonical);
  for (const std::string& hex : {
           zeros(48),                // not marked as compressed
           "40" + zeros(47),         // uncompressed infinity
           "e0" + zeros(47),         // infinity with a sign
           "c0" + zeros(46) + "01",  // infinity with x
           "60" + zeros(47), "20" + zeros(47), "c1" + zeros(47), "9" + q.substr(1), "b" + q.substr(1), "d" + q.substr(1),
           "1" + q.substr(1), std::string(96, 'f'),
       })
    CHECK(refusal<b1>(hex) == errc::non_canonical);
  for (const std::string& hex : {zeros(96), "e0" + zeros(95), "c0" + zeros(94) + "01", "9" + q.substr(1) + zeros(48),
                                 "80" + zeros(47) + q, std::string(192, 'f')})
    CHECK(refusal<b2>(hex) == errc::non_canonical);
}

TEST_CASE("point_encoding: the larger root, where c1 is zero c0 decides", "[math]") {
  using fp = bn254::fp;
  using fp2 = bn254::fp2;
  CHECK_FALSE(detail::is_larger_root(fp::zero()));
  CHECK_FALSE(detail::is_larger_root(fp::one()));
  CHECK(detail::is_larger_root(-fp::one()));
  CHECK(detail::is_larger_root(fp2{fp::one(), -fp::one()}));
  CHECK_FALSE(detail::is_larger_root(fp2{-fp::one(), fp::one()}));
  CHECK(detail::is_larger_root(fp2{-fp::one(), fp::zero()}));
  CHECK_FALSE(detail::is_larger_root(fp2{fp::one(), fp::zero()}));
  CHECK_FALSE(detail::is_larger_root(fp2{}));
}
