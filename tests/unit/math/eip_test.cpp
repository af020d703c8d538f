// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/math/bls12_381.hpp>
#include <assay/math/bn254.hpp>
#include <assay/math/eip.hpp>
#include <assay/math/pairing.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/math_points.hpp"

using namespace assay;
using assay_tests::bytes_of_hex;
using assay_tests::golden_vectors;
using assay_tests::hex_of;
using assay_tests::number_source;

namespace {

using output = result<std::vector<std::byte>>;

template <class G>
std::vector<std::byte> bytes_of(const affine_point<G>& p) {
  const auto bytes = encode_eip(p);
  return {bytes.begin(), bytes.end()};
}
std::vector<std::byte> truth(bool value) {
  std::vector<std::byte> out(32);
  out.back() = std::byte{value};
  return out;
}

output wrong_length(byte_view in) {
  return fail(errc::length_mismatch, "precompile: wrong number of bytes", in.size());
}

/// The precompiles, out of parsers and group operations. EIP-196 pads its input with zeros, EIP-2537 is strict.
template <class G>
output add(byte_view in) {
  if (in.size() != 2 * eip_size<G>) return wrong_length(in);
  const auto a = parse_eip<G>(in.first(eip_size<G>), subgroup_check::skipped);
  if (!a) return a.error();
  const auto b = parse_eip<G>(in.subspan(eip_size<G>), subgroup_check::skipped);
  if (!b) return b.error();
  return bytes_of((xyzz_point<G>{*a} + *b).to_affine());
}

template <class G>
output multi_multiply(byte_view in) {
  xyzz_point<G> sum;
  if (in.empty() || in.size() % (eip_size<G> + 32) != 0) return wrong_length(in);
  for (std::size_t at = 0; at < in.size(); at += eip_size<G> + 32) {
    const auto p = parse_eip<G>(in.subspan(at, eip_size<G>));
    if (!p) return p.error();
    const byte_view k = in.subspan(at + eip_size<G>, 32);
    limbs<4> scalar;
    for (std::size_t i = 0; i < 4; ++i) scalar[i] = load_be<std::uint64_t>(k.data() + 24 - 8 * i);
    sum += multiply(xyzz_point<G>{*p}, scalar);
  }
  return bytes_of(sum.to_affine());
}

template <class C>
output check_pairs(byte_view in) {
  constexpr std::size_t first = eip_size<typename C::g1>, second = eip_size<typename C::g2>;
  std::vector<prepared_g2<C>> prepared;
  std::vector<pairing_term<C>> terms;
  prepared.reserve(in.size() / (first + second) + 1);
  if (in.size() % (first + second) != 0 || (in.empty() && C::id == curve_id::bls12_381)) return wrong_length(in);
  for (std::size_t at = 0; at < in.size(); at += first + second) {
    const auto p = parse_eip<typename C::g1>(in.subspan(at, first));
    if (!p) return p.error();
    const auto q = parse_eip<typename C::g2>(in.subspan(at + first, second));
    if (!q) return q.error();
    prepared.emplace_back(*q);
    terms.push_back({*p, &prepared.back()});
  }
  return truth(pairing_product_is_one<C>(terms));
}

std::vector<std::byte> padded(std::vector<std::byte> bytes, std::size_t size) {
  bytes.resize(size);
  return bytes;
}

template <class Precompile>
void check_cases(const std::string& file, std::size_t count, Precompile run, std::size_t padded_size = 0) {
  const auto cases = golden_vectors("eip/" + file + ".json");
  CHECK(cases.size() == count);
  for (const auto& c : cases) {
    INFO(file << " " << c.at("Name"));
    auto in = bytes_of_hex(c.at("Input"));
    if (padded_size != 0) in = padded(in, padded_size);
    const output out = run(byte_view{in});
    REQUIRE(out);
    CHECK(hex_of(*out) == hex_of(bytes_of_hex(c.at("Expected"))));
  }
}

/// What this library says for each reason that a failing case names.
struct reason {
  const char* expected;
  errc code;
  const char* message;
};
constexpr reason reasons[] = {
    {"invalid input length", errc::length_mismatch, nullptr},
    {"invalid field element top bytes", errc::non_canonical, "point: padding that is not zero"},
    {"invalid fp.Element encoding", errc::non_canonical, "point: coordinate not below the modulus"},
    {"invalid point: not on curve", errc::not_on_curve, nullptr},
    {"g1 point is not on correct subgroup", errc::not_in_subgroup, nullptr},
    {"g2 point is not on correct subgroup", errc::not_in_subgroup, nullptr},
};

template <class Precompile>
void check_failures(const std::string& file, std::size_t count, Precompile run) {
  const auto cases = golden_vectors("eip/" + file + ".json");
  CHECK(cases.size() == count);
  for (const auto& c : cases) {
    INFO(file << " " << c.at("Name"));
    const auto in = bytes_of_hex(c.at("Input"));
    const output out = run(byte_view{in});
    REQUIRE_FALSE(out);
    const auto why = std::find_if(std::begin(reasons), std::end(reasons),
                                  [&](const reason& r) { return c.at("ExpectedError") == r.expected; });
    REQUIRE(why != std::end(reasons));
    CHECK(out.error().code == why->code);
    if (why->message != nullptr) CHECK(std::string(out.error().message) == why->message);
  }
}

/// x and y of a point in JSON, as EIP-196 spells them.
std::string joined(const nlohmann::json& p) {
  return p.at("x").get<std::string>().substr(2) + p.at("y").get<std::string>().substr(2);
}

template <class G>
void check_round_trips(std::uint64_t seed) {
  number_source numbers{seed};
  for (int i = 0; i < 10; ++i) {
    const auto p = i == 0 ? affine_point<G>{} : numbers.group_point<G>();
    const auto bytes = encode_eip(p);
    const auto back = parse_eip<G>(bytes);
    REQUIRE(back);
    CHECK(*back == p);
    // a flipped bit never leaves a point of the group: y would be wrong for x
    for (std::size_t bit = 0; bit < 8 * bytes.size(); bit += i < 2 ? 1 : 13) {
      auto flipped = bytes;
      flipped[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
      CHECK_FALSE(parse_eip<G>(flipped));
    }
    for (std::size_t size : {std::size_t{0}, std::size_t{1}, bytes.size() - 1})
      CHECK(parse_eip<G>(byte_view{bytes}.first(size)).error().code == errc::length_mismatch);
  }
}

template <class G>
void check_subgroup_option(std::uint64_t seed) {
  number_source numbers{seed};
  const auto outside = numbers.curve_point<G>();
  const auto bytes = encode_eip(outside);
  CHECK(parse_eip<G>(bytes).error().code == errc::not_in_subgroup);
  const auto unchecked = parse_eip<G>(bytes, subgroup_check::skipped);
  REQUIRE(unchecked);
  CHECK(*unchecked == outside);
}

}  // namespace

TEST_CASE("eip: EIP-196 and EIP-197 vectors", "[math]") {
  check_cases("bn256Add", 16, add<bn254::g1>, 128);
  check_cases("bn256ScalarMul", 19, multi_multiply<bn254::g1>, 96);
  check_cases("bn256Pairing", 14, check_pairs<bn254>);
}

TEST_CASE("eip: EIP-2537 vectors", "[math]") {
  check_cases("blsG1Add", 25, add<bls12_381::g1>);
  check_cases("blsG2Add", 25, add<bls12_381::g2>);
  check_cases("blsG1Mul", 11, multi_multiply<bls12_381::g1>);
  check_cases("blsG2Mul", 11, multi_multiply<bls12_381::g2>);
  check_cases("blsPairing", 22, check_pairs<bls12_381>);
}

TEST_CASE("eip: EIP-2537 inputs that must fail, for their reasons", "[math]") {
  check_failures("fail-blsG1Add", 6, add<bls12_381::g1>);
  check_failures("fail-blsG2Add", 6, add<bls12_381::g2>);
  check_failures("fail-blsG1MultiExp", 7, multi_multiply<bls12_381::g1>);
  check_failures("fail-blsPairing", 9, check_pairs<bls12_381>);
}

TEST_CASE("eip: BN254 vectors of a second implementation", "[math]") {
  const auto vectors = golden_vectors("bn254_vectors.json");
  std::size_t pairings = 0;
  for (const auto& c : vectors.at("g1_mul")) {
    const auto out = multi_multiply<bn254::g1>(bytes_of_hex(c.at("eip196_in")));
    REQUIRE(out);
    CHECK(hex_of(*out) == c.at("eip196_out").get<std::string>());
  }
  for (const auto& c : vectors.at("g1_add")) {
    const auto out = add<bn254::g1>(bytes_of_hex(joined(c.at("a")) + joined(c.at("b"))));
    REQUIRE(out);
    CHECK(hex_of(*out) == joined(c.at("out")));
  }
  for (const auto& c : vectors.at("pairing")) {
    if (c.at("kind") != "eip197") continue;
    ++pairings;
    const auto out = check_pairs<bn254>(bytes_of_hex(c.at("input")));
    REQUIRE(out);
    CHECK(*out == truth(c.at("expected") == 1));
  }
  CHECK(pairings == 5);
}

TEST_CASE("eip: round trips; flipped bits and wrong lengths are refused", "[math]") {
  static_assert(eip_size<bn254::g1> == 64 && eip_size<bn254::g2> == 128);
  static_assert(eip_size<bls12_381::g1> == 128 && eip_size<bls12_381::g2> == 256);
  check_round_trips<bn254::g1>(50);
  check_round_trips<bn254::g2>(51);
  check_round_trips<bls12_381::g1>(52);
  check_round_trips<bls12_381::g2>(53);
}

TEST_CASE("eip: the subgroup check is the caller's choice", "[math]") {
  check_subgroup_option<bn254::g2>(54);
  check_subgroup_option<bls12_381::g1>(55);
  check_subgroup_option<bls12_381::g2>(56);
}

TEST_CASE("eip: coordinates at and above the modulus", "[math]") {
  // (1, 2) on BN254 with p added to a coordinate
  auto bytes = encode_eip(bn254::g1::generator());
  auto x = bn254::fp::modulus();
  x[0] += 1;
  for (std::size_t i = 0; i < 4; ++i) store_be(bytes.data() + 24 - 8 * i, x[i]);
  CHECK(parse_eip<bn254::g1>(bytes).error().code == errc::non_canonical);
  // p for zero in both coordinates is not infinity
  x[0] -= 1;
  for (std::size_t at : {24u, 56u})
    for (std::size_t i = 0; i < 4; ++i) store_be(bytes.data() + at - 8 * i, x[i]);
  CHECK(parse_eip<bn254::g1>(bytes).error().code == errc::non_canonical);
}
