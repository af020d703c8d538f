// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/protocol/row_encoder.hpp>

#include <cmath>
#include <limits>

#include "support/catch.hpp"
#include "support/toy_protocol.hpp"

using namespace assay;
using namespace assay_tests;

namespace {
std::vector<float> toy_row(std::uint32_t layer = 0, std::uint32_t token = 7) {
  std::vector<float> row(toy_settings{}.width);
  const token_id history[] = {token_id{token}};
  toy_engine{}.state(layer, history, row);
  return row;
}
row_encoder encoder_for(const run_description& run, std::uint64_t n = 1) {
  return must(row_encoder::make(run, seed_of(n)));
}
}  // namespace

TEST_CASE("row encoder: sizes follow from the run", "[protocol]") {
  run_description run = toy_run();
  CHECK(encoder_for(run).fingerprint_bytes() == 16);
  CHECK(encoder_for(run).row_bytes() == 48);
  run.commitment.sketch_type = dtype::i8, run.commitment.row_type = dtype::f32;
  CHECK(encoder_for(run).fingerprint_bytes() == 8);
  CHECK(encoder_for(run).row_bytes() == 96);
  CHECK(encoder_for(run).is_final(layer_index{2}));
  CHECK_FALSE(encoder_for(run).is_final(layer_index{1}));
}

TEST_CASE("row encoder: a fingerprint is within half a step of the sketch, and projections differ by seed",
          "[protocol]") {
  const run_description run = toy_run();
  auto encoder = encoder_for(run), other = encoder_for(run, 2);
  std::vector<std::byte> a(encoder.fingerprint_bytes()), b(a.size());
  const auto row = toy_row();
  must(encoder.encode_state(layer_index{0}, row, a));
  must(other.encode_state(layer_index{0}, row, b));
  CHECK(a != b);
  const auto projection = must(hadamard_projection::derive(seed_of(1), run.model.width, run.commitment.sketch));
  std::vector<float> sketch(8), scratch(projection.scratch_size()), decoded(8);
  projection.project(row, sketch, scratch);
  encoder.decode_state(layer_index{0}, a, decoded);
  for (std::size_t i = 0; i < 8; ++i) CHECK(std::abs(decoded[i] - sketch[i]) <= 0.5f * 0.002f * 1.001f);
}

TEST_CASE("row encoder: committed rows round once, and decode to what was fingerprinted", "[protocol]") {
  run_description run = toy_run();
  run.commitment.row_type = GENERATE(dtype::bf16, dtype::f16, dtype::f32);
  INFO(name(run.commitment.row_type));
  auto encoder = encoder_for(run);
  auto row = toy_row(2);
  const auto before = row;
  std::vector<std::byte> bits(encoder.row_bytes()), again(bits.size()), print(encoder.fingerprint_bytes()),
      print_again(print.size());
  must(encoder.encode_final(row, bits, print));
  CHECK((row == before) == (run.commitment.row_type == dtype::f32));
  for (std::size_t i = 0; i < row.size(); ++i) CHECK(std::abs(row[i] - before[i]) <= std::abs(before[i]) * 0x1p-8f);
  std::vector<float> decoded(row.size());
  must(encoder.decode_final(bits, decoded));
  CHECK(decoded == row);
  must(encoder.encode_final(decoded, again, print_again));
  CHECK(again == bits);
  CHECK(print_again == print);
}

TEST_CASE("row encoder: a prover cannot seal a row that a verifier would refuse, nor the other way round",
          "[protocol]") {
  run_description run = toy_run();
  run.commitment.row_type = dtype::f32;
  auto encoder = encoder_for(run);
  std::vector<std::byte> bits(encoder.row_bytes()), print(encoder.fingerprint_bytes());
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  for (float bad : {inf, -inf, nan, 0x1p41f, -0x1p41f, std::numeric_limits<float>::max()}) {
    auto row = toy_row(2);
    row[17] = bad;
    CHECK(encoder.encode_final(row, bits, print).error() == fail(errc::non_finite, "", 17));
    std::vector<float> decoded(row.size());
    for (std::size_t i = 0; i < row.size(); ++i) store_le(bits.data() + 4 * i, std::bit_cast<std::uint32_t>(row[i]));
    CHECK(encoder.decode_final(bits, decoded).error() == fail(errc::non_finite, "", 17));
  }
  for (float good : {0x1p40f, -0x1p40f, 0.0f, -0.0f, std::numeric_limits<float>::denorm_min()}) {
    auto row = toy_row(2);
    row[17] = good;
    must(encoder.encode_final(row, bits, print));
    must(encoder.decode_final(bits, row));
    CHECK(std::bit_cast<std::uint32_t>(row[17]) == std::bit_cast<std::uint32_t>(good));
  }
}

TEST_CASE("row encoder: rows admitted once encode as rows admitted while encoding", "[protocol]") {
  run_description run = toy_run();
  run.commitment.row_type = GENERATE(dtype::bf16, dtype::f16, dtype::f32);
  auto encoder = encoder_for(run);
  std::vector<std::byte> print(encoder.fingerprint_bytes()), admitted_print(print.size());
  std::vector<std::byte> bits(encoder.row_bytes()), admitted_bits(bits.size());
  auto row = toy_row(0);
  must(encoder.admit(layer_index{0}, row));
  must(encoder.encode_state(layer_index{0}, row, print));
  must(encoder.encode_admitted_state(layer_index{0}, row, admitted_print));
  CHECK(admitted_print == print);
  row = toy_row(2);
  auto other = row;
  must(encoder.admit(layer_index{2}, row));
  must(encoder.encode_final(row, bits, print));
  must(encoder.encode_admitted_row(layer_index{2}, other, admitted_bits, admitted_print));
  CHECK(other == row);
  CHECK((admitted_bits == bits && admitted_print == print));
}

TEST_CASE("row encoder: what is admitted depends on the checkpoint only where the type is narrow", "[protocol]") {
  run_description run = toy_run();
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  for (dtype type : {dtype::bf16, dtype::f16, dtype::f32}) {
    run.commitment.row_type = type;
    const auto encoder = encoder_for(run);
    for (std::uint32_t layer : {0u, 2u}) {
      const float most = layer == 2 && type == dtype::f16 ? 65504.0f : row_encoder::largest_state;
      for (std::size_t at : {std::size_t{0}, std::size_t{23}}) {
        auto row = toy_row(layer);
        for (float good : {most, -most, 0.0f}) {
          row[at] = good;
          CHECK(encoder.admit(layer_index{layer}, row));
        }
        for (float bad : {std::nextafter(most, inf), -std::nextafter(most, inf), inf, -inf, nan}) {
          row[at] = bad;
          CHECK(encoder.admit(layer_index{layer}, row).error() == fail(errc::non_finite, "", at));
        }
      }
    }
  }
}

TEST_CASE("row encoder: an overflow of the narrow type is the prover's error", "[protocol]") {
  run_description run = toy_run();
  run.commitment.row_type = dtype::f16;
  auto encoder = encoder_for(run);
  std::vector<std::byte> bits(encoder.row_bytes()), print(encoder.fingerprint_bytes());
  auto row = toy_row(2);
  row[3] = 70000;  // infinity in f16
  CHECK(encoder.encode_final(row, bits, print).error() == fail(errc::non_finite, "", 3));
  row = toy_row(), row[0] = std::numeric_limits<float>::quiet_NaN();
  CHECK(encoder.encode_state(layer_index{0}, row, print).error().code == errc::non_finite);
}
