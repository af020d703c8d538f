// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <array>
#include <cmath>
#include <fstream>
#include <set>
#include <vector>

#include <nlohmann/json.hpp>

#include <assay/fingerprint/gaussian_projection.hpp>

using namespace assay;

namespace {

std::vector<float> project(const gaussian_projection& map, const std::vector<float>& row) {
  std::vector<float> out(map.sketch()), scratch(map.scratch_size());
  map.project(row, out, scratch);
  return out;
}

/// The rule of the recorded vectors; exact in bfloat16.
std::vector<float> row_of(std::uint32_t width, int shift) {
  std::vector<float> row(width);
  for (std::uint32_t i = 0; i < width; ++i)
    row[i] = static_cast<float>((static_cast<int>(i) * 37 + shift) % 101 - 50) / 16;
  return row;
}

double worst_difference(const std::vector<float>& a, const std::vector<double>& b) {
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::abs(static_cast<double>(a[i]) - b[i]));
  return worst;
}

gaussian_settings settings_of(gaussian_draws draws, gaussian_numerics numerics, std::uint32_t grid = cuda_grids::a100) {
  return {draws, numerics, 42, grid};
}

gaussian_projection derive(gaussian_draws draws, gaussian_numerics numerics, std::uint32_t width, std::uint32_t sketch,
                           std::uint32_t grid = cuda_grids::a100) {
  return gaussian_projection::derive(settings_of(draws, numerics, grid), width, sketch).value();
}

nlohmann::json recorded() {
  std::ifstream file(ASSAY_TEST_DATA_DIR "/torch_normals.json");
  return nlohmann::json::parse(file);
}

}  // namespace

TEST_CASE("gaussian_projection: sketches and distances as PyTorch computed them", "[fingerprint]") {
  const auto all = recorded();
  for (const auto& c : all.at("fingerprints")) {
    const auto width = c.at("width").get<std::uint32_t>(), sketch = c.at("sketch").get<std::uint32_t>();
    INFO(width << " x " << sketch);
    const auto wide = derive(gaussian_draws::torch_cpu, gaussian_numerics::fp32, width, sketch);
    const auto a = project(wide, row_of(width, 0)), b = project(wide, row_of(width, 1));
    CHECK(worst_difference(a, c.at("fp32").get<std::vector<double>>()) < 1e-4);
    CHECK(sketch_distance(a, b) == Approx(c.at("fp32_distance").get<double>()).epsilon(1e-5));

    const auto narrow = derive(gaussian_draws::torch_cpu, gaussian_numerics::bf16, width, sketch);
    const auto na = project(narrow, row_of(width, 0)), nb = project(narrow, row_of(width, 1));
    const auto expected = c.at("bf16").get<std::vector<double>>();
    for (std::size_t i = 0; i < sketch; ++i)  // sums in another order: the last bit at most
      CHECK(std::abs(static_cast<double>(na[i]) - expected[i]) <= 0x1p-7 * std::abs(expected[i]));
    CHECK(static_cast<double>(bf16_distance(na, nb)) == Approx(c.at("bf16_distance").get<double>()).epsilon(0x1p-6));
  }
}

TEST_CASE("gaussian_projection: the golden pair of rows in PyTorch's bf16 arithmetic", "[fingerprint]") {
  // The same pair as in activation_difr_test, where every product and sum is rounded to bf16 and the difference is lost:
  // PyTorch sums in float32 and rounds once, and the difference is coarse but there.
  constexpr std::array<float, 16> weights{1,    .5f,  -.25f, 1.5f, .75f,  -1,     2,     .125f,
                                          -.5f, .25f, 1,     1,    .375f, -.625f, -1.5f, 2};
  const auto bf16 = [](float x) { return bf16_to_float(float_to_bf16(x)); };
  std::array<float, 16> matrix{};
  for (std::size_t i = 0; i < 16; ++i) matrix[i] = bf16(weights[i] / bf16(std::sqrt(2.0f)));
  const auto map = matrix_projection::of(matrix, 8, 2).value();
  std::array<float, 8> row{.5f, -1.25f, 3, .75f, -2, .125f, 1, -.375f};
  std::array<float, 2> a{}, b{};
  map.project(row, a);
  row[2] = 3.03125f, row[4] = -2.015625f;
  map.project(row, b);
  for (float& x : a) x = bf16(x);
  for (float& x : b) x = bf16(x);
  const auto golden = recorded().at("golden");
  CHECK(a == golden.at("a").get<std::array<float, 2>>());
  CHECK(b == golden.at("b").get<std::array<float, 2>>());
  CHECK(bf16_distance(a, b) == golden.at("distance").get<float>());
  CHECK(bf16_distance(a, b) > 1.3f * 0.0332606882f);  // a third more than in 32-bit arithmetic
}

TEST_CASE("gaussian_projection: bf16 rounds draws, scale, row and sketch", "[fingerprint]") {
  const auto bf16 = [](float x) { return bf16_to_float(float_to_bf16(x)); };
  const auto wide = derive(gaussian_draws::torch_cuda, gaussian_numerics::fp32, 64, 8);
  const auto narrow = derive(gaussian_draws::torch_cuda, gaussian_numerics::bf16, 64, 8);
  const torch_cuda_normal<float> normals{{512, cuda_grids::a100}};
  for (std::size_t i = 0; i < 512; ++i) {
    const float draw = normals.normal({42, 0}, 0, i);
    CHECK(wide.matrix()[i] == draw / std::sqrt(8.0f));
    CHECK(narrow.matrix()[i] == bf16(bf16(draw) / bf16(std::sqrt(8.0f))));
  }
  CHECK(narrow.numerics() == gaussian_numerics::bf16);
  CHECK(wide.numerics() == gaussian_numerics::fp32);
  std::vector<float> row(64, 1.0f + 0x1p-9f), rounded(64, 1.0f);
  CHECK(project(narrow, row) == project(narrow, rounded));
  CHECK(project(wide, row) != project(wide, rounded));
  for (const float x : project(narrow, row_of(64, 3))) CHECK(x == bf16(x));
}

TEST_CASE("gaussian_projection: the GPU matters where the matrix has more elements than it has threads", "[fingerprint]") {
  CHECK(portable_on_cuda(4096, 32, cuda_grids::a100));
  CHECK_FALSE(portable_on_cuda(4096, 64, cuda_grids::a100));
  CHECK(portable_on_cuda(3456, 64, cuda_grids::a100));  // 221184 elements exactly
  CHECK_FALSE(portable_on_cuda(3457, 64, cuda_grids::a100));
  CHECK_FALSE(portable_on_cuda(~0u, ~0u, ~0u));
  const auto matrix = [](std::uint32_t sketch, std::uint32_t grid) {
    const auto map = derive(gaussian_draws::torch_cuda, gaussian_numerics::fp32, 4096, sketch, grid);
    return std::vector<float>(map.matrix().begin(), map.matrix().end());
  };
  CHECK(matrix(32, cuda_grids::a100) == matrix(32, cuda_grids::h100_sxm));
  const auto a100 = matrix(64, cuda_grids::a100), h100 = matrix(64, cuda_grids::h100_sxm);
  std::size_t same = 0;
  while (a100[same] == h100[same]) ++same;
  CHECK(same == 221184);
}

TEST_CASE("gaussian_projection: keeps the squared length on average", "[fingerprint]") {
  const auto row = row_of(100, 5);
  double length = 0, mean = 0;
  for (const float x : row) length += static_cast<double>(x) * static_cast<double>(x);
  constexpr unsigned rounds = 1500;
  for (const auto numerics : {gaussian_numerics::fp32, gaussian_numerics::bf16}) {
    mean = 0;
    for (unsigned number = 0; number < rounds; ++number) {
      seed from;
      from.bytes[0] = static_cast<std::byte>(number), from.bytes[1] = static_cast<std::byte>(number >> 8);
      for (const float x : project(gaussian_projection::derive(from, numerics, 100, 4).value(), row))
        mean += static_cast<double>(x) * static_cast<double>(x) / length / rounds;
    }
    CHECK(mean == Approx(1.0).margin(5 * std::sqrt(2.0 / 4 / rounds) + 0.002));
  }
}

TEST_CASE("gaussian_projection: settings that make no sense are errors", "[fingerprint]") {
  const auto code = [](const gaussian_settings& s, std::uint32_t width, std::uint32_t sketch) {
    return gaussian_projection::derive(s, width, sketch).error().code;
  };
  const auto cuda = settings_of(gaussian_draws::torch_cuda, gaussian_numerics::fp32);
  CHECK(code({}, 64, 8) == errc::out_of_range);  // no grid was given
  CHECK(code(cuda, 0, 1) == errc::out_of_range);
  CHECK(code(cuda, 1, 0) == errc::out_of_range);
  CHECK(code(cuda, 1u << 20, 1u << 20) == errc::out_of_range);
  CHECK(code({static_cast<gaussian_draws>(0), gaussian_numerics::fp32, 1, 1}, 1, 1) == errc::unsupported);
  CHECK(code({gaussian_draws::torch_cpu, static_cast<gaussian_numerics>(3), 1, 0}, 1, 1) == errc::unsupported);
  CHECK(gaussian_projection::derive(seed{}, gaussian_numerics::fp32, 0, 1).error().code == errc::out_of_range);
}
