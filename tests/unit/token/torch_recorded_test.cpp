// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// vLLM's sampling rule as PyTorch itself computes it, recorded: kept sets, and the tokens of argmax p / q.
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <assay/random/torch_cpu_noise.hpp>
#include <assay/token/filter.hpp>
#include <assay/token/sample.hpp>
#include <assay/token/score.hpp>

#include "support/catch.hpp"

using namespace assay;

namespace {

nlohmann::json recorded(const char* member) {
  std::ifstream in(std::filesystem::path(__FILE__).parent_path() / "../../vectors/torch_noise.json");
  return nlohmann::json::parse(in).at(member);
}

std::vector<float> row_of(const nlohmann::json& c) {
  std::vector<float> row;
  for (const auto& bits : c.at("logits"))
    row.push_back(std::bit_cast<float>(
        static_cast<std::uint32_t>(std::strtoul(bits.get<std::string>().c_str(), nullptr, 16))));
  return row;
}

sampler_settings settings_of(const nlohmann::json& c) {
  return {c.at("temperature").get<float>(), c.at("top_k").get<std::uint32_t>(), c.at("top_p").get<float>()};
}

std::vector<std::uint32_t> kept_by_us(const nlohmann::json& c) {
  token_workspace work;
  const auto kept = kept_tokens(row_of(c), settings_of(c), work);
  REQUIRE(kept);
  std::vector<std::uint32_t> ids;
  for (token_id id : *kept) ids.push_back(id.value);
  return ids;
}

}  // namespace

TEST_CASE("torch: kept sets of vLLM's rule on random rows, with ties", "[token]") {
  const nlohmann::json cases = recorded("sampler");
  REQUIRE(cases.size() == 96);
  for (const auto& c : cases) {
    INFO(c.dump());
    CHECK(kept_by_us(c) == c.at("kept").get<std::vector<std::uint32_t>>());
  }
}

TEST_CASE("torch: sums that meet 1 - p but for rounding", "[token]") {
  // Ours are float32 sums, one after another. torch.cumsum on a CPU sums in double and rounds, on a GPU in another order:
  // of these borders, made to be met, one falls otherwise.
  const nlohmann::json cases = recorded("borders");
  REQUIRE(cases.size() == 13);
  std::size_t as_torch = 0, as_float64 = 0;
  for (const auto& c : cases) {
    INFO(c.dump());
    CHECK(kept_by_us(c) == c.at("serial_kept").get<std::vector<std::uint32_t>>());
    as_torch += c.at("serial_kept") == c.at("kept");
    as_float64 += c.at("serial_kept") == c.at("float64_kept");
  }
  CHECK(as_torch == 12);
  CHECK(as_float64 < 13);
}

TEST_CASE("torch: tokens of argmax p / q, with the draws of a seeded generator", "[token]") {
  token_workspace work;
  for (const auto& c : recorded("sampler")) {
    INFO(c.dump());
    const std::vector<float> row = row_of(c);
    auto noise = torch_cpu_noise::make(c.at("seed").get<std::uint64_t>(), static_cast<std::uint32_t>(row.size()));
    REQUIRE(noise);
    for (std::uint32_t step = 0; step < c.at("tokens").size(); ++step) {
      noise->seek(step);
      const token_id theirs{c.at("tokens")[step].get<std::uint32_t>()};
      CHECK(sample_token(row, settings_of(c), {}, step, work, *noise).value() == theirs);
      const auto score = score_token(row, settings_of(c), {}, step, theirs, work, *noise);
      REQUIRE(score);
      CHECK(score->margin == 0);
    }
  }
}
