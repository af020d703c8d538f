// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the `toploc` package itself answered, replayed; fresh answers by scripts/toploc_package.sh.
#include "support/catch.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include <assay/fingerprint/toploc_verify.hpp>
#include <assay/hash/sha256.hpp>

#include "support/toploc_rows.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

using numbers = std::vector<double>;

numbers numbers_of(const toploc::comparison& c, toploc::median_policy rule) {
  return {static_cast<double>(c.exponent_mismatches), toploc::mantissa_mean(c), toploc::mantissa_median(c, rule)};
}

/// The package's path for lists: it evaluates at the positions themselves, whatever the modulus.
numbers list_path(std::span<const std::uint16_t> codes, const toploc::proof& p, const toploc::settings& how) {
  toploc::top_k_selector selector{how};
  toploc::selection chosen;
  REQUIRE(selector.push(std::as_bytes(codes)));
  REQUIRE(selector.finish(chosen));
  toploc::comparison c;
  for (std::size_t i = 0; i < chosen.positions.size(); ++i)
    toploc::add_entry(c, chosen.codes[i], toploc::evaluate(p.coefficients, chosen.positions[i] % toploc::prime));
  return numbers_of(c, toploc::median_policy::average);
}

struct recorded {
  explicit recorded(const nlohmann::json& j)
      : kind(j.at("kind")), width(j.at("width")), prompt(j.at("prompt")), steps(j.at("steps")),
        how{.top_k = j.at("k"), .rows_per_proof = j.at("rows_per_proof"), .allow_non_finite = kind == "special"},
        proofs(j.at("proofs")), tensor(j.at("tensor")), list(j.at("list")),
        own(toploc_codes(kind, j.at("seed"), (prompt + steps) * width, width)),
        theirs(toploc_changed(own, kind, j.at("change").get<std::string>(), j.at("seed"), width)) {}

  std::string kind;
  std::size_t width, prompt, steps;
  toploc::settings how;
  std::vector<std::string> proofs;
  std::vector<numbers> tensor, list;
  bf16_codes own, theirs;

  tensor_view prompt_rows(const bf16_codes& codes) const { return bf16_matrix(codes.data(), prompt, width); }
  tensor_view step_rows(const bf16_codes& codes) const {
    return bf16_matrix(codes.data() + prompt * width, steps, width);
  }
  std::span<const std::uint16_t> chunk(const bf16_codes& codes, std::size_t i) const {
    const std::size_t decode = prompt == 0 ? i : i - 1;
    const bool is_prompt = prompt != 0 && i == 0;
    const std::size_t first = is_prompt ? 0 : prompt + decode * how.rows_per_proof;
    const std::size_t rows = is_prompt ? prompt : std::min<std::size_t>(how.rows_per_proof, prompt + steps - first);
    return std::span{codes}.subspan(first * width, rows * width);
  }
};

}  // namespace

TEST_CASE("toploc: 300 requests give the package's proofs and the package's numbers", "[fingerprint][toploc_package]") {
  const auto file = toploc_vectors("toploc_package.json");
  REQUIRE(file.at("cases").size() == 300);
  std::size_t chunks = 0, aliased = 0;
  toploc::workspace work;
  for (const auto& j : file.at("cases")) {
    const recorded r{j};
    INFO("kind " << r.kind << ", seed " << j.at("seed"));
    const auto built = toploc::build_proofs(r.prompt_rows(r.own), r.step_rows(r.own), r.how);
    REQUIRE(built);
    REQUIRE(built->size() == r.proofs.size());
    REQUIRE(toploc::proof_count(r.how, r.prompt, r.steps) == r.proofs.size());
    for (std::size_t i = 0; i < r.proofs.size(); ++i) {
      CHECK(toploc::encode_base64((*built)[i]) == r.proofs[i]);
      const auto parsed = toploc::parse_proof_base64(r.proofs[i], r.how.top_k);
      REQUIRE(parsed);
      CHECK(*parsed == (*built)[i]);
    }
    const auto compared = toploc::verify_proofs(r.prompt_rows(r.theirs), r.step_rows(r.theirs), *built, r.how);
    REQUIRE(compared);
    REQUIRE(compared->compared.size() == r.tensor.size());
    for (std::size_t i = 0; i < r.tensor.size(); ++i) {
      const auto& c = compared->compared[i];
      CHECK(numbers_of(c, toploc::median_policy::upper) == r.tensor[i]);
      CHECK(toploc::verify_chunk(r.chunk(r.theirs, i), (*built)[i], r.how, work).value() == c);
      CHECK(list_path(r.chunk(r.theirs, i), (*built)[i], r.how) == r.list[i]);
      if (c.modulus == toploc::prime) CHECK(numbers_of(c, toploc::median_policy::average) == r.list[i]);
      else ++aliased;
      ++chunks;
    }
  }
  CHECK(chunks > 600);
  CHECK(aliased > 0);
}

TEST_CASE("toploc: honest chunks that the package's path for lists rejects are accepted", "[fingerprint][toploc_package]") {
  const auto file = toploc_vectors("toploc_package.json");
  const toploc::settings how;
  const toploc::thresholds limits;
  toploc::workspace work;
  std::size_t rejected_by_list_path = 0, accepted = 0;
  for (const auto& j : file.at("aliased").at("chunks")) {
    const auto codes = toploc_codes("normal", j.at("seed"), 32 * 4096, 4096);
    const auto p = toploc::build_chunk(codes, how, work);
    REQUIRE(p);
    CHECK(p->modulus == j.at("modulus"));
    CHECK(p->modulus != toploc::prime);
    std::array<char, 64> hex;
    to_hex(sha256_of(toploc::encode(*p)).bytes, hex);
    CHECK(std::string(hex.data(), hex.size()) == j.at("proof_sha256").get<std::string>());
    const numbers list = j.at("list");
    CHECK(list_path(codes, *p, how) == list);
    rejected_by_list_path += list[0] > limits.exponent_mismatches || list[1] > limits.mantissa_mean || list[2] > 8;
    const auto c = toploc::verify_chunk(codes, *p, how, work);
    REQUIRE(c);
    CHECK(numbers_of(*c, toploc::median_policy::upper) == numbers{0, 0, 0});
    accepted += judge(*c, limits) == toploc::reason::none;
  }
  CHECK(rejected_by_list_path == 86);
  CHECK(accepted == 86);
}
