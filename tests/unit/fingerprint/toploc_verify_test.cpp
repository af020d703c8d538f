// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <cstdint>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include <assay/fingerprint/toploc_verify.hpp>

#include "support/toploc_rows.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

// 20 rows of prompt and 40 steps of a model of width 512, and a verifier whose numbers differ by rounding.
struct request {
  static constexpr std::size_t width = 512, prompt = 20, steps = 40;
  bf16_codes own = toploc_codes("normal", 7, (prompt + steps) * width, width);
  bf16_codes other = toploc_changed(own, "normal", "jitter", 7, width);

  tensor_view prompt_rows(const bf16_codes& codes) const { return bf16_matrix(codes.data(), prompt, width); }
  tensor_view step_rows(const bf16_codes& codes) const {
    return bf16_matrix(codes.data() + prompt * width, steps, width);
  }
  tensor_view step(const bf16_codes& codes, std::size_t i) const {
    return vector_view(codes.data() + (prompt + i) * width, dtype::bf16, width);
  }
};

}  // namespace

TEST_CASE("toploc: what a user writes", "[fingerprint][toploc]") {
  const request engine;
  // the engine's side
  const toploc::settings how;  // 128 entries per proof, 32 decode steps per proof: the package's defaults
  auto prover = toploc::builder::make(how, engine.width);
  REQUIRE(prover);
  REQUIRE(prover->prefill(engine.prompt_rows(engine.own)));
  for (std::size_t i = 0; i < engine.steps; ++i) REQUIRE(prover->decode(engine.step(engine.own, i)));
  const auto proofs = prover->finish();
  REQUIRE(proofs);
  std::vector<std::string> sent;
  for (const toploc::proof& p : *proofs) sent.push_back(toploc::encode_base64(p));
  // the verifier's side
  std::vector<toploc::proof> received;
  for (const std::string& text : sent) received.push_back(toploc::parse_proof_base64(text, how.top_k).value());
  const auto report =
      toploc::verify_proofs(engine.prompt_rows(engine.other), engine.step_rows(engine.other), received, how);
  REQUIRE(report);
  CHECK(toploc::judge(*report, toploc::thresholds{}).accepted());

  CHECK(report->proofs == 3);
  CHECK(report->chunks == 3);
  CHECK(sent[0].size() == 344);
  for (const auto& c : report->compared) CHECK(toploc::mantissa_mean(c) > 0.5);
}

TEST_CASE("toploc: the golden comparisons, by both medians", "[fingerprint][toploc]") {
  const auto golden = toploc_vectors("toploc.json");
  toploc::workspace work;
  const auto codes_of = [](const nlohmann::json& text) {
    std::istringstream in(text.get<std::string>());
    bf16_codes codes;
    for (unsigned c = 0; in >> std::hex >> c;) codes.push_back(static_cast<std::uint16_t>(c));
    return codes;
  };
  const auto check = [&](const bf16_codes& own, const std::string& hex, toploc::settings how,
                         const nlohmann::json& want, toploc::median_policy rule) {
    std::vector<std::byte> bytes(hex.size() / 2);
    REQUIRE(from_hex(hex, bytes));
    const auto c = toploc::verify_chunk(own, toploc::parse_proof(bytes, how.top_k).value(), how, work);
    REQUIRE(c);
    CHECK(c->exponent_mismatches == want.at(0));
    CHECK(toploc::mantissa_mean(*c) == want.at(1));
    CHECK(toploc::mantissa_median(*c, rule) == want.at(2));
    CHECK(c->modulus >= c->least_modulus);
  };
  const auto upper = toploc::median_policy::upper, average = toploc::median_policy::average;
  for (const auto& chunk : golden.at("readme").at("chunks")) {
    check(codes_of(chunk.at("jitter_bits")), chunk.at("proof_hex"), {.top_k = 4}, chunk.at("jitter_result"), average);
    check(codes_of(chunk.at("bits")), chunk.at("proof_hex"), {.top_k = 4}, {0, 0, 0}, upper);
  }
  const auto& special = golden.at("special");
  check(codes_of(special.at("bits")), special.at("proof_hex"), {.top_k = 12, .allow_non_finite = true},
        special.at("self_result"), average);
  const auto& median = golden.at("median");
  check(codes_of(median.at("verified")), median.at("proof_hex"), {.top_k = 4}, median.at("list_path"), average);
  check(codes_of(median.at("verified")), median.at("proof_hex"), {.top_k = 4}, median.at("tensor_path"), upper);
  bf16_codes collision(70000, 0x3c00);
  collision[0] = 0x4120, collision[65497] = 0xc110, collision[5] = 0x4100;
  check(collision, golden.at("modulus_collision").at("proof_hex"), {.top_k = 3},
        golden.at("modulus_collision").at("tensor_path"), upper);
}

TEST_CASE("toploc: numbers of a comparison", "[fingerprint][toploc]") {
  toploc::comparison c;
  CHECK(toploc::mantissa_mean(c) == 0x1p64);
  CHECK(toploc::mantissa_median(c, toploc::median_policy::upper) == 0x1p64);
  toploc::add_entry(c, 0x4000, 0x4080);  // exponents differ by one
  CHECK(c.exponent_mismatches == 1);
  CHECK(toploc::mantissa_median(c, toploc::median_policy::average) == 0x1p64);
  toploc::add_entry(c, 0x4001, 0x4004);
  toploc::add_entry(c, 0xc07f, 0x4000);  // sign and mantissa
  CHECK(c.entries == 3);
  CHECK(c.sign_mismatches == 1);
  CHECK(c.mantissa_error_sum == 130);
  CHECK(toploc::mantissa_mean(c) == 65);
  CHECK(toploc::mantissa_median(c, toploc::median_policy::upper) == 127);
  CHECK(toploc::mantissa_median(c, toploc::median_policy::average) == 65);
  toploc::add_entry(c, 0x0000, 0x8000);  // zeros of both signs
  CHECK(c.sign_mismatches == 2);
  CHECK(toploc::mantissa_median(c, toploc::median_policy::average) == 3);
}

TEST_CASE("toploc: each limit rejects what is just beyond it", "[fingerprint][toploc]") {
  using toploc::judge;
  using toploc::reason;
  toploc::comparison c;
  c.entries = 128;
  c.modulus = 65490;
  c.least_modulus = 65475;
  c.exponent_mismatches = 38;
  c.mantissa_errors[8] = 46;
  c.mantissa_errors[12] = 44;
  c.mantissa_error_sum = 46 * 8 + 44 * 12;
  c.sign_mismatches = 3;
  const toploc::thresholds limits;
  CHECK(judge(c, limits) == reason::none);
  auto worse = c;
  worse.exponent_mismatches = 39;
  worse.mantissa_errors[8] = 45;
  CHECK(judge(worse, limits) == reason::exponents);
  worse = c;
  worse.mantissa_error_sum = 901;
  CHECK(judge(worse, limits) == reason::mean);
  worse = c;
  worse.mantissa_errors[8] = 45;
  worse.mantissa_errors[9] = 1;
  worse.mantissa_error_sum += 1;
  CHECK(judge(worse, limits) == reason::median);
  CHECK(judge(worse, {.median = toploc::median_policy::average}) == reason::median);
  CHECK(judge(c, {.sign_mismatches = 2}) == reason::signs);
  CHECK(judge(c, {.sign_mismatches = 3}) == reason::none);
  worse = c;
  worse.modulus = 65474;
  CHECK(judge(worse, limits) == reason::modulus);
  CHECK(judge(worse, {.any_modulus = true}) == reason::none);
  toploc::comparison nothing;
  nothing.entries = nothing.exponent_mismatches = 128;
  CHECK(judge(nothing, {.exponent_mismatches = 128}) == reason::mean);
}

TEST_CASE("toploc: proofs are counted", "[fingerprint][toploc]") {
  const request r;
  const toploc::settings how;
  auto proofs = toploc::build_proofs(r.prompt_rows(r.own), r.step_rows(r.own), how).value();
  REQUIRE(proofs.size() == 3);
  const auto judged = [&](std::span<const toploc::proof> sent) {
    return judge(toploc::verify_proofs(r.prompt_rows(r.own), r.step_rows(r.own), sent, how).value(),
                 toploc::thresholds{});
  };
  CHECK(judged(proofs).accepted());
  CHECK(judged(std::span{proofs}.first(2)).why == toploc::reason::proof_count);
  CHECK(judged({}).why == toploc::reason::proof_count);
  CHECK(judged({}).where == 3);
  std::swap(proofs[1], proofs[2]);
  CHECK(judged(proofs).why == toploc::reason::exponents);
  CHECK(judged(proofs).where == 1);
  std::swap(proofs[1], proofs[2]);
  proofs.push_back(proofs[0]);
  CHECK(judged(proofs).why == toploc::reason::proof_count);
  const auto no_rows = bf16_matrix(r.own.data(), 0, r.width);
  const auto nothing = toploc::verify_proofs(no_rows, no_rows, {}, how).value();
  CHECK(judge(nothing, toploc::thresholds{}).why == toploc::reason::nothing_compared);
}

TEST_CASE("toploc: a verifier's own trouble is an error, and so is a proof that no parser let through",
          "[fingerprint][toploc]") {
  const request r;
  toploc::settings how;
  const auto proofs = toploc::build_proofs(r.prompt_rows(r.own), r.step_rows(r.own), how).value();
  CHECK(toploc::verifier::make(how, 0, proofs).error().code == errc::out_of_range);
  CHECK(toploc::verifier::make({.top_k = 0}, r.width, proofs).error().code == errc::out_of_range);
  CHECK(toploc::verifier::make({.top_k = 127}, r.width, proofs).error().code == errc::length_mismatch);
  auto forged = proofs;
  forged[1].modulus = 0;
  CHECK(toploc::verifier::make(how, r.width, forged).error().code == errc::out_of_range);
  toploc::workspace work;
  CHECK(toploc::verify_chunk(r.own, forged[1], how, work).error().code == errc::out_of_range);
  auto mine = r.own;
  mine[123] = 0x7f80;
  const auto failed = toploc::verify_proofs(r.prompt_rows(mine), r.step_rows(mine), proofs, how);
  CHECK(failed.error().code == errc::non_finite);
  CHECK(failed.error().where == 123);
  const auto wide = bf16_matrix(r.own.data(), 30, 1024);
  CHECK(toploc::verify_proofs(wide, r.step_rows(r.own), proofs, how).error().code == errc::shape_mismatch);
  auto checker = toploc::verifier::make(how, r.width, proofs).value();
  REQUIRE(checker.decode(r.step(r.own, 0)));
  CHECK(checker.prefill(r.prompt_rows(r.own)).error().code == errc::wrong_state);
  CHECK(checker.decode(r.step(r.own, 1)).error().code == errc::wrong_state);  // the first error stays
  CHECK(checker.finish().error().code == errc::wrong_state);
  REQUIRE(checker.prefill(r.prompt_rows(r.own)));  // and the next request starts afresh
  REQUIRE(checker.decode(r.step_rows(r.own)));
  CHECK(judge(checker.finish().value(), toploc::thresholds{}).accepted());
}
