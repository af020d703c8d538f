// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <assay/random/torch_cpu_normal.hpp>

using assay::torch_cpu_normal;

namespace {

template <class Real>
double distance_to(torch_cpu_normal& generator, const nlohmann::json& tensor) {
  std::vector<Real> drawn(tensor.at("size").get<std::size_t>());
  generator.fill(std::span<Real>(drawn));
  const auto last = tensor.at("last").get<std::vector<double>>();
  double worst = 0;
  for (std::size_t i = 0; i < last.size(); ++i)
    worst = std::max(worst, std::abs(static_cast<double>(drawn[drawn.size() - last.size() + i]) - last[i]));
  return worst;
}

}  // namespace

TEST_CASE("torch_cpu_normal: tensors of every size, one after the other, as PyTorch drew them", "[random]") {
  std::ifstream file(ASSAY_TEST_DATA_DIR "/torch_normals.json");
  std::size_t tensors = 0;
  const auto all = nlohmann::json::parse(file);
  for (const auto& sequence : all.at("draws")) {
    torch_cpu_normal generator{sequence.at("seed").get<std::uint64_t>()};
    for (const auto& tensor : sequence.at("tensors")) {
      INFO("seed " << sequence.at("seed") << ", tensor of " << tensor.at("size") << ' ' << tensor.at("dtype"));
      if (tensor.at("dtype") == "float64") CHECK(distance_to<double>(generator, tensor) < 2e-15);
      else if (tensor.at("size") < 16) CHECK(distance_to<float>(generator, tensor) == 0);  // doubles, rounded once
      else CHECK(distance_to<float>(generator, tensor) < 3e-6);  // as far as PyTorch is from itself
      ++tensors;
    }
  }
  CHECK(tensors == 19);
}

TEST_CASE("torch_cpu_normal: draws that every build of PyTorch gives for seed 42", "[random]") {
  torch_cpu_normal generator{42}, same{(std::uint64_t{1} << 32) + 42}, other{43};
  std::vector<float> small(5), again(5), different(5);
  generator.fill(small), same.fill(again), other.fill(different);
  CHECK(small == std::vector<float>{0.33669036626815796f, 0.12880940735340118f, 0.23446236550807953f,
                                    0.23033303022384644f, -1.1228563785552979f});
  CHECK(again == small);
  CHECK(different != small);
}

TEST_CASE("torch_cpu_normal: mean and variance, and no tensor without draws", "[random]") {
  torch_cpu_normal generator{7};
  std::vector<float> draws(100003);
  generator.fill(std::span<float>{});
  generator.fill(draws);
  double mean = 0, square = 0, fourth = 0;
  for (const float x : draws) {
    const double d = static_cast<double>(x);
    mean += d / 100003, square += d * d / 100003, fourth += d * d * d * d / 100003;
  }
  CHECK(std::abs(mean) < 5 / std::sqrt(100003.0));
  CHECK(std::abs(square - 1) < 5 * std::sqrt(2 / 100003.0));
  CHECK(std::abs(fourth - 3) < 5 * std::sqrt(96 / 100003.0));
}
