// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The spectrum of a weight matrix, with Eigen's solver.
#ifndef ASSAY_LAYERS_SPECTRUM_HPP
#define ASSAY_LAYERS_SPECTRUM_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <Eigen/Eigenvalues>

#include <assay/core/row_source.hpp>
#include <assay/layers/power_law.hpp>

namespace assay::inline v0 {

namespace detail {

/// Rows (`wide`: columns) first, …, first + count - 1 of a matrix.
[[nodiscard]] inline tensor_view panel_of(const tensor_view& matrix, bool wide, std::int64_t first,
                                          std::int64_t count) {
  tensor_view out = matrix;
  const std::size_t d = wide ? 1 : 0;
  if (first != 0) out.data += first * matrix.stride_bytes[d];
  out.extent[d] = count;
  return out;
}

/// The Gram matrix of the smaller side, lower half: the sum over panels of panel * panel^T, so that no copy of the
/// whole matrix in double is needed. @pre validate(matrix), rank 2 @errors those of row_reader, non_finite (where: the
/// row)
[[nodiscard]] inline result<void> add_gram(const tensor_view& matrix, bool wide, Eigen::MatrixXd& gram) {
  constexpr std::int64_t depth = 256;
  const std::int64_t length = matrix.extent[wide ? 1 : 0];
  Eigen::MatrixXd panel;
  std::vector<float> row;
  for (std::int64_t at = 0; at < length; at += depth) {
    const auto rows = row_reader<tensor_view>::open(panel_of(matrix, wide, at, std::min(depth, length - at)));
    if (!rows) return rows.error();
    const auto count = static_cast<Eigen::Index>(rows->count()), width = static_cast<Eigen::Index>(rows->width());
    panel.resize(wide ? count : width, wide ? width : count);
    row.resize(rows->width());
    for (Eigen::Index r = 0; r < count; ++r) {
      if (auto read = rows->read(static_cast<std::uint64_t>(r), row); !read) return read;
      const auto values = Eigen::Map<const Eigen::VectorXf>(row.data(), width).cast<double>();
      if (wide) panel.row(r) = values.transpose();
      else panel.col(r) = values;
      for (const float x : row)
        if (!fp::is_finite(x))
          return fail(errc::non_finite, "spectrum: a weight is NaN or infinite",
                      static_cast<std::uint64_t>(wide ? r : r + at));
    }
    gram.selfadjointView<Eigen::Lower>().rankUpdate(panel);
  }
  return {};
}

}  // namespace detail

/// Largest smaller side: its Gram matrix of doubles takes 2 GiB.
inline constexpr std::uint64_t max_spectrum_side = 16384;

/// The spectrum of a matrix of any element type, by the eigenvalues of the smaller of W W^T and W^T W in double.
/// Relative to the largest eigenvalue, errors are about 1e-15 times the side: enough for tails, not for the least
/// values.
/// @errors those of validate(tensor_view), shape_mismatch (no matrix), empty, too_large (smaller side above
///         max_spectrum_side), non_finite (where: the row), insufficient_data (a zero matrix)
/// Complexity: O(m n^2) for sides m >= n; memory O(n^2). Determinism: not exact, sums are Eigen's: publish scores
/// rather than recompute them.
[[nodiscard]] inline result<spectrum> weight_spectrum(const tensor_view& matrix) {
  if (matrix.rank != 2) return fail(errc::shape_mismatch, "spectrum: weights are not a matrix");
  const auto rows = row_reader<tensor_view>::open(matrix);
  if (!rows) return rows.error();
  const bool wide = rows->count() <= rows->width();
  const std::uint64_t side = wide ? rows->count() : rows->width();
  if (side == 0) return fail(errc::empty, "spectrum: a matrix without elements");
  if (side > max_spectrum_side) return fail(errc::too_large, "spectrum: the matrix is too large", side);
  Eigen::MatrixXd gram = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(side), static_cast<Eigen::Index>(side));
  if (auto added = detail::add_gram(matrix, wide, gram); !added) return added.error();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(gram, Eigen::EigenvaluesOnly);
  if (solver.info() != Eigen::Success)
    return fail(errc::host_failure, "spectrum: the eigenvalue solver did not converge");
  const auto& found = solver.eigenvalues();
  return spectrum::of({found.data(), found.data() + found.size()});
}

/// As above, for a dense row-major matrix. @errors also length_mismatch (the span is not rows * columns long)
[[nodiscard]] inline result<spectrum> weight_spectrum(std::span<const float> weights, std::uint32_t rows,
                                                      std::uint32_t columns) {
  if (weights.size() != std::uint64_t{rows} * columns)
    return fail(errc::length_mismatch, "spectrum: a matrix of another size", weights.size());
  return weight_spectrum(matrix_view(weights.data(), rows, columns));
}

}  // namespace assay::inline v0

#endif
