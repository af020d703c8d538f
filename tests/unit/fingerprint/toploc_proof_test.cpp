// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <assay/fingerprint/toploc_build.hpp>

#include "support/toploc_rows.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

std::vector<std::byte> bytes_of(std::string_view hex) {
  std::vector<std::byte> bytes(hex.size() / 2);
  REQUIRE(from_hex(hex, bytes));
  return bytes;
}

errc refusal(std::string_view hex, std::uint32_t top_k) {
  const auto p = toploc::parse_proof(bytes_of(hex), top_k);
  REQUIRE_FALSE(p);
  return p.error().code;
}

errc text_refusal(std::string_view text, std::uint32_t top_k) {
  const auto p = toploc::parse_proof_base64(text, top_k);
  REQUIRE_FALSE(p);
  return p.error().code;
}

}  // namespace

TEST_CASE("toploc proof: bytes and text of the golden proofs", "[fingerprint][toploc]") {
  const auto golden = toploc_vectors("toploc.json");
  for (const auto& j : golden.at("points")) {
    const toploc::proof p{j.at("modulus"), j.at("coeffs").get<std::vector<std::uint16_t>>()};
    CHECK(toploc::encode(p) == bytes_of(j.at("hex").get<std::string>()));
    CHECK(toploc::encode_base64(p) == j.at("b64").get<std::string>());
    const auto top_k = static_cast<std::uint32_t>(p.coefficients.size());
    CHECK(toploc::parse_proof(toploc::encode(p), top_k).value() == p);
    CHECK(toploc::parse_proof_base64(toploc::encode_base64(p), top_k).value() == p);
  }
  const std::string large = golden.at("large").at("proof_b64");
  CHECK(toploc::encode_base64(toploc::parse_proof_base64(large, 128).value()) == large);
  CHECK(toploc::proof_bytes(128) == 258);
}

TEST_CASE("toploc proof: the parser takes proofs of the agreed length only", "[fingerprint][toploc]") {
  CHECK(toploc::parse_proof(bytes_of("ffd93f80"), 1));
  CHECK(refusal("", 1) == errc::length_mismatch);
  CHECK(refusal("ff", 1) == errc::length_mismatch);
  CHECK(refusal("ffd9", 1) == errc::length_mismatch);  // the package crashes on a proof without coefficients
  CHECK(refusal("ffd9", 0) == errc::length_mismatch);
  CHECK(refusal("ffd93f8000", 1) == errc::length_mismatch);
  CHECK(refusal("ffd93f803f80", 1) == errc::length_mismatch);
  CHECK(refusal("ffd93f80", 2) == errc::length_mismatch);
}

TEST_CASE("toploc proof: the parser takes sound numbers only", "[fingerprint][toploc]") {
  CHECK(refusal("0000000000000000", 3) == errc::empty);         // the package's null proof
  CHECK(refusal("0000000000010000", 3) == errc::out_of_range);  // the package divides by this modulus
  CHECK(refusal("0002000000010000", 3) == errc::out_of_range);  // two residues for three positions
  CHECK(toploc::parse_proof(bytes_of("0003000000010000"), 3));
  CHECK(refusal("ffda000000010000", 3) == errc::out_of_range);
  CHECK(refusal("ffff000000010000", 3) == errc::out_of_range);
  CHECK(refusal("ffd90000ffd90000", 3) == errc::out_of_range);
  CHECK(toploc::parse_proof(bytes_of("ffd90000ffd80000"), 3));
  CHECK(toploc::parse_proof(bytes_of("ffd90000ffd9ffff"), 3).error().where == 1);
}

TEST_CASE("toploc proof: text has one spelling", "[fingerprint][toploc]") {
  CHECK(toploc::parse_proof_base64("/9k/gA==", 1));
  for (const char* text : {"/9k/gA", "/9k/gA=", "/9k/gA===", "/9k/gA==\n", "", "/9k/"})
    CHECK(text_refusal(text, 1) == errc::length_mismatch);
  for (const char* text :
       {"/9k/gB==", "/9k/gA=A", "/9k_gA==", "/9k\ngA==", "/9k=gA==", "=9k/gA==", "/9k/====", "/9k/g==="})
    CHECK(text_refusal(text, 1) == errc::non_canonical);
  CHECK(toploc::parse_proof_base64("/9k_gA==", 1).error().where == 3);
  CHECK(toploc::detail::decode_base64("")->empty());
  for (std::size_t n = 0; n < 20; ++n) {
    std::vector<std::byte> bytes(n);
    for (std::size_t i = 0; i < n; ++i) bytes[i] = static_cast<std::byte>(splitmix_word(n, i));
    CHECK(toploc::detail::decode_base64(toploc::detail::encode_base64(bytes)).value() == bytes);
  }
}

TEST_CASE("toploc proof: a file of proofs", "[fingerprint][toploc]") {
  CHECK(toploc::parse_proofs({}, 1)->empty());
  const auto two = toploc::parse_proofs(bytes_of("ffd93f80ffd84000"), 1);
  REQUIRE(two);
  CHECK(two->size() == 2);
  CHECK((*two)[1] == toploc::proof{65496, {0x4000}});
  CHECK(toploc::parse_proofs(bytes_of("ffd93f80ffd8"), 1).error().code == errc::length_mismatch);
  CHECK(toploc::parse_proofs(bytes_of("ffd93f8000000000"), 1).error().code == errc::empty);
}

TEST_CASE("toploc modulus: the largest that separates the positions", "[fingerprint][toploc]") {
  std::vector<std::uint64_t> scratch;
  const auto modulus = [&](std::vector<std::uint32_t> positions) {
    return toploc::injective_modulus(positions, scratch);
  };
  CHECK(modulus({1, 2, 65496}).value() == 65497);
  CHECK(modulus({65497, 0, 131000, 7}).value() == 65496);
  CHECK(modulus({0, 65497, 65496, 65495}).value() == 65494);
  CHECK(modulus({0x7ffffffe}).value() == 65497);
  CHECK(modulus({}).error().code == errc::empty);
  CHECK(modulus({5, 9, 5}).error().code == errc::duplicate);
  std::vector<std::uint32_t> many;  // 3000 random positions of 2^31 collide under every modulus
  for (std::uint64_t i = 0; i < 3000; ++i) many.push_back(static_cast<std::uint32_t>(splitmix_word(1, i) >> 33));
  CHECK(modulus(many).error().code == errc::unsupported);
}

TEST_CASE("toploc modulus: honest ones are never below the bound", "[fingerprint][toploc]") {
  std::vector<std::uint64_t> scratch;
  std::uint32_t reduced = 0;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    const auto k = std::vector<std::uint32_t>{8, 64, 128, 200, 256, 400}[seed % 6];
    const auto width = std::vector<std::uint64_t>{896, 2048, 4096, 5120, 8192}[seed % 5];
    const std::uint64_t rows = 33 + splitmix_word(seed, 1000) % 5000, channels = seed % 3 == 0 ? width : 1 + seed % 7;
    std::set<std::uint32_t> chosen;  // anywhere, or in a few outlier channels
    for (std::uint64_t i = 0; chosen.size() < k && i < 100 * k; ++i) {
      const std::uint64_t r = splitmix_word(seed, i);
      chosen.insert(static_cast<std::uint32_t>((r >> 32) % rows * width + (r & 0xffffffff) % channels * 37 % width));
    }
    if (chosen.size() != k) continue;  // too few entries in these channels
    const std::vector<std::uint32_t> positions(chosen.begin(), chosen.end());
    const auto found = toploc::injective_modulus(positions, scratch);
    REQUIRE(found);
    REQUIRE(*found >= toploc::least_modulus(k, rows * width));
    reduced += *found != toploc::prime;
  }
  CHECK(reduced > 150);
}

TEST_CASE("toploc modulus: the bound", "[fingerprint][toploc]") {
  CHECK(toploc::least_modulus(128, 65497) == 65497);
  CHECK(toploc::least_modulus(128, 65498) == 65497 - 22);
  CHECK(toploc::least_modulus(1, 1u << 30) == 65497);
  CHECK(toploc::least_modulus(2, 1u << 30) == 65497 - 5);
  CHECK(toploc::least_modulus(256, 1u << 30) == 65497 - 64);
  CHECK(toploc::least_modulus(257, 1u << 30) == 65497 - 512);
  CHECK(toploc::least_modulus(512, 1u << 30) == 65497 - 512);
  CHECK(toploc::least_modulus(513, 1u << 30) == 513);
}
