// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A projection to a uniformly random subspace: the dense, slow relative of the Hadamard one. Needs Eigen.
#ifndef ASSAY_FINGERPRINT_HAAR_HPP
#define ASSAY_FINGERPRINT_HAAR_HPP

#include <cmath>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <Eigen/QR>

#include <assay/core/result.hpp>
#include <assay/fingerprint/matrix_projection.hpp>
#include <assay/random/seed.hpp>
#include <assay/random/stream.hpp>

namespace assay::inline v0 {

/// f = sqrt(n/k) Q^T h, with k orthonormal columns Q that are Haar-distributed; E ||f||^2 = ||h||^2 over the seed.
///
/// Determinism: the Gaussian draws are exact, but the factorisation is Eigen's, so Q agrees between builds only to some
/// ulp, and with it the sketch. For commitments take hadamard_projection.
/// Source: Mezzadri, "How to generate random matrices from the classical compact groups", 2007 (sign of R's diagonal).
class haar_projection {
 public:
  static constexpr std::uint32_t max_width = 1u << 16;

  /// Draws a projection. Time: O(width sketch^2). @errors out_of_range (width not in 1 … 2^16, sketch not in 1 … width)
  [[nodiscard]] static result<haar_projection> derive(const seed& from, std::uint32_t width, std::uint32_t sketch) {
    if (width == 0 || width > max_width) return fail(errc::out_of_range, "projection: width out of range", width);
    if (sketch == 0 || sketch > width) return fail(errc::out_of_range, "projection: sketch out of range", sketch);
    auto map = matrix_projection::of(scaled_basis(from, width, sketch), width, sketch);
    if (!map) return map.error();
    return haar_projection{*std::move(map)};
  }

  [[nodiscard]] std::uint32_t width() const noexcept { return map_.width(); }
  [[nodiscard]] std::uint32_t sketch() const noexcept { return map_.sketch(); }
  [[nodiscard]] std::size_t scratch_size() const noexcept { return 0; }
  /// sqrt(n/k) Q, row-major: width() rows of sketch() elements.
  [[nodiscard]] std::span<const float> matrix() const noexcept { return map_.matrix(); }

  /// Writes the sketch of `row`. @pre row and out have width() and sketch() elements and do not overlap
  void project(std::span<const float> row, std::span<float> out, std::span<float> scratch = {}) const {
    map_.project(row, out, scratch);
  }

 private:
  explicit haar_projection(matrix_projection map) : map_(std::move(map)) {}

  [[nodiscard]] static std::vector<float> scaled_basis(const seed& from, std::uint32_t width, std::uint32_t sketch) {
    random_stream stream{from, "haar-projection"};
    Eigen::MatrixXd gaussian(width, sketch);
    for (Eigen::Index c = 0; c < gaussian.cols(); ++c)
      for (Eigen::Index r = 0; r < gaussian.rows(); ++r) gaussian(r, c) = stream.normal();
    const Eigen::HouseholderQR<Eigen::MatrixXd> qr(gaussian);
    const Eigen::MatrixXd basis = qr.householderQ() * Eigen::MatrixXd::Identity(width, sketch);
    const double scale = std::sqrt(static_cast<double>(width) / static_cast<double>(sketch));
    std::vector<float> matrix;
    matrix.reserve(std::size_t{width} * sketch);
    for (Eigen::Index r = 0; r < basis.rows(); ++r)
      for (Eigen::Index c = 0; c < basis.cols(); ++c)
        matrix.push_back(static_cast<float>(qr.matrixQR()(c, c) < 0 ? -scale * basis(r, c) : scale * basis(r, c)));
    return matrix;
  }

  matrix_projection map_;
};

static_assert(projection<haar_projection>);

}  // namespace assay::inline v0

#endif
