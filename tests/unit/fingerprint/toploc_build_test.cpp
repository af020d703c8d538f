// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <cstdint>
#include <cstring>
#include <sstream>
#include <string>
#include <vector>

#include <assay/fingerprint/toploc_build.hpp>
#include <assay/hash/sha256.hpp>

#include "support/toploc_rows.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

std::string hex_of(byte_view bytes) {
  std::string text(2 * bytes.size(), '0');
  to_hex(bytes, text);
  return text;
}

bf16_codes codes_of(const std::string& text) {
  std::istringstream in(text);
  bf16_codes codes;
  for (unsigned c = 0; in >> std::hex >> c;) codes.push_back(static_cast<std::uint16_t>(c));
  return codes;
}

/// Rows that only `fetch` can read.
struct device_rows {
  const bf16_codes* codes;
  std::uint64_t count, width;
  dtype kind = dtype::bf16;
  bool broken = false;

  std::uint64_t rows() const { return count; }
  std::uint64_t cols() const { return width; }
  dtype type() const { return kind; }
  bool fetch(std::uint64_t row, mutable_byte_view out) const {
    std::memcpy(out.data(), codes->data() + row * width, out.size());
    return !broken;
  }
};

toploc::settings small(std::uint32_t top_k, std::uint32_t rows_per_proof) {
  return {.top_k = top_k, .rows_per_proof = rows_per_proof};
}

}  // namespace

TEST_CASE("toploc build: the golden proofs", "[fingerprint][toploc]") {
  const auto golden = toploc_vectors("toploc.json");
  toploc::workspace work;
  for (const auto& chunk : golden.at("readme").at("chunks")) {
    const auto p = toploc::build_chunk(codes_of(chunk.at("bits")), small(4, 3), work);
    CHECK(toploc::encode_base64(p.value()) == chunk.at("proof_b64").get<std::string>());
    CHECK(hex_of(toploc::encode(p.value())) == chunk.at("proof_hex").get<std::string>());
  }
  for (const auto& j : golden.at("points")) {
    const auto x = j.at("x").get<std::vector<std::uint32_t>>();
    const auto p = toploc::prove_points(x, j.at("y").get<bf16_codes>(), work);
    CHECK(hex_of(toploc::encode(p.value())) == j.at("hex").get<std::string>());
  }
  toploc::settings all = small(12, 1);
  all.allow_non_finite = true;
  const auto special = codes_of(golden.at("special").at("bits"));
  CHECK(hex_of(toploc::encode(toploc::build_chunk(special, all, work).value())) ==
        golden.at("special").at("proof_hex").get<std::string>());
  CHECK(toploc::build_chunk(special, small(12, 1), work).error().code == errc::non_finite);
  const auto& median = golden.at("median");
  CHECK(hex_of(toploc::encode(toploc::build_chunk(codes_of(median.at("built")), small(4, 1), work).value())) ==
        median.at("proof_hex").get<std::string>());
  bf16_codes collision(70000, 0x3c00);
  collision[0] = 0x4120, collision[65497] = 0xc110, collision[5] = 0x4100;
  CHECK(hex_of(toploc::encode(toploc::build_chunk(collision, small(3, 1), work).value())) ==
        golden.at("modulus_collision").at("proof_hex").get<std::string>());
}

TEST_CASE("toploc build: the large golden proof", "[fingerprint][toploc]") {
  const auto large = toploc_vectors("toploc.json").at("large");
  std::uint32_t s = 0x9e3779b9;
  const auto next = [&s] {
    s ^= s << 13;
    s ^= s >> 17;
    return s ^= s << 5;
  };
  bf16_codes codes(131072);
  for (auto& c : codes) {
    const std::uint32_t r = next();
    c = static_cast<std::uint16_t>(r >> 31 << 15 | (0x3e00 + (r & 0xff)));
  }
  for (std::uint32_t j = 0; j < 128; ++j) {
    const std::uint32_t r = next();
    codes[(j * 1021 * 977 + r % 97) % 131072] = static_cast<std::uint16_t>(r >> 31 << 15 | (0x4080 + j));
  }
  CHECK(hex_of(sha256_of(std::as_bytes(std::span{codes})).bytes) == large.at("act_sha256_le").get<std::string>());
  toploc::workspace work;
  const auto p = toploc::build_chunk(codes, {}, work).value();
  CHECK(toploc::encode_base64(p) == large.at("proof_b64").get<std::string>());
  CHECK(hex_of(sha256_of(toploc::encode(p)).bytes) == large.at("proof_sha256").get<std::string>());
}

TEST_CASE("toploc build: a request row by row, in pieces, and at once", "[fingerprint][toploc]") {
  constexpr std::size_t width = 200, prompt = 9, steps = 11;
  const auto codes = toploc_codes("heavy", 3, (prompt + steps) * width, width);
  const auto rows = [&](std::size_t first, std::size_t count) {
    return bf16_matrix(codes.data() + first * width, count, width);
  };
  for (const auto ties : {toploc::tie_policy::torch_cpu, toploc::tie_policy::lowest_index}) {
    toploc::settings how = small(32, 4);
    how.ties = ties;
    const auto whole = toploc::build_proofs(rows(0, prompt), rows(prompt, steps), how).value();
    REQUIRE(whole.size() == 4);
    auto prover = toploc::builder::make(how, width).value();
    for (int again = 0; again < 2; ++again) {  // a builder serves one request after another
      REQUIRE(prover.prefill(rows(0, 4)));
      REQUIRE(prover.prefill(rows(4, 5)));
      for (std::size_t i = 0; i < steps; ++i)
        REQUIRE(prover.decode(vector_view(codes.data() + (prompt + i) * width, dtype::bf16, width)));
      CHECK(prover.finish().value() == whole);
    }
    how.skip_prefill = true;
    const auto tail = toploc::build_proofs(rows(0, prompt), rows(prompt, steps), how).value();
    CHECK(tail == std::vector<toploc::proof>(whole.begin() + 1, whole.end()));
    CHECK(toploc::proof_count(how, prompt, steps) == 3);
    toploc::workspace work;
    CHECK(toploc::build_chunk(std::span{codes}.first(prompt * width), how, work).value() == whole[0]);
  }
}

TEST_CASE("toploc build: rows of every layout and element type", "[fingerprint][toploc]") {
  constexpr std::size_t width = 96, count = 6;
  const auto codes = toploc_codes("normal", 11, count * width, width);
  const auto dense = bf16_matrix(codes.data(), count, width);
  const auto none = bf16_matrix(codes.data(), 0, width);
  const auto how = small(16, 3);
  const auto expected = toploc::build_proofs(none, dense, how).value();
  const auto built = [&](const auto& rows) { return toploc::build_proofs(none, rows, how).value(); };

  bf16_codes columns(codes.size()), padded(count * (width + 5), 0x7f80);
  std::vector<float> exact(codes.size()), nudged(codes.size());
  std::vector<std::uint16_t> halves(codes.size());
  for (std::size_t r = 0; r < count; ++r)
    for (std::size_t c = 0; c < width; ++c) {
      const std::uint16_t code = codes[r * width + c];
      columns[c * count + r] = padded[r * (width + 5) + c] = code;
      exact[r * width + c] = bf16_to_float(code);
      nudged[r * width + c] = bf16_to_float(code) * (1 + 0x1p-10f);  // rounds back to the code
      halves[r * width + c] = float_to_f16(bf16_to_float(code));
    }
  CHECK(built(matrix_view(columns.data(), dtype::bf16, count, width, 2, 2 * count)) == expected);
  CHECK(built(matrix_view(padded.data(), dtype::bf16, count, width, 2 * (width + 5), 2)) == expected);
  CHECK(built(matrix_view(exact.data(), count, width)) == expected);
  CHECK(built(matrix_view(nudged.data(), count, width)) == expected);
  CHECK(built(matrix_view(halves.data(), dtype::f16, count, width)) == expected);
  CHECK(built(device_rows{&codes, count, width}) == expected);
  CHECK(built(device_rows{&halves, count, width, dtype::f16}) == expected);
  std::vector<std::byte> odd(2 * codes.size() + 1);
  std::memcpy(odd.data() + 1, codes.data(), 2 * codes.size());
  CHECK(built(matrix_view(odd.data() + 1, dtype::bf16, count, width)) == expected);

  const std::vector<double> wide(codes.size(), 1.0);
  CHECK(toploc::build_proofs(none, matrix_view(wide.data(), count, width), how).error().code == errc::unsupported);
  CHECK(toploc::build_proofs(none, device_rows{&codes, count, width, dtype::bf16, true}, how).error().code ==
        errc::host_failure);
}

TEST_CASE("toploc build: what cannot be proved is an error, never a null proof", "[fingerprint][toploc]") {
  constexpr std::size_t width = 40;
  auto codes = toploc_codes("normal", 5, 10 * width, width);
  const auto rows = [&](std::size_t count) { return bf16_matrix(codes.data(), count, width); };
  CHECK(toploc::builder::make(small(0, 1), width).error().code == errc::out_of_range);
  CHECK(toploc::builder::make(small(65498, 1), width).error().code == errc::out_of_range);
  CHECK(toploc::builder::make(small(1, 0), width).error().code == errc::out_of_range);
  CHECK(toploc::builder::make(small(1, 1), 0).error().code == errc::out_of_range);
  CHECK(toploc::build_proofs(rows(0), rows(4), small(41, 1)).error().code == errc::empty);   // 40 entries per chunk
  CHECK(toploc::build_proofs(rows(0), rows(5), small(128, 4)).error().code == errc::empty);  // the last chunk has 40
  CHECK(toploc::build_proofs(rows(1), rows(4), small(128, 4)).error().code == errc::empty);  // the prompt has 40
  CHECK(toploc::build_proofs(rows(0), rows(0), small(1, 1))->empty());
  codes[57] = 0x7fc0;
  CHECK(toploc::build_proofs(rows(0), rows(4), small(8, 4)).error().code == errc::non_finite);
  auto prover = toploc::builder::make(small(8, 4), width).value();
  CHECK(prover.decode(rows(4)).error().where == 57);
  CHECK(prover.decode(rows(1)).error().code == errc::non_finite);
  CHECK(prover.finish().error().code == errc::non_finite);
  REQUIRE(prover.decode(rows(1)));
  CHECK(prover.finish()->size() == 1);
  CHECK(prover.decode(bf16_matrix(codes.data(), 1, width + 1)).error().code == errc::shape_mismatch);
}
