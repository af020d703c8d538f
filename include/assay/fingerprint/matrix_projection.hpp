// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A projection by an explicit matrix, for parity with other implementations.
#ifndef ASSAY_FINGERPRINT_MATRIX_PROJECTION_HPP
#define ASSAY_FINGERPRINT_MATRIX_PROJECTION_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <assay/core/expects.hpp>
#include <assay/core/result.hpp>
#include <assay/fingerprint/matrix_kernels.hpp>
#include <assay/fingerprint/projection.hpp>

namespace assay::inline v0 {

/// f = h P for a matrix P of `width` rows and `sketch` columns. Any scale, 1/sqrt(k) say, is part of the matrix.
/// Determinism: exact; every coordinate is summed in float in the order of the row's elements.
class matrix_projection {
 public:
  /// Copies a row-major matrix. @errors length_mismatch (matrix.size() is not width * sketch), empty (no element)
  [[nodiscard]] static result<matrix_projection> of(std::span<const float> matrix, std::uint32_t width,
                                                    std::uint32_t sketch) {
    if (width == 0 || sketch == 0) return fail(errc::empty, "projection: a matrix without elements");
    if (matrix.size() != std::uint64_t{width} * sketch)
      return fail(errc::length_mismatch, "projection: not width times sketch elements", matrix.size());
    return matrix_projection{matrix, width, sketch};
  }

  [[nodiscard]] std::uint32_t width() const noexcept { return width_; }
  [[nodiscard]] std::uint32_t sketch() const noexcept { return sketch_; }
  [[nodiscard]] std::size_t scratch_size() const noexcept { return 0; }
  [[nodiscard]] std::span<const float> matrix() const noexcept { return matrix_; }

  /// Writes the sketch of `row`. @pre row and out have width() and sketch() elements and do not overlap
  void project(std::span<const float> row, std::span<float> out, std::span<float> = {}) const {
    ASSAY_EXPECTS(row.size() == width_);
    project_rows(row, out);
  }

  /// Writes the sketches of several rows, one after the other: the same bits as one at a time, but the matrix is read
  /// once for four rows. @pre rows holds whole rows, out as many sketches; they do not overlap
  void project_rows(std::span<const float> rows, std::span<float> out, std::span<float> = {}) const {
    const std::size_t count = rows.size() / width_;
    ASSAY_EXPECTS(rows.size() % width_ == 0 && out.size() == count * sketch_);
    detail::matrix_dispatch({rows.data(), matrix_.data(), out.data(), count, width_, sketch_});
  }

 private:
  matrix_projection(std::span<const float> matrix, std::uint32_t width, std::uint32_t sketch)
      : width_(width), sketch_(sketch), matrix_(matrix.begin(), matrix.end()) {}

  std::uint32_t width_;
  std::uint32_t sketch_;
  std::vector<float> matrix_;
};

static_assert(projection<matrix_projection>);

}  // namespace assay::inline v0

#endif
