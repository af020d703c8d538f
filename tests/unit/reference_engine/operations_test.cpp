// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <reference_engine/operations.hpp>

#include <vector>

#include "support/catch.hpp"

TEST_CASE("operations: exponential is within 2 ulp", "[reference_engine]") {
  double worst = 0;
  for (int i = -87000; i <= 88000; i += 3) {
    const float x = static_cast<float>(i) / 1000.0f;
    const double exact = std::exp(static_cast<double>(x));
    worst = std::max(worst, std::abs(static_cast<double>(reference::exponential(x)) - exact) / exact);
  }
  CHECK(worst < 2 * 1.2e-7);
  CHECK(reference::exponential(0.0f) == 1.0f);
  CHECK(reference::exponential(-1000.0f) < 1e-37f);
  CHECK(std::isfinite(reference::exponential(1000.0f)));
}

TEST_CASE("operations: online softmax in blocks equals softmax at once", "[reference_engine]") {
  const std::vector<float> scores{1.0f, -2.0f, 3.0f, 0.5f, 7.0f, -1.0f, 2.0f};
  double total = 0;
  for (float s : scores) total += std::exp(0.5 * static_cast<double>(s));
  reference::online_softmax softmax;
  std::vector<float> weights;
  for (std::size_t at = 0; at < scores.size(); at += 3) {
    std::vector<float> block(scores.begin() + static_cast<std::ptrdiff_t>(at),
                             scores.begin() + static_cast<std::ptrdiff_t>(std::min(at + 3, scores.size())));
    const float correction = softmax.absorb(block, 0.5f);
    for (float& w : weights) w *= correction;
    weights.insert(weights.end(), block.begin(), block.end());
  }
  for (std::size_t i = 0; i < scores.size(); ++i)
    CHECK(static_cast<double>(weights[i] / softmax.sum) ==
          Approx(std::exp(0.5 * static_cast<double>(scores[i])) / total).epsilon(1e-5));
}

TEST_CASE("operations: bf16 rounding leaves bf16 values alone", "[reference_engine]") {
  std::vector<float> v{1.0f, 1.00390625f, -3.14159274f};
  reference::round_to(reference::precision::f32, v);
  CHECK(v[2] == -3.14159274f);
  reference::round_to(reference::precision::bf16, v);
  CHECK(v == std::vector<float>{1.0f, 1.0f, -3.140625f});
}
