// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What TOPLOC lets through: forgers that do not have the hidden states, with the rates at which they are accepted. The
// rates that the docs give: assay_test_forgeries "[toploc][slow]" -s
#include <cstdint>
#include <string>
#include <vector>

#include <assay/fingerprint/toploc_verify.hpp>
#include <assay/random/stream.hpp>

#include "support/catch.hpp"
#include "support/toploc_forgers.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

using codes = std::vector<std::uint16_t>;
constexpr std::uint32_t width = 4096, rows = 32;

/// A decode chunk of N(0, 1), with some channels that have a mean of their own and vary about it by a share of it.
codes draw_chunk(random_stream& r, const std::vector<outlier_channel>& outliers = {}, double spread = 0) {
  codes chunk(rows * width);
  for (auto& c : chunk) c = float_to_bf16(static_cast<float>(r.normal()));
  for (std::uint32_t row = 0; row < rows; ++row)
    for (const auto& o : outliers)
      chunk[row * width + o.channel] =
          float_to_bf16(static_cast<float>(static_cast<double>(o.mean) * (1 + spread * r.normal())));
  return chunk;
}

codes scaled(const codes& chunk, float by) {
  codes out;
  for (const auto c : chunk) out.push_back(float_to_bf16(bf16_to_float(c) * by));
  return out;
}

const toploc::settings how;
const toploc::thresholds published;                               // 38, 10, 8
const toploc::thresholds with_signs{.sign_mismatches = 8};        // and at most 8 of the wrong sign

toploc::reason outcome(const codes& chunk, const toploc::proof& p, const toploc::thresholds& limits) {
  toploc::workspace work;
  return judge(toploc::verify_chunk(chunk, p, how, work).value(), limits);
}

bool accepted(const codes& chunk, const toploc::proof& p, const toploc::thresholds& limits) {
  return outcome(chunk, p, limits) == toploc::reason::none;
}

const std::vector<outlier_channel> four{{291, 23.0f}, {788, -41.0f}, {1512, 18.5f}, {3431, -30.0f}};
const std::vector<outlier_channel> eight{{291, 23.0f}, {788, -23.5f}, {1512, 22.5f},   {3431, -24.0f},
                                         {77, 22.75f}, {999, 23.25f}, {2048, -22.25f}, {4001, 23.75f}};

/// How many of `chunks` are accepted, by who sent the proof.
struct null_counts {
  explicit null_counts(int chunks) {
    random_stream r(seed{}, "toploc null forger");
    const auto learned = null_forger::learn(draw_chunk(r), how, published);
    code = learned.code;
    auto other = toploc::build_chunk(draw_chunk(r), how, work).value();
    for (int i = 0; i < chunks; ++i) {
      const codes chunk = draw_chunk(r);
      best += accepted(chunk, learned.forge(how), published);
      at_4058 += accepted(chunk, constant_proof(0x4058, 128), published);
      signs += accepted(chunk, learned.forge(how), with_signs);
      other_text += accepted(chunk, other, published);
      other = toploc::build_chunk(chunk, how, work).value();
      honest += accepted(scaled(chunk, 1.01f), other, with_signs);
    }
  }
  toploc::workspace work;
  std::uint16_t code = 0;
  int best = 0, at_4058 = 0, signs = 0, other_text = 0, honest = 0;
};

int channel_means_accepted(int chunks, double spread, const toploc::thresholds& limits) {
  random_stream r(seed{}, "toploc channel means");
  const auto forged = channel_mean_forger{four}.forge(how, width);
  int count = 0;
  for (int i = 0; i < chunks; ++i) count += accepted(draw_chunk(r, four, spread), forged, limits);
  return count;
}

}  // namespace

TEST_CASE("toploc forgery: a constant passes the published limits, unless signs count", "[forgery][toploc]") {
  const null_counts of(40);
  CHECK(of.best >= 26);  // it is not caught: the point of this test is that the docs say so
  CHECK(of.at_4058 <= 28);
  CHECK(of.signs == 0);
  CHECK(of.other_text == 0);
  CHECK(of.honest == 40);
}

TEST_CASE("toploc forgery: rates of constants over 400 chunks", "[forgery][toploc][slow]") {
  const null_counts of(400);
  INFO("null_forger sends 0x" << std::hex << of.code << std::dec << "; accepted " << of.best << ", 0x4058 "
                              << of.at_4058 << ", with signs " << of.signs << ", another text's proof "
                              << of.other_text);
  CHECK(of.best >= 330);
  CHECK(of.best <= 390);
  CHECK(of.at_4058 >= 120);
  CHECK(of.at_4058 <= 220);
  CHECK(of.signs == 0);
  CHECK(of.other_text == 0);
  CHECK(of.honest == 400);
}

TEST_CASE("toploc forgery: means of outlier channels pass while the channels vary by up to 5 %", "[forgery][toploc]") {
  CHECK(channel_means_accepted(10, 0.02, published) == 10);
  CHECK(channel_means_accepted(10, 0.05, published) == 10);
  CHECK(channel_means_accepted(10, 0.05, with_signs) == 10);  // an outlier channel keeps its sign
  CHECK(channel_means_accepted(10, 0.12, published) == 0);
}

TEST_CASE("toploc forgery: rates of channel means over 100 chunks", "[forgery][toploc][slow]") {
  struct expected {
    double spread;
    int least, most;
  };
  for (const auto& [spread, least, most] :
       {expected{0.05, 98, 100}, {0.06, 88, 100}, {0.07, 45, 80}, {0.08, 2, 25}, {0.12, 0, 0}}) {
    const int count = channel_means_accepted(100, spread, published);
    INFO("spread " << spread << ": accepted " << count);
    CHECK(count >= least);
    CHECK(count <= most);
  }
}

TEST_CASE("toploc forgery: a small modulus covers more positions than a proof has points", "[forgery][toploc]") {
  random_stream r(seed{}, "toploc small modulus");
  const channel_mean_forger forger{eight};  // 256 positions, of which 128 are the largest in a chunk
  const auto honest_modulus = forger.forge(how, width), small_modulus = forger.forge_with_small_modulus(how, width);
  CHECK(toploc::parse_proof(toploc::encode(small_modulus), 128));  // well formed
  const toploc::thresholds any{.any_modulus = true};
  for (int i = 0; i < 10; ++i) {
    const codes chunk = draw_chunk(r, eight, 0.04);
    CHECK(outcome(chunk, honest_modulus, any) == toploc::reason::exponents);
    CHECK(outcome(chunk, small_modulus, any) == toploc::reason::none);
    CHECK(outcome(chunk, small_modulus, published) == toploc::reason::modulus);
  }
}

TEST_CASE("toploc forgery: slack of the limits, for states all of whose entries are off", "[forgery][toploc]") {
  random_stream r(seed{}, "toploc slack");
  const codes chunk = draw_chunk(r);
  toploc::workspace work;
  const auto p = toploc::build_chunk(chunk, how, work).value();
  CHECK(accepted(scaled(chunk, 1.03f), p, published));
  CHECK_FALSE(accepted(scaled(chunk, 1.08f), p, published));
}

TEST_CASE("toploc forgery: polynomials of a higher degree than agreed are refused", "[forgery][toploc]") {
  random_stream r(seed{}, "toploc degree");
  toploc::polynomial_workspace work;
  std::vector<std::uint16_t> points, values(256);
  for (std::uint32_t row = 0; row < rows; ++row)
    for (const auto& c : eight) {
      values[points.size()] = float_to_bf16(c.mean);
      points.push_back(static_cast<std::uint16_t>((row * width + c.channel) % toploc::prime));
    }
  toploc::proof p{static_cast<std::uint16_t>(toploc::prime), std::vector<std::uint16_t>(256)};
  toploc::interpolate(points, values, p.coefficients, work);  // every outlier of every row, in a degree of 255
  CHECK(toploc::parse_proof(toploc::encode(p), 128).error().code == errc::length_mismatch);
  toploc::workspace space;
  CHECK(toploc::verify_chunk(draw_chunk(r, eight, 0.04), p, how, space).error().code == errc::length_mismatch);
}
