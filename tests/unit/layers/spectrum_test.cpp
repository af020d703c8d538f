// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/layers/spectrum.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <Eigen/QR>

#include <assay/core/float_formats.hpp>
#include <assay/random/stream.hpp>

#include "support/catch.hpp"

using namespace assay;

namespace {

Eigen::MatrixXd orthogonal(Eigen::Index n, random_stream& random) {
  Eigen::MatrixXd m(n, n);
  for (Eigen::Index c = 0; c < n; ++c)
    for (Eigen::Index r = 0; r < n; ++r) m(r, c) = random.normal();
  return Eigen::HouseholderQR<Eigen::MatrixXd>(m).householderQ();
}

/// A row-major matrix with given singular values.
std::vector<float> with_singular_values(const std::vector<double>& sigma, Eigen::Index rows, Eigen::Index columns) {
  random_stream random{seed{}, "spectrum-matrix"};
  const Eigen::MatrixXd u = orthogonal(rows, random), v = orthogonal(columns, random);
  Eigen::MatrixXd middle = Eigen::MatrixXd::Zero(rows, columns);
  for (std::size_t i = 0; i < sigma.size(); ++i)
    middle(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(i)) = sigma[i];
  const Eigen::MatrixXd w = u * middle * v.transpose();
  std::vector<float> out;
  for (Eigen::Index r = 0; r < rows; ++r)
    for (Eigen::Index c = 0; c < columns; ++c) out.push_back(static_cast<float>(w(r, c)));
  return out;
}

}  // namespace

TEST_CASE("spectrum: recovers planted singular values, whichever side is smaller", "[layers]") {
  std::vector<double> sigma;
  for (int i = 0; i < 20; ++i) sigma.push_back(0.5 + 0.25 * i);
  for (const auto& [rows, columns] : {std::pair<std::uint32_t, std::uint32_t>{20, 300}, {300, 20}, {20, 20}}) {
    const auto s = weight_spectrum(with_singular_values(sigma, rows, columns), rows, columns);
    REQUIRE(s);
    REQUIRE(s->values().size() == 20);
    CHECK(s->zeros() == 0);
    for (std::size_t i = 0; i < sigma.size(); ++i) CHECK(s->values()[i] == Approx(sigma[i] * sigma[i]).epsilon(1e-5));
  }
}

TEST_CASE("spectrum: element types and strides do not matter", "[layers]") {
  random_stream random{seed{}, "spectrum-types"};
  constexpr std::uint32_t rows = 12, columns = 33;
  std::vector<float> w(rows * columns), turned(w.size());
  std::vector<std::uint16_t> codes(w.size());
  for (std::size_t i = 0; i < w.size(); ++i) {
    codes[i] = float_to_bf16(static_cast<float>(random.normal()));
    w[i] = bf16_to_float(codes[i]);
    turned[i % columns * rows + i / columns] = w[i];
  }
  const auto plain = weight_spectrum(w, rows, columns).value();
  const auto narrow = weight_spectrum(matrix_view(codes.data(), dtype::bf16, rows, columns)).value();
  const auto transposed = weight_spectrum(turned, columns, rows).value();
  const auto strided = weight_spectrum(matrix_view(turned.data(), dtype::f32, rows, columns, 4, 4 * rows)).value();
  REQUIRE(plain.values().size() == rows);
  for (std::size_t i = 0; i < rows; ++i) {
    CHECK(narrow.values()[i] == plain.values()[i]);
    CHECK(strided.values()[i] == plain.values()[i]);
    CHECK(transposed.values()[i] == Approx(plain.values()[i]).epsilon(1e-10));
  }
  // The eigenvalues add up to the squared Frobenius norm.
  double norm = 0, sum = 0;
  for (const float x : w) norm += static_cast<double>(x) * static_cast<double>(x);
  for (const double v : plain.values()) sum += v;
  CHECK(sum == Approx(norm).epsilon(1e-12));
}

TEST_CASE("spectrum: rank deficiency shows as zeros", "[layers]") {
  std::vector<float> w;
  for (int r = 0; r < 30; ++r)
    for (int c = 0; c < 40; ++c) w.push_back(static_cast<float>(r % 3 + 1) * static_cast<float>(c % 5 - 2));  // rank 1
  const auto s = weight_spectrum(w, 30, 40);
  REQUIRE(s);
  CHECK(s->values().size() == 1);
  CHECK(s->zeros() == 29);
  CHECK(alpha_peak(*s).error().code == errc::insufficient_data);
}

TEST_CASE("spectrum: what is refused", "[layers]") {
  const std::vector<float> w(12, 1.0f);
  CHECK(weight_spectrum(w, 3, 5).error().code == errc::length_mismatch);
  CHECK(weight_spectrum({}, 0, 5).error().code == errc::empty);
  CHECK(weight_spectrum(std::vector<float>(12), 3, 4).error().code == errc::insufficient_data);
  auto bad = w;
  bad[7] = std::numeric_limits<float>::infinity();
  CHECK(weight_spectrum(bad, 3, 4).error().code == errc::non_finite);
  CHECK(weight_spectrum(bad, 3, 4).error().where == 1);
  CHECK(weight_spectrum(vector_view(w.data(), 12)).error().code == errc::shape_mismatch);
  const std::int64_t many = 1 << 20;
  CHECK(weight_spectrum(matrix_view(w.data(), dtype::f32, many, many, 0, 0)).error().code == errc::too_large);
}
