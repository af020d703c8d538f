// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <assay/core/endian.hpp>
#include <assay/hash/sha256.hpp>
#include <assay/random/torch_cpu_noise.hpp>

#include "support/catch.hpp"

using namespace assay;

namespace {

nlohmann::json recorded() {
  std::ifstream in(std::filesystem::path(__FILE__).parent_path() / "../../vectors/torch_noise.json");
  return nlohmann::json::parse(in);
}

std::uint64_t bits_of(const nlohmann::json& hex) { return std::strtoull(hex.get<std::string>().c_str(), nullptr, 16); }

template <class Word>
std::string digest_of(const std::vector<Word>& words) {
  std::vector<std::byte> bytes(words.size() * sizeof(Word));
  for (std::size_t i = 0; i < words.size(); ++i) store_le(bytes.data() + i * sizeof(Word), words[i]);
  const auto text = to_hex(sha256_of(bytes));
  return {text.begin(), text.end()};
}

/// Units in the last place between a row's recorded values and ours. @return the largest
template <class Word>
std::uint64_t largest_distance(const std::vector<Word>& ours, const nlohmann::json& row) {
  std::uint64_t largest = 0;
  const auto compare = [&](std::size_t i, const nlohmann::json& theirs) {
    const std::uint64_t a = ours[i], b = bits_of(theirs);
    largest = std::max(largest, a > b ? a - b : b - a);
  };
  if (row.contains("bits")) {
    REQUIRE(row.at("bits").size() == ours.size());
    for (std::size_t i = 0; i < ours.size(); ++i) compare(i, row.at("bits")[i]);
    return largest;
  }
  for (std::size_t i = 0; i < 4; ++i) compare(i, row.at("first")[i]);
  for (std::size_t i = 0; i < 4; ++i) compare(ours.size() - 4 + i, row.at("last")[i]);
  return largest;
}

/// @param allowed units in the last place: float64 goes through our logarithm instead of glibc's log1p
template <class Word, class Real>
void replay(const nlohmann::json& c, std::uint64_t allowed) {
  const auto size = c.at("size").get<std::uint32_t>();
  auto noise = torch_cpu_noise::make(std::strtoull(c.at("seed").get<std::string>().c_str(), nullptr, 10), size, sizeof(Real) == 4);
  REQUIRE(noise);
  std::vector<std::uint64_t> uniforms;
  for (std::uint32_t step = 0; step < c.at("rows").size(); ++step) {
    noise->seek(step);
    std::vector<Word> ours;
    for (std::uint32_t i = 0; i < size; ++i) {
      ours.push_back(std::bit_cast<Word>(static_cast<Real>(noise->exponential(step, token_id{i}))));
      uniforms.push_back(std::bit_cast<std::uint64_t>(noise->uniform(step, token_id{i})));
    }
    const auto& row = c.at("rows")[step];
    CHECK(largest_distance(ours, row) <= allowed);
    if (allowed == 0 && row.contains("sha256")) CHECK(digest_of(ours) == row.at("sha256").get<std::string>());
  }
  CHECK(digest_of(uniforms) == c.at("uniforms").get<std::string>());
}

}  // namespace

TEST_CASE("torch CPU noise: float32 rows are PyTorch's to the bit, float64 rows to two units in the last place", "[random]") {
  const nlohmann::json golden = recorded();
  std::size_t singles = 0, doubles = 0;
  for (const auto& set : golden.at("exponential"))
    for (const auto& c : set.at("cases")) {
      INFO("size " << c.at("size") << ", seed " << c.at("seed"));
      const bool single = c.at("dtype") == "float32";
      if (single) replay<std::uint32_t, float>(c, 0);
      else replay<std::uint64_t, double>(c, 2);
      ++(single ? singles : doubles);
    }
  CHECK(singles >= 17);
  CHECK(doubles >= 17);
}
